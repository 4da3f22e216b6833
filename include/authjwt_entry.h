/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry: the entries of revocation and chain in the store: their ids, and what their values hold. Without
 * httpd.
 */
#ifndef AUTHJWT_ENTRY_H
#define AUTHJWT_ENTRY_H

#include <apr_pools.h>
#include <apr_time.h>

#include "aj_claims.h"
#include "aj_digest.h"

/** Whose entries they are, for providers that several may use. */
#define AUTHJWT_ENTRY_CONSUMER "authjwt-revoked"

/** Id of an entry: a hash, so that every provider spreads them evenly. */
typedef struct {
    unsigned char bytes[AJ_SHA256_BYTES];
} authjwt_store_id_t;

/** The longest value in bytes. Providers of httpd take less than 512 bytes in all; ours promises less than 256. */
#define AUTHJWT_STORE_VALUE_MAX 64

/** Value of an entry. What the bytes mean is the caller's business. */
typedef struct {
    unsigned char bytes[AUTHJWT_STORE_VALUE_MAX];
    unsigned int len;
} authjwt_store_value_t;

/** What an entry is about; part of its id, so that no two kinds can be taken for each other. */
typedef enum {
    AUTHJWT_ENTRY_SESSION = 's',  /**< a session has ended: by `sid` */
    AUTHJWT_ENTRY_JTI = 'j',      /**< a token without `sid` has ended: by `jti` */
    AUTHJWT_ENTRY_HASH = 'h',     /**< one without either has: by its hash */
    AUTHJWT_ENTRY_SUBJECT = 'm',  /**< all sessions of a user have ended: by `sub` */
    AUTHJWT_ENTRY_IDENTITY = 'i', /**< the same, by another claim: its name, a NUL, and its value */
    AUTHJWT_ENTRY_CHAIN = 'c',    /**< the refresh tokens of a session: by `sid` */
    AUTHJWT_ENTRY_USED = 'u',     /**< a used refresh token, as releases before the chain recorded it: by `jti` */
    AUTHJWT_ENTRY_OWNER = 'o',    /**< whose records those of the session directory are: by user */
    AUTHJWT_ENTRY_PUBLIC = 'p'    /**< the name of a session for everybody: by the id of the entry that ends it */
} authjwt_entry_kind_e;

/** Something has ended. */
typedef struct {
    apr_time_t ended; /**< when */
    apr_time_t until; /**< for all sessions of a user: one that began up to here, by its host's clock, is ended too */
} authjwt_entry_mark_t;

/** One use of a refresh token. */
typedef struct {
    apr_time_t first;  /**< when it was used for the first time, 0 if unknown */
    apr_uint64_t name; /**< which token it was: from authjwt_entry_name */
} authjwt_entry_use_t;

/** The refresh tokens of a session. */
typedef struct {
    apr_uint32_t used;          /**< generation of the token that was used last */
    int is_seen;                /**< a token of the next generation has come back, so the answer had arrived */
    authjwt_entry_use_t last;   /**< of generation `used` */
    authjwt_entry_use_t before; /**< of the generation before, zero if unknown */
} authjwt_entry_chain_t;

/**
 * Id of an entry: SHA-256 of kind, issuer and value, so all are of one length, evenly spread, and silent about users.
 * @param issuer  `iss` of the tokens it is about, "" for none
 * @return APR_SUCCESS, or as aj_sha256
 */
apr_status_t authjwt_entry_id(authjwt_entry_kind_e kind, const char *issuer, const void *value, apr_size_t len,
                              apr_pool_t *pool, authjwt_store_id_t *id) AJ_MUST_USE;

/** `iss` of a token, "" for none. */
const char *authjwt_entry_issuer(const aj_claims_t *claims);

/** A number for the name of a refresh token. @return as aj_sha256 */
apr_status_t authjwt_entry_name(const char *name, apr_uint64_t *number) AJ_MUST_USE;

/** How much longer than it counts an entry is kept: more than clocks are usually wrong by, and than anybody raises
 * AuthJWTLeeway by. */
#define AUTHJWT_ENTRY_SLACK apr_time_from_sec(7 * 24 * 3600)

void authjwt_entry_write_mark(const authjwt_entry_mark_t *mark, authjwt_store_value_t *value);
void authjwt_entry_write_chain(const authjwt_entry_chain_t *chain, authjwt_store_value_t *value);

/** Read a value that is a mark, or a chain. @return non-zero; 0 if it is of another form */
int authjwt_entry_mark_of(const authjwt_store_value_t *value, authjwt_entry_mark_t *mark) AJ_MUST_USE;
int authjwt_entry_chain_of(const authjwt_store_value_t *value, authjwt_entry_chain_t *chain) AJ_MUST_USE;

/**
 * What two stores say of one entry, brought together: what has ended stays ended, as late as either says, and of two
 * chains the one that has got further counts.
 * @param known  what stays where the two say the same, or are of different or unknown forms; changed
 * @param other  may say more
 */
void authjwt_entry_merge(authjwt_store_value_t *known, const authjwt_store_value_t *other);

#endif

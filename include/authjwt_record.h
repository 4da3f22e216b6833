/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_record: what the session directory holds of a session: its owner's id, its own ids, and its bytes. Without
 * httpd. */
#ifndef AUTHJWT_RECORD_H
#define AUTHJWT_RECORD_H

#include "authjwt_entry.h"

/** The most bytes of a record. */
#define AUTHJWT_RECORD_MAX 512

/** The longest sid, client and agent in bytes. A session with a longer sid, which is none of ours, is not listed;
 * longer texts are cut. */
#define AUTHJWT_RECORD_SID_MAX    128
#define AUTHJWT_RECORD_CLIENT_MAX 64
#define AUTHJWT_RECORD_AGENT_MAX  224

/** Why a session that is still listed has ended. */
typedef enum { AUTHJWT_RECORD_LIVES = 0, AUTHJWT_RECORD_THEFT = 1 } authjwt_record_end_e;

/** One session. */
typedef struct {
    authjwt_store_id_t id;      /**< of the entry that ends it: authjwt_revocation_session_id */
    authjwt_store_id_t origin;  /**< with has_origin: of the entry that ends the session it was begun from */
    int has_origin;             /**< it was begun by a token of another issuer's session */
    authjwt_record_end_e ended; /**< zero: it goes on */
    const char *sid;            /**< its `sid` */
    apr_time_t begin;           /**< of its login */
    apr_time_t last;            /**< of its last refresh, or its login */
    apr_time_t ends;            /**< when it ends at the latest (`sid_exp`) */
    const char *client;         /**< address that login or last refresh came from, "" if unknown */
    const char *agent;          /**< User-Agent of the same, cut where it is long; whatever a client has sent, but
                                   printable ASCII, with ? for all else; "" if unknown */
} authjwt_record_t;

/**
 * Whose records they are: a hash, as of all entries, so that no names are stored.
 * @param issuer  `iss` of the tokens, "" for none
 * @return as authjwt_entry_id
 */
apr_status_t authjwt_record_owner(const char *issuer, const char *user, apr_pool_t *pool,
                                  authjwt_store_id_t *id) AJ_MUST_USE;

/**
 * The name that people and programs get for a session. It follows from the sid by SHA-256 alone, so it is the same in
 * all processes and hosts, whatever keys they sign with; and since a sid holds 128 random bits, nobody can find the sid
 * that leads to it.
 * @return 22 letters of base64url, owned by pool; NULL when OpenSSL fails
 */
const char *authjwt_record_public_id(const authjwt_store_id_t *id, apr_pool_t *pool) AJ_MUST_USE;

/** Write a record. @return its length; 0 if its sid is too long */
apr_size_t authjwt_record_write(const authjwt_record_t *record, unsigned char bytes[AUTHJWT_RECORD_MAX]) AJ_MUST_USE;

/** Read one. @param record  all but its id is set @return non-zero; 0 if it is of another form */
int authjwt_record_read(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool,
                        authjwt_record_t *record) AJ_MUST_USE;

/* Has the session of a record ended, by what the revocation store says? As its tokens are judged: see
 * docs/revocation.md. The entry of the session itself, where there is one, ends it in any case. */

/** Does a mark of its user, or of the session that it was begun from, end it? */
int authjwt_record_is_marked(const authjwt_record_t *record, const authjwt_entry_mark_t *mark);

/** Did it begin before the store lost its entries? @param birth  when it did */
int authjwt_record_is_before(const authjwt_record_t *record, apr_time_t birth);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: small entries with an expiry, kept by an ap_socache provider for all processes. Knows nothing of
 * tokens. */
#ifndef AUTHJWT_STORE_H
#define AUTHJWT_STORE_H

#include <httpd.h>
#include <apr_time.h>
#include "aj_digest.h"
#include "authjwt_config.h"
#include "authjwt_entry.h"

typedef struct authjwt_store_t authjwt_store_t;

/** What an entry is for. A provider that can keeps room for endings that no ordinary entry may take. */
typedef enum { AUTHJWT_STORE_ORDINARY = 0, AUTHJWT_STORE_ENDING } authjwt_store_purpose_e;

/** Hook pre_config: registers the mutex. */
int authjwt_store_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/** Hook check_config: finds the provider of each server that has keys and lets it read its arguments. */
int authjwt_store_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** Hook post_config: starts each store once. */
int authjwt_store_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** Hook child_init. */
void authjwt_store_child_init(apr_pool_t *pchild, server_rec *s);

/**
 * Look an entry up.
 * @param value  set on success
 * @return APR_SUCCESS; APR_NOTFOUND when there is certainly no such entry; else the store cannot answer (logged at most
 * once a second)
 */
apr_status_t authjwt_store_get(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               authjwt_store_value_t *value) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** The most entries that are looked up in one go. */
#define AUTHJWT_STORE_SEVERAL 60

/** One of several entries that are looked up in one go. */
typedef struct {
    const authjwt_store_id_t *id;
    authjwt_store_value_t value; /**< set on success */
    apr_status_t status;         /**< as authjwt_store_get returns it, but not yet logged */
} authjwt_store_question_t;

/**
 * Look several entries up, in one round trip or one read transaction where the provider can. Reads the store's birth,
 * too.
 * @param n  1 to AUTHJWT_STORE_SEVERAL
 * @return APR_SUCCESS when every question has been answered, with "found" or "not found"; else why one has not (logged
 * at most once a second), while each status is set all the same
 */
apr_status_t authjwt_store_get_several(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                       unsigned int n) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * The same, where answers of a remote store may be as old as AuthJWTRevocationCheckInterval says. What this process has
 * recorded is known at once all the same.
 */
apr_status_t authjwt_store_get_believed(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                        unsigned int n) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** What a store is, as `PROVIDER:PLACE`: equal for stores that hold the same entries; for lmdb the directory. */
const char *authjwt_store_place(const authjwt_store_t *store);

/**
 * When the store lost its entries for the last time: what was recorded before is gone.
 * @return microseconds since 1970, as read last by this process, authjwt_store_get_several being the latest that has;
 * 0: never, as far as is known
 */
apr_time_t authjwt_store_birth(const authjwt_store_t *store);

/**
 * A quick answer for the ordinary case: are there certainly none of these entries?
 * @param ids       n of them, 1 or more
 * @param snapshot  what a call for the same ids has left here, or 0; set to what the next may have
 * @return non-zero when there are none; 0: there may be some, or this provider cannot tell quickly: get each
 */
int authjwt_store_absent(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *ids, unsigned int n,
                         apr_uint64_t *snapshot);

/**
 * Record an entry, over one of the same id. Returns after the provider has acknowledged, and where its word is not
 * enough, after the entry has been read back.
 * @param expires  microseconds since 1970
 * @return APR_SUCCESS, or why it is not recorded (logged at most once a second)
 */
apr_status_t authjwt_store_put(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               const authjwt_store_value_t *value, apr_time_t expires,
                               authjwt_store_purpose_e purpose) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** What is to become of an entry. Zero: it cannot be said. */
typedef enum { AUTHJWT_STORE_FAIL = 0, AUTHJWT_STORE_LEAVE, AUTHJWT_STORE_RECORD } authjwt_store_change_e;

/**
 * Decides what becomes of an entry. May be called several times for one update, each time with what is there by then;
 * the last call counts. So it records nothing itself, but it may look up.
 * @param old  the value; NULL: there is no entry
 * @param value  to be set for AUTHJWT_STORE_RECORD
 * @param expires  the same, microseconds since 1970
 */
typedef authjwt_store_change_e authjwt_store_change_fn(void *ctx, const authjwt_store_value_t *old,
                                                       authjwt_store_value_t *value, apr_time_t *expires);

/**
 * Look an entry up and record what follows from it, as one step against all others who update it: on this host, and
 * with a provider that can swap on all hosts that share the store.
 * @return APR_SUCCESS when the function's last word was AUTHJWT_STORE_LEAVE, or was RECORD and is recorded;
 * APR_EGENERAL when it was FAIL; else why not (logged at most once a second)
 */
apr_status_t authjwt_store_update(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                                  authjwt_store_change_fn *change, void *ctx,
                                  authjwt_store_purpose_e purpose) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * How much the stores of all servers hold that can tell. A store for several hosts is asked each time.
 * @param s        the main server
 * @param entries  set: of all together
 * @param fill     set: of the fullest, 0 empty to 1 full; negative where none has a limit
 * @return how many could tell; with 0 nothing is set
 */
int authjwt_store_usage(server_rec *s, apr_uint64_t *entries, double *fill, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: small entries with an expiry, kept by an ap_socache provider for all processes. Knows nothing of
 * tokens. */
#ifndef AUTHJWT_STORE_H
#define AUTHJWT_STORE_H

#include <httpd.h>
#include <apr_time.h>
#include "aj_digest.h"
#include "authjwt_config.h"

typedef struct authjwt_store_t authjwt_store_t;

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
#define AUTHJWT_STORE_SEVERAL 6

/** One of several entries that are looked up in one go. */
typedef struct {
    const authjwt_store_id_t *id;
    authjwt_store_value_t value; /**< set on success */
    apr_status_t status;         /**< as authjwt_store_get returns it, but not yet logged */
} authjwt_store_question_t;

/**
 * Look several entries up, in one round trip or one read transaction where the provider can.
 * @param n  1 to AUTHJWT_STORE_SEVERAL
 * @return APR_SUCCESS when every question has been answered, with "found" or "not found"; else why one has not (logged
 * at most once a second), while each status is set all the same
 */
apr_status_t authjwt_store_get_several(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                       unsigned int n) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Record an entry, over one of the same id. Returns after the provider has acknowledged, and where its word is not
 * enough, after the entry has been read back.
 * @param expires  microseconds since 1970
 * @return APR_SUCCESS, or why it is not recorded (logged at most once a second)
 */
apr_status_t authjwt_store_put(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               const authjwt_store_value_t *value, apr_time_t expires,
                               authjwt_store_purpose_e purpose) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Begin a critical section over all processes of this host, for look-up and record as one step. May be waited for;
 * look-ups and records inside it take no further lock.
 */
apr_status_t authjwt_store_lock(authjwt_store_t *store, request_rec *r) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** End the critical section. */
void authjwt_store_unlock(authjwt_store_t *store, request_rec *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_count: how often something has happened since httpd started, in all processes together. The counters lie in
 * shared memory that outlives graceful restarts and children, however these end. Counting takes no lock: connections
 * count in different lines of it, and whoever reads adds these up. */
#ifndef AUTHJWT_COUNT_H
#define AUTHJWT_COUNT_H

#include <httpd.h>
#include <apr_time.h>
#include "authjwt_verdict.h"

/** Buckets of login times. */
#define AUTHJWT_COUNT_BUCKETS 12

/** What is counted. */
typedef enum {
    AUTHJWT_COUNT_REQUESTS = 0,                                         /**< and a verdict: requests, by outcome */
    AUTHJWT_COUNT_REPORTED = AUTHJWT_COUNT_REQUESTS + AUTHJWT_VERDICTS, /**< and a verdict: AuthJWTReportOnly */
    AUTHJWT_COUNT_LOGIN_OK = AUTHJWT_COUNT_REPORTED + AUTHJWT_VERDICTS,
    AUTHJWT_COUNT_LOGIN_FAILED,
    AUTHJWT_COUNT_LOGIN_THROTTLED,
    AUTHJWT_COUNT_LOGIN_LOCKED,
    AUTHJWT_COUNT_LOGIN_DENIED,
    AUTHJWT_COUNT_LOGIN_ERROR,
    AUTHJWT_COUNT_REFRESH_OK,
    AUTHJWT_COUNT_REFRESH_EXPIRED,
    AUTHJWT_COUNT_REFRESH_REVOKED,
    AUTHJWT_COUNT_REFRESH_THEFT,
    AUTHJWT_COUNT_REFRESH_DENIED,
    AUTHJWT_COUNT_REFRESH_ERROR,
    AUTHJWT_COUNT_LOGOUT_OK,
    AUTHJWT_COUNT_LOGOUT_EVERYWHERE,
    AUTHJWT_COUNT_LOGOUT_ERROR,
    AUTHJWT_COUNT_ENDED_LOGOUT,
    AUTHJWT_COUNT_ENDED_EVERYWHERE,
    AUTHJWT_COUNT_ENDED_THEFT,
    AUTHJWT_COUNT_ENDED_LOGIN,
    AUTHJWT_COUNT_ENDED_LIMIT,
    AUTHJWT_COUNT_ENDED_USER,
    AUTHJWT_COUNT_ENDED_ADMIN,
    AUTHJWT_COUNT_ENDED_REVOKE,
    AUTHJWT_COUNT_CACHE_HIT,
    AUTHJWT_COUNT_CACHE_MISS,
    AUTHJWT_COUNT_STORE_LOOKUPS,
    AUTHJWT_COUNT_STORE_ERRORS,
    AUTHJWT_COUNT_THROTTLED,                                                       /**< logins answered 429 */
    AUTHJWT_COUNT_LOGIN_BUCKET,                                                    /**< and a bucket */
    AUTHJWT_COUNT_LOGIN_TIME = AUTHJWT_COUNT_LOGIN_BUCKET + AUTHJWT_COUNT_BUCKETS, /**< microseconds in all */
    AUTHJWT_COUNTERS                                                               /**< how many there are */
} authjwt_counter_e;

/** Hook post_config: take the counters up, or make them at the first start. */
int authjwt_count_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** It has happened once more. */
void authjwt_count(const request_rec *r, authjwt_counter_e counter);

/** A login has been answered. @param time  that it took */
void authjwt_count_login_time(const request_rec *r, apr_interval_time_t time);

/** @return seconds in words, upper limit of a bucket of login times; of the last "+Inf" */
const char *authjwt_count_bucket(int bucket);

/** @return code of a verdict as it is counted: "ok", a code of docs/endpoints.md#errors, or "error" where something has
 * failed here */
const char *authjwt_count_code(authjwt_verdict_e verdict);

/**
 * How often verdicts of one code were counted: several share one.
 * @param first  AUTHJWT_COUNT_REQUESTS or AUTHJWT_COUNT_REPORTED
 * @param sum    set in any case
 * @return zero where a verdict before this one has the same code, so that a list of codes has each once
 */
int authjwt_count_sum_code(authjwt_counter_e first, authjwt_verdict_e verdict, apr_uint64_t *sum);

/** @return non-zero for a code that is listed only once it has happened: it is no row of the table of errors */
int authjwt_count_is_rare(authjwt_verdict_e verdict);

/** @return how often it has happened */
apr_uint64_t authjwt_count_sum(authjwt_counter_e counter);

#endif

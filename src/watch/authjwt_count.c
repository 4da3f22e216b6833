/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_count: counters of all processes in shared memory.
 *
 * The memory has several stripes, each with a counter of every kind. A connection counts in the stripe of its number,
 * which httpd makes of child and thread, so that threads seldom write to the same cache line. No stripe belongs to a
 * process: what a child has counted is there when it has died, and nothing has to be handed over. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_shm.h>

#include "authjwt_config.h"
#include "authjwt_count.h"

APLOG_USE_MODULE(authjwt);

#define STRIPES    64
#define CACHE_LINE 64

typedef struct {
    apr_uint64_t value[AUTHJWT_COUNTERS];
} __attribute__((aligned(CACHE_LINE))) stripe_t;

typedef struct {
    stripe_t stripe[STRIPES];
} counters_t;

/** What a restart finds again, when the module has been loaded anew. */
typedef struct {
    counters_t *counters;
} kept_t;

/* Under this name; the next module may be another release of this one, and another enumeration needs another name. */
#define KEPT "mod_authjwt counters 2"

static counters_t *counters;

/* As long as the parent process. Fresh memory is all zero. */
static apr_status_t take_up(apr_pool_t *process)
{
    kept_t *kept = ap_retained_data_get(KEPT);
    apr_shm_t *shm;
    apr_status_t rv;

    if (!kept) {
        /* The segment begins on a page, and its data a few bytes behind it. */
        rv = apr_shm_create(&shm, sizeof(counters_t) + CACHE_LINE, NULL, process);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        kept = ap_retained_data_create(KEPT, sizeof(*kept));
        kept->counters = (counters_t *)APR_ALIGN((apr_uintptr_t)apr_shm_baseaddr_get(shm), CACHE_LINE);
    }
    counters = kept->counters;
    return APR_SUCCESS;
}

int authjwt_count_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_status_t rv;

    (void)pconf;
    (void)plog;
    (void)ptemp;
    rv = take_up(s->process->pool);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, s, "AJ2301: no shared memory for counters");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static void add(const request_rec *r, authjwt_counter_e counter, apr_uint64_t number)
{
    if (counters) {
        stripe_t *stripe = &counters->stripe[(unsigned long)r->connection->id % STRIPES];

        (void)__atomic_fetch_add(&stripe->value[counter], number, __ATOMIC_RELAXED);
    }
}

void authjwt_count(const request_rec *r, authjwt_counter_e counter)
{
    add(r, counter, 1);
}

/* A check of a bcrypt hash of cost 10 takes some 50 ms. */
static const struct {
    int most; /* milliseconds */
    const char *seconds;
} buckets[AUTHJWT_COUNT_BUCKETS] = { { 5, "0.005" },  { 10, "0.01" },  { 25, "0.025" }, { 50, "0.05" },
                                     { 100, "0.1" },  { 250, "0.25" }, { 500, "0.5" },  { 1000, "1" },
                                     { 2500, "2.5" }, { 5000, "5" },   { 10000, "10" }, { 0, "+Inf" } };

const char *authjwt_count_bucket(int bucket)
{
    return buckets[bucket].seconds;
}

void authjwt_count_login_time(const request_rec *r, apr_interval_time_t time)
{
    int bucket = 0;

    while (bucket < AUTHJWT_COUNT_BUCKETS - 1 && time > apr_time_from_msec(buckets[bucket].most)) {
        bucket++;
    }
    add(r, (authjwt_counter_e)(AUTHJWT_COUNT_LOGIN_BUCKET + bucket), 1);
    add(r, AUTHJWT_COUNT_LOGIN_TIME, time > 0 ? (apr_uint64_t)time : 0);
}

apr_uint64_t authjwt_count_sum(authjwt_counter_e counter)
{
    apr_uint64_t sum = 0;
    int i;

    for (i = 0; counters && i < STRIPES; i++) {
        sum += __atomic_load_n(&counters->stripe[i].value[counter], __ATOMIC_RELAXED);
    }
    return sum;
}

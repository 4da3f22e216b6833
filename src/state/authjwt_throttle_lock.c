/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_throttle: failures in a row of one user, and the addresses from where users sign in. */
#include <httpd.h>

#include "authjwt_throttle_private.h"

/* For so long an address counts as the user's own, and a failure as worth a slot. */
#define MEMORY apr_time_from_sec(30 * 24 * 3600)

/* A user's addresses are spread over so many buckets, and no more: somebody who signs in from everywhere pushes out few
 * addresses of others. */
#define SPREAD 8

static int is_old(apr_time_t then, apr_time_t now)
{
    return now - then > MEMORY;
}

/* Is a less worth keeping than b? */
static int is_less(const authjwt_lock_t *a, const authjwt_lock_t *b, apr_time_t now)
{
    apr_uint32_t of_a = is_old(a->last, now) ? 0 : a->failures;
    apr_uint32_t of_b = is_old(b->last, now) ? 0 : b->failures;

    return of_a != of_b ? of_a < of_b : a->last < b->last;
}

long authjwt_throttle_lock_wait(const authjwt_lock_t *lock, apr_time_t now, int limit, apr_interval_time_t time)
{
    if (lock->failures < (apr_uint32_t)limit || now >= lock->last + time) {
        return 0;
    }
    /* A clock that was set back prolongs no lock. */
    return (long)((now < lock->last ? time : lock->last + time - now) / APR_USEC_PER_SEC) + 1;
}

authjwt_lock_t *authjwt_throttle_lock(authjwt_throttle_table_t *table, apr_uint64_t key, apr_time_t now, int limit,
                                      apr_interval_time_t time)
{
    authjwt_lock_t *bucket = table->locks[key % AUTHJWT_THROTTLE_BUCKETS];
    authjwt_lock_t *found = bucket;
    int i;

    for (i = 0; i < AUTHJWT_THROTTLE_WAYS && found->key != key; i++) {
        found = bucket[i].key == key || is_less(&bucket[i], found, now) ? &bucket[i] : found;
    }
    if (found->key != key) {
        memset(found, 0, sizeof(*found));
        found->key = key;
    }
    if (found->failures >= (apr_uint32_t)limit && !authjwt_throttle_lock_wait(found, now, limit, time)) {
        found->failures = 0;
        found->told = 0;
    }
    return found;
}

static authjwt_known_t *known_bucket(authjwt_throttle_table_t *table, apr_uint64_t name, apr_uint64_t place)
{
    return table->known[(name + place % SPREAD) % (sizeof(table->known) / sizeof(table->known[0]))];
}

int authjwt_throttle_is_known(authjwt_throttle_table_t *table, apr_uint64_t name, apr_uint64_t place, apr_time_t now)
{
    const authjwt_known_t *bucket = known_bucket(table, name, place);
    int i;

    for (i = 0; i < AUTHJWT_THROTTLE_WAYS; i++) {
        if (bucket[i].key == place) {
            return !is_old(bucket[i].at, now);
        }
    }
    return 0;
}

void authjwt_throttle_remember(authjwt_throttle_table_t *table, apr_uint64_t name, apr_uint64_t place, apr_time_t now)
{
    authjwt_known_t *bucket = known_bucket(table, name, place);
    authjwt_known_t *found = bucket;
    int i;

    for (i = 0; i < AUTHJWT_THROTTLE_WAYS && found->key != place; i++) {
        found = bucket[i].key == place || bucket[i].at < found->at ? &bucket[i] : found;
    }
    found->key = place;
    found->at = now;
}

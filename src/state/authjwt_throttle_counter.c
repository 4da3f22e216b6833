/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_throttle: failures that count less and less. */
#include <httpd.h>

#include "authjwt_throttle_private.h"

/* Bring a counter's window up to now. */
static void turn(authjwt_counter_t *counter, apr_time_t now)
{
    apr_time_t age = now - counter->start;

    if (age < 0 || age >= 2 * counter->window) {
        counter->before = counter->now = 0;
        counter->start = now;
    }
    else if (age >= counter->window) {
        counter->before = counter->now;
        counter->now = 0;
        counter->start += counter->window;
    }
}

/* Failures that count now: those of this window, and those before it less and less. */
static double level(const authjwt_counter_t *counter, apr_time_t now)
{
    if (!counter->before) {
        return counter->now;
    }
    return counter->now + counter->before * (1.0 - (double)(now - counter->start) / (double)counter->window);
}

authjwt_counter_t *authjwt_throttle_counter(authjwt_throttle_table_t *table, apr_uint64_t key, apr_time_t now,
                                            apr_interval_time_t window, const authjwt_counter_t *other)
{
    authjwt_counter_t *bucket = table->counters[key % AUTHJWT_THROTTLE_BUCKETS];
    authjwt_counter_t *least = NULL;
    int i;

    for (i = 0; i < AUTHJWT_THROTTLE_WAYS; i++) {
        turn(&bucket[i], now);
        if (bucket[i].key == key) {
            return &bucket[i];
        }
        if (&bucket[i] != other && (!least || level(&bucket[i], now) < level(least, now))) {
            least = &bucket[i];
        }
    }
    memset(least, 0, sizeof(*least));
    least->key = key;
    least->start = now;
    least->window = window;
    return least;
}

long authjwt_throttle_counter_wait(const authjwt_counter_t *counter, double allowed, apr_time_t now)
{
    double window = (double)counter->window;
    double rest = (double)(counter->start + counter->window - now);
    double left;

    if (level(counter, now) < allowed) {
        return 0;
    }
    left = counter->now < allowed ? window * (level(counter, now) - allowed) / counter->before
                                  : rest + window * (1.0 - allowed / counter->now);
    return (long)(left / APR_USEC_PER_SEC) + 1;
}

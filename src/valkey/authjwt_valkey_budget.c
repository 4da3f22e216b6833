/* SPDX-License-Identifier: Apache-2.0 */
/* The time that calls of one request share. It hangs on their pool; other modules may use a pool that lives for long,
 * so whoever wants it says so. */
#include "authjwt_valkey_private.h"

#define KEY "authjwt_valkey_waited"

apr_interval_time_t *authjwt_valkey_waited(apr_pool_t *pool)
{
    void *waited = NULL;

    return apr_pool_userdata_get(&waited, KEY, pool) == APR_SUCCESS ? waited : NULL;
}

void authjwt_valkey_begin(apr_pool_t *pool, apr_pool_t *whole)
{
    apr_interval_time_t *waited = authjwt_valkey_waited(whole);

    if (!waited) {
        waited = apr_pcalloc(whole, sizeof(*waited));
        apr_pool_userdata_setn(waited, KEY, NULL, whole);
    }
    if (pool != whole && !authjwt_valkey_waited(pool)) {
        apr_pool_userdata_setn(waited, KEY, NULL, pool);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: a provider's own look-ups, and how it wants to be told when an entry expires. */
#include <httpd.h>

#include "authjwt_store_private.h"

/* The longest lifetime that memcached takes for one. */
#define MEMCACHED_LONGEST apr_time_from_sec(30 * 24 * 3600)

/* The last date that it takes: 19 January 2038. */
#define LAST_DATE apr_time_from_sec(APR_INT32_MAX)

void authjwt_store_ask(authjwt_store_t *store, server_rec *s, authjwt_socache_question_t *asked, unsigned int n,
                       apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;
    unsigned int i;

    if (store->kind->retrieve_several) {
        rv = store->kind->retrieve_several(store->instance, s, asked, n, pool);
    }
    for (i = 0; i < n; i++) {
        if (!store->kind->retrieve_several) {
            asked[i].status = store->provider->retrieve(store->instance, s, asked[i].id, asked[i].idlen, asked[i].data,
                                                        &asked[i].len, pool);
        }
        else if (rv != APR_SUCCESS) {
            asked[i].status = rv;
        }
    }
}

authjwt_socache_question_t authjwt_store_question(const authjwt_store_id_t *id, authjwt_store_value_t *value)
{
    return (authjwt_socache_question_t){ id->bytes, sizeof(id->bytes), value->bytes, sizeof(value->bytes),
                                         APR_EGENERAL };
}

/* memcached takes lifetimes over 30 days for dates since 1970, and mod_socache_memcache sends it the difference to now.
 * So for those the difference must be the date; one beyond 31 bits would be refused or taken for the past. */
apr_time_t authjwt_store_expiry(const authjwt_store_t *store, apr_time_t expires)
{
    apr_time_t now = apr_time_now();

    if (!store->kind->takes_dates || expires - now <= MEMCACHED_LONGEST) {
        return expires;
    }
    return now + (expires < LAST_DATE ? expires : LAST_DATE);
}

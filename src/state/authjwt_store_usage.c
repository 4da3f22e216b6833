/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: how much the stores hold. */
#include <httpd.h>
#include <string.h>

#include "authjwt_store_private.h"

/* Servers that use the same place have the same entries. */
static int is_repeated(const server_rec *first, const server_rec *s)
{
    const authjwt_store_t *store = authjwt_config_server(s)->store;

    for (; first != s; first = first->next) {
        const authjwt_store_t *other = authjwt_config_server(first)->store;

        if (other && (other == store || (other->kind == store->kind && !strcmp(other->place, store->place)))) {
            return 1;
        }
    }
    return 0;
}

int authjwt_store_usage(server_rec *s, apr_uint64_t *entries, double *fill, apr_pool_t *pool)
{
    const server_rec *first = s;
    int told = 0;

    for (; s; s = s->next) {
        const authjwt_store_t *store = authjwt_config_server(s)->store;
        apr_uint64_t more;
        double part;

        if (store && store->started && store->kind->usage && !is_repeated(first, s)
            && store->kind->usage(store->instance, store->server, &more, &part, pool) == APR_SUCCESS) {
            *entries = told ? *entries + more : more;
            *fill = told && *fill > part ? *fill : part;
            told++;
        }
    }
    return told;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: a quick answer for the ordinary case, that there is no entry. */
#include <httpd.h>

#include "authjwt_count.h"
#include "authjwt_store_private.h"

int authjwt_store_absent(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *ids, unsigned int n,
                         apr_uint64_t *snapshot)
{
    if (!store || !store->kind->absent) {
        *snapshot = 0;
        return 0;
    }
    if (!store->kind->absent(store->instance, r->server, ids->bytes, sizeof(ids->bytes), n, snapshot)) {
        return 0; /* the question is put again, and counted then */
    }
    authjwt_count(r, AUTHJWT_COUNT_STORE_LOOKUPS);
    return 1;
}

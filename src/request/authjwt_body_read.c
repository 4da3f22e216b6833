/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_body: take a body from the input filters. */
#include <httpd.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "aj_digest.h"
#include "authjwt_body_private.h"

/* Append what a brigade holds. @return APR_ENOSPC when that is more than there is room for */
static apr_status_t append(apr_bucket_brigade *brigade, apr_size_t room, authjwt_body_bytes_t *body)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t len;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(bucket)) {
            body->ended = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        rv = apr_bucket_read(bucket, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (len > room - body->len) {
            return APR_ENOSPC;
        }
        memcpy(body->bytes + body->len, data, len);
        body->len += len;
    }
    return APR_SUCCESS;
}

apr_status_t authjwt_body_read(request_rec *r, apr_size_t enough, apr_size_t room, apr_pool_t *pool,
                               authjwt_body_bytes_t *body)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;

    body->bytes = apr_palloc(pool, room + 1);
    body->len = 0;
    body->ended = 0;
    aj_wipe_with_pool(body->bytes, room + 1, pool);
    while (!body->ended && rv == APR_SUCCESS && body->len < enough) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv == APR_SUCCESS) {
            rv = append(brigade, room, body);
        }
        apr_brigade_cleanup(brigade);
    }
    body->bytes[body->len] = '\0';
    return rv;
}

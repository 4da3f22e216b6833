/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_jwks: the endpoint jwt-jwks. */
#include <httpd.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_keys.h"
#include "authjwt_reply.h"

APLOG_USE_MODULE(authjwt);

/* Clients ask again after five minutes at the latest, and so learn of a new key in time. */
#define CACHE_CONTROL "public, max-age=300"

int authjwt_jwks(request_rec *r)
{
    unsigned char hash[AJ_SHA256_BYTES];
    const aj_keyset_t *ring;
    const char *body;
    int status;

    ring = authjwt_keys_ring(r, NULL);
    if (!ring) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1801: no keys to publish: the server has no AuthJWTKey");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    body = apr_pstrcat(r->pool, aj_json_write(aj_keyset_public(ring, r->pool), r->pool), "\n", NULL);
    if (aj_sha256(body, strlen(body), hash) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_set_content_type(r, "application/jwk-set+json");
    apr_table_setn(r->headers_out, "ETag",
                   apr_pstrcat(r->pool, "\"", aj_base64url_encode(hash, 16, r->pool), "\"", NULL));
    apr_table_setn(r->headers_out, "Cache-Control", CACHE_CONTROL);
    status = ap_meets_conditions(r);
    if (status == OK) {
        ap_set_content_length(r, strlen(body));
        ap_rputs(body, r);
    }
    return status;
}

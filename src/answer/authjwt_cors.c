/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cors: endpoints answer scripts of AuthJWTTrustedOrigin. */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include "authjwt_config.h"
#include "authjwt_cors.h"
#include "authjwt_origin.h"
#include "authjwt_request.h"

/* For so long browsers keep the answer to a preflight. */
#define PREFLIGHT_SECONDS "600"

void authjwt_cors_allow(request_rec *r)
{
    const char *vary = apr_table_get(r->err_headers_out, "Vary");
    const char *origin = authjwt_origin_trusted(r);

    if (authjwt_config_dir(r)->trusted_origins && !(vary && ap_find_token(r->pool, vary, "Origin"))) {
        apr_table_mergen(r->err_headers_out, "Vary", "Origin");
    }
    if (origin) {
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Origin", origin);
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Credentials", "true");
    }
}

void authjwt_cors_allow_preflight(request_rec *r, const char *methods)
{
    const char *headers = apr_table_get(r->headers_in, "Access-Control-Request-Headers");

    if (!authjwt_origin_trusted(r)) {
        return;
    }
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Methods", methods);
    apr_table_setn(r->err_headers_out, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
    if (headers) {
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Headers", headers);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_endpoint: the one table of endpoints. */
#include <httpd.h>

#include "authjwt_endpoint.h"

static const authjwt_endpoint_t endpoints[AUTHJWT_ENDPOINTS] = {
    /*                            handler         post get exempt issues need */
    { AUTHJWT_ENDPOINT_LOGIN, "jwt-login", 1, 1, 1, 1, AUTHJWT_NEEDS_SIGNER },
    { AUTHJWT_ENDPOINT_REFRESH, "jwt-refresh", 1, 0, 1, 1, AUTHJWT_NEEDS_SIGNER },
    { AUTHJWT_ENDPOINT_LOGOUT, "jwt-logout", 1, 1, 1, 0, AUTHJWT_NEEDS_KEY },
    { AUTHJWT_ENDPOINT_USERINFO, "jwt-userinfo", 0, 1, 0, 0, AUTHJWT_NEEDS_KEY },
    { AUTHJWT_ENDPOINT_JWKS, "jwt-jwks", 0, 1, 1, 0, AUTHJWT_NEEDS_KEY },
    { AUTHJWT_ENDPOINT_INTROSPECT, "jwt-introspect", 1, 0, 0, 0, AUTHJWT_NEEDS_KEY },
    { AUTHJWT_ENDPOINT_REVOKE, "jwt-revoke", 1, 0, 1, 0, AUTHJWT_NEEDS_KEY },
    { AUTHJWT_ENDPOINT_SESSIONS, "jwt-sessions", 1, 1, 0, 0, AUTHJWT_NEEDS_KEY },
    { AUTHJWT_ENDPOINT_METRICS, "jwt-metrics", 0, 1, 0, 0, AUTHJWT_NEEDS_NOTHING },
};

const authjwt_endpoint_t *authjwt_endpoint_named(const char *handler)
{
    int i;

    for (i = 0; i < AUTHJWT_ENDPOINTS; i++) {
        if (!ap_cstr_casecmp(handler, endpoints[i].handler)) {
            return &endpoints[i];
        }
    }
    return NULL;
}

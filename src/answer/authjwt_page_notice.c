/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: warn where browsers would not keep the cookies. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_atomic.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_page_private.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

/* Would browsers drop Secure cookies here? */
static int drops_cookies(request_rec *r)
{
    const char *proto = apr_table_get(r->headers_in, "X-Forwarded-Proto");
    const char *host = apr_table_get(r->headers_in, "Host");
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    if (!authjwt_config_cookies(conf) || !authjwt_config_cookie_secure(conf) || !strcmp(ap_http_scheme(r), "https")
        || (proto && !ap_cstr_casecmp(proto, "https"))) {
        return 0;
    }
    if (!host) {
        return 1;
    }
    host = apr_pstrmemdup(r->pool, host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"));
    return ap_cstr_casecmp(host, "localhost") && strcmp(host, "127.0.0.1") && strcmp(host, "[::1]");
}

/* Has the warning been logged since the start? Kept in shared memory where there is some, else for each process. */
static volatile apr_uint32_t warned_here;
static volatile apr_uint32_t *warned = &warned_here;

int authjwt_page_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_shm_t *shm;

    (void)plog;
    (void)ptemp;
    (void)s;
    warned = &warned_here;
    if (apr_shm_create(&shm, sizeof(*warned), NULL, pconf) == APR_SUCCESS) {
        warned = apr_shm_baseaddr_get(shm);
    }
    apr_atomic_set32(warned, 0);
    return OK;
}

int authjwt_page_is_insecure(request_rec *r)
{
    if (!drops_cookies(r)) {
        return 0;
    }
    if (!apr_atomic_xchg32(warned, 1)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "AJ1771: AuthJWTCookies with AuthJWTCookieSecure on, but the page was asked for by "
                      "plain HTTP: browsers will not keep the cookies; use https");
    }
    return 1;
}

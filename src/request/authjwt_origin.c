/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_origin: which page made the browser send a request? */
#include <httpd.h>
#include <http_protocol.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_origin.h"

/* host[:port] of an origin, without the port that its scheme has anyway. */
static const char *authority(const char *host, int is_https, apr_pool_t *pool)
{
    const char *port = is_https ? ":443" : ":80";
    apr_size_t len = strlen(host);
    apr_size_t port_len = strlen(port);

    if (len > port_len && !strcmp(host + len - port_len, port)) {
        len -= port_len;
    }
    return apr_pstrmemdup(pool, host, len);
}

/* The origin is this host's. Where httpd itself speaks TLS, so must the page: one by plain http may come from whoever
 * is on the line. Where it does not, TLS may end at a proxy before us, and both schemes are possible. */
static int is_host(request_rec *r, const char *origin)
{
    const char *host = apr_table_get(r->headers_in, "Host");
    int is_https = !ap_cstr_casecmpn(origin, "https://", 8);

    if (!host || (!is_https && (ap_cstr_casecmpn(origin, "http://", 7) || !strcmp(ap_http_scheme(r), "https")))) {
        return 0;
    }
    origin += is_https ? 8 : 7;
    return *origin && !ap_cstr_casecmp(authority(origin, is_https, r->pool), authority(host, is_https, r->pool));
}

/* A star stands for one label, never for two and never for none. */
static int matches(const char *origin, const char *pattern)
{
    const char *star = ap_strchr_c(pattern, '*');
    apr_size_t len = star ? (apr_size_t)(star - pattern) : 0;
    const char *p = origin + len;

    if (!star) {
        return !ap_cstr_casecmp(origin, pattern);
    }
    if (strlen(origin) <= len || ap_cstr_casecmpn(origin, pattern, len)) {
        return 0;
    }
    while (apr_isalnum(*p) || *p == '-' || *p == '_') {
        p++;
    }
    return p > origin + len && !ap_cstr_casecmp(p, star + 1);
}

const char *authjwt_origin_trusted(request_rec *r)
{
    const apr_array_header_t *trusted = authjwt_config_dir(r)->trusted_origins;
    const char *origin = apr_table_get(r->headers_in, "Origin");
    int i;

    for (i = 0; trusted && origin && i < trusted->nelts; i++) {
        if (matches(origin, APR_ARRAY_IDX(trusted, i, const char *))) {
            return origin;
        }
    }
    return NULL;
}

authjwt_origin_e authjwt_origin_of(request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    int ours;

    if (!site && !origin) {
        return AUTHJWT_ORIGIN_UNSAID;
    }
    /* Pages cannot set Sec-Fetch-Site. "none" is the user's own doing: a bookmark, an address typed in, an application
     * that opened it. */
    ours = site ? !strcmp(site, "same-origin") || !strcmp(site, "none") : is_host(r, origin);
    return ours || authjwt_origin_trusted(r) ? AUTHJWT_ORIGIN_OURS : AUTHJWT_ORIGIN_FOREIGN;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_csrf: proof that a request with a cookie comes from this site. */
#include <httpd.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_csrf.h"
#include "authjwt_origin.h"
#include "authjwt_report.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

#define CSRF_HEADER "X-CSRF-TOKEN"
#define CSRF_FIELD  "csrf_token"

/* Methods that are safe by their definition (RFC 9110 9.2.1), WebDAV's among them. */
static int is_safe(request_rec *r)
{
    switch (authjwt_request_looked_up_for(r)->method_number) {
    case M_GET:
    case M_OPTIONS:
    case M_TRACE:
    case M_PROPFIND:
    case M_REPORT:
        return 1;
    default:
        return 0;
    }
}

/* The handshake of a WebSocket is a GET that pages of any site can send with this site's cookies, and what follows it
 * they can read (RFC 6455 10.2). Scripts cannot add a header to it, so that Origin decides in every mode. Browsers
 * always send it (RFC 6455 4.1): who does not is no browser, and no page made it send a cookie. */
static int is_handshake(request_rec *r)
{
    return authjwt_request_looked_up_for(r)->method_number == M_GET
        && ap_find_token(r->pool, apr_table_get(r->headers_in, "Upgrade"), "websocket");
}

/* Double submit: what only a page of this site can read, sent as a header or a form field. */
static authjwt_verdict_e find_token(request_rec *r, const json_t *fields, const char **sent)
{
    *sent = apr_table_get(r->headers_in, CSRF_HEADER);
    if (*sent) {
        return AUTHJWT_OK;
    }
    if (fields) {
        *sent = authjwt_body_string(fields, CSRF_FIELD);
        return AUTHJWT_OK;
    }
    return authjwt_body_peek(authjwt_request_looked_up_for(r), CSRF_FIELD, sent);
}

static int is_token(const char *sent, const char *csrf)
{
    return sent && strlen(sent) == strlen(csrf) && aj_equal(sent, csrf, strlen(csrf));
}

authjwt_verdict_e authjwt_csrf_match(request_rec *r, const char *csrf, const json_t *fields)
{
    const char *sent = NULL;
    authjwt_verdict_e verdict;

    if (!csrf || !*csrf) {
        return AUTHJWT_CSRF_FAILED;
    }
    verdict = find_token(r, fields, &sent);
    return verdict != AUTHJWT_OK || is_token(sent, csrf) ? verdict : AUTHJWT_CSRF_FAILED;
}

static authjwt_verdict_e fail(request_rec *r, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1751: CSRF check failed: %s", why);
    authjwt_report_because(r, "AJ1751", why);
    return AUTHJWT_CSRF_FAILED;
}

authjwt_verdict_e authjwt_csrf_check_cookie(request_rec *r, const char *csrf, const json_t *fields)
{
    authjwt_csrf_e mode = authjwt_config_csrf(authjwt_config_dir(r));
    authjwt_verdict_e verdict;

    if (mode == AUTHJWT_CSRF_OFF) {
        return AUTHJWT_OK;
    }
    if (is_handshake(r)) {
        return authjwt_origin_of(r) != AUTHJWT_ORIGIN_FOREIGN ? AUTHJWT_OK : fail(r, "a WebSocket from another origin");
    }
    if (is_safe(r)) {
        return AUTHJWT_OK;
    }
    if (mode != AUTHJWT_CSRF_TOKEN && authjwt_origin_of(r) == AUTHJWT_ORIGIN_OURS) {
        return AUTHJWT_OK;
    }
    verdict = mode != AUTHJWT_CSRF_ORIGIN ? authjwt_csrf_match(r, csrf, fields) : AUTHJWT_CSRF_FAILED;
    if (verdict != AUTHJWT_CSRF_FAILED) {
        return verdict;
    }
    return fail(r, mode == AUTHJWT_CSRF_TOKEN ? "neither header nor form field holds the token's csrf value"
                   : mode == AUTHJWT_CSRF_ORIGIN
                       ? "the request does not come from this origin, or does not say"
                       : "the request does not come from this origin, or does not say, and holds no csrf value");
}

authjwt_verdict_e authjwt_csrf_check(request_rec *r, authjwt_location_e from, const aj_claims_t *claims,
                                     const json_t *fields)
{
    return from == AUTHJWT_IN_COOKIE ? authjwt_csrf_check_cookie(r, aj_claims_string(claims, "csrf"), fields)
                                     : AUTHJWT_OK;
}

int authjwt_csrf_is_foreign(request_rec *r)
{
    return authjwt_config_csrf(authjwt_config_dir(r)) != AUTHJWT_CSRF_OFF
        && authjwt_origin_of(r) == AUTHJWT_ORIGIN_FOREIGN;
}

authjwt_verdict_e authjwt_csrf_check_login(request_rec *r)
{
    return authjwt_csrf_is_foreign(r) ? fail(r, "a login from another origin") : AUTHJWT_OK;
}

authjwt_verdict_e authjwt_csrf_check_password(request_rec *r)
{
    return authjwt_csrf_is_foreign(r) ? fail(r, "a token as password, which another origin made the browser send")
                                      : AUTHJWT_OK;
}

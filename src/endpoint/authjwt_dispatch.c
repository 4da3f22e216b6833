/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_dispatch: one handler for all endpoints. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_cors.h"
#include "authjwt_dispatch.h"
#include "authjwt_endpoint.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_identity.h"
#include "authjwt_reply.h"
#include "authjwt_report.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"

APLOG_USE_MODULE(authjwt);

typedef int answer_fn(request_rec *r);

static answer_fn *const answers[AUTHJWT_ENDPOINTS] = {
    [AUTHJWT_ENDPOINT_LOGIN] = authjwt_login,     [AUTHJWT_ENDPOINT_REFRESH] = authjwt_refresh,
    [AUTHJWT_ENDPOINT_LOGOUT] = authjwt_logout,   [AUTHJWT_ENDPOINT_USERINFO] = authjwt_userinfo,
    [AUTHJWT_ENDPOINT_JWKS] = authjwt_jwks,       [AUTHJWT_ENDPOINT_INTROSPECT] = authjwt_introspect,
    [AUTHJWT_ENDPOINT_REVOKE] = authjwt_revoke,   [AUTHJWT_ENDPOINT_SESSIONS] = authjwt_sessions,
    [AUTHJWT_ENDPOINT_METRICS] = authjwt_metrics,
};

/* Without a login page there is nothing to GET at a login. */
static int takes_get(request_rec *r, const authjwt_endpoint_t *endpoint)
{
    return endpoint->get
        && (endpoint->id != AUTHJWT_ENDPOINT_LOGIN || strcmp(authjwt_config_login_page(authjwt_config_dir(r)), "off"));
}

static int refuse_method(request_rec *r, const authjwt_endpoint_t *endpoint, int get)
{
    ap_allow_standard_methods(r, REPLACE_ALLOW, endpoint->post ? M_POST : M_GET, endpoint->post && get ? M_GET : -1,
                              -1);
    if (authjwt_request_is_preflight(r)) {
        /* For origins that are not trusted, the headers that the preflight asks for are mod_headers' business. */
        authjwt_cors_allow_preflight(r, endpoint->post ? get ? "GET, POST" : "POST" : "GET");
        r->status = HTTP_NO_CONTENT;
        return OK;
    }
    return authjwt_reply_refuse(r, AUTHJWT_METHOD_NOT_ALLOWED);
}

/* The sessions of a user, or the word of this server on who somebody is. */
static int speaks_of_users(const authjwt_endpoint_t *endpoint)
{
    return endpoint->id == AUTHJWT_ENDPOINT_SESSIONS || endpoint->id == AUTHJWT_ENDPOINT_INTROSPECT;
}

static int may_speak(request_rec *r, const authjwt_endpoint_t *endpoint)
{
    const char *why_not = speaks_of_users(endpoint) ? authjwt_request_named_by(r) : NULL;

    if (why_not) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1794: %s does not answer at %s: %s", endpoint->handler, r->uri,
                      why_not);
    }
    return !why_not;
}

AUTHJWT_SELDOM static int answer(request_rec *r, const authjwt_endpoint_t *endpoint)
{
    int get;

    if (!authjwt_request_at_own_address(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1704: %s is below the address that %s is set for, and an endpoint answers that address alone",
                      r->uri, endpoint->handler);
        return HTTP_NOT_FOUND;
    }
    /* By AddHandler, where AuthJWTReportOnly did not know of an endpoint. */
    if (!endpoint->is_exempt && !authjwt_identity_claims(r) && authjwt_report_passed(r) != AUTHJWT_OK) {
        return authjwt_reply_refuse(r, authjwt_report_passed(r));
    }
    authjwt_cors_allow(r);
    if (endpoint->post) {
        /* Refusals too: without it a cache may keep a 404 or 405. */
        authjwt_caching_no_store(r);
    }
    get = takes_get(r, endpoint);
    if (r->method_number == M_GET ? !get : r->method_number != M_POST || !endpoint->post) {
        return refuse_method(r, endpoint, get);
    }
    if (endpoint->id != AUTHJWT_ENDPOINT_METRICS) {
        authjwt_tally_endpoint(r);
    }
    if ((endpoint->issues && r->method_number == M_POST && !authjwt_request_may_issue(r)) || !may_speak(r, endpoint)) {
        authjwt_tally_refused(r, AUTHJWT_FAILED);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return answers[endpoint->id](r);
}

int authjwt_dispatch(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_endpoint_find(r->handler);

    if (endpoint) {
        return answer(r, endpoint);
    }
    /* A preflight may look up what answers it, and reads nothing else. */
    return r->main && authjwt_request_known(r)->passed_preflight ? HTTP_UNAUTHORIZED : DECLINED;
}

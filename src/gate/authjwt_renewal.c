/* authjwt_renewal: new tokens on the way of a request. */
#include <httpd.h>
#include <http_log.h>
#include <http_request.h>

#include "authjwt_config.h"
#include "authjwt_cookies_read.h"
#include "authjwt_csrf.h"
#include "authjwt_exchange.h"
#include "authjwt_renewal.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

static apr_array_header_t *refresh_cookies(request_rec *r)
{
    apr_array_header_t *values = apr_array_make(r->pool, 1, sizeof(const char *));

    authjwt_cookies_read(apr_table_get(authjwt_request_sent_headers(r), "Cookie"),
                         authjwt_config_refresh_cookie(authjwt_config_dir(r)), values);
    return values->nelts ? values : NULL;
}

int authjwt_renewal_possible(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const authjwt_state_t *state = authjwt_request_state(authjwt_request_initial(r));

    /* Subrequests, whose headers nobody sees, share what the request got, and so does a log's condition. Never within a
     * renewal. */
    return authjwt_config_auto_refresh(conf) && authjwt_config_has_location(conf, AUTHJWT_IN_COOKIE) && !state->renewing
        && ((!r->main && !r->sent_bodyct && !r->eos_sent) || state->new_token) && refresh_cookies(r);
}

int authjwt_renewal_may_help(request_rec *r)
{
    authjwt_location_e from = AUTHJWT_IN_COOKIE;

    (void)authjwt_request_tokens(r, AJ_TYPE_ACCESS, &from);
    return from == AUTHJWT_IN_COOKIE && authjwt_renewal_possible(r)
        && (authjwt_reply_is(r, AUTHJWT_TOKEN_MISSING) || authjwt_reply_is(r, AUTHJWT_TOKEN_EXPIRED));
}

/* Where tokens would be renewed and not be set, each request would renew them again. */
static int can_renew_at(request_rec *r, request_rec *at)
{
    const char *endpoint = authjwt_request_endpoint(at);

    if (at->status == HTTP_OK && endpoint && !ap_cstr_casecmp(endpoint, AUTHJWT_HANDLER_REFRESH)
        && authjwt_config_cookies(authjwt_config_dir(at))) {
        return authjwt_request_may_issue(at);
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AJ1761: AuthJWTCookieAutoRefresh: %s is no jwt-refresh location of this host with "
                  "AuthJWTCookies on",
                  at->uri);
    return 0;
}

/* Under the configuration of the refresh location, which a subrequest looks up; CSRF is the business of the request
 * itself. */
static int renew_at(request_rec *r, request_rec *at, authjwt_tokens_t *tokens)
{
    static const authjwt_verify_t wanted = { .types = AJ_TYPE_REFRESH };
    const aj_claims_t *refresh;
    int status;

    if (!can_renew_at(r, at)) {
        return DECLINED;
    }
    status = authjwt_verify(at, refresh_cookies(at), &wanted, &refresh);
    if (status != OK) {
        return status == HTTP_SERVICE_UNAVAILABLE ? status : DECLINED;
    }
    authjwt_request_state(authjwt_request_initial(r))->new_csrf = aj_claims_string(refresh, "csrf");
    status = authjwt_csrf_check_cookie(r, aj_claims_string(refresh, "csrf"), NULL);
    if (status != OK) {
        return status;
    }
    status = authjwt_exchange(at, refresh, tokens);
    if (status == OK) {
        status = authjwt_tokens_set_cookies(at, tokens);
    }
    return status == OK || status == HTTP_SERVICE_UNAVAILABLE ? status : DECLINED;
}

int authjwt_renewal_automatic(request_rec *r, const char **token)
{
    authjwt_state_t *state = authjwt_request_state(authjwt_request_initial(r));
    authjwt_tokens_t tokens;
    request_rec *at;
    int status;

    /* An internal redirect or subrequest: renewed already, but perhaps under another AuthJWTCookieCSRFProtect. */
    if (state->new_token) {
        *token = state->new_token;
        return authjwt_csrf_check_cookie(r, state->new_csrf, NULL);
    }
    state->renewing = 1;
    at = ap_sub_req_method_uri("POST", authjwt_config_auto_refresh(authjwt_config_dir(r)), r, NULL);
    status = renew_at(r, at, &tokens);
    state->renewing = 0;
    if (status == OK) {
        /* The subrequest's pool is a child of the request's and is left to it: the token lives there. */
        state->new_token = tokens.access.text;
        *token = tokens.access.text;
        authjwt_reply_no_store(r);
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1762: access token renewed on the way");
    }
    else if (status == HTTP_SERVICE_UNAVAILABLE) {
        status = authjwt_reply_refuse(r, authjwt_reply_is(at, AUTHJWT_BACKEND_UNAVAILABLE) ? AUTHJWT_BACKEND_UNAVAILABLE
                                                                                           : AUTHJWT_STORE_UNAVAILABLE);
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_renewal: new tokens on the way of a request. */
#include <httpd.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>

#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_exchange.h"
#include "authjwt_renewal.h"
#include "authjwt_request.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

int authjwt_renewal_possible(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const authjwt_state_t *state = authjwt_request_known(authjwt_request_initial(r));
    const request_rec *page = authjwt_request_looked_up_for(r);

    /* Parts of a page that is on its way share what the request got, and so does a log's condition. What is looked up
     * for a page, such as its index file, is renewed for like the page. Never within a renewal. */
    return authjwt_config_auto_refresh(conf) && authjwt_config_has_location(conf, AUTHJWT_IN_COOKIE) && !state->renewing
        && ((!page->main && !page->sent_bodyct && !page->eos_sent) || state->new_token)
        && authjwt_credential_refresh_cookies(r);
}

int authjwt_renewal_applies(request_rec *r, authjwt_verdict_e refused)
{
    authjwt_location_e from = AUTHJWT_IN_COOKIE;

    if (refused != AUTHJWT_TOKEN_MISSING && refused != AUTHJWT_TOKEN_EXPIRED) {
        return 0;
    }
    (void)authjwt_credential_find(r, AJ_TYPE_ACCESS, &from);
    return from == AUTHJWT_IN_COOKIE && authjwt_renewal_possible(r);
}

int authjwt_renewal_is_idle(request_rec *r)
{
    return authjwt_config_ignores_path(authjwt_config_dir(r), authjwt_request_initial(r)->uri);
}

/* Without AuthJWTCookies no cookie would be set, and each request would renew the tokens again. */
static int can_renew_at(request_rec *r, request_rec *at)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(at);

    if (at->status == HTTP_OK && endpoint && endpoint->id == AUTHJWT_ENDPOINT_REFRESH
        && authjwt_config_cookies(authjwt_config_dir(at)) && authjwt_request_at_own_address(at)) {
        return authjwt_request_may_issue(at);
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AJ1761: AuthJWTCookieAutoRefresh: %s is no jwt-refresh location of this host with "
                  "AuthJWTCookies on",
                  at->uri);
    return 0;
}

/* Refusals that become the answer. After any other the request goes on as if it had no refresh cookie. */
static int is_final(authjwt_verdict_e verdict)
{
    return verdict == AUTHJWT_STORE_UNAVAILABLE || verdict == AUTHJWT_BACKEND_UNAVAILABLE;
}

static int is_same_session(const aj_claims_t *one, const aj_claims_t *other)
{
    const char *sid = aj_claims_string(one, "sid");
    const char *other_sid = aj_claims_string(other, "sid");

    return sid && other_sid && !strcmp(sid, other_sid);
}

/* That this site made the request: by the csrf value of the refresh token; where a good access token of its session
 * came along, that has proved it by its own. What else was asked of it may be asked again, under another section. */
static authjwt_verdict_e prove(request_rec *r, const aj_claims_t *refresh, const aj_claims_t *sent)
{
    request_rec *initial = authjwt_request_initial(r);
    authjwt_state_t *state = authjwt_request_state(initial);

    state->new_csrf = apr_pstrdup(initial->pool, aj_claims_string(sent ? sent : refresh, "csrf"));
    if (sent) {
        return is_same_session(sent, refresh) ? AUTHJWT_OK : AUTHJWT_TOKEN_INVALID;
    }
    return authjwt_csrf_check_cookie(r, state->new_csrf, NULL);
}

/* Under the configuration of the refresh location, which a subrequest looks up. CSRF is judged for the request itself.
 * @return what to make of the request; `refused` where its refresh cookie is no good */
static authjwt_verdict_e renew_at(request_rec *r, request_rec *at, authjwt_verdict_e refused, const aj_claims_t *sent,
                                  authjwt_tokens_t *tokens)
{
    static const authjwt_wanted_t wanted = { .types = AJ_TYPE_REFRESH };
    const aj_claims_t *refresh;
    authjwt_verdict_e verdict;

    if (!can_renew_at(r, at)) {
        return refused;
    }
    verdict = authjwt_verify(at, authjwt_credential_refresh_cookies(at), &wanted, &refresh);
    if (verdict != AUTHJWT_OK) {
        return is_final(verdict) ? verdict : refused;
    }
    verdict = prove(r, refresh, sent);
    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    verdict = authjwt_exchange(at, refresh, authjwt_renewal_is_idle(r), tokens);
    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_tokens_set_cookies(at, tokens);
    }
    return verdict == AUTHJWT_OK || is_final(verdict) ? verdict : refused;
}

/* The refresh location, looked up as if the client had asked for it: what the sections and .htaccess files of the page
 * have set must not decide which roles and claims a token gets. */
static request_rec *look_up(request_rec *r, const authjwt_state_t *initial)
{
    apr_table_t *env = r->subprocess_env;
    apr_table_t *headers = r->headers_in;
    request_rec *at;

    r->subprocess_env = initial->server_env ? apr_table_copy(r->pool, initial->server_env) : apr_table_make(r->pool, 1);
    if (initial->server_headers) {
        r->headers_in = apr_table_copy(r->pool, initial->server_headers);
    }
    at = ap_sub_req_method_uri("POST", authjwt_config_auto_refresh(authjwt_config_dir(r)), r, NULL);
    r->subprocess_env = env;
    r->headers_in = headers;
    return at;
}

void authjwt_renewal_keep_start(request_rec *r)
{
    if (!r->main && !r->prev && apr_table_get(r->headers_in, "Cookie")) {
        authjwt_state_t *state = authjwt_request_state(r);

        state->server_env = apr_table_copy(r->pool, r->subprocess_env);
        state->server_headers = apr_table_copy(r->pool, r->headers_in);
    }
}

authjwt_verdict_e authjwt_renewal_automatic(request_rec *r, authjwt_verdict_e refused, const aj_claims_t *sent,
                                            const char **token)
{
    request_rec *initial = authjwt_request_initial(r);
    authjwt_state_t *state = authjwt_request_state(initial);
    authjwt_verdict_e verdict;
    authjwt_tokens_t tokens;
    request_rec *at;

    /* An internal redirect or subrequest: renewed already, but perhaps under another AuthJWTCookieCSRFProtect. */
    if (state->new_token) {
        *token = state->new_token;
        return authjwt_csrf_check_cookie(r, state->new_csrf, NULL);
    }
    state->renewing = 1;
    at = look_up(r, state);
    verdict = renew_at(r, at, refused, sent, &tokens);
    state->renewing = 0;
    if (verdict == AUTHJWT_OK) {
        /* It outlives the request that was looked up, with which mod_dir is done sooner. */
        state->new_token = apr_pstrdup(initial->pool, tokens.access.text);
        *token = state->new_token;
        authjwt_caching_no_store(r);
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1762: access token renewed on the way");
    }
    return verdict;
}

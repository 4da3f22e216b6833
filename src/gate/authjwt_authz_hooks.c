/* authjwt_authz: the wraps around httpd's own authorization. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <mod_auth.h>
#include <apr_strings.h>

#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_expr.h"
#include "authjwt_identity.h"
#include "authjwt_refusal.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

/* The rules, asked without a user. A rule on %{jwt:…} judges the token itself and denies without asking for one: what
 * it denied counts only once somebody has been authenticated, so that whoever has no good token gets 401 and not 403.
 */
static int ask_without_user(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);
    int asked = state->asked;
    int status;

    state->in_access_checker = 1;
    status = ap_run_access_checker_ex(r);
    state->in_access_checker = 0;
    if (status == HTTP_FORBIDDEN && state->asked != asked) {
        /* DECLINED would have the rules asked once more here; with the mark, the force_authn hook makes the same of OK.
         */
        state->must_authenticate = 1;
        status = OK;
    }
    return status == DECLINED && authjwt_config_protects(r) && authjwt_request_is_preflight(r) ? OK : status;
}

/* Endpoints look after authentication themselves and are outside Require. */
static int check_access(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);

    if (state->in_access_checker) {
        return DECLINED;
    }
    if (endpoint) {
        state->exempt = endpoint;
        return OK;
    }
    /* Under AuthType Basic %{jwt:…} is empty until mod_auth_basic has asked provider jwt. */
    if (authjwt_config_protects(r) ? authjwt_expr_in_use() || authjwt_request_is_preflight(r)
                                   : authjwt_expr_in_use() && authjwt_config_is_basic(r)) {
        return ask_without_user(r);
    }
    return DECLINED;
}

static int is_exempt(const char *handler)
{
    const authjwt_endpoint_t *endpoint = authjwt_endpoint_find(handler);

    return endpoint && endpoint->is_exempt;
}

/* Endpoints skip Require. If a rewrite has changed r->handler since, put the endpoint back; otherwise the exemption
 * could be used to reach other content. */
static int hold_endpoints(request_rec *r)
{
    const authjwt_state_t *state = authjwt_request_state(r);

    if (state->exempt && !is_exempt(r->handler)) {
        r->handler = state->exempt->handler;
    }
    return DECLINED;
}

/* httpd's own chain, from within our hook of it. */
static int run_chain(request_rec *r, authjwt_state_t *state)
{
    int status;

    state->scopes = NULL;
    state->in_auth_checker = 1;
    status = ap_run_auth_checker(r);
    state->in_auth_checker = 0;
    return status;
}

/* Would the rules let the user in after a new login? Asked only when they have refused; it chooses between two
 * refusals. */
static int needs_fresh(request_rec *r, authjwt_state_t *state)
{
    int status = DECLINED;

    if (state->fresh_denied) {
        state->suppose_fresh = 1;
        status = run_chain(r, state);
        state->suppose_fresh = 0;
    }
    return status == OK;
}

static int refuse_stale(request_rec *r, const aj_claims_t *claims)
{
    apr_time_t now = apr_time_now();
    const char *why = "this one does not come from a login";

    if (aj_claims_is_fresh(claims, -1, now) && !aj_claims_issued(claims)) {
        why = "this one has no iat";
    }
    else if (aj_claims_is_fresh(claims, -1, now)) {
        why = apr_psprintf(r->pool, "this one was issued %" APR_TIME_T_FMT " s ago",
                           apr_time_sec(now - aj_claims_issued(claims)));
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1706: a fresh token is required: %s", why);
    return authjwt_refusal(r, AUTHJWT_FRESH_TOKEN_REQUIRED);
}

/* httpd answers 401 to users who are known but not allowed; for ours that is 403 (RFC 6750 3.1), unless a new login
 * would help. */
static int forbid_known_users(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);
    const aj_claims_t *claims = authjwt_identity_claims(r);
    int status;

    if (state->in_auth_checker || !authjwt_config_protects(r) || !claims) {
        return DECLINED;
    }
    status = run_chain(r, state);
    if (status != HTTP_UNAUTHORIZED && status != HTTP_FORBIDDEN) {
        return status;
    }
    if (needs_fresh(r, state)) {
        return refuse_stale(r, claims);
    }
    return authjwt_refusal(r, AUTHJWT_ACCESS_DENIED);
}

void authjwt_authz_register_hooks(void)
{
    ap_hook_check_access_ex(check_access, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(forbid_known_users, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(hold_endpoints, NULL, NULL, APR_HOOK_REALLY_LAST);
}

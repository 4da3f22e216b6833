/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: the wraps around httpd's own authorization. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <mod_auth.h>
#include <apr_strings.h>

#include "aj_error.h"
#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_forward.h"
#include "authjwt_identity.h"
#include "authjwt_refusal.h"
#include "authjwt_report.h"
#include "authjwt_request.h"
#include "authjwt_roles.h"

APLOG_USE_MODULE(authjwt);

/* Browsers send no token with a preflight, so rules that ask for a user do not refuse it. All other rules may. */
AUTHJWT_SELDOM static int ask_without_user(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);
    int status;

    state->in_access_checker = 1;
    status = ap_run_access_checker_ex(r);
    state->in_access_checker = 0;
    if (status != DECLINED) {
        return status;
    }
    state->passed_preflight = 1;
    return OK;
}

AUTHJWT_SELDOM static int exempt(request_rec *r, const authjwt_endpoint_t *endpoint)
{
    authjwt_request_state(r)->exempt = endpoint;
    (void)authjwt_request_at_own_address(r);
    return OK;
}

/* Endpoints look after authentication themselves and are outside Require. */
AUTHJWT_SELDOM static int check_special(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);

    if (authjwt_request_known(r)->in_access_checker) {
        return DECLINED;
    }
    if (r->main || r->prev) {
        authjwt_forward_restore_password(r);
    }
    if (endpoint) {
        return exempt(r, endpoint);
    }
    return authjwt_request_is_preflight(r) && authjwt_request_protects(r) ? ask_without_user(r) : DECLINED;
}

static int check_access(request_rec *r)
{
    return r->main || r->prev || r->method_number == M_OPTIONS || authjwt_request_any_endpoint(r) ? check_special(r)
                                                                                                  : DECLINED;
}

int authjwt_authz_check_after_preflight(request_rec *r, const request_rec *above)
{
    int status;

    if (above->per_dir_config != r->per_dir_config || !authjwt_request_known(above)->passed_preflight) {
        return DECLINED;
    }
    if (authjwt_request_is_preflight(r)) {
        authjwt_request_state(r)->passed_preflight = 1;
        return DECLINED;
    }
    status = ap_run_check_user_id(r);
    if (status == OK) {
        status = ap_run_auth_checker(r);
    }
    return status == OK ? DECLINED : status == DECLINED ? HTTP_UNAUTHORIZED : status;
}

static int is_exempt(const char *handler)
{
    const authjwt_endpoint_t *endpoint = authjwt_endpoint_find(handler);

    return endpoint && endpoint->is_exempt;
}

void authjwt_authz_hide_directory(request_rec *r)
{
    if (r->finfo.filetype == APR_DIR && authjwt_endpoint_find(r->handler)) {
        r->finfo.filetype = APR_NOFILE;
    }
}

void authjwt_authz_hold_endpoint(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_known(r)->exempt;

    if (endpoint && !is_exempt(r->handler)) {
        r->handler = endpoint->handler;
    }
}

/* Run httpd's own hooks from within one of them. */
static int run_chain(request_rec *r, authjwt_state_t *state)
{
    int status;

    state->scopes = NULL;
    state->roles_wanted = NULL;
    state->rules_unmet = NULL;
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
    authjwt_report_because(r, "AJ1706", why);
    return authjwt_refusal(r, AUTHJWT_FRESH_TOKEN_REQUIRED);
}

/* At most AUTHJWT_ROLES_SHOWN words, each quoted and escaped. */
static const char *quoted(const apr_array_header_t *words, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < words->nelts && i < AUTHJWT_ROLES_SHOWN; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        text = apr_pstrcat(pool, text, i ? " " : "", "\"", aj_escape(word, strlen(word), pool), "\"", NULL);
    }
    return !words->nelts ? "none" : i < words->nelts ? apr_pstrcat(pool, text, " and more", NULL) : text;
}

/* httpd's own line says only that the rules refused, and not which: which role was missing, which claim or scope. */
static void log_rules(request_rec *r, const aj_claims_t *claims)
{
    const authjwt_state_t *state = authjwt_request_known(r);
    const apr_array_header_t *wanted = state->roles_wanted, *unmet = state->rules_unmet;
    const char *why;

    if ((!wanted && !unmet) || (!APLOGrinfo(r) && !authjwt_report_applies(r, AUTHJWT_ACCESS_DENIED))) {
        return;
    }
    why = wanted ? apr_psprintf(r->pool, "Require jwt-role asked for %s; the token's roles: %s",
                                quoted(wanted, r->pool), quoted(authjwt_roles(r, claims), r->pool))
                 : "";
    if (unmet) {
        why =
            apr_pstrcat(r->pool, why, wanted ? "; and " : "", "the token does not meet ", quoted(unmet, r->pool), NULL);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1707: access denied: %s", why);
    authjwt_report_because(r, "AJ1707", why);
}

/* httpd answers 401 to users who are known but not allowed; for ours that is 403 (RFC 6750 3.1), unless a new login
 * would help. */
static int forbid_known_users(request_rec *r)
{
    const aj_claims_t *claims;
    authjwt_state_t *state;
    int status;

    if (authjwt_report_skips_rules(r)) {
        return OK;
    }
    claims = authjwt_request_known(r)->in_auth_checker ? NULL : authjwt_identity_claims(r);
    if (!claims || !authjwt_request_protects(r)) {
        return DECLINED;
    }
    state = authjwt_request_state(r);
    status = run_chain(r, state);
    if (status != HTTP_UNAUTHORIZED && status != HTTP_FORBIDDEN) {
        return status;
    }
    if (needs_fresh(r, state)) {
        return refuse_stale(r, claims);
    }
    log_rules(r, claims);
    return authjwt_refusal(r, AUTHJWT_ACCESS_DENIED);
}

void authjwt_authz_register_hooks(void)
{
    ap_hook_pre_config(authjwt_authz_pre_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_check_access_ex(check_access, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(forbid_known_users, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
}

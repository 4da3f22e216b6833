/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authn_basic: an access token as Basic password. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_auth.h>

#include "aj_base64url.h"
#include "authjwt_audit.h"
#include "authjwt_authn_basic.h"
#include "authjwt_config.h"
#include "authjwt_credential.h"
#include "authjwt_identity.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"
#include "authjwt_throttle.h"
#include "authjwt_users.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

/* Three segments, the first of which begins like a JSON object: nobody's ordinary password. What is wrong with it
 * otherwise is a token's fault, and no other provider is asked. */
static int looks_like_token(const char *password, apr_pool_t *pool)
{
    const char *first = ap_strchr_c(password, '.');
    const char *second = first ? ap_strchr_c(first + 1, '.') : NULL;
    unsigned char *header;
    apr_size_t len;

    return second && !ap_strchr_c(second + 1, '.')
        && aj_base64url_decode(password, first - password, pool, &header, &len) == AJ_OK && len && *header == '{';
}

/* mod_auth_basic answers, with its own challenge; the code of the refusal stays for logs. */
static authn_status refuse(request_rec *r, authjwt_verdict_e verdict)
{
    const authjwt_refusal_t *refusal = authjwt_verdict_refusal(verdict);

    if (refusal->code) {
        apr_table_setn(r->notes, "jwt-error", refusal->code);
    }
    authjwt_audit_refusal(r, verdict, NULL, NULL);
    authjwt_tally_refused_as(r, verdict, refusal->status);
    authjwt_request_state(r)->store_failed = verdict == AUTHJWT_STORE_UNAVAILABLE;
    return refusal->status == HTTP_UNAUTHORIZED ? AUTH_DENIED : AUTH_GENERAL_ERROR;
}

/* The password is no token, so the next provider decides. Before it does, the throttle is asked, and its answer is
 * counted afterwards. */
static authn_status pass_on(request_rec *r, const char *user)
{
    authjwt_state_t *state = authjwt_request_state(r);

    state->throttled = authjwt_throttle_look(r, authjwt_users_counted_as_basic(r, user));
    if (state->throttled != AUTHJWT_OK) {
        return AUTH_GENERAL_ERROR;
    }
    state->password_passed_on = 1;
    return AUTH_USER_NOT_FOUND;
}

static authn_status check_password(request_rec *r, const char *user, const char *password)
{
    static const authjwt_wanted_t wanted = { .types = AJ_TYPE_ACCESS };
    apr_array_header_t *tokens;
    const aj_claims_t *claims;
    authjwt_verdict_e verdict;

    /* An alias of this provider passes the check of AuthJWTProvider at start. */
    if (authjwt_request_endpoint(r)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            "AJ1722: AuthJWTProvider leads to the provider jwt, but no token may be the password of a login; name "
            "providers that check passwords");
        return AUTH_GENERAL_ERROR;
    }
    if (!looks_like_token(password, r->pool)) {
        return pass_on(r, user);
    }
    tokens = authjwt_credential_list(password, r->pool);
    verdict = authjwt_verify(r, tokens, &wanted, &claims);
    if (verdict != AUTHJWT_OK) {
        return refuse(r, verdict);
    }
    if (strcmp(user, aj_claims_identity(claims))) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1721: the token in the password belongs to another user than the one that was named; the next "
                      "provider is asked");
        return pass_on(r, user);
    }
    authjwt_identity_set(r, claims, r->ap_auth_type ? r->ap_auth_type : "Basic");
    return AUTH_GRANTED;
}

/* What another provider has made of a password. If it could not decide, nothing counts. */
static void count(request_rec *r, const char *user, int status)
{
    const char *counted = authjwt_users_counted_as_basic(r, user);

    if (status == OK) {
        authjwt_throttle_success(r, counted, 0);
    }
    else if (status == HTTP_UNAUTHORIZED || status == HTTP_PROXY_AUTHENTICATION_REQUIRED) {
        authjwt_throttle_failure(r, counted);
        authjwt_audit_login(r, user, AUTHJWT_INVALID_CREDENTIALS);
    }
}

int authjwt_authn_basic_check(request_rec *r)
{
    authjwt_state_t *state;
    const char *user, *password;
    int status;

    if (authjwt_request_known(r)->in_authn_check || !authjwt_request_is_basic(r)
        || !authjwt_config_server(r->server)->key_specs
        || ap_get_basic_auth_components(r, &user, &password) != APR_SUCCESS) {
        return DECLINED;
    }
    state = authjwt_request_state(r);
    state->in_authn_check = 1;
    state->password_passed_on = 0;
    state->throttled = AUTHJWT_OK;
    status = ap_run_check_user_id(r);
    state->in_authn_check = 0;
    if (state->password_passed_on) {
        count(r, user, status);
    }
    if (status == HTTP_INTERNAL_SERVER_ERROR && state->throttled != AUTHJWT_OK) {
        authjwt_audit_login(r, user, state->throttled);
        return authjwt_reply_refuse(r, state->throttled);
    }
    return status == HTTP_INTERNAL_SERVER_ERROR && state->store_failed
             ? authjwt_reply_refuse(r, AUTHJWT_STORE_UNAVAILABLE)
             : status;
}

/* No hash for Digest: there is no password to make one of. */
static const authn_provider provider = { check_password, NULL };

void authjwt_authn_basic_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, AUTHJWT_AUTHN_PROVIDER, AUTHN_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}

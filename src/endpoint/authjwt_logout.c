/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_logout: the endpoint jwt-logout. */
#include <string.h>
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_count.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

static const authjwt_wanted_t wanted = { .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH, .allow_expired = 1 };

/* Either token of a login will do: the first that verifies, also where the other's cookie is spoilt. */
static apr_array_header_t *find_tokens(request_rec *r, const json_t *fields, authjwt_location_e *from)
{
    apr_array_header_t *tokens = authjwt_credential_find(r, AJ_TYPE_ACCESS, from);
    authjwt_location_e refresh_from = AUTHJWT_IN_HEADER;
    apr_array_header_t *refresh;

    if (tokens && *from != AUTHJWT_IN_COOKIE) {
        return tokens;
    }
    refresh = authjwt_credential_find(r, AJ_TYPE_REFRESH, &refresh_from);
    if (tokens && refresh && refresh_from == AUTHJWT_IN_COOKIE) {
        apr_array_cat(tokens, refresh);
    }
    else if (!tokens) {
        tokens = refresh;
        *from = refresh_from;
    }
    return tokens || !fields ? tokens : authjwt_body_token(fields, "refresh_token", r->pool);
}

/* The proof of any of several cookies proves where the request comes from. Where there are access tokens, scripts know
 * their values, and not those of refresh tokens. */
static authjwt_verdict_e check_csrf(request_rec *r, authjwt_location_e from, const apr_array_header_t *claims,
                                    const json_t *fields)
{
    aj_token_type_e type = aj_claims_type(APR_ARRAY_IDX(claims, 0, const aj_claims_t *));
    authjwt_verdict_e verdict = AUTHJWT_CSRF_FAILED;
    int i;

    for (i = 0; i < claims->nelts && verdict == AUTHJWT_CSRF_FAILED; i++) {
        const aj_claims_t *one = APR_ARRAY_IDX(claims, i, const aj_claims_t *);

        if (aj_claims_type(one) == type) {
            verdict = authjwt_csrf_check(r, from, one, fields);
        }
    }
    return verdict;
}

static int are_equal(const char *one, const char *other)
{
    return one && other ? !strcmp(one, other) : one == other;
}

/* Tokens without sid have nothing in common but their user. */
static int are_of_one_login(const aj_claims_t *one, const aj_claims_t *other)
{
    const char *sid = aj_claims_string(one, "sid");

    return are_equal(sid, aj_claims_string(other, "sid"))
        && are_equal(aj_claims_string(one, "iss"), aj_claims_string(other, "iss"))
        && (sid || are_equal(aj_claims_identity(one), aj_claims_identity(other)));
}

static int is_proved(request_rec *r, const aj_claims_t *one, const apr_array_header_t *claims, const json_t *fields)
{
    int i;

    for (i = 0; i < claims->nelts; i++) {
        const aj_claims_t *other = APR_ARRAY_IDX(claims, i, const aj_claims_t *);

        if (are_of_one_login(one, other)
            && authjwt_csrf_match(r, aj_claims_string(other, "csrf"), fields) == AUTHJWT_OK) {
            return 1;
        }
    }
    return 0;
}

/* Where another page made the request, a csrf value proves its own session and no other: another host of the domain
 * may have planted a cookie whose value it knows beside the user's. */
static apr_array_header_t *proved_ones(request_rec *r, authjwt_location_e from, apr_array_header_t *claims,
                                       const json_t *fields)
{
    apr_array_header_t *proved = apr_array_make(r->pool, claims->nelts, sizeof(const aj_claims_t *));
    int i;

    if (from != AUTHJWT_IN_COOKIE || !authjwt_csrf_is_foreign(r)) {
        return claims;
    }
    for (i = 0; i < claims->nelts; i++) {
        const aj_claims_t *one = APR_ARRAY_IDX(claims, i, const aj_claims_t *);

        if (is_proved(r, one, claims, fields)) {
            APR_ARRAY_PUSH(proved, const aj_claims_t *) = one;
        }
    }
    return proved;
}

/* @param proven  set to non-zero when the cookies proved that this site made the request, for all sessions */
static authjwt_verdict_e end_sessions(request_rec *r, const json_t *fields, int *proven)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = find_tokens(r, fields, &from);
    apr_array_header_t *claims, *proved;
    authjwt_verdict_e verdict = authjwt_verify_all(r, tokens, &wanted, &claims);

    if (verdict == AUTHJWT_OK) {
        verdict = check_csrf(r, from, claims, fields);
    }
    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    proved = proved_ones(r, from, claims, fields);
    *proven = from == AUTHJWT_IN_COOKIE && proved->nelts == claims->nelts;
    if (proved->nelts < claims->nelts) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1752: a page of another origin has proved the csrf value of %d of %d cookies: only their "
                      "sessions are ended; if it may end all, name its origin in AuthJWTTrustedOrigin",
                      proved->nelts, claims->nelts);
    }
    r->user = apr_pstrdup(r->pool, aj_claims_identity(APR_ARRAY_IDX(proved, 0, const aj_claims_t *)));
    return authjwt_session_end_all(
        r, proved, authjwt_body_flag(fields, "everywhere") ? AUTHJWT_END_EVERYWHERE : AUTHJWT_END_LOGOUT);
}

static authjwt_verdict_e log_out(request_rec *r)
{
    json_t *fields;
    int proven = 0;
    authjwt_verdict_e verdict = authjwt_body_fields(r, &fields);

    if (verdict == AUTHJWT_OK) {
        verdict = end_sessions(r, fields, &proven);
    }
    /* Dead cookies help nobody; but another site must not be able to take them away, and what it sends comes without
     * them (SameSite). */
    if (proven || (!authjwt_csrf_is_foreign(r) && verdict != AUTHJWT_CSRF_FAILED)) {
        authjwt_tokens_clear_cookies(r);
    }
    authjwt_count(r, verdict != AUTHJWT_OK                     ? AUTHJWT_COUNT_LOGOUT_ERROR
                     : authjwt_body_flag(fields, "everywhere") ? AUTHJWT_COUNT_LOGOUT_EVERYWHERE
                                                               : AUTHJWT_COUNT_LOGOUT_OK);
    return verdict;
}

/* The form carries the token's csrf value, for AuthJWTCookieCSRFProtect token. */
static int show_page(request_rec *r)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = find_tokens(r, NULL, &from);
    const aj_claims_t *claims = NULL;

    if (!tokens || authjwt_verify(r, tokens, &wanted, &claims) != AUTHJWT_OK) {
        claims = NULL;
    }
    return authjwt_page_logout(r, claims ? aj_claims_identity(claims) : NULL,
                               claims ? aj_claims_string(claims, "csrf") : NULL);
}

static int is_person(request_rec *r)
{
    return authjwt_config_cookies(authjwt_config_dir(r)) && authjwt_request_is_navigation(authjwt_request_initial(r));
}

int authjwt_logout(request_rec *r)
{
    authjwt_verdict_e verdict;

    if (r->method_number == M_GET) {
        return show_page(r);
    }
    verdict = log_out(r);
    if (is_person(r) && authjwt_verdict_refusal(verdict)->status == HTTP_UNAUTHORIZED) {
        verdict = AUTHJWT_OK;
    }
    if (verdict != AUTHJWT_OK) {
        return authjwt_reply_refuse(r, verdict);
    }
    if (is_person(r)) {
        return authjwt_page_see_other(r, authjwt_page_after_logout(r));
    }
    return authjwt_reply_json(r, aj_json_own(json_pack("{s:s}", "message", "Successfully logged out"), r->pool));
}

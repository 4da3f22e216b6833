/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_logout: the endpoint jwt-logout. */
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

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

/* The cookies of several sessions may come with one request; the proof of any of them proves where it comes from. Where
 * there are access tokens, scripts know their values, and not those of refresh tokens. */
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

/* @param proven  set to non-zero when the cookies proved that this site made the request */
static authjwt_verdict_e end_sessions(request_rec *r, const json_t *fields, int *proven)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = find_tokens(r, fields, &from);
    apr_array_header_t *claims;
    authjwt_verdict_e verdict = authjwt_verify_all(r, tokens, &wanted, &claims);

    if (verdict == AUTHJWT_OK) {
        verdict = check_csrf(r, from, claims, fields);
        *proven = verdict == AUTHJWT_OK && from == AUTHJWT_IN_COOKIE;
    }
    if (verdict == AUTHJWT_OK) {
        r->user = apr_pstrdup(r->pool, aj_claims_identity(APR_ARRAY_IDX(claims, 0, const aj_claims_t *)));
        verdict = authjwt_session_end_all(r, claims, authjwt_body_flag(fields, "everywhere"));
    }
    return verdict;
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
    return authjwt_page_logout(r, claims ? aj_claims_string(claims, "csrf") : NULL);
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
        return authjwt_page_see_other(r, authjwt_config_logout_redirect(authjwt_config_dir(r)));
    }
    return authjwt_reply_json(r, aj_json_own(json_pack("{s:s}", "message", "Successfully logged out"), r->pool));
}

/* authjwt_logout: the endpoint jwt-logout. */
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_csrf.h"
#include "authjwt_logout.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

static const authjwt_verify_t wanted = { .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH, .allow_expired = 1 };

/* Either token of a login will do: the first that verifies, also where the other's cookie is spoilt. */
static apr_array_header_t *find_tokens(request_rec *r, const json_t *fields, authjwt_location_e *from)
{
    apr_array_header_t *tokens = authjwt_request_tokens(r, AJ_TYPE_ACCESS, from);
    authjwt_location_e refresh_from = AUTHJWT_IN_HEADER;
    apr_array_header_t *refresh;

    if (tokens && *from != AUTHJWT_IN_COOKIE) {
        return tokens;
    }
    refresh = authjwt_request_tokens(r, AJ_TYPE_REFRESH, &refresh_from);
    if (tokens && refresh && refresh_from == AUTHJWT_IN_COOKIE) {
        apr_array_cat(tokens, refresh);
    }
    else if (!tokens) {
        tokens = refresh;
        *from = refresh_from;
    }
    return tokens || !fields ? tokens : authjwt_body_token(fields, "refresh_token", r->pool);
}

/* @param proven  set to non-zero when the cookies proved that this site made the request */
static int end_session(request_rec *r, const json_t *fields, int *proven)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = find_tokens(r, fields, &from);
    const aj_claims_t *claims;
    int status = authjwt_verify(r, tokens, &wanted, &claims);

    if (status == OK) {
        status = authjwt_csrf_check(r, from, claims, fields);
        *proven = status == OK && from == AUTHJWT_IN_COOKIE;
    }
    if (status == OK) {
        r->user = apr_pstrdup(r->pool, aj_claims_identity(claims));
        status = authjwt_session_end(r, claims, authjwt_body_flag(fields, "everywhere"));
    }
    return status;
}

static int log_out(request_rec *r)
{
    json_t *fields;
    int proven = 0;
    int status = authjwt_body_fields(r, &fields);

    if (status == OK) {
        status = end_session(r, fields, &proven);
    }
    /* Dead cookies help nobody; but another site must not be able to take them away, and what it sends comes without
     * them (SameSite). */
    if (proven || (!authjwt_csrf_is_foreign(r) && !authjwt_reply_is(r, AUTHJWT_CSRF_FAILED))) {
        authjwt_tokens_clear_cookies(r);
    }
    return status;
}

/* The form carries the token's csrf value, for AuthJWTCookieCSRFProtect token. */
static int show_page(request_rec *r)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = find_tokens(r, NULL, &from);
    const aj_claims_t *claims = NULL;

    if (tokens && authjwt_verify(r, tokens, &wanted, &claims) != OK) {
        claims = NULL;
    }
    authjwt_reply_withdraw(r);
    return authjwt_page_logout(r, claims ? aj_claims_string(claims, "csrf") : NULL);
}

int authjwt_logout_handler(request_rec *r)
{
    int is_person, status;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_LOGOUT)) {
        return DECLINED;
    }
    if (r->method_number == M_GET) {
        return show_page(r);
    }
    if (r->method_number != M_POST) {
        return authjwt_reply_method_not_allowed(r, M_POST, 1);
    }
    is_person =
        authjwt_config_cookies(authjwt_config_dir(r)) && authjwt_request_is_navigation(authjwt_request_initial(r));
    status = log_out(r);
    if (is_person && (status == OK || status == HTTP_UNAUTHORIZED)) {
        authjwt_reply_withdraw(r);
        return authjwt_page_see_other(r, authjwt_config_logout_redirect(authjwt_config_dir(r)));
    }
    if (status != OK) {
        return status;
    }
    return authjwt_reply_json(r, aj_json_own(json_pack("{s:s}", "message", "Successfully logged out"), r->pool));
}

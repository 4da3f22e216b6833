/* authjwt_refresh: the endpoint jwt-refresh. */
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_csrf.h"
#include "authjwt_exchange.h"
#include "authjwt_refresh.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

/* The refresh token of header, cookie or query, else of the body; a cookie needs proof that this site made the request.
 */
static int find_refresh(request_rec *r, const aj_claims_t **claims)
{
    static const authjwt_verify_t wanted = { .types = AJ_TYPE_REFRESH };
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens;
    json_t *fields;
    int status = authjwt_body_fields(r, &fields);

    if (status != OK) {
        return status;
    }
    tokens = authjwt_request_tokens(r, AJ_TYPE_REFRESH, &from);
    if ((!tokens || from == AUTHJWT_IN_QUERY) && authjwt_config_cookies(authjwt_config_dir(r))) {
        /* A form of another site can send these, and the answer sets cookies: nobody shall be signed in with a
         * stranger's token. */
        status = authjwt_csrf_check_login(r);
    }
    if (!tokens) {
        tokens = authjwt_body_token(fields, "refresh_token", r->pool);
    }
    if (status == OK) {
        status = authjwt_verify(r, tokens, &wanted, claims);
    }
    return status == OK ? authjwt_csrf_check(r, from, *claims, fields) : status;
}

int authjwt_refresh_handler(request_rec *r)
{
    const aj_claims_t *refresh;
    authjwt_tokens_t tokens;
    int status;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_REFRESH)) {
        return DECLINED;
    }
    if (r->method_number != M_POST) {
        return authjwt_reply_method_not_allowed(r, M_POST, 0);
    }
    if (!authjwt_request_may_issue(r)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    status = find_refresh(r, &refresh);
    if (status == OK) {
        status = authjwt_exchange(r, refresh, &tokens);
    }
    if (status == OK) {
        status = authjwt_tokens_set_cookies(r, &tokens);
    }
    return status == OK ? authjwt_reply_json(r, authjwt_tokens_json(r, &tokens)) : status;
}

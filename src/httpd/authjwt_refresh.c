/* authjwt_refresh: the endpoint jwt-refresh. */
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_refresh.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_users.h"
#include "authjwt_verify.h"

static int renew(request_rec *r, const aj_claims_t *refresh, json_t **answer)
{
    const char *user = aj_claims_identity(refresh);
    apr_array_header_t *roles = NULL;
    int status = authjwt_users_still_known(r, user);

    if (status == OK) {
        status = authjwt_users_admit(r, user);
    }
    /* Without AuthJWTGrantRole the refresh token's roles are kept. */
    if (status == OK && authjwt_users_grants_roles(r)) {
        status = authjwt_users_roles(r, user, &roles);
    }
    return status == OK ? authjwt_session_renew(r, refresh, roles, answer) : status;
}

int authjwt_refresh_handler(request_rec *r)
{
    static const authjwt_verify_t wanted = { .types = AJ_TYPE_REFRESH };
    apr_array_header_t *tokens;
    const aj_claims_t *claims;
    json_t *fields, *answer;
    int status;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_REFRESH)) {
        return DECLINED;
    }
    if (r->method_number != M_POST) {
        return authjwt_reply_method_not_allowed(r, M_POST);
    }
    status = authjwt_body_fields(r, &fields);
    if (status != OK) {
        return status;
    }
    tokens = authjwt_request_tokens(r, AJ_TYPE_REFRESH, NULL);
    if (!tokens) {
        tokens = authjwt_body_token(fields, "refresh_token", r->pool);
    }
    status = authjwt_verify(r, tokens, &wanted, &claims);
    if (status == OK) {
        status = renew(r, claims, &answer);
    }
    return status == OK ? authjwt_reply_json(r, answer) : status;
}

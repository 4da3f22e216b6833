/* authjwt_logout: the endpoint jwt-logout. */
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_logout.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_verify.h"

/* Either token of a login will do; where both are sent as cookies they name the same session. */
static apr_array_header_t *find_tokens(request_rec *r, const json_t *fields)
{
    apr_array_header_t *tokens = authjwt_request_tokens(r, AJ_TYPE_ACCESS, NULL);

    if (!tokens) {
        tokens = authjwt_request_tokens(r, AJ_TYPE_REFRESH, NULL);
    }
    return tokens ? tokens : authjwt_body_token(fields, "refresh_token", r->pool);
}

int authjwt_logout_handler(request_rec *r)
{
    static const authjwt_verify_t wanted = { .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH, .allow_expired = 1 };
    const aj_claims_t *claims;
    json_t *fields;
    int status;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_LOGOUT)) {
        return DECLINED;
    }
    if (r->method_number != M_POST) {
        return authjwt_reply_method_not_allowed(r, M_POST);
    }
    status = authjwt_body_fields(r, &fields);
    if (status == OK) {
        status = authjwt_verify(r, find_tokens(r, fields), &wanted, &claims);
    }
    if (status == OK) {
        r->user = apr_pstrdup(r->pool, aj_claims_identity(claims));
        status = authjwt_session_end(r, claims, authjwt_body_flag(fields, "everywhere"));
    }
    if (status != OK) {
        return status;
    }
    return authjwt_reply_json(r, aj_json_own(json_pack("{s:s}", "message", "Successfully logged out"), r->pool));
}

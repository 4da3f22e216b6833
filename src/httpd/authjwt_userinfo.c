/* authjwt_userinfo: the endpoint jwt-userinfo. */
#include "authjwt_config.h"
#include "authjwt_identity.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_userinfo.h"
#include "authjwt_verify.h"

int authjwt_userinfo_handler(request_rec *r)
{
    static const authjwt_verify_t wanted = { .types = AJ_TYPE_ACCESS };
    const aj_claims_t *claims;
    int status = OK;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_USERINFO)) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        return authjwt_reply_method_not_allowed(r, M_GET, 0);
    }
    /* Where rules granted without a user, or none are set, the token is still what is asked about. */
    claims = authjwt_identity_claims(r);
    if (!claims) {
        status = authjwt_verify(r, authjwt_request_tokens(r, AJ_TYPE_ACCESS, NULL), &wanted, &claims);
    }
    return status == OK ? authjwt_reply_json(r, aj_claims_object(claims)) : status;
}

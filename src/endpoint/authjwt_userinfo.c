/* authjwt_userinfo: the endpoint jwt-userinfo. */
#include "authjwt_config.h"
#include "authjwt_identity.h"
#include "authjwt_judge.h"
#include "authjwt_reply.h"
#include "authjwt_userinfo.h"

int authjwt_userinfo_handler(request_rec *r)
{
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
        status = authjwt_judge(r, &claims);
    }
    return status == OK ? authjwt_reply_json(r, aj_claims_object(claims)) : status;
}

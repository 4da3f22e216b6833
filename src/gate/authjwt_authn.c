/* authjwt_authn: AuthType JWT: who is it? */
#include "authjwt_authn.h"
#include "authjwt_config.h"
#include "authjwt_identity.h"
#include "authjwt_judge.h"
#include "authjwt_page.h"
#include "authjwt_renewal.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

int authjwt_authn_check(request_rec *r)
{
    const aj_claims_t *claims;
    int status;

    if (!authjwt_config_protects(r)) {
        return DECLINED;
    }
    status = authjwt_judge(r, &claims);
    if (status == OK) {
        authjwt_identity_set(r, claims, "JWT");
    }
    return status == HTTP_UNAUTHORIZED ? authjwt_page_offer_login(r) : status;
}

int authjwt_authn_force(request_rec *r)
{
    const char *token;

    if (!authjwt_config_protects(r)) {
        return authjwt_request_state(r)->must_authenticate ? OK : DECLINED;
    }
    if (authjwt_request_endpoint(r) || authjwt_request_is_preflight(r)) {
        return DECLINED;
    }
    if (authjwt_request_state(r)->must_authenticate || authjwt_request_tokens(r, AJ_TYPE_ACCESS, NULL)) {
        return OK;
    }
    /* A refresh cookie that is good for nothing makes nobody less than anonymous. */
    if (authjwt_renewal_possible(r) && authjwt_renewal_automatic(r, &token) == OK) {
        return OK;
    }
    authjwt_reply_withdraw(r);
    return DECLINED;
}

/* authjwt_authn: AuthType JWT: who is it? */
#include "authjwt_authn.h"
#include "authjwt_config.h"
#include "authjwt_identity.h"
#include "authjwt_request.h"
#include "authjwt_verify.h"

int authjwt_authn_check(request_rec *r)
{
    static const authjwt_verify_t wanted = { .types = AJ_TYPE_ACCESS };
    const aj_claims_t *claims;
    int status;

    if (!authjwt_config_protects(r)) {
        return DECLINED;
    }
    status = authjwt_verify(r, authjwt_request_tokens(r, AJ_TYPE_ACCESS, NULL), &wanted, &claims);
    if (status == OK) {
        authjwt_identity_set(r, claims);
    }
    return status;
}

int authjwt_authn_force(request_rec *r)
{
    if (!authjwt_config_protects(r) || authjwt_request_endpoint(r)) {
        return DECLINED;
    }
    return authjwt_request_tokens(r, AJ_TYPE_ACCESS, NULL) ? OK : DECLINED;
}

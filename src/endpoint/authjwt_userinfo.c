/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_userinfo: the endpoint jwt-userinfo. */
#include "authjwt_config.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_identity.h"
#include "authjwt_judge.h"
#include "authjwt_reply.h"

int authjwt_userinfo(request_rec *r)
{
    const aj_claims_t *claims;
    authjwt_verdict_e verdict = AUTHJWT_OK;

    /* Where rules granted without a user, or none are set, the token is still what is asked about. */
    claims = authjwt_identity_claims(r);
    if (!claims) {
        verdict = authjwt_judge(r, &claims);
    }
    return verdict == AUTHJWT_OK ? authjwt_reply_json(r, aj_claims_object(claims)) : authjwt_reply_refuse(r, verdict);
}

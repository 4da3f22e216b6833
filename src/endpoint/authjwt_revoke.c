/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revoke: the endpoint jwt-revoke (RFC 7009). */
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_reply.h"
#include "authjwt_session.h"
#include "authjwt_verify.h"

/* A token that is no good is as its sender wants it: RFC 7009 2.2 calls that success. */
static authjwt_verdict_e end_session(request_rec *r, const apr_array_header_t *tokens)
{
    static const authjwt_wanted_t wanted = { .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH, .allow_expired = 1 };
    const aj_claims_t *claims;
    authjwt_verdict_e verdict = authjwt_verify(r, tokens, &wanted, &claims);

    if (verdict != AUTHJWT_OK) {
        return authjwt_verdict_refusal(verdict)->status == HTTP_UNAUTHORIZED ? AUTHJWT_OK : verdict;
    }
    /* For logs. */
    r->user = apr_pstrdup(r->pool, aj_claims_identity(claims));
    return authjwt_session_end(r, claims, AUTHJWT_END_REVOKE);
}

int authjwt_revoke(request_rec *r)
{
    apr_array_header_t *tokens;
    authjwt_verdict_e verdict = authjwt_body_form_token(r, "token", &tokens);

    if (verdict == AUTHJWT_OK) {
        verdict = end_session(r, tokens);
    }
    return verdict == AUTHJWT_OK ? authjwt_reply_json(r, aj_json_own(json_object(), r->pool))
                                 : authjwt_reply_refuse(r, verdict);
}

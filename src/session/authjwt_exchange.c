/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_exchange: a refresh token becomes new tokens. */
#include <httpd.h>

#include "authjwt_audit.h"
#include "authjwt_count.h"
#include "authjwt_exchange.h"
#include "authjwt_request.h"
#include "authjwt_users.h"

/* What is the client's fault is denied; an error is ours. */
static authjwt_counter_e counter_of(request_rec *r, authjwt_verdict_e verdict)
{
    switch (verdict) {
    case AUTHJWT_OK:
        return AUTHJWT_COUNT_REFRESH_OK;
    case AUTHJWT_TOKEN_EXPIRED:
        return AUTHJWT_COUNT_REFRESH_EXPIRED;
    case AUTHJWT_TOKEN_REVOKED:
        return authjwt_request_state(authjwt_request_initial(r))->is_theft ? AUTHJWT_COUNT_REFRESH_THEFT
                                                                           : AUTHJWT_COUNT_REFRESH_REVOKED;
    default:
        return authjwt_verdict_refusal(verdict)->status < HTTP_INTERNAL_SERVER_ERROR ? AUTHJWT_COUNT_REFRESH_DENIED
                                                                                     : AUTHJWT_COUNT_REFRESH_ERROR;
    }
}

authjwt_verdict_e authjwt_exchange_counted(request_rec *r, authjwt_verdict_e verdict)
{
    authjwt_count(r, counter_of(r, verdict));
    return verdict;
}

authjwt_verdict_e authjwt_exchange(request_rec *r, const aj_claims_t *refresh, int is_idle, authjwt_tokens_t *tokens)
{
    const char *user = aj_claims_identity(refresh);
    apr_array_header_t *roles = NULL;
    authjwt_verdict_e verdict = authjwt_users_still_known(r, user);

    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_users_admit(r, user);
    }
    /* Without AuthJWTGrantRole the refresh token's roles are kept. */
    if (verdict == AUTHJWT_OK && authjwt_users_grants_roles(r)) {
        verdict = authjwt_users_roles(r, user, &roles);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_session_renew(r, refresh, roles, is_idle, tokens);
    }
    if (verdict == AUTHJWT_OK) {
        authjwt_audit(r, AUTHJWT_EVENT_REFRESH, NULL, user, tokens->sid);
    }
    return authjwt_exchange_counted(r, verdict);
}

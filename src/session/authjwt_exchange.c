/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_exchange: a refresh token becomes new tokens. */
#include <httpd.h>

#include "authjwt_audit.h"
#include "authjwt_exchange.h"
#include "authjwt_users.h"

authjwt_verdict_e authjwt_exchange(request_rec *r, const aj_claims_t *refresh, authjwt_tokens_t *tokens)
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
        verdict = authjwt_session_renew(r, refresh, roles, tokens);
    }
    if (verdict == AUTHJWT_OK) {
        authjwt_audit(r, AUTHJWT_EVENT_REFRESH, NULL, user, tokens->sid);
    }
    return verdict;
}

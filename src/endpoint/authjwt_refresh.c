/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_refresh: the endpoint jwt-refresh. */
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_exchange.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

/* The refresh token of header, cookie or query, else of the body; a cookie needs proof that this site made the request.
 * @param from  set unless it is of the body */
static authjwt_verdict_e find_refresh(request_rec *r, const aj_claims_t **claims, authjwt_location_e *from)
{
    static const authjwt_wanted_t wanted = { .types = AJ_TYPE_REFRESH };
    apr_array_header_t *tokens;
    json_t *fields;
    authjwt_verdict_e verdict = authjwt_body_fields(r, &fields);

    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    tokens = authjwt_credential_find(r, AJ_TYPE_REFRESH, from);
    if ((!tokens || *from == AUTHJWT_IN_QUERY) && authjwt_config_cookies(authjwt_config_dir(r))) {
        /* A form of another site can send these, and the answer sets cookies: nobody shall be signed in with a
         * stranger's token. */
        verdict = authjwt_csrf_check_login(r);
    }
    if (!tokens) {
        tokens = authjwt_body_token(fields, "refresh_token", r->pool);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_verify(r, tokens, &wanted, claims);
    }
    return verdict == AUTHJWT_OK ? authjwt_csrf_check(r, *from, *claims, fields) : verdict;
}

int authjwt_refresh(request_rec *r)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    const aj_claims_t *refresh;
    authjwt_tokens_t tokens = { 0 };
    authjwt_verdict_e verdict;

    verdict = find_refresh(r, &refresh, &from);
    verdict = verdict == AUTHJWT_OK ? authjwt_exchange(r, refresh, 0, &tokens) : authjwt_exchange_counted(r, verdict);
    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_tokens_set_cookies(r, &tokens);
    }
    if (verdict == AUTHJWT_OK && !tokens.refresh.text) {
        /* Without rotation the one that was sent stays good. */
        tokens.refresh.expires = aj_claims_expires(refresh);
    }
    return verdict == AUTHJWT_OK ? authjwt_reply_json(r, authjwt_tokens_json(r, &tokens, from))
                                 : authjwt_reply_refuse(r, verdict);
}

/* authjwt_authn: AuthType JWT: who is it? */
#include "authjwt_authn.h"
#include "authjwt_config.h"
#include "authjwt_csrf.h"
#include "authjwt_identity.h"
#include "authjwt_page.h"
#include "authjwt_renewal.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_verify.h"

static const authjwt_verify_t wanted = { .types = AJ_TYPE_ACCESS };

/* The token that was sent; a cookie needs proof that this site made the request. */
static int judge_sent(request_rec *r, const aj_claims_t **claims)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = authjwt_request_tokens(r, AJ_TYPE_ACCESS, &from);
    int status = authjwt_verify(r, tokens, &wanted, claims);

    return status == OK && from == AUTHJWT_IN_COOKIE ? authjwt_csrf_check(r, aj_claims_string(*claims, "csrf")) : status;
}

/* Refused for want of a living access cookie, where a refresh cookie may help. */
static int renew(request_rec *r, int refused, const aj_claims_t **claims)
{
    apr_array_header_t *tokens;
    const char *token;
    int status = authjwt_renewal_automatic(r, &token);

    if (status != OK) {
        return status == DECLINED ? refused : status;
    }
    authjwt_reply_withdraw(r);
    tokens = apr_array_make(r->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(tokens, const char *) = token;
    return authjwt_verify(r, tokens, &wanted, claims);
}

int authjwt_authn_check(request_rec *r)
{
    const aj_claims_t *claims;
    int status;

    if (!authjwt_config_protects(r)) {
        return DECLINED;
    }
    status = judge_sent(r, &claims);
    if (status == HTTP_UNAUTHORIZED && authjwt_renewal_may_help(r)) {
        status = renew(r, status, &claims);
    }
    if (status == OK) {
        authjwt_identity_set(r, claims, "JWT");
    }
    return status == HTTP_UNAUTHORIZED ? authjwt_page_offer_login(r) : status;
}

int authjwt_authn_force(request_rec *r)
{
    const char *token;

    if (!authjwt_config_protects(r) || authjwt_request_endpoint(r)) {
        return DECLINED;
    }
    if (authjwt_request_tokens(r, AJ_TYPE_ACCESS, NULL)) {
        return OK;
    }
    /* A refresh cookie that is good for nothing makes nobody less than anonymous. */
    if (authjwt_renewal_possible(r) && authjwt_renewal_automatic(r, &token) == OK) {
        return OK;
    }
    authjwt_reply_withdraw(r);
    return DECLINED;
}

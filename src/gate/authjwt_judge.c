/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_judge: whose request is it? */
#include <httpd.h>
#include <http_log.h>

#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_judge.h"
#include "authjwt_renewal.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_tokens.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

/* A cached verdict and the settings it depends on. Merging copies pointers, so equal pointers mean unchanged settings.
 */
struct authjwt_judgement_t {
    const authjwt_dir_conf_t *under; /* lives as long as the request */
    int method;
    authjwt_verdict_e verdict;
    const aj_claims_t *claims; /* for AUTHJWT_OK */
    struct authjwt_judgement_t *next;
};

static int is_same(const authjwt_dir_conf_t *a, const authjwt_dir_conf_t *b)
{
    return a == b
        || (a->locations == b->locations && a->cookies == b->cookies && a->header_name == b->header_name
            && a->header_type == b->header_type && a->query_name == b->query_name
            && authjwt_config_access_cookie(a) == authjwt_config_access_cookie(b)
            && authjwt_config_refresh_cookie(a) == authjwt_config_refresh_cookie(b)
            && a->identity_claim == b->identity_claim && a->optional == b->optional && a->csrf == b->csrf
            && a->trusted_origins == b->trusted_origins && a->auto_refresh == b->auto_refresh);
}

static const struct authjwt_judgement_t *recall(request_rec *r, const authjwt_state_t *initial)
{
    const struct authjwt_judgement_t *one;

    for (one = initial->judgements; one; one = one->next) {
        if (one->method == authjwt_request_looked_up_for(r)->method_number
            && is_same(one->under, authjwt_config_dir(r))) {
            return one;
        }
    }
    return NULL;
}

static void remember(request_rec *r, authjwt_verdict_e verdict, const aj_claims_t *claims)
{
    request_rec *top = authjwt_request_initial(r);
    authjwt_state_t *initial = authjwt_request_state(top);
    struct authjwt_judgement_t *one;

    /* Within a renewal the request is half judged; and what a subrequest's pool holds may not outlive it. */
    if (initial->renewing || r->pool != top->pool) {
        return;
    }
    one = apr_pcalloc(top->pool, sizeof(*one));
    one->under = authjwt_config_dir(r);
    one->method = authjwt_request_looked_up_for(r)->method_number;
    one->verdict = verdict;
    one->claims = claims;
    one->next = initial->judgements;
    initial->judgements = one;
}

static const authjwt_wanted_t wanted = { .types = AJ_TYPE_ACCESS };

/* The token that was sent; a cookie needs proof that this site made the request. */
static authjwt_verdict_e judge_sent(request_rec *r, const aj_claims_t **claims)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = authjwt_credential_find(r, AJ_TYPE_ACCESS, &from);
    authjwt_verdict_e verdict = authjwt_verify(r, tokens, &wanted, claims);

    return verdict == AUTHJWT_OK ? authjwt_csrf_check(r, from, *claims, NULL) : verdict;
}

/* Was it refused because the access cookie is missing or expired? Then a refresh cookie may help. */
static authjwt_verdict_e renew(request_rec *r, authjwt_verdict_e refused, const aj_claims_t *sent,
                               const aj_claims_t **claims)
{
    apr_array_header_t *tokens;
    const char *token;
    authjwt_verdict_e verdict = authjwt_renewal_automatic(r, refused, sent, &token);

    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    tokens = authjwt_credential_list(token, r->pool);
    return authjwt_verify(r, tokens, &wanted, claims);
}

/* Made for a request that keeps no session alive? */
static int is_idle(const aj_claims_t *claims)
{
    return authjwt_config_knows_idle_paths() && json_is_true(aj_claims_get(claims, AUTHJWT_CLAIM_IDLE));
}

/* The first request of a person renews again, so that their use of the session is known; what comes of that is no
 * reason to refuse a token that is good. With such a token the session may end, and that has no leeway. */
static authjwt_verdict_e judge_idle(request_rec *r, const aj_claims_t **claims)
{
    const aj_claims_t *renewed = NULL;

    if (aj_claims_expires(*claims) <= apr_time_now()) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1509: token refused: it was made for a request that keeps no "
                      "session alive (AuthJWTSessionIdleIgnore), and has expired");
        return AUTHJWT_TOKEN_EXPIRED;
    }
    if (!authjwt_renewal_is_idle(r) && authjwt_renewal_applies(r, AUTHJWT_TOKEN_EXPIRED)
        && renew(r, AUTHJWT_TOKEN_EXPIRED, *claims, &renewed) == AUTHJWT_OK) {
        *claims = renewed;
    }
    return AUTHJWT_OK;
}

/* What is bad about the token itself; a good one without proof against CSRF, or a store that is down, is something
 * else. */
static int is_bad_token(authjwt_verdict_e verdict)
{
    return verdict != AUTHJWT_TOKEN_MISSING && authjwt_verdict_refusal(verdict)->status == HTTP_UNAUTHORIZED;
}

/* With AuthJWTOptional a bad cookie counts as none, and goes with the answer. */
static authjwt_verdict_e forgive_cookie(request_rec *r, authjwt_verdict_e verdict)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    authjwt_location_e from = AUTHJWT_IN_HEADER;

    if (conf->optional <= 0 || !is_bad_token(verdict) || !authjwt_credential_find(r, AJ_TYPE_ACCESS, &from)
        || from != AUTHJWT_IN_COOKIE) {
        return verdict;
    }
    authjwt_tokens_clear_access_cookie(r);
    return AUTHJWT_TOKEN_MISSING;
}

authjwt_verdict_e authjwt_judge(request_rec *r, const aj_claims_t **claims)
{
    const struct authjwt_judgement_t *known = recall(r, authjwt_request_known(authjwt_request_initial(r)));
    authjwt_verdict_e verdict;

    authjwt_caching_mark_private(r);
    if (known) {
        *claims = known->claims;
        return known->verdict;
    }
    verdict = judge_sent(r, claims);
    if (verdict == AUTHJWT_OK && is_idle(*claims)) {
        verdict = judge_idle(r, claims);
    }
    if (authjwt_renewal_applies(r, verdict)) {
        verdict = renew(r, verdict, NULL, claims);
    }
    verdict = forgive_cookie(r, verdict);
    remember(r, verdict, verdict == AUTHJWT_OK ? *claims : NULL);
    return verdict;
}

const aj_claims_t *authjwt_judge_quietly(request_rec *r)
{
    const aj_claims_t *claims = NULL;

    /* A refusal stays one: the log has its line already. */
    if (authjwt_request_known(r)->refused || !authjwt_config_server(r->server)->keyring) {
        return NULL;
    }
    return authjwt_judge(r, &claims) == AUTHJWT_OK ? claims : NULL;
}

/* authjwt_judge: whose request is it? */
#include "authjwt_config.h"
#include "authjwt_csrf.h"
#include "authjwt_judge.h"
#include "authjwt_renewal.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_verify.h"

/* A verdict, and all that it hangs on besides the request as sent. Merging hands pointers on, so that equal pointers
 * mean that no section in between said otherwise. */
struct authjwt_judgement_t {
    authjwt_dir_conf_t under;
    int method;
    int status;
    int problem;               /* authjwt_problem_e, -1: none is prepared */
    const aj_claims_t *claims; /* for OK */
    struct authjwt_judgement_t *next;
};

static int is_same(const authjwt_dir_conf_t *a, const authjwt_dir_conf_t *b)
{
    return a->locations == b->locations && a->cookies == b->cookies && a->header_name == b->header_name
        && a->header_type == b->header_type && a->query_name == b->query_name && a->access_cookie == b->access_cookie
        && a->refresh_cookie == b->refresh_cookie && a->identity_claim == b->identity_claim && a->csrf == b->csrf
        && a->auto_refresh == b->auto_refresh;
}

static const struct authjwt_judgement_t *recall(request_rec *r, const authjwt_state_t *initial)
{
    const struct authjwt_judgement_t *one;

    for (one = initial->judgements; one; one = one->next) {
        if (one->method == r->method_number && is_same(&one->under, authjwt_config_dir(r))) {
            return one;
        }
    }
    return NULL;
}

static void remember(request_rec *r, int status, const aj_claims_t *claims)
{
    request_rec *top = authjwt_request_initial(r);
    authjwt_state_t *initial = authjwt_request_state(top);
    struct authjwt_judgement_t *one;

    /* Within a renewal the request is half judged; and what a subrequest's pool holds may not outlive it. */
    if (initial->renewing || r->pool != top->pool) {
        return;
    }
    one = apr_pcalloc(top->pool, sizeof(*one));
    one->under = *authjwt_config_dir(r);
    one->method = r->method_number;
    one->status = status;
    one->problem = authjwt_request_state(r)->problem - 1;
    one->claims = claims;
    one->next = initial->judgements;
    initial->judgements = one;
}

static const authjwt_verify_t wanted = { .types = AJ_TYPE_ACCESS };

/* The token that was sent; a cookie needs proof that this site made the request. */
static int judge_sent(request_rec *r, const aj_claims_t **claims)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;
    apr_array_header_t *tokens = authjwt_request_tokens(r, AJ_TYPE_ACCESS, &from);
    int status = authjwt_verify(r, tokens, &wanted, claims);

    return status == OK ? authjwt_csrf_check(r, from, *claims, NULL) : status;
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

int authjwt_judge(request_rec *r, const aj_claims_t **claims)
{
    const struct authjwt_judgement_t *known = recall(r, authjwt_request_state(authjwt_request_initial(r)));
    int status;

    authjwt_reply_hangs_on_token(r);
    if (known) {
        *claims = known->claims;
        return known->problem >= 0 ? authjwt_reply_refuse(r, (authjwt_problem_e)known->problem) : known->status;
    }
    status = judge_sent(r, claims);
    if (status == HTTP_UNAUTHORIZED && authjwt_renewal_may_help(r)) {
        status = renew(r, status, claims);
    }
    remember(r, status, status == OK ? *claims : NULL);
    return status;
}

const aj_claims_t *authjwt_judge_quietly(request_rec *r)
{
    const struct authjwt_judgement_t *known = recall(r, authjwt_request_state(authjwt_request_initial(r)));
    const aj_claims_t *claims = NULL;
    int status;

    if (known) {
        return known->status == OK ? known->claims : NULL;
    }
    /* Whoever was refused stays it: the answer that is prepared must not be lost. */
    if (authjwt_request_state(r)->problem || !authjwt_config_server(r->server)->keyring) {
        return NULL;
    }
    status = authjwt_judge(r, &claims);
    authjwt_reply_withdraw(r);
    return status == OK ? claims : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_verify: judge the token of a request. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_jws.h"
#include "aj_jwt.h"
#include "authjwt_cache.h"
#include "authjwt_chain.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_keys.h"
#include "authjwt_report.h"
#include "authjwt_request.h"
#include "authjwt_revocation.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

static authjwt_verdict_e verdict_of(aj_error_e error)
{
    switch (error) {
    case AJ_E_EXPIRED:
        return AUTHJWT_TOKEN_EXPIRED;
    case AJ_E_REVOKED:
        return AUTHJWT_TOKEN_REVOKED;
    case AJ_E_TYPE_NOT_ACCESS:
        return AUTHJWT_ONLY_ACCESS_TOKENS;
    case AJ_E_TYPE_NOT_REFRESH:
        return AUTHJWT_ONLY_REFRESH_TOKENS;
    default:
        return AUTHJWT_TOKEN_INVALID;
    }
}

/* The log says in one line why; the client gets no more than what the table of verdicts says. */
static authjwt_verdict_e refuse(request_rec *r, aj_error_e error, const char *detail)
{
    ap_log_rerror(APLOG_MARK, error == AJ_E_CRYPTO ? APLOG_ERR : APLOG_INFO, 0, r, "%s: token refused: %s%s%s%s",
                  aj_error_tag(error), aj_error_text(error), detail ? " (" : "", detail ? detail : "",
                  detail ? ")" : "");
    authjwt_report_because(r, aj_error_tag(error),
                           apr_pstrcat(r->pool, "token refused: ", aj_error_text(error), detail ? " (" : "",
                                       detail ? detail : "", detail ? ")" : "", NULL));
    return verdict_of(error);
}

/* The commonest mistake with HS secrets. The check costs a few signatures, so it runs only with LogLevel debug. */
static void hint_at_encoding(request_rec *r, const aj_keyset_t *ring, const char *token)
{
    const aj_key_t *key = NULL;
    const char *detail, *encoding;
    aj_jws_t jws;

    if (!APLOGrdebug(r) || aj_jws_parse(token, strlen(token), r->pool, &jws, &detail) != AJ_OK
        || aj_jws_verify(&jws, ring, r->pool, &key, &detail) != AJ_E_SIGNATURE || !key) {
        return;
    }
    encoding = aj_key_encoding_hint(key, jws.signing_input, jws.signing_input_len, jws.signature, jws.signature_len);
    if (encoding) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "AJ1303: signature would match if the secret were read as %s: "
                      "add encoding=%s to AuthJWTKey",
                      encoding, encoding);
    }
}

/** What a request's tokens are asked. */
typedef struct {
    aj_jwt_policy_t policy;
    apr_uint64_t keys; /* the number of policy.keys */
    int may_cache;
} asked_t;

static int is_about_to_end(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);

    return endpoint && (endpoint->id == AUTHJWT_ENDPOINT_LOGOUT || endpoint->id == AUTHJWT_ENDPOINT_REVOKE);
}

/* An access token that a renewal has just issued shows nothing: the client has not received it yet. A logout or
 * jwt-revoke is about to end the session, so how far it had come need not be written. */
static void note_seen(request_rec *r, authjwt_cache_known_t *known)
{
    if (!known->is_seen && aj_claims_type(known->claims) == AJ_TYPE_ACCESS && !is_about_to_end(r)
        && !authjwt_request_known(authjwt_request_initial(r))->new_token) {
        known->is_seen = authjwt_chain_seen(r, known->claims);
    }
}

/* @return AJ_OK, AJ_E_REVOKED, or AJ_REFUSED when the store cannot answer */
static aj_error_e check_revocation(request_rec *r, const asked_t *asked, const authjwt_cache_question_t *question,
                                   authjwt_cache_known_t *known)
{
    switch (authjwt_revocation_check_ids(r, &known->ids, &known->snapshot)) {
    case AUTHJWT_REVOCATION_CLEAR:
        note_seen(r, known);
        if (asked->may_cache) {
            authjwt_cache_keep(r, question, known);
        }
        return AJ_OK;
    case AUTHJWT_REVOCATION_REVOKED:
        authjwt_cache_drop(known);
        return AJ_E_REVOKED;
    default:
        if (authjwt_config_server(r->server)->on_error == AUTHJWT_ON_ERROR_ALLOW) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                          "AJ1301: token accepted without asking the revocation store, which cannot answer");
            return AJ_OK;
        }
        return AJ_REFUSED;
    }
}

/* Form, signature, claims: remembered, or judged now. Then the store, in either case. */
static aj_error_e judge(request_rec *r, const asked_t *asked, const char *token, const aj_claims_t **claims,
                        const char **detail)
{
    authjwt_cache_question_t question = { token, strlen(token), &asked->policy, asked->keys, apr_time_now() };
    authjwt_cache_known_t known = { 0 };
    aj_error_e error = AJ_OK;

    if (!asked->may_cache || !authjwt_cache_find(r, &question, &known)) {
        error = aj_jwt_validate(&asked->policy, token, question.len, question.now, r->pool, &known.claims, detail);
        if (error == AJ_OK && authjwt_revocation_ids(r, known.claims, &known.ids) != APR_SUCCESS) {
            known.ids.count = 0;
        }
    }
    if (error == AJ_OK) {
        error = check_revocation(r, asked, &question, &known);
    }
    *claims = known.claims;
    return error;
}

/* Login, refresh and logout look at the token itself, whatever is remembered. */
static int is_only_access(const authjwt_wanted_t *wanted)
{
    return wanted->types == AJ_TYPE_ACCESS && !wanted->allow_expired;
}

static void fill_policy(request_rec *r, const authjwt_server_conf_t *server, const authjwt_wanted_t *wanted,
                        aj_jwt_policy_t *policy)
{
    policy->issuer = server->issuer;
    policy->audiences = server->audiences;
    policy->leeway = authjwt_config_leeway(server);
    policy->identity_claim = authjwt_config_identity_claim(authjwt_config_dir(r));
    policy->types = wanted->types;
    policy->allow_expired = wanted->allow_expired;
}

/* The refusal to report where all of several tokens are refused: expired or revoked, which only a genuine token can be,
 * is reported before anything else. */
typedef struct {
    aj_error_e error;
    const char *detail;
} reason_t;

static int says_more(aj_error_e error, aj_error_e than)
{
    return (error == AJ_E_EXPIRED || error == AJ_E_REVOKED) && than != AJ_E_EXPIRED && than != AJ_E_REVOKED;
}

/* Judge tokens in order. @param only_one  stop at the first that is good
 * @return AUTHJWT_OK when any is good; AUTHJWT_STORE_UNAVAILABLE; else AUTHJWT_TOKEN_INVALID with the reason set */
static authjwt_verdict_e collect(request_rec *r, const asked_t *asked, const apr_array_header_t *tokens, int only_one,
                                 apr_array_header_t *good, reason_t *reason)
{
    int i;

    for (i = 0; i < tokens->nelts && !(only_one && good->nelts); i++) {
        const aj_claims_t *claims = NULL;
        const char *detail = NULL;
        aj_error_e error = judge(r, asked, APR_ARRAY_IDX(tokens, i, const char *), &claims, &detail);

        if (error == AJ_REFUSED) {
            return AUTHJWT_STORE_UNAVAILABLE;
        }
        if (error == AJ_OK) {
            APR_ARRAY_PUSH(good, const aj_claims_t *) = claims;
        }
        else if (!i || says_more(error, reason->error)) {
            *reason = (reason_t){ error, detail };
        }
    }
    return good->nelts ? AUTHJWT_OK : AUTHJWT_TOKEN_INVALID;
}

static authjwt_verdict_e verify(request_rec *r, const apr_array_header_t *tokens, const authjwt_wanted_t *wanted,
                                int only_one, apr_array_header_t *good)
{
    const authjwt_server_conf_t *server = authjwt_config_server(r->server);
    reason_t reason = { AJ_REFUSED, NULL };
    authjwt_verdict_e verdict;
    asked_t asked = { .may_cache = is_only_access(wanted) };

    if (!tokens) {
        return AUTHJWT_TOKEN_MISSING;
    }
    asked.policy.keys = authjwt_keys_ring(r, &asked.keys);
    if (!asked.policy.keys) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1302: no token can be verified: the server has no AuthJWTKey; add one");
        return AUTHJWT_FAILED;
    }
    fill_policy(r, server, wanted, &asked.policy);
    verdict = collect(r, &asked, tokens, only_one, good, &reason);
    if (verdict != AUTHJWT_TOKEN_INVALID) {
        return verdict;
    }
    if (reason.error == AJ_E_SIGNATURE) {
        hint_at_encoding(r, asked.policy.keys, APR_ARRAY_IDX(tokens, 0, const char *));
    }
    return refuse(r, reason.error, reason.detail);
}

authjwt_verdict_e authjwt_verify(request_rec *r, const apr_array_header_t *tokens, const authjwt_wanted_t *wanted,
                                 const aj_claims_t **claims)
{
    const aj_claims_t *first = NULL;
    /* The first is all that it takes. */
    apr_array_header_t good = { r->pool, sizeof(first), 0, 1, (char *)&first };
    authjwt_verdict_e verdict = verify(r, tokens, wanted, 1, &good);

    if (verdict == AUTHJWT_OK) {
        *claims = first;
    }
    return verdict;
}

authjwt_verdict_e authjwt_verify_all(request_rec *r, const apr_array_header_t *tokens, const authjwt_wanted_t *wanted,
                                     apr_array_header_t **claims)
{
    *claims = apr_array_make(r->pool, 2, sizeof(const aj_claims_t *));
    return verify(r, tokens, wanted, 0, *claims);
}

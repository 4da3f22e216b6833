/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a token (RFC 7519 7.2, RFC 8725): form, key and signature first, then the claims; and issuing one. */
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "aj_jws.h"
#include "aj_jwt_private.h"

static aj_error_e read_payload(aj_judge_t *judge, const aj_jws_t *jws)
{
    const aj_observer_t *observer = judge->policy->observer;
    /* Strings are decoded in place, so whoever wants to see the text needs a copy. */
    const char *text = observer ? apr_pstrmemdup(judge->pool, jws->payload, jws->payload_len) : NULL;
    int is_read = aj_json_read(jws->payload, jws->payload_len, judge->pool, &judge->claims->doc, &judge->detail);

    return aj_observe(observer, "payload", is_read ? AJ_OK : AJ_E_PAYLOAD_JSON, text);
}

/* Form, key, signature; then the payload may be read. */
static aj_error_e open_token(aj_judge_t *judge, const char *token, apr_size_t len)
{
    aj_jws_t jws;
    aj_claims_t *claims = judge->claims;
    const aj_jwt_policy_t *policy = judge->policy;
    aj_error_e verdict = aj_jws_parse_observed(token, len, judge->pool, &jws, &judge->detail, policy->observer);

    if (verdict == AJ_OK) {
        verdict =
            aj_jws_verify_observed(&jws, policy->keys, judge->pool, &claims->key, &judge->detail, policy->observer);
    }
    if (verdict == AJ_OK) {
        verdict = read_payload(judge, &jws);
    }
    if (verdict == AJ_OK) {
        claims->lazy = apr_pcalloc(judge->pool, sizeof(*claims->lazy));
        claims->lazy->pool = judge->pool;
        claims->text_len = jws.payload_len;
        claims->signed_text = jws.signing_input;
        claims->signed_len = jws.signing_input_len;
        /* Whoever needs the hash later, needs it because there is no jti. */
        if (!aj_judge_string(judge, aj_judge_claim(judge, "jti")) && !aj_claims_token_hash(claims)) {
            verdict = AJ_E_CRYPTO;
        }
    }
    return verdict;
}

aj_error_e aj_jwt_validate(const aj_jwt_policy_t *policy, const char *token, apr_size_t len, apr_time_t now,
                           apr_pool_t *pool, const aj_claims_t **claims, const char **detail)
{
    aj_judge_t judge = { policy, now, pool, apr_pcalloc(pool, sizeof(*judge.claims)), NULL };
    aj_error_e verdict = open_token(&judge, token, len);

    if (verdict == AJ_OK) {
        verdict = aj_judge_claims(&judge);
    }
    if (verdict == AJ_OK) {
        *claims = judge.claims;
    }
    *detail = verdict == AJ_OK ? NULL : judge.detail;
    return verdict;
}

apr_status_t aj_jwt_issue(const aj_key_t *signer, const json_t *claims, apr_pool_t *pool, const char **token)
{
    const char *payload = aj_json_write(claims, pool);

    return aj_jws_sign(signer, payload, strlen(payload), pool, token);
}

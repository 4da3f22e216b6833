/* authjwt_verify: judge the token of a request. */
#include <httpd.h>
#include <http_log.h>

#include "aj_jws.h"
#include "aj_jwt.h"
#include "authjwt_config.h"
#include "authjwt_keys.h"
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

/* One line says why; the client learns no more than the table of verdicts. */
static authjwt_verdict_e refuse(request_rec *r, aj_error_e error, const char *detail)
{
    ap_log_rerror(APLOG_MARK, error == AJ_E_CRYPTO ? APLOG_ERR : APLOG_INFO, 0, r, "%s: token refused: %s%s%s%s",
                  aj_error_tag(error), aj_error_text(error), detail ? " (" : "", detail ? detail : "",
                  detail ? ")" : "");
    return verdict_of(error);
}

/* The commonest mistake with HS secrets, looked for only where somebody debugs. */
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

static authjwt_verdict_e check_revocation(request_rec *r, const aj_claims_t *claims)
{
    switch (authjwt_revocation_check(r, claims)) {
    case AUTHJWT_REVOCATION_CLEAR:
        return AUTHJWT_OK;
    case AUTHJWT_REVOCATION_REVOKED:
        return refuse(r, AJ_E_REVOKED, NULL);
    default:
        if (authjwt_config_server(r->server)->on_error == AUTHJWT_ON_ERROR_ALLOW) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                          "AJ1301: token let pass though the revocation store cannot answer");
            return AUTHJWT_OK;
        }
        return AUTHJWT_STORE_UNAVAILABLE;
    }
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

authjwt_verdict_e authjwt_verify(request_rec *r, const apr_array_header_t *tokens, const authjwt_wanted_t *wanted,
                                 const aj_claims_t **claims)
{
    const authjwt_server_conf_t *server = authjwt_config_server(r->server);
    const aj_claims_t *found = NULL;
    const char *first_detail = NULL;
    aj_error_e first = AJ_REFUSED;
    aj_jwt_policy_t policy;
    int i;

    if (!tokens) {
        return AUTHJWT_TOKEN_MISSING;
    }
    policy.keys = authjwt_keys_ring(r);
    if (!policy.keys) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1302: no token can be verified: the server has no AuthJWTKey");
        return AUTHJWT_FAILED;
    }
    fill_policy(r, server, wanted, &policy);
    for (i = 0; i < tokens->nelts && !found; i++) {
        const char *token = APR_ARRAY_IDX(tokens, i, const char *);
        const char *detail = NULL;
        aj_error_e verdict = aj_jwt_validate(&policy, token, strlen(token), apr_time_now(), r->pool, &found, &detail);

        /* A genuine token that has expired says more than junk beside it. */
        if (verdict != AJ_OK && (!i || (verdict == AJ_E_EXPIRED && first != AJ_E_EXPIRED))) {
            first = verdict;
            first_detail = detail;
        }
    }
    if (!found) {
        if (first == AJ_E_SIGNATURE) {
            hint_at_encoding(r, policy.keys, APR_ARRAY_IDX(tokens, 0, const char *));
        }
        return refuse(r, first, first_detail);
    }
    *claims = found;
    return check_revocation(r, found);
}

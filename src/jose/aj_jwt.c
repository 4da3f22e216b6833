/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a token (RFC 7519 7.2, RFC 8725): each check is a line of aj_jwt_validate, and the first that fails ends it.
 */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "aj_claims_private.h"
#include "aj_json.h"
#include "aj_jws.h"
#include "aj_jwt.h"

/* Audiences of a refused token that its log line names at most. */
#define AUDIENCES_SHOWN 8

/** What the checks of one token share. */
typedef struct {
    const aj_jwt_policy_t *policy;
    apr_time_t now;
    apr_pool_t *pool;
    aj_claims_t *claims;
    const char *detail;
} judge_t;

static const aj_node_t *claim(const judge_t *judge, const char *name)
{
    return aj_node_member(&judge->claims->doc, judge->claims->doc.nodes, name);
}

static const char *string(const judge_t *judge, const aj_node_t *node)
{
    return aj_node_string(&judge->claims->doc, node);
}

/* Whole seconds, rounded up so that nothing is "0 s" away. */
static apr_time_t seconds_between(apr_time_t earlier, apr_time_t later)
{
    return (later - earlier + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC;
}

static aj_error_e check_exp(judge_t *judge)
{
    const aj_node_t *exp = claim(judge, "exp");
    apr_time_t *expires = &judge->claims->expires;

    if (!exp) {
        return AJ_E_EXP_ABSENT;
    }
    if (!aj_claims_read_date(exp, expires) || *expires == 0) {
        return AJ_E_EXP_INSANE;
    }
    if (aj_claims_is_over(*expires, judge->policy->leeway, judge->now) && !judge->policy->allow_expired) {
        judge->detail =
            apr_psprintf(judge->pool, "expired %" APR_TIME_T_FMT " s ago", (judge->now - *expires) / APR_USEC_PER_SEC);
        return AJ_E_EXPIRED;
    }
    return AJ_OK;
}

/* A key that only verifies belongs to somebody else, whose claims beyond RFC 7519 may mean anything. */
static int is_foreign(const judge_t *judge)
{
    return !aj_key_can_sign(judge->claims->key);
}

/* How other issuers mark what is no access token: Keycloak in `typ`, others in `token_type`. */
static int names_other_use(const char *text)
{
    static const char *const uses[] = { "Refresh", "Offline", "ID", "Logout" };
    size_t i;

    for (i = 0; text && i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (!strcasecmp(text, uses[i])) {
            return 1;
        }
    }
    return 0;
}

static aj_error_e check_foreign_use(judge_t *judge)
{
    static const char *const names[] = { "typ", "token_type" };
    size_t i;

    for (i = 0; is_foreign(judge) && i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = string(judge, claim(judge, names[i]));

        if (names_other_use(value)) {
            judge->detail = apr_psprintf(judge->pool, "%s \"%s\"", names[i], value);
            return AJ_E_TYPE_FOREIGN;
        }
    }
    return AJ_OK;
}

static aj_error_e check_type(judge_t *judge)
{
    const aj_node_t *type = claim(judge, "type");
    const char *text = type ? string(judge, type) : "access";

    if (is_foreign(judge) && (!text || strcmp(text, "refresh"))) {
        text = "access";
    }
    if (text && !strcmp(text, "access")) {
        judge->claims->type = AJ_TYPE_ACCESS;
        return judge->policy->types & AJ_TYPE_ACCESS ? AJ_OK : AJ_E_TYPE_NOT_REFRESH;
    }
    if (text && !strcmp(text, "refresh")) {
        judge->claims->type = AJ_TYPE_REFRESH;
        return judge->policy->types & AJ_TYPE_REFRESH ? AJ_OK : AJ_E_TYPE_NOT_ACCESS;
    }
    return AJ_E_TYPE_UNKNOWN;
}

static aj_error_e check_iss(judge_t *judge)
{
    const char *ours = judge->policy->issuer;
    const char *text = string(judge, claim(judge, "iss"));

    if (!ours || (text && !strcmp(text, ours))) {
        return AJ_OK;
    }
    judge->detail = apr_psprintf(judge->pool, "iss is not \"%s\"", aj_escape(ours, strlen(ours), judge->pool));
    return AJ_E_ISS;
}

static int is_ours(const apr_array_header_t *audiences, const char *text)
{
    int i;

    for (i = 0; text && i < audiences->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(audiences, i, const char *), text)) {
            return 1;
        }
    }
    return 0;
}

/* A string, or an array of nothing but strings (RFC 7519 4.1.3). */
static int names_us(const judge_t *judge, const aj_node_t *aud)
{
    const apr_array_header_t *ours = judge->policy->audiences;
    const aj_node_t *one = aj_node_first(aud);
    int found = is_ours(ours, string(judge, aud));
    apr_uint32_t left = aud && aud->type == AJ_NODE_ARRAY ? aj_node_size(aud) : 0;

    for (; left > 0; left--, one = aj_node_next(&judge->claims->doc, one)) {
        if (!string(judge, one)) {
            return 0;
        }
        found |= is_ours(ours, string(judge, one));
    }
    return found;
}

/* " \"a\" \"b\"" */
static const char *quoted(const char *list, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, list, " \"", aj_escape(name, strlen(name), pool), "\"", NULL);
}

/* What the token says, for the log: its signature is good, so it is the issuer's own word. */
static const char *audiences_of(const judge_t *judge, const aj_node_t *aud)
{
    const char *list = string(judge, aud) ? quoted("", string(judge, aud), judge->pool) : "";
    apr_uint32_t size = aud && aud->type == AJ_NODE_ARRAY ? aj_node_size(aud) : 0, i;
    const aj_node_t *one = aj_node_first(aud);

    for (i = 0; i < size && i < AUDIENCES_SHOWN; i++, one = aj_node_next(&judge->claims->doc, one)) {
        if (!string(judge, one)) {
            return " holds a value that is no string and";
        }
        list = quoted(list, string(judge, one), judge->pool);
    }
    return i < size ? apr_pstrcat(judge->pool, list, " ...", NULL) : list;
}

static aj_error_e check_aud(judge_t *judge)
{
    const apr_array_header_t *ours = judge->policy->audiences;
    const aj_node_t *aud = claim(judge, "aud");
    const char *list = "";
    int i;

    if (!ours || ours->nelts == 0 || names_us(judge, aud)) {
        return AJ_OK;
    }
    for (i = 0; i < ours->nelts; i++) {
        list = quoted(list, APR_ARRAY_IDX(ours, i, const char *), judge->pool);
    }
    judge->detail = apr_pstrcat(judge->pool, "aud", audiences_of(judge, aud), " is none of", list, NULL);
    return AJ_E_AUD;
}

/* `nbf` and `iat`: absent, or a date that is not in the future. */
static aj_error_e check_past(judge_t *judge, const char *name, aj_error_e refusal, apr_time_t *out)
{
    const aj_node_t *value = claim(judge, name);

    if (!value) {
        return AJ_OK;
    }
    if (!aj_claims_read_date(value, out)) {
        judge->detail = apr_psprintf(judge->pool, "%s is not a date", name);
        return refusal;
    }
    if (aj_claims_is_ahead(*out, judge->policy->leeway, judge->now)) {
        judge->detail = apr_psprintf(judge->pool, "%s is %" APR_TIME_T_FMT " s in the future", name,
                                     seconds_between(judge->now, *out));
        return refusal;
    }
    return AJ_OK;
}

static aj_error_e check_identity(judge_t *judge)
{
    const char *name = judge->policy->identity_claim;
    const aj_node_t *value = aj_node_lookup(&judge->claims->doc, name);
    const char *text = string(judge, value);
    const char *why = NULL;

    if (!value) {
        why = "is absent";
    }
    else if (!text) {
        why = "is no string";
    }
    else if (*text == '\0') {
        why = "is empty";
    }
    else if (aj_claims_has_control(text)) {
        why = "holds a control character";
    }
    if (why) {
        judge->detail = apr_psprintf(judge->pool, "%s %s", aj_escape(name, strlen(name), judge->pool), why);
        return AJ_E_IDENTITY;
    }
    judge->claims->identity = text;
    return AJ_OK;
}

/* Tokens are revoked by jti and sid, so in our own they must be strings. In others' any other type counts as absent:
   aj_claims_string returns NULL, and the token is revoked by its hash. */
static aj_error_e check_members(judge_t *judge)
{
    const aj_node_t *jti = claim(judge, "jti");
    const aj_node_t *sid = claim(judge, "sid");
    const aj_node_t *sid_exp = claim(judge, "sid_exp");

    if (!is_foreign(judge) && jti && !string(judge, jti)) {
        judge->detail = "jti is no string";
    }
    else if (!is_foreign(judge) && sid && !string(judge, sid)) {
        judge->detail = "sid is no string";
    }
    else if (sid_exp
             && (!aj_claims_read_date(sid_exp, &judge->claims->session_expires)
                 || judge->claims->session_expires == 0)) {
        judge->detail = "sid_exp is not a date";
    }
    return judge->detail ? AJ_E_CLAIM_MEMBER : AJ_OK;
}

/* Form, key, signature; then the payload may be read. */
static aj_error_e open_token(judge_t *judge, const char *token, apr_size_t len)
{
    aj_jws_t jws;
    aj_claims_t *claims = judge->claims;
    aj_error_e verdict = aj_jws_parse(token, len, judge->pool, &jws, &judge->detail);

    if (verdict == AJ_OK) {
        verdict = aj_jws_verify(&jws, judge->policy->keys, judge->pool, &claims->key, &judge->detail);
    }
    if (verdict == AJ_OK && !aj_json_read(jws.payload, jws.payload_len, judge->pool, &claims->doc, &judge->detail)) {
        verdict = AJ_E_PAYLOAD_JSON;
    }
    if (verdict == AJ_OK) {
        claims->lazy = apr_pcalloc(judge->pool, sizeof(*claims->lazy));
        claims->lazy->pool = judge->pool;
        claims->text_len = jws.payload_len;
        claims->signed_text = jws.signing_input;
        claims->signed_len = jws.signing_input_len;
        /* Whoever needs the hash later, needs it because there is no jti. */
        if (!string(judge, claim(judge, "jti")) && !aj_claims_token_hash(claims)) {
            verdict = AJ_E_CRYPTO;
        }
    }
    return verdict;
}

aj_error_e aj_jwt_validate(const aj_jwt_policy_t *policy, const char *token, apr_size_t len, apr_time_t now,
                           apr_pool_t *pool, const aj_claims_t **claims, const char **detail)
{
    judge_t judge = { policy, now, pool, apr_pcalloc(pool, sizeof(*judge.claims)), NULL };
    aj_error_e verdict;

    if ((verdict = open_token(&judge, token, len)) == AJ_OK && (verdict = check_exp(&judge)) == AJ_OK
        && (verdict = check_foreign_use(&judge)) == AJ_OK && (verdict = check_type(&judge)) == AJ_OK
        && (verdict = check_iss(&judge)) == AJ_OK && (verdict = check_aud(&judge)) == AJ_OK
        && (verdict = check_past(&judge, "nbf", AJ_E_NBF, &judge.claims->not_before)) == AJ_OK
        && (verdict = check_past(&judge, "iat", AJ_E_IAT, &judge.claims->issued)) == AJ_OK
        && (verdict = check_identity(&judge)) == AJ_OK && (verdict = check_members(&judge)) == AJ_OK) {
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

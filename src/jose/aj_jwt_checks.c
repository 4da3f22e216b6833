/* SPDX-License-Identifier: Apache-2.0 */
/* Judging the claims of a token (RFC 7519 4.1): one function for each check, and the table that is their order. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "aj_jwt_private.h"

/* Audiences of a refused token that its log line names at most. */
#define AUDIENCES_SHOWN 8

const aj_node_t *aj_judge_claim(const aj_judge_t *judge, const char *name)
{
    return aj_node_member(&judge->claims->doc, judge->claims->doc.nodes, name);
}

const char *aj_judge_string(const aj_judge_t *judge, const aj_node_t *node)
{
    return aj_node_string(&judge->claims->doc, node);
}

/* Whole seconds, rounded up so that nothing is "0 s" away. */
static apr_time_t seconds_between(apr_time_t earlier, apr_time_t later)
{
    return (later - earlier + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC;
}

static aj_error_e check_exp(aj_judge_t *judge)
{
    const aj_node_t *exp = aj_judge_claim(judge, "exp");
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
static int is_foreign(const aj_judge_t *judge)
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

static aj_error_e check_foreign_use(aj_judge_t *judge)
{
    static const char *const names[] = { "typ", "token_type" };
    size_t i;

    for (i = 0; is_foreign(judge) && i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = aj_judge_string(judge, aj_judge_claim(judge, names[i]));

        if (names_other_use(value)) {
            judge->detail = apr_psprintf(judge->pool, "%s \"%s\"", names[i], value);
            return AJ_E_TYPE_FOREIGN;
        }
    }
    return AJ_OK;
}

static aj_error_e check_type(aj_judge_t *judge)
{
    const aj_node_t *type = aj_judge_claim(judge, "type");
    const char *text = type ? aj_judge_string(judge, type) : "access";

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

/* " \"a\" \"b\"" */
static const char *quoted(const char *list, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, list, " \"", aj_escape(name, strlen(name), pool), "\"", NULL);
}

static aj_error_e check_iss(aj_judge_t *judge)
{
    const char *ours = judge->policy->issuer;
    const aj_node_t *iss = aj_judge_claim(judge, "iss");
    const char *text = aj_judge_string(judge, iss);

    if (!ours || (text && !strcmp(text, ours))) {
        return AJ_OK;
    }
    judge->detail = apr_pstrcat(judge->pool, "iss is not", quoted("", ours, judge->pool),
                                text  ? quoted(" but", text, judge->pool)
                                : iss ? ": it is no string"
                                      : ": it is absent",
                                NULL);
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
static int names_us(const aj_judge_t *judge, const aj_node_t *aud)
{
    const apr_array_header_t *ours = judge->policy->audiences;
    const aj_node_t *one = aj_node_first(aud);
    int found = is_ours(ours, aj_judge_string(judge, aud));
    apr_uint32_t left = aud && aud->type == AJ_NODE_ARRAY ? aj_node_size(aud) : 0;

    for (; left > 0; left--, one = aj_node_next(&judge->claims->doc, one)) {
        if (!aj_judge_string(judge, one)) {
            return 0;
        }
        found |= is_ours(ours, aj_judge_string(judge, one));
    }
    return found;
}

/* What the token says, for the log: its signature is good, so it is the issuer's own word. */
static const char *audiences_of(const aj_judge_t *judge, const aj_node_t *aud)
{
    const char *list = aj_judge_string(judge, aud) ? quoted("", aj_judge_string(judge, aud), judge->pool) : "";
    apr_uint32_t size = aud && aud->type == AJ_NODE_ARRAY ? aj_node_size(aud) : 0, i;
    const aj_node_t *one = aj_node_first(aud);

    for (i = 0; i < size && i < AUDIENCES_SHOWN; i++, one = aj_node_next(&judge->claims->doc, one)) {
        if (!aj_judge_string(judge, one)) {
            return " holds a value that is no string and";
        }
        list = quoted(list, aj_judge_string(judge, one), judge->pool);
    }
    return i < size ? apr_pstrcat(judge->pool, list, " ...", NULL) : list;
}

static aj_error_e check_aud(aj_judge_t *judge)
{
    const apr_array_header_t *ours = judge->policy->audiences;
    const aj_node_t *aud = aj_judge_claim(judge, "aud");
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
static aj_error_e check_past(aj_judge_t *judge, const char *name, aj_error_e refusal, apr_time_t *out)
{
    const aj_node_t *value = aj_judge_claim(judge, name);

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

static aj_error_e check_identity(aj_judge_t *judge)
{
    const char *name = judge->policy->identity_claim;
    const aj_node_t *value = aj_node_lookup(&judge->claims->doc, name);
    const char *text = aj_judge_string(judge, value);
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
static aj_error_e check_members(aj_judge_t *judge)
{
    const aj_node_t *jti = aj_judge_claim(judge, "jti");
    const aj_node_t *sid = aj_judge_claim(judge, "sid");
    const aj_node_t *sid_exp = aj_judge_claim(judge, "sid_exp");

    if (!is_foreign(judge) && jti && !aj_judge_string(judge, jti)) {
        judge->detail = "jti is no string";
    }
    else if (!is_foreign(judge) && sid && !aj_judge_string(judge, sid)) {
        judge->detail = "sid is no string";
    }
    else if (sid_exp
             && (!aj_claims_read_date(sid_exp, &judge->claims->session_expires)
                 || judge->claims->session_expires == 0)) {
        judge->detail = "sid_exp is not a date";
    }
    return judge->detail ? AJ_E_CLAIM_MEMBER : AJ_OK;
}

static aj_error_e check_nbf(aj_judge_t *judge)
{
    return check_past(judge, "nbf", AJ_E_NBF, &judge->claims->not_before);
}

static aj_error_e check_iat(aj_judge_t *judge)
{
    return check_past(judge, "iat", AJ_E_IAT, &judge->claims->issued);
}

/* The checks of claims in their order. The first that fails ends it. */
static const struct {
    const char *name;
    aj_error_e (*check)(aj_judge_t *judge);
    const char *claim; /* what an observer is shown; NULL: the identity claim */
} checks[] = {
    { "exp", check_exp, "exp" },     { "other use", check_foreign_use, "typ" },
    { "type", check_type, "type" },  { "iss", check_iss, "iss" },
    { "aud", check_aud, "aud" },     { "nbf", check_nbf, "nbf" },
    { "iat", check_iat, "iat" },     { "identity", check_identity, NULL },
    { "sid", check_members, "sid" },
};

/* The JSON text of a claim. */
static const char *shown(const aj_judge_t *judge, const char *name)
{
    const aj_node_t *node = aj_node_lookup(&judge->claims->doc, name ? name : judge->policy->identity_claim);

    return node ? aj_json_write(aj_json_own(aj_node_json(&judge->claims->doc, node), judge->pool), judge->pool) : NULL;
}

aj_error_e aj_judge_claims(aj_judge_t *judge)
{
    const aj_observer_t *observer = judge->policy->observer;
    aj_error_e verdict = AJ_OK;
    size_t i;

    for (i = 0; verdict == AJ_OK && i < sizeof(checks) / sizeof(checks[0]); i++) {
        verdict = checks[i].check(judge);
        if (observer) {
            verdict = aj_observe(observer, checks[i].name, verdict, shown(judge, checks[i].claim));
        }
    }
    return verdict;
}

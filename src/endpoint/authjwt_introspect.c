/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_introspect: the endpoint jwt-introspect (RFC 7662). */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_reply.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

/* Doubles up to here hold whole numbers exactly. */
#define LARGEST_EXACT 9007199254740992.0

/* One word of `scope`: NQCHAR of RFC 6749 appendix A. A blank within would make two scopes of it. */
static int is_scope_token(const char *word)
{
    const unsigned char *p = (const unsigned char *)word;

    for (; *p > 0x20 && *p < 0x7f && *p != '"' && *p != '\\'; p++) {
    }
    return p != (const unsigned char *)word && !*p;
}

/* `scope` of RFC 7662 2.2 is a string; issuers also write arrays, or call it `scp`, and Require jwt-scope knows them
 * all. @return NULL when the token has none */
static const char *scope_of(const aj_claims_t *claims, apr_pool_t *pool)
{
    static const char *const claim_names[] = { "scope", "scp" };
    apr_array_header_t *names = apr_array_make(pool, 2, sizeof(const char *));
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    apr_array_header_t *found;
    int i;

    for (i = 0; i < 2; i++) {
        const json_t *value = aj_claims_get(claims, claim_names[i]);

        if (json_is_string(value)) {
            APR_ARRAY_PUSH(words, const char *) = json_string_value(value);
        }
        else {
            APR_ARRAY_PUSH(names, const char *) = claim_names[i];
        }
    }
    found = aj_claims_strings(claims, names, pool);
    for (i = 0; i < found->nelts; i++) {
        const char *word = APR_ARRAY_IDX(found, i, const char *);

        if (is_scope_token(word)) {
            APR_ARRAY_PUSH(words, const char *) = word;
        }
    }
    return words->nelts ? apr_array_pstrcat(pool, words, ' ') : NULL;
}

/* Integers are wanted here, and a NumericDate may have a fraction. */
static void cut_fraction(json_t *answer, const char *name)
{
    const json_t *value = json_object_get(answer, name);
    double seconds = json_real_value(value);

    if (json_is_real(value) && seconds > -LARGEST_EXACT && seconds < LARGEST_EXACT) {
        json_object_set_new(answer, name, json_integer((json_int_t)seconds));
    }
}

/* What is said first cannot be said otherwise by a claim. `csrf` is between the user's browser and this server. */
static json_t *describe(const aj_claims_t *claims, apr_pool_t *pool)
{
    json_t *answer = aj_json_own(
        json_pack("{s:b, s:s, s:s}", "active", 1, "username", aj_claims_identity(claims), "token_type", "Bearer"),
        pool);
    const char *scope = scope_of(claims, pool);

    json_object_update_missing(answer, (json_t *)aj_claims_object(claims));
    json_object_del(answer, "csrf");
    json_object_del(answer, "scope");
    if (scope) {
        json_object_set_new(answer, "scope", json_string(scope));
    }
    cut_fraction(answer, "exp");
    cut_fraction(answer, "iat");
    cut_fraction(answer, "nbf");
    return answer;
}

/* Tokens of others are theirs to answer for: where only a public key is here, this server has not issued it and does
 * not hear of its revocation. @param active  set on AUTHJWT_OK: the claims, or NULL when the token is no good */
static authjwt_verdict_e find_active(request_rec *r, const apr_array_header_t *tokens, const aj_claims_t **active)
{
    static const authjwt_wanted_t wanted = { .types = AJ_TYPE_ACCESS };
    authjwt_verdict_e verdict = authjwt_verify(r, tokens, &wanted, active);

    if (verdict != AUTHJWT_OK) {
        *active = NULL;
        return authjwt_verdict_refusal(verdict)->status == HTTP_UNAUTHORIZED ? AUTHJWT_OK : verdict;
    }
    if (!aj_key_is_secret(aj_claims_key(*active))) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1812: introspection: the token is good and of another issuer, since this server has only the "
                      "public key for it: not active; ask its issuer");
        *active = NULL;
    }
    return AUTHJWT_OK;
}

static authjwt_verdict_e check_caller(request_rec *r)
{
    if (r->user && *r->user) {
        return AUTHJWT_OK;
    }
    ap_log_rerror(
        APLOG_MARK, APLOG_INFO, 0, r,
        "AJ1811: introspection refused: nobody is authenticated; the section of jwt-introspect needs AuthType, "
        "and a Require that asks for a user, such as Require valid-user");
    return AUTHJWT_ACCESS_DENIED;
}

int authjwt_introspect(request_rec *r)
{
    const aj_claims_t *active = NULL;
    apr_array_header_t *tokens;
    authjwt_verdict_e verdict = check_caller(r);

    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_body_form_token(r, "token", &tokens);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = find_active(r, tokens, &active);
    }
    if (verdict != AUTHJWT_OK) {
        return authjwt_reply_refuse(r, verdict);
    }
    return authjwt_reply_json(r, active ? describe(active, r->pool)
                                        : aj_json_own(json_pack("{s:b}", "active", 0), r->pool));
}

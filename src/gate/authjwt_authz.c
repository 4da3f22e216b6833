/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: the Require providers. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_core.h>
#include <http_request.h>
#include <mod_auth.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_authz.h"
#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_identity.h"
#include "authjwt_request.h"
#include "authjwt_roles.h"

/* A rule of jwt-role, jwt-scope or jwt-claim. */
typedef struct {
    const void *arguments; /* authjwt_authz_argument_t array */
    int is_negated;        /* what it asks for is not to be had */
} rule_t;

/* "Require not jwt-scope …", or within <RequireNone>. */
static int is_negated(const ap_directive_t *directive)
{
    const ap_directive_t *around = directive ? directive->parent : NULL;

    return (directive && !ap_cstr_casecmpn(directive->args, "not", 3) && apr_isspace(directive->args[3]))
        || (around && !ap_cstr_casecmp(around->directive, "<RequireNone"));
}

static const char *parse_rule(cmd_parms *cmd, const char *provider, const char *needed, const char *line,
                              const void **parsed)
{
    rule_t *rule = apr_palloc(cmd->pool, sizeof(*rule));

    rule->is_negated = is_negated(cmd->directive);
    *parsed = rule;
    return authjwt_authz_parse_arguments(cmd, provider, needed, line, &rule->arguments);
}

static const char *parse_role(cmd_parms *cmd, const char *line, const void **parsed)
{
    return parse_rule(cmd, "jwt-role", "at least one role", line, parsed);
}

static const char *parse_scope(cmd_parms *cmd, const char *line, const void **parsed)
{
    return parse_rule(cmd, "jwt-scope", "at least one scope", line, parsed);
}

static const char *parse_claim(cmd_parms *cmd, const char *line, const void **parsed)
{
    const char *error = parse_rule(cmd, "jwt-claim", "the name of a claim", line, parsed);
    const rule_t *rule = *parsed;
    const authjwt_authz_argument_t *name =
        error ? NULL : &APR_ARRAY_IDX((const apr_array_header_t *)rule->arguments, 0, authjwt_authz_argument_t);

    return error || name->expr ? error : authjwt_config_check_claim(cmd->pool, "Require jwt-claim", name->text);
}

/* AGE is no expression: no request may choose it. */
static const char *parse_fresh(cmd_parms *cmd, const char *line, const void **parsed)
{
    apr_interval_time_t *age = apr_palloc(cmd->pool, sizeof(*age));
    const char *text = ap_getword_conf(cmd->pool, &line);
    const char *error = NULL;

    *age = -1;
    if (*line) {
        return "Require jwt-fresh: takes at most one AGE, such as 15m";
    }
    if (*text) {
        error = authjwt_config_parse_time(cmd->pool, text, age);
    }
    if (!error && !*age) {
        error = "AGE must be longer than 0";
    }
    *parsed = age;
    return error ? apr_pstrcat(cmd->pool, "Require jwt-fresh: ", error, NULL) : NULL;
}

/* @return AUTHZ_GRANTED when the request has a user of this module */
static authz_status find_claims(request_rec *r, const aj_claims_t **claims)
{
    *claims = authjwt_identity_claims(r);
    return !r->user ? AUTHZ_DENIED_NO_USER : *claims ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

/* What a negated rule grants to refuses the request. */
static authz_status note_unmet(request_rec *r, const rule_t *rule, const char *provider, const char *line,
                               authz_status status)
{
    if (status == (rule->is_negated ? AUTHZ_GRANTED : AUTHZ_DENIED)) {
        authjwt_authz_note_unmet(r, provider, line, rule->is_negated);
    }
    return status;
}

static int has_role(request_rec *r, const void *subject, const char *role)
{
    return *role && authjwt_roles_have(r, subject, role);
}

static authz_status check_role(request_rec *r, const char *line, const void *parsed)
{
    const rule_t *rule = parsed;
    const aj_claims_t *claims;
    authz_status status = find_claims(r, &claims);

    if (status == AUTHZ_GRANTED) {
        status = authjwt_authz_holds_any(r, rule->arguments, 0, has_role, claims);
    }
    if (!claims || rule->is_negated) {
        return claims ? note_unmet(r, rule, "jwt-role", line, status) : status;
    }
    if (status == AUTHZ_DENIED) {
        authjwt_authz_note_wanted(r, line);
    }
    return status;
}

static int has_scope(request_rec *r, const void *subject, const char *scope)
{
    const aj_claims_t *claims = subject;

    (void)r;
    return aj_claims_holds_word(aj_claims_get(claims, "scope"), scope)
        || aj_claims_holds_word(aj_claims_get(claims, "scp"), scope);
}

/* scope-token of RFC 6749 3.3: anything else has no place in a challenge. */
static int is_scope(const char *text)
{
    const char *p;

    for (p = text; *p > 0x20 && *p < 0x7f && *p != '"' && *p != '\\'; p++) {
        continue;
    }
    return p > text && !*p;
}

static void add_word(apr_array_header_t *list, const char *word)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(list, i, const char *), word)) {
            return;
        }
    }
    APR_ARRAY_PUSH(list, const char *) = word;
}

/* The challenge of a 403 names the scopes (RFC 6750 3). */
static void note_scopes(request_rec *r, const apr_array_header_t *arguments)
{
    authjwt_state_t *state = authjwt_request_state(r);
    int i;

    for (i = 0; i < arguments->nelts; i++) {
        const char *scope = authjwt_authz_evaluate(r, &APR_ARRAY_IDX(arguments, i, authjwt_authz_argument_t));

        if (scope && is_scope(scope)) {
            state->scopes = state->scopes ? state->scopes : apr_array_make(r->pool, 2, sizeof(const char *));
            add_word(state->scopes, scope);
        }
    }
}

static authz_status check_scope(request_rec *r, const char *line, const void *parsed)
{
    const rule_t *rule = parsed;
    const aj_claims_t *claims;
    authz_status status = find_claims(r, &claims);

    if (status == AUTHZ_GRANTED) {
        status = authjwt_authz_holds_any(r, rule->arguments, 0, has_scope, claims);
    }
    if (status == AUTHZ_DENIED && claims && !rule->is_negated) {
        note_scopes(r, rule->arguments);
    }
    return claims ? note_unmet(r, rule, "jwt-scope", line, status) : status;
}

static int has_value(request_rec *r, const void *subject, const char *value)
{
    return aj_claims_holds(subject, value, r->pool);
}

static authz_status holds_claim(request_rec *r, const apr_array_header_t *arguments, const aj_claims_t *claims)
{
    const json_t *value;
    const char *name = authjwt_authz_evaluate(r, &APR_ARRAY_IDX(arguments, 0, authjwt_authz_argument_t));
    if (!name) {
        return AUTHZ_GENERAL_ERROR;
    }
    value = *name ? aj_claims_get(claims, name) : NULL;
    if (!value || json_is_null(value)) {
        return AUTHZ_DENIED;
    }
    return arguments->nelts == 1 ? AUTHZ_GRANTED : authjwt_authz_holds_any(r, arguments, 1, has_value, value);
}

static authz_status check_claim(request_rec *r, const char *line, const void *parsed)
{
    const rule_t *rule = parsed;
    const aj_claims_t *claims;
    authz_status status = find_claims(r, &claims);

    return status == AUTHZ_GRANTED ? note_unmet(r, rule, "jwt-claim", line, holds_claim(r, rule->arguments, claims))
                                   : status;
}

/* Where the whole chain then refuses, the hook asks it once more, supposing that the token were fresh. */
static authz_status check_fresh(request_rec *r, const char *line, const void *parsed)
{
    const apr_interval_time_t *age = parsed;
    authjwt_state_t *state = authjwt_request_state(r);
    const aj_claims_t *claims;
    authz_status status = find_claims(r, &claims);

    (void)line;
    if (status != AUTHZ_GRANTED || state->suppose_fresh || aj_claims_is_fresh(claims, *age, apr_time_now())) {
        return status;
    }
    state->fresh_denied = 1;
    return AUTHZ_DENIED;
}

static const authz_provider role_provider = { check_role, parse_role };
static const authz_provider claim_provider = { check_claim, parse_claim };
static const authz_provider scope_provider = { check_scope, parse_scope };
static const authz_provider fresh_provider = { check_fresh, parse_fresh };

static void add_provider(apr_pool_t *pool, const char *name, const authz_provider *provider)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, name, AUTHZ_PROVIDER_VERSION, provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}

void authjwt_authz_register(apr_pool_t *pool)
{
    add_provider(pool, "jwt-role", &role_provider);
    add_provider(pool, "jwt-claim", &claim_provider);
    add_provider(pool, "jwt-scope", &scope_provider);
    add_provider(pool, "jwt-fresh", &fresh_provider);
    authjwt_authz_register_hooks();
}

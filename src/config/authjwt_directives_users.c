/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters that say who gets a token and what is in it, by httpd's own authn and authz providers. */
#include <httpd.h>
#include <ap_expr.h>
#include <ap_provider.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_directives_private.h"

APLOG_USE_MODULE(authjwt);

const char *authjwt_directives_set_providers(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    apr_array_header_t *list = apr_array_make(cmd->pool, argc, sizeof(authjwt_provider_t));
    int i;

    for (i = 0; i < argc; i++) {
        authjwt_provider_t *entry = apr_array_push(list);

        entry->name = argv[i];
        if (!strcmp(argv[i], AUTHJWT_AUTHN_PROVIDER)) {
            return "AuthJWTProvider: \"jwt\" takes tokens for passwords, and a login with it would make a new session "
                   "of each token; "
                   "name providers that check passwords, such as file. It is for AuthBasicProvider";
        }
        entry->provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, argv[i], AUTHN_PROVIDER_VERSION);
        if (!entry->provider || !entry->provider->check_password) {
            return apr_psprintf(cmd->pool,
                                "AuthJWTProvider: \"%s\" is no authn provider that can check a password; "
                                "is its module (mod_authn_%s?) loaded before this line?",
                                argv[i], argv[i]);
        }
    }
    if (!argc) {
        return "AuthJWTProvider: needs at least one provider, such as file";
    }
    ((authjwt_dir_conf_t *)dir)->providers = list;
    return NULL;
}

/* Let one of httpd's authz providers read its part of the line, as a Require line would. */
static const char *parse_rule(cmd_parms *cmd, const char *args, authjwt_rule_t *rule)
{
    const char *error = NULL;

    rule->name = ap_getword_conf(cmd->pool, &args);
    rule->args = apr_pstrdup(cmd->pool, args);
    rule->provider = ap_lookup_provider(AUTHZ_PROVIDER_GROUP, rule->name, AUTHZ_PROVIDER_VERSION);
    if (!rule->provider) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is no authz provider; is its module (mod_authz_%s?) loaded before this line?",
                            cmd->cmd->name, rule->name, rule->name);
    }
    if (rule->provider->parse_require_line) {
        error = rule->provider->parse_require_line(cmd, rule->args, &rule->parsed);
    }
    return error ? apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name, rule->name, error) : NULL;
}

static const char *push_rule(cmd_parms *cmd, apr_array_header_t **list, const authjwt_rule_t *rule)
{
    if (!*list) {
        *list = apr_array_make(cmd->pool, 2, sizeof(authjwt_rule_t));
    }
    APR_ARRAY_PUSH(*list, authjwt_rule_t) = *rule;
    return NULL;
}

const char *authjwt_directives_add_grant(cmd_parms *cmd, void *dir, const char *args)
{
    authjwt_rule_t rule = { 0 };
    const char *error;

    rule.role = ap_getword_conf(cmd->pool, &args);
    if (!*rule.role || !*args) {
        return "AuthJWTGrantRole: write ROLE PROVIDER ARGS, such as AuthJWTGrantRole admin group staff";
    }
    error = parse_rule(cmd, args, &rule);
    return error ? error : push_rule(cmd, &((authjwt_dir_conf_t *)dir)->grants, &rule);
}

const char *authjwt_directives_add_login_require(cmd_parms *cmd, void *dir, const char *args)
{
    authjwt_rule_t rule = { 0 };
    const char *error;

    if (!*args) {
        return "AuthJWTLoginRequire: write PROVIDER ARGS, such as AuthJWTLoginRequire group members";
    }
    error = parse_rule(cmd, args, &rule);
    return error ? error : push_rule(cmd, &((authjwt_dir_conf_t *)dir)->login_requires, &rule);
}

void authjwt_directives_list_name(cmd_parms *cmd, apr_array_header_t **list, const char *name)
{
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        return;
    }
    if (!*list) {
        *list = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(*list, const char *) = name;
}

const char *authjwt_directives_add_claim(cmd_parms *cmd, void *dir, const char *name, const char *value)
{
    authjwt_dir_conf_t *conf = dir;
    authjwt_extra_claim_t claim = { .name = name };
    const char *error = NULL;

    if (!*name || *name == '/' || !aj_json_is_text(name)) {
        return apr_psprintf(
            cmd->pool,
            "AuthJWTClaim: \"%s\" cannot be the name of a claim; write its literal name in UTF-8, which does not "
            "begin with /",
            name);
    }
    if (authjwt_config_is_own_claim(name)) {
        return apr_psprintf(cmd->pool, "AuthJWTClaim: the claim %s is set by this module%s", name,
                            strcmp(name, "role") ? "; choose another name"
                                                 : "; see AuthJWTGrantRole, or choose another name");
    }
    claim.value = ap_expr_parse_cmd(cmd, value, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    if (error) {
        return apr_psprintf(cmd->pool, "AuthJWTClaim %s: the expression cannot be read: %s", name, error);
    }
    if (!conf->extra_claims) {
        conf->extra_claims = apr_array_make(cmd->pool, 2, sizeof(authjwt_extra_claim_t));
    }
    APR_ARRAY_PUSH(conf->extra_claims, authjwt_extra_claim_t) = claim;
    authjwt_directives_list_name(cmd, &authjwt_config_server(cmd->server)->claim_names, name);
    return NULL;
}

const char *authjwt_directives_set_dummy_hash(cmd_parms *cmd, void *dir, const char *hash)
{
    static const char *const forms[] = { "$2y$", "$2a$", "$2b$", "$5$", "$6$", "$apr1$", "{SHA}" };
    apr_size_t i;

    (void)dir;
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!strncmp(hash, forms[i], strlen(forms[i]))) {
            authjwt_config_server(cmd->server)->dummy_hash = hash;
            return NULL;
        }
    }
    return "AuthJWTDummyHash: write a hash as htpasswd does, such as what follows the colon of: htpasswd -nbBC 10 x x";
}

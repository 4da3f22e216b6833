/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users: what the configuration says about providers behind other names. httpd keeps the provider that an alias
 * is made of to itself, so its sections are read here once more. */
#include <httpd.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "authjwt_config.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

/* Does any line say AuthLDAPInitialBindAsUser on? */
static int binds_as_user;

/* Does any AuthBasicProvider name ldap, or an alias of it? */
static int basic_asks_ldap;

/* Name of each AuthnProviderAlias, and the provider it is made of. */
static apr_hash_t *authn_aliases;

int authjwt_users_is_ldap(const char *name)
{
    return !strncmp(name, "ldap-", 5);
}

int authjwt_users_bind_as_user(void)
{
    return binds_as_user;
}

int authjwt_users_basic_asks_ldap(void)
{
    return basic_asks_ldap;
}

const char *authjwt_users_made_of(const char *name)
{
    const char *provider = authn_aliases ? apr_hash_get(authn_aliases, name, APR_HASH_KEY_STRING) : NULL;

    return provider ? provider : name;
}

/* @param provider  set to what the alias is made of @return name of the alias that a section makes; else NULL */
static const char *alias_of(const ap_directive_t *node, const char *section, apr_pool_t *pool, const char **provider)
{
    const char *args = node->args;

    if (!args || ap_cstr_casecmp(node->directive, section)) {
        return NULL;
    }
    *provider = ap_getword_conf(pool, &args);
    args = ap_getword(pool, &args, '>');
    return ap_getword_conf(pool, &args);
}

/* The rule's provider, for a line of AuthJWTGrantRole or AuthJWTLoginRequire; else NULL. */
static const char *rule_of(const ap_directive_t *node, apr_pool_t *ptemp)
{
    const char *args = node->args;
    int grants = !ap_cstr_casecmp(node->directive, "AuthJWTGrantRole");

    if (!args || (!grants && ap_cstr_casecmp(node->directive, "AuthJWTLoginRequire"))) {
        return NULL;
    }
    if (grants) {
        (void)ap_getword_conf(ptemp, &args);
    }
    return ap_getword_conf(ptemp, &args);
}

static int names_ldap(const char *args, apr_pool_t *ptemp)
{
    while (args && *args) {
        if (!strcmp(authjwt_users_made_of(ap_getword_conf(ptemp, &args)), "ldap")) {
            return 1;
        }
    }
    return 0;
}

/* Aliases stand outside all sections, and before what uses them. */
static void look_at(const ap_directive_t *node, apr_hash_t *authz_aliases, server_rec *s, apr_pool_t *pool)
{
    for (; node; node = node->next) {
        const char *rule = rule_of(node, pool);
        const char *provider = NULL;
        const char *authn = alias_of(node, "<AuthnProviderAlias", pool, &provider);
        const char *authz = authn ? NULL : alias_of(node, "<AuthzProviderAlias", pool, &provider);

        if (authn) {
            apr_hash_set(authn_aliases, authn, APR_HASH_KEY_STRING, authjwt_users_made_of(provider));
        }
        else if (authz && authjwt_users_is_ldap(provider)) {
            apr_hash_set(authz_aliases, authz, APR_HASH_KEY_STRING, provider);
        }
        else if (!ap_cstr_casecmp(node->directive, "AuthLDAPInitialBindAsUser")) {
            binds_as_user |= !ap_cstr_casecmp(node->args, "on");
        }
        else if (!ap_cstr_casecmp(node->directive, "AuthBasicProvider")) {
            basic_asks_ldap |= names_ldap(node->args, pool);
        }
        else if (rule && apr_hash_get(authz_aliases, rule, APR_HASH_KEY_STRING) && authjwt_config_logs_now()) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         "AJ1213: %s %s (%s:%d): while the directory is down this alias reads as \"not in the "
                         "group\"; write the ldap- provider itself there",
                         node->directive, node->args, node->filename, node->line_num);
        }
        look_at(node->first_child, authz_aliases, s, pool);
    }
}

int authjwt_users_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    binds_as_user = basic_asks_ldap = 0;
    authn_aliases = apr_hash_make(pconf);
    look_at(ap_conftree, apr_hash_make(ptemp), s, pconf);
    return OK;
}

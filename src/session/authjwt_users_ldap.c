/* authjwt_users: is the directory there? mod_authnz_ldap's authz providers deny where it does not answer. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_config.h>
#include <http_log.h>
#include <mod_auth.h>

#include "aj_digest.h"
#include "authjwt_config.h"
#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

int authjwt_users_is_ldap(const char *name)
{
    return !strncmp(name, "ldap-", 5);
}

/* Does any line say AuthLDAPInitialBindAsUser on? Then a bind that fails is a user's, and not the service account's. */
static int binds_as_user;

/* Names of AuthnProviderAlias for ldap. */
static apr_table_t *authn_aliases;

int authjwt_users_is_directory(const char *name)
{
    return !strcmp(name, "ldap") || (authn_aliases && apr_table_get(authn_aliases, name));
}

/* @return name of the alias that a section makes of one of mod_authnz_ldap's providers, authn or authz; else NULL */
static const char *ldap_alias(const ap_directive_t *node, const char *section, apr_pool_t *pool)
{
    const char *args = node->args;
    const char *provider;

    if (!args || ap_cstr_casecmp(node->directive, section)) {
        return NULL;
    }
    provider = ap_getword_conf(pool, &args);
    return !strcmp(provider, "ldap") || authjwt_users_is_ldap(provider) ? ap_getword(pool, &args, '>') : NULL;
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

/* Aliases stand outside all sections, and before what uses them. */
static void look_at(const ap_directive_t *node, apr_table_t *aliases, server_rec *s, apr_pool_t *ptemp)
{
    for (; node; node = node->next) {
        const char *rule = rule_of(node, ptemp);
        const char *authn = ldap_alias(node, "<AuthnProviderAlias", ptemp);
        const char *authz = ldap_alias(node, "<AuthzProviderAlias", ptemp);

        if (authn) {
            apr_table_set(authn_aliases, ap_getword_conf(ptemp, &authn), "");
        }
        else if (authz) {
            apr_table_set(aliases, ap_getword_conf(ptemp, &authz), "");
        }
        else if (!ap_cstr_casecmp(node->directive, "AuthLDAPInitialBindAsUser")) {
            binds_as_user |= !ap_cstr_casecmp(node->args, "on");
        }
        else if (rule && apr_table_get(aliases, rule) && authjwt_config_announces()) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         "AJ1213: %s %s (%s:%d): while the directory is down this alias reads as \"not in the "
                         "group\"; write the ldap- provider itself there",
                         node->directive, node->args, node->filename, node->line_num);
        }
        look_at(node->first_child, aliases, s, ptemp);
    }
}

int authjwt_users_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    binds_as_user = 0;
    authn_aliases = apr_table_make(pconf, 2);
    look_at(ap_conftree, apr_table_make(ptemp, 4), s, ptemp);
    return OK;
}

/* A user that there is not: found or not, nobody's password is tried, and no account is locked. */
static authn_status ask_for_nobody(request_rec *r, const authn_provider *ldap)
{
    const char *nobody = aj_random_id(r->pool);

    return nobody ? ldap->check_password(r, nobody, nobody) : AUTH_GENERAL_ERROR;
}

int authjwt_users_directory_answers(request_rec *r)
{
    const authn_provider *ldap = ap_lookup_provider(AUTHN_PROVIDER_GROUP, "ldap", AUTHN_PROVIDER_VERSION);
    module *owner = ap_find_linked_module("mod_authnz_ldap.c");
    authjwt_state_t *state = authjwt_request_state(r);
    authn_status answer;
    char *user = r->user;
    void *found;

    if (state->directory_answered || !ldap || !owner) {
        return state->directory_answered;
    }
    /* What the module knows of the user of this request is not to be mixed up with nobody. */
    found = ap_get_module_config(r->request_config, owner);
    answer = ask_for_nobody(r, ldap);
    ap_set_module_config(r->request_config, owner, found);
    r->user = user;
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1210: the directory does not answer");
    }
    else if (answer == AUTH_DENIED && !binds_as_user) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1214: the directory refuses AuthLDAPBindDN, or its AuthLDAPBindPassword");
        answer = AUTH_GENERAL_ERROR;
    }
    state->directory_answered = answer != AUTH_GENERAL_ERROR;
    return state->directory_answered;
}

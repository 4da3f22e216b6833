/* authjwt_users: ask httpd's own authn and authz providers. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_config.h>
#include <http_log.h>
#include <mod_auth.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "aj_claims.h"
#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

int authjwt_users_is_identity(const char *name)
{
    return *name && aj_json_is_text(name) && !aj_claims_has_control(name);
}

/* r->user is as with mod_auth_basic: what was typed, unless the provider puts another name there. */
static authn_status ask_provider(request_rec *r, const authjwt_provider_t *entry, const char *user,
                                 const char *password)
{
    authn_status answer;

    r->user = apr_pstrdup(r->pool, user);
    apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, entry->name);
    answer = entry->provider->check_password(r, user, password);
    apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    if (answer == AUTH_USER_NOT_FOUND && !authjwt_users_database_answers(r)) {
        return AUTH_GENERAL_ERROR;
    }
    /* A service account that the directory refuses looks like a wrong password. */
    if (answer == AUTH_DENIED && !strcmp(entry->name, "ldap") && *password && !authjwt_users_directory_answers(r)) {
        return AUTH_GENERAL_ERROR;
    }
    return answer;
}

/* Without AuthJWTProvider it is "file", as with mod_auth_basic. */
static authn_status ask_default(request_rec *r, const char *user, const char *password)
{
    authjwt_provider_t entry = { AUTHN_DEFAULT_PROVIDER, NULL };

    entry.provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, entry.name, AUTHN_PROVIDER_VERSION);
    if (!entry.provider || !entry.provider->check_password) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1201: the default AuthJWTProvider \"%s\" is not loaded",
                      entry.name);
        return AUTH_GENERAL_ERROR;
    }
    return ask_provider(r, &entry, user, password);
}

static authjwt_verdict_e accept_user(request_rec *r, const char *typed, const char **identity)
{
    const char *name = r->user ? r->user : "";

    if (!authjwt_users_is_identity(name)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1212: login refused: the name that the user store gives the user is empty, not UTF-8 or "
                      "holds control characters");
        return AUTHJWT_BACKEND_UNAVAILABLE;
    }
    if (strcmp(name, typed)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1208: the user store calls user \"%s\" \"%s\"",
                      aj_escape(typed, strlen(typed), r->pool), aj_escape(name, strlen(name), r->pool));
    }
    *identity = name;
    return AUTHJWT_OK;
}

authjwt_verdict_e authjwt_users_check_password(request_rec *r, const char *user, const char *password,
                                               const char **identity)
{
    const apr_array_header_t *list = authjwt_config_dir(r)->providers;
    authn_status answer = list ? AUTH_USER_NOT_FOUND : ask_default(r, user, password);
    int costs_nothing = answer == AUTH_USER_NOT_FOUND;
    int i;

    for (i = 0; list && i < list->nelts && answer == AUTH_USER_NOT_FOUND; i++) {
        const authjwt_provider_t *entry = &APR_ARRAY_IDX(list, i, authjwt_provider_t);

        answer = ask_provider(r, entry, user, password);
        costs_nothing = answer == AUTH_USER_NOT_FOUND || authjwt_users_is_directory(entry->name);
    }
    if (answer == AUTH_GRANTED) {
        return accept_user(r, user, identity);
    }
    r->user = NULL;
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1202: login not decided: a user store cannot answer");
        return AUTHJWT_BACKEND_UNAVAILABLE;
    }
    if (costs_nothing) {
        /* As long as a wrong password takes elsewhere, so that time does not tell which names exist. */
        (void)apr_password_validate(password, authjwt_config_dummy_hash(authjwt_config_server(r->server)));
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1203: login refused: %s",
                  answer == AUTH_DENIED ? "wrong password" : "unknown user");
    return AUTHJWT_INVALID_CREDENTIALS;
}

/* Providers that look a user up before they look at the password. Others might count a failed attempt, or lock the
 * account. */
static int can_tell_users(const authjwt_provider_t *entry)
{
    return !strcmp(entry->name, "file") || !strcmp(entry->name, "dbm") || !strcmp(entry->name, "dbd");
}

authjwt_verdict_e authjwt_users_still_known(request_rec *r, const char *user)
{
    const apr_array_header_t *list = authjwt_config_dir(r)->providers;
    authn_status answer = AUTH_USER_NOT_FOUND;
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (!can_tell_users(&APR_ARRAY_IDX(list, i, authjwt_provider_t))) {
            return AUTHJWT_OK;
        }
    }
    for (i = 0; list && i < list->nelts && answer == AUTH_USER_NOT_FOUND; i++) {
        answer = ask_provider(r, &APR_ARRAY_IDX(list, i, authjwt_provider_t), user, "nobody's password");
    }
    if (list && answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1206: refresh not decided: a provider of AuthJWTProvider cannot say whether the user "
                      "still exists; is it set up in this location too?");
        return AUTHJWT_BACKEND_UNAVAILABLE;
    }
    if (list && answer == AUTH_USER_NOT_FOUND) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1207: refresh refused: the user exists no more");
        return AUTHJWT_TOKEN_REVOKED;
    }
    return AUTHJWT_OK;
}

/* A provider of mod_authz_groupfile denies where it cannot read the file, and says so in the log alone. */
void authjwt_users_error_log(const ap_errorlog_info *info, const char *text)
{
    const module *groupfile;

    (void)text;
    /* Requests that modules make up for themselves may have no configuration. */
    if (!info->r || !info->r->request_config || info->level > APLOG_ERR
        || !ap_get_module_config(info->r->request_config, &authjwt_module)) {
        return;
    }
    groupfile = ap_find_linked_module("mod_authz_groupfile.c");
    if (groupfile && info->module_index == groupfile->module_index) {
        authjwt_request_state((request_rec *)info->r)->group_file_failed = 1;
    }
}

static authz_status ask_rule_once(request_rec *r, const authjwt_rule_t *rule)
{
    authjwt_state_t *state = authjwt_request_state(r);
    authz_status answer;

    state->group_file_failed = 0;
    apr_table_setn(r->notes, AUTHZ_PROVIDER_NAME_NOTE, rule->name);
    answer = rule->provider->check_authorization(r, rule->args, rule->parsed);
    apr_table_unset(r->notes, AUTHZ_PROVIDER_NAME_NOTE);
    if (answer == AUTHZ_GRANTED) {
        return answer;
    }
    return state->group_file_failed || !authjwt_users_database_answers(r) ? AUTHZ_GENERAL_ERROR : answer;
}

/* mod_authnz_ldap denies where the directory is down, or a kept connection to it has broken: what counts is what it
 * says when it is there. */
static authz_status ask_rule(request_rec *r, const authjwt_rule_t *rule)
{
    authz_status answer = ask_rule_once(r, rule);

    if (answer == AUTHZ_GRANTED || answer == AUTHZ_GENERAL_ERROR || !authjwt_users_is_ldap(rule->name)) {
        return answer;
    }
    return authjwt_users_directory_answers(r) ? ask_rule_once(r, rule) : AUTHZ_GENERAL_ERROR;
}

static authjwt_verdict_e rule_failed(request_rec *r, const authjwt_rule_t *rule)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1204: no token issued: authz provider \"%s\" cannot answer",
                  rule->name);
    return AUTHJWT_BACKEND_UNAVAILABLE;
}

authjwt_verdict_e authjwt_users_admit(request_rec *r, const char *user)
{
    const apr_array_header_t *rules = authjwt_config_dir(r)->login_requires;
    int i;

    r->user = apr_pstrdup(r->pool, user);
    for (i = 0; rules && i < rules->nelts; i++) {
        const authjwt_rule_t *rule = &APR_ARRAY_IDX(rules, i, authjwt_rule_t);
        authz_status answer = ask_rule(r, rule);

        if (answer == AUTHZ_GENERAL_ERROR) {
            return rule_failed(r, rule);
        }
        if (answer != AUTHZ_GRANTED) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                          "AJ1205: no token issued: AuthJWTLoginRequire %s %s does not grant", rule->name, rule->args);
            return AUTHJWT_ACCESS_DENIED;
        }
    }
    return AUTHJWT_OK;
}

int authjwt_users_grants_roles(const request_rec *r)
{
    return authjwt_config_dir(r)->grants != NULL;
}

static int contains(const apr_array_header_t *list, const char *name)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(list, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

authjwt_verdict_e authjwt_users_roles(request_rec *r, const char *user, apr_array_header_t **out)
{
    const apr_array_header_t *rules = authjwt_config_dir(r)->grants;
    apr_array_header_t *roles = apr_array_make(r->pool, 2, sizeof(const char *));
    int i;

    r->user = apr_pstrdup(r->pool, user);
    for (i = 0; rules && i < rules->nelts; i++) {
        const authjwt_rule_t *rule = &APR_ARRAY_IDX(rules, i, authjwt_rule_t);
        authz_status answer;

        if (contains(roles, rule->role)) {
            continue;
        }
        answer = ask_rule(r, rule);
        if (answer == AUTHZ_GENERAL_ERROR) {
            return rule_failed(r, rule);
        }
        if (answer == AUTHZ_GRANTED) {
            APR_ARRAY_PUSH(roles, const char *) = rule->role;
        }
    }
    *out = roles;
    return AUTHJWT_OK;
}

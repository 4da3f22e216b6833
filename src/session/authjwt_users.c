/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users: ask httpd's own authz providers. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <mod_auth.h>
#include <apr_strings.h>

#include "aj_error.h"
#include "authjwt_config.h"
#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

/* A provider of mod_authz_groupfile denies where it cannot read the file, and says so in the log alone. */
static const module *groupfile(void)
{
    return ap_find_linked_module("mod_authz_groupfile.c");
}

/* That line must be written for it to be noticed, whatever LogLevel says of that module.
 * @return the levels of this request before */
static const struct ap_logconf *log_group_file(request_rec *r)
{
    const struct ap_logconf *before = r->log;
    const module *owner = groupfile();

    if (owner && ap_get_request_module_loglevel(r, owner->module_index) < APLOG_ERR) {
        struct ap_logconf *levels = ap_new_log_config(r->pool, ap_get_request_logconf(r));

        ap_set_module_loglevel(r->pool, levels, owner->module_index, APLOG_ERR);
        r->log = levels;
    }
    return before;
}

void authjwt_users_error_log(const ap_errorlog_info *info, const char *text)
{
    const module *owner;

    (void)text;
    /* Requests that modules make up for themselves may have no configuration. */
    if (!info->r || !info->r->request_config || info->level > APLOG_ERR
        || !ap_get_module_config(info->r->request_config, &authjwt_module)) {
        return;
    }
    owner = groupfile();
    if (owner && info->module_index == owner->module_index) {
        authjwt_request_state((request_rec *)info->r)->group_file_failed = 1;
    }
}

static authz_status ask_rule_once(request_rec *r, const authjwt_rule_t *rule)
{
    authjwt_state_t *state = authjwt_request_state(r);
    const struct ap_logconf *levels = log_group_file(r);
    authz_status answer;

    state->group_file_failed = 0;
    apr_table_setn(r->notes, AUTHZ_PROVIDER_NAME_NOTE, rule->name);
    answer = rule->provider->check_authorization(r, rule->args, rule->parsed);
    apr_table_unset(r->notes, AUTHZ_PROVIDER_NAME_NOTE);
    r->log = levels;
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
    return authjwt_users_directory_answers(r, "ldap") ? ask_rule_once(r, rule) : AUTHZ_GENERAL_ERROR;
}

static const char *shown(request_rec *r)
{
    return aj_escape(r->user, strlen(r->user), r->pool);
}

static authjwt_verdict_e rule_failed(request_rec *r, const authjwt_rule_t *rule)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AJ1204: no token issued: authz provider \"%s\" cannot answer for user \"%s\"", rule->name, shown(r));
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
                          "AJ1205: no token issued: AuthJWTLoginRequire %s %s does not grant user \"%s\"", rule->name,
                          rule->args, shown(r));
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

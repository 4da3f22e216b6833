/* authjwt_users: ask httpd's own authn and authz providers. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_log.h>
#include <mod_auth.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_reply.h"
#include "authjwt_users.h"

APLOG_USE_MODULE(authjwt);

static authn_status ask_provider(request_rec *r, const authjwt_provider_t *entry, const char *user, const char *password)
{
    authn_status answer;

    apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, entry->name);
    answer = entry->provider->check_password(r, user, password);
    apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    return answer;
}

/* Without AuthJWTProvider it is "file", as with mod_auth_basic. */
static authn_status ask_default(request_rec *r, const char *user, const char *password)
{
    authjwt_provider_t entry = { AUTHN_DEFAULT_PROVIDER, NULL };

    entry.provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, entry.name, AUTHN_PROVIDER_VERSION);
    if (!entry.provider || !entry.provider->check_password) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1201: the default AuthJWTProvider \"%s\" is not loaded", entry.name);
        return AUTH_GENERAL_ERROR;
    }
    return ask_provider(r, &entry, user, password);
}

int authjwt_users_check_password(request_rec *r, const char *user, const char *password)
{
    const apr_array_header_t *list = authjwt_config_dir(r)->providers;
    authn_status answer = list ? AUTH_USER_NOT_FOUND : ask_default(r, user, password);
    int i;

    for (i = 0; list && i < list->nelts && answer == AUTH_USER_NOT_FOUND; i++) {
        answer = ask_provider(r, &APR_ARRAY_IDX(list, i, authjwt_provider_t), user, password);
    }
    if (answer == AUTH_GRANTED) {
        return OK;
    }
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1202: login not decided: a user store cannot answer");
        return authjwt_reply_refuse(r, AUTHJWT_BACKEND_UNAVAILABLE);
    }
    if (answer == AUTH_USER_NOT_FOUND) {
        /* As long as a wrong password takes, so that time does not tell which names exist. */
        (void)apr_password_validate(password, authjwt_config_dummy_hash(authjwt_config_server(r->server)));
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1203: login refused: %s",
                  answer == AUTH_DENIED ? "wrong password" : "unknown user");
    return authjwt_reply_refuse(r, AUTHJWT_INVALID_CREDENTIALS);
}

/* Providers that look a user up before they look at the password. Others might count a failed attempt, or lock the account. */
static int can_tell_users(const authjwt_provider_t *entry)
{
    return !strcmp(entry->name, "file") || !strcmp(entry->name, "dbm") || !strcmp(entry->name, "dbd");
}

int authjwt_users_still_known(request_rec *r, const char *user)
{
    const apr_array_header_t *list = authjwt_config_dir(r)->providers;
    authn_status answer = AUTH_USER_NOT_FOUND;
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (!can_tell_users(&APR_ARRAY_IDX(list, i, authjwt_provider_t))) {
            return OK;
        }
    }
    for (i = 0; list && i < list->nelts && answer == AUTH_USER_NOT_FOUND; i++) {
        answer = ask_provider(r, &APR_ARRAY_IDX(list, i, authjwt_provider_t), user, "nobody's password");
    }
    if (list && answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1206: refresh not decided: a provider of AuthJWTProvider cannot say whether the user "
                      "still exists; is it set up in this location too?");
        return authjwt_reply_refuse(r, AUTHJWT_BACKEND_UNAVAILABLE);
    }
    if (list && answer == AUTH_USER_NOT_FOUND) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1207: refresh refused: the user exists no more");
        return authjwt_reply_refuse(r, AUTHJWT_TOKEN_REVOKED);
    }
    return OK;
}

static authz_status ask_rule(request_rec *r, const authjwt_rule_t *rule)
{
    authz_status answer;

    apr_table_setn(r->notes, AUTHZ_PROVIDER_NAME_NOTE, rule->name);
    answer = rule->provider->check_authorization(r, rule->args, rule->parsed);
    apr_table_unset(r->notes, AUTHZ_PROVIDER_NAME_NOTE);
    return answer;
}

static int rule_failed(request_rec *r, const authjwt_rule_t *rule)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1204: no token issued: authz provider \"%s\" cannot answer", rule->name);
    return authjwt_reply_refuse(r, AUTHJWT_BACKEND_UNAVAILABLE);
}

int authjwt_users_admit(request_rec *r, const char *user)
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
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1205: no token issued: AuthJWTLoginRequire %s %s does not grant",
                          rule->name, rule->args);
            return authjwt_reply_refuse(r, AUTHJWT_ACCESS_DENIED);
        }
    }
    return OK;
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

int authjwt_users_roles(request_rec *r, const char *user, apr_array_header_t **out)
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
    return OK;
}

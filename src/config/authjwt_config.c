/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: create and merge. The setters are in authjwt_directives.c, the defaults in authjwt_config_values.c.
 */
#include <http_core.h>
#include <http_request.h>

#include "authjwt_config.h"

void *authjwt_config_create_server(apr_pool_t *pool, server_rec *s)
{
    authjwt_server_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    conf->leeway = -1;
    conf->access_expires = -1;
    conf->refresh_expires = -1;
    conf->session_expires = -1;
    conf->throttle_failures = -1;
    conf->lock_failures = -1;
    conf->check_interval = -1;
    conf->store_replicas = -1;
    conf->store_timeout = -1;
    conf->cache = -1;
    conf->session_directory = -1;
    conf->session_limit = -1;
    return conf;
}

#define MERGE_POINTER(member) (merged->member = add->member ? add->member : base->member)
/* Flags and times, -1 when unset. */
#define MERGE_NUMBER(member) (merged->member = add->member >= 0 ? add->member : base->member)
/* Lists that grow from section to section. */
#define MERGE_LIST(member)                                                                            \
    (merged->member = add->member && base->member ? apr_array_append(pool, base->member, add->member) \
                    : add->member                 ? add->member                                       \
                                                  : base->member)

int authjwt_config_store_is(const char *spec, const char *provider)
{
    apr_size_t len = strlen(provider);

    return spec && !strncmp(spec, provider, len) && (!spec[len] || spec[len] == ':');
}

/* Whom a virtual host inherits AuthJWTStoreAuth and its kin from: nobody, if its store takes none of them. */
static const authjwt_server_conf_t *store_base(const authjwt_server_conf_t *base, const authjwt_server_conf_t *add)
{
    static const authjwt_server_conf_t none = { .store_replicas = -1, .store_timeout = -1 };

    return add->store_spec && !authjwt_config_store_is(add->store_spec, "valkey") ? &none : base;
}

void *authjwt_config_merge_server(apr_pool_t *pool, void *base_conf, void *add_conf)
{
    const authjwt_server_conf_t *base = base_conf;
    const authjwt_server_conf_t *add = add_conf;
    authjwt_server_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    /* A virtual host that names keys uses only its own. */
    MERGE_POINTER(key_specs);
    MERGE_POINTER(issuer);
    MERGE_POINTER(audiences);
    MERGE_NUMBER(leeway);
    MERGE_NUMBER(access_expires);
    MERGE_NUMBER(refresh_expires);
    MERGE_NUMBER(session_expires);
    MERGE_NUMBER(session_directory);
    MERGE_NUMBER(session_limit);
    merged->session_limit_refuses = add->session_limit >= 0 ? add->session_limit_refuses : base->session_limit_refuses;
    MERGE_POINTER(store_spec);
    MERGE_NUMBER(throttle_failures);
    merged->throttle_window = add->throttle_failures >= 0 ? add->throttle_window : base->throttle_window;
    MERGE_NUMBER(lock_failures);
    merged->lock_time = add->lock_failures >= 0 ? add->lock_time : base->lock_time;
    MERGE_POINTER(audit_log);
    MERGE_POINTER(dummy_hash);
    MERGE_NUMBER(cache);
    MERGE_LIST(claim_names);
    MERGE_LIST(role_names);
    merged->on_error = add->on_error != AUTHJWT_ON_ERROR_UNSET ? add->on_error : base->on_error;
    merged->on_loss = add->on_loss != AUTHJWT_ON_LOSS_UNSET ? add->on_loss : base->on_loss;
    MERGE_NUMBER(check_interval);
    MERGE_POINTER(state_dir);
    base = store_base(base, add);
    MERGE_POINTER(store_auth);
    MERGE_POINTER(store_tls);
    MERGE_NUMBER(store_replicas);
    merged->store_replicas_time = add->store_replicas >= 0 ? add->store_replicas_time : base->store_replicas_time;
    MERGE_NUMBER(store_timeout);
    return merged;
}

void *authjwt_config_create_dir(apr_pool_t *pool, char *path)
{
    authjwt_dir_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    conf->cookies = -1;
    conf->cookie_secure = -1;
    conf->session_cookie = -1;
    conf->optional = -1;
    conf->allow_preflight = -1;
    conf->report_only = -1;
    conf->rotation = -1;
    conf->grace = -1;
    conf->remember_me = -1;
    conf->session_idle = -1;
    return conf;
}

/* What people see. */
static void merge_dir_pages(authjwt_dir_conf_t *merged, const authjwt_dir_conf_t *base, const authjwt_dir_conf_t *add,
                            apr_pool_t *pool)
{
    MERGE_POINTER(login_url);
    MERGE_POINTER(login_page);
    MERGE_POINTER(login_logo);
    MERGE_POINTER(login_style);
    MERGE_LIST(login_texts);
    MERGE_POINTER(logout_redirect);
}

/* How sessions go on. */
static void merge_dir_sessions(authjwt_dir_conf_t *merged, const authjwt_dir_conf_t *base,
                               const authjwt_dir_conf_t *add)
{
    MERGE_NUMBER(rotation);
    MERGE_NUMBER(grace);
    MERGE_NUMBER(remember_me);
    MERGE_NUMBER(session_idle);
    MERGE_POINTER(idle_ignore);
    MERGE_POINTER(sessions_admin);
}

void *authjwt_config_merge_dir(apr_pool_t *pool, void *base_conf, void *add_conf)
{
    const authjwt_dir_conf_t *base = base_conf;
    const authjwt_dir_conf_t *add = add_conf;
    authjwt_dir_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    MERGE_POINTER(locations);
    MERGE_POINTER(locations_and_cookie);
    MERGE_NUMBER(cookies);
    MERGE_NUMBER(cookie_secure);
    MERGE_NUMBER(session_cookie);
    MERGE_POINTER(cookie_same_site);
    MERGE_POINTER(cookie_domain);
    MERGE_POINTER(cookie_path);
    merge_dir_pages(merged, base, add, pool);
    MERGE_POINTER(auto_refresh);
    merged->csrf = add->csrf != AUTHJWT_CSRF_UNSET ? add->csrf : base->csrf;
    MERGE_POINTER(trusted_origins);
    merged->tokens_in_body = add->tokens_in_body != AUTHJWT_IN_BODY_UNSET ? add->tokens_in_body : base->tokens_in_body;
    MERGE_NUMBER(optional);
    MERGE_NUMBER(allow_preflight);
    MERGE_NUMBER(report_only);
    merged->forward_token = add->forward_token != AUTHJWT_FORWARD_UNSET ? add->forward_token : base->forward_token;
    merged->export = add->export != AUTHJWT_EXPORT_UNSET ? add->export : base->export;
    merged->export_names = add->export != AUTHJWT_EXPORT_UNSET ? add->export_names : base->export_names;
    MERGE_LIST(request_headers);
    MERGE_LIST(error_documents);
    MERGE_POINTER(header_name);
    MERGE_POINTER(header_type);
    MERGE_POINTER(query_name);
    MERGE_POINTER(access_cookie);
    MERGE_POINTER(refresh_cookie);
    MERGE_POINTER(identity_claim);
    MERGE_POINTER(role_claims);
    MERGE_POINTER(login_user_field);
    MERGE_POINTER(login_password_field);
    merge_dir_sessions(merged, base, add);
    MERGE_POINTER(providers);
    MERGE_POINTER(grants);
    MERGE_POINTER(login_requires);
    MERGE_LIST(extra_claims);
    return merged;
}

authjwt_server_conf_t *authjwt_config_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &authjwt_module);
}

int authjwt_config_testing(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL;
}

int authjwt_config_logs_now(void)
{
    return authjwt_config_testing() || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_CONFIG;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: what is in effect: what the administrator said, else the default. */
#include <string.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"

#define DEFAULT_CHECK_INTERVAL  apr_time_from_sec(0)
#define DEFAULT_LEEWAY          apr_time_from_sec(10)
#define DEFAULT_GRACE           apr_time_from_sec(10)
#define DEFAULT_ACCESS_EXPIRES  apr_time_from_sec(15 * 60)
#define DEFAULT_REFRESH_EXPIRES apr_time_from_sec(30 * 24 * 3600)

#define DEFAULT_THROTTLE_FAILURES 10
#define DEFAULT_THROTTLE_WINDOW   apr_time_from_sec(60)
/* NIST SP 800-63B-4, 3.2.2: no more than 100. */
#define DEFAULT_LOCK_FAILURES 100
#define DEFAULT_LOCK_TIME     apr_time_from_sec(3600)
#define DEFAULT_CACHE         1024

#define DEFAULT_STORE_REPLICAS      0
#define DEFAULT_STORE_REPLICAS_TIME apr_time_from_sec(1)
#define DEFAULT_STORE_TIMEOUT       apr_time_from_msec(500)

/* bcrypt of the cost that the documentation recommends (htpasswd -B -C 10); nobody's password. */
#define DEFAULT_DUMMY_HASH "$2y$10$xRFb.Vai44qlB/dqT3JwWeMlfX/hjbdCm5Vf.9FVh/6XG7627K7nS"

/* Without AuthJWTTokenLocation: the header; with AuthJWTCookies on, the cookie after it. */
static const authjwt_location_e default_locations[] = { AUTHJWT_IN_HEADER, AUTHJWT_IN_COOKIE };

int authjwt_config_is_listed(const apr_array_header_t *list, const char *name)
{
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(list, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

int authjwt_config_is_own_claim(const char *name)
{
    static const char *const names[] = { "iss",      "aud",          "sub",      "iat",  "nbf",     "exp",
                                         "jti",      "type",         "fresh",    "sid",  "sid_exp", "sid_gen",
                                         "sid_from", "sid_remember", "sid_idle", "csrf", "role" };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

int authjwt_config_locations(const authjwt_dir_conf_t *conf, const authjwt_location_e **locations)
{
    const apr_array_header_t *list = authjwt_config_cookies(conf) ? conf->locations_and_cookie : conf->locations;

    if (!list) {
        *locations = default_locations;
        return authjwt_config_cookies(conf) ? 2 : 1;
    }
    *locations = (const authjwt_location_e *)list->elts;
    return list->nelts;
}

int authjwt_config_has_location(const authjwt_dir_conf_t *conf, authjwt_location_e location)
{
    const authjwt_location_e *locations;
    int count = authjwt_config_locations(conf, &locations);
    int i;

    for (i = 0; i < count; i++) {
        if (locations[i] == location) {
            return 1;
        }
    }
    return 0;
}

const char *authjwt_config_header_name(const authjwt_dir_conf_t *conf)
{
    return conf->header_name ? conf->header_name : "Authorization";
}

const char *authjwt_config_header_type(const authjwt_dir_conf_t *conf)
{
    return conf->header_type ? conf->header_type : "Bearer";
}

const char *authjwt_config_query_name(const authjwt_dir_conf_t *conf)
{
    return conf->query_name ? conf->query_name : "jwt";
}

/* What begins with __Host- no other host of the domain can set (RFC 6265bis 4.1.3.2). Named by constants, so that equal
 * pointers mean equal names. */
static const char host_access_cookie[] = "__Host-access_token_cookie";
static const char host_refresh_cookie[] = "__Host-refresh_token_cookie";

#define HOST_PREFIX_LEN (sizeof("__Host-") - 1)

static int may_have_host_prefix(const authjwt_dir_conf_t *conf)
{
    return authjwt_config_cookies(conf) && authjwt_config_cookie_secure(conf)
        && !strcmp(authjwt_config_cookie_path(conf), "/") && !conf->cookie_domain;
}

static const char *cookie_name(const authjwt_dir_conf_t *conf, const char *said, const char *host_name)
{
    return said ? said : host_name + (may_have_host_prefix(conf) ? 0 : HOST_PREFIX_LEN);
}

const char *authjwt_config_access_cookie(const authjwt_dir_conf_t *conf)
{
    return cookie_name(conf, conf->access_cookie, host_access_cookie);
}

const char *authjwt_config_refresh_cookie(const authjwt_dir_conf_t *conf)
{
    return cookie_name(conf, conf->refresh_cookie, host_refresh_cookie);
}

const char *authjwt_config_plain_cookie(const char *name)
{
    return name == host_access_cookie || name == host_refresh_cookie ? name + HOST_PREFIX_LEN : NULL;
}

int authjwt_config_cookies(const authjwt_dir_conf_t *conf)
{
    return conf->cookies > 0;
}

int authjwt_config_cookie_secure(const authjwt_dir_conf_t *conf)
{
    return conf->cookie_secure != 0;
}

int authjwt_config_session_cookie(const authjwt_dir_conf_t *conf)
{
    return conf->session_cookie != 0;
}

const char *authjwt_config_cookie_same_site(const authjwt_dir_conf_t *conf)
{
    return conf->cookie_same_site ? conf->cookie_same_site : "Lax";
}

const char *authjwt_config_cookie_path(const authjwt_dir_conf_t *conf)
{
    return conf->cookie_path ? conf->cookie_path : "/";
}

const char *authjwt_config_login_page(const authjwt_dir_conf_t *conf)
{
    return conf->login_page ? conf->login_page : "builtin";
}

const char *authjwt_config_auto_refresh(const authjwt_dir_conf_t *conf)
{
    return conf->auto_refresh && *conf->auto_refresh == '/' ? conf->auto_refresh : NULL;
}

authjwt_csrf_e authjwt_config_csrf(const authjwt_dir_conf_t *conf)
{
    return conf->csrf != AUTHJWT_CSRF_UNSET ? conf->csrf : AUTHJWT_CSRF_AUTO;
}

authjwt_in_body_e authjwt_config_tokens_in_body(const authjwt_dir_conf_t *conf)
{
    if (!authjwt_config_cookies(conf)) {
        return AUTHJWT_IN_BODY_ON;
    }
    return conf->tokens_in_body != AUTHJWT_IN_BODY_UNSET ? conf->tokens_in_body : AUTHJWT_IN_BODY_AUTO;
}

int authjwt_config_allow_preflight(const authjwt_dir_conf_t *conf)
{
    return conf->allow_preflight > 0;
}

authjwt_forward_e authjwt_config_forward_token(const authjwt_dir_conf_t *conf)
{
    return conf->forward_token != AUTHJWT_FORWARD_UNSET ? conf->forward_token : AUTHJWT_FORWARD_ON;
}

authjwt_export_e authjwt_config_export(const authjwt_dir_conf_t *conf, const apr_array_header_t **names)
{
    *names = conf->export_names;
    return conf->export != AUTHJWT_EXPORT_UNSET ? conf->export : AUTHJWT_EXPORT_ALL;
}

/* The innermost section's word counts, and a code says more than a status. */
const authjwt_error_document_t *authjwt_config_error_document(const authjwt_dir_conf_t *conf, const char *code,
                                                              int status)
{
    const authjwt_error_document_t *by_status = NULL;
    int i;

    for (i = conf->error_documents ? conf->error_documents->nelts : 0; i > 0; i--) {
        const authjwt_error_document_t *entry = &APR_ARRAY_IDX(conf->error_documents, i - 1, authjwt_error_document_t);

        if (entry->code && !strcmp(entry->code, code)) {
            return entry;
        }
        if (!by_status && entry->status == status) {
            by_status = entry;
        }
    }
    return by_status;
}

const char *authjwt_config_identity_claim(const authjwt_dir_conf_t *conf)
{
    return conf->identity_claim ? conf->identity_claim : "sub";
}

const apr_array_header_t *authjwt_config_role_claims(const authjwt_dir_conf_t *conf)
{
    static const char *const role_claims[] = { "role", "roles" };
    static const apr_array_header_t defaults = { NULL, sizeof(role_claims[0]), 2, 2, (char *)role_claims };

    return conf->role_claims ? conf->role_claims : &defaults;
}

int authjwt_config_throttle(const authjwt_server_conf_t *conf, apr_interval_time_t *window)
{
    *window = conf->throttle_failures >= 0 ? conf->throttle_window : DEFAULT_THROTTLE_WINDOW;
    return conf->throttle_failures >= 0 ? conf->throttle_failures : DEFAULT_THROTTLE_FAILURES;
}

int authjwt_config_lock(const authjwt_server_conf_t *conf, apr_interval_time_t *time)
{
    *time = conf->lock_failures >= 0 ? conf->lock_time : DEFAULT_LOCK_TIME;
    return conf->lock_failures >= 0 ? conf->lock_failures : DEFAULT_LOCK_FAILURES;
}

int authjwt_config_store_replicas(const authjwt_server_conf_t *conf, apr_interval_time_t *time)
{
    *time = conf->store_replicas >= 0 && conf->store_replicas_time ? conf->store_replicas_time
                                                                   : DEFAULT_STORE_REPLICAS_TIME;
    return conf->store_replicas >= 0 ? conf->store_replicas : DEFAULT_STORE_REPLICAS;
}

apr_interval_time_t authjwt_config_store_timeout(const authjwt_server_conf_t *conf)
{
    return conf->store_timeout >= 0 ? conf->store_timeout : DEFAULT_STORE_TIMEOUT;
}

int authjwt_config_cache(const authjwt_server_conf_t *conf)
{
    return conf->cache >= 0 ? conf->cache : DEFAULT_CACHE;
}

const char *authjwt_config_dummy_hash(const authjwt_server_conf_t *conf)
{
    return conf->dummy_hash ? conf->dummy_hash : DEFAULT_DUMMY_HASH;
}

int authjwt_config_rotation(const authjwt_dir_conf_t *conf)
{
    /* A session's last use is told by its refresh token. */
    return conf->rotation != 0 || authjwt_config_session_idle(conf);
}

apr_interval_time_t authjwt_config_grace(const authjwt_dir_conf_t *conf)
{
    return conf->grace >= 0 ? conf->grace : DEFAULT_GRACE;
}

apr_interval_time_t authjwt_config_remember_me(const authjwt_dir_conf_t *conf)
{
    return conf->remember_me > 0 ? conf->remember_me : 0;
}

apr_interval_time_t authjwt_config_session_idle(const authjwt_dir_conf_t *conf)
{
    return conf->session_idle > 0 ? conf->session_idle : 0;
}

apr_interval_time_t authjwt_config_check_interval(const authjwt_server_conf_t *conf)
{
    return conf->check_interval >= 0 ? conf->check_interval : DEFAULT_CHECK_INTERVAL;
}

apr_interval_time_t authjwt_config_leeway(const authjwt_server_conf_t *conf)
{
    return conf->leeway >= 0 ? conf->leeway : DEFAULT_LEEWAY;
}

apr_interval_time_t authjwt_config_access_expires(const authjwt_server_conf_t *conf)
{
    return conf->access_expires >= 0 ? conf->access_expires : DEFAULT_ACCESS_EXPIRES;
}

apr_interval_time_t authjwt_config_refresh_expires(const authjwt_server_conf_t *conf)
{
    return conf->refresh_expires >= 0 ? conf->refresh_expires : DEFAULT_REFRESH_EXPIRES;
}

int authjwt_config_session_directory(const authjwt_server_conf_t *conf)
{
    return conf->session_directory > 0;
}

unsigned int authjwt_config_session_limit(const authjwt_server_conf_t *conf)
{
    return conf->session_limit > 0 ? (unsigned int)conf->session_limit : 0;
}

apr_interval_time_t authjwt_config_session_expires(const authjwt_server_conf_t *conf)
{
    apr_interval_time_t access = authjwt_config_access_expires(conf);
    apr_interval_time_t refresh = authjwt_config_refresh_expires(conf);

    if (conf->session_expires >= 0) {
        return conf->session_expires;
    }
    /* Whoever makes refresh tokens shorter than access tokens does not mean to cut the latter. */
    return refresh > access ? refresh : access;
}

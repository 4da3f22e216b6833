/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config_values: what is in effect: what the administrator said, or its default. */
#ifndef AUTHJWT_CONFIG_VALUES_H
#define AUTHJWT_CONFIG_VALUES_H

#include "authjwt_config.h"

/** Token locations in order. @return number of them; *locations borrowed */
int authjwt_config_locations(const authjwt_dir_conf_t *conf, const authjwt_location_e **locations);

/** @return non-zero when tokens may be in this location */
int authjwt_config_has_location(const authjwt_dir_conf_t *conf, authjwt_location_e location);

/* Values with their defaults; strings are never NULL. */
const char *authjwt_config_header_name(const authjwt_dir_conf_t *conf);
const char *authjwt_config_header_type(const authjwt_dir_conf_t *conf);
const char *authjwt_config_query_name(const authjwt_dir_conf_t *conf);
const char *authjwt_config_access_cookie(const authjwt_dir_conf_t *conf);
const char *authjwt_config_refresh_cookie(const authjwt_dir_conf_t *conf);
/** A cookie's name as releases before __Host- had it: what an upgrade leaves behind in browsers. @param name  of
 * authjwt_config_access_cookie or authjwt_config_refresh_cookie @return NULL where the name in effect is no such
 * default
 */
const char *authjwt_config_plain_cookie(const char *name);
const char *authjwt_config_identity_claim(const authjwt_dir_conf_t *conf);
/** @return non-zero when login, refresh and logout set and clear cookies */
int authjwt_config_cookies(const authjwt_dir_conf_t *conf);
int authjwt_config_cookie_secure(const authjwt_dir_conf_t *conf);
int authjwt_config_session_cookie(const authjwt_dir_conf_t *conf);
const char *authjwt_config_cookie_same_site(const authjwt_dir_conf_t *conf);
const char *authjwt_config_cookie_path(const authjwt_dir_conf_t *conf);
const char *authjwt_config_login_page(const authjwt_dir_conf_t *conf);
/** @return path of the jwt-refresh location, NULL when off */
const char *authjwt_config_auto_refresh(const authjwt_dir_conf_t *conf);
/** @return non-zero when any place has AuthJWTCookieAutoRefresh */
int authjwt_config_renews(void);

/** Told of something in the configuration, while hooks can still be registered: httpd sorts them after it was read. */
typedef void authjwt_config_listener_fn(void);

/** Call a function once if the server's own configuration, and not only an .htaccess, has an AuthJWTRequestHeader.
 * Before the configuration is read. */
void authjwt_config_on_request_header(authjwt_config_listener_fn *listener);

authjwt_csrf_e authjwt_config_csrf(const authjwt_dir_conf_t *conf);
/** @return never AUTHJWT_IN_BODY_UNSET; AUTHJWT_IN_BODY_ON without AuthJWTCookies, where there is no other place */
authjwt_in_body_e authjwt_config_tokens_in_body(const authjwt_dir_conf_t *conf);
/** @return non-zero when a CORS preflight needs no identity */
int authjwt_config_allow_preflight(const authjwt_dir_conf_t *conf);
/** @return never AUTHJWT_FORWARD_UNSET */
authjwt_forward_e authjwt_config_forward_token(const authjwt_dir_conf_t *conf);
/** @param names  `const char *` array, set for AUTHJWT_EXPORT_NAMED. @return never AUTHJWT_EXPORT_UNSET */
authjwt_export_e authjwt_config_export(const authjwt_dir_conf_t *conf, const apr_array_header_t **names);
/** File with the body for a refusal. @param code  of the refusal @return NULL when none is set */
const authjwt_error_document_t *authjwt_config_error_document(const authjwt_dir_conf_t *conf, const char *code,
                                                              int status);
/** `const char *` names of the role claims. */
const apr_array_header_t *authjwt_config_role_claims(const authjwt_dir_conf_t *conf);
/** Failed logins allowed per user and address together. @return 0 when logins are not throttled */
int authjwt_config_throttle(const authjwt_server_conf_t *conf, apr_interval_time_t *window);

/** Failures in a row that lock a user for `time`. @return 0 when users are not locked */
int authjwt_config_lock(const authjwt_server_conf_t *conf, apr_interval_time_t *time);
/** Tokens that a process remembers. @return 0: none */
int authjwt_config_cache(const authjwt_server_conf_t *conf);
/** A hash as htpasswd writes it; never NULL. */
const char *authjwt_config_dummy_hash(const authjwt_server_conf_t *conf);
/** How many replicas must have what is recorded. @param time  set: how long they are waited for */
int authjwt_config_store_replicas(const authjwt_server_conf_t *conf, apr_interval_time_t *time);
apr_interval_time_t authjwt_config_store_timeout(const authjwt_server_conf_t *conf);
/** @return non-zero when refresh tokens work once */
int authjwt_config_rotation(const authjwt_dir_conf_t *conf);
apr_interval_time_t authjwt_config_grace(const authjwt_dir_conf_t *conf);
/** How long a session lives whose user asked to stay signed in. @return 0 when nobody is asked */
apr_interval_time_t authjwt_config_remember_me(const authjwt_dir_conf_t *conf);
/** How long beyond the life of an access token a session may be left alone. @return 0: as long as it likes */
apr_interval_time_t authjwt_config_session_idle(const authjwt_dir_conf_t *conf);
/** @return non-zero when any place has AuthJWTSessionIdleIgnore */
int authjwt_config_knows_idle_paths(void);
/** Is this path, decoded, one of AuthJWTSessionIdleIgnore or below one? */
int authjwt_config_ignores_path(const authjwt_dir_conf_t *conf, const char *path);
apr_interval_time_t authjwt_config_leeway(const authjwt_server_conf_t *conf);
apr_interval_time_t authjwt_config_check_interval(const authjwt_server_conf_t *conf);
apr_interval_time_t authjwt_config_access_expires(const authjwt_server_conf_t *conf);
apr_interval_time_t authjwt_config_refresh_expires(const authjwt_server_conf_t *conf);
apr_interval_time_t authjwt_config_session_expires(const authjwt_server_conf_t *conf);
/** @return non-zero when sessions are listed */
int authjwt_config_session_directory(const authjwt_server_conf_t *conf);
/** @return 0: no limit */
unsigned int authjwt_config_session_limit(const authjwt_server_conf_t *conf);

#endif

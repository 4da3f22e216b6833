/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: what the administrator said: create, merge, setters, defaults. Nothing per request lives here. */
#ifndef AUTHJWT_CONFIG_H
#define AUTHJWT_CONFIG_H

#include <httpd.h>
#include <ap_expr.h>
#include <http_config.h>
#include <apr_file_io.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <mod_auth.h>
#include "aj_keyset.h"
#include "authjwt_event.h"

extern module authjwt_module;

/** Of a function that few requests need: apart, so that the others do not pay for its stack frame. */
#define AUTHJWT_SELDOM __attribute__((noinline))

/** Name of the authn provider, for AuthBasicProvider. */
#define AUTHJWT_AUTHN_PROVIDER "jwt"

/** One AuthJWTKey or AuthJWTKeySet line. Allocated from the configuration pool; holds no secret. */
typedef struct {
    const char *source;       /**< "file:…", "env:…" or "exec:…" as written */
    const char *name;         /**< of the source in log lines: authjwt_source_name */
    int is_set;               /**< AuthJWTKeySet: a JWK Set */
    aj_key_options_t options; /**< of a single key */
    apr_array_header_t *algs; /**< of a set: const aj_alg_t * for keys without `alg`, or NULL */
    const char *where;        /**< "file:line" of the directive, for messages */
} authjwt_key_spec_t;

/** What to do when the revocation store cannot answer. */
typedef enum { AUTHJWT_ON_ERROR_UNSET = 0, AUTHJWT_ON_ERROR_DENY, AUTHJWT_ON_ERROR_ALLOW } authjwt_on_error_e;

/** What becomes of sessions that began before the store lost its entries. */
typedef enum { AUTHJWT_ON_LOSS_UNSET = 0, AUTHJWT_ON_LOSS_DISTRUST, AUTHJWT_ON_LOSS_IGNORE } authjwt_on_loss_e;

/** AuthJWTStoreAuth. Holds no password. */
typedef struct {
    const char *user;   /**< NULL: the server's default user */
    const char *source; /**< of the password: "file:...", "env:..." or "exec:..." as written */
    const char *name;   /**< of the source in log lines: authjwt_source_name */
} authjwt_store_auth_t;

/** AuthJWTStoreTLS. Paths are absolute. */
typedef struct {
    int is_on;
    const char *ca;   /**< NULL: the authorities of the system */
    const char *cert; /**< of the client, or NULL; key then is NULL too */
    const char *key;
} authjwt_store_tls_t;

struct authjwt_store_t;
struct authjwt_keyring_t;

/** AuthJWTAuditLog. */
typedef struct {
    const char *target;  /**< as written: a file, "|" and a command, or "off" */
    apr_uint32_t events; /**< AUTHJWT_EVENT_BIT of each that is written */
    apr_file_t *file;    /**< opened by authjwt_audit; NULL: off */
} authjwt_audit_log_t;

/** The most records of one user in the session directory, and so the highest limit. */
#define AUTHJWT_SESSIONS_MOST 256

/** Server configuration. NULL or -1 means unset. */
typedef struct {
    apr_array_header_t *key_specs;     /**< authjwt_key_spec_t, NULL when the server names no key */
    struct authjwt_keyring_t *keyring; /**< made by authjwt_keys at check_config; NULL without keys */
    const char *issuer;
    apr_array_header_t *audiences; /**< const char *; NULL: unset, empty: `any` */
    apr_interval_time_t leeway;
    apr_interval_time_t access_expires;
    apr_interval_time_t refresh_expires;
    apr_interval_time_t session_expires;
    const char *store_spec;        /**< "PROVIDER[:ARGS]" */
    struct authjwt_store_t *store; /**< opened by authjwt_revocation */
    const authjwt_store_auth_t *store_auth;
    const authjwt_store_tls_t *store_tls;
    int store_replicas;                      /**< -1 unset */
    apr_interval_time_t store_replicas_time; /**< set with store_replicas */
    apr_interval_time_t store_timeout;
    authjwt_on_error_e on_error;
    authjwt_on_loss_e on_loss;
    apr_interval_time_t check_interval;  /**< how long "not revoked" is believed, by authjwt_config_check_interval */
    const char *state_dir;               /**< of the main server: absolute; NULL: as built */
    int throttle_failures;               /**< failed logins allowed, 0 off, -1 unset */
    apr_interval_time_t throttle_window; /**< in this time */
    int lock_failures;                   /**< failures in a row that lock a user, 0 off, -1 unset */
    apr_interval_time_t lock_time;       /**< for this time */
    apr_array_header_t *claim_names;     /**< const char *: what AuthJWTClaim adds, in any section of the server */
    apr_array_header_t *role_names;      /**< const char *: what AuthJWTRoleClaim names, likewise */
    int cache;                           /**< tokens that a process remembers, 0 off, -1 unset */
    authjwt_audit_log_t *audit_log;      /**< shared by the servers that inherit it */
    const char *dummy_hash;              /**< what an unknown user's password is compared with */
    int session_directory;               /**< -1 unset */
    int session_limit;                   /**< living sessions of a user, 0 off, -1 unset */
    int session_limit_refuses;           /**< set with session_limit: one more is refused */
} authjwt_server_conf_t;

/** Places a token may be in. */
typedef enum { AUTHJWT_IN_HEADER = 1, AUTHJWT_IN_COOKIE, AUTHJWT_IN_QUERY } authjwt_location_e;

/** Which claims applications get in their environment. */
typedef enum {
    AUTHJWT_EXPORT_UNSET = 0,
    AUTHJWT_EXPORT_ALL,
    AUTHJWT_EXPORT_NONE,
    AUTHJWT_EXPORT_NAMED
} authjwt_export_e;

/** What applications see of the tokens. */
typedef enum {
    AUTHJWT_FORWARD_UNSET = 0,
    AUTHJWT_FORWARD_ON,  /**< the access token */
    AUTHJWT_FORWARD_OFF, /**< none */
    AUTHJWT_FORWARD_ALL  /**< the refresh cookie too */
} authjwt_forward_e;

/** One AuthJWTRequestHeader line. */
typedef struct {
    const char *header;
    const char *claim; /**< literal name or JSON Pointer */
} authjwt_request_header_t;

/** One AuthJWTErrorDocument line. */
typedef struct {
    const char *code; /**< code of a refusal, NULL when the line names a status */
    int status;       /**< 0 when it names a code */
    const char *path;
    const char *type; /**< Content-Type, by the suffix of the file */
} authjwt_error_document_t;

/** One AuthJWTClaim line. */
typedef struct {
    const char *name;            /**< literal name, none that this module sets itself */
    const ap_expr_info_t *value; /**< string expression, asked when a token is issued */
} authjwt_extra_claim_t;

/** How requests with a token from a cookie prove that no other site made them. */
typedef enum {
    AUTHJWT_CSRF_UNSET = 0,
    AUTHJWT_CSRF_AUTO,
    AUTHJWT_CSRF_TOKEN,
    AUTHJWT_CSRF_ORIGIN,
    AUTHJWT_CSRF_OFF
} authjwt_csrf_e;

/** Do the bodies of login and refresh hold tokens in cookie mode? */
typedef enum {
    AUTHJWT_IN_BODY_UNSET = 0,
    AUTHJWT_IN_BODY_AUTO, /**< for clients that are no browsers */
    AUTHJWT_IN_BODY_ON,
    AUTHJWT_IN_BODY_OFF
} authjwt_in_body_e;

/** One authn provider of AuthJWTProvider. */
typedef struct {
    const char *name;
    const authn_provider *provider;
} authjwt_provider_t;

/** One rule asked of httpd's authz providers: AuthJWTGrantRole or AuthJWTLoginRequire. */
typedef struct {
    const char *role; /**< role it grants, NULL for AuthJWTLoginRequire */
    const char *name; /**< provider's name */
    const authz_provider *provider;
    const char *args;
    const void *parsed;
} authjwt_rule_t;

/** Directory configuration. NULL means unset. */
typedef struct {
    apr_array_header_t *locations; /**< authjwt_location_e, in order */
    const char *header_name;
    const char *header_type;
    const char *query_name;
    const char *access_cookie;
    const char *refresh_cookie;
    const char *identity_claim;
    apr_array_header_t *role_claims; /**< const char * */
    const char *login_user_field;
    const char *login_password_field;
    apr_array_header_t *locations_and_cookie; /**< the same with cookie, for AuthJWTCookies on */
    int cookies;                              /**< AuthJWTCookies: 1 on, 0 off, -1 unset, like all flags here */
    int cookie_secure;
    int session_cookie;
    const char *cookie_same_site;
    const char *cookie_domain;
    const char *cookie_path;
    const char *login_url;
    const char *login_page;          /**< "builtin", "off" or a path */
    const char *login_logo;          /**< data: URI of an image */
    const char *login_style;         /**< CSS in UTF-8 without "</style" */
    apr_array_header_t *login_texts; /**< authjwt_texts_t, of enclosing sections too, theirs first */
    const char *logout_redirect;
    const char *auto_refresh; /**< "off" or the path of a jwt-refresh location */
    authjwt_csrf_e csrf;
    apr_array_header_t *trusted_origins; /**< const char *, scheme://host[:port] without a default port */
    authjwt_in_body_e tokens_in_body;
    int optional; /**< written down only: httpd asks the rules without a user first in any case */
    int allow_preflight;
    int report_only;
    authjwt_forward_e forward_token;
    authjwt_export_e export;
    apr_array_header_t *export_names;    /**< const char *, for AUTHJWT_EXPORT_NAMED */
    apr_array_header_t *request_headers; /**< authjwt_request_header_t, of enclosing sections too, theirs first */
    apr_array_header_t *error_documents; /**< authjwt_error_document_t, likewise */
    int rotation;
    apr_interval_time_t grace;          /**< -1 unset */
    apr_interval_time_t remember_me;    /**< 0 off, -1 unset */
    apr_interval_time_t session_idle;   /**< likewise */
    apr_array_header_t *idle_ignore;    /**< const char *: paths */
    apr_array_header_t *providers;      /**< authjwt_provider_t */
    apr_array_header_t *grants;         /**< authjwt_rule_t */
    apr_array_header_t *login_requires; /**< authjwt_rule_t */
    apr_array_header_t *sessions_admin; /**< const char *: roles */
    apr_array_header_t *extra_claims;   /**< authjwt_extra_claim_t, of enclosing sections too, theirs first */
} authjwt_dir_conf_t;

void *authjwt_config_create_server(apr_pool_t *pool, server_rec *s);
void *authjwt_config_merge_server(apr_pool_t *pool, void *base, void *add);
void *authjwt_config_create_dir(apr_pool_t *pool, char *path);
void *authjwt_config_merge_dir(apr_pool_t *pool, void *base, void *add);

/** The directive table of the module. */
extern const command_rec authjwt_config_directives[];

/** Configuration of a server; never NULL. */
authjwt_server_conf_t *authjwt_config_server(const server_rec *s);

/** Is this the literal name of a claim that this module sets in each token it issues? */
int authjwt_config_is_own_claim(const char *name);

/** Is the name in such a list as claim_names? @param list  NULL is empty */
int authjwt_config_is_listed(const apr_array_header_t *list, const char *name);

/**
 * Check the name of a claim: not empty, and well-formed where it is a JSON Pointer (RFC 6901 3).
 * @param where  the directive or rule, for the sentence
 * @return NULL, or a sentence
 */
const char *authjwt_config_check_claim(apr_pool_t *pool, const char *where, const char *name);

/** Configuration in effect for a request; never NULL. */
static inline const authjwt_dir_conf_t *authjwt_config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &authjwt_module);
}

/**
 * Read a time as directives write it: a whole number with s, m, h, d or no unit (seconds), at most ten years.
 * @param out  set on success; may be 0
 * @return NULL, or a sentence that quotes the text
 */
const char *authjwt_config_parse_time(apr_pool_t *pool, const char *text, apr_interval_time_t *out);

/**
 * Read a time that is waited: as authjwt_config_parse_time, and with ms; from 1 ms to one minute.
 * @return NULL, or a sentence that quotes the text
 */
const char *authjwt_config_parse_wait(apr_pool_t *pool, const char *text, apr_interval_time_t *out);

/** Has a server's store its provider, by AuthJWTRevocationStore? @param provider  name @param spec  may be NULL */
int authjwt_config_store_is(const char *spec, const char *provider);

/**
 * Hook check_config: check the names of every section with the attributes in effect there by nesting.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging one sentence per fault
 */
int authjwt_config_check_cookies(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/**
 * Hook check_config: AuthJWTSessionIdle needs refresh tokens that are replaced.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging one sentence
 */
int authjwt_config_check_idle(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/** Hook check_config: warn once of what starts and cannot be meant, such as a login page whose cookies nobody reads.
 * @return OK */
int authjwt_config_warn(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/** The address of jwt-logout in a server. @return NULL when it has none, or only one whose address is not known */
const char *authjwt_config_logout_path(const server_rec *s);

/** Hook check_config: find the address of jwt-logout in each server. @return OK */
int authjwt_config_find_logout(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/**
 * post_config and its kin run twice at start. @return non-zero in the pass whose warnings an administrator should see
 * (the second one, or the only one under -t)
 */
int authjwt_config_logs_now(void);

/** @return non-zero under `httpd -t` and its kin */
int authjwt_config_testing(void);

#endif

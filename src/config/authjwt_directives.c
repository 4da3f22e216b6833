/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters and the directive table. A setter returns NULL or a sentence; httpd adds file, line and
 * name. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"

static const char *set_issuer(cmd_parms *cmd, void *dir, const char *issuer)
{
    (void)dir;
    if (!*issuer) {
        return "AuthJWTIssuer: the name is empty";
    }
    authjwt_config_server(cmd->server)->issuer = issuer;
    return NULL;
}

/* Words of a directive as an array; httpd calls TAKE_ARGV setters with all of them. */
static apr_array_header_t *words(apr_pool_t *pool, int argc, char *const argv[])
{
    apr_array_header_t *list = apr_array_make(pool, argc, sizeof(const char *));
    int i;

    for (i = 0; i < argc; i++) {
        APR_ARRAY_PUSH(list, const char *) = argv[i];
    }
    return list;
}

static int has_word(int argc, char *const argv[], const char *word)
{
    int i;

    for (i = 0; i < argc; i++) {
        if (!strcmp(argv[i], word)) {
            return 1;
        }
    }
    return 0;
}

static const char *set_audience(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    int i;

    (void)dir;
    for (i = 0; i < argc; i++) {
        if (!*argv[i]) {
            return "AuthJWTAudience: an audience is empty";
        }
    }
    if (!argc) {
        return "AuthJWTAudience: needs at least one audience, or any";
    }
    if (argc > 1 && has_word(argc, argv, "any")) {
        return "AuthJWTAudience: any stands alone: it says that a token may be meant for anybody";
    }
    authjwt_config_server(cmd->server)->audiences = words(cmd->pool, strcmp(argv[0], "any") ? argc : 0, argv);
    return NULL;
}

static const char *set_store(cmd_parms *cmd, void *dir, const char *spec)
{
    (void)dir;
    if (!*spec || *spec == ':') {
        return "AuthJWTRevocationStore: write PROVIDER or PROVIDER:ARGS, such as lmdb";
    }
    authjwt_config_server(cmd->server)->store_spec = spec;
    return NULL;
}

static const char *set_on_error(cmd_parms *cmd, void *dir, const char *word)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);

    (void)dir;
    if (!ap_cstr_casecmp(word, "deny")) {
        conf->on_error = AUTHJWT_ON_ERROR_DENY;
    }
    else if (!ap_cstr_casecmp(word, "allow")) {
        conf->on_error = AUTHJWT_ON_ERROR_ALLOW;
    }
    else {
        return apr_psprintf(cmd->pool, "AuthJWTRevocationOnError: \"%s\" is neither deny nor allow", word);
    }
    return NULL;
}

static const char *set_on_loss(cmd_parms *cmd, void *dir, const char *word)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);

    (void)dir;
    if (!ap_cstr_casecmp(word, "distrust")) {
        conf->on_loss = AUTHJWT_ON_LOSS_DISTRUST;
    }
    else if (!ap_cstr_casecmp(word, "ignore")) {
        conf->on_loss = AUTHJWT_ON_LOSS_IGNORE;
    }
    else {
        return apr_psprintf(cmd->pool, "AuthJWTRevocationOnLoss: \"%s\" is neither distrust nor ignore", word);
    }
    return NULL;
}

static const char *set_state_dir(cmd_parms *cmd, void *dir, const char *path)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    const char *absolute = *path ? ap_server_root_relative(cmd->pool, path) : NULL;

    (void)dir;
    if (error) {
        return error;
    }
    if (!absolute) {
        return apr_psprintf(cmd->pool, "AuthJWTStateDir: \"%s\" is not a path of a directory", path);
    }
    authjwt_config_server(cmd->server)->state_dir = absolute;
    return NULL;
}

#define CACHE_LEAST 16
#define CACHE_MOST  1048576

static const char *set_cache(cmd_parms *cmd, void *dir, const char *text)
{
    char *end = NULL;
    apr_int64_t number = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10) : 0;

    (void)dir;
    if (!ap_cstr_casecmp(text, "off")) {
        number = 0;
    }
    else if (!end || *end || number < CACHE_LEAST || number > CACHE_MOST) {
        return apr_psprintf(cmd->pool, "AuthJWTCache: \"%s\" is neither off nor a number from %d to %d", text,
                            CACHE_LEAST, CACHE_MOST);
    }
    authjwt_config_server(cmd->server)->cache = (int)number;
    return NULL;
}

/* What else a login page may send, each field once. */
static int is_field_of_page(const char *name)
{
    return !strcmp(name, "next") || !strcmp(name, "csrf_token") || !strcmp(name, "remember");
}

static const char *set_login_fields(cmd_parms *cmd, void *dir, const char *user, const char *password)
{
    authjwt_dir_conf_t *conf = dir;

    if (!*user || !*password || !strcmp(user, password)) {
        return "AuthJWTLoginFields: needs two different names, of the user's field and of the password's";
    }
    if (is_field_of_page(user) || is_field_of_page(password)) {
        return apr_psprintf(cmd->pool,
                            "AuthJWTLoginFields: the login page has another field \"%s\"; choose another name",
                            is_field_of_page(user) ? user : password);
    }
    conf->login_user_field = user;
    conf->login_password_field = password;
    return NULL;
}

#define SLOT(member) ((void *)APR_OFFSETOF(authjwt_dir_conf_t, member))
/* Server config, virtual host, directory, and .htaccess with AllowOverride AuthConfig. */
#define ANYWHERE (RSRC_CONF | OR_AUTHCFG)
/* Server config; the setter refuses it in a virtual host. */
#define GLOBALLY RSRC_CONF
/* What issues tokens or names files to read is not for .htaccess. */
#define ISSUING (RSRC_CONF | ACCESS_CONF)

const command_rec authjwt_config_directives[] = {
    AP_INIT_TAKE_ARGV("AuthJWTKey", authjwt_directives_add_key, NULL, RSRC_CONF,
                      "a key that verifies tokens, and signs if it can: ALG SOURCE [kid=ID] "
                      "[encoding=raw|base64|base64url|hex] [verify] [publish]"),
    AP_INIT_TAKE12("AuthJWTKeySet", authjwt_directives_add_key_set, NULL, RSRC_CONF,
                   "public keys of an issuer, as a JWK Set: SOURCE [algs=A,B]"),
    AP_INIT_TAKE1("AuthJWTIssuer", set_issuer, NULL, RSRC_CONF, "value of iss, issued and asked for"),
    AP_INIT_TAKE_ARGV("AuthJWTAudience", set_audience, NULL, RSRC_CONF, "values of aud, issued and asked for; or any"),
    AP_INIT_TAKE1("AuthJWTLeeway", authjwt_directives_set_leeway, NULL, RSRC_CONF,
                  "clock skew allowed for exp, nbf, iat"),
    AP_INIT_TAKE1("AuthJWTAccessTokenExpires", authjwt_directives_set_access_expires, NULL, RSRC_CONF,
                  "lifetime of access tokens"),
    AP_INIT_TAKE1("AuthJWTRefreshTokenExpires", authjwt_directives_set_refresh_expires, NULL, RSRC_CONF,
                  "lifetime of refresh tokens"),
    AP_INIT_TAKE1("AuthJWTSessionExpires", authjwt_directives_set_session_expires, NULL, RSRC_CONF,
                  "longest life of a session"),
    AP_INIT_FLAG("AuthJWTSessionDirectory", authjwt_directives_set_session_directory, NULL, RSRC_CONF,
                 "whether the sessions of users are listed"),
    AP_INIT_TAKE12("AuthJWTSessionLimit", authjwt_directives_set_session_limit, NULL, RSRC_CONF,
                   "how many sessions a user may have: N [oldest|refuse], or off"),
    AP_INIT_TAKE1("AuthJWTRevocationStore", set_store, NULL, RSRC_CONF, "where revocations are kept: PROVIDER[:ARGS]"),
    AP_INIT_TAKE12("AuthJWTStoreAuth", authjwt_directives_set_store_auth, NULL, RSRC_CONF,
                   "user and password of a valkey store: [USER] SOURCE"),
    AP_INIT_TAKE_ARGV("AuthJWTStoreTLS", authjwt_directives_set_store_tls, NULL, RSRC_CONF,
                      "TLS to a valkey store: off, or on [ca=FILE] [cert=FILE key=FILE]"),
    AP_INIT_TAKE12("AuthJWTStoreReplicas", authjwt_directives_set_store_replicas, NULL, RSRC_CONF,
                   "how many replicas of a valkey store must have what is recorded: N [TIME]"),
    AP_INIT_TAKE1("AuthJWTStoreTimeout", authjwt_directives_set_store_timeout, NULL, RSRC_CONF,
                  "how long a valkey store may take to be reached, and for each answer"),
    AP_INIT_TAKE12("AuthJWTLoginThrottle", authjwt_directives_set_throttle, NULL, RSRC_CONF,
                   "failed logins allowed per user and address: FAILURES WINDOW, or off"),
    AP_INIT_TAKE12("AuthJWTLoginLock", authjwt_directives_set_lock, NULL, RSRC_CONF,
                   "failed logins in a row that lock a user: FAILURES TIME, or off"),
    AP_INIT_TAKE1("AuthJWTDummyHash", authjwt_directives_set_dummy_hash, NULL, RSRC_CONF,
                  "hash that the password of an unknown user is compared with"),
    AP_INIT_TAKE1("AuthJWTRevocationOnError", set_on_error, NULL, RSRC_CONF,
                  "what becomes of tokens while the store cannot answer: deny or allow"),
    AP_INIT_TAKE1("AuthJWTRevocationOnLoss", set_on_loss, NULL, RSRC_CONF,
                  "what becomes of older sessions when the store has lost its entries: distrust or ignore"),
    AP_INIT_TAKE1("AuthJWTRevocationCheckInterval", authjwt_directives_set_check_interval, NULL, RSRC_CONF,
                  "how long an answer of a remote store is believed before it is asked again"),
    AP_INIT_TAKE1("AuthJWTStateDir", set_state_dir, NULL, GLOBALLY,
                  "directory for what this host has to remember, and for the store lmdb without a path"),
    AP_INIT_TAKE1("AuthJWTCache", set_cache, NULL, RSRC_CONF,
                  "verified tokens that a process remembers: a number, or off"),
    AP_INIT_TAKE_ARGV("AuthJWTAuditLog", authjwt_directives_set_audit_log, NULL, RSRC_CONF,
                      "where logins, logouts and their kin are written down: FILE or |COMMAND, and EVENTs; or off"),

    AP_INIT_TAKE_ARGV("AuthJWTTokenLocation", authjwt_directives_set_locations, NULL, ANYWHERE,
                      "where tokens are looked for: header, cookie, query in order"),
    AP_INIT_TAKE1("AuthJWTHeaderName", authjwt_directives_set_name, SLOT(header_name), ANYWHERE,
                  "header with the token"),
    AP_INIT_RAW_ARGS("AuthJWTHeaderType", authjwt_directives_set_header_type, SLOT(header_type), ANYWHERE,
                     "scheme before the token"),
    AP_INIT_TAKE1("AuthJWTQueryStringName", authjwt_directives_set_query_name, SLOT(query_name), ANYWHERE,
                  "query parameter with the token"),
    AP_INIT_TAKE1("AuthJWTAccessCookieName", authjwt_directives_set_name, SLOT(access_cookie), ANYWHERE,
                  "cookie with the access token"),
    AP_INIT_TAKE1("AuthJWTRefreshCookieName", authjwt_directives_set_name, SLOT(refresh_cookie), ANYWHERE,
                  "cookie with the refresh token"),
    AP_INIT_TAKE1("AuthJWTIdentityClaim", authjwt_directives_set_identity_claim, SLOT(identity_claim), ANYWHERE,
                  "claim that becomes REMOTE_USER"),
    AP_INIT_TAKE_ARGV("AuthJWTRoleClaim", authjwt_directives_set_role_claims, NULL, ANYWHERE, "claims that hold roles"),

    AP_INIT_FLAG("AuthJWTOptional", ap_set_flag_slot, SLOT(optional), ANYWHERE,
                 "no token means anonymous where the rules allow"),
    AP_INIT_FLAG("AuthJWTAllowPreflight", ap_set_flag_slot, SLOT(allow_preflight), ANYWHERE,
                 "CORS preflights need no token"),
    AP_INIT_FLAG("AuthJWTReportOnly", ap_set_flag_slot, SLOT(report_only), ANYWHERE,
                 "what would be refused is logged and passes without identity"),
    AP_INIT_TAKE_ARGV("AuthJWTExportClaims", authjwt_directives_set_export, NULL, ANYWHERE,
                      "claims in the environment: all, none, or names"),
    AP_INIT_TAKE2("AuthJWTRequestHeader", authjwt_directives_add_request_header, NULL, ANYWHERE,
                  "a request header for applications: HEADER CLAIM"),
    AP_INIT_TAKE1("AuthJWTForwardToken", authjwt_directives_set_forward, NULL, ANYWHERE,
                  "tokens that applications see: on, off or all"),
    AP_INIT_TAKE2("AuthJWTErrorDocument", authjwt_directives_add_error_document, NULL, ISSUING,
                  "another body for a refusal: CODE FILE"),

    AP_INIT_FLAG("AuthJWTCookies", ap_set_flag_slot, SLOT(cookies), ANYWHERE,
                 "login, refresh and logout set and clear cookies"),
    AP_INIT_FLAG("AuthJWTCookieSecure", ap_set_flag_slot, SLOT(cookie_secure), ANYWHERE, "cookies for https alone"),
    AP_INIT_TAKE1("AuthJWTCookieSameSite", authjwt_directives_set_same_site, SLOT(cookie_same_site), ANYWHERE,
                  "SameSite of cookies: Lax, Strict or None"),
    AP_INIT_TAKE1("AuthJWTCookieDomain", authjwt_directives_set_cookie_attribute, SLOT(cookie_domain), ANYWHERE,
                  "Domain of cookies"),
    AP_INIT_TAKE1("AuthJWTCookiePath", authjwt_directives_set_cookie_path, SLOT(cookie_path), ANYWHERE,
                  "Path of cookies"),
    AP_INIT_FLAG("AuthJWTSessionCookie", ap_set_flag_slot, SLOT(session_cookie), ANYWHERE,
                 "cookies end with the browser"),
    AP_INIT_TAKE1("AuthJWTLoginURL", authjwt_directives_set_local_path, SLOT(login_url), ANYWHERE,
                  "where browsers are sent to sign in"),
    AP_INIT_TAKE1("AuthJWTLoginPage", authjwt_directives_set_login_page, SLOT(login_page), ISSUING,
                  "what GET at a login shows: builtin, off, or an HTML file"),
    AP_INIT_TAKE1("AuthJWTLoginPageLogo", authjwt_directives_set_login_logo, NULL, ISSUING,
                  "image above the heading of the built-in pages: an SVG or PNG file"),
    AP_INIT_TAKE1("AuthJWTLoginPageStyle", authjwt_directives_set_login_style, NULL, ISSUING,
                  "style added to the built-in pages: a CSS file"),
    AP_INIT_TAKE2("AuthJWTLoginPageText", authjwt_directives_add_login_text, NULL, ISSUING,
                  "sentences of the built-in pages: LANG and a JSON file"),
    AP_INIT_TAKE1("AuthJWTLogoutRedirect", authjwt_directives_set_local_path, SLOT(logout_redirect), ANYWHERE,
                  "where a form logout lands"),
    AP_INIT_TAKE1("AuthJWTCookieAutoRefresh", authjwt_directives_set_auto_refresh, SLOT(auto_refresh), ANYWHERE,
                  "renew expired cookies on the way: path of a jwt-refresh location, or off"),
    AP_INIT_TAKE1("AuthJWTCookieCSRFProtect", authjwt_directives_set_csrf, NULL, ANYWHERE,
                  "what proves that a request with a cookie comes from this site: auto, token, origin or off"),
    AP_INIT_TAKE_ARGV("AuthJWTTrustedOrigin", authjwt_directives_add_trusted_origins, NULL, ANYWHERE,
                      "other origins whose pages may send cookies"),
    AP_INIT_TAKE1("AuthJWTTokensInBody", authjwt_directives_set_tokens_in_body, NULL, ANYWHERE,
                  "tokens in the bodies of login and refresh beside cookies: auto, on or off"),

    AP_INIT_TAKE_ARGV("AuthJWTProvider", authjwt_directives_set_providers, NULL, ISSUING,
                      "authn providers that check passwords"),
    AP_INIT_RAW_ARGS("AuthJWTGrantRole", authjwt_directives_add_grant, NULL, ISSUING,
                     "a role and who gets it: ROLE PROVIDER ARGS"),
    AP_INIT_RAW_ARGS("AuthJWTLoginRequire", authjwt_directives_add_login_require, NULL, ISSUING,
                     "who may have a token: PROVIDER ARGS"),
    AP_INIT_TAKE2("AuthJWTClaim", authjwt_directives_add_claim, NULL, ISSUING,
                  "a further claim of issued tokens: NAME EXPR"),
    AP_INIT_FLAG("AuthJWTRefreshRotation", ap_set_flag_slot, SLOT(rotation), ISSUING, "refresh tokens work once"),
    AP_INIT_TAKE1("AuthJWTRefreshGrace", authjwt_directives_set_grace, NULL, ISSUING,
                  "how long a used refresh token gets the same successor"),
    AP_INIT_TAKE1("AuthJWTRememberMe", authjwt_directives_set_remember_me, NULL, ISSUING,
                  "how long a session lives whose user asked to stay signed in: a time, or off"),
    AP_INIT_TAKE1("AuthJWTSessionIdle", authjwt_directives_set_session_idle, NULL, ISSUING,
                  "how long a session may be left alone beyond the life of an access token: a time, or off"),
    AP_INIT_TAKE_ARGV("AuthJWTSessionIdleIgnore", authjwt_directives_add_idle_paths, NULL, ISSUING,
                      "paths of requests that programs make by themselves, which keep no session alive"),
    AP_INIT_TAKE_ARGV("AuthJWTSessionsAdmin", authjwt_directives_set_sessions_admin, NULL, ISSUING,
                      "roles that see and end the sessions of other users at jwt-sessions"),
    AP_INIT_TAKE2("AuthJWTLoginFields", set_login_fields, NULL, ISSUING,
                  "names of the fields of user name and password"),
    { .name = NULL }
};

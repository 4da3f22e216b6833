/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users: ask httpd's own authn providers. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_log.h>
#include <mod_auth.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "aj_claims.h"
#include "aj_digest.h"
#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

/* Longer passwords are refused: some hashes cost time in proportion to the length. */
#define PASSWORD_MAX 1024

/* bcrypt reads only so many bytes of a password. */
#define BCRYPT_BYTES 72

int authjwt_users_is_identity(const char *name)
{
    return *name && aj_json_is_text(name) && !aj_claims_has_control(name);
}

static const char *shown(request_rec *r, const char *user)
{
    return aj_escape(user, strlen(user), r->pool);
}

static int is_made_of(const authjwt_provider_t *entry, const char *name)
{
    return !strcmp(authjwt_users_made_of(entry->name), name);
}

/* Providers that look a user up before they look at the password, and compare hashes in this process. Others might
 * count a failed attempt, or lock the account. */
static int looks_users_up(const authjwt_provider_t *entry)
{
    return is_made_of(entry, "file") || is_made_of(entry, "dbm") || is_made_of(entry, "dbd");
}

/* A cache of hashes: it knows the users that have signed in lately. */
static int is_cache(const authjwt_provider_t *entry)
{
    return is_made_of(entry, "socache");
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
    if (answer == AUTH_DENIED && is_made_of(entry, "ldap") && *password
        && !authjwt_users_directory_answers(r, entry->name)) {
        return AUTH_GENERAL_ERROR;
    }
    return answer;
}

/* The hash of a long password may be one of bcrypt, which would grant any other end of it. Nobody but the provider
 * sees the hash; it is one if the first bytes alone are granted as well. */
static authn_status ask_about_all_bytes(request_rec *r, const authjwt_provider_t *entry, const char *user,
                                        const char *password, const char **why)
{
    authn_status answer = ask_provider(r, entry, user, password);
    authn_status beginning;
    char *cut;

    if (answer != AUTH_GRANTED || strlen(password) <= BCRYPT_BYTES || !(looks_users_up(entry) || is_cache(entry))) {
        return answer;
    }
    cut = apr_pstrmemdup(r->pool, password, BCRYPT_BYTES);
    beginning = ask_provider(r, entry, user, cut);
    aj_wipe(cut, BCRYPT_BYTES);
    if (beginning == AUTH_GRANTED) {
        *why = "the password is longer than 72 bytes, and its hash (bcrypt) looks at no more; choose a shorter one, "
               "or another kind of hash";
    }
    return beginning == AUTH_GRANTED ? AUTH_DENIED : beginning == AUTH_GENERAL_ERROR ? beginning : answer;
}

/* Without AuthJWTProvider it is "file", as with mod_auth_basic. */
static authn_status ask_default(request_rec *r, const char *user, const char *password, const char **why)
{
    authjwt_provider_t entry = { AUTHN_DEFAULT_PROVIDER, NULL };

    entry.provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, entry.name, AUTHN_PROVIDER_VERSION);
    if (!entry.provider || !entry.provider->check_password) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1201: the default AuthJWTProvider \"%s\" is not loaded",
                      entry.name);
        return AUTH_GENERAL_ERROR;
    }
    return ask_about_all_bytes(r, &entry, user, password, why);
}

/* Ask the providers in order. @param costs_nothing  set when no password was compared here */
static authn_status ask_all(request_rec *r, const char *user, const char *password, int *costs_nothing,
                            const char **why)
{
    const apr_array_header_t *list = authjwt_config_dir(r)->providers;
    authn_status answer = list ? AUTH_USER_NOT_FOUND : ask_default(r, user, password, why);
    int i;

    *costs_nothing = answer == AUTH_USER_NOT_FOUND;
    for (i = 0; list && i < list->nelts && answer == AUTH_USER_NOT_FOUND; i++) {
        const authjwt_provider_t *entry = &APR_ARRAY_IDX(list, i, authjwt_provider_t);

        answer = ask_about_all_bytes(r, entry, user, password, why);
        *costs_nothing = answer == AUTH_USER_NOT_FOUND || is_made_of(entry, "ldap");
    }
    return answer;
}

static authjwt_verdict_e accept_user(request_rec *r, const char *typed, const char **identity)
{
    const char *name = r->user ? r->user : "";

    if (!authjwt_users_is_identity(name)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1212: login of user \"%s\" refused: the name that the user store gives the user is empty, "
                      "not UTF-8 or holds control characters; mend it there",
                      shown(r, typed));
        return AUTHJWT_BACKEND_UNAVAILABLE;
    }
    if (strcmp(name, typed)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1208: user \"%s\" is \"%s\" in the user store", shown(r, typed),
                      shown(r, name));
    }
    *identity = name;
    return AUTHJWT_OK;
}

static authjwt_verdict_e refuse(request_rec *r, const char *user, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1203: login of user \"%s\" refused: %s", shown(r, user), why);
    return AUTHJWT_INVALID_CREDENTIALS;
}

/* As long as a wrong password takes elsewhere, so that time does not tell which names exist. */
static void take_time(request_rec *r, const char *password)
{
    (void)apr_password_validate(password, authjwt_config_dummy_hash(authjwt_config_server(r->server)));
}

authjwt_verdict_e authjwt_users_check_password(request_rec *r, const char *user, const char *password,
                                               const char **identity)
{
    const char *why = "wrong password";
    int costs_nothing;
    authn_status answer;

    if (strlen(password) > PASSWORD_MAX) {
        take_time(r, "a short one");
        return refuse(r, user, apr_psprintf(r->pool, "the password is longer than %d bytes", PASSWORD_MAX));
    }
    answer = ask_all(r, user, password, &costs_nothing, &why);
    if (answer == AUTH_GRANTED) {
        return accept_user(r, user, identity);
    }
    r->user = NULL;
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            "AJ1202: login not decided: a user store cannot answer for user \"%s\"; the lines of its module say why",
            shown(r, user));
        return AUTHJWT_BACKEND_UNAVAILABLE;
    }
    if (costs_nothing) {
        take_time(r, password);
    }
    return refuse(r, user, answer == AUTH_DENIED ? why : "unknown user");
}

/* @return non-zero when each provider can tell whether a user exists, or keeps copies of what the others say */
static int can_tell_users(const apr_array_header_t *list)
{
    int found = 0;
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        const authjwt_provider_t *entry = &APR_ARRAY_IDX(list, i, authjwt_provider_t);

        if (!looks_users_up(entry) && !is_cache(entry)) {
            return 0;
        }
        found |= looks_users_up(entry);
    }
    return found;
}

authjwt_verdict_e authjwt_users_still_known(request_rec *r, const char *user)
{
    const apr_array_header_t *list = authjwt_config_dir(r)->providers;
    authn_status answer = AUTH_USER_NOT_FOUND;
    int i;

    if (!can_tell_users(list)) {
        return AUTHJWT_OK;
    }
    for (i = 0; i < list->nelts && answer == AUTH_USER_NOT_FOUND; i++) {
        const authjwt_provider_t *entry = &APR_ARRAY_IDX(list, i, authjwt_provider_t);

        answer = is_cache(entry) ? answer : ask_provider(r, entry, user, "nobody's password");
    }
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1206: refresh not decided: a provider of AuthJWTProvider cannot say whether user \"%s\" "
                      "still exists; set it up in this location as at the login",
                      shown(r, user));
        return AUTHJWT_BACKEND_UNAVAILABLE;
    }
    if (answer == AUTH_USER_NOT_FOUND) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1207: refresh refused: no provider of AuthJWTProvider knows user \"%s\" any more",
                      shown(r, user));
        return AUTHJWT_TOKEN_REVOKED;
    }
    return AUTHJWT_OK;
}

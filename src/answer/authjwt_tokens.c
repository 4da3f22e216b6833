/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_tokens: tokens as JSON members and as cookies. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_cookies.h"
#include "authjwt_credential.h"
#include "authjwt_origin.h"
#include "authjwt_tokens.h"

APLOG_USE_MODULE(authjwt);

/* What HttpOnly keeps from scripts of a page, an answer must not hand to them. Scripts cannot leave out both headers.
 */
static int may_show(request_rec *r, authjwt_location_e from)
{
    switch (authjwt_config_tokens_in_body(authjwt_config_dir(r))) {
    case AUTHJWT_IN_BODY_ON:
        return 1;
    case AUTHJWT_IN_BODY_OFF:
        return 0;
    default:
        return from != AUTHJWT_IN_COOKIE && authjwt_origin_of(r) == AUTHJWT_ORIGIN_UNSAID;
    }
}

static json_t *seconds_until(apr_time_t expires, apr_time_t now)
{
    return json_integer(apr_time_sec(expires) - apr_time_sec(now));
}

json_t *authjwt_tokens_json(request_rec *r, const authjwt_tokens_t *tokens, authjwt_location_e from)
{
    json_t *body = aj_json_own(json_object(), r->pool);
    int shown = may_show(r, from);

    if (shown) {
        json_object_set_new(body, "access_token", json_string(tokens->access.text));
    }
    if (shown && tokens->refresh.text) {
        json_object_set_new(body, "refresh_token", json_string(tokens->refresh.text));
    }
    if (shown) {
        json_object_set_new(body, "token_type", json_string("Bearer"));
    }
    json_object_set_new(body, "expires_in", seconds_until(tokens->access.expires, tokens->now));
    if (!shown) {
        json_object_set_new(body, "refresh_expires_in", seconds_until(tokens->refresh.expires, tokens->now));
    }
    return body;
}

/* Browsers drop a cookie that is too long, and the user would be sent to sign in again and again. */
static authjwt_verdict_e check_length(request_rec *r, const authjwt_cookie_t *cookie)
{
    apr_size_t len = authjwt_cookies_too_long(r, cookie);

    if (!len) {
        return AUTHJWT_OK;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AJ1511: no token issued: cookie %s would have %" APR_SIZE_T_FMT " bytes and browsers "
                  "keep %d; drop claims: roles (AuthJWTGrantRole), AuthJWTClaim, or a long issuer or audience",
                  cookie->name, len, AUTHJWT_COOKIE_MAX);
    return AUTHJWT_FAILED;
}

static authjwt_cookie_t cookie_of(const authjwt_tokens_t *tokens, const authjwt_token_t *token, const char *name)
{
    return (authjwt_cookie_t){ name, token->text, 0, token->expires - tokens->now, tokens->keep };
}

/* The token, and its csrf value for scripts. */
static void set(request_rec *r, const authjwt_token_t *token, const authjwt_cookie_t *cookie, const char *csrf_name)
{
    authjwt_cookie_t csrf = *cookie;

    csrf.name = csrf_name;
    csrf.value = token->csrf;
    csrf.readable = 1;
    authjwt_cookies_set(r, cookie);
    authjwt_cookies_set(r, &csrf);
}

/* Under the default name of releases before __Host-, where an upgrade has left it behind. */
static void clear_plain(request_rec *r, const char *name)
{
    const char *plain = authjwt_config_plain_cookie(name);

    if (plain && authjwt_credential_has_cookie(r, plain)) {
        authjwt_cookies_clear(r, plain, 0);
    }
}

authjwt_verdict_e authjwt_tokens_set_cookies(request_rec *r, const authjwt_tokens_t *tokens)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    authjwt_cookie_t access = cookie_of(tokens, &tokens->access, authjwt_config_access_cookie(conf));
    authjwt_cookie_t refresh = cookie_of(tokens, &tokens->refresh, authjwt_config_refresh_cookie(conf));
    authjwt_verdict_e verdict;

    if (!authjwt_config_cookies(conf)) {
        return AUTHJWT_OK;
    }
    verdict = check_length(r, &access);
    if (verdict == AUTHJWT_OK && refresh.value) {
        verdict = check_length(r, &refresh);
    }
    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    clear_plain(r, access.name);
    clear_plain(r, refresh.name);
    set(r, &tokens->access, &access, AUTHJWT_COOKIE_CSRF_ACCESS);
    if (refresh.value) {
        set(r, &tokens->refresh, &refresh, AUTHJWT_COOKIE_CSRF_REFRESH);
    }
    return AUTHJWT_OK;
}

void authjwt_tokens_clear_cookies(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    if (authjwt_config_cookies(conf)) {
        authjwt_cookies_clear(r, authjwt_config_access_cookie(conf), 0);
        authjwt_cookies_clear(r, authjwt_config_refresh_cookie(conf), 0);
        clear_plain(r, authjwt_config_access_cookie(conf));
        clear_plain(r, authjwt_config_refresh_cookie(conf));
        authjwt_cookies_clear(r, AUTHJWT_COOKIE_CSRF_ACCESS, 1);
        authjwt_cookies_clear(r, AUTHJWT_COOKIE_CSRF_REFRESH, 1);
    }
}

void authjwt_tokens_clear_access_cookie(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    authjwt_cookies_clear(r, authjwt_config_access_cookie(conf), 0);
    if (authjwt_config_cookies(conf)) {
        authjwt_cookies_clear(r, AUTHJWT_COOKIE_CSRF_ACCESS, 1);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: pages for people. HTML without scripts; whatever came from a client is escaped, quotes of both kinds
 * included. */
#include <httpd.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_body.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_page_private.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

#define HTML "text/html; charset=utf-8"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--line:#8a8f98;--text:#1c1e21;--back:#f4f5f7;--card:#fff;--main:#0b5cad;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--line:#7d838c;--text:#e8eaed;--back:#17191c;--card:#22252a;--main:#"
    "7db7f0;--bad:#f2b8b5}}"
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;"
    "padding:1rem;"
    "background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}"
    "main{width:100%;max-width:22rem;background:var(--card);border:1px solid "
    "var(--line);border-radius:.6rem;padding:1.5rem}"
    "h1{font-size:1.3rem;margin:0 0 1rem}p{margin:0 0 1rem}.bad{color:var(--bad);font-weight:600}"
    "label{display:block;margin-bottom:.25rem}input{width:100%;font:inherit;padding:.55rem "
    ".6rem;margin-bottom:1rem;color:inherit;"
    "background:transparent;border:1px solid var(--line);border-radius:.35rem}"
    "button{width:100%;font:inherit;font-weight:600;padding:.6rem;border:0;border-radius:.35rem;background:var(--main);"
    "color:var(--card);"
    "cursor:pointer}:focus-visible{outline:3px solid var(--main);outline-offset:2px}a{color:var(--main)}";

/* For text and for attributes in quotes of either kind; apr_pescape_entity of APR 1.7 leaves the single quote as it is.
 */
static const char *escape(const char *text, apr_pool_t *pool)
{
    static const char special[] = "&<>\"'";
    static const char *const entity[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    char *out = apr_palloc(pool, 6 * strlen(text) + 1);
    char *p = out;

    for (; *text; text++) {
        const char *found = strchr(special, *text);

        if (found) {
            p = apr_cpystrn(p, entity[found - special], 7);
        }
        else {
            *p++ = *text;
        }
    }
    *p = '\0';
    return out;
}

/* The nonce lets our own style in and nothing else; the administrator's file has none and says itself what it needs.
 * No form-action: browsers ask it of the redirects after the form too, and where people go on to may be elsewhere. */
static void set_headers(request_rec *r, const char *nonce)
{
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "same-origin");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy",
                   nonce ? apr_pstrcat(r->pool, "default-src 'none'; style-src 'nonce-", nonce,
                                       "'; base-uri 'none'; frame-ancestors 'self'", NULL)
                         : "frame-ancestors 'self'");
    authjwt_caching_no_store(r);
}

static const char *make_nonce(apr_pool_t *pool)
{
    const char *id = aj_random_id(pool);

    return id ? id : "";
}

static const char *head(request_rec *r, const char *nonce, const char *title)
{
    return apr_pstrcat(r->pool,
                       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"robots\" content=\"noindex\">\n<title>",
                       title, "</title>\n<style nonce=\"", nonce, "\">", style,
                       "</style>\n</head>\n<body>\n<main>\n<h1>", title, "</h1>\n", NULL);
}

void authjwt_page_write_unsaved(request_rec *r, int again, const char *address)
{
    const char *nonce = make_nonce(r->pool);

    set_headers(r, nonce);
    authjwt_reply_body(
        r, HTTP_UNAUTHORIZED, HTML,
        apr_pstrcat(
            r->pool, head(r, nonce, again ? "Please sign in again" : "You are signed out"),
            "<p>What you sent was not saved. Sign in, go back to the form and send it again.</p>\n<p><a href=\"",
            escape(address, r->pool), "\">Sign in</a></p>\n</main>\n</body>\n</html>\n", NULL));
}

/* The message on the page where nothing has failed. */
static const char *greeting_of(request_rec *r)
{
    int unsaved = authjwt_page_is_error_document(r) ? !authjwt_page_sent_nothing(authjwt_request_initial(r))
                                                    : authjwt_request_parameter(r->args, "unsaved", 1, r->pool) != NULL;

    if (authjwt_page_wants_fresh(r)) {
        return unsaved ? "What you sent was not saved. Sign in once more and send it again."
                       : "Please sign in once more to go on.";
    }
    return unsaved ? "You were signed out, and what you sent was not saved. Sign in and send it again." : NULL;
}

/* One message for an unknown user and a wrong password. */
static const char *message_of(request_rec *r, authjwt_verdict_e verdict)
{
    switch (authjwt_verdict_refusal(verdict)->status) {
    case HTTP_OK:
        return greeting_of(r);
    case HTTP_BAD_REQUEST:
        return "Please enter user name and password.";
    case HTTP_UNAUTHORIZED:
        return "User name or password is wrong.";
    case HTTP_FORBIDDEN:
        return "You may not sign in here.";
    case HTTP_TOO_MANY_REQUESTS:
        return apr_psprintf(r->pool, "Too many attempts. Try again in %ld seconds.",
                            authjwt_request_state(r)->retry_after);
    default:
        return "Signing in does not work at the moment. Please try again later.";
    }
}

static void begin_page(request_rec *r, int status, const char *nonce)
{
    if (!authjwt_page_is_error_document(r)) {
        r->status = status;
    }
    ap_set_content_type(r, HTML);
    set_headers(r, nonce);
}

/* Without cookies a browser could not keep the tokens, and would show them. */
int authjwt_page_no_cookies(request_rec *r, int status)
{
    const char *nonce = make_nonce(r->pool);

    begin_page(r, status, nonce);
    ap_rvputs(
        r, head(r, nonce, "Sign in"),
        "<p>Browsers cannot sign in here yet: the server does not set cookies. Its administrator can turn that on "
        "with <code>AuthJWTCookies on</code>.</p>\n<p>Applications send user name and password by POST and get "
        "their tokens as JSON.</p>\n</main>\n</body>\n</html>\n",
        NULL);
    return OK;
}

static int write_builtin(request_rec *r, int status, const char *next, const char *user, const char *message)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const char *notice = authjwt_page_insecure_notice(r);
    const char *nonce = make_nonce(r->pool);

    begin_page(r, status, nonce);
    ap_rputs(head(r, nonce, "Sign in"), r);
    if (notice) {
        ap_rvputs(r, "<p class=\"bad\">", notice, "</p>\n", NULL);
    }
    if (message) {
        ap_rvputs(r, "<p class=\"bad\" role=\"alert\" id=\"message\">", escape(message, r->pool), "</p>\n", NULL);
    }
    ap_rvputs(r, "<form method=\"post\" action=\"", escape(authjwt_page_own_address(r), r->pool),
              "\">\n<input type=\"hidden\" name=\"next\" value=\"", escape(next, r->pool),
              "\">\n<label for=\"user\">User name</label>\n<input id=\"user\" name=\"",
              escape(conf->login_user_field ? conf->login_user_field : "username", r->pool), "\" value=\"",
              escape(user ? user : "", r->pool),
              "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required",
              user ? "" : " autofocus", ">\n<label for=\"password\">Password</label>\n<input id=\"password\" name=\"",
              escape(conf->login_password_field ? conf->login_password_field : "password", r->pool),
              "\" type=\"password\" autocomplete=\"current-password\" required", user ? " autofocus" : "",
              ">\n<button type=\"submit\">Sign in</button>\n</form>\n</main>\n</body>\n</html>\n", NULL);
    return OK;
}

/* {{next}}, {{user}}, {{message}}, {{action}}: escaped for text and for attributes in quotes of either kind. */
static int write_file(request_rec *r, int status, const char *next, const char *user, const char *message)
{
    const char *notice = authjwt_page_insecure_notice(r);
    const struct {
        const char *name;
        const char *value;
    } placeholders[] = { { "{{next}}", next },
                         { "{{user}}", user ? user : "" },
                         { "{{message}}", message  ? message
                                          : notice ? notice
                                                   : "" },
                         { "{{action}}", authjwt_page_own_path(r) } };
    const char *p = authjwt_reply_read_file(r, "AuthJWTLoginPage", authjwt_config_login_page(authjwt_config_dir(r)));
    apr_size_t i;

    if (!p) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    begin_page(r, status, NULL);
    while (*p) {
        const char *open = strstr(p, "{{");
        apr_size_t len = open ? (apr_size_t)(open - p) : strlen(p);

        ap_rwrite(p, (int)len, r);
        p += len;
        for (i = 0; *p && i < 4; i++) {
            if (!strncmp(p, placeholders[i].name, strlen(placeholders[i].name))) {
                ap_rputs(escape(placeholders[i].value, r->pool), r);
                p += strlen(placeholders[i].name);
                break;
            }
        }
        if (*p && i == 4) {
            ap_rputc(*p++, r);
        }
    }
    return OK;
}

int authjwt_page_login(request_rec *r, authjwt_verdict_e verdict, const char *next, const char *user)
{
    int status = authjwt_verdict_refusal(verdict)->status;
    const char *message = message_of(r, verdict);
    const char *page = authjwt_config_login_page(authjwt_config_dir(r));

    if (!strcmp(page, "builtin") && !authjwt_config_cookies(authjwt_config_dir(r))) {
        return authjwt_page_no_cookies(r, status);
    }
    return strcmp(page, "builtin") ? write_file(r, status, next, user, message)
                                   : write_builtin(r, status, next, user, message);
}

int authjwt_page_logout(request_rec *r, const char *csrf)
{
    const char *nonce = make_nonce(r->pool);

    begin_page(r, HTTP_OK, nonce);
    ap_rvputs(r, head(r, nonce, "Sign out"), "<form method=\"post\" action=\"",
              escape(authjwt_page_own_address(r), r->pool), "\">\n<input type=\"hidden\" name=\"csrf_token\" value=\"",
              escape(csrf ? csrf : "", r->pool),
              "\">\n<button type=\"submit\">Sign out</button>\n</form>\n</main>\n</body>\n</html>\n", NULL);
    return OK;
}

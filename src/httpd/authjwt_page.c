/* authjwt_page: pages for people. HTML without scripts; whatever came from a client is escaped, quotes of both kinds included. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_atomic.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

#define LONGEST_PATH 2048
#define HTML "text/html; charset=utf-8"

static const char style[] =
    ":root{color-scheme:light dark;--line:#8a8f98;--text:#1c1e21;--back:#f4f5f7;--card:#fff;--main:#0b5cad;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--line:#7d838c;--text:#e8eaed;--back:#17191c;--card:#22252a;--main:#7db7f0;--bad:#f2b8b5}}"
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;"
    "background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}"
    "main{width:100%;max-width:22rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.5rem}"
    "h1{font-size:1.3rem;margin:0 0 1rem}p{margin:0 0 1rem}.bad{color:var(--bad);font-weight:600}"
    "label{display:block;margin-bottom:.25rem}input{width:100%;font:inherit;padding:.55rem .6rem;margin-bottom:1rem;color:inherit;"
    "background:transparent;border:1px solid var(--line);border-radius:.35rem}"
    "button{width:100%;font:inherit;font-weight:600;padding:.6rem;border:0;border-radius:.35rem;background:var(--main);color:var(--card);"
    "cursor:pointer}:focus-visible{outline:3px solid var(--main);outline-offset:2px}a{color:var(--main)}";

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

/* "//host", "/\host" and control characters are what browsers take for the way to another host. */
static int looks_local(const char *path)
{
    const char *p;

    if (path[0] != '/' || path[1] == '/') {
        return 0;
    }
    for (p = path; *p; p++) {
        if (*p <= 0x20 || *p >= 0x7f || *p == '\\') {
            return 0;
        }
    }
    return p - path <= LONGEST_PATH;
}

/* Judged as written and once decoded, since something on the way may decode it; only the path, for a query may hold anything. */
int authjwt_page_is_local(const char *path)
{
    char decoded[LONGEST_PATH + 1];
    const char *p;
    char *d = decoded;

    if (!path || !looks_local(path)) {
        return 0;
    }
    for (p = path; *p && *p != '?' && *p != '#'; p++) {
        if (*p == '%' && apr_isxdigit(p[1]) && apr_isxdigit(p[2])) {
            char hex[3] = { p[1], p[2], '\0' };
            unsigned char byte = (unsigned char)strtol(hex, NULL, 16);

            if (byte < 0x20 || byte == 0x7f || byte == '\\') {
                return 0;
            }
            *d++ = (char)byte;
            p += 2;
        }
        else {
            *d++ = *p;
        }
    }
    *d = '\0';
    return decoded[0] == '/' && decoded[1] != '/';
}

static const char *query_parameter(request_rec *r, const char *name)
{
    apr_size_t len = strlen(name);
    const char *p = r->args;

    for (; p && *p; p = ap_strchr_c(p, '&'), p += p != NULL) {
        if (!strncmp(p, name, len) && p[len] == '=') {
            const char *value = p + len + 1;

            return apr_punescape_url(r->pool, apr_pstrmemdup(r->pool, value, strcspn(value, "&")), NULL, NULL, 1);
        }
    }
    return NULL;
}

const char *authjwt_page_next(request_rec *r, const json_t *fields)
{
    const char *next = fields ? authjwt_body_string(fields, "next") : NULL;

    if (!next) {
        next = query_parameter(r, "next");
    }
    return authjwt_page_is_local(next) ? apr_pstrdup(r->pool, next) : "/";
}

int authjwt_page_see_other(request_rec *r, const char *path)
{
    apr_table_setn(r->headers_out, "Location", path);
    authjwt_reply_no_store(r);
    return HTTP_SEE_OTHER;
}

/* Where to come back to: the address that the client asked for, or for data that were sent the page with the form. */
static const char *way_back(const request_rec *r)
{
    const char *referer = apr_table_get(r->headers_in, "Referer");
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *path = r->unparsed_uri;

    if (r->method_number != M_GET) {
        const char *p = referer && host ? strstr(referer, "://") : NULL;

        path = p && !strncmp(p + 3, host, strlen(host)) ? p + 3 + strlen(host) : "/";
    }
    return authjwt_page_is_local(path) ? path : "/";
}

static int for_fresh_token(request_rec *r)
{
    return authjwt_reply_is(r, AUTHJWT_FRESH_TOKEN_REQUIRED);
}

/* With `fresh` the page is shown to those who are signed in too: sent on, they would be sent here again. */
static const char *login_address(request_rec *r, const char *more)
{
    const char *url = authjwt_config_dir(r)->login_url;

    return apr_pstrcat(r->pool, url, ap_strchr_c(url, '?') ? "&next=" : "?next=",
                       apr_pescape_urlencoded(r->pool, way_back(authjwt_request_initial(r))), more,
                       for_fresh_token(r) ? "&fresh=1" : "", NULL);
}

int authjwt_page_wants_fresh(request_rec *r)
{
    const char *fresh = query_parameter(r, "fresh");

    return fresh && !strcmp(fresh, "1");
}

/* Where a form of this page goes: here; empty, which means the same, where browsers could take the path for another host. */
static const char *own_address(request_rec *r)
{
    const char *path = ap_escape_uri(r->pool, r->uri);

    return authjwt_page_is_local(path) ? path : "";
}

/* The nonce lets our own style in and nothing else; the administrator's file has none and says itself what it needs. */
static void set_headers(request_rec *r, const char *nonce)
{
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "same-origin");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy",
                   nonce ? apr_pstrcat(r->pool, "default-src 'none'; style-src 'nonce-", nonce, "'; form-action 'self'; base-uri 'none'; "
                                       "frame-ancestors 'self'", NULL)
                         : "form-action 'self'; frame-ancestors 'self'");
    authjwt_reply_no_store(r);
}

static const char *make_nonce(apr_pool_t *pool)
{
    unsigned char bytes[16];

    return aj_random(bytes, sizeof(bytes)) == APR_SUCCESS ? aj_base64url_encode(bytes, sizeof(bytes), pool) : "";
}

static const char *head(request_rec *r, const char *nonce, const char *title)
{
    return apr_pstrcat(r->pool, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"robots\" content=\"noindex\">\n<title>", title, "</title>\n<style nonce=\"", nonce, "\">", style,
                       "</style>\n</head>\n<body>\n<main>\n<h1>", title, "</h1>\n", NULL);
}

/* What was sent is lost to us: httpd answers before the application sees it. The browser may still have it. */
static void say_unsaved(request_rec *r)
{
    const char *nonce = make_nonce(r->pool);

    set_headers(r, nonce);
    authjwt_reply_body(r, HTTP_UNAUTHORIZED, HTML, apr_pstrcat(r->pool,
        head(r, nonce, for_fresh_token(r) ? "Please sign in again" : "You are signed out"),
        "<p>What you sent was not saved. Sign in, go back to the form and send it again.</p>\n<p><a href=\"",
        escape(login_address(r, "&unsaved=1"), r->pool), "\">Sign in</a></p>\n</main>\n</body>\n</html>\n", NULL));
}

int authjwt_page_offer_login(request_rec *r)
{
    request_rec *initial = authjwt_request_initial(r);

    if (!authjwt_config_dir(r)->login_url || r->main || !authjwt_request_is_navigation(initial)) {
        return HTTP_UNAUTHORIZED;
    }
    if (initial->method_number == M_GET) {
        const char *address = login_address(r, "");

        authjwt_reply_withdraw(r);
        apr_table_setn(r->headers_out, "Location", address);
        authjwt_reply_no_store(r);
        return HTTP_MOVED_TEMPORARILY;
    }
    say_unsaved(r);
    return HTTP_UNAUTHORIZED;
}

/* One message for an unknown user and a wrong password. */
static const char *message_of(request_rec *r, int status)
{
    const char *retry = apr_table_get(r->err_headers_out, "Retry-After");

    switch (status) {
    case HTTP_OK:
        if (authjwt_page_wants_fresh(r)) {
            return query_parameter(r, "unsaved") ? "What you sent was not saved. Sign in once more and send it again."
                                                 : "Please sign in once more to go on.";
        }
        return query_parameter(r, "unsaved") ? "You were signed out, and what you sent was not saved. Sign in and send it again." : NULL;
    case HTTP_BAD_REQUEST:
        return "Please enter user name and password.";
    case HTTP_UNAUTHORIZED:
        return "User name or password is wrong.";
    case HTTP_FORBIDDEN:
        return "You may not sign in here.";
    case HTTP_TOO_MANY_REQUESTS:
        return apr_psprintf(r->pool, "Too many attempts. Try again in %s seconds.", retry ? retry : "some");
    default:
        return "Signing in does not work at the moment. Please try again later.";
    }
}

/* Would browsers drop Secure cookies here? */
static int is_insecure(request_rec *r)
{
    const char *proto = apr_table_get(r->headers_in, "X-Forwarded-Proto");
    const char *host = apr_table_get(r->headers_in, "Host");
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    if (!authjwt_config_cookies(conf) || !authjwt_config_cookie_secure(conf) || !strcmp(ap_http_scheme(r), "https")
        || (proto && !ap_cstr_casecmp(proto, "https"))) {
        return 0;
    }
    if (!host) {
        return 1;
    }
    host = apr_pstrmemdup(r->pool, host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"));
    return ap_cstr_casecmp(host, "localhost") && strcmp(host, "127.0.0.1") && strcmp(host, "[::1]");
}

/* Has this start of httpd warned? In memory that its processes share, where that can be had. */
static volatile apr_uint32_t warned_here;
static volatile apr_uint32_t *warned = &warned_here;

int authjwt_page_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_shm_t *shm;

    (void)plog;
    (void)ptemp;
    (void)s;
    warned = &warned_here;
    if (apr_shm_create(&shm, sizeof(*warned), NULL, pconf) == APR_SUCCESS) {
        warned = apr_shm_baseaddr_get(shm);
    }
    apr_atomic_set32(warned, 0);
    return OK;
}

/* What to tell the person, NULL if all is well; the administrator reads it once. */
static const char *insecure_notice(request_rec *r)
{
    if (!is_insecure(r)) {
        return NULL;
    }
    if (!apr_atomic_xchg32(warned, 1)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "AJ1771: AuthJWTCookies with AuthJWTCookieSecure on, but the page was asked for by "
                      "plain HTTP: browsers will not keep the cookies; use https");
    }
    return "This page was not opened by https, so your browser will not keep you signed in.";
}

static void begin_page(request_rec *r, int status, const char *nonce)
{
    r->status = status;
    ap_set_content_type(r, HTML);
    set_headers(r, nonce);
}

static int write_builtin(request_rec *r, int status, const char *next, const char *user, const char *message)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const char *notice = insecure_notice(r);
    const char *nonce = make_nonce(r->pool);

    begin_page(r, status, nonce);
    ap_rputs(head(r, nonce, "Sign in"), r);
    if (notice) {
        ap_rvputs(r, "<p class=\"bad\">", notice, "</p>\n", NULL);
    }
    if (message) {
        ap_rvputs(r, "<p class=\"bad\" role=\"alert\" id=\"message\">", escape(message, r->pool), "</p>\n", NULL);
    }
    ap_rvputs(r, "<form method=\"post\" action=\"", escape(own_address(r), r->pool), "\">\n<input type=\"hidden\" name=\"next\" value=\"",
              escape(next, r->pool), "\">\n<label for=\"user\">User name</label>\n<input id=\"user\" name=\"",
              escape(conf->login_user_field ? conf->login_user_field : "username", r->pool), "\" value=\"", escape(user ? user : "", r->pool),
              "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required", user ? "" : " autofocus",
              ">\n<label for=\"password\">Password</label>\n<input id=\"password\" name=\"",
              escape(conf->login_password_field ? conf->login_password_field : "password", r->pool),
              "\" type=\"password\" autocomplete=\"current-password\" required", user ? " autofocus" : "",
              ">\n<button type=\"submit\">Sign in</button>\n</form>\n</main>\n</body>\n</html>\n", NULL);
    return OK;
}

/* {{next}}, {{user}}, {{message}}, {{action}}: escaped for text and for attributes in quotes of either kind. */
static int write_file(request_rec *r, int status, const char *next, const char *user, const char *message)
{
    const char *notice = insecure_notice(r);
    const struct { const char *name; const char *value; } placeholders[] = {
        { "{{next}}", next }, { "{{user}}", user ? user : "" }, { "{{message}}", message ? message : notice ? notice : "" },
        { "{{action}}", own_address(r) }
    };
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

int authjwt_page_login(request_rec *r, int status, const char *next, const char *user)
{
    const char *message = message_of(r, status);
    const char *page = authjwt_config_login_page(authjwt_config_dir(r));

    return strcmp(page, "builtin") ? write_file(r, status, next, user, message) : write_builtin(r, status, next, user, message);
}

int authjwt_page_logout(request_rec *r, const char *csrf)
{
    const char *nonce = make_nonce(r->pool);

    begin_page(r, HTTP_OK, nonce);
    ap_rvputs(r, head(r, nonce, "Sign out"), "<form method=\"post\" action=\"", escape(own_address(r), r->pool), "\">\n<input type=\"hidden\" name=\"csrf_token\" value=\"",
              escape(csrf ? csrf : "", r->pool), "\">\n<button type=\"submit\">Sign out</button>\n</form>\n</main>\n</body>\n</html>\n", NULL);
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: what all pages for people have in common. HTML without scripts; whatever came from a client or from a
 * file of sentences is escaped, quotes of both kinds included. */
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_page_private.h"
#include "authjwt_request.h"

/* Colours have at least 4.5:1 for text and 3:1 for borders in both schemes (WCAG 2.2, 1.4.3 and 1.4.11), and nothing to
 * press is smaller than 24 px (2.5.8). Letters grow on screens wider than 1600 px. */
static const char style[] =
    ":root{color-scheme:light dark;font-size:clamp(100%,.5rem + .5vw,200%);--line:#7b818b;--text:#1c1e21;"
    "--back:#f4f5f7;--card:#fff;--main:#0b5cad;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--line:#868c96;--text:#e8eaed;--back:#17191c;--card:#22252a;"
    "--main:#7db7f0;--bad:#f2b8b5}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;"
    "background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "main{width:100%;max-width:22rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
    "padding:1.5rem}"
    ".logo{display:block;max-width:100%;max-height:4rem;margin:0 0 1rem}"
    "h1{font-size:1.3rem;line-height:1.3;margin:0 0 1rem}"
    ".site{display:block;font-size:1rem;font-weight:400}"
    "p{margin:0 0 1rem}.bad{color:var(--bad);font-weight:600}.note{font-weight:600}"
    "label{display:block;margin-bottom:.25rem}"
    "input{width:100%;font:inherit;padding:.55rem .6rem;margin-bottom:1rem;color:inherit;background:transparent;"
    "border:1px solid var(--line);border-radius:.35rem}"
    ".check{display:flex;align-items:center;gap:.6rem}.check label{margin:0}"
    ".check input{flex:none;width:1.5rem;height:1.5rem;margin:0;accent-color:var(--main)}"
    "button,.way a{display:block;width:100%;font:inherit;font-weight:600;text-align:center;text-decoration:none;"
    "padding:.6rem;border:1px solid transparent;border-radius:.35rem;background:var(--main);color:var(--card);"
    "cursor:pointer}"
    ".list{margin:0 0 1rem;padding:0;list-style:none}.list li{padding:0 0 1rem;margin:0 0 1rem;"
    "border-bottom:1px solid var(--line)}h2{font-size:1.05rem;margin:0 0 .5rem}"
    "dl{margin:0 0 .75rem}dt{float:left;clear:left;margin-right:.5rem}dd{margin:0}dt::after{content:':'}"
    ".way{margin:0;padding:0;list-style:none}.way li+li{margin-top:.75rem}"
    ".way li+li a{background:transparent;color:var(--main);border-color:var(--line)}"
    ":focus-visible{outline:3px solid var(--main);outline-offset:2px}a{color:var(--main)}";

/* apr_pescape_entity of APR 1.7 leaves the single quote as it is. */
const char *authjwt_page_escape(const char *text, apr_pool_t *pool)
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

authjwt_page_t *authjwt_page_begin(request_rec *r)
{
    authjwt_page_t *page = apr_palloc(r->pool, sizeof(*page));
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    apr_array_header_t *languages = authjwt_texts_languages(conf->login_texts, r->pool);
    int chosen = authjwt_request_language(apr_table_get(r->headers_in, "Accept-Language"), languages);
    const char *nonce = aj_random_id(r->pool);

    page->r = r;
    page->conf = conf;
    page->lang = APR_ARRAY_IDX(languages, chosen, const char *);
    page->nonce = nonce ? nonce : "";
    return page;
}

authjwt_said_t authjwt_page_say_with(const authjwt_page_t *page, authjwt_text_e text, const char *placeholder,
                                     const char *value)
{
    authjwt_said_t said = { NULL, NULL };
    const char *found;

    said.text = authjwt_texts_find(page->conf->login_texts, page->lang, text, &said.lang);
    found = placeholder ? strstr(said.text, placeholder) : NULL;
    if (found) {
        said.text = apr_pstrcat(page->r->pool, apr_pstrmemdup(page->r->pool, said.text, found - said.text), value,
                                found + strlen(placeholder), NULL);
    }
    return said;
}

authjwt_said_t authjwt_page_say(const authjwt_page_t *page, authjwt_text_e text)
{
    return authjwt_page_say_with(page, text, NULL, NULL);
}

authjwt_said_t authjwt_page_say_throttled(const authjwt_page_t *page)
{
    return authjwt_page_say_with(page, AUTHJWT_TEXT_THROTTLED, "{{seconds}}",
                                 apr_ltoa(page->r->pool, authjwt_request_state(page->r)->retry_after));
}

const char *authjwt_page_html(const authjwt_page_t *page, authjwt_said_t said)
{
    const char *html = authjwt_page_escape(said.text, page->r->pool);

    /* So that a screen reader pronounces it as what it is. */
    return ap_cstr_casecmp(said.lang, page->lang)
             ? apr_pstrcat(page->r->pool, "<span lang=\"", authjwt_page_escape(said.lang, page->r->pool), "\">", html,
                           "</span>", NULL)
             : html;
}

const char *authjwt_page_text(const authjwt_page_t *page, authjwt_text_e text)
{
    return authjwt_page_html(page, authjwt_page_say(page, text));
}

/* The nonce lets our own style in and nothing else; the administrator's file has none and says itself what it needs.
 * No form-action: browsers ask it of the redirects after the form too, and where people go on to may be elsewhere. */
static const char *policy(const authjwt_page_t *page)
{
    return apr_pstrcat(page->r->pool, "default-src 'none'; style-src 'nonce-", page->nonce, "'; ",
                       page->conf->login_logo ? "img-src data:; " : "", "base-uri 'none'; frame-ancestors 'self'",
                       NULL);
}

void authjwt_page_headers(const authjwt_page_t *page, int is_ours)
{
    request_rec *r = page->r;

    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "same-origin");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy", is_ours ? policy(page) : "frame-ancestors 'self'");
    apr_table_mergen(r->err_headers_out, "Vary", "Accept-Language");
    if (is_ours) {
        r->content_languages = NULL;
        apr_table_setn(r->err_headers_out, "Content-Language", page->lang);
    }
    authjwt_caching_no_store(r);
}

/* AuthName, which httpd keeps as it stands in a quoted string of a header. @return NULL where there is none */
static const char *site_of(request_rec *r)
{
    const char *name = ap_auth_name(r);
    char *plain = name && *name ? apr_palloc(r->pool, strlen(name) + 1) : NULL;
    char *p = plain;

    if (!plain) {
        return NULL;
    }
    for (; *name; name++) {
        name += *name == '\\' && (name[1] == '"' || name[1] == '\\');
        *p++ = *name;
    }
    *p = '\0';
    return authjwt_page_escape(plain, r->pool);
}

/* Beside the name of the site, the logo says nothing new. */
static const char *logo_of(const authjwt_page_t *page, const char *site)
{
    request_rec *r = page->r;

    return page->conf->login_logo ? apr_pstrcat(r->pool, "<img class=\"logo\" alt=\"",
                                                site ? "" : authjwt_page_escape(ap_get_server_name(r), r->pool),
                                                "\" src=\"", page->conf->login_logo, "\">\n", NULL)
                                  : "";
}

/* A sentence that stands alone as a heading has a full stop, which a title has not. */
static const char *title_of(const authjwt_page_t *page, authjwt_said_t heading, const char *site)
{
    apr_pool_t *pool = page->r->pool;
    apr_size_t len = strlen(heading.text);
    const char *title = apr_pstrmemdup(pool, heading.text, len && heading.text[len - 1] == '.' ? len - 1 : len);

    return apr_pstrcat(pool, authjwt_page_escape(title, pool), site ? " \xe2\x80\x93 " : "", site, NULL);
}

const char *authjwt_page_document(const authjwt_page_t *page, authjwt_said_t heading, const char *body)
{
    apr_pool_t *pool = page->r->pool;
    const char *site = site_of(page->r);

    return apr_pstrcat(pool, "<!DOCTYPE html>\n<html lang=\"", authjwt_page_escape(page->lang, pool),
                       "\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"robots\" content=\"noindex\">\n<title>",
                       title_of(page, heading, site), "</title>\n<style nonce=\"", page->nonce, "\">", style,
                       page->conf->login_style ? page->conf->login_style : "", "</style>\n</head>\n<body>\n<main>\n",
                       logo_of(page, site), "<h1>", site ? "<span class=\"site\">" : "", site ? site : "",
                       site ? "</span> " : "", authjwt_page_html(page, heading), "</h1>\n", body,
                       "</main>\n</body>\n</html>\n", NULL);
}

void authjwt_page_answer(const authjwt_page_t *page, int status, int is_ours)
{
    if (!authjwt_page_is_error_document(page->r)) {
        page->r->status = status;
    }
    ap_set_content_type(page->r, AUTHJWT_PAGE_TYPE);
    authjwt_page_headers(page, is_ours);
}

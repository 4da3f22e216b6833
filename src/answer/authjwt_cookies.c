/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cookies: write cookies as browsers want them. */
#include <string.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_cookies.h"

/* Attributes of every cookie in effect for the request. */
static const char *attributes(request_rec *r, int readable)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    return apr_pstrcat(r->pool, "; Path=", authjwt_config_cookie_path(conf), conf->cookie_domain ? "; Domain=" : "",
                       conf->cookie_domain ? conf->cookie_domain : "",
                       authjwt_config_cookie_secure(conf) ? "; Secure" : "", readable ? "" : "; HttpOnly",
                       "; SameSite=", authjwt_config_cookie_same_site(conf), NULL);
}

static int outlives_browser(request_rec *r, const authjwt_cookie_t *cookie)
{
    return cookie->keep == AUTHJWT_KEEP_AS_SET ? !authjwt_config_session_cookie(authjwt_config_dir(r))
                                               : cookie->keep == AUTHJWT_KEEP_YES;
}

static const char *format(request_rec *r, const authjwt_cookie_t *cookie)
{
    const char *age = "";

    if (outlives_browser(r, cookie)) {
        age = apr_psprintf(r->pool, "; Max-Age=%" APR_TIME_T_FMT, apr_time_sec(cookie->life));
    }
    return apr_pstrcat(r->pool, cookie->name, "=", cookie->value, attributes(r, cookie->readable), age, NULL);
}

apr_size_t authjwt_cookies_too_long(request_rec *r, const authjwt_cookie_t *cookie)
{
    apr_size_t len = strlen(format(r, cookie));

    return len > AUTHJWT_COOKIE_MAX ? len : 0;
}

/* What is known of the cookies that an answer sets so far. */
typedef struct {
    const char *text;
    int is_last; /* the last word about the cookie is this text */
} said_t;

static int look_at(void *ctx, const char *key, const char *value)
{
    said_t *said = ctx;

    (void)key;
    if (!strncmp(value, said->text, strcspn(said->text, "=") + 1)) {
        said->is_last = !strcmp(value, said->text);
    }
    return 1;
}

static int is_said(const request_rec *r, const char *text)
{
    said_t said = { text, 0 };

    apr_table_do(look_at, &said, r->err_headers_out, "Set-Cookie", NULL);
    return said.is_last;
}

/* Set on the request that is answered: no client gets the headers of a subrequest. Once: each file of a listing may
 * find that the same cookie has to go. */
static void add(request_rec *r, const char *text)
{
    while (r->main) {
        r = r->main;
    }
    if (!is_said(r, text)) {
        apr_table_addn(r->err_headers_out, "Set-Cookie", apr_pstrdup(r->pool, text));
    }
}

void authjwt_cookies_set(request_rec *r, const authjwt_cookie_t *cookie)
{
    add(r, format(r, cookie));
}

void authjwt_cookies_clear(request_rec *r, const char *name, int readable)
{
    add(r, apr_pstrcat(r->pool, name, "=", attributes(r, readable),
                       "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NULL));
}

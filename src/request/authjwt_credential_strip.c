/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_credential: take tokens out of what the application gets. */
#include <httpd.h>
#include <string.h>

#include "authjwt_config_values.h"
#include "authjwt_cookies_read.h"
#include "authjwt_credential.h"
#include "authjwt_request.h"

#define COOKIES_MAX 4

/* What is taken out of a request. */
typedef struct {
    const char *header; /* name of the header, NULL: none */
    const char *scheme; /* before its token */
    const char *query;  /* name of the parameter, NULL: none */
    const char *cookies[COOKIES_MAX];
    int cookie_count;
} stripped_t;

/* An upgrade leaves cookies behind under the default names of earlier releases, and their tokens are still good. */
static void add_cookie(stripped_t *what, const char *name)
{
    const char *plain = authjwt_config_plain_cookie(name);

    what->cookies[what->cookie_count++] = name;
    if (plain) {
        what->cookies[what->cookie_count++] = plain;
    }
}

/* Only what is a token location here: an application's own Authorization or ?jwt= is none of our business. The refresh
 * cookie is worth a session of weeks, so applications get it only where the administrator says so. */
static stripped_t what_to_strip(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    authjwt_forward_e forward = authjwt_config_forward_token(conf);
    int off = forward == AUTHJWT_FORWARD_OFF;
    int cookies = authjwt_config_has_location(conf, AUTHJWT_IN_COOKIE);
    stripped_t what = { 0 };

    if (off && authjwt_config_has_location(conf, AUTHJWT_IN_HEADER)) {
        what.header = authjwt_credential_header(r);
        what.scheme = authjwt_config_header_type(conf);
    }
    if (off && authjwt_config_has_location(conf, AUTHJWT_IN_QUERY)) {
        what.query = authjwt_config_query_name(conf);
    }
    if (off && cookies) {
        add_cookie(&what, authjwt_config_access_cookie(conf));
    }
    if (forward != AUTHJWT_FORWARD_ALL && cookies) {
        add_cookie(&what, authjwt_config_refresh_cookie(conf));
    }
    return what;
}

/* @return value itself when it holds none of the cookies */
static const char *without_cookies(const char *value, const stripped_t *what, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < what->cookie_count; i++) {
        value = authjwt_cookies_without(value, what->cookies[i], pool);
    }
    return value;
}

/* Several fields of one name arrive as one, joined by commas. */
static int holds_token(const char *value, const char *scheme, apr_pool_t *pool)
{
    while (value && *value) {
        if (authjwt_request_credentials(value, scheme, pool)) {
            return 1;
        }
        value += strcspn(value, ",");
        value += *value == ',';
    }
    return 0;
}

static void cut_query(request_rec *r, const char *name)
{
    char *args = r->args ? authjwt_request_cut_parameter(r->args, name, r->pool) : NULL;

    if (args) {
        r->args = *args ? args : NULL;
    }
    r->the_request = authjwt_request_cut_from_address(r->the_request, name, r->pool);
    r->unparsed_uri = authjwt_request_cut_from_address(r->unparsed_uri, name, r->pool);
    if (r->filename && !strncmp(r->filename, "proxy:", 6)) {
        r->filename = authjwt_request_cut_from_address(r->filename, name, r->pool);
    }
}

void authjwt_credential_strip_query(request_rec *r)
{
    stripped_t what = what_to_strip(r);
    request_rec *from;

    /* Scripts see the query of the request that led to theirs too. */
    for (from = what.query ? r : NULL; from; from = from->prev) {
        cut_query(from, what.query);
    }
}

static int is_query_variable(const char *variable)
{
    return !strcmp(variable, "QUERY_STRING") || !strcmp(variable, "QUERY_STRING_UNESCAPED")
        || !strcmp(variable, "DOCUMENT_ARGS");
}

/* @return value itself when it holds no token, NULL when it is nothing else */
static const char *without_token(const char *variable, char *value, const stripped_t *what, apr_pool_t *pool)
{
    const char *header = authjwt_request_header_of(variable);

    if (what->query && is_query_variable(variable)) {
        const char *cut = authjwt_request_cut_parameter(value, what->query, pool);

        return cut ? cut : value;
    }
    if (what->query && !strcmp(variable, "REQUEST_URI")) {
        return authjwt_request_cut_from_address(value, what->query, pool);
    }
    if (!strcmp(variable, "HTTP_COOKIE")) {
        return without_cookies(value, what, pool);
    }
    return what->header && header && authjwt_request_reads_as(header, strlen(header), what->header)
                && holds_token(value, what->scheme, pool)
             ? NULL
             : value;
}

/* Included parts begin with the environment of the page, and what a redirect leads to has it behind REDIRECT_: a
 * section above may have let pass what this one keeps away. And a RewriteRule of PHP applications puts Authorization
 * there. */
static void strip_environment(request_rec *r, const stripped_t *what)
{
    const apr_array_header_t *all = apr_table_elts(r->subprocess_env);
    int i;

    for (i = all->nelts - 1; i >= 0; i--) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(all, i, apr_table_entry_t);
        const char *key = entry->key;
        const char *kept = without_token(authjwt_request_variable(key), entry->val, what, r->pool);

        if (!kept) {
            apr_table_unset(r->subprocess_env, key);
        }
        else if (kept != entry->val) {
            apr_table_setn(r->subprocess_env, key, kept);
        }
        i = i < all->nelts ? i : all->nelts;
    }
}

static void strip_cookies(request_rec *r, const stripped_t *what)
{
    const char *cookies = apr_table_get(r->headers_in, "Cookie");
    const char *kept = cookies ? without_cookies(cookies, what, r->pool) : NULL;

    if (kept == cookies) {
        return;
    }
    if (*kept) {
        apr_table_setn(authjwt_request_own_headers(r), "Cookie", kept);
    }
    else {
        apr_table_unset(authjwt_request_own_headers(r), "Cookie");
    }
}

void authjwt_credential_strip(request_rec *r)
{
    stripped_t what = what_to_strip(r);

    if (what.header && holds_token(apr_table_get(r->headers_in, what.header), what.scheme, r->pool)) {
        apr_table_unset(authjwt_request_own_headers(r), what.header);
    }
    if (what.header || what.query || what.cookie_count) {
        strip_environment(r, &what);
        strip_cookies(r, &what);
    }
}

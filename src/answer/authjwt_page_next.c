/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: the way to the login page and back; only ever to paths of this host. */
#include <httpd.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_body.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_page_private.h"
#include "authjwt_request.h"

#define LONGEST_PATH 2048

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

/* Judged as written and once decoded, since something on the way may decode it; only the path, for a query may hold
 * anything. */
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

/* What stands for itself in an address that has no path before it: no scheme, no host, and not nothing. */
static int is_plain(const char *segment)
{
    return *segment && *segment != '/' && segment[strcspn(segment, ":/?#")] != ':';
}

static apr_size_t count_slashes(const char *text)
{
    apr_size_t count = 0;

    for (; *text; text++) {
        count += *text == '/';
    }
    return count;
}

/* From the folder of one path to another path: "../login" from "/app/page" to "/login". Made in one piece: httpd takes
 * addresses of thousands of slashes. */
static const char *relative_path(const char *base, const char *target, apr_pool_t *pool)
{
    apr_size_t common = 0, up, i;
    char *way, *end;

    for (i = 0; base[i] && base[i] == target[i]; i++) {
        common = base[i] == '/' ? i + 1 : common;
    }
    target += common;
    up = count_slashes(base + common);
    way = end = apr_palloc(pool, 3 * up + sizeof("./") + strlen(target));
    for (i = 0; i < up; i++) {
        end = apr_cpystrn(end, "../", sizeof("../"));
    }
    if (!up && !is_plain(target)) {
        end = apr_cpystrn(end, "./", sizeof("./"));
    }
    memcpy(end, target, strlen(target) + 1);
    return way;
}

const char *authjwt_page_own_path(request_rec *r)
{
    const char *path = ap_escape_uri(r->pool, r->uri);

    return authjwt_page_is_local(path) ? path : "";
}

/* An address that is too long to come back to is nobody's: the way from there need not be right behind a proxy that
 * takes a prefix off. */
const char *authjwt_page_address_of(request_rec *r, const char *path)
{
    const char *base = authjwt_request_initial(r)->unparsed_uri;
    apr_size_t len = base ? strcspn(base, "?#") : 0;

    return *path && len && *base == '/' && len <= LONGEST_PATH
             ? relative_path(apr_pstrmemdup(r->pool, base, len), path, r->pool)
             : path;
}

const char *authjwt_page_own_address(request_rec *r)
{
    return authjwt_page_address_of(r, authjwt_page_own_path(r));
}

const char *authjwt_page_parameter(request_rec *r, const char *text)
{
    return apr_pescape_urlencoded(r->pool, text);
}

static const char *query_parameter(request_rec *r, const char *name)
{
    return authjwt_request_parameter(r->args, name, 1, r->pool);
}

int authjwt_page_has_parameter(request_rec *r, const char *name)
{
    apr_size_t len = strlen(name);
    const char *pair;

    for (pair = r->args; pair && *pair; pair += strcspn(pair, "&"), pair += *pair == '&') {
        if (!strncmp(pair, name, len) && (!pair[len] || pair[len] == '=' || pair[len] == '&')) {
            return 1;
        }
    }
    return 0;
}

int authjwt_page_is_error_document(const request_rec *r)
{
    return r->prev && ap_is_HTTP_ERROR(r->status);
}

/* For its error documents httpd says GET, and in the environment what it was. */
int authjwt_page_sent_nothing(const request_rec *initial)
{
    const char *method = apr_table_get(initial->subprocess_env, "REQUEST_METHOD");

    return method ? !strcmp(method, "GET") || !strcmp(method, "HEAD") : initial->method_number == M_GET;
}

/* The page of this host that the browser names in Referer, else the front page. */
static const char *referring_path(const request_rec *r)
{
    const char *referer = apr_table_get(r->headers_in, "Referer");
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *p = referer && host ? strstr(referer, "://") : NULL;

    p = p && !strncmp(p + 3, host, strlen(host)) ? p + 3 + strlen(host) : "/";
    return authjwt_page_is_local(p) ? p : "/";
}

/* Without the token in its query: that one has been refused, and would be so each time, also to who has signed in. */
static const char *without_token(request_rec *r, const char *path)
{
    for (; r; r = r->prev) {
        const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

        if (authjwt_config_has_location(conf, AUTHJWT_IN_QUERY)) {
            path =
                authjwt_request_cut_from_address(apr_pstrdup(r->pool, path), authjwt_config_query_name(conf), r->pool);
        }
    }
    return path;
}

/* Where to come back to: the address that the client asked for, or for data that were sent the page with the form. */
const char *authjwt_page_way_back(request_rec *r)
{
    const request_rec *initial = authjwt_request_initial(r);
    const char *path = authjwt_page_sent_nothing(initial) ? initial->unparsed_uri : referring_path(initial);

    path = path ? without_token(r, path) : NULL;
    return authjwt_page_is_local(path) ? path : "/";
}

int authjwt_page_is_same_path(const char *path, const char *address)
{
    apr_size_t path_len = path ? strcspn(path, "?#") : 0;
    apr_size_t address_len = strcspn(address, "?#");

    path_len -= path_len && path[path_len - 1] == '/';
    address_len -= address_len && address[address_len - 1] == '/';
    return path_len == address_len && !strncmp(path ? path : "", address, path_len);
}

const char *authjwt_page_came_from(request_rec *r)
{
    request_rec *initial = authjwt_request_initial(r);
    const char *login = authjwt_config_dir(r)->login_url;
    const char *path = referring_path(initial);

    if (!authjwt_page_sent_nothing(initial)) {
        return path;
    }
    /* From the login page a browser would be sent here again. */
    if (authjwt_page_is_same_path(path, initial->unparsed_uri) || (login && authjwt_page_is_same_path(path, login))) {
        path = "/";
    }
    return authjwt_page_is_same_path(path, initial->unparsed_uri) ? NULL
         : strcmp(path, "/")                                      ? path
                                                                  : authjwt_page_address_of(r, path);
}

const char *authjwt_page_next(request_rec *r, const json_t *fields)
{
    const char *next = fields ? authjwt_body_string(fields, "next") : NULL;

    if (!next) {
        next = query_parameter(r, "next");
    }
    if (!next && authjwt_page_is_error_document(r)) {
        next = authjwt_page_way_back(r);
    }
    return authjwt_page_is_local(next) ? apr_pstrdup(r->pool, next) : "/";
}

const char *authjwt_page_after_logout(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    if (conf->logout_redirect || !conf->login_url) {
        return conf->logout_redirect ? conf->logout_redirect : "/";
    }
    return apr_pstrcat(r->pool, conf->login_url, ap_strchr_c(conf->login_url, '?') ? "&" : "?", "signed_out", NULL);
}

int authjwt_page_see_other(request_rec *r, const char *path)
{
    apr_table_setn(r->headers_out, "Location", path);
    authjwt_caching_no_store(r);
    return HTTP_SEE_OTHER;
}

int authjwt_page_wants_fresh(request_rec *r)
{
    const char *fresh = query_parameter(r, "fresh");

    return fresh && !strcmp(fresh, "1");
}

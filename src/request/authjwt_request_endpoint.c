/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: which endpoint a request is for, and whether it came to that endpoint's own address. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_config_values.h"
#include "authjwt_origin.h"
#include "authjwt_request.h"
#include "authjwt_request_private.h"

APLOG_USE_MODULE(authjwt);

int authjwt_request_is_preflight_or_part(request_rec *r)
{
    return authjwt_request_looked_up_for(r)->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin")
        && apr_table_get(r->headers_in, "Access-Control-Request-Method")
        && (authjwt_config_allow_preflight(authjwt_config_dir(r))
            || (authjwt_origin_trusted(r) && authjwt_request_any_endpoint(r)));
}

static int has_path_info(const request_rec *r)
{
    return r->path_info && *r->path_info;
}

/* Does a regular expression match the whole of a text? The first alternative that matches may be a shorter one. */
static int matches_whole(const core_dir_config *section, const char *text, apr_pool_t *pool)
{
    ap_regmatch_t match[1];
    ap_regex_t *whole;

    if (!ap_regexec(section->r, text, 1, match, 0) && match[0].rm_so >= 0
        && (apr_size_t)match[0].rm_eo == strlen(text)) {
        return 1;
    }
    whole = ap_pregcomp(pool, apr_pstrcat(pool, "(?:", section->d, ")\\z", NULL), AP_REG_EXTENDED);
    return whole && !ap_regexec(whole, text, 0, NULL, 0);
}

/* <Location> and <LocationMatch>: by the address alone, since what is proxied has no path_info. */
static int is_whole_url(request_rec *r, const core_dir_config *section)
{
    if (section->r) {
        return matches_whole(section, r->uri, r->pool);
    }
    /* Wildcards match whole addresses. */
    return section->d_is_fnmatch || !strcmp(r->uri, section->d);
}

/* Is the file of the request this directory itself? Either may end in a slash. */
static int is_directory(const request_rec *r, const char *directory)
{
    apr_size_t length = strlen(directory);
    const char *rest;

    if (length && directory[length - 1] == '/') {
        length--;
    }
    rest = !strncmp(r->filename ? r->filename : "", directory, length) ? r->filename + length : "x";
    return (!*rest || !strcmp(rest, "/")) && (!has_path_info(r) || !strcmp(r->path_info, "/"));
}

/* The address of a file has nothing behind it. */
static int is_file(const request_rec *r)
{
    return !has_path_info(r) && !(r->uri && ap_strrchr_c(r->uri, '/') && !ap_strrchr_c(r->uri, '/')[1]);
}

/* Is the request for the address of the section that sets its handler, and not for something below? */
static int is_own_address(request_rec *r)
{
    authjwt_section_t found;

    if (!authjwt_request_find_section(r, &found)) {
        /* A handler by suffix or RewriteRule: that of a file. */
        return is_file(r);
    }
    switch (found.kind) {
    case AUTHJWT_SECTION_URL:
        return is_whole_url(r, found.core);
    case AUTHJWT_SECTION_DIRECTORY:
        return found.core->r || found.core->d_is_fnmatch ? is_file(r) : is_directory(r, found.core->d);
    case AUTHJWT_SECTION_HTACCESS:
        return is_file(r) || is_directory(r, found.htaccess->dir);
    case AUTHJWT_SECTION_SERVER:
        return !strcmp(r->uri, "/");
    default:
        return is_file(r);
    }
}

int authjwt_request_at_own_address(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);

    /* Judged once: a RewriteRule of a directory changes r->filename later. */
    if (!state->own_address) {
        state->own_address = is_own_address(r) ? 1 : -1;
    }
    return state->own_address > 0;
}

int authjwt_request_may_issue(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);
    const char *why_not = "its handler is not set by SetHandler outside .htaccess";
    authjwt_section_t found;

    if (endpoint && endpoint == authjwt_endpoint_find(r->handler)
        && !(authjwt_request_find_section(r, &found) && found.htaccess)) {
        why_not = authjwt_request_steered_by(r);
    }
    if (why_not) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1703: no token issued at %s: %s", r->uri, why_not);
    }
    return !why_not;
}

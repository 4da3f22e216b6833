/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: what an .htaccess file may not say on the way to what issues tokens. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_request.h>
#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "authjwt_request.h"
#include "authjwt_request_private.h"

typedef int is_wanted_fn(const module *m, const void *said);

/* Modules whose directives decide who somebody is, who is let in, or what rules read from the environment. */
static int steers(const module *m, const void *said)
{
    (void)said;
    return !strncmp(m->name, "mod_auth", 8) || !strcmp(m->name, "mod_setenvif.c") || !strcmp(m->name, "mod_env.c")
        || !strcmp(m->name, "mod_lua.c");
}

/* What ordinary applications have in an .htaccess, and what could write to the environment or to request headers. */
static int is_rewrite(const module *m, const void *said)
{
    (void)said;
    return !strcmp(m->name, "mod_rewrite.c");
}

static int is_headers(const module *m, const void *said)
{
    (void)said;
    return !strcmp(m->name, "mod_headers.c");
}

/* Request headers, and whatever else Lua may do, outlast an internal redirect. */
static int outlasts_redirect(const module *m, const void *said)
{
    return is_headers(m, said) || !strcmp(m->name, "mod_lua.c");
}

/* An endpoint that takes the place of a directory or of another name comes too late for env_before and headers_before.
 */
static int steers_looked_up(const module *m, const void *said)
{
    return steers(m, said) || is_rewrite(m, said) || is_headers(m, said);
}

/* By which claims a user has a name and roles. */
static int names_claims(const module *m, const void *said)
{
    const authjwt_dir_conf_t *conf = m == &authjwt_module ? said : NULL;

    return conf && (conf->identity_claim || conf->role_claims);
}

static const module *find_in(ap_conf_vector_t *config, const char *file, is_wanted_fn *is_wanted);

/* Does <Files> match the name of the file? */
static int is_about(const core_dir_config *section, const char *file)
{
    if (section->r) {
        return !ap_regexec(section->r, file, 0, NULL, 0);
    }
    return section->d && !(section->d_is_fnmatch ? apr_fnmatch(section->d, file, 0) : strcmp(section->d, file));
}

/* An <If> counts whatever its condition says now. */
static const module *find_in_list(const apr_array_header_t *list, const char *file, int by_name,
                                  is_wanted_fn *is_wanted)
{
    const module *found = NULL;
    int i;

    for (i = 0; list && i < list->nelts && !found; i++) {
        ap_conf_vector_t *config = APR_ARRAY_IDX(list, i, ap_conf_vector_t *);

        if (!by_name || is_about(ap_get_core_module_config(config), file)) {
            found = find_in(config, file, is_wanted);
        }
    }
    return found;
}

/* httpd makes a module's part of an .htaccess only where a directive of that module stands. */
static const module *find_in(ap_conf_vector_t *config, const char *file, is_wanted_fn *is_wanted)
{
    const core_dir_config *core = ap_get_core_module_config(config);
    const module *m;
    const module *found = NULL;

    for (m = ap_top_module; m; m = m->next) {
        const void *said = ap_get_module_config(config, m);

        if (said && is_wanted(m, said)) {
            return m;
        }
    }
    if (core) {
        found = find_in_list(core->sec_file, file, 1, is_wanted);
        found = found ? found : find_in_list(core->sec_if, file, 0, is_wanted);
    }
    return found;
}

/* A subrequest has the files of the request above it too. */
static int is_on_the_way(const struct htaccess_result *file, const char *filename)
{
    return file->htaccess && !strncmp(filename, file->dir, strlen(file->dir));
}

const struct htaccess_result *authjwt_request_htaccess(const request_rec *r)
{
    const request_rec *from = authjwt_request_taken_from(r);

    return from ? authjwt_request_htaccess(from) : r->htaccess;
}

/* The first .htaccess on the way that has a directive of such a module. @param m  set where there is one */
static const struct htaccess_result *find_file(const request_rec *r, is_wanted_fn *is_wanted, const module **m)
{
    const struct htaccess_result *file;
    /* The one that httpd walked to, whatever a RewriteRule of a directory made of it. */
    const char *filename = r->canonical_filename ? r->canonical_filename : r->filename ? r->filename : "";
    const char *name = ap_strrchr_c(filename, '/');

    for (file = authjwt_request_htaccess(r); file; file = file->next) {
        *m = is_on_the_way(file, filename)
               ? find_in((ap_conf_vector_t *)file->htaccess, name ? name + 1 : filename, is_wanted)
               : NULL;
        if (*m) {
            return file;
        }
    }
    return NULL;
}

const char *authjwt_request_steered_by(request_rec *r)
{
    const module *m;
    const struct htaccess_result *file = find_file(r, authjwt_request_taken_from(r) ? steers_looked_up : steers, &m);
    const request_rec *from;

    for (from = r->prev; from && !file; from = from->prev) {
        file = find_file(from, outlasts_redirect, &m);
    }
    return file ? apr_psprintf(r->pool,
                               "%s.htaccess has a directive of %s, which could decide who gets which token; move it to "
                               "the server's configuration, or set AllowOverride None there",
                               file->dir, m->name)
                : NULL;
}

const char *authjwt_request_named_by(request_rec *r)
{
    const module *m;
    const struct htaccess_result *file = find_file(r, names_claims, &m);

    return file ? apr_psprintf(r->pool,
                               "%s.htaccess has AuthJWTIdentityClaim or AuthJWTRoleClaim, so its author would decide "
                               "who is who here; move that line to the server's configuration",
                               file->dir)
                : NULL;
}

static int is_from_htaccess(request_rec *r, is_wanted_fn *is_wanted)
{
    /* Where r->handler says something else in the end, nothing is issued. */
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);
    const module *m;

    return endpoint && endpoint->issues && find_file(r, is_wanted, &m);
}

void authjwt_request_before_rewrite(request_rec *r)
{
    if (is_from_htaccess(r, is_rewrite)) {
        authjwt_request_state(r)->env_before = apr_table_copy(r->pool, r->subprocess_env);
    }
}

void authjwt_request_after_rewrite(request_rec *r)
{
    if (authjwt_request_known(r)->env_before) {
        r->subprocess_env = authjwt_request_known(r)->env_before;
    }
}

void authjwt_request_before_headers(request_rec *r)
{
    if (is_from_htaccess(r, is_headers)) {
        authjwt_request_state(r)->headers_before = apr_table_copy(r->pool, r->headers_in);
    }
}

void authjwt_request_after_headers(request_rec *r)
{
    if (authjwt_request_known(r)->headers_before) {
        r->headers_in = authjwt_request_known(r)->headers_before;
    }
}

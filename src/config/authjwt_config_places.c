/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the places of a configuration. httpd merges sections per request; here the same is done at start. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_config_places.h"

static const core_dir_config *core_of(ap_conf_vector_t *config)
{
    return ap_get_core_module_config(config);
}

static int is_for_url(const core_dir_config *section, const char *path)
{
    apr_size_t length = strlen(section->d);

    if (section->r) {
        return !ap_regexec(section->r, path, 0, NULL, 0);
    }
    if (section->d_is_fnmatch) {
        return !apr_fnmatch(section->d, path, APR_FNM_PATHNAME);
    }
    return !strncmp(section->d, path, length)
        && (!length || section->d[length - 1] == '/' || !path[length] || path[length] == '/');
}

static int is_for_file(const core_dir_config *section, const char *file)
{
    return !section->r && !section->d_is_fnmatch && section->d && !strncmp(section->d, file, strlen(section->d));
}

static ap_conf_vector_t *merge_sections(ap_conf_vector_t *merged, const apr_array_header_t *sections,
                                        const char *subject,
                                        int (*is_for)(const core_dir_config *section, const char *subject),
                                        apr_pool_t *pool)
{
    int i;

    for (i = 0; sections && i < sections->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);

        if (core_of(section) && is_for(core_of(section), subject)) {
            merged = ap_merge_per_dir_configs(pool, merged, section);
        }
    }
    return merged;
}

ap_conf_vector_t *authjwt_config_at(server_rec *s, const char *path, apr_pool_t *pool)
{
    const core_server_config *server = ap_get_core_module_config(s->module_config);
    const char *uri = apr_pstrmemdup(pool, path, strcspn(path, "?"));
    const char *root = server->ap_document_root ? server->ap_document_root : "";
    ap_conf_vector_t *merged = s->lookup_defaults;

    merged = merge_sections(merged, server->sec_dir, apr_pstrcat(pool, root, uri, NULL), is_for_file, pool);
    return merge_sections(merged, server->sec_url, uri, is_for_url, pool);
}

/* The one address that a <Location> or a plain expression such as ^/refresh$ is for. @return NULL when it is for
 * several
 */
static const char *address_of(const core_dir_config *section, apr_pool_t *pool)
{
    const char *text = section->d;
    apr_size_t length = strlen(text);
    apr_size_t i;

    if (!section->r) {
        return section->d_is_fnmatch ? NULL : text;
    }
    if (length < 2 || text[0] != '^' || text[length - 1] != '$') {
        return NULL;
    }
    text = apr_pstrmemdup(pool, text + 1, length - 2);
    for (i = 0; text[i]; i++) {
        if (!apr_isalnum(text[i]) && !strchr("/_-", text[i])) {
            return NULL;
        }
    }
    return text;
}

static void visit(authjwt_place_t place, authjwt_place_fn *fn, void *data, apr_pool_t *pool);

/* <Files> and <If> within a place. */
static void visit_within(const authjwt_place_t *around, const apr_array_header_t *sections, const char *kind,
                         authjwt_place_fn *fn, void *data, apr_pool_t *pool)
{
    authjwt_place_t place = *around;
    int i;

    place.is_server = 0;
    place.address = NULL;
    for (i = 0; sections && i < sections->nelts; i++) {
        place.own = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        place.effective = ap_merge_per_dir_configs(pool, around->effective, place.own);
        place.name = apr_pstrcat(pool, kind, " in ", around->name, NULL);
        visit(place, fn, data, pool);
    }
}

static void visit(authjwt_place_t place, authjwt_place_fn *fn, void *data, apr_pool_t *pool)
{
    const core_dir_config *core = core_of(place.own);

    place.said = ap_get_module_config(place.own, &authjwt_module);
    place.in_effect = ap_get_module_config(place.effective, &authjwt_module);
    if (place.in_effect) {
        fn(&place, data, pool);
    }
    if (core) {
        visit_within(&place, core->sec_file, "<Files>", fn, data, pool);
        visit_within(&place, core->sec_if, "<If>", fn, data, pool);
    }
}

static void visit_sections(server_rec *s, const apr_array_header_t *sections, int are_urls, authjwt_place_fn *fn,
                           void *data, apr_pool_t *pool)
{
    int i;

    for (i = 0; sections && i < sections->nelts; i++) {
        authjwt_place_t place = { .server = s, .own = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *) };
        const core_dir_config *core = core_of(place.own);
        const char *address = are_urls && core ? address_of(core, pool) : NULL;

        if (core && core->d) {
            place.name = apr_psprintf(pool, "<%s%s \"%s\">", are_urls ? "Location" : "Directory",
                                      core->r ? "Match" : "", core->d);
            place.address = address;
            place.knows_address = address != NULL;
            place.effective = address ? authjwt_config_at(s, address, pool)
                                      : ap_merge_per_dir_configs(pool, s->lookup_defaults, place.own);
            visit(place, fn, data, pool);
        }
    }
}

void authjwt_config_each_place(server_rec *s, authjwt_place_fn *fn, void *data, apr_pool_t *pool)
{
    const core_server_config *server = ap_get_core_module_config(s->module_config);
    authjwt_place_t place = { .server = s, .own = s->lookup_defaults, .effective = s->lookup_defaults, .is_server = 1 };

    place.name = apr_psprintf(pool, "server %s", s->server_hostname ? s->server_hostname : "main");
    visit(place, fn, data, pool);
    visit_sections(s, server->sec_dir, 0, fn, data, pool);
    visit_sections(s, server->sec_url, 1, fn, data, pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: which endpoint a section is for, and the address of the one for signing out. */
#include <httpd.h>
#include <http_config.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "authjwt_config_places.h"

/* The SetHandler line that an expression comes from: httpd makes an expression of each, which needs a request. */
static const ap_directive_t *find_line(const ap_directive_t *node, const ap_expr_info_t *expr)
{
    const ap_directive_t *found = NULL;

    for (; node && !found; node = node->next) {
        if ((unsigned)node->line_num == expr->line_number && !ap_cstr_casecmp(node->directive, "SetHandler")
            && !strcmp(node->filename, expr->filename)) {
            return node;
        }
        found = find_line(node->first_child, expr);
    }
    return found;
}

const char *authjwt_config_handler_of(ap_conf_vector_t *config, apr_pool_t *pool)
{
    const core_dir_config *core = ap_get_core_module_config(config);
    const ap_expr_info_t *expr = core ? core->expr_handler : NULL;
    const ap_directive_t *line = expr && expr->filename ? find_line(ap_conftree, expr) : NULL;
    const char *args = line ? line->args : NULL;

    return args ? ap_getword_conf(pool, &args) : core ? core->handler : NULL;
}

const authjwt_endpoint_t *authjwt_config_endpoint_of(ap_conf_vector_t *config, apr_pool_t *pool)
{
    return authjwt_endpoint_find(authjwt_config_handler_of(config, pool));
}

int authjwt_config_is_endpoint(ap_conf_vector_t *config, authjwt_endpoint_e id, apr_pool_t *pool)
{
    const authjwt_endpoint_t *endpoint = authjwt_config_endpoint_of(config, pool);

    return endpoint && endpoint->id == id;
}

/* Of each server that has one; a virtual host without directives of its own shares its configuration with others. */
static apr_hash_t *logouts;

/* The first address, as written. */
static void note_logout(const authjwt_place_t *place, void *data, apr_pool_t *pool)
{
    const char **path = data;

    if (!*path && place->address && authjwt_config_is_endpoint(place->own, AUTHJWT_ENDPOINT_LOGOUT, pool)
        && authjwt_config_is_endpoint(place->effective, AUTHJWT_ENDPOINT_LOGOUT, pool)) {
        *path = place->address;
    }
}

int authjwt_config_find_logout(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;

    (void)plog;
    logouts = apr_hash_make(pconf);
    for (s = main_server; s; s = s->next) {
        const char *path = NULL;

        authjwt_config_each_place(s, note_logout, &path, ptemp);
        if (path) {
            apr_hash_set(logouts, apr_pmemdup(pconf, &s, sizeof(s)), sizeof(s), apr_pstrdup(pconf, path));
        }
    }
    return OK;
}

const char *authjwt_config_logout_path(const server_rec *s)
{
    return logouts ? apr_hash_get(logouts, &s, sizeof(s)) : NULL;
}

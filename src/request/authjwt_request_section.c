/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: the section whose SetHandler is in effect. Merging hands pointers on, so that the handler in effect
 * is known by where it lies. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>

#include "authjwt_request_private.h"

static int find_in(ap_conf_vector_t *config, const core_dir_config *in_effect, authjwt_section_t *section);

/* @param around  the section that the list stands in; changed only on success */
static int find_in_list(const apr_array_header_t *list, const core_dir_config *in_effect, authjwt_section_e kind,
                        authjwt_section_t *around)
{
    authjwt_section_t section = *around;
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        ap_conf_vector_t *config = APR_ARRAY_IDX(list, i, ap_conf_vector_t *);

        section.kind = kind;
        if (kind != AUTHJWT_SECTION_IF) {
            section.core = ap_get_core_module_config(config);
        }
        else if (around->kind != AUTHJWT_SECTION_SERVER) {
            section.kind = around->kind;
        }
        if (find_in(config, in_effect, &section)) {
            *around = section;
            return 1;
        }
    }
    return 0;
}

static int find_in(ap_conf_vector_t *config, const core_dir_config *in_effect, authjwt_section_t *section)
{
    const core_dir_config *core = ap_get_core_module_config(config);

    return core
        && ((core->expr_handler && core->expr_handler == in_effect->expr_handler)
            || (core->handler && core->handler == in_effect->handler)
            || find_in_list(core->sec_file, in_effect, AUTHJWT_SECTION_FILES, section)
            || find_in_list(core->sec_if, in_effect, AUTHJWT_SECTION_IF, section));
}

static int find_in_htaccess(request_rec *r, const core_dir_config *in_effect, authjwt_section_t *found)
{
    const struct htaccess_result *file;

    for (file = authjwt_request_htaccess(r); file; file = file->next) {
        authjwt_section_t section = { AUTHJWT_SECTION_HTACCESS, NULL, file };

        if (file->htaccess && find_in((ap_conf_vector_t *)file->htaccess, in_effect, &section)) {
            *found = section;
            return 1;
        }
    }
    return 0;
}

int authjwt_request_find_section(request_rec *r, authjwt_section_t *found)
{
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);
    const core_dir_config *in_effect = ap_get_core_module_config(r->per_dir_config);
    authjwt_section_t section = { AUTHJWT_SECTION_SERVER, NULL, NULL };

    if (!in_effect->handler && !in_effect->expr_handler) {
        return 0;
    }
    if (find_in_htaccess(r, in_effect, &section)
        || find_in_list(server->sec_url, in_effect, AUTHJWT_SECTION_URL, &section)
        || find_in_list(server->sec_dir, in_effect, AUTHJWT_SECTION_DIRECTORY, &section)
        || find_in(r->server->lookup_defaults, in_effect, &section)) {
        *found = section;
        return 1;
    }
    return 0;
}

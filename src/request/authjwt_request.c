/* authjwt_request: what a request carries. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_origin.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

authjwt_state_t *authjwt_request_state(request_rec *r)
{
    authjwt_state_t *state = ap_get_module_config(r->request_config, &authjwt_module);

    if (!state) {
        state = apr_pcalloc(r->pool, sizeof(*state));
        ap_set_module_config(r->request_config, &authjwt_module, state);
    }
    return state;
}

request_rec *authjwt_request_initial(request_rec *r)
{
    while (r->main || r->prev) {
        r = r->main ? r->main : r->prev;
    }
    return r;
}

const apr_table_t *authjwt_request_sent_headers(request_rec *r)
{
    request_rec *initial = authjwt_request_initial(r);
    const apr_table_t *sent = authjwt_request_state(initial)->sent_headers;

    return sent ? sent : initial->headers_in;
}

apr_table_t *authjwt_request_own_headers(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);

    if (!state->owns_headers) {
        if (!r->main && !r->prev) {
            state->sent_headers = r->headers_in;
        }
        r->headers_in = apr_table_copy(r->pool, r->headers_in);
        state->owns_headers = 1;
    }
    return r->headers_in;
}

int authjwt_request_is_forward_proxied(request_rec *r)
{
    return authjwt_request_initial(r)->proxyreq == PROXYREQ_PROXY;
}

/* The handler that core will set in fixups, after access has been checked. */
static const char *configured_handler(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *error = NULL;
    const char *name;

    if (!core->expr_handler) {
        return core->handler;
    }
    name = ap_expr_str_exec(r, core->expr_handler, &error);
    return error ? NULL : name;
}

const authjwt_endpoint_t *authjwt_request_any_endpoint(request_rec *r)
{
    return authjwt_endpoint_find(configured_handler(r));
}

const authjwt_endpoint_t *authjwt_request_endpoint(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_any_endpoint(r);

    return endpoint && endpoint->is_exempt ? endpoint : NULL;
}

int authjwt_request_is_preflight(request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin")
        && apr_table_get(r->headers_in, "Access-Control-Request-Method")
        && (authjwt_config_allow_preflight(authjwt_config_dir(r))
            || (authjwt_origin_trusted(r) && authjwt_request_any_endpoint(r)));
}

static int sets_handler(const core_dir_config *section, const core_dir_config *in_effect);

static int any_sets_handler(const apr_array_header_t *sections, const core_dir_config *in_effect)
{
    int i;

    for (i = 0; sections && i < sections->nelts; i++) {
        if (sets_handler(ap_get_core_module_config(APR_ARRAY_IDX(sections, i, ap_conf_vector_t *)), in_effect)) {
            return 1;
        }
    }
    return 0;
}

/* Merging hands pointers on, so that the handler in effect is known by where it lies; <Files> and <If> within count
 * too. */
static int sets_handler(const core_dir_config *section, const core_dir_config *in_effect)
{
    return section
        && ((section->expr_handler && section->expr_handler == in_effect->expr_handler)
            || (section->handler && section->handler == in_effect->handler)
            || any_sets_handler(section->sec_file, in_effect) || any_sets_handler(section->sec_if, in_effect));
}

/* Did an .htaccess on the way set the handler in effect? */
static int is_from_htaccess(request_rec *r)
{
    const core_dir_config *in_effect = ap_get_core_module_config(r->per_dir_config);
    const struct htaccess_result *file;

    for (file = r->htaccess; file; file = file->next) {
        if (file->htaccess && sets_handler(ap_get_core_module_config((ap_conf_vector_t *)file->htaccess), in_effect)) {
            return 1;
        }
    }
    return 0;
}

int authjwt_request_may_issue(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);

    if (endpoint && endpoint == authjwt_endpoint_find(r->handler) && !is_from_htaccess(r)) {
        return 1;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AJ1703: no token issued: handler %s is not set by SetHandler outside .htaccess",
                  r->handler ? r->handler : "");
    return 0;
}

int authjwt_request_is_navigation(const request_rec *r)
{
    const char *mode = apr_table_get(r->headers_in, "Sec-Fetch-Mode");
    const char *accept = apr_table_get(r->headers_in, "Accept");

    if (mode) {
        return !strcmp(mode, "navigate");
    }
    return accept && ap_strcasestr(accept, "text/html") && !apr_table_get(r->headers_in, "X-Requested-With");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: what a request carries. */
#include <httpd.h>
#include <http_core.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_request.h"

const authjwt_state_t authjwt_request_nothing_known;

authjwt_state_t authjwt_request_only_answering = { .answering = 1 };

authjwt_state_t *authjwt_request_state(request_rec *r)
{
    authjwt_state_t *state = ap_get_module_config(r->request_config, &authjwt_module);

    if (!state || state == &authjwt_request_only_answering) {
        authjwt_state_t *made = apr_pcalloc(r->pool, sizeof(*made));

        made->answering = state != NULL;
        ap_set_module_config(r->request_config, &authjwt_module, made);
        return made;
    }
    return state;
}

AUTHJWT_SELDOM static const authjwt_endpoint_t *endpoint_by_expression(request_rec *r, const ap_expr_info_t *handler)
{
    const char *error = NULL;
    const char *name = ap_expr_str_exec(r, handler, &error);

    return error ? NULL : authjwt_endpoint_find(name);
}

const authjwt_endpoint_t *authjwt_request_endpoint_of(request_rec *r, const core_dir_config *core)
{
    return core->expr_handler ? endpoint_by_expression(r, core->expr_handler) : authjwt_endpoint_find(core->handler);
}

AUTHJWT_SELDOM static int is_ours(request_rec *r, const char *type)
{
    if (ap_cstr_casecmp(type, "JWT")) {
        return 0;
    }
    authjwt_request_state(r)->protected_in = r->per_dir_config;
    return 1;
}

/* httpd evaluates AuthType as an expression each time, and several hooks ask. Where it is ours, the answer is kept for
 * as long as the request is in the same sections. */
int authjwt_request_protects(request_rec *r)
{
    const char *type;

    if (authjwt_request_known(r)->protected_in == r->per_dir_config) {
        return 1;
    }
    type = ap_auth_type(r);
    return type && is_ours(r, type);
}

int authjwt_request_is_basic(request_rec *r)
{
    const char *type = authjwt_request_protects(r) ? NULL : ap_auth_type(r);

    return type && !ap_cstr_casecmp(type, "Basic");
}

const apr_table_t *authjwt_request_sent_headers(request_rec *r)
{
    request_rec *initial = authjwt_request_initial(r);
    const apr_table_t *sent = authjwt_request_known(initial)->sent_headers;

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

request_rec *authjwt_request_looked_up_for(request_rec *r)
{
    while (r->main && !authjwt_request_known(r->main)->answering) {
        r = r->main;
    }
    return r;
}

int authjwt_request_is_forward_proxied(request_rec *r)
{
    return authjwt_request_initial(r)->proxyreq == PROXYREQ_PROXY;
}

/* Does the weight behind a media range refuse it (RFC 9110 12.4.2)? */
static int is_refused(const char *p)
{
    const char *end = p + strcspn(p, ",");

    while ((p = memchr(p, ';', end - p)) != NULL) {
        p += 1 + strspn(p + 1, " \t");
        if ((*p == 'q' || *p == 'Q') && p[1] == '=') {
            return p[2] == '0' && !apr_isdigit(p[2 + strspn(p + 2, "0.")]);
        }
    }
    return 0;
}

static int accepts_html(const char *accept)
{
    static const char html[] = "text/html";
    const char *p = accept;

    while (p) {
        p += strspn(p, ", \t");
        if (!ap_cstr_casecmpn(p, html, sizeof(html) - 1) && strchr(" \t;,", p[sizeof(html) - 1])) {
            return !is_refused(p + sizeof(html) - 1);
        }
        p = strchr(p, ',');
    }
    return 0;
}

int authjwt_request_is_navigation(const request_rec *r)
{
    const char *mode = apr_table_get(r->headers_in, "Sec-Fetch-Mode");
    const char *accept = apr_table_get(r->headers_in, "Accept");

    if (mode) {
        return !strcmp(mode, "navigate");
    }
    return accept && accepts_html(accept) && !apr_table_get(r->headers_in, "X-Requested-With");
}

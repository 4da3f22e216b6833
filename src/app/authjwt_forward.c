/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_forward: what the application gets of the request. */
#include <httpd.h>
#include <http_core.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_credential.h"
#include "authjwt_forward.h"
#include "authjwt_forward_private.h"
#include "authjwt_identity.h"
#include "authjwt_request.h"

static ap_filter_rec_t *trailers_filter;

/* What mod_proxy takes to be between the names in Connection (ap_get_token): more than RFC 9110 7.6.1 does. */
#define CONNECTION_SEPARATORS ",; \t\v\f"

/* What is named in Connection is for the next hop alone, so a proxy would drop our header. */
static void clean_connection(request_rec *r, const apr_array_header_t *headers)
{
    const char *p = apr_table_get(r->headers_in, "Connection");
    apr_array_header_t *kept = apr_array_make(r->pool, 4, sizeof(const char *));
    int dropped = 0;

    while (p && *p) {
        apr_size_t len;

        p += strspn(p, CONNECTION_SEPARATORS);
        len = strcspn(p, CONNECTION_SEPARATORS);
        if (len && authjwt_forward_is_managed(p, len, headers)) {
            dropped = 1;
        }
        else if (len) {
            APR_ARRAY_PUSH(kept, const char *) = apr_pstrmemdup(r->pool, p, len);
        }
        p += len;
    }
    if (dropped && kept->nelts) {
        apr_table_setn(authjwt_request_own_headers(r), "Connection", apr_array_pstrcat(r->pool, kept, ','));
    }
    else if (dropped) {
        apr_table_unset(authjwt_request_own_headers(r), "Connection");
    }
}

AUTHJWT_SELDOM static void remove_sent(request_rec *r, const apr_array_header_t *headers)
{
    const apr_array_header_t *all = apr_table_elts(r->headers_in);
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *name = APR_ARRAY_IDX(all, i, apr_table_entry_t).key;

        if (name && authjwt_forward_is_managed(name, strlen(name), headers)) {
            apr_table_unset(authjwt_request_own_headers(r), name);
            /* The table has changed, or has become another. */
            all = apr_table_elts(r->headers_in);
            i = -1;
        }
    }
    clean_connection(r, headers);
}

/* Blanks around a value are no part of it to whoever reads the header: " ann" would be ann there. */
static int fits_header(const char *text)
{
    return *text != ' ' && (!*text || text[strlen(text) - 1] != ' ');
}

/* Of several lines for one header the last counts, also when its claim is absent. */
static void set_headers(request_rec *r, const apr_array_header_t *headers)
{
    const aj_claims_t *claims = authjwt_identity_claims(r);
    int i;

    for (i = 0; claims && i < headers->nelts; i++) {
        const authjwt_request_header_t *entry = &APR_ARRAY_IDX(headers, i, authjwt_request_header_t);
        const char *text = aj_claims_text_of(claims, entry->claim, r->pool);

        if (text && fits_header(text)) {
            apr_table_setn(authjwt_request_own_headers(r), entry->header, text);
        }
        else {
            apr_table_unset(authjwt_request_own_headers(r), entry->header);
        }
    }
}

/* With MergeTrailers on, httpd adds what follows a chunked body to the headers, and some handlers read the body before
 * they hand the headers on. What was agreed on before the body stays. */
static apr_status_t read_with_trailers(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                                       apr_read_type_e block, apr_off_t readbytes)
{
    const apr_array_header_t *headers = authjwt_config_dir(f->r)->request_headers;
    const apr_table_t *before = f->r->headers_in;
    apr_status_t rv = ap_get_brigade(f->next, bb, mode, block, readbytes);

    if (headers && f->r->headers_in != before) {
        const apr_array_header_t *all = apr_table_elts(before);
        int i;

        remove_sent(f->r, headers);
        for (i = 0; i < all->nelts; i++) {
            const apr_table_entry_t *entry = &APR_ARRAY_IDX(all, i, apr_table_entry_t);

            if (authjwt_forward_is_managed(entry->key, strlen(entry->key), headers)) {
                apr_table_addn(authjwt_request_own_headers(f->r), entry->key, entry->val);
            }
        }
    }
    return rv;
}

static void watch_trailers(request_rec *r)
{
    const core_server_config *core = ap_get_core_module_config(r->server->module_config);

    if (core->merge_trailers == AP_MERGE_TRAILERS_ENABLE && !r->main) {
        ap_add_input_filter_handle(trailers_filter, NULL, r, r->connection);
    }
}

void authjwt_forward_register(apr_pool_t *pool)
{
    (void)pool;
    trailers_filter = ap_register_input_filter("AUTHJWT_TRAILERS", read_with_trailers, NULL, AP_FTYPE_CONTENT_SET);
}

void authjwt_forward_remove_all(request_rec *r)
{
    remove_sent(r, authjwt_config_dir(r)->request_headers);
}

static void prepare(request_rec *r, const authjwt_dir_conf_t *conf)
{
    if (conf->request_headers && conf->request_headers != authjwt_request_known(r)->managed_headers) {
        authjwt_state_t *state = authjwt_request_state(r);

        remove_sent(r, conf->request_headers);
        authjwt_forward_env_remove(r, conf->request_headers);
        set_headers(r, conf->request_headers);
        if (!state->managed_headers) {
            watch_trailers(r);
        }
        state->managed_headers = conf->request_headers;
    }
    authjwt_credential_strip_query(r);
}

void authjwt_forward_fixups_first(request_rec *r)
{
    prepare(r, authjwt_config_dir(r));
}

/* A token that was taken for a Basic password. A forward proxy's own credentials stand elsewhere, and mod_proxy keeps
 * them. */
static void cut_password(request_rec *r)
{
    if (authjwt_identity_claims(r) && !authjwt_request_protects(r) && !authjwt_request_is_forward_proxied(r)) {
        apr_table_unset(authjwt_request_own_headers(r), "Authorization");
        apr_table_unset(r->subprocess_env, "HTTP_AUTHORIZATION");
        apr_table_unset(r->subprocess_env, "REDIRECT_HTTP_AUTHORIZATION");
        authjwt_request_state(authjwt_request_initial(r))->password_cut = 1;
    }
}

static void restore(request_rec *r)
{
    const char *sent = apr_table_get(authjwt_request_sent_headers(r), "Authorization");

    if (sent && !apr_table_get(r->headers_in, "Authorization")) {
        apr_table_setn(authjwt_request_own_headers(r), "Authorization", sent);
    }
}

void authjwt_forward_restore_password(request_rec *r)
{
    if (authjwt_request_known(authjwt_request_initial(r))->password_cut) {
        restore(r);
    }
}

void authjwt_forward_fixups_last(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    prepare(r, conf);
    if (authjwt_config_forward_token(conf) == AUTHJWT_FORWARD_OFF) {
        cut_password(r);
    }
    authjwt_credential_strip(r);
}

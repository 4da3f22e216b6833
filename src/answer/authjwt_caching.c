/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_caching: Cache-Control and Vary of what depends on a token. */
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "authjwt_below.h"
#include "authjwt_body.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_credential.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"

static ap_filter_rec_t *headers_filter_handle, *caching_filter_handle;

/* Where a token is asked for, was asked for before mod_dir put another file in the place of this one, or an expression
 * asked about it. */
static int hangs_here(request_rec *r)
{
    const authjwt_state_t *state = authjwt_request_known(r);

    return state->claims || state->asked || authjwt_request_protects(r);
}

/* Or it was asked about on the way: before a RewriteRule or ErrorDocument led here, or for what a listing leaves out.
 */
static int hangs_on_token(request_rec *r)
{
    return authjwt_request_known(authjwt_request_initial(r))->judged || hangs_here(r);
}

static void add_vary(request_rec *r, const authjwt_dir_conf_t *conf)
{
    const authjwt_location_e *locations;
    int count = authjwt_config_locations(conf, &locations);
    int i;

    for (i = 0; i < count; i++) {
        const char *name = authjwt_credential_vary(r, locations[i]);
        const char *vary = apr_table_get(r->headers_out, "Vary");

        if (name && !(vary && (ap_find_token(r->pool, vary, name) || ap_find_token(r->pool, vary, "*")))) {
            apr_table_mergen(r->headers_out, "Vary", name);
        }
    }
}

/* login, refresh, logout and jwks ask for no token. A header with an expression may. */
static int asks_for_none(request_rec *r)
{
    return authjwt_request_endpoint(r) && !authjwt_request_known(r)->asked;
}

/* Once, so that what mod_headers then makes of it counts. */
static void vary(request_rec *r)
{
    request_rec *from;

    if (authjwt_request_known(r)->varied || !hangs_on_token(r) || asks_for_none(r)) {
        return;
    }
    authjwt_request_state(r)->varied = 1;
    for (from = r; from; from = from->prev) {
        if (from == r || hangs_here(from)) {
            add_vary(r, authjwt_config_dir(from));
        }
    }
}

/* Runs when the headers are complete, once, and before caches and mod_headers look at them. */
static apr_status_t headers_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;

    vary(r);
    if (authjwt_request_known(r)->own_error && authjwt_request_known(r)->own_error == r->status) {
        ap_set_content_type(r, authjwt_request_known(r)->own_error_type);
    }
    if (authjwt_request_known(r)->headers_below && authjwt_below_take(r)) {
        authjwt_caching_no_store(r);
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

static int may_store(request_rec *r)
{
    return !authjwt_request_known(authjwt_request_initial(r))->no_store;
}

/* After mod_headers, which may say how long to keep what a directory holds, and before caches. */
static apr_status_t caching_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;

    authjwt_tally(r);
    /* `Header set X-User "expr=%{jwt:sub}"` asks after the filter above. */
    vary(r);
    if (!may_store(r)) {
        apr_table_unset(r->err_headers_out, "Cache-Control");
        apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    }
    else if (!authjwt_request_endpoint(r) && !apr_table_get(r->headers_out, "Cache-Control")
             && !apr_table_get(r->err_headers_out, "Cache-Control")) {
        apr_table_setn(r->headers_out, "Cache-Control", "private");
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void authjwt_caching_no_store(request_rec *r)
{
    authjwt_request_state(authjwt_request_initial(r))->no_store = 1;
    /* In a handler the hook has been. */
    ap_add_output_filter_handle(caching_filter_handle, NULL, r, r->connection);
}

static void add_filters(request_rec *r)
{
    ap_add_output_filter_handle(headers_filter_handle, NULL, r, r->connection);
    ap_add_output_filter_handle(caching_filter_handle, NULL, r, r->connection);
}

void authjwt_caching_mark_private(request_rec *r)
{
    authjwt_state_t *initial = authjwt_request_state(authjwt_request_initial(r));
    request_rec *page = r;

    while (page->main) {
        page = page->main;
    }
    /* A listing asks about its files after the hook has run. */
    if (!initial->judged && authjwt_request_known(page)->answering) {
        add_filters(page);
    }
    initial->judged = 1;
}

AUTHJWT_SELDOM static void insert_where_wanted(request_rec *r, int is_error)
{
    int hangs = hangs_on_token(r);

    if (hangs || authjwt_request_known(r)->own_error) {
        ap_add_output_filter_handle(headers_filter_handle, NULL, r, r->connection);
    }
    if (hangs || !may_store(r)) {
        ap_add_output_filter_handle(caching_filter_handle, NULL, r, r->connection);
    }
    if (!is_error) {
        authjwt_body_insert_filter(r);
    }
}

static void insert(request_rec *r, int is_error)
{
    int known = authjwt_request_made_state(r) != NULL;

    if (known) {
        authjwt_below_settle(r);
    }
    authjwt_request_set_answering(r);
    /* Subrequests have no headers of their own to send. */
    if (r->main) {
        return;
    }
    /* What an internal redirect came of may have asked for a token. */
    if (!known && r->prev) {
        known = authjwt_request_made_state(authjwt_request_initial(r)) != NULL;
    }
    if (known || authjwt_request_protects(r)) {
        insert_where_wanted(r, is_error);
    }
}

static void insert_filter(request_rec *r)
{
    insert(r, 0);
}

static void insert_error_filter(request_rec *r)
{
    insert(r, 1);
}

void authjwt_caching_register(apr_pool_t *pool)
{
    static const char *const after[] = { "mod_headers.c", NULL };

    (void)pool;
    headers_filter_handle =
        ap_register_output_filter("AUTHJWT_HEADERS", headers_filter, NULL, AP_FTYPE_CONTENT_SET - 2);
    caching_filter_handle = ap_register_output_filter("AUTHJWT_CACHING", caching_filter, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_insert_filter(insert_filter, after, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(insert_error_filter, after, NULL, APR_HOOK_LAST);
}

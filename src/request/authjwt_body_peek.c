/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_body: look into a form and leave it whole for the application: what was read is kept and replayed by an input
 * filter. */
#include <httpd.h>
#include <http_config.h>
#include <http_request.h>
#include <apr_strings.h>
#include <util_filter.h>

#include "authjwt_body_private.h"
#include "authjwt_request.h"

#define REPLAY_FILTER "AUTHJWT_REPLAY"

/* Room for the limit and what one read brings on top of it. */
#define ROOM (AUTHJWT_BODY_MAX + HUGE_STRING_LEN)

/* What has been read ahead of the handler. */
typedef struct authjwt_read_ahead_t {
    authjwt_body_bytes_t body;
    apr_size_t replayed;
    apr_status_t failed; /* reading stopped for this reason */
} read_ahead_t;

static read_ahead_t *read_ahead(request_rec *r)
{
    request_rec *initial = authjwt_request_initial(r);
    authjwt_state_t *state = authjwt_request_state(initial);

    if (!state->read_ahead) {
        read_ahead_t *ahead = apr_pcalloc(initial->pool, sizeof(*ahead));

        ahead->failed = authjwt_body_read(r, AUTHJWT_BODY_MAX, ROOM, initial->pool, &ahead->body);
        state->read_ahead = ahead;
    }
    return state->read_ahead;
}

static int is_form(const request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");

    return type && !ap_cstr_casecmpn(type, "application/x-www-form-urlencoded", 33)
        && (!type[33] || strchr("; \t", type[33]));
}

authjwt_verdict_e authjwt_body_peek(request_rec *r, const char *name, const char **value)
{
    const read_ahead_t *ahead;

    *value = NULL;
    /* Only the request that has the body; a subrequest has none. */
    if (r->main || !is_form(r)) {
        return AUTHJWT_OK;
    }
    ahead = read_ahead(r);
    if (ahead->failed != APR_SUCCESS) {
        return authjwt_body_unreadable(r, ahead->failed);
    }
    *value = authjwt_request_parameter(ahead->body.bytes, name, 1, r->pool);
    return AUTHJWT_OK;
}

/* First what was kept, then what is still to come. */
static apr_status_t replay(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode, apr_read_type_e block,
                           apr_off_t readbytes)
{
    read_ahead_t *ahead = f->ctx;
    apr_size_t left = ahead->body.len - ahead->replayed;
    apr_bucket_alloc_t *alloc = f->c->bucket_alloc;

    if (mode != AP_MODE_READBYTES && mode != AP_MODE_SPECULATIVE) {
        return left ? APR_ENOTIMPL : ap_get_brigade(f->next, brigade, mode, block, readbytes);
    }
    if (left) {
        left = (apr_off_t)left > readbytes ? (apr_size_t)readbytes : left;
        APR_BRIGADE_INSERT_TAIL(brigade,
                                apr_bucket_pool_create(ahead->body.bytes + ahead->replayed, left, f->r->pool, alloc));
        ahead->replayed += mode == AP_MODE_READBYTES ? left : 0;
        return APR_SUCCESS;
    }
    if (ahead->body.ended) {
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
        return APR_SUCCESS;
    }
    if (ahead->failed != APR_SUCCESS) {
        return ahead->failed;
    }
    ap_remove_input_filter(f);
    return ap_get_brigade(f->next, brigade, mode, block, readbytes);
}

void authjwt_body_insert_filter(request_rec *r)
{
    struct authjwt_read_ahead_t *ahead = authjwt_request_known(authjwt_request_initial(r))->read_ahead;

    if (ahead) {
        ap_add_input_filter(REPLAY_FILTER, ahead, r, r->connection);
    }
}

void authjwt_body_register(apr_pool_t *pool)
{
    (void)pool;
    /* Just above the protocol, so that whatever decodes bodies gets them from here. */
    ap_register_input_filter(REPLAY_FILTER, replay, NULL, AP_FTYPE_PROTOCOL - 1);
}

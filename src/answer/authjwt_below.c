/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_below: what a refusal of a looked-up file says beside its body, for the request that is answered with it. */
#include <httpd.h>

#include "authjwt_below.h"
#include "authjwt_request.h"

int authjwt_below_hand_up(request_rec *r, authjwt_verdict_e verdict, int status)
{
    request_rec *page;

    for (page = r->main; page && !authjwt_request_known(page)->answering; page = page->main) {
        authjwt_state_t *state = authjwt_request_state(page);

        state->refused_below = status;
        /* A copy of its own: mod_dir destroys the subrequest. */
        state->headers_below = apr_table_clone(page->pool, r->err_headers_out);
        state->error_below = authjwt_verdict_refusal(verdict)->code;
    }
    return status;
}

void authjwt_below_take(request_rec *r)
{
    const authjwt_state_t *state = authjwt_request_known(r);
    const apr_array_header_t *below;
    const apr_table_t *had;
    int i;

    if (state->refused_below != r->status) {
        return;
    }
    if (state->error_below) {
        apr_table_setn(r->notes, "jwt-error", state->error_below);
    }
    had = apr_table_copy(r->pool, r->err_headers_out);
    below = apr_table_elts(state->headers_below);
    for (i = 0; i < below->nelts; i++) {
        const apr_table_entry_t *header = &APR_ARRAY_IDX(below, i, apr_table_entry_t);

        if (!apr_table_get(had, header->key) && !apr_table_get(r->headers_out, header->key)) {
            apr_table_addn(r->err_headers_out, header->key, header->val);
        }
    }
}

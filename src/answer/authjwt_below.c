/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_below: what a refusal of a looked-up file says beside its body, for the request that is answered with it. */
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_below.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"

int authjwt_below_hand_up(request_rec *r, authjwt_verdict_e verdict, int status, const char *login)
{
    request_rec *page;

    for (page = r->main; page && !authjwt_request_known(page)->answering; page = page->main) {
        authjwt_state_t *state = authjwt_request_state(page);

        state->refused_below = status;
        /* A copy of its own: mod_dir destroys the subrequest. */
        state->headers_below = apr_table_clone(page->pool, r->err_headers_out);
        state->error_below = authjwt_verdict_refusal(verdict)->code;
        state->login_below = login ? apr_pstrdup(page->pool, login) : NULL;
    }
    return status;
}

/* Of one file mod_dir passes on the challenge, of one of several it does not. */
static int has_other_challenge(request_rec *r, const authjwt_state_t *state)
{
    const char *has = apr_table_get(r->err_headers_out, "WWW-Authenticate");
    const char *ours = apr_table_get(state->headers_below, "WWW-Authenticate");

    return has && (!ours || strcmp(has, ours) != 0);
}

/* What the application answers is its own. */
void authjwt_below_settle(request_rec *r)
{
    const authjwt_state_t *state = authjwt_request_known(r);

    if (state->login_below && !state->answering && state->refused_below == r->status && !r->main
        && !has_other_challenge(r, state)) {
        authjwt_request_state(r)->goes_to_login = 1;
    }
}

static void add_headers(request_rec *r, const apr_table_t *headers)
{
    const apr_array_header_t *below = apr_table_elts(headers);
    const apr_table_t *had = apr_table_copy(r->pool, r->err_headers_out);
    int i;

    for (i = 0; i < below->nelts; i++) {
        const apr_table_entry_t *header = &APR_ARRAY_IDX(below, i, apr_table_entry_t);

        if (!apr_table_get(had, header->key) && !apr_table_get(r->headers_out, header->key)) {
            apr_table_addn(r->err_headers_out, header->key, header->val);
        }
    }
}

/* Of an error httpd has made err_headers_out the headers of the answer. */
static void go_to_login(request_rec *r, const char *address)
{
    apr_table_unset(r->headers_out, "WWW-Authenticate");
    apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    apr_table_setn(r->headers_out, "Location", address);
    r->status = HTTP_MOVED_TEMPORARILY;
    authjwt_tally_refused_as(r, authjwt_request_known(authjwt_request_initial(r))->outcome_verdict, r->status);
}

int authjwt_below_take(request_rec *r)
{
    const authjwt_state_t *state = authjwt_request_known(r);

    if (state->refused_below != r->status) {
        return 0;
    }
    add_headers(r, state->headers_below);
    if (state->goes_to_login) {
        go_to_login(r, state->login_below);
    }
    else if (state->error_below) {
        apr_table_setn(r->notes, "jwt-error", state->error_below);
    }
    return state->goes_to_login;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: what httpd puts in the place of a request, an index file, a fallback or a variant. It has looked
 * that file up by a subrequest, and hands on its configuration, but neither its user nor the .htaccess files on its
 * way.
 */
#include <httpd.h>

#include "authjwt_request.h"

/* What was looked up under a request. */
struct authjwt_looked_up_t {
    const request_rec *r; /* NULL when it is gone */
    struct authjwt_looked_up_t *next;
};

static apr_status_t forget(void *looked_up)
{
    ((struct authjwt_looked_up_t *)looked_up)->r = NULL;
    return APR_SUCCESS;
}

const request_rec *authjwt_request_taken_from(const request_rec *r)
{
    const struct authjwt_looked_up_t *one = authjwt_request_known(r)->looked_up;

    while (one && !(one->r && one->r->per_dir_config == r->per_dir_config)) {
        one = one->next;
    }
    return one ? one->r : NULL;
}

void authjwt_request_hand_up(request_rec *r)
{
    /* With the same configuration it would be no other place. */
    if (r->main && r->per_dir_config != r->main->per_dir_config && !authjwt_request_known(r->main)->answering) {
        authjwt_state_t *state = authjwt_request_state(r->main);
        struct authjwt_looked_up_t *one = apr_palloc(r->main->pool, sizeof(*one));

        *one = (struct authjwt_looked_up_t){ r, state->looked_up };
        state->looked_up = one;
        apr_pool_cleanup_register(r->pool, one, forget, apr_pool_cleanup_null);
    }
}

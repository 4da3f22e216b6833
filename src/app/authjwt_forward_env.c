/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_forward: the environment that a subrequest or redirect has inherited. */
#include <httpd.h>

#include "authjwt_forward_private.h"
#include "authjwt_request.h"

void authjwt_forward_env_remove(request_rec *r, const apr_array_header_t *headers)
{
    const apr_array_header_t *all = apr_table_elts(r->subprocess_env);
    int i;

    for (i = r->main || r->prev ? all->nelts - 1 : -1; i >= 0; i--) {
        const char *key = APR_ARRAY_IDX(all, i, apr_table_entry_t).key;
        const char *header = authjwt_request_header_of(authjwt_request_variable(key));

        if (header && authjwt_forward_is_managed(header, strlen(header), headers)) {
            apr_table_unset(r->subprocess_env, key);
            i = i < all->nelts ? i : all->nelts;
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_forward: names of AuthJWTRequestHeader. */
#include "authjwt_forward_private.h"
#include "authjwt_request.h"

int authjwt_forward_is_managed(const char *sent, apr_size_t len, const apr_array_header_t *headers)
{
    int i;

    for (i = 0; i < headers->nelts; i++) {
        if (authjwt_request_reads_as(sent, len, APR_ARRAY_IDX(headers, i, authjwt_request_header_t).header)) {
            return 1;
        }
    }
    return 0;
}

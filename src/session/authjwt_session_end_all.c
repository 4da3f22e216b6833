/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: end the sessions of several tokens. */
#include <string.h>

#include "authjwt_session.h"

/* Both tokens of a login name one session; it is ended once. */
static int is_repeated(const apr_array_header_t *claims, int index)
{
    const char *sid = aj_claims_string(APR_ARRAY_IDX(claims, index, const aj_claims_t *), "sid");
    int i;

    for (i = 0; sid && i < index; i++) {
        const char *other = aj_claims_string(APR_ARRAY_IDX(claims, i, const aj_claims_t *), "sid");

        if (other && !strcmp(sid, other)) {
            return 1;
        }
    }
    return 0;
}

authjwt_verdict_e authjwt_session_end_all(request_rec *r, const apr_array_header_t *claims, authjwt_end_e why)
{
    authjwt_verdict_e verdict = AUTHJWT_OK;
    int i;

    for (i = 0; i < claims->nelts && verdict == AUTHJWT_OK; i++) {
        if (!is_repeated(claims, i)) {
            verdict = authjwt_session_end(r, APR_ARRAY_IDX(claims, i, const aj_claims_t *), why);
        }
    }
    return verdict;
}

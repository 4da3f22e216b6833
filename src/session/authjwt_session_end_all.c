/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: end the sessions of several tokens. */
#include <string.h>

#include "authjwt_session.h"

static int are_equal(const char *one, const char *other)
{
    return one && other ? !strcmp(one, other) : one == other;
}

/* Both tokens of a login name one session; it is ended once. Another issuer may give the same name to one of its own.
 */
static int is_repeated(const apr_array_header_t *claims, int index)
{
    const aj_claims_t *one = APR_ARRAY_IDX(claims, index, const aj_claims_t *);
    const char *sid = aj_claims_string(one, "sid");
    int i;

    for (i = 0; sid && i < index; i++) {
        const aj_claims_t *other = APR_ARRAY_IDX(claims, i, const aj_claims_t *);

        if (are_equal(sid, aj_claims_string(other, "sid"))
            && are_equal(aj_claims_string(one, "iss"), aj_claims_string(other, "iss"))) {
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a query: found means there, cut means gone, and the others stay. */
#include "fuzz.h"
#include "authjwt_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *query = apr_pstrmemdup(pool, (const char *)data, size);
    const char *found = authjwt_request_parameter(query, "t", 0, pool);
    const char *other = authjwt_request_parameter(query, "u", 1, pool);
    const char *cut = authjwt_request_cut_parameter(query, "t", pool);
    char *line = apr_pstrcat(pool, "GET /?", query, NULL);
    const char *shorter = authjwt_request_cut_from_address(line, "t", pool);
    const char *again;

    HOLDS(!found || cut);
    if (cut) {
        HOLDS(strlen(cut) < strlen(query) && !authjwt_request_parameter(cut, "t", 0, pool)
              && !authjwt_request_cut_parameter(cut, "t", pool));
        again = authjwt_request_parameter(cut, "u", 1, pool);
        HOLDS(other ? again && !strcmp(again, other) : !again);
    }
    HOLDS(shorter == line || strlen(shorter) < strlen(line));
    return fuzz_done(pool);
}

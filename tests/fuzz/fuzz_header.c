/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of an Authorization field: never empty, no blank at either end, and part of the field. */
#include "fuzz.h"
#include "authjwt_request.h"

static void judge(const char *value, const char *scheme, apr_pool_t *pool)
{
    const char *token = authjwt_request_credentials(value, scheme, pool);

    if (token) {
        HOLDS(*token && !strchr(" \t", *token) && !strchr(" \t", token[strlen(token) - 1]) && strstr(value, token));
        HOLDS(!*scheme || strlen(token) + strlen(scheme) < strlen(value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *value = apr_pstrmemdup(pool, (const char *)data, size);

    judge(value, "Bearer", pool);
    judge(value, "", pool);
    return fuzz_done(pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a Cookie header: never empty, never with what ends one, and all of them found again in the header. Cut out
 * of it, they are gone and the others are as they were. */
#include "fuzz.h"
#include "authjwt_cookies_read.h"

static apr_array_header_t *values_of(const char *header, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *values = apr_array_make(pool, 1, sizeof(const char *));

    apr_array_header_t *pairs = authjwt_cookies_read(header, pool);
    int i;

    for (i = 0; i < pairs->nelts; i++) {
        const authjwt_cookie_pair_t *pair = &APR_ARRAY_IDX(pairs, i, authjwt_cookie_pair_t);

        if (!strcmp(pair->name, name)) {
            APR_ARRAY_PUSH(values, const char *) = pair->value;
        }
    }
    return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *header = apr_pstrmemdup(pool, (const char *)data, size);
    const char *without = authjwt_cookies_without(header, "t", pool);
    apr_array_header_t *values = values_of(header, "t", pool);
    apr_array_header_t *before = values_of(header, "u", pool);
    apr_array_header_t *after = values_of(without, "u", pool);
    int i;

    for (i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        HOLDS(*value && !strpbrk(value, ";,") && strstr(header, value));
    }
    HOLDS(!values_of(without, "t", pool)->nelts && before->nelts == after->nelts
          && (without != header || !values->nelts));
    for (i = 0; i < before->nelts; i++) {
        HOLDS(!strcmp(APR_ARRAY_IDX(before, i, const char *), APR_ARRAY_IDX(after, i, const char *)));
    }
    return fuzz_done(pool);
}

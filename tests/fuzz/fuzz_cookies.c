/* Values of a Cookie header: never empty, never with what ends one, and all of them found again in the header. */
#include "fuzz.h"
#include "authjwt_cookies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    apr_array_header_t *values = apr_array_make(pool, 1, sizeof(const char *));
    const char *header = apr_pstrmemdup(pool, (const char *)data, size);
    int i;

    authjwt_cookies_values(header, "t", values);
    for (i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        HOLDS(*value && !strchr(value, ';') && strstr(header, value));
    }
    return fuzz_done(pool);
}

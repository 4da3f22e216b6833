/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes has exactly one encoding. */
#include "fuzz.h"
#include "aj_base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    unsigned char *bytes;
    apr_size_t len;

    if (aj_base64url_decode((const char *)data, size, pool, &bytes, &len) == AJ_OK) {
        const char *again = aj_base64url_encode(bytes, len, pool);

        HOLDS(strlen(again) == size && !memcmp(again, data, size));
    }
    return fuzz_done(pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A key that is accepted, from JWK, PEM or secret, signs what it verifies. */
#include "fuzz.h"
#include "aj_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    aj_key_options_t options = { 0 };
    int i;

    for (i = 0; (options.alg = aj_alg_at(i)) != NULL; i++) {
        aj_key_t *key;
        unsigned char *sig;
        apr_size_t sig_len;

        if (!aj_key_read(&key, data, size, &options, pool) && aj_key_can_sign(key)) {
            HOLDS(aj_key_sign(key, "x", 1, pool, &sig, &sig_len) == APR_SUCCESS);
            HOLDS(aj_key_verify(key, "x", 1, sig, sig_len) == AJ_OK);
            HOLDS(aj_key_verify(key, "y", 1, sig, sig_len) != AJ_OK);
        }
    }
    return fuzz_done(pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever mutations make of a token: only what was really signed verifies, with a key of each family in the ring. */
#include "fuzz.h"
#include "fuzz_keys.h"
#include "aj_jws.h"

static const aj_keyset_t *ring(void)
{
    static aj_keyset_t *made;
    static apr_pool_t *pool;

    if (!made) {
        pool = fuzz_pool();
        made = aj_keyset_make(pool);
        HOLDS(!aj_keyset_add_jwks(made, fuzz_key_set, strlen(fuzz_key_set), NULL, NULL, pool));
        HOLDS(aj_keyset_count(made) == 4);
    }
    return made;
}

static int was_signed(const aj_jws_t *jws)
{
    size_t i;

    for (i = 0; i < sizeof(fuzz_signing_inputs) / sizeof(fuzz_signing_inputs[0]); i++) {
        if (strlen(fuzz_signing_inputs[i]) == jws->signing_input_len
            && !memcmp(fuzz_signing_inputs[i], jws->signing_input, jws->signing_input_len)) {
            return 1;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const aj_key_t *key = NULL;
    const char *detail;
    aj_jws_t jws;

    if (aj_jws_parse((const char *)data, size, pool, &jws, &detail) == AJ_OK
        && aj_jws_verify(&jws, ring(), pool, &key, &detail) == AJ_OK) {
        HOLDS(was_signed(&jws));
        HOLDS(key && !strcmp(aj_key_alg(key)->name, jws.alg));
    }
    return fuzz_done(pool);
}

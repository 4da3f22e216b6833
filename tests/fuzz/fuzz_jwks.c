/* SPDX-License-Identifier: Apache-2.0 */
/* A refused JWK Set leaves the ring as it was; what is published of an accepted one holds no private member. */
#include "fuzz.h"
#include "aj_json.h"
#include "aj_keyset.h"

static void holds_no_secret(const aj_keyset_t *ring, apr_pool_t *pool)
{
    static const char *const secret[] = { "d", "p", "q", "dp", "dq", "qi", "k" };
    const json_t *keys = json_object_get(aj_keyset_public(ring, pool), "keys");
    size_t i, k;

    for (i = 0; i < json_array_size(keys); i++) {
        for (k = 0; k < sizeof(secret) / sizeof(secret[0]); k++) {
            HOLDS(!json_object_get(json_array_get(keys, i), secret[k]));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    aj_keyset_t *ring = aj_keyset_make(pool);
    apr_array_header_t *notes = apr_array_make(pool, 1, sizeof(aj_keyset_note_t));

    if (aj_keyset_add_jwks(ring, (const char *)data, size, NULL, notes, pool)) {
        HOLDS(aj_keyset_count(ring) == 0);
    }
    else {
        holds_no_secret(ring, pool);
    }
    return fuzz_done(pool);
}

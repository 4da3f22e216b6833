/* SPDX-License-Identifier: Apache-2.0 */
/* Full validation of payloads that are rightly signed: what passes has every property that callers rely on. */
#include "fuzz.h"
#include "aj_jws.h"
#include "aj_jwt.h"

#define NOW apr_time_from_sec(1700000000)

static const aj_key_t *key(void)
{
    static aj_key_t *made;
    aj_key_options_t options = { 0 };

    if (!made) {
        options.alg = aj_alg_find("HS256");
        HOLDS(
            !aj_key_read(&made, (const unsigned char *)"0123456789abcdef0123456789abcdef", 32, &options, fuzz_pool()));
    }
    return made;
}

static void holds_promises(const aj_claims_t *claims, apr_pool_t *pool)
{
    const unsigned char *p = (const unsigned char *)aj_claims_identity(claims);
    const char *name;
    json_t *value;

    HOLDS(p && *p);
    for (; *p; p++) {
        HOLDS(*p >= 0x20 && *p != 0x7f);
    }
    HOLDS(aj_claims_expires(claims) > NOW);
    HOLDS(aj_claims_type(claims) == AJ_TYPE_ACCESS);
    json_object_foreach((json_t *)aj_claims_object(claims), name, value)
    {
        const char *text = aj_claims_text(value, pool);
        const char *same = *name == '/' ? text : aj_claims_text_of(claims, name, pool);

        HOLDS(text == same || (text && same && !strcmp(text, same)));
        for (p = (const unsigned char *)text; p && *p; p++) {
            HOLDS(*p >= 0x20 && *p != 0x7f);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    aj_keyset_t *ring = aj_keyset_make(pool);
    aj_jwt_policy_t policy = { .keys = ring, .identity_claim = "sub", .types = AJ_TYPE_ACCESS };
    const aj_claims_t *claims;
    const char *token, *detail;

    HOLDS(!aj_keyset_add(ring, key()));
    HOLDS(aj_jws_sign(key(), (const char *)data, size, pool, &token) == APR_SUCCESS);
    if (aj_jwt_validate(&policy, token, strlen(token), NOW, pool, &claims, &detail) == AJ_OK) {
        holds_promises(claims, pool);
    }
    return fuzz_done(pool);
}

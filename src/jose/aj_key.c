/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a key. */
#include <string.h>

#include "aj_digest.h"
#include "aj_key_private.h"

const aj_alg_t *aj_key_alg(const aj_key_t *key)
{
    return key->alg;
}

const char *aj_key_kid(const aj_key_t *key)
{
    return key->kid;
}

const char *aj_key_doubt(const aj_key_t *key)
{
    return key->doubt;
}

int aj_key_kid_is_default(const aj_key_t *key)
{
    return key->kid_is_default;
}

int aj_key_is_published(const aj_key_t *key)
{
    return key->alg->kty != AJ_KTY_OCT && (key->is_secret || key->publish);
}

static int same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

int aj_key_equal(const aj_key_t *a, const aj_key_t *b)
{
    return same_text(a->kid, b->kid) && aj_key_same(a, b);
}

int aj_key_same(const aj_key_t *a, const aj_key_t *b)
{
    if (!aj_alg_same(a->alg, b->alg)) {
        return 0;
    }
    if (a->alg->kty == AJ_KTY_OCT) {
        return a->secret_len == b->secret_len && aj_equal(a->secret, b->secret, a->secret_len);
    }
    return same_text(a->pub[0], b->pub[0]) && same_text(a->pub[1], b->pub[1]);
}

int aj_key_can_sign(const aj_key_t *key)
{
    return key->is_secret && !key->verify_only;
}

int aj_key_is_secret(const aj_key_t *key)
{
    return key->is_secret;
}

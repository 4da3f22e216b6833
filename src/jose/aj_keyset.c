/* SPDX-License-Identifier: Apache-2.0 */
/* The key ring: the key for a token is chosen by algorithm, then by kid, and by nothing else in the token. */
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "aj_keyset.h"

struct aj_keyset_t {
    apr_pool_t *pool;
    apr_array_header_t *keys; /**< `const aj_key_t *` */
};

aj_keyset_t *aj_keyset_make(apr_pool_t *pool)
{
    aj_keyset_t *ring = apr_palloc(pool, sizeof(*ring));

    ring->pool = pool;
    ring->keys = apr_array_make(pool, 4, sizeof(const aj_key_t *));
    return ring;
}

int aj_keyset_count(const aj_keyset_t *ring)
{
    return ring->keys->nelts;
}

const aj_key_t *aj_keyset_at(const aj_keyset_t *ring, int index)
{
    return index >= 0 && index < ring->keys->nelts ? APR_ARRAY_IDX(ring->keys, index, const aj_key_t *) : NULL;
}

static int has_kid(const aj_key_t *key, const char *kid)
{
    return aj_key_kid(key) && !strcmp(aj_key_kid(key), kid);
}

const aj_key_t *aj_keyset_namesake(const aj_keyset_t *ring, const aj_key_t *key)
{
    int i;

    for (i = 0; aj_key_kid(key) && i < ring->keys->nelts; i++) {
        const aj_key_t *other = aj_keyset_at(ring, i);

        if (aj_alg_same(aj_key_alg(other), aj_key_alg(key)) && has_kid(other, aj_key_kid(key))) {
            return other;
        }
    }
    return NULL;
}

int aj_keyset_holds(const aj_keyset_t *ring, const aj_key_t *key)
{
    int i;

    for (i = 0; i < ring->keys->nelts; i++) {
        if (aj_key_equal(aj_keyset_at(ring, i), key)) {
            return 1;
        }
    }
    return 0;
}

const char *aj_keyset_add(aj_keyset_t *ring, const aj_key_t *key)
{
    if (aj_keyset_namesake(ring, key)) {
        const char *kid = aj_key_kid(key);

        return apr_psprintf(ring->pool, "has the kid \"%s\" of another %s key", aj_escape(kid, strlen(kid), ring->pool),
                            aj_key_alg(key)->name);
    }
    APR_ARRAY_PUSH(ring->keys, const aj_key_t *) = key;
    return NULL;
}

const aj_key_t *aj_keyset_signer(const aj_keyset_t *ring)
{
    int i;

    for (i = 0; i < ring->keys->nelts; i++) {
        if (aj_key_can_sign(aj_keyset_at(ring, i))) {
            return aj_keyset_at(ring, i);
        }
    }
    return NULL;
}

/** What the ring has for one algorithm and kid. */
typedef struct {
    const aj_key_t *only;  /**< the last key of the algorithm, which is the only one if count is 1 */
    const aj_key_t *named; /**< the key of the algorithm with this kid */
    int count;
    int with_kid;
} matches_t;

static matches_t match(const aj_keyset_t *ring, const aj_alg_t *alg, const char *kid)
{
    matches_t found = { NULL, NULL, 0, 0 };
    int i;

    for (i = 0; alg && i < ring->keys->nelts; i++) {
        const aj_key_t *key = aj_keyset_at(ring, i);

        if (!aj_alg_same(aj_key_alg(key), alg)) {
            continue;
        }
        found.only = key;
        found.count++;
        found.with_kid += aj_key_kid(key) != NULL;
        if (kid && has_kid(key, kid)) {
            found.named = key;
        }
    }
    return found;
}

/* Nobody gave the key a kid, so its thumbprint stands in. The issuer may use any other name for it. */
static int is_free_to_choose(const matches_t *found)
{
    return found->count == 1 && aj_key_kid_is_default(found->only);
}

aj_error_e aj_keyset_find(const aj_keyset_t *ring, const char *alg, const char *kid, const aj_key_t **key)
{
    const aj_alg_t *row = aj_alg_find(alg);
    const matches_t found = match(ring, row, kid);
    const aj_key_t *signer = aj_keyset_signer(ring);
    const aj_key_t *chosen = NULL;
    aj_error_e verdict;

    if (found.count == 0) {
        verdict = AJ_E_ALG;
    }
    else if (kid && found.with_kid > 0 && !is_free_to_choose(&found)) {
        verdict = AJ_E_KID;
        chosen = found.named;
    }
    else {
        verdict = AJ_E_KEY_AMBIGUOUS;
        if (found.count == 1) {
            chosen = found.only;
        }
        else if (signer && aj_alg_same(aj_key_alg(signer), row)) {
            chosen = signer;
        }
    }
    if (chosen) {
        *key = chosen;
        verdict = AJ_OK;
    }
    return verdict;
}

json_t *aj_keyset_public(const aj_keyset_t *ring, apr_pool_t *pool)
{
    json_t *set = aj_json_own(json_object(), pool);
    json_t *keys = json_array();
    int i;

    json_object_set_new(set, "keys", keys);
    for (i = 0; i < ring->keys->nelts; i++) {
        const aj_key_t *key = aj_keyset_at(ring, i);

        if (aj_key_is_published(key)) {
            json_array_append(keys, aj_key_public_jwk(key, pool));
        }
    }
    return set;
}

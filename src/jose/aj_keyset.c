/* SPDX-License-Identifier: Apache-2.0 */
/* The key ring: the key for a token is chosen by algorithm, then by kid, and by nothing else in the token. */
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "aj_keyset.h"

struct aj_keyset_t {
    apr_pool_t *pool;
    apr_array_header_t *keys;   /**< `const aj_key_t *`, in the order of the configuration */
    apr_array_header_t *sorted; /**< the same by algorithm and kid, those without a kid first */
    const aj_key_t *signer;     /**< the first key that can sign, or NULL */
};

aj_keyset_t *aj_keyset_make(apr_pool_t *pool)
{
    aj_keyset_t *ring = apr_palloc(pool, sizeof(*ring));

    ring->pool = pool;
    ring->keys = apr_array_make(pool, 4, sizeof(const aj_key_t *));
    ring->sorted = apr_array_make(pool, 4, sizeof(const aj_key_t *));
    ring->signer = NULL;
    return ring;
}

/* ---- order ---- */

/* Names of one algorithm are one (RFC 9864). */
static int rank_of(const aj_alg_t *alg)
{
    int i = 0;

    while (!aj_alg_same(aj_alg_at(i), alg)) {
        i++;
    }
    return i;
}

static int compare_kids(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

/* Where in the order keys of this algorithm and kid begin. */
static int place_of(const aj_keyset_t *ring, int rank, const char *kid)
{
    int low = 0, high = ring->sorted->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;
        const aj_key_t *key = APR_ARRAY_IDX(ring->sorted, middle, const aj_key_t *);
        int order = rank_of(aj_key_alg(key)) - rank;

        if (order < 0 || (order == 0 && compare_kids(aj_key_kid(key), kid) < 0)) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static void insert_sorted(aj_keyset_t *ring, const aj_key_t *key)
{
    int place = place_of(ring, rank_of(aj_key_alg(key)), aj_key_kid(key));
    const aj_key_t **keys;

    APR_ARRAY_PUSH(ring->sorted, const aj_key_t *) = key;
    keys = (const aj_key_t **)ring->sorted->elts;
    memmove(keys + place + 1, keys + place, (apr_size_t)(ring->sorted->nelts - 1 - place) * sizeof(*keys));
    keys[place] = key;
}

/* ---- keys ---- */

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

/* The key at this place of the order, if it has this algorithm and kid. */
static const aj_key_t *key_at_place(const aj_keyset_t *ring, int place, const aj_alg_t *alg, const char *kid)
{
    const aj_key_t *key = place < ring->sorted->nelts ? APR_ARRAY_IDX(ring->sorted, place, const aj_key_t *) : NULL;

    return key && aj_alg_same(aj_key_alg(key), alg) && has_kid(key, kid) ? key : NULL;
}

const aj_key_t *aj_keyset_namesake(const aj_keyset_t *ring, const aj_key_t *key)
{
    const aj_alg_t *alg = aj_key_alg(key);
    const char *kid = aj_key_kid(key);

    return kid ? key_at_place(ring, place_of(ring, rank_of(alg), kid), alg, kid) : NULL;
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
    insert_sorted(ring, key);
    if (!ring->signer && aj_key_can_sign(key)) {
        ring->signer = key;
    }
    return NULL;
}

const aj_key_t *aj_keyset_signer(const aj_keyset_t *ring)
{
    return ring->signer;
}

/** What the ring has for one algorithm and kid. */
typedef struct {
    const aj_key_t *only;  /**< a key of the algorithm: the only one if count is 1 */
    const aj_key_t *named; /**< the key of the algorithm with this kid */
    int count;
    int with_kid;
} matches_t;

static matches_t match(const aj_keyset_t *ring, const aj_alg_t *alg, const char *kid)
{
    matches_t found = { NULL, NULL, 0, 0 };
    int rank, begin, end;

    if (alg) {
        rank = rank_of(alg);
        begin = place_of(ring, rank, NULL);
        end = place_of(ring, rank + 1, NULL);
        found.count = end - begin;
        found.with_kid = end - place_of(ring, rank, "");
        found.only = found.count > 0 ? APR_ARRAY_IDX(ring->sorted, begin, const aj_key_t *) : NULL;
        found.named = kid ? key_at_place(ring, place_of(ring, rank, kid), alg, kid) : NULL;
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

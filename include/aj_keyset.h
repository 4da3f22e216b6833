/* SPDX-License-Identifier: Apache-2.0 */
/* aj_keyset: the key ring: keys in order, found by (alg, kid); filled key by key or from a JWK Set. */
#ifndef AJ_KEYSET_H
#define AJ_KEYSET_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>
#include "aj_key.h"

typedef struct aj_keyset_t aj_keyset_t;

/** Make an empty ring. @return owned by pool */
aj_keyset_t *aj_keyset_make(apr_pool_t *pool);

/**
 * Append a key. The ring keeps the pointer; the key must outlive it.
 * @return NULL, or a sentence when a key of this algorithm and kid is in the ring already
 */
const char *aj_keyset_add(aj_keyset_t *ring, const aj_key_t *key) AJ_MUST_USE;

/** The key of the ring that has the algorithm and the kid of this one. @return NULL when there is none, or no kid */
const aj_key_t *aj_keyset_namesake(const aj_keyset_t *ring, const aj_key_t *key);

/** @return non-zero when the ring has this key already: see aj_key_equal */
int aj_keyset_holds(const aj_keyset_t *ring, const aj_key_t *key);

/** Why a member of a JWK Set was skipped. */
typedef struct {
    const char *text; /**< a sentence without final full stop */
    int odd;          /**< zero: the member is for something else; non-zero: it should be usable and is not */
} aj_keyset_note_t;

/**
 * Append the usable keys of a JWK Set (RFC 7517 5). Every other member is skipped with a note. Not odd: `use` other
 * than "sig", `key_ops` without "verify", unknown kty, alg or crv. Odd: all that aj_key_from_jwk refuses, a key without
 * `alg` for which `algs` has no row or several, and one with the algorithm and kid of a key that is in the ring
 * already. A key that is there twice counts once, without a note. Parameters that are null, "" or [] count as absent.
 * @param algs   `const aj_alg_t *` rows for keys without `alg`, or NULL
 * @param notes  aj_keyset_note_t are appended, also when the set is refused; may be NULL
 * @param pool   owns the keys and notes
 * @return NULL, or a sentence when the text is no JWK Set or no key of it can be used; then the ring is unchanged
 */
const char *aj_keyset_add_jwks(aj_keyset_t *ring, const char *text, apr_size_t len, const apr_array_header_t *algs,
                               apr_array_header_t *notes, apr_pool_t *pool) AJ_MUST_USE;

/** Number of keys. */
int aj_keyset_count(const aj_keyset_t *ring);

/** Key by position. @return NULL past the end */
const aj_key_t *aj_keyset_at(const aj_keyset_t *ring, int index);

/** The first key that can sign. @return NULL when none can */
const aj_key_t *aj_keyset_signer(const aj_keyset_t *ring);

/**
 * The one key for a token: of exactly this algorithm; by kid where keys of this algorithm have kids; else the only key
 * of the algorithm, or the signer. Where the only key of the algorithm has a kid that nobody wrote down
 * (aj_key_kid_is_default), the token's is ignored. A kid is compared whole and byte for byte, and used for nothing
 * else.
 * @param kid  the token's, or NULL
 * @param key  set on success, borrowed
 * @return AJ_OK, AJ_E_ALG, AJ_E_KID or AJ_E_KEY_AMBIGUOUS
 */
aj_error_e aj_keyset_find(const aj_keyset_t *ring, const char *alg, const char *kid, const aj_key_t **key) AJ_MUST_USE;

/** The published keys as a JWK Set: see aj_key_is_published. @return object owned by pool */
json_t *aj_keyset_public(const aj_keyset_t *ring, apr_pool_t *pool);

#endif

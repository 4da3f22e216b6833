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
 * @return NULL, or a sentence when a key with this kid is in the ring already
 */
const char *aj_keyset_add(aj_keyset_t *ring, const aj_key_t *key) AJ_MUST_USE;

/**
 * Append all usable keys of a JWK Set (RFC 7517 5). Skipped, not refused: `use` other than "sig", `key_ops`
 * without "verify", unknown kty, alg or crv, and keys without `alg` for which `algs` has no row of their type.
 * @param algs     `const aj_alg_t *` rows for keys without `alg`, or NULL; two rows that fit one key are an error
 * @param skipped  `const char *` notes are appended, one per skipped key; may be NULL
 * @param pool     owns the keys
 * @return NULL, or a sentence; then the ring is unchanged
 */
const char *aj_keyset_add_jwks(aj_keyset_t *ring, const char *text, apr_size_t len, const apr_array_header_t *algs,
                               apr_array_header_t *skipped, apr_pool_t *pool) AJ_MUST_USE;

/** Number of keys. */
int aj_keyset_count(const aj_keyset_t *ring);

/** Key by position. @return NULL past the end */
const aj_key_t *aj_keyset_at(const aj_keyset_t *ring, int index);

/** The first key that can sign. @return NULL when none can */
const aj_key_t *aj_keyset_signer(const aj_keyset_t *ring);

/**
 * The one key for a token: of exactly this algorithm; by kid where keys of this algorithm have kids; else the only key
 * of the algorithm, or the signer. A kid is compared whole and byte for byte, and used for nothing else.
 * @param kid  the token's, or NULL
 * @param key  set on success, borrowed
 * @return AJ_OK, AJ_E_ALG, AJ_E_KID or AJ_E_KEY_AMBIGUOUS
 */
aj_error_e aj_keyset_find(const aj_keyset_t *ring, const char *alg, const char *kid, const aj_key_t **key) AJ_MUST_USE;

/** The public keys as a JWK Set; HS keys never appear. @return object owned by pool */
json_t *aj_keyset_public(const aj_keyset_t *ring, apr_pool_t *pool);

#endif

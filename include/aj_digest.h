/* SPDX-License-Identifier: Apache-2.0 */
/* aj_digest: hashes, MACs, random bytes, comparison and wiping that keep secrets secret. */
#ifndef AJ_DIGEST_H
#define AJ_DIGEST_H

#include <apr_pools.h>
#include "aj_error.h"

#define AJ_SHA256_BYTES 32

/**
 * From now on contexts of SHA-256 are kept for the next digest, in this process. What was hashed last stays in memory
 * with them, so hash no secret.
 * @param pool  with it they are freed; no thread may be hashing then
 */
void aj_digest_keep(apr_pool_t *pool);

/** SHA-256 of bytes (FIPS 180-4). @return APR_SUCCESS, or APR_EGENERAL when OpenSSL fails */
apr_status_t aj_sha256(const void *in, apr_size_t in_len, unsigned char out[AJ_SHA256_BYTES]) AJ_MUST_USE;

/** HMAC-SHA-256 (RFC 2104). @return APR_SUCCESS, or APR_EGENERAL when OpenSSL fails */
apr_status_t aj_hmac_sha256(const void *key, apr_size_t key_len, const void *in, apr_size_t in_len,
                            unsigned char out[AJ_SHA256_BYTES]) AJ_MUST_USE;

/** Cryptographically strong random bytes. @return APR_SUCCESS, or APR_EGENERAL when OpenSSL fails */
apr_status_t aj_random(unsigned char *out, apr_size_t out_len) AJ_MUST_USE;

/** An id that nobody can guess: 16 random bytes in base64url. @return owned by pool; NULL when OpenSSL fails */
const char *aj_random_id(apr_pool_t *pool) AJ_MUST_USE;

/** Compare in time that depends on the length alone. @return non-zero when all len bytes are equal */
int aj_equal(const void *a, const void *b, apr_size_t len) AJ_MUST_USE;

/** Overwrite in a way that the compiler keeps. */
void aj_wipe(void *secret, apr_size_t len);

/** Wipe memory when the pool is cleared; the memory must live at least as long as the pool. */
void aj_wipe_with_pool(void *secret, apr_size_t len, apr_pool_t *pool);

#endif

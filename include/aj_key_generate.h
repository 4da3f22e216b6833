/* SPDX-License-Identifier: Apache-2.0 */
/* aj_key_generate: make a new key, as text for a file. */
#ifndef AJ_KEY_GENERATE_H
#define AJ_KEY_GENERATE_H

#include <apr_pools.h>
#include "aj_alg.h"
#include "aj_error.h"

/**
 * Make a key for an algorithm: for HS 48 random bytes (HS512: 64) in base64 with a newline; else a PKCS#8 PEM, RSA with
 * 3072 bits.
 * @param text  set on success; owned by pool, wiped with it
 * @return APR_SUCCESS, or APR_EGENERAL when OpenSSL fails
 */
apr_status_t aj_key_generate(const aj_alg_t *alg, apr_pool_t *pool, const char **text) AJ_MUST_USE;

#endif

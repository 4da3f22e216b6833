/* SPDX-License-Identifier: Apache-2.0 */
/* aj_siphash: a short keyed hash for tables whose input comes from strangers (Aumasson, Bernstein: SipHash). */
#ifndef AJ_SIPHASH_H
#define AJ_SIPHASH_H

#include <apr.h>

/**
 * SipHash-2-4 with a result of 128 bits. Without the key nobody can make two inputs meet, or tell an input by its hash.
 * @param key  16 random bytes, as two words
 * @param out  set to the first and the last eight bytes of the result, each read as a little-endian number
 */
void aj_siphash(const apr_uint64_t key[2], const void *in, apr_size_t len, apr_uint64_t out[2]);

#endif

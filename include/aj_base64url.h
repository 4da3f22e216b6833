/* SPDX-License-Identifier: Apache-2.0 */
/* aj_base64url: strict base64url without padding, as JOSE uses it (RFC 4648 5, RFC 7515 2). */
#ifndef AJ_BASE64URL_H
#define AJ_BASE64URL_H

#include <apr_pools.h>
#include "aj_error.h"

/**
 * Decode strictly: only the 64 characters, no padding, no blank, no impossible length, and the unused
 * bits of the last character are zero (one encoding per value, RFC 4648 3.5).
 * @param in        text, needs no terminator
 * @param in_len    bytes of text
 * @param pool      owns the result
 * @param out       set on success: decoded bytes, followed by one NUL that is not counted
 * @param out_len   set on success: number of decoded bytes
 * @return AJ_OK, or AJ_E_BASE64URL
 */
aj_error_e aj_base64url_decode(const char *in, apr_size_t in_len, apr_pool_t *pool, unsigned char **out,
                               apr_size_t *out_len) AJ_MUST_USE;

/** Encode without padding. @return a NUL-terminated string owned by pool */
char *aj_base64url_encode(const unsigned char *in, apr_size_t in_len, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cookies_read: read cookies as browsers send them (RFC 6265 4.2). httpd's own reader splits values at commas.
 */
#ifndef AUTHJWT_COOKIES_READ_H
#define AUTHJWT_COOKIES_READ_H

#include <apr_tables.h>

/** One cookie of a request. */
typedef struct {
    const char *name;
    const char *value; /**< never empty */
} authjwt_cookie_pair_t;

/**
 * Read a Cookie header. Cookies without a value are left out.
 * @param header  value of a Cookie header, or of several joined by commas (RFC 9113 8.2.3), or NULL
 * @return authjwt_cookie_pair_t array in the order sent, owned by pool
 */
apr_array_header_t *authjwt_cookies_read(const char *header, apr_pool_t *pool);

/**
 * A Cookie header without the cookies of a name; the others stay byte for byte.
 * @param header  value of a Cookie header, or NULL
 * @return header itself when it holds none, else owned by pool; "" when nothing is left
 */
const char *authjwt_cookies_without(const char *header, const char *name, apr_pool_t *pool);

#endif

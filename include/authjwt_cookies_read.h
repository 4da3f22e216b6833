/* authjwt_cookies_read: read cookies as browsers send them (RFC 6265 4.2). httpd's own reader splits values at commas.
 */
#ifndef AUTHJWT_COOKIES_READ_H
#define AUTHJWT_COOKIES_READ_H

#include <apr_tables.h>

/**
 * Append all non-empty values of a cookie, in the order sent. Names are compared byte for byte.
 * @param header  value of a Cookie header, or NULL
 * @param values  `const char *` array to append to; its pool owns the copies
 */
void authjwt_cookies_read(const char *header, const char *name, apr_array_header_t *values);

/**
 * A Cookie header without the cookies of a name; the others stay byte for byte.
 * @param header  value of a Cookie header, or NULL
 * @return header itself when it holds none, else owned by pool; "" when nothing is left
 */
const char *authjwt_cookies_without(const char *header, const char *name, apr_pool_t *pool);

#endif

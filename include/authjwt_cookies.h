/* authjwt_cookies: read cookies as browsers send them (RFC 6265 4.2); httpd's own reader splits values at commas. */
#ifndef AUTHJWT_COOKIES_H
#define AUTHJWT_COOKIES_H

#include <httpd.h>
#include <apr_tables.h>

/**
 * Append all non-empty values of a cookie, in the order sent. Names are compared byte for byte.
 * @param header  value of a Cookie header, or NULL
 * @param values  `const char *` array to append to; its pool owns the copies
 */
void authjwt_cookies_values(const char *header, const char *name, apr_array_header_t *values);

#endif

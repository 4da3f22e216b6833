/* authjwt_cookies: read cookies as browsers send them, write them as they want them (RFC 6265). httpd's own reader splits values at
 * commas, and its writer logs them. */
#ifndef AUTHJWT_COOKIES_H
#define AUTHJWT_COOKIES_H

#include <httpd.h>
#include <apr_tables.h>
#include "authjwt_config.h"

/** What browsers keep of a cookie at most: name, value and attributes, in bytes (RFC 6265 6.1). */
#define AUTHJWT_COOKIE_MAX 4096

/** Names of the cookies that scripts read the csrf values from, as Flask-JWT-Extended names them. */
#define AUTHJWT_COOKIE_CSRF_ACCESS  "csrf_access_token"
#define AUTHJWT_COOKIE_CSRF_REFRESH "csrf_refresh_token"

/**
 * Append all non-empty values of a cookie, in the order sent. Names are compared byte for byte.
 * @param header  value of a Cookie header, or NULL
 * @param values  `const char *` array to append to; its pool owns the copies
 */
void authjwt_cookies_values(const char *header, const char *name, apr_array_header_t *values);

/**
 * A Cookie header without the cookies of a name; the others stay byte for byte.
 * @param header  value of a Cookie header, or NULL
 * @return header itself when it holds none, else owned by pool; "" when nothing is left
 */
const char *authjwt_cookies_without(const char *header, const char *name, apr_pool_t *pool);

/** A cookie to be set. */
typedef struct {
    const char *name;
    const char *value;       /**< no byte that ends a cookie; tokens and base64url have none */
    int         readable;    /**< scripts may read it (no HttpOnly) */
    apr_interval_time_t life; /**< how long it is good for; written as Max-Age with AuthJWTSessionCookie off */
} authjwt_cookie_t;

/** Would a browser keep it? @return its length in bytes with all attributes if that is too long, else 0 */
apr_size_t authjwt_cookies_too_long(request_rec *r, const authjwt_cookie_t *cookie);

/** Set a cookie on the answer to the client, also when that is an error or 304. */
void authjwt_cookies_set(request_rec *r, const authjwt_cookie_t *cookie);

/** Clear a cookie, with the attributes it was set with. */
void authjwt_cookies_clear(request_rec *r, const char *name, int readable);

/** Check names that begin with __Host- or __Secure- against the attributes they ask for (RFC 6265bis 4.1.3). @return NULL or a sentence */
const char *authjwt_cookies_check_name(const char *name, int secure, const char *path, const char *domain);

/**
 * Hook check_config: check the names of every section with the attributes in effect there by nesting.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging one sentence per fault
 */
int authjwt_cookies_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cookies: write cookies as browsers want them (RFC 6265 4.1). httpd's own writer logs their values. */
#ifndef AUTHJWT_COOKIES_H
#define AUTHJWT_COOKIES_H

#include <httpd.h>
#include "authjwt_config.h"
#include "authjwt_session.h"

/** What browsers keep of a cookie at most: name, value and attributes, in bytes (RFC 6265 6.1). */
#define AUTHJWT_COOKIE_MAX 4096

/** Names of the cookies that scripts read the csrf values from, as Flask-JWT-Extended names them. */
#define AUTHJWT_COOKIE_CSRF_ACCESS  "csrf_access_token"
#define AUTHJWT_COOKIE_CSRF_REFRESH "csrf_refresh_token"

/** A cookie to be set. */
typedef struct {
    const char *name;
    const char *value;        /**< no byte that ends a cookie; tokens and base64url have none */
    int readable;             /**< scripts may read it (no HttpOnly) */
    apr_interval_time_t life; /**< how long it is good for; written as Max-Age where it outlives the browser */
    authjwt_keep_e keep;      /**< whether it does */
} authjwt_cookie_t;

/** Would a browser keep it? @return its length in bytes with all attributes if that is too long, else 0 */
apr_size_t authjwt_cookies_too_long(request_rec *r, const authjwt_cookie_t *cookie);

/** Set a cookie on the answer to the client, also when that is an error or 304. */
void authjwt_cookies_set(request_rec *r, const authjwt_cookie_t *cookie);

/** Clear a cookie, with the attributes it was set with. */
void authjwt_cookies_clear(request_rec *r, const char *name, int readable);

#endif

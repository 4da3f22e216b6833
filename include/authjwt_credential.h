/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_credential: where tokens are in a request: find them, take them out of what the application gets, and say
 * what an answer varies with. The one room that knows AuthJWTTokenLocation and its names. */
#ifndef AUTHJWT_CREDENTIAL_H
#define AUTHJWT_CREDENTIAL_H

#include <httpd.h>
#include <apr_tables.h>
#include "aj_claims.h"
#include "authjwt_config.h"

/**
 * Tokens that the request carries, from the first configured location that holds any (several only for equally named
 * cookies). Looks at the initial request, as the client sent it.
 * @param type  AJ_TYPE_REFRESH looks at the refresh cookie, else the access cookie
 * @param from  set when the result is not NULL: where they were found; may be NULL
 * @return `const char *` array owned by r->pool, never empty, or NULL when the request carries none
 */
apr_array_header_t *authjwt_credential_find(request_rec *r, aj_token_type_e type, authjwt_location_e *from);

/** Refresh cookies that the request carries, whatever the locations are. @return as authjwt_credential_find */
apr_array_header_t *authjwt_credential_refresh_cookies(request_rec *r);

/** Refresh and access cookies that the request carries, likewise, also what an upgrade left under plain names. @return
 * as authjwt_credential_find */
apr_array_header_t *authjwt_credential_session_cookies(request_rec *r);

/** @return non-zero when the request carries a cookie of this name that is not empty */
int authjwt_credential_has_cookie(request_rec *r, const char *name);

/** One token as the list that authjwt_verify takes. @return owned by pool */
apr_array_header_t *authjwt_credential_list(const char *token, apr_pool_t *pool);

/**
 * The places where a request may carry its access token, for a log line.
 * @return such as `the header Authorization (Bearer), the cookie access_token_cookie`, owned by r->pool. Says of the
 * header if it was sent with something else in it, and never what
 */
const char *authjwt_credential_places(request_rec *r);

/** The request header that the token stands in: AuthJWTHeaderName, but for forward proxies. */
const char *authjwt_credential_header(request_rec *r);

/** The request header that an answer varies with for this location. @return NULL for a query, which is in the address
 */
const char *authjwt_credential_vary(request_rec *r, authjwt_location_e location);

/**
 * Take the token out of the query, everywhere that applications, proxies and logs read it from, where
 * AuthJWTForwardToken says so. Before a proxy composes its address, in its own fixup.
 */
void authjwt_credential_strip_query(request_rec *r);

/**
 * Take tokens out of headers, cookies and environment, each where it is a token location in effect and
 * AuthJWTForwardToken says so; and the refresh cookie wherever applications have no business with it.
 */
void authjwt_credential_strip(request_rec *r);

#endif

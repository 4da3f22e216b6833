/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_csrf: did this site make the request, or did another make the browser send it? */
#ifndef AUTHJWT_CSRF_H
#define AUTHJWT_CSRF_H

#include <httpd.h>
#include <jansson.h>
#include "aj_claims.h"
#include "authjwt_config.h"
#include "authjwt_verdict.h"

/**
 * Judge a request that a token has authenticated. A token that did not come from a cookie needs no proof, nor do
 * methods that change nothing; a WebSocket passes that does not come from another site.
 * @param from    where the token was
 * @param claims  of the token; its `csrf` may be the proof
 * @param fields  of the body, where an endpoint of ours has read it; else NULL
 * @return AUTHJWT_OK, AUTHJWT_CSRF_FAILED (logged), or what authjwt_body_peek returns where the form cannot
 * be read
 */
authjwt_verdict_e authjwt_csrf_check(request_rec *r, authjwt_location_e from, const aj_claims_t *claims,
                                     const json_t *fields) AUTHJWT_MUST_USE;

/** The same for a token from a cookie. @param csrf  its `csrf`, or NULL */
authjwt_verdict_e authjwt_csrf_check_cookie(request_rec *r, const char *csrf, const json_t *fields) AUTHJWT_MUST_USE;

/**
 * Does the request hold a token's `csrf` value (double submit)? Nothing is logged.
 * @param csrf    of the token, or NULL
 * @param fields  as in authjwt_csrf_check
 * @return AUTHJWT_OK, AUTHJWT_CSRF_FAILED, or what authjwt_body_peek returns where the form cannot be read
 */
authjwt_verdict_e authjwt_csrf_match(request_rec *r, const char *csrf, const json_t *fields) AUTHJWT_MUST_USE;

/** Does the request say that another site made it? Never with AuthJWTCookieCSRFProtect off. */
int authjwt_csrf_is_foreign(request_rec *r);

/**
 * Judge a login in cookie mode: no other site may sign a browser in as somebody. Clients that send neither
 * Sec-Fetch-Site nor Origin are no browsers and pass.
 * @return as authjwt_csrf_check
 */
authjwt_verdict_e authjwt_csrf_check_login(request_rec *r) AUTHJWT_MUST_USE;

/**
 * Judge a change that a token makes which came as a password, of AuthType Basic say: browsers send it wherever the
 * request comes from, as they do cookies. Clients that send neither Sec-Fetch-Site nor Origin are no browsers and pass.
 * @return as authjwt_csrf_check
 */
authjwt_verdict_e authjwt_csrf_check_password(request_rec *r) AUTHJWT_MUST_USE;

#endif

/* authjwt_csrf: did this site make the request, or did another make the browser send it? (contract section 7) */
#ifndef AUTHJWT_CSRF_H
#define AUTHJWT_CSRF_H

#include <httpd.h>
#include <jansson.h>

/**
 * Judge a request that a cookie authenticates. Methods that change nothing pass; a WebSocket passes that
 * does not come from another site.
 * @param csrf  the `csrf` claim of the token that proves it, or NULL
 * @return OK, or 403 (csrf_failed), the answer being prepared
 */
int authjwt_csrf_check(request_rec *r, const char *csrf);

/** The same for an endpoint of ours that has read its body itself. @param fields  of the body */
int authjwt_csrf_check_fields(request_rec *r, const char *csrf, const json_t *fields);

/** Does the request say that another site made it? Never with AuthJWTCookieCSRFProtect off. */
int authjwt_csrf_is_foreign(request_rec *r);

/**
 * Judge a login in cookie mode: no other site may sign a browser in as somebody. Clients that send neither Sec-Fetch-Site nor Origin
 * are no browsers and pass.
 * @return as authjwt_csrf_check
 */
int authjwt_csrf_check_login(request_rec *r);

#endif

/* authjwt_renewal: new tokens on the way of a request, for browsers (AuthJWTCookieAutoRefresh). */
#ifndef AUTHJWT_RENEWAL_H
#define AUTHJWT_RENEWAL_H

#include <httpd.h>
#include "authjwt_session.h"

/** May the request be renewed on the way: AuthJWTCookieAutoRefresh is set and it carries a refresh cookie? */
int authjwt_renewal_possible(request_rec *r);

/** The access token was refused: for want of a living cookie, and may the request be renewed? */
int authjwt_renewal_may_help(request_rec *r);

/**
 * Renew on the way: exchange the refresh cookie under the configuration of AuthJWTCookieAutoRefresh's location, and set
 * the cookies. The csrf proof is that of the refresh token.
 * @param token  set on OK: the new access token, to be judged like one that was sent
 * @return OK; DECLINED when there is nothing good to renew with (logged); or 403 (csrf_failed) or 503, the answer being
 * prepared
 */
int authjwt_renewal_automatic(request_rec *r, const char **token);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_renewal: new tokens on the way of a request, for browsers (AuthJWTCookieAutoRefresh). */
#ifndef AUTHJWT_RENEWAL_H
#define AUTHJWT_RENEWAL_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_verdict.h"

/** May the request be renewed on the way: AuthJWTCookieAutoRefresh is set and it carries a refresh cookie? */
int authjwt_renewal_possible(request_rec *r);

/** Was the request refused for want of a living access cookie, and may it be renewed? @param refused  any verdict */
int authjwt_renewal_applies(request_rec *r, authjwt_verdict_e refused);

/** Is it a request that keeps no session alive: AuthJWTSessionIdleIgnore names its path? */
int authjwt_renewal_is_idle(request_rec *r);

/**
 * Renew on the way: exchange the refresh cookie under the configuration of AuthJWTCookieAutoRefresh's location, and set
 * the cookies. The csrf proof is that of the refresh token.
 * @param refused  what the request was refused with
 * @param sent     the good access token that it came with all the same, whose proof counts for its session; or NULL
 * @param token    set on AUTHJWT_OK: the new access token, to be judged like one that was sent
 * @return AUTHJWT_OK; `refused` when there is nothing good to renew with (logged); or AUTHJWT_CSRF_FAILED,
 *         AUTHJWT_STORE_UNAVAILABLE, AUTHJWT_BACKEND_UNAVAILABLE, or what a form that cannot be read comes to
 */
authjwt_verdict_e authjwt_renewal_automatic(request_rec *r, authjwt_verdict_e refused, const aj_claims_t *sent,
                                            const char **token) AUTHJWT_MUST_USE;

/** Keep what a renewal starts from: what the client sent and the server itself says of it, such as SetEnvIf outside all
 * sections. Before any section can speak, where authjwt_config_renews. */
void authjwt_renewal_keep_start(request_rec *r);

#endif

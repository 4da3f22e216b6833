/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authn_basic: authn provider "jwt": an access token as the password of Basic authentication (RFC 7617), for
 * clients that know nothing else. */
#ifndef AUTHJWT_AUTHN_BASIC_H
#define AUTHJWT_AUTHN_BASIC_H

#include <httpd.h>

/** Register the provider, for AuthBasicProvider. */
void authjwt_authn_basic_register(apr_pool_t *pool);

/**
 * Hook check_authn, before mod_auth_basic's. Passwords that the provider leaves to others count in the throttle, as at
 * login; and mod_auth_basic's 500 for a provider that cannot answer becomes 429 if too many have failed, 503 if it was
 * the revocation store that could not.
 * @return what httpd's own hooks answered, 429 or 503; DECLINED where no credentials come by Basic
 */
int authjwt_authn_basic_check(request_rec *r);

#endif

/* authjwt_authn_basic: authn provider "jwt": an access token as the password of Basic authentication (RFC 7617), for clients that know
 * nothing else. */
#ifndef AUTHJWT_AUTHN_BASIC_H
#define AUTHJWT_AUTHN_BASIC_H

#include <apr_pools.h>

/** Register the provider, for AuthBasicProvider. */
void authjwt_authn_basic_register(apr_pool_t *pool);

#endif

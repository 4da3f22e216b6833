/* authjwt_jwks: the endpoint jwt-jwks: publish the public keys (RFC 7517 5, contract section 6). */
#ifndef AUTHJWT_JWKS_H
#define AUTHJWT_JWKS_H

#include <httpd.h>

/** Handler. @return DECLINED for requests that are not for jwt-jwks, else OK or an HTTP status */
int authjwt_jwks_handler(request_rec *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cors: endpoints answer scripts of AuthJWTTrustedOrigin (Fetch Standard, CORS protocol). */
#ifndef AUTHJWT_CORS_H
#define AUTHJWT_CORS_H

#include <httpd.h>

/**
 * Let scripts of a trusted origin read the answer of an endpoint, refusals included. Does nothing for other origins,
 * except that caches are told that the answer depends on Origin.
 */
void authjwt_cors_allow(request_rec *r);

/** Say what a preflight may go on with. @param methods  such as "POST" */
void authjwt_cors_allow_preflight(request_rec *r, const char *methods);

#endif

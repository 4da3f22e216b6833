/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_identity: verified claims become REMOTE_USER, AUTH_TYPE, JWT_CLAIM_* and notes for logs. */
#ifndef AUTHJWT_IDENTITY_H
#define AUTHJWT_IDENTITY_H

#include <httpd.h>
#include "aj_claims.h"

/**
 * Make the claims the identity of this request.
 * @param auth_type  becomes AUTH_TYPE: "JWT", or what took the token for a password; as long-lived as r
 */
void authjwt_identity_set(request_rec *r, const aj_claims_t *claims, const char *auth_type);

/**
 * Verified claims of the request, or those of the request it came from where core carried the user over.
 * @return NULL when this module did not authenticate the request's user
 */
const aj_claims_t *authjwt_identity_claims(request_rec *r);

/** Take the identity away again: whoever asks from now on learns of none. */
void authjwt_identity_drop(request_rec *r);

/** Remove all JWT_CLAIM_* from the environment, whoever set them. */
void authjwt_identity_forget(request_rec *r);

/** In fixups, after all others: where httpd has put an index file, a fallback or a variant in the place of the request,
 * the user is the one for whom that was looked up. */
void authjwt_identity_take_over(request_rec *r);

/** In fixups: export the environment also where core carried the user over. */
void authjwt_identity_fixups(request_rec *r);

#endif

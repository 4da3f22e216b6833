/* authjwt_tokens: issued tokens as JSON members and as cookies. */
#ifndef AUTHJWT_TOKENS_H
#define AUTHJWT_TOKENS_H

#include <httpd.h>
#include <jansson.h>
#include "authjwt_session.h"

/** The tokens as the JSON members of contract section 6. @return object owned by r->pool */
json_t *authjwt_tokens_json(request_rec *r, const authjwt_tokens_t *tokens);

/**
 * Set the cookies of AuthJWTCookies; does nothing without it.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR when a browser would not keep them (logged, with what to do)
 */
int authjwt_tokens_set_cookies(request_rec *r, const authjwt_tokens_t *tokens);

/** Clear all cookies of AuthJWTCookies; does nothing without it. */
void authjwt_tokens_clear_cookies(request_rec *r);

#endif

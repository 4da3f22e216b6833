/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_tokens: issued tokens as JSON members and as cookies. */
#ifndef AUTHJWT_TOKENS_H
#define AUTHJWT_TOKENS_H

#include <httpd.h>
#include <jansson.h>
#include "authjwt_config.h"
#include "authjwt_session.h"

/**
 * What a login or refresh answers (docs/endpoints.md, "Login"): the tokens, or where AuthJWTTokensInBody keeps them
 * from scripts of pages only how long they live.
 * @param tokens  refresh.expires must be set also where refresh.text is NULL
 * @param from    where the refresh token was; for a login anything but AUTHJWT_IN_COOKIE
 * @return object owned by r->pool
 */
json_t *authjwt_tokens_json(request_rec *r, const authjwt_tokens_t *tokens, authjwt_location_e from);

/**
 * Set the cookies of AuthJWTCookies; does nothing without it.
 * @return AUTHJWT_OK, or AUTHJWT_FAILED when a browser would not keep them (logged, with what to do)
 */
authjwt_verdict_e authjwt_tokens_set_cookies(request_rec *r, const authjwt_tokens_t *tokens) AUTHJWT_MUST_USE;

/** Clear all cookies of AuthJWTCookies; does nothing without it. */
void authjwt_tokens_clear_cookies(request_rec *r);

/** Clear an access cookie that is no good, and what scripts read beside it. */
void authjwt_tokens_clear_access_cookie(request_rec *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_judge: whose request is it? Its access token under the configuration in effect: verified, with CSRF proof
 * where a cookie carried it, renewed on the way where that is configured. Once: an expression that asks and the
 * authentication that follows share the answer. */
#ifndef AUTHJWT_JUDGE_H
#define AUTHJWT_JUDGE_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_verdict.h"

/**
 * Judge the request's access token. What was judged already, also for the request that this one came from, is not
 * judged again unless the directives that say where the token is and what is asked of it have changed since, or the
 * method.
 * @param claims  set on AUTHJWT_OK
 * @return AUTHJWT_OK, or why not (logged)
 */
authjwt_verdict_e authjwt_judge(request_rec *r, const aj_claims_t **claims) AUTHJWT_MUST_USE;

/** The same for who only wants to know whose request it is. @return NULL without a good token, and where a request has
 * been refused */
const aj_claims_t *authjwt_judge_quietly(request_rec *r);

#endif

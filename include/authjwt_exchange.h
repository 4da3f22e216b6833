/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_exchange: a refresh token becomes new tokens, if its user may still have some. */
#ifndef AUTHJWT_EXCHANGE_H
#define AUTHJWT_EXCHANGE_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_session.h"

/**
 * Exchange a verified refresh token under the configuration of r: does the user still exist, may he have tokens, which
 * roles has he?
 * @param is_idle as for authjwt_session_renew
 * @param tokens  set on AUTHJWT_OK
 * @return AUTHJWT_OK, or why not (logged)
 */
authjwt_verdict_e authjwt_exchange(request_rec *r, const aj_claims_t *refresh, int is_idle,
                                   authjwt_tokens_t *tokens) AUTHJWT_MUST_USE;

/** Count a refresh that has come to this before it was an exchange; authjwt_exchange counts itself. @return the verdict
 */
authjwt_verdict_e authjwt_exchange_counted(request_rec *r, authjwt_verdict_e verdict);

#endif

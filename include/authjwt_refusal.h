/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_refusal: a verdict of the gate becomes an answer. */
#ifndef AUTHJWT_REFUSAL_H
#define AUTHJWT_REFUSAL_H

#include <httpd.h>
#include "authjwt_verdict.h"

/**
 * Refuse a request that may not pass. Where a login may help and AuthJWTLoginURL is set, a navigation goes there: by
 * redirect, or where it sent data, by a page that says that these were not saved.
 * @param verdict  anything but AUTHJWT_OK
 * @return the HTTP status, for the hook to return
 */
int authjwt_refusal(request_rec *r, authjwt_verdict_e verdict);

#endif

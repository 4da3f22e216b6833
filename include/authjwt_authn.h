/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authn: AuthType JWT: who is it? */
#ifndef AUTHJWT_AUTHN_H
#define AUTHJWT_AUTHN_H

#include <httpd.h>

/** Hook check_authn. @return DECLINED unless AuthType is JWT; OK with r->user set, or an HTTP status */
int authjwt_authn_check(request_rec *r);

/** Hook force_authn: a token that is sent is always judged. @return OK exactly when it must be, else DECLINED */
int authjwt_authn_force(request_rec *r);

#endif

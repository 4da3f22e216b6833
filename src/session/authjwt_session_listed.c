/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: end sessions that the directory lists. */
#include <httpd.h>

#include "authjwt_session.h"

authjwt_verdict_e authjwt_session_end_listed(request_rec *r, const char *issuer, const char *user,
                                             const authjwt_record_t *record, authjwt_end_e why)
{
    (void)r, (void)issuer, (void)user, (void)record, (void)why;
    return AUTHJWT_STORE_UNAVAILABLE;
}

authjwt_verdict_e authjwt_session_end_user(request_rec *r, const char *issuer, const char *user, authjwt_end_e why,
                                           int *ended)
{
    (void)r, (void)issuer, (void)user, (void)why, (void)ended;
    return AUTHJWT_STORE_UNAVAILABLE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: a session has ended, and why. */
#include <httpd.h>

#include "authjwt_audit.h"
#include "authjwt_count.h"
#include "authjwt_session_private.h"

void authjwt_session_note_end(request_rec *r, const char *user, const char *sid, authjwt_end_e why)
{
    static const struct {
        authjwt_event_e event;
        const char *reason;
        authjwt_counter_e counter;
    } lines[] = {
        [AUTHJWT_END_LOGOUT] = { AUTHJWT_EVENT_LOGOUT, NULL, AUTHJWT_COUNT_ENDED_LOGOUT },
        [AUTHJWT_END_EVERYWHERE] = { AUTHJWT_EVENT_LOGOUT_EVERYWHERE, NULL, AUTHJWT_COUNT_ENDED_EVERYWHERE },
        [AUTHJWT_END_LOGIN] = { AUTHJWT_EVENT_SESSION_ENDED, "login", AUTHJWT_COUNT_ENDED_LOGIN },
        [AUTHJWT_END_REVOKE] = { AUTHJWT_EVENT_SESSION_ENDED, "revoke", AUTHJWT_COUNT_ENDED_REVOKE },
        [AUTHJWT_END_LIMIT] = { AUTHJWT_EVENT_SESSION_ENDED, "limit", AUTHJWT_COUNT_ENDED_LIMIT },
        [AUTHJWT_END_USER] = { AUTHJWT_EVENT_SESSION_ENDED, "user", AUTHJWT_COUNT_ENDED_USER },
        [AUTHJWT_END_ADMIN] = { AUTHJWT_EVENT_SESSION_ENDED, "admin", AUTHJWT_COUNT_ENDED_ADMIN },
    };

    authjwt_count(r, lines[why].counter);
    authjwt_audit(r, lines[why].event, lines[why].reason, user, sid);
}

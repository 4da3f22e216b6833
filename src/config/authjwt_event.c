/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_event: the one table of events. */
#include <string.h>

#include "authjwt_event.h"

static const char *const names[AUTHJWT_EVENTS] = {
    [AUTHJWT_EVENT_LOGIN] = "login",
    [AUTHJWT_EVENT_LOGIN_FAILED] = "login_failed",
    [AUTHJWT_EVENT_LOGIN_THROTTLED] = "login_throttled",
    [AUTHJWT_EVENT_LOGIN_LOCKED] = "login_locked",
    [AUTHJWT_EVENT_LOGIN_DENIED] = "login_denied",
    [AUTHJWT_EVENT_REFRESH] = "refresh",
    [AUTHJWT_EVENT_LOGOUT] = "logout",
    [AUTHJWT_EVENT_LOGOUT_EVERYWHERE] = "logout_everywhere",
    [AUTHJWT_EVENT_SESSION_ENDED] = "session_ended",
    [AUTHJWT_EVENT_THEFT] = "theft",
    [AUTHJWT_EVENT_KEYS_CHANGED] = "keys_changed",
    [AUTHJWT_EVENT_STORE_LOST] = "store_lost",
    [AUTHJWT_EVENT_STORE_DOWN] = "store_down",
    [AUTHJWT_EVENT_STORE_UP] = "store_up",
    [AUTHJWT_EVENT_TOKEN_REFUSED] = "token_refused",
    [AUTHJWT_EVENT_ACCESS_DENIED] = "access_denied",
};

const char *authjwt_event_name(authjwt_event_e event)
{
    return names[event];
}

authjwt_event_e authjwt_event_find(const char *name)
{
    int event = 0;

    while (event < AUTHJWT_EVENTS && strcmp(names[event], name)) {
        event++;
    }
    return (authjwt_event_e)event;
}

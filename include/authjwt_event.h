/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_event: what AuthJWTAuditLog can be asked to write down (docs/audit.md). */
#ifndef AUTHJWT_EVENT_H
#define AUTHJWT_EVENT_H

#include <apr.h>

/** One kind of line of the audit log. */
typedef enum {
    AUTHJWT_EVENT_LOGIN = 0,
    AUTHJWT_EVENT_LOGIN_FAILED,
    AUTHJWT_EVENT_LOGIN_THROTTLED,
    AUTHJWT_EVENT_LOGIN_LOCKED,
    AUTHJWT_EVENT_LOGIN_DENIED,
    AUTHJWT_EVENT_REFRESH,
    AUTHJWT_EVENT_LOGOUT,
    AUTHJWT_EVENT_LOGOUT_EVERYWHERE,
    AUTHJWT_EVENT_SESSION_ENDED,
    AUTHJWT_EVENT_THEFT,
    AUTHJWT_EVENT_KEYS_CHANGED,
    AUTHJWT_EVENT_STORE_LOST,
    AUTHJWT_EVENT_STORE_DOWN,
    AUTHJWT_EVENT_STORE_UP,
    AUTHJWT_EVENT_TOKEN_REFUSED,
    AUTHJWT_EVENT_ACCESS_DENIED,
    AUTHJWT_EVENTS /**< how many there are */
} authjwt_event_e;

/** Its place in a set of events. */
#define AUTHJWT_EVENT_BIT(event) ((apr_uint32_t)1 << (event))

/** Those that are written where AuthJWTAuditLog names none. */
#define AUTHJWT_EVENTS_DEFAULT                                                              \
    (AUTHJWT_EVENT_BIT(AUTHJWT_EVENTS) - 1 - AUTHJWT_EVENT_BIT(AUTHJWT_EVENT_TOKEN_REFUSED) \
     - AUTHJWT_EVENT_BIT(AUTHJWT_EVENT_ACCESS_DENIED))

/** The name, as in the directive and in the log. */
const char *authjwt_event_name(authjwt_event_e event);

/** @return the event of that name, AUTHJWT_EVENTS when there is none */
authjwt_event_e authjwt_event_find(const char *name);

#endif

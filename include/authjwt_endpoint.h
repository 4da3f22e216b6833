/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_endpoint: the addresses that this module answers itself, and what is true of each. */
#ifndef AUTHJWT_ENDPOINT_H
#define AUTHJWT_ENDPOINT_H

/** One for each handler. */
typedef enum {
    AUTHJWT_ENDPOINT_LOGIN,
    AUTHJWT_ENDPOINT_REFRESH,
    AUTHJWT_ENDPOINT_LOGOUT,
    AUTHJWT_ENDPOINT_USERINFO,
    AUTHJWT_ENDPOINT_JWKS,
    AUTHJWT_ENDPOINT_INTROSPECT,
    AUTHJWT_ENDPOINT_REVOKE,
    AUTHJWT_ENDPOINT_SESSIONS,
    AUTHJWT_ENDPOINT_METRICS,
    AUTHJWT_ENDPOINTS /**< how many there are */
} authjwt_endpoint_e;

/** What something needs of its server. */
typedef enum { AUTHJWT_NEEDS_NOTHING, AUTHJWT_NEEDS_KEY, AUTHJWT_NEEDS_SIGNER } authjwt_need_e;

/** What is true of an endpoint. */
typedef struct {
    authjwt_endpoint_e id;
    const char *handler; /**< its name for SetHandler */
    int post;            /**< takes POST */
    int get;             /**< takes GET and HEAD */
    int is_exempt;       /**< looks after authentication itself: outside Require */
    int issues;          /**< a POST gives tokens */
    authjwt_need_e need; /**< of its server's keys */
} authjwt_endpoint_t;

/** The endpoint of a handler's name. @return NULL when it is none of ours */
const authjwt_endpoint_t *authjwt_endpoint_named(const char *handler);

/** The same, of NULL too; asked of each request, whose handler is mostly a media type. */
static inline const authjwt_endpoint_t *authjwt_endpoint_find(const char *handler)
{
    return handler && (*handler | 0x20) == 'j' ? authjwt_endpoint_named(handler) : NULL;
}

#endif

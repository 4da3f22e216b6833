/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_verdict: what judging a request can come to, and what the client is told of it (docs/endpoints.md, "Errors").
 */
#ifndef AUTHJWT_VERDICT_H
#define AUTHJWT_VERDICT_H

#include <apr.h>

/**
 * A verdict is a value: whoever judges returns one, and only the gate and the endpoints turn it into an answer. Zero
 * refuses, so that a verdict nobody has set lets nobody in.
 */
typedef enum {
    AUTHJWT_FAILED = 0, /**< 500: something failed here, and the log says what */
    AUTHJWT_OK = 1,
    AUTHJWT_TOKEN_MISSING,
    AUTHJWT_TOKEN_INVALID,
    AUTHJWT_TOKEN_EXPIRED,
    AUTHJWT_TOKEN_REVOKED,
    AUTHJWT_ONLY_ACCESS_TOKENS,
    AUTHJWT_ONLY_REFRESH_TOKENS,
    AUTHJWT_FRESH_TOKEN_REQUIRED,
    AUTHJWT_ACCESS_DENIED,
    AUTHJWT_CSRF_FAILED,
    AUTHJWT_INVALID_REQUEST,
    AUTHJWT_CREDENTIALS_MISSING, /**< a login without user name or password */
    AUTHJWT_TOKEN_FIELD_MISSING, /**< the body is no form with one field `token` */
    AUTHJWT_INVALID_CREDENTIALS,
    AUTHJWT_METHOD_NOT_ALLOWED,
    AUTHJWT_BODY_TOO_LARGE,
    AUTHJWT_BODY_UNREADABLE,   /**< httpd has a status of its own for it: `unreadable` of the request's state */
    AUTHJWT_TOO_MANY_ATTEMPTS, /**< `retry_after` of the request's state says for how long */
    AUTHJWT_USER_LOCKED,       /**< too many have failed for this user; likewise */
    AUTHJWT_TOO_MANY_SESSIONS, /**< AuthJWTSessionLimit */
    AUTHJWT_STORE_UNAVAILABLE,
    AUTHJWT_BACKEND_UNAVAILABLE,
    AUTHJWT_VERDICTS /**< how many there are */
} authjwt_verdict_e;

/** A function that judges: its answer must be used. */
#define AUTHJWT_MUST_USE __attribute__((warn_unused_result))

/** What a refusal says. */
typedef struct {
    const char *code; /**< member `code` of the body; NULL where httpd says what there is to say */
    int status;       /**< of the answer */
    const char *error;
    const char *message;
    const char *challenge; /**< `error` of RFC 6750 3.1 in WWW-Authenticate, NULL: none */
} authjwt_refusal_t;

/** What a verdict says to the client; never NULL. */
const authjwt_refusal_t *authjwt_verdict_refusal(authjwt_verdict_e verdict);

/** @return non-zero when a refusal has this code */
int authjwt_verdict_is_code(const char *code);

/** @return non-zero when a refusal with a code has this status */
int authjwt_verdict_is_status(int status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_verdict: the one table of refusals. */
#include <string.h>

#include "authjwt_verdict.h"

static const authjwt_refusal_t refusals[AUTHJWT_VERDICTS] = {
    [AUTHJWT_FAILED] = { NULL, 500, NULL, NULL, NULL },
    [AUTHJWT_OK] = { NULL, 200, NULL, NULL, NULL },
    [AUTHJWT_TOKEN_MISSING] = { "token_missing", 401, "Authorization required", "No token provided", NULL },
    [AUTHJWT_TOKEN_INVALID] = { "token_invalid", 401, "Invalid token", "Token verification failed", "invalid_token" },
    [AUTHJWT_TOKEN_EXPIRED] = { "token_expired", 401, "Token has expired", "Please refresh your token or log in again",
                                "invalid_token" },
    [AUTHJWT_TOKEN_REVOKED] = { "token_revoked", 401, "Token has been revoked", "Please log in again",
                                "invalid_token" },
    [AUTHJWT_ONLY_ACCESS_TOKENS] = { "wrong_token_type", 401, "Invalid token", "Only access tokens are allowed",
                                     "invalid_token" },
    [AUTHJWT_ONLY_REFRESH_TOKENS] = { "wrong_token_type", 401, "Invalid token", "Only refresh tokens are allowed",
                                      "invalid_token" },
    [AUTHJWT_FRESH_TOKEN_REQUIRED] = { "fresh_token_required", 401, "Fresh token required", "Please log in again",
                                       "invalid_token" },
    [AUTHJWT_ACCESS_DENIED] = { "access_denied", 403, "Access denied", "You do not have permission",
                                "insufficient_scope" },
    [AUTHJWT_CSRF_FAILED] = { "csrf_failed", 403, "CSRF check failed",
                              "The request does not prove that it comes from this site", NULL },
    [AUTHJWT_INVALID_REQUEST] = { "invalid_request", 400, "Malformed request",
                                  "Send a JSON object or a form with the fields this address needs", NULL },
    [AUTHJWT_CREDENTIALS_MISSING] = { "invalid_request", 400, "Username and password required",
                                      "Send a JSON object or a form with the fields this address needs", NULL },
    [AUTHJWT_TOKEN_FIELD_MISSING] = { "invalid_request", 400, "Malformed request", "Send a form with one field token",
                                      NULL },
    [AUTHJWT_INVALID_CREDENTIALS] = { "invalid_credentials", 401, "Invalid credentials",
                                      "User name or password is wrong", NULL },
    [AUTHJWT_METHOD_NOT_ALLOWED] = { "method_not_allowed", 405, "Method not allowed",
                                     "See the Allow header for methods that are", NULL },
    [AUTHJWT_BODY_TOO_LARGE] = { "body_too_large", 413, "Request body too large", "At most 64 KB are read", NULL },
    [AUTHJWT_BODY_UNREADABLE] = { NULL, 400, NULL, NULL, NULL },
    [AUTHJWT_TOO_MANY_ATTEMPTS] = { "too_many_attempts", 429, "Too many attempts", "Please try again later", NULL },
    [AUTHJWT_USER_LOCKED] = { "too_many_attempts", 429, "Too many attempts", "Please try again later", NULL },
    [AUTHJWT_TOO_MANY_SESSIONS] = { "too_many_sessions", 403, "Too many sessions", "Please log out elsewhere first",
                                    NULL },
    [AUTHJWT_STORE_UNAVAILABLE] = { "store_unavailable", 503, "Service unavailable", "Please try again later", NULL },
    [AUTHJWT_BACKEND_UNAVAILABLE] = { "backend_unavailable", 503, "Service unavailable", "Please try again later",
                                      NULL }
};

const authjwt_refusal_t *authjwt_verdict_refusal(authjwt_verdict_e verdict)
{
    return &refusals[verdict];
}

int authjwt_verdict_is_code(const char *code)
{
    int i;

    for (i = 0; i < AUTHJWT_VERDICTS; i++) {
        if (refusals[i].code && !strcmp(refusals[i].code, code)) {
            return 1;
        }
    }
    return 0;
}

int authjwt_verdict_is_status(int status)
{
    int i;

    for (i = 0; i < AUTHJWT_VERDICTS; i++) {
        if (refusals[i].code && refusals[i].status == status) {
            return 1;
        }
    }
    return 0;
}

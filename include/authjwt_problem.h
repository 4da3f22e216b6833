/* authjwt_problem: what this module refuses, and with which words: the rows of contract section 9. */
#ifndef AUTHJWT_PROBLEM_H
#define AUTHJWT_PROBLEM_H

/** Rows of contract section 9, in its order. */
typedef enum {
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
    AUTHJWT_INVALID_CREDENTIALS,
    AUTHJWT_METHOD_NOT_ALLOWED,
    AUTHJWT_BODY_TOO_LARGE,
    AUTHJWT_TOO_MANY_ATTEMPTS,
    AUTHJWT_STORE_UNAVAILABLE,
    AUTHJWT_BACKEND_UNAVAILABLE,
    AUTHJWT_PROBLEMS /**< how many there are */
} authjwt_problem_e;

/** A row. */
typedef struct {
    const char *code;
    int status;
    const char *error;
    const char *message;
    const char *challenge; /**< `error` of RFC 6750 3.1, NULL: none */
} authjwt_problem_t;

/** The row of a problem; never NULL. */
const authjwt_problem_t *authjwt_problem(authjwt_problem_e problem);

/** @return non-zero when a row has this code */
int authjwt_problem_is_code(const char *code);

/** @return non-zero when a row has this status */
int authjwt_problem_is_status(int status);

#endif

/* authjwt_revocation: what has been revoked. What entries mean; authjwt_store keeps them. */
#ifndef AUTHJWT_REVOCATION_H
#define AUTHJWT_REVOCATION_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_config.h"

/** Answer of the store about a token. Zero refuses. */
typedef enum {
    AUTHJWT_REVOCATION_UNKNOWN = 0, /**< the store cannot answer */
    AUTHJWT_REVOCATION_REVOKED,
    AUTHJWT_REVOCATION_CLEAR
} authjwt_revocation_e;

/**
 * Has the token been revoked: its session (or jti, or hash), or all of its subject's sessions? Logs when the store
 * cannot answer, at most once a second.
 */
authjwt_revocation_e authjwt_revocation_check(request_rec *r, const aj_claims_t *claims);

/**
 * End the token's session (or, without `sid`, the token). Returns after the store has acknowledged.
 * @return APR_SUCCESS, or why it could not be recorded (logged)
 */
apr_status_t authjwt_revocation_end(request_rec *r, const aj_claims_t *claims) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * End every session of the subject that exists now. A session that starts after the return lives.
 * @return as authjwt_revocation_end
 */
apr_status_t authjwt_revocation_end_all(request_rec *r, const aj_claims_t *claims) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Time of birth for a new session of a subject: now, or later than the mark that ended all before.
 * @param birth  set on success: microseconds since 1970
 * @return APR_SUCCESS, or why the store cannot answer (logged)
 */
apr_status_t authjwt_revocation_birth(request_rec *r, const char *subject,
                                      apr_time_t *birth) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** What a use of a refresh token means. Zero refuses. */
typedef enum {
    AUTHJWT_USE_UNKNOWN = 0, /**< the store cannot answer or record (logged) */
    AUTHJWT_USE_THEFT,       /**< used before, and its successor was used too: the session has been ended */
    AUTHJWT_USE_ENDED,       /**< the session was ended before */
    AUTHJWT_USE_GRANTED      /**< the successor may be answered, for the first time or again */
} authjwt_use_e;

/**
 * As authjwt_revocation_check, and has the session been ended that the token was given here? One of another issuer
 * names none itself.
 */
authjwt_revocation_e authjwt_revocation_check_session(request_rec *r, const aj_claims_t *claims, const char *sid);

/**
 * End a session by its name.
 * @param ends  when it would have ended by itself
 * @return as authjwt_revocation_end
 */
apr_status_t authjwt_revocation_end_session(request_rec *r, const char *sid,
                                            apr_time_t ends) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** One use of a refresh token. */
typedef struct {
    const aj_claims_t *claims; /**< what it says */
    const char *sid;           /**< its session */
    const char *jti;           /**< its own id, or whatever names it alone */
    const char *successor_jti; /**< id of the one token that may follow it */
    apr_time_t ends;           /**< end of the session */
    apr_interval_time_t grace; /**< how long it may be used again though its successor has been */
} authjwt_use_t;

/**
 * Check and mark the use of a refresh token in one critical section of this host (RFC 9700 4.14.2).
 * @param first_use  set on AUTHJWT_USE_GRANTED: when it was used for the first time, microseconds since 1970
 */
authjwt_use_e authjwt_revocation_use(request_rec *r, const authjwt_use_t *use, apr_time_t *first_use);

/** When the token's session began, in microseconds since 1970: from our own sid, else from `iat`. */
apr_time_t authjwt_revocation_session_birth(const aj_claims_t *claims);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: a login is a session: issue its tokens, rotate its refresh tokens, end it. */
#ifndef AUTHJWT_SESSION_H
#define AUTHJWT_SESSION_H

#include <httpd.h>
#include <jansson.h>
#include "aj_claims.h"
#include "authjwt_record.h"
#include "authjwt_verdict.h"

/** Do cookies outlive the browser? */
typedef enum {
    AUTHJWT_KEEP_AS_SET = 0, /**< as AuthJWTSessionCookie says: nobody was asked */
    AUTHJWT_KEEP_NO,         /**< the user was asked (AuthJWTRememberMe) and did not want it */
    AUTHJWT_KEEP_YES         /**< the user wants to stay signed in on this device */
} authjwt_keep_e;

/** Claim of access tokens, true: made for a request that keeps no session alive (AuthJWTSessionIdleIgnore). */
#define AUTHJWT_CLAIM_IDLE "sid_idle"

/** One token that was issued. */
typedef struct {
    const char *text; /**< NULL: none was */
    const char *csrf; /**< its `csrf` claim, NULL without AuthJWTCookies */
    apr_time_t expires;
} authjwt_token_t;

/** What a login or refresh gives. */
typedef struct {
    authjwt_token_t access;
    authjwt_token_t refresh; /**< text is NULL with AuthJWTRefreshRotation off */
    apr_time_t now;          /**< when they were issued */
    authjwt_keep_e keep;     /**< of their cookies */
    const char *sid;         /**< of their session */
    const char *issuer;      /**< `iss` of all of its tokens, NULL: none */
    apr_time_t ends;         /**< when it ends at the latest */
} authjwt_tokens_t;

/** Why a session ends. */
typedef enum {
    AUTHJWT_END_LOGOUT = 0, /**< its user logs out */
    AUTHJWT_END_EVERYWHERE, /**< the user logs out of all sessions */
    AUTHJWT_END_LOGIN,      /**< the browser that has it signs in anew */
    AUTHJWT_END_REVOKE,     /**< jwt-revoke */
    AUTHJWT_END_LIMIT,      /**< its user has signed in once more than AuthJWTSessionLimit allows */
    AUTHJWT_END_USER,       /**< its user has ended it in the list of sessions */
    AUTHJWT_END_ADMIN       /**< an administrator has */
} authjwt_end_e;

/**
 * Start a session: a fresh access token and a refresh token.
 * @param roles    `const char *`, may be empty
 * @param remember non-zero: the user wants to stay signed in; counts where AuthJWTRememberMe is in effect
 * @param tokens   set on AUTHJWT_OK, owned by r->pool
 * @return AUTHJWT_OK, or why not (logged)
 */
authjwt_verdict_e authjwt_session_start(request_rec *r, const char *user, const apr_array_header_t *roles, int remember,
                                        authjwt_tokens_t *tokens) AUTHJWT_MUST_USE;

/**
 * List a new session in the directory, before its tokens are sent. Where AuthJWTSessionLimit allows no more, the
 * oldest ones end, or it is refused. What the browser had before must have been ended.
 * @param tokens  as authjwt_session_start has set them
 * @return AUTHJWT_OK, also where there is no directory or, without a limit, it cannot be written;
 * AUTHJWT_TOO_MANY_SESSIONS, or AUTHJWT_STORE_UNAVAILABLE (logged)
 */
authjwt_verdict_e authjwt_session_enter(request_rec *r, const char *user,
                                        const authjwt_tokens_t *tokens) AUTHJWT_MUST_USE;

/** Take back what authjwt_session_enter has listed: its tokens are not sent. */
void authjwt_session_withdraw(request_rec *r, const char *user, const authjwt_tokens_t *tokens);

/**
 * Renew the tokens of a session: an access token that is not fresh and, with AuthJWTRefreshRotation, the successor of
 * the refresh token. A refresh token that comes again gets the same successor, or ends the session as stolen.
 * @param refresh  verified claims of the refresh token
 * @param roles    roles looked up again, or NULL: keep those of the refresh token
 * @param is_idle  non-zero: not for a person. Where AuthJWTSessionIdle counts, there is no successor then, and the
 * access token ends when the session would have without it
 * @return as authjwt_session_start
 */
authjwt_verdict_e authjwt_session_renew(request_rec *r, const aj_claims_t *refresh, const apr_array_header_t *roles,
                                        int is_idle, authjwt_tokens_t *tokens) AUTHJWT_MUST_USE;

/**
 * End the session of a token, or for AUTHJWT_END_EVERYWHERE all sessions of its subject.
 * @return AUTHJWT_OK once recorded for every process, AUTHJWT_STORE_UNAVAILABLE, or for AUTHJWT_END_EVERYWHERE
 *         AUTHJWT_TOKEN_EXPIRED for the token of a session that is over
 */
authjwt_verdict_e authjwt_session_end(request_rec *r, const aj_claims_t *claims, authjwt_end_e why) AUTHJWT_MUST_USE;

/**
 * End the session of each token, once where both tokens of a login are among them.
 * @param claims  `const aj_claims_t *`
 * @return as authjwt_session_end; the first refusal ends the work
 */
authjwt_verdict_e authjwt_session_end_all(request_rec *r, const apr_array_header_t *claims,
                                          authjwt_end_e why) AUTHJWT_MUST_USE;

/**
 * End a session that authjwt_directory_list has named. One that was ended for theft is only taken out of the list.
 * @param issuer  as for authjwt_directory_list
 * @param user    whose it is
 * @param why     for audit log and metrics: AUTHJWT_END_LIMIT, AUTHJWT_END_USER or AUTHJWT_END_ADMIN
 * @return AUTHJWT_OK once recorded for every process, or AUTHJWT_STORE_UNAVAILABLE
 */
authjwt_verdict_e authjwt_session_end_listed(request_rec *r, const char *issuer, const char *user,
                                             const authjwt_record_t *record, authjwt_end_e why) AUTHJWT_MUST_USE;

/**
 * End all sessions of a user, those that are not listed too: what `everywhere` does at a logout.
 * @param issuer  as for authjwt_directory_list
 * @param claims  of a token of this user, whose `sub` may be another name (AuthJWTIdentityClaim); NULL: there is none,
 * and the name counts as both
 * @param why     as for authjwt_session_end_listed: one line and one count for each session that was listed
 * @param ended   set on AUTHJWT_OK: how many living sessions were listed
 * @return as authjwt_session_end_listed
 */
authjwt_verdict_e authjwt_session_end_user(request_rec *r, const char *issuer, const char *user,
                                           const aj_claims_t *claims, authjwt_end_e why, int *ended) AUTHJWT_MUST_USE;

#endif

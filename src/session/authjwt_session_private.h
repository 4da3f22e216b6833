/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session_private: what the files of the session room share. Nobody else includes it. */
#ifndef AUTHJWT_SESSION_PRIVATE_H
#define AUTHJWT_SESSION_PRIVATE_H

#include "authjwt_session.h"

/** Claim of refresh tokens where AuthJWTRememberMe is in effect at the login: does the user want to stay signed in? */
#define AUTHJWT_CLAIM_REMEMBER "sid_remember"

/** What all tokens of a session have in common. */
typedef struct {
    const char *user;
    const char *issuer; /**< `iss`, NULL: none */
    const char *sid;
    const char *origin;      /**< AUTHJWT_CLAIM_ORIGIN, NULL: none */
    apr_uint32_t generation; /**< AUTHJWT_CLAIM_GENERATION, 0: none */
    apr_time_t now;          /**< time of issue */
    apr_time_t ends;         /**< end of the session */
    authjwt_keep_e keep;     /**< AUTHJWT_CLAIM_REMEMBER */
    apr_time_t idle_ends;    /**< when it is over if nobody uses it, 0: never for that */
    int is_idle;             /**< what is issued now does not count as use */
    json_t *roles;           /**< borrowed; NULL when there are none */
    json_t *extra;           /**< further claims, an object; borrowed */
} authjwt_session_t;

/** One token to be issued. */
typedef struct {
    aj_token_type_e type;
    int fresh;         /**< straight from a login */
    const char *jti;   /**< NULL: a random one */
    const char *csrf;  /**< value of the claim, NULL: none */
    apr_time_t issued; /**< `iat`; its lifetime counts from here, and ends with the session at the latest */
} authjwt_issue_t;

/**
 * Issue one token of a session.
 * @param token    set on AUTHJWT_OK, owned by r->pool
 * @param expires  set on AUTHJWT_OK, may be NULL
 * @return AUTHJWT_OK, or AUTHJWT_FAILED (logged)
 */
authjwt_verdict_e authjwt_session_issue(request_rec *r, const authjwt_session_t *session, const authjwt_issue_t *what,
                                        const char **token, apr_time_t *expires) AUTHJWT_MUST_USE;

/**
 * When a session is over if nobody uses it from now on (AuthJWTSessionIdle).
 * @param used  last use: when its refresh token was issued
 * @return 0: never for that, since it is off or the user wants to stay signed in
 */
apr_time_t authjwt_session_idle_end(request_rec *r, authjwt_keep_e keep, apr_time_t used);

/** The key that signs for the request's server. @return NULL when there is none */
const aj_key_t *authjwt_session_signer(request_rec *r);

/** Name of the claim that roles are issued under: the first of AuthJWTRoleClaim that is no JSON Pointer. */
const char *authjwt_session_role_claim(const request_rec *r);

/**
 * The claims of AuthJWTClaim, for the user in r->user. At a refresh, what the refresh token holds of such claims stays
 * where no line in effect says something else; of a token of another issuer only what a line names.
 * @param refresh    verified claims of the refresh token, NULL at login
 * @param new_roles  zero: what the refresh token holds under any name of AuthJWTRoleClaim stays too
 * @param out        set on AUTHJWT_OK: an object owned by r->pool, may be empty
 * @return AUTHJWT_OK, or AUTHJWT_FAILED (logged)
 */
authjwt_verdict_e authjwt_session_extra_claims(request_rec *r, const aj_claims_t *refresh, int new_roles,
                                               json_t **out) AUTHJWT_MUST_USE;

/** A claim's value: the string when there is one, an array when several, NULL for none. Owned by pool. */
json_t *authjwt_session_one_or_many(const apr_array_header_t *strings, apr_pool_t *pool);

/** Log why no token was issued. @return AUTHJWT_FAILED */
authjwt_verdict_e authjwt_session_failed(request_rec *r, const char *what) AUTHJWT_MUST_USE;

/* ---- authjwt_session_derive.c: what follows from a refresh token ---- */

/** The name of a session: when it was born, microseconds since 1970, and an id. @return owned by pool */
const char *authjwt_session_sid_born(apr_time_t birth, const char *id, apr_pool_t *pool);

/** The name of a refresh token: its jti, or its hash where it has none. @return borrowed, or owned by pool */
const char *authjwt_session_token_name(const aj_claims_t *refresh, apr_pool_t *pool);

/**
 * The session that a refresh token belongs to. One of another issuer begins a session of ours here, so that two logins
 * in the issuer's session are two sessions; born when the token was issued, where a logout may have ended what it came
 * from.
 * @param secret  as authjwt_session_deriving_key gives it
 * @return borrowed, or owned by pool; NULL when the key fails
 */
const char *authjwt_session_sid_of(const aj_claims_t *refresh, const aj_key_t *secret, apr_pool_t *pool);

/** `iss` of what is issued for it, NULL: none. Servers without AuthJWTIssuer go on with what another one began: all
 * tokens of a session have one `iss`. */
const char *authjwt_session_issuer_of(request_rec *r, const aj_claims_t *refresh);

/**
 * The key that what follows is derived with: the one that made the token, so that it stays the same when another key
 * begins to sign; the signer where only the public half of the first is known.
 * @return NULL when no key of the server has a secret
 */
const aj_key_t *authjwt_session_deriving_key(request_rec *r, const aj_claims_t *refresh);

/** End of its session, in microseconds since 1970; of one that names none its own end. */
apr_time_t authjwt_session_end_of(const aj_claims_t *refresh);

/** What AUTHJWT_CLAIM_REMEMBER says. Counts in tokens that name the end of their session, as all of ours do. */
authjwt_keep_e authjwt_session_keep_of(const aj_claims_t *refresh);

/**
 * An id for its successor. All hosts that share the key derive the same, and nobody else can.
 * @param purpose  what the id is for
 * @return owned by pool, NULL when the key fails
 */
const char *authjwt_session_derive(const aj_key_t *secret, const char *purpose, const authjwt_session_t *session,
                                   const aj_claims_t *refresh, apr_pool_t *pool);

/* ---- authjwt_session_directory.c: what the directory is told ---- */

/** What is listed of a session. */
typedef struct {
    const char *user;
    const char *issuer; /**< `iss` of its tokens, NULL: none */
    const char *sid;
    apr_time_t now;  /**< of this login or refresh */
    apr_time_t ends; /**< end of the session */
} authjwt_listed_t;

/** Make the record of a session that begins with this request. @return AUTHJWT_OK or AUTHJWT_STORE_UNAVAILABLE */
authjwt_verdict_e authjwt_session_record(request_rec *r, const authjwt_listed_t *listed,
                                         authjwt_record_t *record) AUTHJWT_MUST_USE;

/** When nothing of a session can be used any more. @param access, refresh  when its tokens expire */
apr_time_t authjwt_session_listed_until(request_rec *r, apr_time_t access, apr_time_t refresh);

/** Its tokens have been renewed. @param until  as authjwt_session_listed_until */
void authjwt_session_touch(request_rec *r, const authjwt_session_t *session, apr_time_t until);

/** It was ended for theft: it stays in the list, and says so. */
void authjwt_session_mark_stolen(request_rec *r, const authjwt_session_t *session);

/** It has ended. @param issuer  NULL: none */
void authjwt_session_unlist(request_rec *r, const char *issuer, const char *user, const char *sid);

/* ---- authjwt_session_listed.c ---- */

/** Record that a session which is listed has ended; whoever is the first notes it. @return AUTHJWT_OK or
 * AUTHJWT_STORE_UNAVAILABLE (logged) */
authjwt_verdict_e authjwt_session_end_record(request_rec *r, const char *user, const authjwt_record_t *record,
                                             authjwt_end_e why) AUTHJWT_MUST_USE;

/* ---- authjwt_session_note.c ---- */

/** Count that a session has ended, and write it into the audit log. @param sid  NULL: it has none */
void authjwt_session_note_end(request_rec *r, const char *user, const char *sid, authjwt_end_e why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session_private: what the files of the session room share. Nobody else includes it. */
#ifndef AUTHJWT_SESSION_PRIVATE_H
#define AUTHJWT_SESSION_PRIVATE_H

#include "authjwt_session.h"

/** What all tokens of a session have in common. */
typedef struct {
    const char *user;
    const char *issuer; /**< `iss`, NULL: none */
    const char *sid;
    const char *origin;      /**< AUTHJWT_CLAIM_ORIGIN, NULL: none */
    apr_uint32_t generation; /**< AUTHJWT_CLAIM_GENERATION, 0: none */
    apr_time_t now;          /**< time of issue */
    apr_time_t ends;         /**< end of the session */
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

#endif

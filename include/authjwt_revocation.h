/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation: what has ended: sessions, tokens, all sessions of a user. The entries' meaning; authjwt_store
 * keeps them. See docs/revocation.md. */
#ifndef AUTHJWT_REVOCATION_H
#define AUTHJWT_REVOCATION_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_config.h"
#include "authjwt_revocation_claims.h"
#include "authjwt_store.h"

/** Answer of the store about a token. Zero refuses. */
typedef enum {
    AUTHJWT_REVOCATION_UNKNOWN = 0, /**< the store cannot answer */
    AUTHJWT_REVOCATION_REVOKED,
    AUTHJWT_REVOCATION_CLEAR
} authjwt_revocation_e;

/** The most entries that can end one token: its session (or itself), that session's origin, and marks of its user. */
#define AUTHJWT_REVOCATION_IDS 4

/** What can end a token, and what of the token has to be known for judging that. Holds no pointers: it may be copied,
 * and kept for as long as the token itself, for places with the same AuthJWTIdentityClaim. */
typedef struct {
    authjwt_store_id_t id[AUTHJWT_REVOCATION_IDS]; /**< of the session or token first, then of what holds marks */
    unsigned int count;
    apr_time_t issued; /**< `iat` */
    apr_time_t began;  /**< as authjwt_revocation_session_birth */
    int is_foreign;    /**< as authjwt_revocation_is_foreign_session */
    int is_sid;        /**< `began` is what the sid says, to the microsecond */
    int knows_instant; /**< `began` is finer than a second: a session of ours, not begun from another issuer's */
} authjwt_revocation_ids_t;

/**
 * Work out which entries can end a token. Asks the store nothing.
 * @param ids  set on success
 * @return APR_SUCCESS, or as aj_sha256
 */
apr_status_t authjwt_revocation_ids(request_rec *r, const aj_claims_t *claims,
                                    authjwt_revocation_ids_t *ids) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * As authjwt_revocation_check, for a token whose ids have been worked out. Looks all of them up in one go, or not at
 * all where the store has not changed since.
 * @param ids       with a count of 0 the answer is AUTHJWT_REVOCATION_UNKNOWN
 * @param snapshot  what a call for the same ids has left here, or 0; set to what the next may have
 */
authjwt_revocation_e authjwt_revocation_check_ids(request_rec *r, const authjwt_revocation_ids_t *ids,
                                                  apr_uint64_t *snapshot);

/**
 * Has the token been revoked: its session (or jti, or hash), the session that its own was begun from, or all of its
 * subject's sessions, or did its session begin before the store lost its entries? Logs when the store cannot answer, at
 * most once a second. The answer of a remote store may be as old as AuthJWTRevocationCheckInterval says.
 */
authjwt_revocation_e authjwt_revocation_check(request_rec *r, const aj_claims_t *claims);

/**
 * As authjwt_revocation_check, but the store is asked in any case; and has the session been ended that the token was
 * given here?
 * @param issuer  `iss` of that session's tokens, "" for none
 */
authjwt_revocation_e authjwt_revocation_check_session(request_rec *r, const aj_claims_t *claims, const char *issuer,
                                                      const char *sid);

/**
 * End the token's session (or, without `sid`, the token). Returns after the store has acknowledged.
 * @return APR_SUCCESS, or why it could not be recorded (logged)
 */
apr_status_t authjwt_revocation_end(request_rec *r, const aj_claims_t *claims) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * End a session by its name.
 * @param issuer  `iss` of its tokens, "" for none
 * @param ends    when it would have ended by itself
 * @return as authjwt_revocation_end
 */
apr_status_t authjwt_revocation_end_session(request_rec *r, const char *issuer, const char *sid,
                                            apr_time_t ends) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * The same by the id of the entry that ends it.
 * @param origin    of the entry that ends the session of another issuer that it was begun from; NULL: none
 * @param is_first  set on success: zero if it had been ended before
 */
apr_status_t authjwt_revocation_end_by_id(request_rec *r, const authjwt_store_id_t *id,
                                          const authjwt_store_id_t *origin, apr_time_t ends,
                                          int *is_first) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * End every session of a user that exists now, as authjwt_revocation_end_all does for the subject of a token.
 * @param issuer  `iss` of its tokens, "" for none
 * @param user    the identity
 */
apr_status_t authjwt_revocation_end_user(request_rec *r, const char *issuer,
                                         const char *user) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * End every session of the subject that exists now. A session that starts after the return lives.
 * @return as authjwt_revocation_end
 */
apr_status_t authjwt_revocation_end_all(request_rec *r, const aj_claims_t *claims) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Time of birth for a new session of a subject: now, or later than the marks that ended all before and not before the
 * store lost its entries, which may be some seconds ahead by another host's clock. It belongs into the session's sid.
 * @param birth  set on success: microseconds since 1970
 * @return APR_SUCCESS, or why the store cannot answer (logged)
 */
apr_status_t authjwt_revocation_birth(request_rec *r, const char *subject,
                                      apr_time_t *birth) AP_FN_ATTR_WARN_UNUSED_RESULT;

#endif

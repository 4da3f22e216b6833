/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation_claims: by which entries a token can be ended, and what its claims say of its session. Without
 * httpd. */
#ifndef AUTHJWT_REVOCATION_CLAIMS_H
#define AUTHJWT_REVOCATION_CLAIMS_H

#include "authjwt_entry.h"

/** Claim of a session that was begun by a refresh token of another issuer's session: names that session. */
#define AUTHJWT_CLAIM_ORIGIN "sid_from"

/** The most that the clocks of hosts which share a store are taken to differ by. */
#define AUTHJWT_SKEW_MOST apr_time_from_sec(60)

/** Longer than any session may last: lifetimes may have been longer, here or on another host, when the sessions it ends
 * began; and of another issuer's sessions nobody here knows how long they last. */
#define AUTHJWT_MARK_LIFE (apr_time_from_sec(10) * 366 * 24 * 3600)

/* Ids of entries. Each returns APR_SUCCESS, or as aj_sha256. */

/** A session has ended. @param issuer  `iss` of its tokens, "" for none */
apr_status_t authjwt_revocation_session_id(const char *issuer, const char *sid, apr_pool_t *pool,
                                           authjwt_store_id_t *id);
/** A token has ended: its session, else its jti, else its hash. */
apr_status_t authjwt_revocation_token_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id);
/** All sessions of a user have ended: by `sub`. */
apr_status_t authjwt_revocation_subject_id(const char *issuer, const char *subject, apr_pool_t *pool,
                                           authjwt_store_id_t *id);

/** All sessions of a user have ended: by another claim that tells who it is. */
apr_status_t authjwt_revocation_claimed_id(const char *issuer, const char *claim, const char *identity,
                                           apr_pool_t *pool, authjwt_store_id_t *id);

/**
 * The other issuer's session that the token's own was begun from.
 * @param id  set to the id of that session's entry when there is one
 * @return non-zero when there is one
 */
int authjwt_revocation_origin_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id);

/** The same by what AUTHJWT_CLAIM_ORIGIN says. @param text  NULL: nothing */
int authjwt_revocation_origin_of(const char *text, apr_pool_t *pool, authjwt_store_id_t *id);

/** When a session of ours began, from its sid: microseconds since 1970. @return 0 for other sids */
apr_time_t authjwt_revocation_birth_in_sid(const aj_claims_t *claims);

/** What a sid says of the birth of its session, whether it is to be believed or not. @return 0 for other sids */
apr_time_t authjwt_revocation_birth_of_sid(const char *sid);

/** Is it a token of another issuer's session: one that has a `sid` and no `sid_exp`? */
int authjwt_revocation_is_foreign_session(const aj_claims_t *claims);

/**
 * What a session that this refresh token begins or goes on with has to carry as AUTHJWT_CLAIM_ORIGIN.
 * @param origin  set on success, owned by pool; NULL for nothing
 * @return as aj_sha256
 */
apr_status_t authjwt_revocation_origin(const aj_claims_t *refresh, apr_pool_t *pool, const char **origin) AJ_MUST_USE;

/** When the token's session began, in microseconds since 1970: from our own sid, else from `iat`. */
apr_time_t authjwt_revocation_session_birth(const aj_claims_t *claims);

/**
 * The mark that ends all of a session or user that began up to now. Issuers' clocks may be ahead within the leeway: the
 * token that asks is ended itself.
 * @param now  microseconds since 1970
 */
authjwt_entry_mark_t authjwt_revocation_mark(const aj_claims_t *claims, apr_interval_time_t leeway, apr_time_t now);

/** Move a mark that is stored forward: what was born behind it, which may be ahead of the clock, is ended too. */
void authjwt_revocation_move(authjwt_entry_mark_t *mark, const authjwt_entry_mark_t *least);

/**
 * The mark that ends all sessions of a user. Hosts whose clock is ahead within the leeway have begun sessions that are
 * meant, too.
 */
authjwt_entry_mark_t authjwt_revocation_user_mark(apr_interval_time_t leeway, apr_time_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation_private: what the files of revocation share. Nobody else includes it. */
#ifndef AUTHJWT_REVOCATION_PRIVATE_H
#define AUTHJWT_REVOCATION_PRIVATE_H

#include "authjwt_entry_private.h"
#include "authjwt_revocation.h"

/** The most that the clocks of hosts which share a store are taken to differ by. */
#define AUTHJWT_SKEW_MOST apr_time_from_sec(60)

/* Ids of entries. Each returns APR_SUCCESS, or as aj_sha256. */

/** A session has ended. @param issuer  `iss` of its tokens, "" for none */
apr_status_t authjwt_revocation_session_id(const char *issuer, const char *sid, apr_pool_t *pool,
                                           authjwt_store_id_t *id);
/** A token has ended: its session, else its jti, else its hash. */
apr_status_t authjwt_revocation_token_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id);
/** All sessions of a user have ended: by `sub`. */
apr_status_t authjwt_revocation_subject_id(const char *issuer, const char *subject, apr_pool_t *pool,
                                           authjwt_store_id_t *id);
/** The same by the identity claim in effect. */
apr_status_t authjwt_revocation_identity_id(request_rec *r, const char *issuer, const char *identity,
                                            authjwt_store_id_t *id);
/** Is the identity claim in effect another than `sub`? */
int authjwt_revocation_has_other_identity(request_rec *r);

/**
 * The other issuer's session that the token's own was begun from.
 * @param id  set to the id of that session's entry when there is one
 * @return non-zero when there is one
 */
int authjwt_revocation_origin_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id);

/** When a session of ours began, from its sid: microseconds since 1970. @return 0 for other sids */
apr_time_t authjwt_revocation_birth_in_sid(const aj_claims_t *claims);

#endif

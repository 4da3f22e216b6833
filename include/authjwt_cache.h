/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cache: access tokens that this process has verified, so that a signature is checked once (AuthJWTCache).
 * authjwt_verify alone asks it. It never changes an answer: it says yes or nothing, and only about what does not change
 * while the configuration and the keys stay as they are. */
#ifndef AUTHJWT_CACHE_H
#define AUTHJWT_CACHE_H

#include <httpd.h>
#include "aj_jwt.h"
#include "authjwt_revocation.h"

/** A token, and what it is judged by. */
typedef struct {
    const char *token;
    apr_size_t len;
    const aj_jwt_policy_t *policy; /**< for access tokens that have not expired */
    apr_uint64_t keys;             /**< the number of policy->keys, see authjwt_keys_ring */
    apr_time_t now;
} authjwt_cache_question_t;

/** What has been found out about a token. */
typedef struct {
    const aj_claims_t *claims;
    authjwt_revocation_ids_t ids;
    apr_uint64_t snapshot; /**< as authjwt_revocation_check_ids has left it */
    int is_seen;           /**< authjwt_chain_seen has nothing more to note */
    const void *place;     /**< the cache's own: where it stands, NULL where it does not */
    apr_uint64_t hash[2];  /**< the cache's own: of the token */
} authjwt_cache_known_t;

/** Hook child_init: makes the cache of this process, as large as the server wants it that wants most. */
void authjwt_cache_child_init(apr_pool_t *pchild, server_rec *s);

/**
 * Look for a token that has been verified under the same configuration, with the same keys and for the same identity
 * claim, and whose dates still hold. Whether it has been revoked since is for the caller to ask.
 * @param question  its token must live as long as the claims
 * @param known     zeroed; set where the answer is yes, owned by r->pool
 * @return non-zero when there is one
 */
int authjwt_cache_find(request_rec *r, const authjwt_cache_question_t *question, authjwt_cache_known_t *known);

/**
 * Keep a token that has been verified and is not revoked, or note what is new about one that was found.
 * @param known  as authjwt_cache_find has left it, and what has been found out since
 */
void authjwt_cache_keep(request_rec *r, const authjwt_cache_question_t *question, const authjwt_cache_known_t *known);

/** Forget a token that has been revoked. */
void authjwt_cache_drop(const authjwt_cache_known_t *known);

#endif

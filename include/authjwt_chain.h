/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_chain: the refresh tokens of a session, each of which works once. One entry in the store says how far a
 * session has come; see docs/revocation.md. */
#ifndef AUTHJWT_CHAIN_H
#define AUTHJWT_CHAIN_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_config.h"

/** Claim of the tokens that a refresh with rotation issues: their generation, 1 and up. Tokens of a login have none. */
#define AUTHJWT_CLAIM_GENERATION "sid_gen"

/** What a use of a refresh token means. Zero refuses. */
typedef enum {
    AUTHJWT_USE_UNKNOWN = 0, /**< the store cannot answer or record (logged) */
    AUTHJWT_USE_THEFT,       /**< the session has moved on without it: the session has been ended */
    AUTHJWT_USE_ENDED,       /**< the session was ended before */
    AUTHJWT_USE_GRANTED      /**< the successor may be answered, for the first time or again */
} authjwt_use_e;

/** One use of a refresh token. */
typedef struct {
    const aj_claims_t *claims; /**< what it says */
    const char *issuer;        /**< `iss` of its session's tokens, "" for none */
    const char *sid;           /**< its session */
    const char *name;          /**< its jti, or whatever names it alone */
    const char *successor_jti; /**< id of the one token that may follow it */
    apr_time_t ends;           /**< end of the session */
    apr_interval_time_t grace; /**< how long it may be used again though the session has moved on */
    int rotates;               /**< zero: the same token stays good (AuthJWTRefreshRotation off) */
} authjwt_use_t;

/** What the tokens that are issued for it have to say. */
typedef struct {
    apr_time_t issued;       /**< first use of the refresh token, microseconds since 1970: `iat` of its successor */
    apr_uint32_t generation; /**< AUTHJWT_CLAIM_GENERATION, 0: none */
} authjwt_successor_t;

/** The generation of a token, 0 where it says none. */
apr_uint32_t authjwt_chain_generation(const aj_claims_t *claims);

/**
 * Check and mark the use of a refresh token as one step, see authjwt_store_update (RFC 9700 4.14.2).
 * @param successor  set on AUTHJWT_USE_GRANTED
 */
authjwt_use_e authjwt_chain_use(request_rec *r, const authjwt_use_t *use, authjwt_successor_t *successor);

/**
 * Note that a verified token has come back from its owner: the answer that carried it had arrived. Costs one look-up
 * for a generation that this process does not know yet, and one write for each refresh. What cannot be noted now
 * (logged) is with the next request.
 * @return non-zero when nothing is left to note about the token, now or later
 */
int authjwt_chain_seen(request_rec *r, const aj_claims_t *claims);

#endif

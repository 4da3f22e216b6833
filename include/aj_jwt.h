/* SPDX-License-Identifier: Apache-2.0 */
/* aj_jwt: judge a token against a policy at a given time; issue a token (RFC 7519, RFC 8725). */
#ifndef AJ_JWT_H
#define AJ_JWT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include "aj_claims.h"
#include "aj_keyset.h"
#include "aj_observer.h"

/** What is asked of a token. */
typedef struct {
    const aj_keyset_t *keys;             /**< never NULL */
    const char *issuer;                  /**< `iss` must equal it; NULL: not asked */
    const apr_array_header_t *audiences; /**< `const char *`; `aud` must name one; NULL or empty: not asked */
    apr_time_t leeway;                   /**< clock skew for exp, nbf, iat, in microseconds */
    const char *identity_claim;          /**< literal name or JSON Pointer, "sub" by default */
    unsigned types;                      /**< mask of aj_token_type_e that are wanted */
    int allow_expired;                   /**< non-zero: `exp` must be sane but may be over (logout) */
    const aj_observer_t *observer;       /**< sees each check; NULL: nobody looks */
} aj_jwt_policy_t;

/**
 * Judge a token in this order: form, key, signature, payload, exp, type, iss, aud, nbf, iat, identity, and the
 * JSON types of jti, sid (strings) and sid_exp (NumericDate). Of a key that cannot sign, a `type` other than "refresh"
 * counts as access, a jti or sid that is no string as absent, and a `typ` or `token_type` that says Refresh, Offline,
 * ID or Logout is refused. Revocation is the caller's.
 * @param now     microseconds since 1970
 * @param token   must live as long as the claims
 * @param pool    owns the claims
 * @param claims  set on AJ_OK only
 * @param detail  set on failure where there is more to say ("expired 37 s ago", `aud "x" is none of "a" "b"`), else
 *                NULL; printable ASCII, never holds unverified text but alg, kid and typ, escaped and cut to 64 bytes
 * @return AJ_OK, or why not
 */
aj_error_e aj_jwt_validate(const aj_jwt_policy_t *policy, const char *token, apr_size_t len, apr_time_t now,
                           apr_pool_t *pool, const aj_claims_t **claims, const char **detail) AJ_MUST_USE;

/**
 * Claims of a token that aj_jwt_validate has found good before and aj_claims_pack has written down: its signature is
 * not checked again, its dates are. For the caller to see to: the token is that token, and the policy is what it was
 * then, but for the leeway; it does not allow expired tokens; the keys are still there.
 * @param token   must live as long as the claims
 * @param block   likewise
 * @param claims  set when the answer is yes
 * @return non-zero when the token is still good; 0: ask aj_jwt_validate, which knows what to say
 */
int aj_jwt_recall(const aj_jwt_policy_t *policy, const char *token, const void *block, apr_time_t now, apr_pool_t *pool,
                  const aj_claims_t **claims) AJ_MUST_USE;

/**
 * Sign claims as a JWT.
 * @param claims  a JSON object, written in its own order
 * @param token   set on success, owned by pool
 * @return as aj_key_sign
 */
apr_status_t aj_jwt_issue(const aj_key_t *signer, const json_t *claims, apr_pool_t *pool,
                          const char **token) AJ_MUST_USE;

#endif

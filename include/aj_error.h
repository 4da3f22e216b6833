/* SPDX-License-Identifier: Apache-2.0 */
/* aj_error: every reason for which a token is refused, its tag for the log and its sentence. */
#ifndef AJ_ERROR_H
#define AJ_ERROR_H

#include <apr_pools.h>

#define AJ_MUST_USE __attribute__((warn_unused_result))

/** Verdict on a token. Zero is a refusal, so memory that nobody wrote to refuses. */
typedef enum {
    AJ_REFUSED = 0,     /**< no verdict was reached */
    AJ_OK = 1,          /**< the one value that lets a token pass */
    AJ_E_TOO_LONG,      /**< longer than AJ_JWS_MAX_LENGTH */
    AJ_E_SEGMENTS,      /**< not three segments (RFC 7515 3.1) */
    AJ_E_BASE64URL,     /**< a segment is not strict base64url (RFC 7515 2) */
    AJ_E_HEADER_JSON,   /**< header is not one JSON object without duplicates (RFC 7515 4) */
    AJ_E_HEADER_MEMBER, /**< `alg` is absent or no string, `kid` is no string */
    AJ_E_CRIT, /**< header has `crit` (RFC 7515 4.1.11), or a `b64` that is not true (RFC 7797 6): neither is understood
                */
    AJ_E_TYP,  /**< header's `typ` is neither JWT nor at+jwt: the token is made for something else (RFC 8725 3.11) */
    AJ_E_ALG,  /**< no key of the ring has this algorithm (RFC 8725 3.1) */
    AJ_E_KID,  /**< no key of this algorithm has this kid */
    AJ_E_KEY_AMBIGUOUS,    /**< no kid, and several keys of this algorithm */
    AJ_E_SIGNATURE_LENGTH, /**< length is impossible for the algorithm and key */
    AJ_E_SIGNATURE,        /**< signature does not match */
    AJ_E_PAYLOAD_JSON,     /**< payload is not one JSON object without duplicates (RFC 7519 7.2) */
    AJ_E_EXP_ABSENT,       /**< no `exp` */
    AJ_E_EXP_INSANE,       /**< `exp` is not a NumericDate in range (RFC 7519 2) */
    AJ_E_EXPIRED,          /**< `exp` is over (RFC 7519 4.1.4) */
    AJ_E_TYPE_UNKNOWN,     /**< `type` is neither "access" nor "refresh", from a key that signs here */
    AJ_E_TYPE_FOREIGN,     /**< `typ` or `token_type` names no access token, from a key that only verifies */
    AJ_E_TYPE_NOT_ACCESS,  /**< a refresh token where an access token is wanted */
    AJ_E_TYPE_NOT_REFRESH, /**< an access token where a refresh token is wanted */
    AJ_E_ISS,              /**< `iss` is absent, no string, or another issuer (RFC 7519 4.1.1) */
    AJ_E_AUD,              /**< `aud` names none of ours (RFC 7519 4.1.3) */
    AJ_E_NBF,              /**< `nbf` is in the future or no NumericDate (RFC 7519 4.1.5) */
    AJ_E_IAT,              /**< `iat` is in the future or no NumericDate (RFC 7519 4.1.6) */
    AJ_E_IDENTITY,         /**< identity claim is not a non-empty string without control characters */
    AJ_E_CLAIM_MEMBER,     /**< `sid_exp`, or of a key that signs here `jti` or `sid`, has the wrong JSON type */
    AJ_E_REVOKED,          /**< session, token or all of the subject's sessions were ended */
    AJ_E_CRYPTO,           /**< OpenSSL failed for a reason that is not the token's */
    AJ_E_COUNT             /**< not a verdict: how many there are */
} aj_error_e;

/**
 * Tag of a verdict, unique per verdict and stable across releases ("AJ0101"), for logs and tests.
 * @return a string literal, "AJ0100" for any value that is no verdict
 */
const char *aj_error_tag(aj_error_e error);

/** Sentence of a verdict for the log, without final full stop. @return a string literal */
const char *aj_error_text(aj_error_e error);

/**
 * Escape untrusted text for a log: printable ASCII stays, quotes, backslashes and all else become \xHH; after
 * 64 bytes of input it is cut with "...".
 * @return owned by pool
 */
const char *aj_escape(const char *untrusted, apr_size_t len, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* aj_key: one key with exactly one algorithm: from PEM, JWK or a shared secret; wiped with its pool. */
#ifndef AJ_KEY_H
#define AJ_KEY_H

#include <apr_pools.h>
#include <jansson.h>
#include "aj_alg.h"
#include "aj_error.h"

typedef struct aj_key_t aj_key_t;

/** How the bytes of an HS secret are written down. */
typedef enum { AJ_ENCODING_RAW = 0, AJ_ENCODING_BASE64, AJ_ENCODING_BASE64URL, AJ_ENCODING_HEX } aj_encoding_e;

/** What an administrator says about a key beside its bytes. */
typedef struct {
    const aj_alg_t *alg;    /**< the one algorithm of the key */
    const char *kid;        /**< key ID, NULL: thumbprint for asymmetric keys, none for HS keys */
    aj_encoding_e encoding; /**< of an HS secret; anything but RAW with PEM or JWK is a mistake */
    int verify_only;        /**< never sign with it */
    int publish;            /**< tell others of it even if its private half is not here */
} aj_key_options_t;

/**
 * Read a key. Content decides the form: "-----BEGIN" is PEM (PKCS#8, PKCS#1, SEC1, SPKI, certificate), '{' is
 * a JWK (RFC 7517), anything else a shared secret for HS algorithms (one trailing newline, LF or CR LF, is dropped from
 * raw, surrounding white space from other encodings). Refused: PEM or non-oct JWK for an HS algorithm, an encrypted
 * PEM, type or curve that does not fit the algorithm (RFC 7518 3, RFC 8725 3.2), an HS secret shorter than the hash
 * (RFC 7518 3.2), RSA below 2048 bits or with an even or tiny exponent, a JWK whose own `alg`, `use` or `key_ops`
 * contradicts, a private half that does not belong to the public one.
 * @param key      set on success; owned by pool, wiped when pool is cleared; safe to share between threads
 * @param bytes    content of the key source; the caller keeps and wipes it
 * @param len      bytes of content
 * @return NULL on success, else a sentence fragment for the administrator that repeats nothing of the content
 */
const char *aj_key_read(aj_key_t **key, const unsigned char *bytes, apr_size_t len, const aj_key_options_t *options,
                        apr_pool_t *pool) AJ_MUST_USE;

/**
 * Make a key from a parsed JWK (a member of a JWK Set).
 * @param jwk  borrowed
 * @return as aj_key_read
 */
const char *aj_key_from_jwk(aj_key_t **key, const json_t *jwk, const aj_key_options_t *options,
                            apr_pool_t *pool) AJ_MUST_USE;

/** The key's algorithm; never NULL. */
const aj_alg_t *aj_key_alg(const aj_key_t *key);

/** The key's ID, or NULL (HS keys without `kid=`). */
const char *aj_key_kid(const aj_key_t *key);

/**
 * Is the shared secret plainly something else: an HTML page, blanks, NAME=VALUE, text with a byte order mark?
 * @return a sentence fragment for a warning that repeats nothing of it, or NULL; a literal
 */
const char *aj_key_doubt(const aj_key_t *key);

/** @return non-zero when the key's ID is the thumbprint, because neither the options nor the JWK gave it one */
int aj_key_kid_is_default(const aj_key_t *key);

/** @return non-zero for an asymmetric key that is ours (its private half is here) or marked publish */
int aj_key_is_published(const aj_key_t *key);

/** @return non-zero when both are one key: the same algorithm, kid (or none), and secret or public half */
int aj_key_equal(const aj_key_t *a, const aj_key_t *b);

/** @return non-zero when one verifies what the other signs: the same algorithm, and secret or public half */
int aj_key_same(const aj_key_t *a, const aj_key_t *b);

/** @return non-zero when the key holds a private part or secret and is not marked verify_only */
int aj_key_can_sign(const aj_key_t *key);

/** @return non-zero when the key holds a private part or secret, whatever it is marked */
int aj_key_is_secret(const aj_key_t *key);

/**
 * Public JWK of an asymmetric key with `kid`, `alg` and `use` "sig" (RFC 7517 4).
 * @return new object owned by pool, or NULL for an HS key
 */
json_t *aj_key_public_jwk(const aj_key_t *key, apr_pool_t *pool);

/**
 * Derive a secret from the key's private part with HKDF-SHA-256 (RFC 5869). Deterministic: hosts that share
 * the key derive the same bytes.
 * @param label  says what for; different labels give independent secrets
 * @return APR_SUCCESS, APR_EINVAL when the key has no private part, APR_EGENERAL when OpenSSL fails
 */
apr_status_t aj_key_derive(const aj_key_t *key, const char *label, unsigned char *out, apr_size_t out_len) AJ_MUST_USE;

/**
 * Sign bytes with the key's algorithm; the signature has JWS's form (RFC 7518 3: raw R||S for ECDSA).
 * @param sig      set on success, owned by pool
 * @return APR_SUCCESS, APR_EINVAL when the key cannot sign, APR_EGENERAL when OpenSSL fails
 */
apr_status_t aj_key_sign(const aj_key_t *key, const void *in, apr_size_t in_len, apr_pool_t *pool, unsigned char **sig,
                         apr_size_t *sig_len) AJ_MUST_USE;

/**
 * Verify a signature in JWS's form. Leaves OpenSSL's error queue as it was found empty: always empty.
 * @return AJ_OK, AJ_E_SIGNATURE_LENGTH, AJ_E_SIGNATURE, or AJ_E_CRYPTO
 */
aj_error_e aj_key_verify(const aj_key_t *key, const void *in, apr_size_t in_len, const unsigned char *sig,
                         apr_size_t sig_len) AJ_MUST_USE;

/**
 * Would this HS signature match if the secret, taken raw, were read in another encoding? The field's commonest
 * misconfiguration; for debug logs only.
 * @return "base64", "base64url" or "hex", or NULL when none matches or the key is no HS key
 */
const char *aj_key_encoding_hint(const aj_key_t *key, const void *in, apr_size_t in_len, const unsigned char *sig,
                                 apr_size_t sig_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* aj_key_private: what the files of the key room share. Nobody else includes it. */
#ifndef AJ_KEY_PRIVATE_H
#define AJ_KEY_PRIVATE_H

#include <openssl/evp.h>

#include "aj_key.h"

/** Contexts that make the MACs of an HS key; its threads share them. */
typedef struct aj_key_mac_t aj_key_mac_t;

struct aj_key_t {
    const aj_alg_t *alg;
    const char *kid;    /**< or NULL */
    int kid_is_default; /**< kid is the thumbprint, since nobody gave another */
    int verify_only;    /**< the administrator or the JWK's key_ops forbid signing */
    int publish;        /**< the administrator wants it in the published set */
    int is_secret;      /**< holds a private part or a shared secret */

    unsigned char *secret; /**< HS only */
    apr_size_t secret_len;
    const char *doubt; /**< of a secret that is plainly something else; or NULL */
    int secret_is_raw; /**< the secret is the source's text: another encoding may have been meant */
    aj_key_mac_t *mac; /**< HS only */

    EVP_PKEY *pkey;       /**< asymmetric only, like all that follows */
    EVP_MD_CTX *verifier; /**< initialised, copied for each use */
    EVP_MD_CTX *signer;   /**< likewise; NULL without a private part */
    apr_size_t sig_len;   /**< the one length of a signature in JWS's form */
    const char *pub[2];   /**< public members in base64url: e, n · x, y · x, NULL */
};

/** Longest ECDSA signature in JWS's form: two coordinates of P-521. */
#define AJ_ECDSA_MAX_BYTES (2 * 66)

/** Largest RSA modulus that OpenSSL works with, in bits. */
#define AJ_RSA_MAX_BITS 16384

/* Those that return a sentence return NULL on success. aj_key_read.c cleans OpenSSL's error queue for all of them. */

/** What the content of a key source is instead of a key. @return NULL when it may be one */
const char *aj_key_mistake(const unsigned char *text, apr_size_t len, const aj_alg_t *alg);

/** Why a shared secret, read as it stands, is hardly meant. @return NULL when nothing is odd; len is not 0 */
const char *aj_key_doubt_text(const unsigned char *text, apr_size_t len);

/** Give an HS key its secret from the text of a key source. */
const char *aj_key_set_text(aj_key_t *key, const unsigned char *text, apr_size_t len, aj_encoding_e encoding,
                            apr_pool_t *pool) AJ_MUST_USE;

/** Give an HS key its secret; bytes belong to pool and are wiped with it. */
const char *aj_key_set_secret(aj_key_t *key, unsigned char *bytes, apr_size_t len, apr_pool_t *pool) AJ_MUST_USE;

/**
 * Give a key its asymmetric part: checks that it fits the algorithm and is sound, and prepares its contexts.
 * @param pkey        becomes pool's at once, whatever is returned
 * @param is_private  non-zero when the private part is there
 */
const char *aj_key_set_pkey(aj_key_t *key, EVP_PKEY *pkey, int is_private, apr_pool_t *pool) AJ_MUST_USE;

/** @param prepared  has the key; becomes pool's */
aj_key_mac_t *aj_key_mac_make(EVP_MAC_CTX *prepared, apr_pool_t *pool);

/** A context with the key, for one MAC. @return the caller's, who gives it back; NULL when OpenSSL fails */
EVP_MAC_CTX *aj_key_mac_take(const aj_key_mac_t *mac);

/** Give back what aj_key_mac_take returned, whatever has become of it. @param ctx  or NULL */
void aj_key_mac_give(const aj_key_mac_t *mac, EVP_MAC_CTX *ctx);

/** Read the one key of a PEM text. @param pkey  a new reference, set on success */
const char *aj_key_pem(const unsigned char *text, apr_size_t len, EVP_PKEY **pkey, int *is_private) AJ_MUST_USE;

/** Fill key->pub from key->pkey. */
const char *aj_key_set_public(aj_key_t *key, apr_pool_t *pool) AJ_MUST_USE;

/** RFC 7638 thumbprint of an asymmetric key, SHA-256, base64url. @return NULL when OpenSSL fails */
const char *aj_key_thumbprint(const aj_key_t *key, apr_pool_t *pool);

/** Fill an empty key from a JWK, its kid aside. */
const char *aj_key_fill_jwk(aj_key_t *key, const json_t *jwk, apr_pool_t *pool) AJ_MUST_USE;

/** Remove the members that say nothing: null, "" and []. */
void aj_key_strip_jwk(json_t *jwk);

/** Overwrite the private members of a JWK that is about to be dropped; anything else is left alone. */
void aj_key_wipe_jwk(json_t *jwk);

/** aj_key_sign without asking whether the key may. */
apr_status_t aj_key_sign_raw(const aj_key_t *key, const void *in, apr_size_t in_len, apr_pool_t *pool,
                             unsigned char **sig, apr_size_t *sig_len) AJ_MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a key does: sign, verify, derive. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/kdf.h>

#include "aj_digest.h"
#include "aj_key_private.h"

/** Longest DER of an ECDSA signature: two INTEGERs of 67 bytes with their heads, in a SEQUENCE with a long one. */
#define MAX_ECDSA_DER (3 + 2 * (2 + 67))

/* The error queue is the thread's, and leftovers have killed TLS connections elsewhere: after a failure it is empty,
   after a success it holds what others had put there before ERR_set_mark. */
static void clean_errors(int ok)
{
    if (ok) {
        (void)ERR_pop_to_mark();
    }
    else {
        ERR_clear_error();
    }
}

static int make_mac(const aj_key_t *key, const void *in, apr_size_t in_len, unsigned char out[EVP_MAX_MD_SIZE])
{
    EVP_MAC_CTX *mac = aj_key_mac_take(key->mac);
    size_t len = 0;
    int ok =
        mac && EVP_MAC_update(mac, in, in_len) && EVP_MAC_final(mac, out, &len, EVP_MAX_MD_SIZE) && len == key->sig_len;

    aj_key_mac_give(key->mac, mac);
    return ok;
}

static aj_error_e verify_mac(const aj_key_t *key, const void *in, apr_size_t in_len, const unsigned char *sig)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    aj_error_e verdict = AJ_E_CRYPTO;

    if (make_mac(key, in, in_len, made)) {
        verdict = aj_equal(made, sig, key->sig_len) ? AJ_OK : AJ_E_SIGNATURE;
    }
    aj_wipe(made, sizeof(made));
    return verdict;
}

/* R || S to DER (RFC 7518 3.4). @return its length; 0 when R or S is zero, -1 when OpenSSL fails */
static int ecdsa_to_der(const unsigned char *raw, apr_size_t half, unsigned char der[MAX_ECDSA_DER])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(raw + half, (int)half, NULL);
    int len = -1;

    if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
    }
    else if (BN_is_zero(r) || BN_is_zero(s)) {
        /* r or s of 0 would fit any message if it were not refused (CVE-2022-21449). OpenSSL refuses it too. */
        len = 0;
    }
    else {
        len = i2d_ECDSA_SIG(sig, &der);
    }
    ECDSA_SIG_free(sig);
    return len;
}

static int ecdsa_from_der(const unsigned char *der, size_t len, unsigned char *raw, apr_size_t half)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) == (int)half
          && BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) == (int)half;

    ECDSA_SIG_free(sig);
    return ok;
}

static EVP_MD_CTX *copy_context(const EVP_MD_CTX *prepared)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx && !EVP_MD_CTX_copy_ex(ctx, prepared)) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static aj_error_e verify_public(const aj_key_t *key, const void *in, apr_size_t in_len, const unsigned char *sig,
                                apr_size_t sig_len)
{
    unsigned char der[MAX_ECDSA_DER];
    EVP_MD_CTX *ctx = copy_context(key->verifier);
    aj_error_e verdict = AJ_E_CRYPTO;
    int len = 1;

    if (key->alg->sig == AJ_SIG_ECDSA) {
        len = ecdsa_to_der(sig, key->alg->coordinate_bytes, der);
        sig = der;
        sig_len = (apr_size_t)len;
    }
    if (len == 0) {
        verdict = AJ_E_SIGNATURE;
    }
    else if (len > 0 && ctx) {
        verdict = EVP_DigestVerify(ctx, sig, sig_len, in, in_len) == 1 ? AJ_OK : AJ_E_SIGNATURE;
    }
    EVP_MD_CTX_free(ctx);
    return verdict;
}

aj_error_e aj_key_verify(const aj_key_t *key, const void *in, apr_size_t in_len, const unsigned char *sig,
                         apr_size_t sig_len)
{
    aj_error_e verdict;

    if (sig_len != key->sig_len) {
        return AJ_E_SIGNATURE_LENGTH;
    }
    (void)ERR_set_mark();
    verdict =
        key->alg->sig == AJ_SIG_HMAC ? verify_mac(key, in, in_len, sig) : verify_public(key, in, in_len, sig, sig_len);
    clean_errors(verdict == AJ_OK);
    return verdict;
}

/* @param sig  key->sig_len bytes */
static int sign_private(const aj_key_t *key, const void *in, apr_size_t in_len, unsigned char *sig)
{
    unsigned char der[MAX_ECDSA_DER];
    const int is_ecdsa = key->alg->sig == AJ_SIG_ECDSA;
    EVP_MD_CTX *ctx = copy_context(key->signer);
    size_t len = is_ecdsa ? sizeof(der) : key->sig_len;
    int ok = ctx && EVP_DigestSign(ctx, is_ecdsa ? der : sig, &len, in, in_len) == 1;

    if (ok) {
        ok = is_ecdsa ? ecdsa_from_der(der, len, sig, key->alg->coordinate_bytes) : len == key->sig_len;
    }
    EVP_MD_CTX_free(ctx);
    return ok;
}

apr_status_t aj_key_sign_raw(const aj_key_t *key, const void *in, apr_size_t in_len, apr_pool_t *pool,
                             unsigned char **sig, apr_size_t *sig_len)
{
    unsigned char *made = apr_palloc(pool, key->sig_len < EVP_MAX_MD_SIZE ? EVP_MAX_MD_SIZE : key->sig_len);
    int ok;

    (void)ERR_set_mark();
    ok = key->alg->sig == AJ_SIG_HMAC ? make_mac(key, in, in_len, made) : sign_private(key, in, in_len, made);
    if (ok) {
        *sig = made;
        *sig_len = key->sig_len;
    }
    clean_errors(ok);
    return ok ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t aj_key_sign(const aj_key_t *key, const void *in, apr_size_t in_len, apr_pool_t *pool, unsigned char **sig,
                         apr_size_t *sig_len)
{
    return aj_key_can_sign(key) ? aj_key_sign_raw(key, in, in_len, pool, sig, sig_len) : APR_EINVAL;
}

/* HKDF-SHA-256. The salt keeps what is derived apart from the MACs that the same secret makes of tokens. */
static int hkdf(const unsigned char *secret, size_t secret_len, const char *label, unsigned char *out, size_t out_len)
{
    static const char salt[] = "mod_authjwt key derivation 1";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[5];
    int ok;

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, secret_len);
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, sizeof(salt) - 1);
    params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)label, strlen(label));
    params[4] = OSSL_PARAM_construct_end();
    ok = ctx && EVP_KDF_derive(ctx, out, out_len, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok;
}

/* The private part in one spelling, whatever form the key came in. @return its length, 0 when OpenSSL fails */
static size_t private_bytes(const aj_key_t *key, unsigned char *out, size_t size)
{
    const int is_rsa = key->alg->kty == AJ_KTY_RSA;
    size_t len = is_rsa ? (size_t)EVP_PKEY_get_size(key->pkey) : key->alg->coordinate_bytes;
    BIGNUM *d = NULL;

    if (key->alg->kty == AJ_KTY_OKP) {
        len = size;
        return EVP_PKEY_get_raw_private_key(key->pkey, out, &len) == 1 ? len : 0;
    }
    if (len > size || !EVP_PKEY_get_bn_param(key->pkey, is_rsa ? OSSL_PKEY_PARAM_RSA_D : OSSL_PKEY_PARAM_PRIV_KEY, &d)
        || BN_bn2binpad(d, out, (int)len) != (int)len) {
        len = 0;
    }
    BN_clear_free(d);
    return len;
}

static int derive_from_private(const aj_key_t *key, const char *label, unsigned char *out, size_t out_len)
{
    unsigned char secret[AJ_RSA_MAX_BITS / 8];
    size_t len = private_bytes(key, secret, sizeof(secret));
    int ok = len > 0 && hkdf(secret, len, label, out, out_len);

    aj_wipe(secret, sizeof(secret));
    return ok;
}

apr_status_t aj_key_derive(const aj_key_t *key, const char *label, unsigned char *out, apr_size_t out_len)
{
    int ok;

    if (!key->is_secret) {
        return APR_EINVAL;
    }
    (void)ERR_set_mark();
    ok = key->alg->kty == AJ_KTY_OCT ? hkdf(key->secret, key->secret_len, label, out, out_len)
                                     : derive_from_private(key, label, out, out_len);
    clean_errors(ok);
    return ok ? APR_SUCCESS : APR_EGENERAL;
}

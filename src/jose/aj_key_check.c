/* SPDX-License-Identifier: Apache-2.0 */
/* Check an asymmetric key when it is read: type and curve must fit the algorithm, and its numbers must be valid. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "aj_key_private.h"

#define RSA_MIN_BITS 2048
/* OpenSSL refuses longer exponents of large keys when it verifies; better refuse them here. No real key has one. */
#define RSA_MAX_EXPONENT_BITS 64

/* Ed25519 points of order 1, 2, 4 and 8, sign bit cleared: anyone can sign for them (RFC 8032 5.1.7, RFC 7748 6). */
static const unsigned char small_order[][32] = {
    { 0x00 },
    { 0x01 },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
      0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
      0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

/* y of a canonical point is below p = 2^255 - 19; larger values would be second forms of the same points. */
static int is_canonical(const unsigned char point[32])
{
    int i;

    if ((point[31] & 0x7f) != 0x7f || point[0] < 0xed) {
        return 1;
    }
    for (i = 1; i < 31; i++) {
        if (point[i] != 0xff) {
            return 1;
        }
    }
    return 0;
}

static const char *check_ed25519(const EVP_PKEY *pkey)
{
    unsigned char point[32];
    size_t i, len = sizeof(point);

    if (EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1 || len != sizeof(point)) {
        return "is an Ed25519 key without a public half";
    }
    if (!is_canonical(point)) {
        return "is an Ed25519 key whose point has a non-canonical form";
    }
    point[31] &= 0x7f;
    for (i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++) {
        if (!memcmp(point, small_order[i], sizeof(point))) {
            return "is an Ed25519 key of small order, for which anyone can sign";
        }
    }
    return NULL;
}

static const char *check_rsa(const EVP_PKEY *pkey, apr_pool_t *pool)
{
    int bits = EVP_PKEY_get_bits(pkey);
    BIGNUM *e = NULL;
    const char *wrong = NULL;

    if (bits < RSA_MIN_BITS || bits > AJ_RSA_MAX_BITS) {
        wrong = apr_psprintf(pool, "is an RSA key of %d bits; at least %d are needed (RFC 7518 3.3), at most %d work",
                             bits, RSA_MIN_BITS, AJ_RSA_MAX_BITS);
    }
    else if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) || !BN_is_odd(e) || BN_is_one(e)
             || BN_num_bits(e) > RSA_MAX_EXPONENT_BITS) {
        wrong = "is an RSA key whose exponent is even, 1, or longer than 64 bits";
    }
    BN_free(e);
    return wrong;
}

static const char *check_ec(const EVP_PKEY *pkey, const aj_alg_t *alg, apr_pool_t *pool)
{
    char group[64] = "";
    int is_explicit = 0;

    /* Explicit parameters can imitate a known curve with another generator (CVE-2020-0601). */
    if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) && is_explicit) {
        return "is an EC key with explicit parameters instead of a named curve";
    }
    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1 || strcmp(group, alg->group)) {
        return apr_psprintf(pool, "is an EC key of another curve; %s wants %s (RFC 7518 3.4)", alg->name, alg->curve);
    }
    return NULL;
}

/* Keys of type RSA-PSS are for PSS alone. They may restrict hash and salt; the context below respects that. */
static int has_type(const EVP_PKEY *pkey, const aj_alg_t *alg)
{
    switch (alg->kty) {
    case AJ_KTY_RSA:
        return EVP_PKEY_is_a(pkey, "RSA") || (alg->sig == AJ_SIG_RSA_PSS && EVP_PKEY_is_a(pkey, "RSA-PSS"));
    case AJ_KTY_EC:
        return EVP_PKEY_is_a(pkey, "EC");
    case AJ_KTY_OKP:
        return EVP_PKEY_is_a(pkey, alg->group);
    default:
        return 0;
    }
}

static int is_valid_public(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    int ok = ctx && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static const char *check(EVP_PKEY *pkey, const aj_alg_t *alg, apr_pool_t *pool)
{
    const char *wrong = NULL;

    if (!has_type(pkey, alg)) {
        return apr_psprintf(pool, "is a key of another type; %s wants %s%s%s", alg->name, aj_kty_name(alg->kty),
                            alg->curve ? " " : "", alg->curve ? alg->curve : "");
    }
    if (alg->kty == AJ_KTY_RSA) {
        wrong = check_rsa(pkey, pool);
    }
    else if (alg->kty == AJ_KTY_EC) {
        wrong = check_ec(pkey, alg, pool);
    }
    else {
        wrong = check_ed25519(pkey);
    }
    if (!wrong && !is_valid_public(pkey)) {
        wrong = "is a key whose public half is not sound";
    }
    return wrong;
}

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static apr_status_t free_context(void *ctx)
{
    EVP_MD_CTX_free(ctx);
    return APR_SUCCESS;
}

/* PSS as RFC 7518 3.5 wants it: MGF1 with the same hash, salt as long as the hash; verifying enforces both. */
static int set_padding(EVP_PKEY_CTX *ctx, const aj_alg_t *alg)
{
    switch (alg->sig) {
    case AJ_SIG_RSA_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
    case AJ_SIG_RSA_PSS:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0
            && EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, alg->digest, NULL) > 0
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
    default:
        return 1;
    }
}

/* Fetching algorithms is slow in OpenSSL 3; a context made once is copied for each signature.
   @return NULL when OpenSSL refuses */
static EVP_MD_CTX *make_context(const aj_key_t *key, int signing, apr_pool_t *pool)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *settings = NULL;
    int ok = 0;

    if (!ctx) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, ctx, free_context, apr_pool_cleanup_null);
    ok = signing ? EVP_DigestSignInit_ex(ctx, &settings, key->alg->digest, NULL, NULL, key->pkey, NULL)
                 : EVP_DigestVerifyInit_ex(ctx, &settings, key->alg->digest, NULL, NULL, key->pkey, NULL);
    return ok == 1 && set_padding(settings, key->alg) ? ctx : NULL;
}

/* RSA as n, e and d alone is legal (RFC 7518 6.3.2), but OpenSSL has no check for it. */
static int has_parts(const EVP_PKEY *pkey, const aj_alg_t *alg)
{
    BIGNUM *p = NULL;
    int has = alg->kty != AJ_KTY_RSA || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &p);

    BN_clear_free(p);
    return has;
}

static int is_consistent(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    int ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static int signs_for_itself(const aj_key_t *key, apr_pool_t *pool)
{
    static const char text[] = "mod_authjwt pairwise consistency";
    unsigned char *sig;
    apr_size_t sig_len;

    return aj_key_sign_raw(key, text, sizeof(text), pool, &sig, &sig_len) == APR_SUCCESS
        && aj_key_verify(key, text, sizeof(text), sig, sig_len) == AJ_OK;
}

/* If the halves do not belong together, nobody could verify what the key signs. OpenSSL compares the members, and a
   test signature proves the rest: RSA signs with the primes and does not look at d, from which secrets are derived. */
static int is_pair(const aj_key_t *key, apr_pool_t *pool)
{
    return (!has_parts(key->pkey, key->alg) || is_consistent(key->pkey)) && signs_for_itself(key, pool);
}

static const char *prepare(aj_key_t *key, int is_private, apr_pool_t *pool)
{
    const aj_alg_t *alg = key->alg;

    key->sig_len = alg->sig == AJ_SIG_ECDSA ? 2 * alg->coordinate_bytes : (apr_size_t)EVP_PKEY_get_size(key->pkey);
    key->verifier = make_context(key, 0, pool);
    key->signer = is_private ? make_context(key, 1, pool) : NULL;
    key->is_secret = is_private;
    if (!key->verifier || (is_private && !key->signer)) {
        return apr_psprintf(pool, "is a key that OpenSSL does not use for %s", alg->name);
    }
    if (is_private && !is_pair(key, pool)) {
        return "is a private key whose parts do not belong together";
    }
    return NULL;
}

const char *aj_key_set_pkey(aj_key_t *key, EVP_PKEY *pkey, int is_private, apr_pool_t *pool)
{
    const char *wrong;

    apr_pool_cleanup_register(pool, pkey, free_pkey, apr_pool_cleanup_null);
    key->pkey = pkey;
    if (!(wrong = check(pkey, key->alg, pool)) && !(wrong = prepare(key, is_private, pool))) {
        wrong = aj_key_set_public(key, pool);
    }
    return wrong;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The public half as JOSE writes it: JWK (RFC 7517) and thumbprint (RFC 7638). */
#include <string.h>

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_json.h"
#include "aj_key_private.h"

/** JWK's names of the public members, in the order of aj_key_t.pub. */
static const char *const *names_of(aj_kty_e kty)
{
    static const char *const rsa[] = { "e", "n" };
    static const char *const ec[] = { "x", "y" };
    static const char *const okp[] = { "x", NULL };

    return kty == AJ_KTY_RSA ? rsa : kty == AJ_KTY_EC ? ec : okp;
}

/* @param len  bytes with leading zeros, or 0 for as few as possible (RFC 7518 2) */
static const char *integer(const EVP_PKEY *pkey, const char *param, apr_size_t len, apr_pool_t *pool)
{
    BIGNUM *number = NULL;
    const char *text = NULL;

    if (EVP_PKEY_get_bn_param(pkey, param, &number)) {
        apr_size_t size = len > 0 ? len : (apr_size_t)BN_num_bytes(number);
        unsigned char *bytes = apr_palloc(pool, size);

        if (BN_bn2binpad(number, bytes, (int)size) == (int)size) {
            text = aj_base64url_encode(bytes, size, pool);
        }
    }
    BN_free(number);
    return text;
}

static const char *raw(const EVP_PKEY *pkey, apr_pool_t *pool)
{
    unsigned char bytes[32];
    size_t len = sizeof(bytes);

    return EVP_PKEY_get_raw_public_key(pkey, bytes, &len) == 1 ? aj_base64url_encode(bytes, len, pool) : NULL;
}

const char *aj_key_set_public(aj_key_t *key, apr_pool_t *pool)
{
    const apr_size_t size = key->alg->coordinate_bytes;
    int two = 1;

    switch (key->alg->kty) {
    case AJ_KTY_RSA:
        key->pub[0] = integer(key->pkey, OSSL_PKEY_PARAM_RSA_E, 0, pool);
        key->pub[1] = integer(key->pkey, OSSL_PKEY_PARAM_RSA_N, 0, pool);
        break;
    case AJ_KTY_EC:
        key->pub[0] = integer(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, size, pool);
        key->pub[1] = integer(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, size, pool);
        break;
    default:
        key->pub[0] = raw(key->pkey, pool);
        two = 0;
        break;
    }
    return !key->pub[0] || (two && !key->pub[1]) ? "is a key whose public half OpenSSL does not tell" : NULL;
}

const char *aj_key_thumbprint(const aj_key_t *key, apr_pool_t *pool)
{
    const aj_alg_t *alg = key->alg;
    unsigned char hash[AJ_SHA256_BYTES];
    const char *text;

    /* Required members in the order of their names, no blanks (RFC 7638 3.2, RFC 8037 2). */
    switch (alg->kty) {
    case AJ_KTY_RSA:
        text = apr_psprintf(pool, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", key->pub[0], key->pub[1]);
        break;
    case AJ_KTY_EC:
        text = apr_psprintf(pool, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", alg->curve, key->pub[0],
                            key->pub[1]);
        break;
    default:
        text = apr_psprintf(pool, "{\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"}", alg->curve, key->pub[0]);
        break;
    }
    return aj_sha256(text, strlen(text), hash) == APR_SUCCESS ? aj_base64url_encode(hash, sizeof(hash), pool) : NULL;
}

static void set(json_t *jwk, const char *name, const char *value)
{
    if (value) {
        json_object_set_new(jwk, name, json_string(value));
    }
}

json_t *aj_key_public_jwk(const aj_key_t *key, apr_pool_t *pool)
{
    const char *const *names = names_of(key->alg->kty);
    json_t *jwk;

    if (key->alg->kty == AJ_KTY_OCT) {
        return NULL;
    }
    jwk = aj_json_own(json_object(), pool);
    set(jwk, "kty", aj_kty_name(key->alg->kty));
    set(jwk, "crv", key->alg->curve);
    set(jwk, names[0], key->pub[0]);
    set(jwk, names[1] ? names[1] : "", key->pub[1]);
    set(jwk, "kid", key->kid);
    set(jwk, "alg", key->alg->name);
    set(jwk, "use", "sig");
    return jwk;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms, as const rows. There is no row "none", so nothing can select it. */
#include <string.h>

#include "aj_alg.h"

static const aj_alg_t algs[] = {
    { "HS256", AJ_KTY_OCT, AJ_SIG_HMAC, "SHA256", 32, NULL, NULL, 0 },
    { "HS384", AJ_KTY_OCT, AJ_SIG_HMAC, "SHA384", 48, NULL, NULL, 0 },
    { "HS512", AJ_KTY_OCT, AJ_SIG_HMAC, "SHA512", 64, NULL, NULL, 0 },
    { "RS256", AJ_KTY_RSA, AJ_SIG_RSA_PKCS1, "SHA256", 32, NULL, NULL, 0 },
    { "RS384", AJ_KTY_RSA, AJ_SIG_RSA_PKCS1, "SHA384", 48, NULL, NULL, 0 },
    { "RS512", AJ_KTY_RSA, AJ_SIG_RSA_PKCS1, "SHA512", 64, NULL, NULL, 0 },
    { "PS256", AJ_KTY_RSA, AJ_SIG_RSA_PSS, "SHA256", 32, NULL, NULL, 0 },
    { "PS384", AJ_KTY_RSA, AJ_SIG_RSA_PSS, "SHA384", 48, NULL, NULL, 0 },
    { "PS512", AJ_KTY_RSA, AJ_SIG_RSA_PSS, "SHA512", 64, NULL, NULL, 0 },
    { "ES256", AJ_KTY_EC, AJ_SIG_ECDSA, "SHA256", 32, "P-256", "prime256v1", 32 },
    { "ES384", AJ_KTY_EC, AJ_SIG_ECDSA, "SHA384", 48, "P-384", "secp384r1", 48 },
    { "ES512", AJ_KTY_EC, AJ_SIG_ECDSA, "SHA512", 64, "P-521", "secp521r1", 66 },
    { "ES256K", AJ_KTY_EC, AJ_SIG_ECDSA, "SHA256", 32, "secp256k1", "secp256k1", 32 },
    { "EdDSA", AJ_KTY_OKP, AJ_SIG_EDDSA, NULL, 0, "Ed25519", "ED25519", 0 },
    { "Ed25519", AJ_KTY_OKP, AJ_SIG_EDDSA, NULL, 0, "Ed25519", "ED25519", 0 },
};

#define ALGS ((int)(sizeof(algs) / sizeof(algs[0])))

const aj_alg_t *aj_alg_find(const char *name)
{
    int i;

    for (i = 0; i < ALGS; i++) {
        if (!strcmp(algs[i].name, name)) {
            return &algs[i];
        }
    }
    return NULL;
}

const aj_alg_t *aj_alg_at(int index)
{
    return index >= 0 && index < ALGS ? &algs[index] : NULL;
}

int aj_alg_same(const aj_alg_t *a, const aj_alg_t *b)
{
    return a == b || (a->sig == AJ_SIG_EDDSA && b->sig == AJ_SIG_EDDSA);
}

const char *aj_kty_name(aj_kty_e kty)
{
    switch (kty) {
    case AJ_KTY_OCT:
        return "oct";
    case AJ_KTY_RSA:
        return "RSA";
    case AJ_KTY_EC:
        return "EC";
    case AJ_KTY_OKP:
        return "OKP";
    }
    return "";
}

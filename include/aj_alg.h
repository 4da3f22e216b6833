/* SPDX-License-Identifier: Apache-2.0 */
/* aj_alg: the table of signature algorithms (RFC 7518 3.1, RFC 8037, RFC 8812, RFC 9864). There is no row "none". */
#ifndef AJ_ALG_H
#define AJ_ALG_H

#include <apr.h>

/** Families of keys, as JWK's `kty` names them. */
typedef enum { AJ_KTY_OCT = 1, AJ_KTY_RSA, AJ_KTY_EC, AJ_KTY_OKP } aj_kty_e;

/** Ways to make a signature. */
typedef enum { AJ_SIG_HMAC = 1, AJ_SIG_RSA_PKCS1, AJ_SIG_RSA_PSS, AJ_SIG_ECDSA, AJ_SIG_EDDSA } aj_sig_e;

/** One algorithm. All rows are const and live for ever; compare rows with aj_alg_same. */
typedef struct aj_alg_t {
    const char *name;            /**< value of `alg` */
    aj_kty_e kty;                /**< family of keys that fit */
    aj_sig_e sig;                /**< how it signs */
    const char *digest;          /**< OpenSSL's name of the hash, NULL for EdDSA */
    apr_size_t digest_bytes;     /**< length of the hash; shortest HS secret (RFC 7518 3.2) */
    const char *curve;           /**< JWK's `crv`, NULL if none */
    const char *group;           /**< OpenSSL's name of the curve, NULL if none */
    apr_size_t coordinate_bytes; /**< octets of one ECDSA coordinate, 0 if none */
} aj_alg_t;

/** Row of an algorithm, matched byte for byte and whole. @return NULL when there is no such row */
const aj_alg_t *aj_alg_find(const char *name);

/** Row by position, for lists. @return NULL past the end */
const aj_alg_t *aj_alg_at(int index);

/** @return non-zero when both rows mean one algorithm: the same row, or EdDSA and Ed25519 (RFC 9864 2.2) */
int aj_alg_same(const aj_alg_t *a, const aj_alg_t *b);

/** `kty` as JWK spells it. @return a string literal */
const char *aj_kty_name(aj_kty_e kty);

#endif

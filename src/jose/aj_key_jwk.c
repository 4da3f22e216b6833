/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as JWK (RFC 7517, RFC 7518 6, RFC 8037 2): strict members, and then OpenSSL's own view of them. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_key_private.h"

/** The parts of a key on their way to OpenSSL. */
typedef struct {
    const json_t *jwk;
    apr_pool_t *pool; /**< scratch: what is decoded is wiped with it */
    OSSL_PARAM params[12];
    int count;
} parts_t;

static const char *const private_members[] = { "k", "d", "p", "q", "dp", "dq", "qi" };

/** RSA's integers (RFC 7518 6.3); the first two make the public key. */
static const struct {
    const char *member;
    const char *param;
} rsa_members[] = {
    { "n", OSSL_PKEY_PARAM_RSA_N },          { "e", OSSL_PKEY_PARAM_RSA_E },
    { "d", OSSL_PKEY_PARAM_RSA_D },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

void aj_key_wipe_jwk(json_t *jwk)
{
    size_t i;

    for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++) {
        const json_t *value = json_object_get(jwk, private_members[i]);

        /* jansson lends its own copy as const; nobody reads it again. */
        if (json_is_string(value)) {
            aj_wipe((char *)json_string_value(value), json_string_length(value));
        }
    }
}

static int says_nothing(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0)
        || (json_is_array(value) && json_array_size(value) == 0);
}

void aj_key_strip_jwk(json_t *jwk)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe(jwk, next, name, value)
    {
        if (says_nothing(value)) {
            json_object_del(jwk, name);
        }
    }
}

static int has(const json_t *jwk, const char *name)
{
    return json_object_get(jwk, name) != NULL;
}

/* Decode a member that must be there. @param want  exact number of bytes, or 0 for any but none */
static const char *member(const parts_t *parts, const char *name, apr_size_t want, unsigned char **out,
                          apr_size_t *out_len)
{
    const json_t *value = json_object_get(parts->jwk, name);

    if (!json_is_string(value)) {
        return apr_psprintf(parts->pool, "is a JWK whose %s is %s", name, value ? "no string" : "absent");
    }
    if (aj_base64url_decode(json_string_value(value), json_string_length(value), parts->pool, out, out_len) != AJ_OK) {
        return apr_psprintf(parts->pool, "is a JWK whose %s is not strict base64url", name);
    }
    aj_wipe_with_pool(*out, *out_len, parts->pool);
    if (want == 0 ? *out_len == 0 : *out_len != want) {
        return apr_psprintf(parts->pool, "is a JWK whose %s has a wrong length", name);
    }
    return NULL;
}

static void push(parts_t *parts, OSSL_PARAM param)
{
    parts->params[parts->count++] = param;
}

/* OpenSSL wants integers in the machine's byte order. The buffer is rewritten in place. */
static const char *push_integer(parts_t *parts, const char *name, const char *param, apr_size_t want)
{
    unsigned char *bytes = NULL;
    apr_size_t len = 0;
    const char *wrong = member(parts, name, want, &bytes, &len);
    BIGNUM *number = NULL;

    if (!wrong) {
        if (len > AJ_RSA_MAX_BITS / 8 + 1) {
            wrong = apr_psprintf(parts->pool, "is a JWK whose %s has a wrong length", name);
        }
        else if (!(number = BN_bin2bn(bytes, (int)len, NULL)) || BN_bn2nativepad(number, bytes, (int)len) < 0) {
            wrong = "OpenSSL has no memory";
        }
        else {
            push(parts, OSSL_PARAM_construct_BN(param, bytes, len));
        }
    }
    BN_clear_free(number);
    return wrong;
}

static const char *rsa_parts(parts_t *parts, int is_private)
{
    const size_t all = sizeof(rsa_members) / sizeof(rsa_members[0]);
    /* With one of the primes' members all of them are required (RFC 7518 6.3.2). */
    int has_primes = has(parts->jwk, "p") || has(parts->jwk, "q") || has(parts->jwk, "dp") || has(parts->jwk, "dq")
                  || has(parts->jwk, "qi");
    size_t i, count = !is_private ? 2 : has_primes ? all : 3;
    const char *wrong = NULL;

    if (has(parts->jwk, "oth")) {
        wrong = "is a JWK with more than two primes, which is not supported";
    }
    else if (has_primes && !is_private) {
        wrong = "is a JWK with primes but without d";
    }
    for (i = 0; !wrong && i < count; i++) {
        wrong = push_integer(parts, rsa_members[i].member, rsa_members[i].param, 0);
    }
    return wrong;
}

static const char *check_curve(const parts_t *parts, const aj_alg_t *alg)
{
    const json_t *crv = json_object_get(parts->jwk, "crv");

    if (!json_is_string(crv) || strcmp(json_string_value(crv), alg->curve)) {
        return apr_psprintf(parts->pool, "is a JWK whose crv is not %s, the curve of %s", alg->curve, alg->name);
    }
    return NULL;
}

/* RFC 7518 6.2: coordinates and d have the full length of the curve, leading zeros included. */
static const char *ec_parts(parts_t *parts, const aj_alg_t *alg, int is_private)
{
    const apr_size_t size = alg->coordinate_bytes;
    unsigned char *x = NULL, *y = NULL, *point;
    apr_size_t len = 0;
    const char *wrong;

    if ((wrong = check_curve(parts, alg)) || (wrong = member(parts, "x", size, &x, &len))
        || (wrong = member(parts, "y", size, &y, &len))) {
        return wrong;
    }
    point = apr_palloc(parts->pool, 1 + 2 * size);
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x, size);
    memcpy(point + 1 + size, y, size);
    push(parts, OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)alg->group, 0));
    push(parts, OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size));
    return is_private ? push_integer(parts, "d", OSSL_PKEY_PARAM_PRIV_KEY, size) : NULL;
}

/* RFC 8037 2: both halves of Ed25519 have 32 bytes. */
static const char *okp_parts(parts_t *parts, const aj_alg_t *alg, int is_private)
{
    unsigned char *x = NULL, *d = NULL;
    apr_size_t len = 0;
    const char *wrong;

    if ((wrong = check_curve(parts, alg)) || (wrong = member(parts, "x", 32, &x, &len))) {
        return wrong;
    }
    push(parts, OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, x, len));
    if (is_private && !(wrong = member(parts, "d", 32, &d, &len))) {
        push(parts, OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, d, len));
    }
    return wrong;
}

static const char *collect(parts_t *parts, const aj_alg_t *alg, int is_private)
{
    switch (alg->kty) {
    case AJ_KTY_RSA:
        return rsa_parts(parts, is_private);
    case AJ_KTY_EC:
        return ec_parts(parts, alg, is_private);
    case AJ_KTY_OKP:
        return okp_parts(parts, alg, is_private);
    default:
        return "is a JWK of another type";
    }
}

/* @return a new reference, or NULL when OpenSSL refuses the parts */
static EVP_PKEY *assemble(parts_t *parts, const aj_alg_t *alg, int is_private)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_name(NULL, alg->kty == AJ_KTY_OKP ? alg->group : aj_kty_name(alg->kty), NULL);

    push(parts, OSSL_PARAM_construct_end());
    if (ctx && EVP_PKEY_fromdata_init(ctx) > 0) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parts->params);
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static const char *fill_pkey(aj_key_t *key, const json_t *jwk, apr_pool_t *pool)
{
    parts_t parts = { .jwk = jwk };
    int is_private = has(jwk, "d");
    EVP_PKEY *pkey;
    const char *wrong;

    apr_pool_create(&parts.pool, pool);
    wrong = collect(&parts, key->alg, is_private);
    if (wrong) {
        wrong = apr_pstrdup(pool, wrong);
    }
    else if (!(pkey = assemble(&parts, key->alg, is_private))) {
        wrong = apr_psprintf(pool, "is a JWK that is no sound %s key", aj_kty_name(key->alg->kty));
    }
    else {
        wrong = aj_key_set_pkey(key, pkey, is_private, pool);
    }
    apr_pool_destroy(parts.pool);
    return wrong;
}

static const char *fill_secret(aj_key_t *key, const json_t *jwk, apr_pool_t *pool)
{
    parts_t parts = { .jwk = jwk, .pool = pool };
    const json_t *k = json_object_get(jwk, "k");
    unsigned char *bytes = NULL;
    apr_size_t len = 0;
    const char *wrong;

    if (json_is_string(k) && json_string_length(k) == 0) {
        return "is an empty secret";
    }
    wrong = member(&parts, "k", 0, &bytes, &len);
    return wrong ? wrong : aj_key_set_secret(key, bytes, len, pool);
}

/* A member that, where it is present, must be a string of this value. */
static const char *check_member(const json_t *jwk, const char *name, const char *want, apr_pool_t *pool)
{
    const json_t *value = json_object_get(jwk, name);

    if (!value || (json_is_string(value) && !strcmp(json_string_value(value), want))) {
        return NULL;
    }
    return apr_psprintf(pool, "is a JWK whose %s is not \"%s\"", name, want);
}

/* `alg` may be the other name of the same algorithm (RFC 9864). */
static const char *check_alg(const json_t *jwk, const aj_alg_t *alg, apr_pool_t *pool)
{
    const char *own = json_string_value(json_object_get(jwk, "alg"));
    const aj_alg_t *row = own ? aj_alg_find(own) : NULL;

    return row && aj_alg_same(row, alg) ? NULL : check_member(jwk, "alg", alg->name, pool);
}

static int lists(const json_t *array, const char *text)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const char *value = json_string_value(json_array_get(array, i));

        if (value && !strcmp(value, text)) {
            return 1;
        }
    }
    return 0;
}

/* RFC 7517 4.3. Our own private key may be marked for signing alone; it still answers for what it signed. */
static const char *check_key_ops(aj_key_t *key, const json_t *jwk)
{
    const json_t *ops = json_object_get(jwk, "key_ops");
    int is_secret = has(jwk, "d") || has(jwk, "k");

    if (!ops) {
        return NULL;
    }
    if (!json_is_array(ops)) {
        return "is a JWK whose key_ops is no array";
    }
    if (!lists(ops, "verify") && !(is_secret && lists(ops, "sign"))) {
        return "is a JWK whose key_ops allows neither signing nor verifying";
    }
    key->verify_only |= !lists(ops, "sign");
    return NULL;
}

const char *aj_key_fill_jwk(aj_key_t *key, const json_t *jwk, apr_pool_t *pool)
{
    const char *wrong;

    if (!has(jwk, "kty")) {
        return "is a JWK whose kty is absent";
    }
    if ((wrong = check_member(jwk, "kty", aj_kty_name(key->alg->kty), pool)) || (wrong = check_alg(jwk, key->alg, pool))
        || (wrong = check_member(jwk, "use", "sig", pool)) || (wrong = check_key_ops(key, jwk))) {
        return wrong;
    }
    return key->alg->kty == AJ_KTY_OCT ? fill_secret(key, jwk, pool) : fill_pkey(key, jwk, pool);
}

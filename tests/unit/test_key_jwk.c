/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from JWK: strict members, private and public parts that belong together, thumbprints. */
#include "unit.h"

#define K32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* A change to a good key: member set to a JSON text, or removed where the text is NULL. */
static const struct {
    const char *name;
    const char *alg;
    const char *file;
    const char *member;
    const char *value;
    const char *wrong; /* part of the sentence, NULL: accepted */
} rows[] = {
    { "RSA control", "RS256", "rsa.jwk", "x", NULL, NULL },
    { "EC control", "ES256", "ec-p256.jwk", "x5c", NULL, NULL },
    { "OKP control", "EdDSA", "ed25519.jwk", "y", NULL, NULL },
    { "unknown members", "RS256", "rsa.jwk", "x5t", "\"abc\"", NULL },
    { "own alg", "RS256", "rsa.jwk", "alg", "\"RS256\"", NULL },
    { "use sig", "RS256", "rsa.jwk", "use", "\"sig\"", NULL },
    { "key_ops verify", "RS256", "rsa-pub.jwk", "key_ops", "[\"verify\"]", NULL },
    { "key_ops sign, private", "RS256", "rsa.jwk", "key_ops", "[\"sign\"]", NULL },
    { "alg of another hash", "RS256", "rsa.jwk", "alg", "\"RS512\"", "alg" },
    { "alg of another padding", "RS256", "rsa.jwk", "alg", "\"PS256\"", "alg" },
    { "alg a number", "RS256", "rsa.jwk", "alg", "256", "alg" },
    { "alg null", "RS256", "rsa.jwk", "alg", "null", "alg" },
    { "use enc", "RS256", "rsa.jwk", "use", "\"enc\"", "use" },
    { "use a number", "RS256", "rsa.jwk", "use", "1", "use" },
    { "key_ops for encryption", "RS256", "rsa.jwk", "key_ops", "[\"encrypt\",\"decrypt\"]", "key_ops" },
    { "key_ops sign, public", "RS256", "rsa-pub.jwk", "key_ops", "[\"sign\"]", "key_ops" },
    { "key_ops empty", "RS256", "rsa.jwk", "key_ops", "[]", "key_ops" },
    { "key_ops a string", "RS256", "rsa.jwk", "key_ops", "\"verify\"", "key_ops" },
    { "kty absent", "RS256", "rsa.jwk", "kty", NULL, "kty" },
    { "kty of another type", "RS256", "rsa.jwk", "kty", "\"EC\"", "kty" },
    { "kty in small letters", "RS256", "rsa.jwk", "kty", "\"rsa\"", "kty" },
    { "kty a number", "RS256", "rsa.jwk", "kty", "7", "kty" },
    { "kid a number", "RS256", "rsa.jwk", "kid", "7", "kid" },
    { "kid empty", "RS256", "rsa.jwk", "kid", "\"\"", "kid" },
    { "n absent", "RS256", "rsa.jwk", "n", NULL, "n is absent" },
    { "n a number", "RS256", "rsa.jwk", "n", "3", "n is no string" },
    { "n with padding", "RS256", "rsa.jwk", "n", "\"AQAB==\"", "strict base64url" },
    { "n with a blank", "RS256", "rsa.jwk", "n", "\"AQ AB\"", "strict base64url" },
    { "n empty", "RS256", "rsa.jwk", "n", "\"\"", "wrong length" },
    { "n short", "RS256", "rsa-pub.jwk", "n", "\"AQAB\"", "17 bits" },
    { "e absent", "RS256", "rsa.jwk", "e", NULL, "e is absent" },
    { "e = 0", "RS256", "rsa-pub.jwk", "e", "\"AA\"", "exponent" },
    { "e = 1", "RS256", "rsa-pub.jwk", "e", "\"AQ\"", "exponent" },
    { "e = 2", "RS256", "rsa-pub.jwk", "e", "\"Ag\"", "exponent" },
    { "e = 3", "RS256", "rsa-pub.jwk", "e", "\"Aw\"", NULL },
    { "e even", "RS256", "rsa-pub.jwk", "e", "\"AQAA\"", "exponent" },
    { "e of 64 bits", "RS256", "rsa-pub.jwk", "e", "\"gAAAAAAAAAE\"", NULL },
    { "e of 65 bits", "RS256", "rsa-pub.jwk", "e", "\"AQAAAAAAAAAB\"", "exponent" },
    { "more primes", "RS256", "rsa.jwk", "oth", "[]", "two primes" },
    { "p absent", "RS256", "rsa.jwk", "p", NULL, "p is absent" },
    { "qi absent", "RS256", "rsa.jwk", "qi", NULL, "qi is absent" },
    { "primes without d", "RS256", "rsa.jwk", "d", NULL, "without d" },
    { "d of another key", "RS256", "rsa.jwk", "d", "\"AQAB\"", "belong together" },
    { "d null", "RS256", "rsa.jwk", "d", "null", "d is no string" },
    { "e that is not d's", "RS256", "rsa.jwk", "e", "\"Aw\"", "belong together" },
    { "crv absent", "ES256", "ec-p256.jwk", "crv", NULL, "crv" },
    { "crv of another curve", "ES256", "ec-p256.jwk", "crv", "\"P-384\"", "crv" },
    { "crv a number", "ES256", "ec-p256.jwk", "crv", "256", "crv" },
    { "x absent", "ES256", "ec-p256.jwk", "x", NULL, "x is absent" },
    { "y absent", "ES256", "ec-p256.jwk", "y", NULL, "y is absent" },
    { "x too short", "ES256", "ec-p256.jwk", "x", "\"AQAB\"", "wrong length" },
    { "y too long", "ES256", "ec-p256.jwk", "y", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "wrong length" },
    { "point not on the curve", "ES256", "ec-p256.jwk", "y", "\"" K32 "\"", "no sound" },
    { "point at zero", "ES256", "ec-p256.jwk", "x", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "no sound" },
    { "EC d of another key", "ES256", "ec-p256.jwk", "d", "\"" K32 "\"", "belong together" },
    { "EC d = 0", "ES256", "ec-p256.jwk", "d", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "key" },
    { "EC d beyond the order", "ES256", "ec-p256.jwk", "d", "\"__________________________________________8\"", "key" },
    { "EC d too short", "ES256", "ec-p256.jwk", "d", "\"AQAB\"", "wrong length" },
    { "P-521 control", "ES512", "ec-p521.jwk", "use", NULL, NULL },
    { "Ed25519 for ES256", "ES256", "ed25519.jwk", "use", NULL, "kty" },
    { "Ed448", "EdDSA", "ed25519.jwk", "crv", "\"Ed448\"", "crv" },
    { "X25519", "EdDSA", "ed25519.jwk", "crv", "\"X25519\"", "crv" },
    { "OKP x too short", "EdDSA", "ed25519.jwk", "x", "\"AQAB\"", "wrong length" },
    { "OKP d too short", "EdDSA", "ed25519.jwk", "d", "\"AQAB\"", "wrong length" },
    { "OKP d of another key", "EdDSA", "ed25519.jwk", "d", "\"" K32 "\"", "belong together" },
    { "order 4", "EdDSA", "ed25519-pub.jwk", "x", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "small order" },
    { "order 4, sign bit", "EdDSA", "ed25519-pub.jwk", "x", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA\"",
      "small order" },
    { "order 1", "EdDSA", "ed25519-pub.jwk", "x", "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "small order" },
    { "order 2", "EdDSA", "ed25519-pub.jwk", "x", "\"7P_______________________________________38\"", "small order" },
    { "order 8", "EdDSA", "ed25519-pub.jwk", "x", "\"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU\"", "small order" },
    { "order 8, sign bit", "EdDSA", "ed25519-pub.jwk", "x", "\"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU\"",
      "small order" },
    { "order 8, the other", "EdDSA", "ed25519-pub.jwk", "x", "\"xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o\"",
      "small order" },
    { "y = p", "EdDSA", "ed25519-pub.jwk", "x", "\"7f_______________________________________38\"", "non-canonical" },
    { "y = p + 1", "EdDSA", "ed25519-pub.jwk", "x", "\"7v_______________________________________38\"",
      "non-canonical" },
    { "y = 2^255 - 1", "EdDSA", "ed25519-pub.jwk", "x", "\"_________________________________________38\"",
      "non-canonical" },
    { "y = p - 2 is canonical", "EdDSA", "ed25519-pub.jwk", "x", "\"6________________________________________38\"",
      NULL },
    { "asymmetric JWK for HS256", "HS256", "rsa-pub.jwk", "use", NULL, "kty" },
};

static const char *changed(const char *file, const char *member, const char *value)
{
    json_t *jwk = json_deep_copy(unit_json(apr_pstrcat(pool, "keys/", file, NULL)));

    if (value == NULL) {
        json_object_del(jwk, member);
    }
    else {
        json_object_set_new(jwk, member, json_loads(value, JSON_DECODE_ANY, NULL));
    }
    return aj_json_write(aj_json_own(jwk, pool), pool);
}

START_TEST(members_are_strict)
{
    const char *text = changed(rows[_i].file, rows[_i].member, rows[_i].value);
    aj_key_t *key;
    const char *wrong = unit_read(rows[_i].alg, text, strlen(text), NULL, &key);

    assert_row((wrong == NULL) == (rows[_i].wrong == NULL), rows[_i].name, "%s", wrong ? wrong : "accepted");
    if (wrong != NULL) {
        assert_row(strstr(wrong, rows[_i].wrong) != NULL, rows[_i].name, "%s", wrong);
    }
}
END_TEST

static const struct {
    const char *name;
    const char *alg;
    const char *text;
    const char *wrong;
} octets[] = {
    { "control", "HS256", "{\"kty\":\"oct\",\"k\":\"" K32 "\"}", NULL },
    { "blanks before", "HS256", " \n{\"kty\":\"oct\",\"k\":\"" K32 "\"}\n", NULL },
    { "short for HS384", "HS384", "{\"kty\":\"oct\",\"k\":\"" K32 "\"}", "32 bytes; HS384 needs at least 48" },
    { "one byte short", "HS256", "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"}", "31 bytes" },
    { "empty", "HS256", "{\"kty\":\"oct\",\"k\":\"\"}", "empty" },
    { "k absent", "HS256", "{\"kty\":\"oct\"}", "k is absent" },
    { "k a number", "HS256", "{\"kty\":\"oct\",\"k\":12345678901234567}", "k is no string" },
    { "k null", "HS256", "{\"kty\":\"oct\",\"k\":null}", "k is no string" },
    { "k standard base64", "HS256", "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}",
      "strict" },
    { "alg for encryption", "HS256", "{\"kty\":\"oct\",\"alg\":\"A256KW\",\"k\":\"" K32 "\"}", "alg" },
    { "oct for RS256", "RS256", "{\"kty\":\"oct\",\"k\":\"" K32 "\"}", "kty" },
    { "byte order mark", "HS256", "\xef\xbb\xbf{\"kty\":\"oct\",\"k\":\"" K32 "\"}",
      "byte order mark (the bytes EF BB BF)" },
    { "a set instead of a key", "HS256", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"" K32 "\"}]}",
      "is a JWK Set; name it with AuthJWTKeySet" },
    { "cut off", "HS256", "{\"kty\":\"oct\",\"k\":\"" K32 "\"", "not one: ends too early" },
    { "duplicate k", "HS256", "{\"kty\":\"oct\",\"k\":\"" K32 "\",\"k\":\"" K32 "\"}", "a member appears twice" },
    { "not JSON", "HS256", "{this is a secret that only looks like JSON}", "not one: not JSON" },
};

START_TEST(secrets_as_jwk)
{
    aj_key_t *key;
    const char *wrong = unit_read(octets[_i].alg, octets[_i].text, strlen(octets[_i].text), NULL, &key);

    assert_row((wrong == NULL) == (octets[_i].wrong == NULL), octets[_i].name, "%s", wrong ? wrong : "accepted");
    if (wrong != NULL) {
        assert_row(strstr(wrong, octets[_i].wrong) != NULL, octets[_i].name, "%s", wrong);
        ck_assert_ptr_null(strstr(wrong, "AAEC"));
    }
}
END_TEST

START_TEST(kid_of_the_jwk_yields_to_the_administrators)
{
    static const char secret[] = "{\"kty\":\"oct\",\"k\":\"" K32 "\"}";
    const char *text = changed("rsa.jwk", "kid", "\"own\"");
    aj_key_t *key;

    ck_assert_ptr_null(unit_read("RS256", text, strlen(text), NULL, &key));
    ck_assert_str_eq(aj_key_kid(key), "own");
    ck_assert_ptr_null(unit_read("RS256", text, strlen(text), "given", &key));
    ck_assert_str_eq(aj_key_kid(key), "given");
    ck_assert_ptr_null(unit_read("HS256", secret, strlen(secret), NULL, &key));
    ck_assert_ptr_null(aj_key_kid(key));
}
END_TEST

START_TEST(key_ops_without_sign_does_not_sign)
{
    const char *text = changed("rsa.jwk", "key_ops", "[\"verify\"]");
    aj_key_t *key;

    ck_assert_ptr_null(unit_read("RS256", text, strlen(text), NULL, &key));
    ck_assert(aj_key_is_secret(key));
    ck_assert(!aj_key_can_sign(key));
    text = changed("rsa.jwk", "key_ops", "[\"sign\"]");
    ck_assert_ptr_null(unit_read("RS256", text, strlen(text), NULL, &key));
    ck_assert(aj_key_can_sign(key));
}
END_TEST

/* RSA without its primes still signs; only slower (RFC 7518 6.3.2). */
START_TEST(rsa_without_primes_signs)
{
    json_t *jwk = json_deep_copy(unit_json("keys/rsa.jwk"));
    static const char *const primes[] = { "p", "q", "dp", "dq", "qi" };
    const char *text, *token;
    aj_key_t *key;
    int i;

    for (i = 0; i < ROWS(primes); i++) {
        json_object_del(jwk, primes[i]);
    }
    text = aj_json_write(aj_json_own(jwk, pool), pool);
    ck_assert_ptr_null(unit_read("PS256", text, strlen(text), NULL, &key));
    ck_assert_int_eq(aj_jws_sign(key, "x", 1, pool, &token), APR_SUCCESS);
    ck_assert_int_eq(unit_verify(token, unit_ring(unit_key("PS256", "rsa-pub.pem", NULL), NULL, NULL), NULL), AJ_OK);
}
END_TEST

/* The modulus with its last byte changed, or with a zero before it. */
static const char *with_modulus(int is_even)
{
    json_t *jwk = json_deep_copy(unit_json("keys/rsa-pub.jwk"));
    const char *text = json_string_value(json_object_get(jwk, "n"));
    unsigned char *n, *changed_n;
    apr_size_t len;

    ck_assert_int_eq(aj_base64url_decode(text, strlen(text), pool, &n, &len), AJ_OK);
    n[len - 1] &= is_even ? 0xfe : 0xff;
    changed_n = apr_pcalloc(pool, len + 1);
    memcpy(changed_n + 1, n, len);
    json_object_set_new(jwk, "n", json_string(aj_base64url_encode(changed_n + is_even, len + !is_even, pool)));
    return aj_json_write(aj_json_own(jwk, pool), pool);
}

START_TEST(an_even_modulus_is_refused)
{
    const char *text = with_modulus(1);
    aj_key_t *key;

    ck_assert_ptr_nonnull(strstr(unit_read("RS256", text, strlen(text), NULL, &key), "not sound"));
}
END_TEST

/* Some libraries write one (RFC 7518 6.3.1.1 warns of them); it is the same key with the same thumbprint. */
START_TEST(a_zero_before_the_modulus_changes_nothing)
{
    const char *text = with_modulus(0);
    aj_key_t *key;

    ck_assert_ptr_null(unit_read("RS256", text, strlen(text), NULL, &key));
    ck_assert_str_eq(aj_key_kid(key), aj_key_kid(unit_key("RS256", "rsa-pub.pem", NULL)));
}
END_TEST

/* RFC 7638 section 3.1. */
START_TEST(thumbprint_of_the_rfc)
{
    static const char text[] =
        "{\"kty\":\"RSA\",\"n\":"
        "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9"
        "c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-"
        "csFCur-"
        "kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\"}";
    aj_key_t *key;

    ck_assert_ptr_null(unit_read("RS256", text, strlen(text), NULL, &key));
    ck_assert_str_eq(aj_key_kid(key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}
END_TEST

/* RFC 8037 appendix A.3. */
START_TEST(thumbprint_of_ed25519)
{
    static const char text[] =
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
    aj_key_t *key;

    ck_assert_ptr_null(unit_read("EdDSA", text, strlen(text), NULL, &key));
    ck_assert_str_eq(aj_key_kid(key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
END_TEST

/* A public JWK has the public members of the file, kid, alg and use, and nothing else. */
START_TEST(public_jwk_holds_nothing_private)
{
    const aj_alg_t *alg = aj_alg_at(_i);
    const char *stem = unit_stem(alg), *name;
    const json_t *want;
    json_t *value, *jwk;
    aj_key_t *key;

    if (stem == NULL) {
        ck_assert_ptr_null(aj_key_public_jwk(unit_key(alg->name, unit_secret, "k"), pool));
        return;
    }
    key = unit_key(alg->name, apr_pstrcat(pool, stem, ".pem", NULL), NULL);
    jwk = aj_key_public_jwk(key, pool);
    want = unit_json(apr_pstrcat(pool, "keys/", stem, "-pub.jwk", NULL));
    json_object_foreach((json_t *)want, name, value)
    {
        ck_assert(json_equal(json_object_get(jwk, name), value));
    }
    ck_assert_uint_eq(json_object_size(jwk), json_object_size(want) + 3);
    ck_assert_str_eq(json_string_value(json_object_get(jwk, "kid")), aj_key_kid(key));
    ck_assert_str_eq(json_string_value(json_object_get(jwk, "alg")), alg->name);
    ck_assert_str_eq(json_string_value(json_object_get(jwk, "use")), "sig");
    ck_assert_ptr_null(json_object_get(jwk, "d"));
}
END_TEST

Suite *suite_key_jwk(void)
{
    Suite *suite = suite_create("aj_key_jwk");
    TCase *tcase = unit_case(suite, "jwk");

    tcase_add_loop_test(tcase, members_are_strict, 0, ROWS(rows));
    tcase_add_loop_test(tcase, secrets_as_jwk, 0, ROWS(octets));
    tcase_add_test(tcase, kid_of_the_jwk_yields_to_the_administrators);
    tcase_add_test(tcase, key_ops_without_sign_does_not_sign);
    tcase_add_test(tcase, rsa_without_primes_signs);
    tcase_add_test(tcase, an_even_modulus_is_refused);
    tcase_add_test(tcase, a_zero_before_the_modulus_changes_nothing);
    tcase_add_test(tcase, thumbprint_of_the_rfc);
    tcase_add_test(tcase, thumbprint_of_ed25519);
    tcase_add_loop_test(tcase, public_jwk_holds_nothing_private, 0, UNIT_ALGS);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS: form, header, the key that is used, and what a log may show. */
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "unit.h"

#define HS256 "eyJhbGciOiJIUzI1NiJ9"
#define SIG32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *name;
    const char *token;
    aj_error_e want;
    const char *detail;
} forms[] = {
    { "control: form is right, signature is not", HS256 ".e30." SIG32, AJ_E_SIGNATURE, NULL },
    { "empty", "", AJ_E_SEGMENTS, NULL },
    { "one segment", HS256, AJ_E_SEGMENTS, NULL },
    { "two segments", HS256 ".e30", AJ_E_SEGMENTS, NULL },
    { "four segments", HS256 ".e30." SIG32 ".", AJ_E_SEGMENTS, NULL },
    { "five segments, JWE", HS256 ".e30." SIG32 ".AAAA.AAAA", AJ_E_SEGMENTS, NULL },
    { "empty segments are not skipped", ".." HS256 ".e30." SIG32 ".", AJ_E_SEGMENTS, NULL },
    { "dot before", "." HS256 ".e30." SIG32, AJ_E_SEGMENTS, NULL },
    { "JSON serialization", "{\"payload\":\"e30\",\"signatures\":[]}", AJ_E_SEGMENTS, NULL },
    { "dots alone", "..", AJ_E_HEADER_JSON, "ends too early" },
    { "no header", ".e30." SIG32, AJ_E_HEADER_JSON, "ends too early" },
    { "no signature", HS256 ".e30.", AJ_E_SIGNATURE_LENGTH, "0 bytes for HS256" },
    { "no payload", HS256 ".." SIG32, AJ_E_SIGNATURE, NULL },
    { "padding in the header", HS256 "==.e30." SIG32, AJ_E_BASE64URL, "the header" },
    { "padding in the payload", HS256 ".e30=." SIG32, AJ_E_BASE64URL, "the payload" },
    { "padding in the signature", HS256 ".e30." SIG32 "=", AJ_E_BASE64URL, "the signature" },
    { "blank before", " " HS256 ".e30." SIG32, AJ_E_BASE64URL, "the header" },
    { "newline after", HS256 ".e30." SIG32 "\n", AJ_E_BASE64URL, "the signature" },
    { "standard alphabet", HS256 ".e3+/." SIG32, AJ_E_BASE64URL, "the payload" },
    { "unused bits in the payload", HS256 ".e31." SIG32, AJ_E_BASE64URL, "the payload" },
    { "unused bits in the signature", HS256 ".e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", AJ_E_BASE64URL,
      "the signature" },
    { "signature too short", HS256 ".e30.AAAA", AJ_E_SIGNATURE_LENGTH, "3 bytes for HS256" },
    { "signature too long", HS256 ".e30." SIG32 "AAAA", AJ_E_SIGNATURE_LENGTH, "35 bytes for HS256" },
};

static void assert_refusal(const char *name, aj_error_e got, const char *why, aj_error_e want, const char *detail)
{
    const char *c;

    assert_row(got == want, name, "%s %s", aj_error_text(got), why ? why : "");
    assert_row((why == NULL) == (detail == NULL), name, "detail is %s", why ? why : "absent");
    if (why != NULL) {
        ck_assert_str_eq(why, detail);
        for (c = why; *c != '\0'; c++) {
            ck_assert(*c >= 0x20 && *c < 0x7f);
        }
    }
}

START_TEST(the_form_is_judged)
{
    aj_keyset_t *ring = unit_ring(unit_key("HS256", unit_secret, NULL), NULL, NULL);
    const char *why;
    aj_error_e verdict = unit_verify(forms[_i].token, ring, &why);

    assert_refusal(forms[_i].name, verdict, why, forms[_i].want, forms[_i].detail);
}
END_TEST

/* All are rightly signed with the ring's HS256 key. */
static const struct {
    const char *name;
    const char *header;
    aj_error_e want;
    const char *detail;
} headers[] = {
    { "control", "{\"alg\":\"HS256\"}", AJ_OK, NULL },
    { "blanks", " { \"typ\" : \"JWT\", \r\n \"alg\" : \"HS256\" } ", AJ_OK, NULL },
    { "cty of any kind", "{\"alg\":\"HS256\",\"cty\":null}", AJ_OK, NULL },
    { "typ of another kind", "{\"alg\":\"HS256\",\"typ\":7}", AJ_E_TYP, "typ is no string" },
    { "alg spelled with escapes is the same name", "{\"\\u0061lg\":\"\\u0048S256\"}", AJ_OK, NULL },
    { "b64 true says nothing", "{\"alg\":\"HS256\",\"b64\":true}", AJ_OK, NULL },
    { "kid ignored, the key has none", "{\"alg\":\"HS256\",\"kid\":\"k7\"}", AJ_OK, NULL },
    { "key material in the token is ignored",
      "{\"alg\":\"HS256\",\"jku\":\"https://evil/\",\"x5u\":\"https://evil/\","
      "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"x5c\":[\"AAAA\"]}",
      AJ_OK, NULL },
    { "not an object", "[\"HS256\"]", AJ_E_HEADER_JSON, "not an object" },
    { "not JSON", "alg=HS256", AJ_E_HEADER_JSON, "not JSON" },
    { "duplicate alg", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", AJ_E_HEADER_JSON, "a member appears twice" },
    { "duplicate alg, none first", "{\"alg\":\"none\",\"alg\":\"HS256\"}", AJ_E_HEADER_JSON, "a member appears twice" },
    { "duplicate in a member", "{\"alg\":\"HS256\",\"x\":{\"a\":1,\"a\":2}}", AJ_E_HEADER_JSON,
      "a member appears twice" },
    { "trailing text", "{\"alg\":\"HS256\"}x", AJ_E_HEADER_JSON, "text follows the object" },
    { "NUL in alg", "{\"alg\":\"HS256\\u0000\"}", AJ_E_HEADER_JSON, "a string holds NUL" },
    { "not UTF-8", "{\"alg\":\"HS256\",\"x\":\"\xff\"}", AJ_E_HEADER_JSON, "not UTF-8" },
    { "no alg", "{}", AJ_E_HEADER_MEMBER, "alg is absent" },
    { "Alg", "{\"Alg\":\"HS256\"}", AJ_E_HEADER_MEMBER, "alg is absent" },
    { "alg null", "{\"alg\":null}", AJ_E_HEADER_MEMBER, "alg is no string" },
    { "alg an array", "{\"alg\":[\"HS256\"]}", AJ_E_HEADER_MEMBER, "alg is no string" },
    { "alg a number", "{\"alg\":256}", AJ_E_HEADER_MEMBER, "alg is no string" },
    { "kid a number", "{\"alg\":\"HS256\",\"kid\":1}", AJ_E_HEADER_MEMBER, "kid is no string" },
    { "kid null", "{\"alg\":\"HS256\",\"kid\":null}", AJ_E_HEADER_MEMBER, "kid is no string" },
    { "crit", "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", AJ_E_CRIT, "crit is present" },
    { "crit empty", "{\"alg\":\"HS256\",\"crit\":[]}", AJ_E_CRIT, "crit is present" },
    { "crit null", "{\"alg\":\"HS256\",\"crit\":null}", AJ_E_CRIT, "crit is present" },
    { "crit b64", "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", AJ_E_CRIT, "crit is present" },
    { "b64 without crit", "{\"alg\":\"HS256\",\"b64\":false}", AJ_E_CRIT, "b64 is present" },
    { "none", "{\"alg\":\"none\"}", AJ_E_ALG, "alg \"none\" has no key" },
    { "None", "{\"alg\":\"None\"}", AJ_E_ALG, "alg \"None\" has no key" },
    { "nOnE", "{\"alg\":\"nOnE\"}", AJ_E_ALG, "alg \"nOnE\" has no key" },
    { "empty alg", "{\"alg\":\"\"}", AJ_E_ALG, "alg \"\" has no key" },
    { "prefix of alg", "{\"alg\":\"HS\"}", AJ_E_ALG, "alg \"HS\" has no key" },
    { "alg in small letters", "{\"alg\":\"hs256\"}", AJ_E_ALG, "alg \"hs256\" has no key" },
    { "alg with a blank", "{\"alg\":\"HS256 \"}", AJ_E_ALG, "alg \"HS256 \" has no key" },
    { "alg of the same family", "{\"alg\":\"HS384\"}", AJ_E_ALG, "alg \"HS384\" has no key" },
    { "hostile alg", "{\"alg\":\"a\\\"\\n\\u001b[0m\xc3\xa9\"}", AJ_E_ALG,
      "alg \"a\\x22\\x0a\\x1b[0m\\xc3\\xa9\" has no key" },
};

START_TEST(the_header_is_judged)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, NULL);
    const char *why;
    aj_error_e verdict = unit_verify(unit_token(key, headers[_i].header, "{}"), unit_ring(key, NULL, NULL), &why);

    assert_refusal(headers[_i].name, verdict, why, headers[_i].want, headers[_i].detail);
}
END_TEST

/* The oldest hole: the token says HS256, the secret is the text of the public key. */
static const struct {
    const char *alg;
    const char *file;
} confusions[] = {
    { "RS256", "rsa-pub.pem" },     { "RS256", "rsa-cert.pem" },    { "PS256", "rsa-pkcs1-pub.pem" },
    { "ES256", "ec-p256-pub.pem" }, { "EdDSA", "ed25519-pub.pem" }, { "ES256", "ec-p256-pub.jwk" },
};

START_TEST(a_public_key_is_no_hmac_secret)
{
    apr_size_t len;
    const char *text = unit_file(apr_pstrcat(pool, "keys/", confusions[_i].file, NULL), &len), *input, *token, *why,
               *good;
    const aj_key_t *key = unit_key(confusions[_i].alg, confusions[_i].file, NULL);
    aj_keyset_t *ring = unit_ring(key, NULL, NULL);
    unsigned char mac[AJ_SHA256_BYTES];

    input = apr_pstrcat(pool, HS256, ".e30", NULL);
    ck_assert_int_eq(aj_hmac_sha256(text, len, input, strlen(input), mac), APR_SUCCESS);
    token = apr_pstrcat(pool, input, ".", aj_base64url_encode(mac, sizeof(mac), pool), NULL);
    ck_assert_int_eq(unit_verify(token, ring, &why), AJ_E_ALG);
    ck_assert_str_eq(why, "alg \"HS256\" has no key");
    /* Positive control. */
    good = apr_pstrcat(pool, unit_stem(aj_key_alg(key)), ".pem", NULL);
    ck_assert_int_eq(aj_jws_sign(unit_key(confusions[_i].alg, good, NULL), "{}", 2, pool, &token), APR_SUCCESS);
    ck_assert_int_eq(unit_verify(token, ring, NULL), AJ_OK);
}
END_TEST

/* An attacker signs with a key of his own and sends it along. */
START_TEST(a_token_does_not_bring_its_own_key)
{
    const aj_key_t *theirs = unit_key("EdDSA",
                                      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                                      "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"d\":"
                                      "\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}",
                                      NULL);
    const char *jwk = aj_json_write(aj_key_public_jwk(theirs, pool), pool);
    const char *header = apr_pstrcat(pool, "{\"alg\":\"EdDSA\",\"jwk\":", jwk, "}", NULL);
    const char *token = unit_token(theirs, header, "{}");

    ck_assert_int_eq(unit_verify(token, unit_ring(unit_key("EdDSA", "ed25519-pub.pem", NULL), NULL, NULL), NULL),
                     AJ_E_SIGNATURE);
    ck_assert_int_eq(unit_verify(token, unit_ring(theirs, NULL, NULL), NULL), AJ_OK);
}
END_TEST

/* The same signature in ASN.1 DER, as OpenSSL writes it, is not what RFC 7518 3.4 wants. */
START_TEST(der_is_no_jws_signature)
{
    const aj_key_t *key = unit_key("ES256", "ec-p256.pem", NULL);
    const char *token = unit_token(key, "{\"alg\":\"ES256\"}", "{}"), *dot = strrchr(token, '.'), *why;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *raw, *der = NULL;
    apr_size_t len;
    int der_len;

    ck_assert_int_eq(aj_base64url_decode(dot + 1, strlen(dot + 1), pool, &raw, &len), AJ_OK);
    ck_assert_int_eq(ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)), 1);
    der_len = i2d_ECDSA_SIG(pair, &der);
    ck_assert_int_gt(der_len, 64);
    ck_assert_int_eq(unit_verify(token, unit_ring(key, NULL, NULL), NULL), AJ_OK);
    token = apr_pstrcat(pool, apr_pstrmemdup(pool, token, (apr_size_t)(dot + 1 - token)),
                        aj_base64url_encode(der, (apr_size_t)der_len, pool), NULL);
    ck_assert_int_eq(unit_verify(token, unit_ring(key, NULL, NULL), &why), AJ_E_SIGNATURE_LENGTH);
    ck_assert_str_eq(why, apr_psprintf(pool, "%d bytes for ES256", der_len));
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
}
END_TEST

START_TEST(the_length_is_bounded)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, NULL);
    aj_keyset_t *ring = unit_ring(key, NULL, NULL);
    char *payload = apr_pcalloc(pool, 20000);
    const char *token, *why;
    apr_size_t n = 12000;

    /* Grow until the token is as long as it may be, give or take what base64url leaves. */
    memset(payload, 'x', 13000);
    do {
        payload[++n] = '\0';
        token = unit_token(key, "{\"alg\":\"HS256\"}", payload);
        payload[n] = 'x';
        ck_assert_int_eq(unit_verify(token, ring, &why), strlen(token) <= AJ_JWS_MAX_LENGTH ? AJ_OK : AJ_E_TOO_LONG);
        n += strlen(token) < AJ_JWS_MAX_LENGTH - 20 ? 7 : 0;
    } while (strlen(token) <= AJ_JWS_MAX_LENGTH);
    ck_assert_ptr_nonnull(strstr(why, "at most 16384"));
}
END_TEST

START_TEST(a_nul_does_not_end_the_token)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, NULL);
    const char *token = unit_token(key, "{\"alg\":\"HS256\"}", "{}"), *why;
    char *longer = apr_pcalloc(pool, strlen(token) + 2);
    aj_jws_t jws;

    memcpy(longer, token, strlen(token));
    ck_assert_int_eq(aj_jws_parse(longer, strlen(token), pool, &jws, &why), AJ_OK);
    ck_assert_int_eq(aj_jws_parse(longer, strlen(token) + 1, pool, &jws, &why), AJ_E_BASE64URL);
}
END_TEST

static const struct {
    const char *kid; /* as JSON text */
    const char *detail;
} kids[] = {
    { "\"k7\"", "kid \"k7\" unknown" },
    { "\"\"", "kid \"\" unknown" },
    { "\"../../dev/null\"", "kid \"../../dev/null\" unknown" },
    { "\"%s%n%x\"", "kid \"%s%n%x\" unknown" },
    { "\"' OR 1=1 --\"", "kid \"\\x27 OR 1=1 --\" unknown" },
    { "\"a\\r\\nSet-Cookie: x\"", "kid \"a\\x0d\\x0aSet-Cookie: x\" unknown" },
    { "\"0123456789012345678901234567890123456789012345678901234567890123\"",
      "kid \"0123456789012345678901234567890123456789012345678901234567890123\" unknown" },
    { "\"01234567890123456789012345678901234567890123456789012345678901234\"",
      "kid \"0123456789012345678901234567890123456789012345678901234567890123...\" unknown" },
};

START_TEST(an_unknown_kid_is_shown_escaped)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, "k1");
    const char *header = apr_pstrcat(pool, "{\"alg\":\"HS256\",\"kid\":", kids[_i].kid, "}", NULL), *why;

    ck_assert_int_eq(unit_verify(unit_token(key, header, "{}"), unit_ring(key, NULL, NULL), &why), AJ_E_KID);
    ck_assert_str_eq(why, kids[_i].detail);
    ck_assert_int_eq(
        unit_verify(unit_token(key, "{\"alg\":\"HS256\",\"kid\":\"k1\"}", "{}"), unit_ring(key, NULL, NULL), NULL),
        AJ_OK);
}
END_TEST

START_TEST(the_key_that_was_used_is_told)
{
    const aj_key_t *a = unit_key("HS256", unit_secret, "a"), *b = unit_key("HS256", unit_secret + 1, "b"), *used = NULL;
    aj_keyset_t *ring = unit_ring(a, b, NULL);
    const char *why;
    aj_jws_t jws;
    const char *token = unit_token(a, "{\"alg\":\"HS256\",\"kid\":\"b\"}", "{}");

    ck_assert_int_eq(aj_jws_parse(token, strlen(token), pool, &jws, &why), AJ_OK);
    ck_assert_int_eq(aj_jws_verify(&jws, ring, pool, &used, &why), AJ_E_SIGNATURE);
    ck_assert_ptr_eq(used, b);
    token = unit_token(b, "{\"alg\":\"HS256\",\"kid\":\"b\"}", "{}");
    ck_assert_int_eq(aj_jws_parse(token, strlen(token), pool, &jws, &why), AJ_OK);
    ck_assert_int_eq(aj_jws_verify(&jws, ring, pool, &used, &why), AJ_OK);
    ck_assert(used == b && why == NULL);
    used = NULL;
    token = unit_token(b, "{\"alg\":\"HS256\",\"kid\":\"c\"}", "{}");
    ck_assert_int_eq(aj_jws_parse(token, strlen(token), pool, &jws, &why), AJ_OK);
    ck_assert_int_eq(aj_jws_verify(&jws, ring, pool, &used, &why), AJ_E_KID);
    ck_assert_ptr_null(used);
}
END_TEST

START_TEST(two_keys_and_no_kid_are_ambiguous)
{
    const aj_key_t *a = unit_key("HS256", unit_secret, "a"), *b = unit_key("HS256", unit_secret + 1, "b");
    aj_keyset_t *ring = unit_ring(unit_key("RS256", "rsa.pem", NULL), a, b);
    const char *why;

    ck_assert_int_eq(unit_verify(unit_token(a, "{\"alg\":\"HS256\"}", "{}"), ring, &why), AJ_E_KEY_AMBIGUOUS);
    ck_assert_str_eq(why, "several keys for alg \"HS256\"");
}
END_TEST

START_TEST(headers_are_written_in_order)
{
    const char *token, *why;
    unsigned char *header;
    apr_size_t len;
    aj_jws_t jws;

    ck_assert_int_eq(aj_jws_sign(unit_key("HS256", unit_secret, "k\"1"), "", 0, pool, &token), APR_SUCCESS);
    ck_assert_int_eq(aj_base64url_decode(token, strcspn(token, "."), pool, &header, &len), AJ_OK);
    ck_assert_str_eq((char *)header, "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"k\\\"1\"}");
    ck_assert_int_eq(aj_jws_parse(token, strlen(token), pool, &jws, &why), AJ_OK);
    ck_assert_uint_eq(jws.payload_len, 0);
    ck_assert_str_eq(jws.kid, "k\"1");
    ck_assert_int_eq(aj_jws_sign(unit_key("HS256", unit_secret, NULL), "a\0b", 3, pool, &token), APR_SUCCESS);
    ck_assert_int_eq(aj_base64url_decode(token, strcspn(token, "."), pool, &header, &len), AJ_OK);
    ck_assert_str_eq((char *)header, "{\"typ\":\"JWT\",\"alg\":\"HS256\"}");
    ck_assert_int_eq(aj_jws_parse(token, strlen(token), pool, &jws, &why), AJ_OK);
    ck_assert_uint_eq(jws.payload_len, 3);
    ck_assert_mem_eq(jws.payload, "a\0b", 4);
    ck_assert_int_eq(aj_jws_sign(unit_key("RS256", "rsa-pub.pem", NULL), "", 0, pool, &token), APR_EINVAL);
}
END_TEST

Suite *suite_jws(void)
{
    Suite *suite = suite_create("aj_jws");
    TCase *tcase = unit_case(suite, "compact");

    tcase_add_loop_test(tcase, the_form_is_judged, 0, ROWS(forms));
    tcase_add_loop_test(tcase, the_header_is_judged, 0, ROWS(headers));
    tcase_add_loop_test(tcase, a_public_key_is_no_hmac_secret, 0, ROWS(confusions));
    tcase_add_test(tcase, a_token_does_not_bring_its_own_key);
    tcase_add_test(tcase, der_is_no_jws_signature);
    tcase_add_test(tcase, the_length_is_bounded);
    tcase_add_test(tcase, a_nul_does_not_end_the_token);
    tcase_add_loop_test(tcase, an_unknown_kid_is_shown_escaped, 0, ROWS(kids));
    tcase_add_test(tcase, the_key_that_was_used_is_told);
    tcase_add_test(tcase, two_keys_and_no_kid_are_ambiguous);
    tcase_add_test(tcase, headers_are_written_in_order);
    return suite;
}

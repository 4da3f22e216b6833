/* SPDX-License-Identifier: Apache-2.0 */
/* Public test vectors: the RFCs' examples and Wycheproof's. tests/vectors/README.md says where they are from. */
#include <stdio.h>

#include "unit.h"

#define EXPECTATIONS "wycheproof/expectations.json"

/** What came of one file. */
typedef struct {
    const char *file;
    int applicable;
    int agree;
    int differ;
    const char *unlike_label; /* tcIds whose label says otherwise */
} tally_t;

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* One line a file, for the log of the run. */
static void report(const tally_t *tally)
{
    printf("vectors: %s: %d applicable, %d agree, %d differ%s%s\n", tally->file, tally->applicable, tally->agree,
           tally->differ, *tally->unlike_label ? "; unlike their label, as expected:" : "", tally->unlike_label);
    fflush(stdout);
    ck_assert_int_gt(tally->applicable, 0);
    ck_assert_int_eq(tally->differ, 0);
    ck_assert_int_eq(tally->agree, tally->applicable);
}

static void count(tally_t *tally, int id, int accepted, const char *expect, const char *label)
{
    int agrees = strcmp(expect, "either") == 0 || accepted == (strcmp(expect, "accept") == 0);

    tally->applicable++;
    tally->agree += agrees;
    tally->differ += !agrees;
    if (!agrees) {
        printf("vectors: %s: tcId %d was %s\n", tally->file, id, accepted ? "accepted" : "refused");
    }
    if (accepted != (strcmp(label, "valid") == 0)) {
        tally->unlike_label = apr_psprintf(pool, "%s %d", tally->unlike_label, id);
    }
}

/* ---- RFC 7515, 7520, 7797, 8037 ---- */

/* The key as printed, for the one algorithm; tokens without a key meet a ring that has one. */
static const aj_key_t *rfc_key(const json_t *entry)
{
    const char *alg = text_of(entry, "alg");
    const aj_key_options_t options = { .alg = alg == NULL ? NULL : aj_alg_find(alg) };
    aj_key_t *key;

    if (options.alg == NULL || !json_is_object(json_object_get(entry, "jwk"))) {
        return unit_key("HS256", unit_secret, NULL);
    }
    if (aj_key_from_jwk(&key, json_object_get(entry, "jwk"), &options, pool) != NULL) {
        return NULL;
    }
    return key;
}

/* HMAC, PKCS #1 and Ed25519 have one signature per text: signed again, it is the printed one. */
static void sign_again(const aj_key_t *key, const aj_jws_t *jws)
{
    aj_sig_e sig = aj_key_alg(key)->sig;
    unsigned char *made;
    apr_size_t len;

    if (aj_key_can_sign(key) && sig != AJ_SIG_ECDSA && sig != AJ_SIG_RSA_PSS) {
        ck_assert_int_eq(aj_key_sign(key, jws->signing_input, jws->signing_input_len, pool, &made, &len), APR_SUCCESS);
        ck_assert_uint_eq(len, jws->signature_len);
        ck_assert_mem_eq(made, jws->signature, len);
    }
}

static int rfc_accepts(const json_t *entry)
{
    const char *token = text_of(entry, "compact"), *why;
    const aj_key_t *key = rfc_key(entry);
    aj_jws_t jws;
    int ok = key != NULL && token != NULL && aj_jws_parse(token, strlen(token), pool, &jws, &why) == AJ_OK
          && aj_jws_verify(&jws, unit_ring(key, NULL, NULL), pool, NULL, &why) == AJ_OK;

    if (ok) {
        ck_assert_str_eq(jws.payload, text_of(entry, "payload"));
        sign_again(key, &jws);
    }
    assert_no_openssl_error();
    return ok;
}

START_TEST(rfc_examples)
{
    tally_t tally = { "rfc_jws.json", 0, 0, 0, "" };
    const json_t *entry;
    size_t i;

    json_array_foreach((json_t *)unit_json("rfc_jws.json"), i, entry)
    {
        int valid = json_is_true(json_object_get(entry, "valid"));

        count(&tally, (int)i + 1, rfc_accepts(entry), valid ? "accept" : "reject", valid ? "valid" : "invalid");
    }
    report(&tally);
    ck_assert_int_eq(tally.applicable, 21);
}
END_TEST

/* All claims of the RFCs are of 2011 or no JSON: as JWTs, not one of these tokens passes today. */
START_TEST(rfc_examples_are_no_valid_jwts)
{
    const json_t *entry;
    size_t i;

    json_array_foreach((json_t *)unit_json("rfc_jws.json"), i, entry)
    {
        const aj_key_t *key = rfc_key(entry);
        const char *token = text_of(entry, "compact"), *why;
        const aj_claims_t *claims = NULL;

        if (key != NULL && token != NULL) {
            const aj_jwt_policy_t policy = { .keys = unit_ring(key, NULL, NULL),
                                             .identity_claim = "iss",
                                             .types = AJ_TYPE_ACCESS };

            ck_assert_int_ne(
                aj_jwt_validate(&policy, token, strlen(token), apr_time_from_sec(1700000000), pool, &claims, &why),
                AJ_OK);
            ck_assert_ptr_null(claims);
        }
    }
}
END_TEST

/* ---- Wycheproof: JSON Web Signature, Key, Crypto ---- */

static const json_t *expectation(const json_t *all, const char *file, int id)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(all, "tests"), file), i, entry)
    {
        if (json_integer_value(json_object_get(entry, "tcId")) == id) {
            return entry;
        }
    }
    ck_abort_msg("%s has no expectation for %d", file, id);
    return NULL;
}

/* The ring as a JWK Set; keys without alg get the one that fits their type. @return NULL when refused */
static aj_keyset_t *ring_of_set(const char *set)
{
    static const char *const names[] = { "HS256", "RS256", "ES256" };
    apr_array_header_t *algs = apr_array_make(pool, 3, sizeof(const aj_alg_t *));
    aj_keyset_t *ring = aj_keyset_make(pool);
    int i;

    for (i = 0; i < ROWS(names); i++) {
        APR_ARRAY_PUSH(algs, const aj_alg_t *) = aj_alg_find(names[i]);
    }
    return aj_keyset_add_jwks(ring, set, strlen(set), algs, NULL, pool) == NULL ? ring : NULL;
}

/* The ring as AuthJWTKey makes it: the administrator names the alg of the key, or of its curve. */
static aj_keyset_t *ring_of_key(const char *text, const json_t *jwk)
{
    const char *alg = text_of(jwk, "alg"), *kty = text_of(jwk, "kty"), *crv = text_of(jwk, "crv");
    aj_key_t *key;

    if (alg == NULL || aj_alg_find(alg) == NULL) {
        alg = strcmp(kty, "RSA") == 0 ? "RS256" : crv == NULL ? "HS256" : strcmp(crv, "P-521") == 0 ? "ES512" : "ES256";
    }
    return unit_read(alg, text, strlen(text), NULL, &key) == NULL ? unit_ring(key, NULL, NULL) : NULL;
}

static int accepts(const aj_keyset_t *ring, const char *token)
{
    int ok = ring != NULL && token != NULL && unit_verify(token, ring, NULL) == AJ_OK;

    assert_no_openssl_error();
    return ok;
}

static void run_group(tally_t *tally, const json_t *group, const json_t *expectations, const char *file)
{
    const json_t *shown = json_object_get(group, "public");
    const json_t *key = shown != NULL ? shown : json_object_get(group, "private");
    const int is_set = json_object_get(key, "keys") != NULL;
    const char *text = aj_json_write(key, pool);
    aj_keyset_t *set = ring_of_set(is_set ? text : apr_pstrcat(pool, "{\"keys\":[", text, "]}", NULL));
    aj_keyset_t *single = is_set ? NULL : ring_of_key(text, key);
    const json_t *test;
    size_t i;

    assert_no_openssl_error();
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        int id = (int)json_integer_value(json_object_get(test, "tcId"));
        const json_t *entry = expectation(expectations, file, id);
        const char *expect = text_of(entry, "expect"), *token = text_of(test, "jws");
        int accepted = accepts(set, token);

        ck_assert_str_eq(text_of(entry, "label"), text_of(test, "result"));
        if (strcmp(expect, "skip") != 0) {
            count(tally, id, accepted, expect, text_of(test, "result"));
            ck_assert_msg(is_set || accepts(single, token) == accepted, "%s tcId %d: key and set differ", file, id);
        }
    }
}

static const struct {
    const char *file;
    int applicable;
} files[] = {
    { "json_web_signature_test.json", 401 },
    { "json_web_key_test.json", 26 },
    { "json_web_crypto_test.json", 49 },
};

START_TEST(wycheproof)
{
    tally_t tally = { files[_i].file, 0, 0, 0, "" };
    const json_t *expectations = unit_json(EXPECTATIONS);
    const json_t *all = unit_json(apr_pstrcat(pool, "wycheproof/", files[_i].file, NULL));
    const json_t *group;
    size_t i;

    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        run_group(&tally, group, expectations, files[_i].file);
    }
    report(&tally);
    ck_assert_int_eq(tally.applicable, files[_i].applicable);
}
END_TEST

/* ---- Wycheproof: raw signatures ---- */

static unsigned char *unhex(const char *text, apr_size_t *len)
{
    unsigned char *bytes = apr_pcalloc(pool, strlen(text) / 2 + 1);
    unsigned byte;

    for (*len = 0; text[2 * *len] != '\0'; ++*len) {
        ck_assert_int_eq(sscanf(text + 2 * *len, "%2x", &byte), 1);
        bytes[*len] = (unsigned char)byte;
    }
    return bytes;
}

static const aj_key_t *key_of_jwk(const char *alg, const char *jwk)
{
    aj_key_t *key;
    const char *wrong = unit_read(alg, jwk, strlen(jwk), NULL, &key);

    ck_assert_msg(wrong == NULL, "%s", wrong ? wrong : "");
    return key;
}

static const aj_key_t *ed25519_key(const json_t *group)
{
    apr_size_t len;
    unsigned char *point = unhex(text_of(json_object_get(group, "publicKey"), "pk"), &len);

    return key_of_jwk("EdDSA", apr_pstrcat(pool, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"",
                                           aj_base64url_encode(point, len, pool), "\"}", NULL));
}

static const aj_key_t *secp256k1_key(const json_t *group)
{
    apr_size_t len;
    unsigned char *point = unhex(text_of(json_object_get(group, "publicKey"), "uncompressed"), &len);

    ck_assert_uint_eq(len, 65);
    return key_of_jwk("ES256K", apr_pstrcat(pool, "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"",
                                            aj_base64url_encode(point + 1, 32, pool), "\",\"y\":\"",
                                            aj_base64url_encode(point + 33, 32, pool), "\"}", NULL));
}

static void run_raw(const char *file, const aj_key_t *(*make_key)(const json_t *group), int applicable)
{
    tally_t tally = { file, 0, 0, 0, "" };
    const json_t *all = unit_json(apr_pstrcat(pool, "wycheproof/primitive/", file, NULL)), *group, *test;
    size_t i, k;

    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        const aj_key_t *key = make_key(group);

        json_array_foreach(json_object_get(group, "tests"), k, test)
        {
            const char *label = text_of(test, "result");
            apr_size_t msg_len, sig_len;
            unsigned char *msg = unhex(text_of(test, "msg"), &msg_len), *sig = unhex(text_of(test, "sig"), &sig_len);
            int accepted = aj_key_verify(key, msg, msg_len, sig, sig_len) == AJ_OK;

            assert_no_openssl_error();
            count(&tally, (int)json_integer_value(json_object_get(test, "tcId")), accepted,
                  strcmp(label, "valid") == 0 ? "accept" : "reject", label);
        }
    }
    report(&tally);
    ck_assert_int_eq(tally.applicable, applicable);
}

START_TEST(ed25519_raw)
{
    run_raw("ed25519_test.json", ed25519_key, 151);
}
END_TEST

START_TEST(secp256k1_raw)
{
    run_raw("ecdsa_secp256k1_sha256_p1363_test.json", secp256k1_key, 252);
}
END_TEST

Suite *suite_vectors(void)
{
    Suite *suite = suite_create("vectors");
    TCase *tcase = unit_case(suite, "vectors");

    tcase_add_test(tcase, rfc_examples);
    tcase_add_test(tcase, rfc_examples_are_no_valid_jwts);
    tcase_add_loop_test(tcase, wycheproof, 0, ROWS(files));
    tcase_add_test(tcase, ed25519_raw);
    tcase_add_test(tcase, secp256k1_raw);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* JWK Sets: odd members are skipped, the others taken; what is no set is refused. */
#include "unit.h"

#define K32       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define OCT(more) "{\"kty\":\"oct\",\"k\":\"" K32 "\"" more "}"
#define ED(more)  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"" more "}"
#define SET(keys) "{\"keys\":[" keys "]}"

enum { NONE = -1, FOR_OTHERS = 0, ODD = 1 };

static const struct {
    const char *name;
    const char *text; /* RSA, EC: replaced by the test's public keys, to which members may follow */
    const char *algs[3];
    int keys;
    int odd;          /* of the only note */
    const char *note; /* part of it, NULL: there is none */
} rows[] = {
    { "one secret", SET(OCT(",\"alg\":\"HS256\"")), { NULL }, 1, NONE, NULL },
    { "mixed",
      SET(OCT(",\"alg\":\"HS256\",\"kid\":\"a\"") "," ED(",\"alg\":\"EdDSA\",\"kid\":\"b\"")),
      { NULL },
      2,
      NONE,
      NULL },
    { "members besides keys", "{\"x\":1,\"keys\":[" OCT(",\"alg\":\"HS256\"") "]}", { NULL }, 1, NONE, NULL },
    { "algs gives the alg", SET(ED("")), { "EdDSA" }, 1, NONE, NULL },
    { "algs gives the alg by its other name", SET(ED("")), { "Ed25519" }, 1, NONE, NULL },
    { "algs names one algorithm twice", SET(ED("")), { "Ed25519", "EdDSA" }, 1, NONE, NULL },
    { "alg by its other name", SET(ED(",\"alg\":\"Ed25519\"")), { NULL }, 1, NONE, NULL },
    { "algs gives the alg among others", SET(ED("") "," OCT("")), { "EdDSA", "HS256", "RS256" }, 2, NONE, NULL },
    { "algs fits the curve", SET("EC}"), { "ES384", "ES256" }, 1, NONE, NULL },
    { "algs twice the same", SET("RSA}"), { "RS256", "RS256" }, 1, NONE, NULL },
    { "own alg wins", SET("RSA,\"alg\":\"PS256\"}"), { "RS256", "RS384" }, 1, NONE, NULL },
    { "one kid for two algorithms",
      SET(OCT(",\"alg\":\"HS256\",\"kid\":\"a\"") "," ED(",\"alg\":\"EdDSA\",\"kid\":\"a\"")),
      { NULL },
      2,
      NONE,
      NULL },
    { "kid of a key of another algorithm in the ring",
      SET(OCT(",\"alg\":\"HS256\",\"kid\":\"old\"")),
      { NULL },
      1,
      NONE,
      NULL },
    { "one key twice", SET(ED("") "," ED("")), { "EdDSA" }, 1, NONE, NULL },
    { "one key twice by both names",
      SET(ED(",\"alg\":\"EdDSA\"") "," ED(",\"alg\":\"Ed25519\"")),
      { NULL },
      1,
      NONE,
      NULL },
    { "one secret twice", SET(OCT("") "," OCT("")), { "HS256" }, 1, NONE, NULL },
    { "one key under two kids", SET(ED(",\"kid\":\"a\"") "," ED(",\"kid\":\"b\"")), { "EdDSA" }, 2, NONE, NULL },
    { "parameters that say nothing",
      SET("RSA,\"use\":null,\"alg\":\"\",\"key_ops\":[],\"kid\":null,\"crv\":\"\",\"d\":\"\",\"p\":null}"),
      { "RS256" },
      1,
      NONE,
      NULL },

    { "use enc", SET("RSA,\"use\":\"enc\"}"), { "RS256" }, 0, FOR_OTHERS, "is skipped: its use is not sig" },
    { "key_ops without verify", SET("RSA,\"key_ops\":[\"encrypt\"]}"), { "RS256" }, 0, FOR_OTHERS, "no verify" },
    { "key_ops sign alone",
      SET(OCT(",\"alg\":\"HS256\",\"key_ops\":[\"sign\"]")),
      { NULL },
      0,
      FOR_OTHERS,
      "no verify" },
    { "unknown kty", SET("{\"kty\":\"AKP\"}"), { NULL }, 0, FOR_OTHERS, "kty is unknown" },
    { "unknown alg", SET("RSA,\"alg\":\"RSA-OAEP\"}"), { "RS256" }, 0, FOR_OTHERS, "alg is unknown" },
    { "alg none", SET(OCT(",\"alg\":\"none\"")), { "HS256" }, 0, FOR_OTHERS, "alg is unknown" },
    { "unknown crv",
      SET("{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\",\"alg\":\"EdDSA\"}"),
      { NULL },
      0,
      FOR_OTHERS,
      "crv is unknown" },
    { "a note names the kid, escaped",
      SET("{\"kty\":\"AKP\",\"kid\":\"a\\nb\"}"),
      { NULL },
      0,
      FOR_OTHERS,
      "key 1 of the set (kid \"a\\x0ab\") is skipped" },

    { "no alg and no algs", SET(ED("")), { NULL }, 0, ODD, "is skipped: it has no alg, and algs= names none" },
    { "algs of another type", SET("RSA}"), { "ES256", "HS256" }, 0, ODD, "algs= names none" },
    { "algs of another curve", SET("EC}"), { "ES384" }, 0, ODD, "algs= names none" },
    { "ambiguous algs", SET("RSA}"), { "RS256", "PS256" }, 0, ODD, "more than one" },
    { "kid of the ring", SET(OCT(",\"alg\":\"HS384\",\"kid\":\"old\"")), { NULL }, 0, ODD, "is a secret of 32 bytes" },
    { "short secret",
      SET(OCT(",\"alg\":\"HS512\",\"kid\":\"b\"")),
      { NULL },
      0,
      ODD,
      "(kid \"b\") is skipped: it is a secret of 32" },
    { "empty secret", SET("{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"\"}"), { NULL }, 0, ODD, "k is absent" },
    { "weak RSA",
      SET("{\"kty\":\"RSA\",\"alg\":\"RS256\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"),
      { NULL },
      0,
      ODD,
      "17 bits" },
    { "small order",
      SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":"
          "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
      { NULL },
      0,
      ODD,
      "small order" },
    { "alg of another type", SET("RSA,\"alg\":\"ES256\"}"), { NULL }, 0, ODD, "kty" },
    { "alg of another curve", SET("EC,\"alg\":\"ES384\"}"), { NULL }, 0, ODD, "crv" },
    { "asymmetric key as HMAC secret", SET("RSA,\"alg\":\"HS256\"}"), { NULL }, 0, ODD, "kty" },
    { "missing member", SET("{\"kty\":\"RSA\",\"alg\":\"RS256\",\"e\":\"AQAB\"}"), { NULL }, 0, ODD, "n is absent" },
    { "no kty", SET("{\"k\":\"" K32 "\"}"), { NULL }, 0, ODD, "has no kty" },
    { "kty null", SET("{\"kty\":null,\"k\":\"" K32 "\"}"), { NULL }, 0, ODD, "has no kty" },
    { "kty a number", SET("{\"kty\":1}"), { NULL }, 0, ODD, "no string" },
    { "alg a number", SET("RSA,\"alg\":1}"), { "RS256" }, 0, ODD, "no string" },
    { "crv an array", SET("{\"kty\":\"EC\",\"crv\":[1]}"), { NULL }, 0, ODD, "no string" },
    { "kid a number", SET(OCT(",\"alg\":\"HS256\",\"kid\":1")), { NULL }, 0, ODD, "kid is no string" },
    { "key_ops a string", SET("RSA,\"key_ops\":\"verify\"}"), { "RS256" }, 0, ODD, "key_ops" },
    { "a key that is no object", SET("1"), { NULL }, 0, ODD, "key 1 of the set is skipped: it is no object" },
    { "a key that is null", SET("null"), { NULL }, 0, ODD, "key 1 of the set is skipped: it is no object" },
};

/* What refuses a set as a whole. */
static const struct {
    const char *name, *text, *wrong;
} refused[] = {
    { "no keys", SET(""), "holds no key that can be used: \"keys\" is empty" },
    { "nothing but a key for others", SET("{\"kty\":\"AKP\"}"),
      "holds no key that can be used (key 1 of the set is skipped: its kty is unknown)" },
    { "nothing but an odd key", SET("1"),
      "holds no key that can be used (key 1 of the set is skipped: it is no object)" },
    { "keys an object", "{\"keys\":{}}", "no array" },
    { "no keys member", "{}", "no array" },
    { "one JWK instead of a set", OCT(""), "single JWK" },
    { "PEM", "-----BEGIN PUBLIC KEY-----\n", "but PEM" },
    { "not JSON", "keys", "no JWK Set: not JSON" },
    { "empty", "", "no JWK Set" },
    { "duplicate member", "{\"keys\":[],\"keys\":[]}", "appears twice" },
    { "trailing text", SET("") "x", "text follows" },
};

/* "RSA" and "EC" stand for a public key without its closing brace. */
static const char *expand(const char *text)
{
    static const struct {
        const char *word, *file;
    } words[] = { { "[RSA", "rsa-pub" }, { "[EC", "ec-p256-pub" } };
    const char *at;
    int i;

    for (i = 0; i < 2; i++) {
        if ((at = strstr(text, words[i].word)) != NULL) {
            char *jwk = aj_json_write(unit_json(apr_pstrcat(pool, "keys/", words[i].file, ".jwk", NULL)), pool);

            jwk[strlen(jwk) - 1] = '\0';
            return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at + 1 - text)), jwk,
                               at + strlen(words[i].word), NULL);
        }
    }
    return text;
}

/* The key that each set of rows has besides, so that it is never refused. */
static const char *with_a_good_key(const char *text)
{
    const char *end = strrchr(text, ']');

    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(end - text)), ",", "{\"alg\":\"ES384\",",
                       aj_json_write(unit_json("keys/ec-p384-pub.jwk"), pool) + 1, "]", end + 1, NULL);
}

START_TEST(a_member_is_judged_and_never_costs_the_others)
{
    aj_keyset_t *ring = unit_ring(unit_key("HS384", unit_secret, "old"), NULL, NULL);
    apr_array_header_t *algs = apr_array_make(pool, 3, sizeof(const aj_alg_t *));
    apr_array_header_t *notes = apr_array_make(pool, 3, sizeof(aj_keyset_note_t));
    const char *text = with_a_good_key(expand(rows[_i].text)), *wrong;
    int i;

    for (i = 0; i < 3 && rows[_i].algs[i] != NULL; i++) {
        APR_ARRAY_PUSH(algs, const aj_alg_t *) = aj_alg_find(rows[_i].algs[i]);
    }
    wrong = aj_keyset_add_jwks(ring, text, strlen(text), algs->nelts > 0 ? algs : NULL, notes, pool);
    assert_no_openssl_error();
    assert_row(!wrong, rows[_i].name, "%s", wrong);
    assert_row(aj_keyset_count(ring) == 2 + rows[_i].keys, rows[_i].name, "%d keys", aj_keyset_count(ring));
    ck_assert_str_eq(aj_key_alg(aj_keyset_at(ring, 1 + rows[_i].keys))->name, "ES384");
    assert_row(notes->nelts == (rows[_i].note != NULL), rows[_i].name, "%d notes", notes->nelts);
    if (rows[_i].note) {
        const aj_keyset_note_t *note = &APR_ARRAY_IDX(notes, 0, aj_keyset_note_t);

        assert_row(strstr(note->text, rows[_i].note) != NULL, rows[_i].name, "%s", note->text);
        assert_row(!note->odd == !rows[_i].odd, rows[_i].name, "odd is %d", note->odd);
    }
}
END_TEST

START_TEST(a_document_that_is_no_set_or_has_no_key_is_refused)
{
    aj_keyset_t *ring = unit_ring(unit_key("HS384", unit_secret, "old"), NULL, NULL);
    const char *text = refused[_i].text;
    const char *wrong = aj_keyset_add_jwks(ring, text, strlen(text), NULL, NULL, pool);

    assert_row(wrong && strstr(wrong, refused[_i].wrong), refused[_i].name, "%s", wrong ? wrong : "accepted");
    ck_assert_int_eq(aj_keyset_count(ring), 1);
}
END_TEST

/* One kid of one algorithm names one key: the first counts, also one that the ring had before. */
START_TEST(a_kid_is_taken_once_per_algorithm)
{
    static const char text[] = SET(OCT(",\"alg\":\"HS256\",\"kid\":\"old\"") "," OCT(
        ",\"alg\":\"HS256\",\"kid\":\"new\"") ","
                                              "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"new\",\"k\":\"" K32 "A" K32
                                              "\"}");
    aj_keyset_t *ring = unit_ring(unit_key("HS256", unit_secret, "old"), NULL, NULL);
    apr_array_header_t *notes = apr_array_make(pool, 3, sizeof(aj_keyset_note_t));

    ck_assert_ptr_null(aj_keyset_add_jwks(ring, text, strlen(text), NULL, notes, pool));
    ck_assert_int_eq(aj_keyset_count(ring), 2);
    ck_assert_int_eq(notes->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(notes, 0, aj_keyset_note_t).text,
                     "key 1 of the set (kid \"old\") is skipped: it has the algorithm and kid of another key");
    ck_assert_str_eq(APR_ARRAY_IDX(notes, 1, aj_keyset_note_t).text,
                     "key 3 of the set (kid \"new\") is skipped: it has the algorithm and kid of another key");
    ck_assert(APR_ARRAY_IDX(notes, 1, aj_keyset_note_t).odd);
}
END_TEST

START_TEST(notes_are_not_needed)
{
    static const char text[] = SET("{\"kty\":\"AKP\"}," ED(",\"alg\":\"EdDSA\""));

    ck_assert_ptr_null(aj_keyset_add_jwks(aj_keyset_make(pool), text, strlen(text), NULL, NULL, pool));
}
END_TEST

START_TEST(a_published_set_can_be_read_again)
{
    aj_keyset_t *ours = aj_keyset_make(pool), *theirs = aj_keyset_make(pool);
    const char *text, *token;
    int i;

    for (i = 0; aj_alg_at(i) != NULL; i++) {
        const aj_alg_t *alg = aj_alg_at(i);

        if (unit_stem(alg)) {
            ck_assert_ptr_null(
                aj_keyset_add(ours, unit_key(alg->name, apr_pstrcat(pool, unit_stem(alg), ".pem", NULL), alg->name)));
        }
    }
    text = aj_json_write(aj_keyset_public(ours, pool), pool);
    ck_assert_ptr_null(aj_keyset_add_jwks(theirs, text, strlen(text), NULL, NULL, pool));
    ck_assert_int_eq(aj_keyset_count(theirs), aj_keyset_count(ours));
    for (i = 0; i < aj_keyset_count(ours); i++) {
        ck_assert(!aj_key_is_secret(aj_keyset_at(theirs, i)));
        ck_assert_int_eq(aj_jws_sign(aj_keyset_at(ours, i), "x", 1, pool, &token), APR_SUCCESS);
        ck_assert_int_eq(unit_verify(token, theirs, NULL), AJ_OK);
    }
}
END_TEST

Suite *suite_jwks(void)
{
    Suite *suite = suite_create("aj_keyset_jwks");
    TCase *tcase = unit_case(suite, "sets");

    tcase_add_loop_test(tcase, a_member_is_judged_and_never_costs_the_others, 0, ROWS(rows));
    tcase_add_loop_test(tcase, a_document_that_is_no_set_or_has_no_key_is_refused, 0, ROWS(refused));
    tcase_add_test(tcase, a_kid_is_taken_once_per_algorithm);
    tcase_add_test(tcase, notes_are_not_needed);
    tcase_add_test(tcase, a_published_set_can_be_read_again);
    return suite;
}

/* JWK Sets: taken whole, skipped in part, or refused whole. */
#include "unit.h"

#define K32       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define OCT(more) "{\"kty\":\"oct\",\"k\":\"" K32 "\"" more "}"
#define ED(more)  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"" more "}"
#define SET(keys) "{\"keys\":[" keys "]}"

static const struct {
    const char *name;
    const char *text; /* RSA, EC: replaced by the test's public keys, to which members may follow */
    const char *algs[3];
    int keys;
    const char *skipped; /* part of the only note, NULL: none */
    const char *wrong;   /* part of the sentence, NULL: accepted */
} rows[] = {
    { "no keys", SET(""), { NULL }, 0, NULL, NULL },
    { "one secret", SET(OCT(",\"alg\":\"HS256\"")), { NULL }, 1, NULL, NULL },
    { "mixed",
      SET(OCT(",\"alg\":\"HS256\",\"kid\":\"a\"") "," ED(",\"alg\":\"EdDSA\",\"kid\":\"b\"")),
      { NULL },
      2,
      NULL,
      NULL },
    { "members besides keys", "{\"x\":1,\"keys\":[" OCT(",\"alg\":\"HS256\"") "]}", { NULL }, 1, NULL, NULL },
    { "algs gives the alg", SET(ED("")), { "EdDSA" }, 1, NULL, NULL },
    { "algs gives the alg among others", SET(ED("") "," OCT("")), { "EdDSA", "HS256", "RS256" }, 2, NULL, NULL },
    { "algs fits the curve", SET("EC}"), { "ES384", "ES256" }, 1, NULL, NULL },
    { "algs twice the same", SET("RSA}"), { "RS256", "RS256" }, 1, NULL, NULL },
    { "own alg wins", SET("RSA,\"alg\":\"PS256\"}"), { "RS256", "RS384" }, 1, NULL, NULL },
    { "no alg and no algs", SET(ED("")), { NULL }, 0, "algs= names none", NULL },
    { "algs of another type", SET("RSA}"), { "ES256", "HS256" }, 0, "algs= names none", NULL },
    { "algs of another curve", SET("EC}"), { "ES384" }, 0, "algs= names none", NULL },
    { "use enc", SET("RSA,\"use\":\"enc\"}"), { "RS256" }, 0, "use is not sig", NULL },
    { "use enc beside a good one",
      SET("RSA,\"use\":\"enc\"}," OCT(",\"alg\":\"HS256\"")),
      { "RS256" },
      1,
      "key 1 of the set is",
      NULL },
    { "key_ops without verify", SET("RSA,\"key_ops\":[\"encrypt\"]}"), { "RS256" }, 0, "no verify", NULL },
    { "key_ops sign alone", SET(OCT(",\"alg\":\"HS256\",\"key_ops\":[\"sign\"]")), { NULL }, 0, "no verify", NULL },
    { "key_ops empty", SET("RSA,\"key_ops\":[]}"), { "RS256" }, 0, "no verify", NULL },
    { "unknown kty", SET("{\"kty\":\"AKP\"}"), { NULL }, 0, "kty is unknown", NULL },
    { "unknown alg", SET("RSA,\"alg\":\"RSA-OAEP\"}"), { "RS256" }, 0, "alg is unknown", NULL },
    { "alg none", SET(OCT(",\"alg\":\"none\"")), { "HS256" }, 0, "alg is unknown", NULL },
    { "unknown crv",
      SET("{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\",\"alg\":\"EdDSA\"}"),
      { NULL },
      0,
      "crv is unknown",
      NULL },
    { "a note names the kid, escaped",
      SET("{\"kty\":\"AKP\",\"kid\":\"a\\nb\"}"),
      { NULL },
      0,
      "key 1 of the set (kid \"a\\x0ab\")",
      NULL },
    { "ambiguous algs", SET("RSA}"), { "RS256", "PS256" }, 0, NULL, "more than one" },
    { "two keys with one kid",
      SET(OCT(",\"alg\":\"HS256\",\"kid\":\"a\"") "," ED(",\"alg\":\"EdDSA\",\"kid\":\"a\"")),
      { NULL },
      0,
      NULL,
      "key 2 of the set (kid \"a\") has the kid \"a\" of another key" },
    { "one key twice", SET(ED("") "," ED("")), { "EdDSA" }, 0, NULL, "of another key" },
    { "kid of the ring", SET(OCT(",\"alg\":\"HS256\",\"kid\":\"old\"")), { NULL }, 0, NULL, "\"old\"" },
    { "short secret",
      SET(OCT(",\"alg\":\"HS256\",\"kid\":\"a\"") "," OCT(",\"alg\":\"HS512\",\"kid\":\"b\"")),
      { NULL },
      0,
      NULL,
      "key 2 of the set (kid \"b\") is a secret of 32 bytes" },
    { "empty secret",
      SET("{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"\"}"),
      { NULL },
      0,
      NULL,
      "key 1 of the set is an empty secret" },
    { "weak RSA",
      SET("{\"kty\":\"RSA\",\"alg\":\"RS256\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"),
      { NULL },
      0,
      NULL,
      "17 bits" },
    { "small order",
      SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":"
          "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
      { NULL },
      0,
      NULL,
      "small order" },
    { "alg of another type", SET("RSA,\"alg\":\"ES256\"}"), { NULL }, 0, NULL, "kty" },
    { "alg of another curve", SET("EC,\"alg\":\"ES384\"}"), { NULL }, 0, NULL, "crv" },
    { "asymmetric key as HMAC secret", SET("RSA,\"alg\":\"HS256\"}"), { NULL }, 0, NULL, "kty" },
    { "missing member", SET("{\"kty\":\"RSA\",\"alg\":\"RS256\",\"e\":\"AQAB\"}"), { NULL }, 0, NULL, "n is absent" },
    { "no kty", SET("{\"k\":\"" K32 "\"}"), { NULL }, 0, NULL, "has no kty" },
    { "kty a number", SET("{\"kty\":1}"), { NULL }, 0, NULL, "no string" },
    { "alg a number", SET("RSA,\"alg\":1}"), { "RS256" }, 0, NULL, "no string" },
    { "use null", SET("RSA,\"use\":null}"), { "RS256" }, 0, NULL, "no string" },
    { "crv an array", SET("{\"kty\":\"EC\",\"crv\":[]}"), { NULL }, 0, NULL, "no string" },
    { "kid a number", SET(OCT(",\"alg\":\"HS256\",\"kid\":1")), { NULL }, 0, NULL, "kid is no string" },
    { "key_ops a string", SET("RSA,\"key_ops\":\"verify\"}"), { "RS256" }, 0, NULL, "key_ops" },
    { "a key that is no object", SET("1"), { NULL }, 0, NULL, "key 1 of the set is no object" },
    { "keys an object", "{\"keys\":{}}", { NULL }, 0, NULL, "no array" },
    { "no keys member", "{}", { NULL }, 0, NULL, "no array" },
    { "one JWK instead of a set", OCT(""), { NULL }, 0, NULL, "no array" },
    { "not JSON", "keys", { NULL }, 0, NULL, "no JWK Set: not JSON" },
    { "empty", "", { NULL }, 0, NULL, "no JWK Set" },
    { "duplicate member", "{\"keys\":[],\"keys\":[]}", { NULL }, 0, NULL, "appears twice" },
    { "trailing text", SET("") "x", { NULL }, 0, NULL, "text follows" },
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

START_TEST(a_set_is_judged)
{
    aj_keyset_t *ring = unit_ring(unit_key("HS384", unit_secret, "old"), NULL, NULL);
    apr_array_header_t *algs = apr_array_make(pool, 3, sizeof(const aj_alg_t *));
    apr_array_header_t *skipped = apr_array_make(pool, 3, sizeof(const char *));
    const char *text = expand(rows[_i].text), *wrong;
    int i;

    for (i = 0; i < 3 && rows[_i].algs[i] != NULL; i++) {
        APR_ARRAY_PUSH(algs, const aj_alg_t *) = aj_alg_find(rows[_i].algs[i]);
    }
    wrong = aj_keyset_add_jwks(ring, text, strlen(text), algs->nelts > 0 ? algs : NULL, skipped, pool);
    assert_no_openssl_error();
    assert_row((wrong == NULL) == (rows[_i].wrong == NULL), rows[_i].name, "%s", wrong ? wrong : "accepted");
    assert_row(wrong == NULL || strstr(wrong, rows[_i].wrong) != NULL, rows[_i].name, "%s", wrong);
    ck_assert_int_eq(aj_keyset_count(ring), 1 + rows[_i].keys);
    ck_assert_int_eq(skipped->nelts, rows[_i].skipped != NULL);
    if (rows[_i].skipped != NULL) {
        assert_row(strstr(APR_ARRAY_IDX(skipped, 0, const char *), rows[_i].skipped) != NULL, rows[_i].name, "%s",
                   APR_ARRAY_IDX(skipped, 0, const char *));
    }
}
END_TEST

START_TEST(notes_are_not_needed)
{
    static const char text[] = SET("{\"kty\":\"AKP\"}");

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

        if (unit_stem(alg) != NULL) {
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

    tcase_add_loop_test(tcase, a_set_is_judged, 0, ROWS(rows));
    tcase_add_test(tcase, notes_are_not_needed);
    tcase_add_test(tcase, a_published_set_can_be_read_again);
    return suite;
}

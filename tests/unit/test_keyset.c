/* SPDX-License-Identifier: Apache-2.0 */
/* The key ring: which key a token gets. */
#include "unit.h"

/* Letters of a ring: what is in it, in order. */
static const struct {
    char letter;
    const char *alg;
    const char *source;
    const char *kid; /* "-": the default */
} keys[] = {
    { 'h', "HS256", unit_secret, NULL },        { 'i', "HS256", unit_secret + 1, NULL },
    { 'a', "HS256", unit_secret, "a" },         { 'b', "HS256", unit_secret + 1, "b" },
    { 'c', "HS384", unit_secret + 2, "c" },     { 'd', "HS384", unit_secret + 3, NULL },
    { 'r', "RS256", "rsa.pem", "r" },           { 'p', "RS256", "rsa-pub.pem", "p" },
    { 'R', "RS256", "rsa-pub.pem", NULL },      { 'E', "EdDSA", "ed25519.pem", NULL },
    { 'F', "Ed25519", "ed25519-pub.pem", "F" }, { 'e', "ES256", "ec-p256.pem", "e" },
    { 'f', "ES256", "ec-p256-pub.pem", "f" },
};

static const aj_key_t *key_of(char letter)
{
    int i;

    for (i = 0; keys[i].letter != letter; i++) {
        ck_assert_int_lt(i, ROWS(keys));
    }
    return unit_key(keys[i].alg, keys[i].source, keys[i].kid);
}

static const struct {
    const char *ring;
    const char *alg;
    const char *kid;
    aj_error_e want;
    int index; /* of the key that is found */
} rows[] = {
    /* by algorithm */
    { "h", "HS256", NULL, AJ_OK, 0 },
    { "rh", "HS256", NULL, AJ_OK, 1 },
    { "h", "HS384", NULL, AJ_E_ALG, 0 },
    { "h", "none", NULL, AJ_E_ALG, 0 },
    { "h", "", NULL, AJ_E_ALG, 0 },
    { "h", "H", NULL, AJ_E_ALG, 0 },
    { "h", "HS2567", NULL, AJ_E_ALG, 0 },
    { "h", "hs256", NULL, AJ_E_ALG, 0 },
    { "r", "HS256", "r", AJ_E_ALG, 0 },
    { "r", "PS256", "r", AJ_E_ALG, 0 },
    { "", "HS256", NULL, AJ_E_ALG, 0 },
    /* by kid, whole and byte for byte */
    { "ab", "HS256", "a", AJ_OK, 0 },
    { "ab", "HS256", "b", AJ_OK, 1 },
    { "ab", "HS256", "c", AJ_E_KID, 0 },
    { "ab", "HS256", "", AJ_E_KID, 0 },
    { "ab", "HS256", "A", AJ_E_KID, 0 },
    { "ab", "HS256", "a ", AJ_E_KID, 0 },
    { "ab", "HS256", "ab", AJ_E_KID, 0 },
    { "a", "HS256", "b", AJ_E_KID, 0 },
    { "ac", "HS256", "c", AJ_E_KID, 0 },
    { "a", "HS256", "../../dev/null", AJ_E_KID, 0 },
    { "a", "HS256", "%s%s%n", AJ_E_KID, 0 },
    /* a kid means nothing where no key of the algorithm has one */
    { "h", "HS256", "whatever", AJ_OK, 0 },
    { "hc", "HS256", "c", AJ_OK, 0 },
    { "hi", "HS256", "whatever", AJ_OK, 0 },
    { "rhi", "HS256", "whatever", AJ_E_KEY_AMBIGUOUS, 0 },
    /* where one has, the others are found without kid only */
    { "ha", "HS256", "a", AJ_OK, 1 },
    { "ha", "HS256", "x", AJ_E_KID, 0 },
    { "ha", "HS256", NULL, AJ_OK, 0 },
    /* a thumbprint that nobody wrote down does not bind the only key of its algorithm */
    { "R", "RS256", "the-issuers-name", AJ_OK, 0 },
    { "hR", "RS256", "a", AJ_OK, 1 },
    { "hR", "RS256", "", AJ_OK, 1 },
    { "hR", "RS256", NULL, AJ_OK, 1 },
    { "p", "RS256", "the-issuers-name", AJ_E_KID, 0 },
    { "Rp", "RS256", "the-issuers-name", AJ_E_KID, 0 },
    { "Rp", "RS256", "p", AJ_OK, 1 },
    { "E", "Ed25519", "x", AJ_OK, 0 },
    { "EF", "Ed25519", "x", AJ_E_KID, 0 },
    { "EF", "EdDSA", "F", AJ_OK, 1 },
    /* no kid: the only one, or the signer */
    { "a", "HS256", NULL, AJ_OK, 0 },
    { "ab", "HS256", NULL, AJ_OK, 0 },
    { "ba", "HS256", NULL, AJ_OK, 0 },
    { "rab", "HS256", NULL, AJ_E_KEY_AMBIGUOUS, 0 },
    { "pe", "RS256", NULL, AJ_OK, 0 },
    { "pef", "ES256", NULL, AJ_OK, 1 },
    { "rfe", "ES256", NULL, AJ_E_KEY_AMBIGUOUS, 0 },
    { "rcd", "HS384", NULL, AJ_E_KEY_AMBIGUOUS, 0 },
    { "pr", "RS256", NULL, AJ_OK, 1 },
};

START_TEST(a_token_finds_its_key)
{
    aj_keyset_t *ring = aj_keyset_make(pool);
    const aj_key_t *found = NULL;
    const char *letter;
    aj_error_e verdict;

    for (letter = rows[_i].ring; *letter != '\0'; letter++) {
        ck_assert_ptr_null(aj_keyset_add(ring, key_of(*letter)));
    }
    verdict = aj_keyset_find(ring, rows[_i].alg, rows[_i].kid, &found);
    ck_assert_msg(verdict == rows[_i].want, "ring %s, alg %s, kid %s: %s", rows[_i].ring, rows[_i].alg,
                  rows[_i].kid ? rows[_i].kid : "none", aj_error_text(verdict));
    ck_assert_ptr_eq(found, verdict == AJ_OK ? aj_keyset_at(ring, rows[_i].index) : NULL);
}
END_TEST

START_TEST(a_kid_occurs_once_for_an_algorithm)
{
    aj_keyset_t *ring = unit_ring(key_of('r'), NULL, NULL);
    const char *wrong = aj_keyset_add(ring, unit_key("RS256", "rsa-pub.pem", "r"));

    ck_assert_ptr_nonnull(wrong);
    ck_assert_ptr_nonnull(strstr(wrong, "\"r\""));
    ck_assert_int_eq(aj_keyset_count(ring), 1);
    ck_assert_ptr_null(aj_keyset_add(ring, key_of('h')));
    ck_assert_ptr_null(aj_keyset_add(ring, key_of('i')));
    /* One key for two algorithms has one thumbprint. */
    ring = unit_ring(unit_key("RS256", "rsa.pem", NULL), NULL, NULL);
    ck_assert_ptr_null(aj_keyset_add(ring, unit_key("PS256", "rsa-pub.pem", NULL)));
    ring = unit_ring(unit_key("EdDSA", "ed25519.pem", NULL), NULL, NULL);
    ck_assert_ptr_nonnull(aj_keyset_add(ring, unit_key("Ed25519", "ed25519-pub.pem", NULL)));
}
END_TEST

START_TEST(a_hostile_kid_is_escaped_in_the_sentence)
{
    aj_keyset_t *ring = unit_ring(unit_key("HS256", unit_secret, "a\n\"b"), NULL, NULL);
    const char *wrong = aj_keyset_add(ring, unit_key("HS256", unit_secret, "a\n\"b"));

    ck_assert_ptr_nonnull(strstr(wrong, "\"a\\x0a\\x22b\""));
}
END_TEST

/* In whatever order keys come, each is found, and a kid beside or between them is unknown. */
START_TEST(many_keys_are_found_by_kid)
{
    enum { COUNT = 210 };
    static const char *const algs[] = { "HS512", "HS256", "HS384" };
    aj_keyset_t *ring = aj_keyset_make(pool);
    const aj_key_t *made[COUNT], *found;
    int i;

    for (i = 0; i < COUNT; i++) {
        const char *kid = i < 3 ? NULL : apr_itoa(pool, i * 61 % COUNT);

        made[i] = unit_key(algs[i % 3], unit_secret, kid);
        ck_assert_ptr_null(aj_keyset_add(ring, made[i]));
        ck_assert(!kid || aj_keyset_namesake(ring, made[i]) == made[i]);
    }
    for (i = 0; i < COUNT; i++) {
        const char *kid = aj_key_kid(made[i]);

        ck_assert_ptr_eq(aj_keyset_at(ring, i), made[i]);
        if (kid) {
            ck_assert_int_eq(aj_keyset_find(ring, algs[i % 3], kid, &found), AJ_OK);
            ck_assert_ptr_eq(found, made[i]);
            ck_assert_int_eq(aj_keyset_find(ring, algs[(i + 1) % 3], kid, &found), AJ_E_KID);
            ck_assert_int_eq(aj_keyset_find(ring, algs[i % 3], apr_pstrcat(pool, kid, "x", NULL), &found), AJ_E_KID);
        }
    }
    ck_assert_int_eq(aj_keyset_find(ring, "RS256", "1", &found), AJ_E_ALG);
}
END_TEST

START_TEST(the_first_key_that_can_sign_signs)
{
    aj_keyset_t *ring = unit_ring(key_of('p'), key_of('f'), NULL);

    ck_assert_ptr_null(aj_keyset_signer(ring));
    ck_assert_ptr_null(aj_keyset_add(ring, key_of('e')));
    ck_assert_ptr_null(aj_keyset_add(ring, key_of('h')));
    ck_assert_ptr_eq(aj_keyset_signer(ring), aj_keyset_at(ring, 2));
    ck_assert_ptr_null(aj_keyset_at(ring, 4));
    ck_assert_ptr_null(aj_keyset_at(ring, -1));
    ck_assert_ptr_null(aj_keyset_signer(aj_keyset_make(pool)));
}
END_TEST

/* Somebody else's key, the public half alone, is not ours to publish unless the administrator says so. */
START_TEST(the_public_set_holds_our_keys_and_those_marked_publish)
{
    aj_key_options_t options = { .alg = aj_alg_find("ES256"), .kid = "marked", .publish = 1 };
    aj_key_t *marked;
    apr_size_t len;
    const char *text = unit_file("keys/ec-p256-pub.pem", &len);
    aj_keyset_t *ring = unit_ring(key_of('p'), key_of('f'), key_of('E'));
    const json_t *published;

    ck_assert_ptr_null(aj_key_read(&marked, (const unsigned char *)text, len, &options, pool));
    ck_assert_ptr_null(aj_keyset_add(ring, marked));
    published = json_object_get(aj_keyset_public(ring, pool), "keys");
    ck_assert_uint_eq(json_array_size(published), 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(published, 0), "alg")), "EdDSA");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(published, 1), "kid")), "marked");
}
END_TEST

START_TEST(the_public_set_holds_no_secret)
{
    aj_keyset_t *ring = unit_ring(key_of('h'), key_of('r'), key_of('e'));
    json_t *set = aj_keyset_public(ring, pool);
    const char *text = aj_json_write(set, pool);

    ck_assert_uint_eq(json_array_size(json_object_get(set, "keys")), 2);
    ck_assert_ptr_null(strstr(text, "\"d\""));
    ck_assert_ptr_null(strstr(text, "\"k\""));
    ck_assert_ptr_null(strstr(text, "oct"));
    ck_assert_str_eq(aj_json_write(aj_keyset_public(aj_keyset_make(pool), pool), pool), "{\"keys\":[]}");
}
END_TEST

Suite *suite_keyset(void)
{
    Suite *suite = suite_create("aj_keyset");
    TCase *tcase = unit_case(suite, "ring");

    tcase_add_loop_test(tcase, a_token_finds_its_key, 0, ROWS(rows));
    tcase_add_test(tcase, a_kid_occurs_once_for_an_algorithm);
    tcase_add_test(tcase, many_keys_are_found_by_kid);
    tcase_add_test(tcase, a_hostile_kid_is_escaped_in_the_sentence);
    tcase_add_test(tcase, the_first_key_that_can_sign_signs);
    tcase_add_test(tcase, the_public_set_holds_our_keys_and_those_marked_publish);
    tcase_add_test(tcase, the_public_set_holds_no_secret);
    return suite;
}

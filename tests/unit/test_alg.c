/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithm table. */
#include "unit.h"

static const char *const names[] = {
    "HS256", "HS384", "HS512", "RS256", "RS384",  "RS512", "PS256",   "PS384",
    "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519",
};

START_TEST(every_documented_algorithm_has_a_row)
{
    int i;

    for (i = 0; i < ROWS(names); i++) {
        ck_assert_ptr_nonnull(aj_alg_find(names[i]));
        ck_assert_ptr_eq(aj_alg_find(names[i]), aj_alg_at(i));
        ck_assert_str_eq(aj_alg_at(i)->name, names[i]);
    }
    ck_assert_ptr_null(aj_alg_at(ROWS(names)));
    ck_assert_ptr_null(aj_alg_at(-1));
}
END_TEST

/* An algorithm compared as a prefix let "" and "H" pass as HS256 elsewhere. */
static const char *const no_names[] = {
    "",        "H",     "HS",    "HS2",  "HS25", "HS2566", "HS256 ", " HS256", "hs256", "Hs256",
    "HS-256",  "none",  "None",  "NONE", "nOnE", "ES521",  "ES224",  "ES256k", "ES",    "ED25519",
    "ed25519", "eddsa", "EDDSA", "RS",   "RS1",  "PS",     "RSA1_5", "A256KW", "dir",   "*",
};

START_TEST(names_are_compared_whole)
{
    ck_assert_ptr_null(aj_alg_find(no_names[_i]));
}
END_TEST

START_TEST(rows_are_consistent)
{
    int i;

    for (i = 0; aj_alg_at(i) != NULL; i++) {
        const aj_alg_t *alg = aj_alg_at(i);

        ck_assert_int_eq(alg->digest == NULL, alg->sig == AJ_SIG_EDDSA);
        ck_assert_int_eq(alg->curve == NULL, alg->kty == AJ_KTY_OCT || alg->kty == AJ_KTY_RSA);
        ck_assert_int_eq(alg->group == NULL, alg->curve == NULL);
        ck_assert_int_eq(alg->coordinate_bytes != 0, alg->sig == AJ_SIG_ECDSA);
        ck_assert_int_eq(alg->sig == AJ_SIG_HMAC, alg->kty == AJ_KTY_OCT);
    }
}
END_TEST

/* RFC 9864: EdDSA says no more than Ed25519 where Ed448 is not supported. */
START_TEST(an_algorithm_is_the_same_as_itself_and_eddsa_as_ed25519)
{
    int i, k;

    for (i = 0; aj_alg_at(i) != NULL; i++) {
        for (k = 0; aj_alg_at(k) != NULL; k++) {
            int both_ed = aj_alg_at(i)->kty == AJ_KTY_OKP && aj_alg_at(k)->kty == AJ_KTY_OKP;

            ck_assert_int_eq(aj_alg_same(aj_alg_at(i), aj_alg_at(k)), i == k || both_ed);
        }
    }
}
END_TEST

START_TEST(types_are_spelled_as_jwk_does)
{
    ck_assert_str_eq(aj_kty_name(AJ_KTY_OCT), "oct");
    ck_assert_str_eq(aj_kty_name(AJ_KTY_RSA), "RSA");
    ck_assert_str_eq(aj_kty_name(AJ_KTY_EC), "EC");
    ck_assert_str_eq(aj_kty_name(AJ_KTY_OKP), "OKP");
    ck_assert_str_eq(aj_kty_name((aj_kty_e)0), "");
}
END_TEST

Suite *suite_alg(void)
{
    Suite *suite = suite_create("aj_alg");
    TCase *tcase = unit_case(suite, "table");

    tcase_add_test(tcase, every_documented_algorithm_has_a_row);
    tcase_add_loop_test(tcase, names_are_compared_whole, 0, ROWS(no_names));
    tcase_add_test(tcase, rows_are_consistent);
    tcase_add_test(tcase, an_algorithm_is_the_same_as_itself_and_eddsa_as_ed25519);
    tcase_add_test(tcase, types_are_spelled_as_jwk_does);
    return suite;
}

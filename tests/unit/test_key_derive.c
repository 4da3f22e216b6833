/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets derived from a key: the same on every host, different for every purpose. */
#include "unit.h"

#define ALL_ALGS UNIT_ALGS

START_TEST(derived_secrets_depend_on_key_and_label)
{
    const aj_alg_t *alg = aj_alg_at(_i);
    const char *stem = unit_stem(alg);
    const aj_key_t *key = unit_signer(alg);
    const aj_key_t *again =
        unit_key(alg->name, stem == NULL ? unit_secret : apr_pstrcat(pool, stem, ".pem", NULL), NULL);
    unsigned char a[32], b[32], c[100];

    ck_assert_int_eq(aj_key_derive(key, "csrf", a, sizeof(a)), APR_SUCCESS);
    ck_assert_int_eq(aj_key_derive(again, "csrf", b, sizeof(b)), APR_SUCCESS);
    ck_assert_mem_eq(a, b, sizeof(a));
    ck_assert_int_eq(aj_key_derive(key, "jti", b, sizeof(b)), APR_SUCCESS);
    ck_assert(memcmp(a, b, sizeof(a)) != 0);
    ck_assert_int_eq(aj_key_derive(key, "csrf", c, sizeof(c)), APR_SUCCESS);
    ck_assert_mem_eq(a, c, sizeof(a));
    ck_assert_int_eq(aj_key_derive(key, "", b, sizeof(b)), APR_SUCCESS);
    ck_assert_int_eq(
        aj_key_derive(unit_key("HS256", "another secret, also more than thirty-two bytes", NULL), "csrf", b, sizeof(b)),
        APR_SUCCESS);
    ck_assert(memcmp(a, b, sizeof(a)) != 0);
}
END_TEST

/* The form of the file does not matter; a public key derives nothing; too much is refused. */
START_TEST(derived_secrets_do_not_depend_on_the_form)
{
    const char *stem = unit_stem(aj_alg_at(_i));
    const char *alg = aj_alg_at(_i)->name;
    unsigned char a[32], b[32], huge[255 * 32 + 1];

    if (stem != NULL) {
        ck_assert_int_eq(aj_key_derive(unit_signer(aj_alg_at(_i)), "x", a, 32), APR_SUCCESS);
        ck_assert_int_eq(aj_key_derive(unit_key(alg, apr_pstrcat(pool, stem, ".jwk", NULL), NULL), "x", b, 32),
                         APR_SUCCESS);
        ck_assert_mem_eq(a, b, sizeof(a));
        ck_assert_int_eq(aj_key_derive(unit_key(alg, apr_pstrcat(pool, stem, "-pub.jwk", NULL), NULL), "x", b, 32),
                         APR_EINVAL);
    }
    ck_assert_int_eq(aj_key_derive(unit_signer(aj_alg_at(_i)), "x", huge, sizeof(huge)), APR_EGENERAL);
    assert_no_openssl_error();
}
END_TEST

/* Computed with another HKDF: hosts of different releases must agree. */
START_TEST(derivation_is_hkdf)
{
    static const char salt[] = "mod_authjwt key derivation 1";
    unsigned char prk[32], okm[32], want[32];

    ck_assert_int_eq(aj_hmac_sha256(salt, strlen(salt), unit_secret, 64, prk), APR_SUCCESS);
    ck_assert_int_eq(aj_hmac_sha256(prk, 32, "label\x01", 6, want), APR_SUCCESS);
    ck_assert_int_eq(aj_key_derive(unit_key("HS512", unit_secret, NULL), "label", okm, 32), APR_SUCCESS);
    ck_assert_mem_eq(okm, want, 32);
}
END_TEST

Suite *suite_key_derive(void)
{
    Suite *suite = suite_create("aj_key_derive");
    TCase *tcase = unit_case(suite, "derivation");

    tcase_add_loop_test(tcase, derived_secrets_depend_on_key_and_label, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, derived_secrets_do_not_depend_on_the_form, 0, ALL_ALGS);
    tcase_add_test(tcase, derivation_is_hkdf);
    return suite;
}

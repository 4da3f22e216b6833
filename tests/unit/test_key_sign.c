/* SPDX-License-Identifier: Apache-2.0 */
/* Signing and verifying, for each of the algorithms. */
#include <apr_thread_proc.h>

#include "unit.h"

#define ALL_ALGS UNIT_ALGS

/* What verifies; public keys are read faster. */
static aj_key_t *verifier_of(const aj_alg_t *alg)
{
    const char *stem = unit_stem(alg);

    return unit_key(alg->name, stem == NULL ? unit_secret : apr_pstrcat(pool, stem, "-pub.pem", NULL), NULL);
}

static const char input[] = "eyJhbGciOiJ4In0.e30";
#define INPUT input, sizeof(input) - 1

static const aj_key_t *sign(const aj_alg_t *alg, unsigned char **sig, apr_size_t *sig_len)
{
    const aj_key_t *key = unit_signer(alg);

    ck_assert_int_eq(aj_key_sign(key, INPUT, pool, sig, sig_len), APR_SUCCESS);
    ck_assert_int_eq(aj_key_verify(key, INPUT, *sig, *sig_len), AJ_OK);
    assert_no_openssl_error();
    return key;
}

static void refuse(const aj_key_t *key, const unsigned char *sig, apr_size_t len, aj_error_e want)
{
    ck_assert_int_eq(aj_key_verify(key, INPUT, sig, len), want);
    assert_no_openssl_error();
}

START_TEST(a_signature_has_the_length_of_its_algorithm)
{
    static const apr_size_t lengths[ALL_ALGS] = { 32, 48, 64, 256, 256, 256, 256, 256, 256, 64, 96, 132, 64, 64, 64 };
    unsigned char *sig;
    apr_size_t len;

    sign(aj_alg_at(_i), &sig, &len);
    ck_assert_uint_eq(len, lengths[_i]);
}
END_TEST

START_TEST(flipping_any_bit_of_a_signature_refuses)
{
    unsigned char *sig;
    apr_size_t len, bit;
    const aj_key_t *key = sign(aj_alg_at(_i), &sig, &len);

    for (bit = 0; bit < 8 * len; bit += (apr_size_t)unit_step()) {
        sig[bit / 8] ^= (unsigned char)(1 << bit % 8);
        refuse(key, sig, len, AJ_E_SIGNATURE);
        sig[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    ck_assert_int_eq(aj_key_verify(key, INPUT, sig, len), AJ_OK);
}
END_TEST

START_TEST(flipping_bits_of_the_input_refuses)
{
    unsigned char *sig;
    char copy[sizeof(input)];
    apr_size_t len, bit;
    const aj_key_t *key = sign(aj_alg_at(_i), &sig, &len);

    memcpy(copy, input, sizeof(input));
    for (bit = 0; bit < 8 * (sizeof(input) - 1); bit += 3 * (apr_size_t)unit_step()) {
        copy[bit / 8] ^= (char)(1 << bit % 8);
        ck_assert_int_eq(aj_key_verify(key, copy, sizeof(copy) - 1, sig, len), AJ_E_SIGNATURE);
        copy[bit / 8] ^= (char)(1 << bit % 8);
    }
    ck_assert_int_eq(aj_key_verify(key, copy, sizeof(copy) - 2, sig, len), AJ_E_SIGNATURE);
    assert_no_openssl_error();
}
END_TEST

/* Shorter, longer, empty, and the 21 830 characters that overflowed a heap elsewhere. */
START_TEST(a_signature_of_another_length_is_refused_as_such)
{
    unsigned char *sig, *copy = apr_pcalloc(pool, 20000);
    apr_size_t len, other;
    const aj_key_t *key = sign(aj_alg_at(_i), &sig, &len);

    memcpy(copy, sig, len);
    for (other = 0; other < 2 * len + 2; other++) {
        if (other != len) {
            refuse(key, copy, other, AJ_E_SIGNATURE_LENGTH);
        }
    }
    refuse(key, copy, 16372, AJ_E_SIGNATURE_LENGTH);
    refuse(key, copy, 20000, AJ_E_SIGNATURE_LENGTH);
}
END_TEST

START_TEST(zeros_and_ones_are_no_signature)
{
    unsigned char *sig;
    apr_size_t len;
    const aj_key_t *key = sign(aj_alg_at(_i), &sig, &len);

    memset(sig, 0, len);
    refuse(key, sig, len, AJ_E_SIGNATURE);
    memset(sig, 0xff, len);
    refuse(key, sig, len, AJ_E_SIGNATURE);
    memset(sig, 0, len);
    sig[len - 1] = sig[len / 2 - 1] = 1;
    refuse(key, sig, len, AJ_E_SIGNATURE);
}
END_TEST

/* CVE-2022-21449: r or s of zero. */
START_TEST(ecdsa_with_a_zero_half_is_refused)
{
    unsigned char *sig;
    apr_size_t len;
    const aj_key_t *key;

    if (aj_alg_at(_i)->sig == AJ_SIG_ECDSA) {
        key = sign(aj_alg_at(_i), &sig, &len);
        memset(sig, 0, len / 2);
        refuse(key, sig, len, AJ_E_SIGNATURE);
        sign(aj_alg_at(_i), &sig, &len);
        memset(sig + len / 2, 0, len / 2);
        refuse(key, sig, len, AJ_E_SIGNATURE);
    }
}
END_TEST

/* Ed25519: S + L verifies where S < L is not asked (RFC 8032 5.1.7). */
START_TEST(ed25519_with_large_s_is_refused)
{
    static const unsigned char order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                             0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                             0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10 };
    unsigned char *sig;
    apr_size_t len;
    unsigned carry = 0;
    const aj_key_t *key = sign(aj_alg_find("EdDSA"), &sig, &len);
    int i;

    for (i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (unsigned char)carry;
        carry >>= 8;
    }
    refuse(key, sig, len, AJ_E_SIGNATURE);
}
END_TEST

/* A key answers for its own algorithm alone: RS256 is not PS256, nor RS384. */
START_TEST(a_signature_of_another_algorithm_is_refused)
{
    unsigned char *sig;
    apr_size_t len;
    int i;

    sign(aj_alg_at(_i), &sig, &len);
    ck_assert_int_eq(aj_key_verify(verifier_of(aj_alg_at(_i)), INPUT, sig, len), AJ_OK);
    for (i = 0; i < ALL_ALGS; i++) {
        if (!aj_alg_same(aj_alg_at(i), aj_alg_at(_i))) {
            ck_assert_int_ne(aj_key_verify(verifier_of(aj_alg_at(i)), INPUT, sig, len), AJ_OK);
            assert_no_openssl_error();
        }
    }
}
END_TEST

START_TEST(a_public_key_does_not_sign)
{
    const char *stem = unit_stem(aj_alg_at(_i));
    unsigned char *sig = NULL;
    apr_size_t len;
    aj_key_t *key;

    if (stem != NULL) {
        key = unit_key(aj_alg_at(_i)->name, apr_pstrcat(pool, stem, "-pub.pem", NULL), NULL);
        ck_assert_int_eq(aj_key_sign(key, INPUT, pool, &sig, &len), APR_EINVAL);
        ck_assert_ptr_null(sig);
    }
}
END_TEST

/* Whatever allocation of OpenSSL fails, no signature passes that has not been checked. */
START_TEST(lost_memory_refuses)
{
    unsigned char *sig, *again;
    apr_size_t len, again_len;
    const aj_key_t *signer = sign(aj_alg_at(_i), &sig, &len), *key = signer;
    int is_secret = aj_alg_at(_i)->kty == AJ_KTY_OCT;
    aj_error_e verdict;
    int n, crypto = 0, done = 0;

    for (n = 1; !done; n += n < 50 ? 1 : unit_step()) {
        ck_assert_int_lt(n, 10000);
        /* An HS key needs memory when it is used first, and with OpenSSL 3.5 not again: its context is kept. */
        key = is_secret ? verifier_of(aj_alg_at(_i)) : key;
        unit_fail_allocation(n);
        verdict = aj_key_verify(key, INPUT, sig, len);
        done = unit_allocations_left() > 0;
        unit_fail_allocation(0);
        ck_assert(verdict == AJ_OK || verdict == AJ_E_CRYPTO || verdict == AJ_E_SIGNATURE);
        ck_assert(!done || verdict == AJ_OK);
        crypto += verdict == AJ_E_CRYPTO;
        assert_no_openssl_error();
        sig[0] ^= 1;
        unit_fail_allocation(n);
        ck_assert_int_ne(aj_key_verify(key, INPUT, sig, len), AJ_OK);
        unit_fail_allocation(0);
        assert_no_openssl_error();
        sig[0] ^= 1;
    }
    ck_assert_int_gt(crypto, 0);
    ck_assert_str_eq(aj_error_tag(AJ_E_CRYPTO), "AJ0127");
    unit_fail_allocation(1);
    ck_assert_int_eq(aj_key_sign(signer, INPUT, pool, &again, &again_len), is_secret ? APR_SUCCESS : APR_EGENERAL);
    unit_fail_allocation(0);
    assert_no_openssl_error();
}
END_TEST

/* mod_ssl's errors are not ours to clear while all goes well. */
START_TEST(success_leaves_the_errors_of_others_alone)
{
    unsigned char *sig;
    apr_size_t len;
    const aj_key_t *key = sign(aj_alg_at(_i), &sig, &len);

    ERR_raise(ERR_LIB_USER, 77);
    ck_assert_int_eq(aj_key_verify(key, INPUT, sig, len), AJ_OK);
    ck_assert_int_eq(ERR_GET_REASON(ERR_peek_error()), 77);
    ERR_clear_error();
}
END_TEST

/** What one thread does with the key that all share. */
typedef struct {
    const aj_key_t *key;
    const unsigned char *sig;
    apr_size_t sig_len;
    int right;
} work_t;

/* More than an HS key keeps contexts for. */
#define THREADS 16
#define ROUNDS  25

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    apr_pool_t *own = apr_thread_pool_get(thread);
    work_t *w = data;
    unsigned char *sig;
    apr_size_t len;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        w->right += aj_key_verify(w->key, INPUT, w->sig, w->sig_len) == AJ_OK
                 && aj_key_sign(w->key, INPUT, own, &sig, &len) == APR_SUCCESS
                 && aj_key_verify(w->key, INPUT, sig, len) == AJ_OK;
        sig[0] ^= 1;
        w->right -= aj_key_verify(w->key, INPUT, sig, len) == AJ_OK;
    }
    return NULL;
}

START_TEST(threads_share_a_key)
{
    apr_thread_t *threads[THREADS];
    work_t works[THREADS];
    unsigned char *sig;
    apr_size_t len;
    const aj_key_t *key = sign(aj_alg_at(_i), &sig, &len);
    apr_status_t status;
    int i;

    for (i = 0; i < THREADS; i++) {
        works[i] = (work_t){ key, sig, len, 0 };
        ck_assert_int_eq(apr_thread_create(&threads[i], NULL, work, &works[i], pool), APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        ck_assert_int_eq(works[i].right, ROUNDS);
    }
}
END_TEST

Suite *suite_key_sign(void)
{
    Suite *suite = suite_create("aj_key_sign");
    TCase *tcase = unit_case(suite, "signatures");

    tcase_add_loop_test(tcase, a_signature_has_the_length_of_its_algorithm, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, flipping_any_bit_of_a_signature_refuses, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, flipping_bits_of_the_input_refuses, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, a_signature_of_another_length_is_refused_as_such, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, zeros_and_ones_are_no_signature, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, ecdsa_with_a_zero_half_is_refused, 0, ALL_ALGS);
    tcase_add_test(tcase, ed25519_with_large_s_is_refused);
    tcase_add_loop_test(tcase, a_signature_of_another_algorithm_is_refused, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, a_public_key_does_not_sign, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, lost_memory_refuses, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, success_leaves_the_errors_of_others_alone, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, threads_share_a_key, 0, ALL_ALGS);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, MACs, comparison, wiping. */
#include "unit.h"

static const char *hex(const unsigned char *bytes, apr_size_t len)
{
    char *text = apr_pcalloc(pool, 2 * len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        apr_snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    return text;
}

/* FIPS 180-4 examples, and the empty message. */
static const struct {
    const char *text;
    const char *hash;
} hashes[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(sha256_gives_the_published_hashes)
{
    unsigned char out[AJ_SHA256_BYTES];

    ck_assert_int_eq(aj_sha256(hashes[_i].text, strlen(hashes[_i].text), out), APR_SUCCESS);
    ck_assert_str_eq(hex(out, sizeof(out)), hashes[_i].hash);
}
END_TEST

START_TEST(kept_contexts_begin_anew)
{
    unsigned char out[AJ_SHA256_BYTES];
    apr_pool_t *process;
    int i;

    ck_assert_int_eq(apr_pool_create(&process, pool), APR_SUCCESS);
    aj_digest_keep(process);
    for (i = 0; i < 3 * ROWS(hashes); i++) {
        const char *text = hashes[i % ROWS(hashes)].text;

        ck_assert_int_eq(aj_sha256(text, strlen(text), out), APR_SUCCESS);
        ck_assert_str_eq(hex(out, sizeof(out)), hashes[i % ROWS(hashes)].hash);
    }
    apr_pool_destroy(process);
    ck_assert_int_eq(aj_sha256("abc", 3, out), APR_SUCCESS);
    ck_assert_str_eq(hex(out, sizeof(out)), hashes[1].hash);
}
END_TEST

/* RFC 4231 test case 2, and an empty key. */
START_TEST(hmac_gives_the_published_mac)
{
    static const char text[] = "what do ya want for nothing?";
    unsigned char out[AJ_SHA256_BYTES];

    ck_assert_int_eq(aj_hmac_sha256("Jefe", 4, text, strlen(text), out), APR_SUCCESS);
    ck_assert_str_eq(hex(out, sizeof(out)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    ck_assert_int_eq(aj_hmac_sha256("", 0, "", 0, out), APR_SUCCESS);
    ck_assert_str_eq(hex(out, sizeof(out)), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
END_TEST

START_TEST(random_bytes_differ)
{
    unsigned char a[32] = { 0 }, b[32] = { 0 };

    ck_assert_int_eq(aj_random(a, sizeof(a)), APR_SUCCESS);
    ck_assert_int_eq(aj_random(b, sizeof(b)), APR_SUCCESS);
    ck_assert(memcmp(a, b, sizeof(a)) != 0);
}
END_TEST

START_TEST(comparison_sees_every_byte)
{
    unsigned char a[32] = { 0 }, b[32] = { 0 };
    int i;

    ck_assert(aj_equal(a, b, sizeof(a)));
    ck_assert(aj_equal(a, b, 0));
    for (i = 0; i < 32; i++) {
        b[i] = 0x80;
        ck_assert(!aj_equal(a, b, sizeof(a)));
        b[i] = 0;
    }
}
END_TEST

START_TEST(a_secret_is_wiped_with_its_pool)
{
    unsigned char secret[8] = "secret!", other[8] = "secret!";
    apr_pool_t *child;

    aj_wipe(other, sizeof(other));
    ck_assert_mem_eq(other, "\0\0\0\0\0\0\0\0", 8);
    apr_pool_create(&child, pool);
    aj_wipe_with_pool(secret, sizeof(secret), child);
    ck_assert_str_eq((char *)secret, "secret!");
    apr_pool_destroy(child);
    ck_assert_mem_eq(secret, "\0\0\0\0\0\0\0\0", 8);
}
END_TEST

START_TEST(failure_leaves_no_error_behind)
{
    unsigned char out[AJ_SHA256_BYTES];

    /* Lengths that OpenSSL counts in int. */
    ck_assert_int_eq(aj_random(out, (apr_size_t)1 << 40), APR_EGENERAL);
    ck_assert_int_eq(aj_hmac_sha256("", (apr_size_t)1 << 40, "", 0, out), APR_EGENERAL);
    unit_fail_allocation(1);
    ck_assert_int_eq(aj_sha256("abc", 3, out), APR_EGENERAL);
    unit_fail_allocation(0);
    assert_no_openssl_error();
}
END_TEST

Suite *suite_digest(void)
{
    Suite *suite = suite_create("aj_digest");
    TCase *tcase = unit_case(suite, "digest");

    tcase_add_loop_test(tcase, sha256_gives_the_published_hashes, 0, ROWS(hashes));
    tcase_add_test(tcase, kept_contexts_begin_anew);
    tcase_add_test(tcase, hmac_gives_the_published_mac);
    tcase_add_test(tcase, random_bytes_differ);
    tcase_add_test(tcase, comparison_sees_every_byte);
    tcase_add_test(tcase, a_secret_is_wiped_with_its_pool);
    tcase_add_test(tcase, failure_leaves_no_error_behind);
    return suite;
}

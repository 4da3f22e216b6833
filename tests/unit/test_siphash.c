/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4 of 128 bits: the vectors of its authors, and OpenSSL's beside ours. */
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "aj_siphash.h"
#include "unit.h"

/* Key 00 01 … 0f, input 00 01 … of so many bytes: vectors_sip128 of the authors' reference implementation. */
static const struct {
    apr_size_t len;
    const unsigned char want[17];
} vectors[] = {
    { 0, "\xa3\x81\x7f\x04\xba\x25\xa8\xe6\x6d\xf6\x72\x14\xc7\x55\x02\x93" },
    { 1, "\xda\x87\xc1\xd8\x6b\x99\xaf\x44\x34\x76\x59\x11\x9b\x22\xfc\x45" },
    { 2, "\x81\x77\x22\x8d\xa4\xa4\x5d\xc7\xfc\xa3\x8b\xde\xf6\x0a\xff\xe4" },
    { 63, "\x51\x50\xd1\x77\x2f\x50\x83\x4a\x50\x3e\x06\x9a\x97\x3f\xbd\x7c" },
};

#define LONGEST 600

static unsigned char input[LONGEST];

static void number_input(void)
{
    int i;

    for (i = 0; i < LONGEST; i++) {
        input[i] = (unsigned char)i;
    }
}

/* The key as two words, the result as sixteen bytes. */
static void hash(apr_size_t len, unsigned char out[16])
{
    apr_uint64_t key[2] = { APR_UINT64_C(0x0706050403020100), APR_UINT64_C(0x0f0e0d0c0b0a0908) }, words[2];
    int i;

    aj_siphash(key, input, len, words);
    for (i = 0; i < 16; i++) {
        out[i] = (unsigned char)(words[i / 8] >> 8 * (i % 8));
    }
}

START_TEST(vectors_of_the_authors)
{
    unsigned char out[16];
    int i;

    number_input();
    for (i = 0; i < ROWS(vectors); i++) {
        hash(vectors[i].len, out);
        ck_assert_mem_eq(out, vectors[i].want, 16);
    }
}
END_TEST

START_TEST(what_openssl_says_for_each_length)
{
    unsigned char key[16], out[16], want[16];
    size_t want_len, size = sizeof(want), len;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_END };

    number_input();
    memcpy(key, input, sizeof(key));
    for (len = 0; len <= LONGEST; len++) {
        ck_assert_int_eq(EVP_MAC_init(context, key, sizeof(key), params), 1);
        ck_assert_int_eq(EVP_MAC_update(context, input, len), 1);
        ck_assert_int_eq(EVP_MAC_final(context, want, &want_len, sizeof(want)), 1);
        ck_assert_uint_eq(want_len, sizeof(want));
        hash(len, out);
        ck_assert_mem_eq(out, want, 16);
    }
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}
END_TEST

Suite *suite_siphash(void)
{
    Suite *suite = suite_create("siphash");
    TCase *tcase = unit_case(suite, "siphash");

    tcase_add_test(tcase, vectors_of_the_authors);
    tcase_add_test(tcase, what_openssl_says_for_each_length);
    return suite;
}

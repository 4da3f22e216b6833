/* SPDX-License-Identifier: Apache-2.0 */
/* Shared secrets: encodings, lengths, and the hint for the field's commonest mistake. */
#include "unit.h"

#define HEX32  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define B32    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TEXT32 "0123456789abcdef0123456789abcdef"

static const unsigned char bytes32[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                         16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };

static const struct {
    const char *name;
    aj_encoding_e encoding;
    const char *text;
    const char *wrong; /* part of the sentence, NULL: accepted */
    const void *means; /* 32 bytes that the secret must be, or NULL */
} rows[] = {
    { "raw", AJ_ENCODING_RAW, TEXT32, NULL, TEXT32 },
    { "raw, LF dropped", AJ_ENCODING_RAW, TEXT32 "\n", NULL, TEXT32 },
    { "raw, CR LF dropped", AJ_ENCODING_RAW, TEXT32 "\r\n", NULL, TEXT32 },
    { "raw, blanks kept", AJ_ENCODING_RAW, " 123456789abcdef0123456789abcde ", NULL,
      " 123456789abcdef0123456789abcde " },
    { "raw, second newline kept", AJ_ENCODING_RAW, "123456789abcdef0123456789abcdef\n\n", NULL,
      "123456789abcdef0123456789abcdef\n" },
    { "raw, CR alone kept", AJ_ENCODING_RAW, "123456789abcdef0123456789abcdef\r", NULL,
      "123456789abcdef0123456789abcdef\r" },
    { "raw, short", AJ_ENCODING_RAW, "123456789abcdef0123456789abcdef", "31 bytes; HS256 needs at least 32", NULL },
    { "raw, newline does not count", AJ_ENCODING_RAW, "123456789abcdef0123456789abcdef\n", "31 bytes", NULL },
    { "raw, empty", AJ_ENCODING_RAW, "", "empty", NULL },
    { "raw, newline alone", AJ_ENCODING_RAW, "\n", "empty", NULL },
    { "base64", AJ_ENCODING_BASE64, B32 "=", NULL, bytes32 },
    { "base64 without padding", AJ_ENCODING_BASE64, B32, NULL, bytes32 },
    { "base64, white space around", AJ_ENCODING_BASE64, " \t" B32 "=\r\n\n", NULL, bytes32 },
    { "base64 in two lines", AJ_ENCODING_BASE64, "AAECAwQFBgcICQoLDA0O\nDxAREhMUFRYXGBkaGxwdHh8=\n", NULL, bytes32 },
    { "base64, plus and slash", AJ_ENCODING_BASE64, "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=", NULL, NULL },
    { "base64, url alphabet", AJ_ENCODING_BASE64, "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8=", "not base64", NULL },
    { "base64, too much padding", AJ_ENCODING_BASE64, B32 "==", "not base64", NULL },
    { "base64, padding inside", AJ_ENCODING_BASE64, "AAE=" B32 "=", "not base64", NULL },
    { "base64, blank inside", AJ_ENCODING_BASE64, "AAEC " B32, "not base64", NULL },
    { "base64, unused bits", AJ_ENCODING_BASE64, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", "not base64", NULL },
    { "base64, short", AJ_ENCODING_BASE64, "AAEC", "3 bytes", NULL },
    { "base64, empty", AJ_ENCODING_BASE64, " ", "empty", NULL },
    { "base64url", AJ_ENCODING_BASE64URL, B32, NULL, bytes32 },
    { "base64url with padding", AJ_ENCODING_BASE64URL, B32 "=\n", NULL, bytes32 },
    { "base64url, minus and underscore", AJ_ENCODING_BASE64URL, "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8", NULL,
      NULL },
    { "base64url, standard alphabet", AJ_ENCODING_BASE64URL, "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8",
      "not base64url", NULL },
    { "hex", AJ_ENCODING_HEX, HEX32, NULL, bytes32 },
    { "hex, newline", AJ_ENCODING_HEX, HEX32 "\n", NULL, bytes32 },
    { "hex, capitals", AJ_ENCODING_HEX, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", NULL,
      bytes32 },
    { "hex, odd", AJ_ENCODING_HEX, HEX32 "0", "not hex", NULL },
    { "hex, foreign letter", AJ_ENCODING_HEX, HEX32 "0g", "not hex", NULL },
    { "hex, prefix", AJ_ENCODING_HEX, "0x" HEX32, "not hex", NULL },
    { "hex, short", AJ_ENCODING_HEX, "0001", "2 bytes", NULL },
};

START_TEST(encodings_are_read)
{
    const aj_key_options_t options = { .alg = aj_alg_find("HS256"), .encoding = rows[_i].encoding };
    unsigned char *sig, want[AJ_SHA256_BYTES];
    apr_size_t sig_len;
    aj_key_t *key;
    const char *wrong = aj_key_read(&key, (const unsigned char *)rows[_i].text, strlen(rows[_i].text), &options, pool);

    assert_row((wrong == NULL) == (rows[_i].wrong == NULL), rows[_i].name, "%s", wrong ? wrong : "accepted");
    if (wrong != NULL) {
        assert_row(strstr(wrong, rows[_i].wrong) != NULL, rows[_i].name, "%s", wrong);
    }
    else if (rows[_i].means != NULL) {
        ck_assert_int_eq(aj_hmac_sha256(rows[_i].means, 32, "x", 1, want), APR_SUCCESS);
        ck_assert_int_eq(aj_key_sign(key, "x", 1, pool, &sig, &sig_len), APR_SUCCESS);
        assert_row(memcmp(sig, want, sizeof(want)) == 0, rows[_i].name, "another secret");
    }
    assert_no_openssl_error();
}
END_TEST

/* RFC 7518 3.2, at the boundary. */
static const struct {
    const char *alg;
    apr_size_t needs;
} lengths[] = { { "HS256", 32 }, { "HS384", 48 }, { "HS512", 64 } };

START_TEST(a_secret_is_as_long_as_the_hash)
{
    aj_key_t *key;
    apr_size_t len;

    for (len = 0; len < lengths[_i].needs; len++) {
        ck_assert_ptr_nonnull(unit_read(lengths[_i].alg, unit_secret, len, NULL, &key));
    }
    ck_assert_ptr_null(unit_read(lengths[_i].alg, unit_secret, lengths[_i].needs, NULL, &key));
    ck_assert(aj_key_can_sign(key));
    ck_assert(aj_key_is_secret(key));
    ck_assert_ptr_null(aj_key_kid(key));
}
END_TEST

/* One random secret in 256 begins with '{': control characters tell it from a JWK. */
START_TEST(random_bytes_may_begin_like_json)
{
    static const char secret[] = "{\x01\xff\x80\x00\x13vwxyzabcdefghijklmnopqrstuvwxyz";
    aj_key_t *key;

    ck_assert_ptr_null(unit_read("HS256", secret, 32, NULL, &key));
}
END_TEST

START_TEST(a_secret_may_hold_nul)
{
    unsigned char *a, *b;
    apr_size_t len;
    aj_key_t *one, *other;

    ck_assert_ptr_null(unit_read("HS256", "\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32, NULL, &one));
    ck_assert_ptr_null(unit_read("HS256", "\0bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", 32, NULL, &other));
    ck_assert_int_eq(aj_key_sign(one, "x", 1, pool, &a, &len), APR_SUCCESS);
    ck_assert_int_eq(aj_key_sign(other, "x", 1, pool, &b, &len), APR_SUCCESS);
    ck_assert(memcmp(a, b, len) != 0);
}
END_TEST

static const struct {
    const char *text;     /* of the secret, read raw by us */
    aj_encoding_e signer; /* how the issuer reads it */
    const char *hint;
} hints[] = {
    { "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2xtbm9w+w==", AJ_ENCODING_BASE64, "base64" },
    { "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2xtbm9w-w", AJ_ENCODING_BASE64URL, "base64url" },
    { HEX32, AJ_ENCODING_HEX, "hex" },
    { "a secret that is nothing but text, more than thirty-two bytes", AJ_ENCODING_RAW, NULL },
};

START_TEST(a_wrong_encoding_is_found_out)
{
    aj_key_options_t options = { .alg = aj_alg_find("HS256"), .encoding = hints[_i].signer };
    const unsigned char *text = (const unsigned char *)hints[_i].text;
    apr_size_t len = strlen(hints[_i].text), sig_len;
    aj_key_t *issuer, *ours;
    unsigned char *sig;
    const char *hint;

    ck_assert_ptr_null(aj_key_read(&issuer, text, len, &options, pool));
    options.encoding = AJ_ENCODING_RAW;
    ck_assert_ptr_null(aj_key_read(&ours, text, len, &options, pool));
    ck_assert_int_eq(aj_key_sign(issuer, "input", 5, pool, &sig, &sig_len), APR_SUCCESS);
    hint = aj_key_encoding_hint(ours, "input", 5, sig, sig_len);
    ck_assert_int_eq(hint == NULL, hints[_i].hint == NULL);
    ck_assert(hint == NULL || strcmp(hint, hints[_i].hint) == 0);
    ck_assert_ptr_null(aj_key_encoding_hint(ours, "other", 5, sig, sig_len));
    ck_assert_ptr_null(aj_key_encoding_hint(ours, "input", 5, sig, sig_len - 1));
    ck_assert_ptr_null(aj_key_encoding_hint(unit_key("RS256", "rsa-pub.pem", NULL), "input", 5, sig, sig_len));
    if (hints[_i].signer != AJ_ENCODING_RAW) {
        ck_assert_ptr_null(aj_key_encoding_hint(issuer, "input", 5, sig, sig_len));
    }
    assert_no_openssl_error();
}
END_TEST

#define PAGE "<!DOCTYPE html>\n<title>404 Not Found</title>"

/* What is accepted as a secret, but hardly meant as one. */
static const struct {
    const char *name;
    aj_encoding_e encoding;
    const char *text;
    apr_size_t len;    /* 0: to the NUL */
    const char *doubt; /* part of the sentence, NULL: none */
} doubts[] = {
    { "text", AJ_ENCODING_RAW, TEXT32 "\n", 0, NULL },
    { "random bytes", AJ_ENCODING_RAW, "\x8f\x01\0\x44" TEXT32, 36, NULL },
    { "base64 as text", AJ_ENCODING_RAW, "QUFFQ0F3UUZCZ2NJQ1FvTERBME9EeEFSRWhNVUZSWVhH==\n", 0, NULL },
    { "base64 with one =", AJ_ENCODING_RAW, "qufpqiwuzczgnjqyfvterbmaturedharwhnvvguzsgv=\n", 0, NULL },
    { "a password with =", AJ_ENCODING_RAW, "Xy7=0123456789abcdef0123456789abcdef", 0, NULL },
    { "byte order mark", AJ_ENCODING_RAW, "\xef\xbb\xbf" TEXT32, 0, "EF BB BF" },
    { "UTF-16 with its mark", AJ_ENCODING_RAW, "\xff\xfe" TEXT32, 0, "UTF-16" },
    { "UTF-16, big endian", AJ_ENCODING_RAW, "\0a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p", 32, "UTF-16" },
    { "UTF-16, little endian", AJ_ENCODING_RAW, "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0", 32, "UTF-16" },
    { "HTML", AJ_ENCODING_RAW, PAGE, 0, "HTML" },
    { "HTML after blanks", AJ_ENCODING_RAW, "\n  <html><body>" TEXT32, 0, "HTML" },
    { "40 blanks", AJ_ENCODING_RAW, "                                        ", 0, "nothing but blanks" },
    { "one letter", AJ_ENCODING_RAW, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", 0, "repeated" },
    { "an assignment", AJ_ENCODING_RAW, "JWT_SECRET=" TEXT32, 0, "NAME=VALUE" },
    { "an exported one", AJ_ENCODING_RAW, "export jwt_secret=" TEXT32, 0, "NAME=VALUE" },
    { "quotes", AJ_ENCODING_RAW, "\"" TEXT32 "\"\n", 0, "quotes" },
    { "CR at the end", AJ_ENCODING_RAW, TEXT32 "\r", 0, "0D, a carriage return" },
    { "CR LF at the end", AJ_ENCODING_RAW, TEXT32 "\r\n", 0, "0D 0A" },
    { "CR LF after hex", AJ_ENCODING_HEX, HEX32 "\r\n", 0, NULL },
};

START_TEST(a_secret_that_is_plainly_something_else_is_doubted)
{
    const aj_key_options_t options = { .alg = aj_alg_find("HS256"), .encoding = doubts[_i].encoding };
    apr_size_t len = doubts[_i].len ? doubts[_i].len : strlen(doubts[_i].text);
    aj_key_t *key;
    const char *wrong = aj_key_read(&key, (const unsigned char *)doubts[_i].text, len, &options, pool);

    assert_row(!wrong, doubts[_i].name, "%s", wrong);
    assert_row(!aj_key_doubt(key) == !doubts[_i].doubt, doubts[_i].name, "%s",
               aj_key_doubt(key) ? aj_key_doubt(key) : "none");
    ck_assert(!doubts[_i].doubt || strstr(aj_key_doubt(key), doubts[_i].doubt));
}
END_TEST

Suite *suite_key_secret(void)
{
    Suite *suite = suite_create("aj_key_secret");
    TCase *tcase = unit_case(suite, "secrets");

    tcase_add_loop_test(tcase, encodings_are_read, 0, ROWS(rows));
    tcase_add_loop_test(tcase, a_secret_is_as_long_as_the_hash, 0, ROWS(lengths));
    tcase_add_loop_test(tcase, a_secret_that_is_plainly_something_else_is_doubted, 0, ROWS(doubts));
    tcase_add_test(tcase, random_bytes_may_begin_like_json);
    tcase_add_test(tcase, a_secret_may_hold_nul);
    tcase_add_loop_test(tcase, a_wrong_encoding_is_found_out, 0, ROWS(hints));
    return suite;
}

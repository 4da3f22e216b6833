/* SPDX-License-Identifier: Apache-2.0 */
/* Strict base64url: one text per value. */
#include "unit.h"

static const struct {
    const char *bytes;
    apr_size_t len;
    const char *text;
} pairs[] = {
    { "", 0, "" },
    { "f", 1, "Zg" },
    { "fo", 2, "Zm8" },
    { "foo", 3, "Zm9v" },
    { "foob", 4, "Zm9vYg" },
    { "fooba", 5, "Zm9vYmE" },
    { "foobar", 6, "Zm9vYmFy" },
    { "\0", 1, "AA" },
    { "\0\0\0", 3, "AAAA" },
    { "\xff\xff\xff", 3, "____" },
    { "\xfb\xef\xbe", 3, "----" },
    { "\xff\xfe", 2, "__4" },
    { "\x03\xec\xff\xe0\xc1", 5, "A-z_4ME" },
};

START_TEST(pairs_go_both_ways)
{
    unsigned char *out;
    apr_size_t len;

    ck_assert_str_eq(aj_base64url_encode((const unsigned char *)pairs[_i].bytes, pairs[_i].len, pool), pairs[_i].text);
    ck_assert_int_eq(aj_base64url_decode(pairs[_i].text, strlen(pairs[_i].text), pool, &out, &len), AJ_OK);
    ck_assert_uint_eq(len, pairs[_i].len);
    ck_assert_mem_eq(out, pairs[_i].bytes, len);
    ck_assert_uint_eq(out[len], 0);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    apr_size_t len;
} bad[] = {
    { "one character", "A", 1 },
    { "five characters", "AAAAA", 5 },
    { "padding", "Zg==", 4 },
    { "padding of one", "Zm8=", 4 },
    { "padding alone", "==", 2 },
    { "standard alphabet, plus", "ab+d", 4 },
    { "standard alphabet, slash", "ab/d", 4 },
    { "blank", "Zm 9", 4 },
    { "newline at the end", "Zm9v\n", 5 },
    { "newline inside", "Zm\n9", 4 },
    { "NUL", "Zm9\0", 4 },
    { "NUL at the end", "Zm\0", 3 },
    { "dot", "Zm.v", 4 },
    { "question mark", "Zm?v", 4 },
    { "high bit", "Zm\xc3\xa9", 4 },
    { "0xff", "\xff\xff\xff\xff", 4 },
    { "unused bits of two characters", "Zh", 2 },
    { "unused bits, lowest", "AB", 2 },
    { "unused bits, highest", "AI", 2 },
    { "unused bits of three characters", "Zm9", 3 },
    { "unused bits, three, highest", "AAC", 3 },
};

START_TEST(what_is_not_strict_is_refused)
{
    unsigned char *out = NULL;
    apr_size_t len = 77;

    assert_row(aj_base64url_decode(bad[_i].text, bad[_i].len, pool, &out, &len) == AJ_E_BASE64URL, bad[_i].name,
               "passed");
    ck_assert_ptr_null(out);
    ck_assert_uint_eq(len, 77);
}
END_TEST

START_TEST(every_byte_has_one_text)
{
    unsigned char byte, *out;
    apr_size_t len;
    char text[3] = "";
    int a, b, accepted = 0;

    for (a = 0; a < 256; a++) {
        for (b = 0; b < 256; b++) {
            text[0] = (char)a;
            text[1] = (char)b;
            if (aj_base64url_decode(text, 2, pool, &out, &len) == AJ_OK) {
                byte = out[0];
                ck_assert_str_eq(aj_base64url_encode(&byte, 1, pool), text);
                accepted++;
            }
        }
    }
    ck_assert_int_eq(accepted, 256);
}
END_TEST

START_TEST(a_foreign_byte_is_refused_at_each_place)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char *out;
    apr_size_t len;
    int place, byte;

    for (place = 0; place < 8; place++) {
        for (byte = 0; byte < 256; byte++) {
            char text[] = "AAAAAAAA";
            int is_listed = byte && strchr(alphabet, byte);

            text[place] = (char)byte;
            ck_assert_int_eq(aj_base64url_decode(text, 8, pool, &out, &len), is_listed ? AJ_OK : AJ_E_BASE64URL);
            if (is_listed) {
                ck_assert_str_eq(aj_base64url_encode(out, len, pool), text);
            }
        }
    }
}
END_TEST

START_TEST(lengths_round_trip)
{
    unsigned char bytes[300], *out;
    apr_size_t i, len;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 37 + 11);
    }
    for (i = 0; i <= sizeof(bytes); i++) {
        const char *text = aj_base64url_encode(bytes, i, pool);

        ck_assert_int_eq(aj_base64url_decode(text, strlen(text), pool, &out, &len), AJ_OK);
        ck_assert_uint_eq(len, i);
        ck_assert(memcmp(out, bytes, i) == 0);
    }
}
END_TEST

Suite *suite_base64url(void)
{
    Suite *suite = suite_create("aj_base64url");
    TCase *tcase = unit_case(suite, "strictness");

    tcase_add_loop_test(tcase, pairs_go_both_ways, 0, ROWS(pairs));
    tcase_add_loop_test(tcase, what_is_not_strict_is_refused, 0, ROWS(bad));
    tcase_add_test(tcase, every_byte_has_one_text);
    tcase_add_test(tcase, a_foreign_byte_is_refused_at_each_place);
    tcase_add_test(tcase, lengths_round_trip);
    return suite;
}

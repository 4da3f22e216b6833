/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: unique tags, usable sentences; untrusted text in logs. */
#include "unit.h"

START_TEST(every_verdict_has_a_tag_of_its_own)
{
    int i, k;

    for (i = 0; i < AJ_E_COUNT; i++) {
        const char *tag = aj_error_tag((aj_error_e)i);

        ck_assert_uint_eq(strlen(tag), 6);
        ck_assert_uint_eq(strspn(tag, "AJ0123456789"), 6);
        for (k = 0; k < i; k++) {
            ck_assert_str_ne(tag, aj_error_tag((aj_error_e)k));
            ck_assert_str_ne(aj_error_text((aj_error_e)i), aj_error_text((aj_error_e)k));
        }
    }
}
END_TEST

START_TEST(every_verdict_has_a_sentence_without_full_stop)
{
    int i;

    for (i = 0; i < AJ_E_COUNT; i++) {
        const char *text = aj_error_text((aj_error_e)i);

        ck_assert_uint_gt(strlen(text), 0);
        ck_assert_int_ne(text[strlen(text) - 1], '.');
    }
}
END_TEST

START_TEST(what_is_no_verdict_has_the_tag_of_none)
{
    ck_assert_str_eq(aj_error_tag(AJ_REFUSED), "AJ0100");
    ck_assert_str_eq(aj_error_tag(AJ_E_COUNT), "AJ0100");
    ck_assert_str_eq(aj_error_tag((aj_error_e)-1), "AJ0100");
    ck_assert_str_eq(aj_error_tag((aj_error_e)100000), "AJ0100");
    ck_assert_str_eq(aj_error_text((aj_error_e)-1), aj_error_text(AJ_REFUSED));
}
END_TEST

START_TEST(zeroed_memory_refuses)
{
    aj_error_e verdict;

    memset(&verdict, 0, sizeof(verdict));
    ck_assert_int_ne(verdict, AJ_OK);
    ck_assert_int_eq(verdict, AJ_REFUSED);
}
END_TEST

/* Stable across releases: administrators' filters match on these. */
START_TEST(tags_do_not_change)
{
    ck_assert_str_eq(aj_error_tag(AJ_OK), "AJ0101");
    ck_assert_str_eq(aj_error_tag(AJ_E_TOO_LONG), "AJ0102");
    ck_assert_str_eq(aj_error_tag(AJ_E_REVOKED), "AJ0126");
    ck_assert_str_eq(aj_error_tag(AJ_E_CRYPTO), "AJ0127");
}
END_TEST

START_TEST(escapes_are_printable_and_bounded)
{
    char all[256], *long_text = apr_pcalloc(pool, 100);
    const char *text, *c;
    int i;

    for (i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    for (i = 0; i < 256; i += 64) {
        for (c = text = aj_escape(all + i, 64, pool); *c != '\0'; c++) {
            ck_assert(*c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\'');
        }
    }
    ck_assert_str_eq(aj_escape("", 0, pool), "");
    ck_assert_str_eq(aj_escape("a\0b\\", 4, pool), "a\\x00b\\x5c");
    memset(long_text, 'x', 65);
    ck_assert_uint_eq(strlen(aj_escape(long_text, 64, pool)), 64);
    ck_assert_uint_eq(strlen(aj_escape(long_text, 65, pool)), 67);
    ck_assert_str_eq(aj_escape(long_text, 65, pool) + 64, "...");
}
END_TEST

Suite *suite_error(void)
{
    Suite *suite = suite_create("aj_error");
    TCase *tcase = unit_case(suite, "verdicts");

    tcase_add_test(tcase, every_verdict_has_a_tag_of_its_own);
    tcase_add_test(tcase, every_verdict_has_a_sentence_without_full_stop);
    tcase_add_test(tcase, what_is_no_verdict_has_the_tag_of_none);
    tcase_add_test(tcase, zeroed_memory_refuses);
    tcase_add_test(tcase, tags_do_not_change);
    tcase_add_test(tcase, escapes_are_printable_and_bounded);
    return suite;
}

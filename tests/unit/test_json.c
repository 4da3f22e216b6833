/* SPDX-License-Identifier: Apache-2.0 */
/* The strict JSON door and JSON Pointers. */
#include "unit.h"

static const struct {
    const char *name;
    const char *text;
    apr_size_t len;     /* 0: strlen */
    const char *detail; /* NULL: accepted */
} rows[] = {
    { "empty object", "{}", 0, NULL },
    { "white space around", " \t\r\n{ \"a\" : 1 } \n", 0, NULL },
    { "escapes", "{\"a\":\"\\u00e9\\n\\\"\\\\\"}", 0, NULL },
    { "brackets in a string do not nest", "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", 0, NULL },
    { "escaped quote before brackets", "{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", 0, NULL },
    { "same name at two depths", "{\"a\":{\"a\":1}}", 0, NULL },
    { "nothing", "", 0, "ends too early" },
    { "blank", " ", 0, "ends too early" },
    { "array", "[]", 0, "not an object" },
    { "string", "\"a\"", 0, "not an object" },
    { "number", "1", 0, "not an object" },
    { "null", "null", 0, "not an object" },
    { "cut off", "{\"a\":1", 0, "ends too early" },
    { "duplicate", "{\"a\":1,\"a\":2}", 0, "a member appears twice" },
    { "duplicate through an escape", "{\"a\":1,\"\\u0061\":2}", 0, "a member appears twice" },
    { "duplicate deeper", "{\"b\":[{\"a\":1,\"a\":1}]}", 0, "a member appears twice" },
    { "two objects", "{}{}", 0, "text follows the object" },
    { "trailing comma", "{\"a\":1,}", 0, "not JSON" },
    { "single quotes", "{'a':1}", 0, "not JSON" },
    { "comment", "{/**/}", 0, "not JSON" },
    { "NaN", "{\"a\":NaN}", 0, "not JSON" },
    { "leading zero", "{\"a\":01}", 0, "not JSON" },
    { "byte order mark", "\xef\xbb\xbf{}", 0, "not JSON" },
    { "escaped NUL in a value", "{\"a\":\"x\\u0000y\"}", 0, "a string holds NUL" },
    { "escaped NUL in a name", "{\"x\\u0000y\":1}", 0, "a string holds NUL" },
    { "raw NUL in a value", "{\"a\":\"x\0y\"}", 11, "not JSON" },
    { "NUL after the object", "{}\0", 3, "text follows the object" },
    { "not UTF-8", "{\"a\":\"\xff\"}", 0, "not UTF-8" },
    { "overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", 0, "not UTF-8" },
    { "surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", 0, "not UTF-8" },
    { "lone surrogate escape", "{\"a\":\"\\ud800\"}", 0, "not JSON" },
    { "raw control character", "{\"a\":\"\n\"}", 0, "not JSON" },
    { "integer too large", "{\"a\":99999999999999999999}", 0, "a number is out of range" },
    { "real too large", "{\"a\":1e999}", 0, "a number is out of range" },
};

START_TEST(text_is_read_strictly)
{
    json_t *out = NULL;
    const char *detail = NULL;
    apr_size_t len = rows[_i].len != 0 ? rows[_i].len : strlen(rows[_i].text);
    int ok = aj_json_read_object(rows[_i].text, len, pool, &out, &detail);

    assert_row(ok == (rows[_i].detail == NULL), rows[_i].name, "verdict is wrong: %s", detail ? detail : "accepted");
    ck_assert(ok == (out != NULL));
    if (!ok) {
        ck_assert_str_eq(detail, rows[_i].detail);
    }
}
END_TEST

static const char *nested(const char *open, const char *close, int depth)
{
    const char *text = "1";

    while (depth-- > 0) {
        text = apr_pstrcat(pool, open, text, close, NULL);
    }
    return apr_pstrcat(pool, "{\"a\":", text, "}", NULL);
}

START_TEST(depth_is_bounded)
{
    json_t *out;
    const char *detail;
    const char *deepest = nested("[", "]", AJ_JSON_MAX_DEPTH - 1);
    const char *deeper = nested("[", "]", AJ_JSON_MAX_DEPTH);
    const char *objects = nested("{\"b\":", "}", AJ_JSON_MAX_DEPTH);
    const char *huge = apr_pstrcat(pool, "{\"a\":", memset(apr_pcalloc(pool, 100001), '[', 100000), NULL);

    ck_assert(aj_json_read_object(deepest, strlen(deepest), pool, &out, &detail));
    ck_assert(!aj_json_read_object(deeper, strlen(deeper), pool, &out, &detail));
    ck_assert_str_eq(detail, "nested too deeply");
    ck_assert(!aj_json_read_object(objects, strlen(objects), pool, &out, &detail));
    ck_assert(!aj_json_read_object(huge, strlen(huge), pool, &out, &detail));
}
END_TEST

START_TEST(what_is_refused_is_not_quoted)
{
    static const char text[] = "{\"password\":\"hunter2\" x}";
    json_t *out;
    const char *detail;

    ck_assert(!aj_json_read_object(text, strlen(text), pool, &out, &detail));
    ck_assert_ptr_null(strstr(detail, "hunter2"));
}
END_TEST

static const char document[] =
    "{\"foo\":[\"bar\",\"baz\",[7]],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" "
    "\":7,\"m~n\":8,"
    "\"https://example.com/roles\":9,\"realm_access\":{\"roles\":[\"x\"],\"\":10},\"~1\":11,\"/lit\":12}";

/* The rows up to "m~n" are those of RFC 6901 section 5. */
static const struct {
    const char *name;
    const char *value; /* as compact JSON, NULL: absent */
} lookups[] = {
    { "/foo", "[\"bar\",\"baz\",[7]]" },
    { "/foo/0", "\"bar\"" },
    { "/", "0" },
    { "/a~1b", "1" },
    { "/c%d", "2" },
    { "/e^f", "3" },
    { "/g|h", "4" },
    { "/i\\j", "5" },
    { "/k\"l", "6" },
    { "/ ", "7" },
    { "/m~0n", "8" },
    { "foo", "[\"bar\",\"baz\",[7]]" },
    { "", "0" },
    { "a/b", "1" },
    { "https://example.com/roles", "9" },
    { "/realm_access/roles", "[\"x\"]" },
    { "/realm_access/roles/0", "\"x\"" },
    { "/realm_access/", "10" },
    { "/foo/2/0", "7" },
    { "/~01", "11" },
    { "/~1lit", "12" },
    { "realm_access/roles", NULL },
    { "/foo/3", NULL },
    { "/foo/-", NULL },
    { "/foo/00", NULL },
    { "/foo/01", NULL },
    { "/foo/+1", NULL },
    { "/foo/1x", NULL },
    { "/foo/ 1", NULL },
    { "/foo/99999999999999999999", NULL },
    { "/foo/", NULL },
    { "/foo/0/x", NULL },
    { "/fo", NULL },
    { "/fooo", NULL },
    { "fo", NULL },
    { "/m~n", NULL },
    { "/m~", NULL },
    { "/m~2n", NULL },
    { "/FOO", NULL },
    { "//foo", NULL },
    { "/lit", NULL },
};

START_TEST(members_are_found_by_name_or_pointer)
{
    json_t *object;
    const char *detail;
    const json_t *found;

    ck_assert(aj_json_read_object(document, strlen(document), pool, &object, &detail));
    found = aj_json_lookup(object, lookups[_i].name);
    assert_row((found != NULL) == (lookups[_i].value != NULL), lookups[_i].name, "presence is wrong");
    if (found != NULL) {
        ck_assert_str_eq(aj_json_write(found, pool), lookups[_i].value);
    }
}
END_TEST

START_TEST(a_pointer_is_well_formed_or_no_name)
{
    static const char *const good[] = { "a~2", "", "/", "/a~0b", "/a~1", "/~0~1/x", "https://x/~y" };
    static const char *const bad[] = { "/a~2", "/~", "/a~", "/a/~b", "/~0~" };
    size_t i;

    for (i = 0; i < ROWS(good); i++) {
        assert_row(aj_json_is_name(good[i]), good[i], "refused");
    }
    for (i = 0; i < ROWS(bad); i++) {
        assert_row(!aj_json_is_name(bad[i]), bad[i], "taken");
    }
}
END_TEST

START_TEST(writing_is_compact_and_keeps_the_order)
{
    static const char text[] = "{ \"z\" : 1, \"a\" : [ true, null, \"\\u00e9\" ] }";
    json_t *object;
    const char *detail;

    ck_assert(aj_json_read_object(text, strlen(text), pool, &object, &detail));
    ck_assert_str_eq(aj_json_write(object, pool), "{\"z\":1,\"a\":[true,null,\"\xc3\xa9\"]}");
}
END_TEST

/* Overlong forms, surrogates, beyond U+10FFFF, cut sequences; each beside what is well formed. */
static const struct {
    const char *text;
    int is_text;
} texts[] = {
    { "", 1 },
    { "ann", 1 },
    { "J\xc3\xbcrgen", 1 },
    { "\xf0\x9f\x94\x91", 1 },
    { "\xef\xbf\xbd", 1 },
    { "J\xfcrgen", 0 },
    { "\xc3", 0 },
    { "\x80", 0 },
    { "\xc0\xaf", 0 },
    { "\xe0\x80\xaf", 0 },
    { "\xed\xa0\x80", 0 },
    { "\xf4\x90\x80\x80", 0 },
};

START_TEST(text_is_utf8)
{
    assert_row(aj_json_is_text(texts[_i].text) == texts[_i].is_text, texts[_i].text, "is judged wrongly");
}
END_TEST

Suite *suite_json(void)
{
    Suite *suite = suite_create("aj_json");
    TCase *tcase = unit_case(suite, "door");

    tcase_add_loop_test(tcase, text_is_read_strictly, 0, ROWS(rows));
    tcase_add_test(tcase, depth_is_bounded);
    tcase_add_test(tcase, what_is_refused_is_not_quoted);
    tcase_add_loop_test(tcase, members_are_found_by_name_or_pointer, 0, ROWS(lookups));
    tcase_add_loop_test(tcase, text_is_utf8, 0, ROWS(texts));
    tcase_add_test(tcase, a_pointer_is_well_formed_or_no_name);
    tcase_add_test(tcase, writing_is_compact_and_keeps_the_order);
    return suite;
}

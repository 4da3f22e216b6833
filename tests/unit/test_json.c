/* SPDX-License-Identifier: Apache-2.0 */
/* The strict JSON door and JSON Pointers. */
#include "unit.h"
#include "aj_json_read.h"

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
    { "NUL after a number", "{\"a\":1\0}", 8, "not JSON" },
    { "NUL after a word", "{\"a\":[null\0]}", 13, "not JSON" },
    { "not UTF-8", "{\"a\":\"\xff\"}", 0, "not UTF-8" },
    { "overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", 0, "not UTF-8" },
    { "surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", 0, "not UTF-8" },
    { "lone surrogate escape", "{\"a\":\"\\ud800\"}", 0, "not JSON" },
    { "raw control character", "{\"a\":\"\n\"}", 0, "not JSON" },
    { "integer too large", "{\"a\":99999999999999999999}", 0, "a number is out of range" },
    { "integers at the limits", "{\"a\":[9223372036854775807,-9223372036854775808,-0]}", 0, NULL },
    { "integer above the limit", "{\"a\":9223372036854775808}", 0, "a number is out of range" },
    { "integer below the limit", "{\"a\":-9223372036854775809}", 0, "a number is out of range" },
    { "many digits of a real", "{\"a\":99999999999999999999.5}", 0, NULL },
    { "reals", "{\"a\":[0.1,-0.0,1e5,1E-5,0e+1,123.456e-789,1.7976931348623157e308]}", 0, NULL },
    { "real too large", "{\"a\":1e999}", 0, "a number is out of range" },
    { "point without digits", "{\"a\":1.}", 0, "not JSON" },
    { "exponent without digits", "{\"a\":1e+}", 0, "not JSON" },
    { "minus without digits", "{\"a\":-}", 0, "not JSON" },
    { "plus", "{\"a\":+1}", 0, "not JSON" },
    { "value is missing", "{\"a\":,\"b\":1}", 0, "not JSON" },
    { "name is missing", "{:1}", 0, "not JSON" },
    { "name is no string", "{1:1}", 0, "not JSON" },
    { "wrong bracket", "{\"a\":[1}", 0, "not JSON" },
    { "comma alone", "{,}", 0, "not JSON" },
    { "word goes on", "{\"a\":truely}", 0, "not JSON" },
    { "word in capitals", "{\"a\":True}", 0, "not JSON" },
    { "every escape", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u07ff\\uffff\\udbff\\udfff\"}", 0, NULL },
    { "unknown escape", "{\"a\":\"\\v\"}", 0, "not JSON" },
    { "escape cut off", "{\"a\":\"\\u00e\"}", 0, "not JSON" },
    { "low surrogate first", "{\"a\":\"\\udc00\\ud800\"}", 0, "not JSON" },
    { "high surrogate twice", "{\"a\":\"\\ud800\\ud800\"}", 0, "not JSON" },
    { "UTF-8 of each length", "{\"a\":\"\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}", 0, NULL },
    { "UTF-8 above U+10FFFF", "{\"a\":\"\xf4\x90\x80\x80\"}", 0, "not UTF-8" },
    { "UTF-8 cut off", "{\"a\":\"\xe2\x82\"}", 0, "not UTF-8" },
    { "continuation alone", "{\"a\":\"\x80\"}", 0, "not UTF-8" },
};

/* The reader of tokens says the same of every row. */
static void read_as_nodes(const char *name, const char *text, apr_size_t len, const json_t *object, const char *detail)
{
    const char *why = NULL;
    aj_json_doc_t doc;
    int ok = aj_json_read(apr_pstrmemdup(pool, text, len), len, pool, &doc, &why);

    assert_row(ok == (object != NULL), name, "the reader says: %s", why ? why : "accepted");
    if (ok) {
        ck_assert_str_eq(aj_json_write(aj_json_own(aj_node_json(&doc, doc.nodes), pool), pool),
                         aj_json_write(object, pool));
    }
    else {
        ck_assert_str_eq(why, detail);
    }
}

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
    read_as_nodes(rows[_i].name, rows[_i].text, len, out, detail);
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

static int read_by_both(const char *text, const char **detail)
{
    const char *why = NULL;
    aj_json_doc_t doc;
    json_t *out;
    int ok = aj_json_read_object(text, strlen(text), pool, &out, detail);

    ck_assert_int_eq(aj_json_read(apr_pstrdup(pool, text), strlen(text), pool, &doc, &why), ok);
    ck_assert(ok || !strcmp(why, *detail));
    return ok;
}

START_TEST(depth_is_bounded)
{
    const char *detail;
    const char *deepest = nested("[", "]", AJ_JSON_MAX_DEPTH - 1);
    const char *deeper = nested("[", "]", AJ_JSON_MAX_DEPTH);
    const char *objects = nested("{\"b\":", "}", AJ_JSON_MAX_DEPTH);
    const char *huge = apr_pstrcat(pool, "{\"a\":", memset(apr_pcalloc(pool, 100001), '[', 100000), NULL);

    ck_assert(read_by_both(deepest, &detail));
    ck_assert(!read_by_both(deeper, &detail));
    ck_assert_str_eq(detail, "nested too deeply");
    ck_assert(!read_by_both(objects, &detail));
    ck_assert(!read_by_both(huge, &detail));
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
    const aj_node_t *node;
    aj_json_doc_t doc;

    ck_assert(aj_json_read_object(document, strlen(document), pool, &object, &detail));
    ck_assert(aj_json_read(apr_pstrdup(pool, document), strlen(document), pool, &doc, &detail));
    found = aj_json_lookup(object, lookups[_i].name);
    assert_row((found != NULL) == (lookups[_i].value != NULL), lookups[_i].name, "presence is wrong");
    node = aj_node_lookup(&doc, lookups[_i].name);
    assert_row((node != NULL) == (found != NULL), lookups[_i].name, "presence as a node is wrong");
    if (found != NULL) {
        ck_assert_str_eq(aj_json_write(found, pool), lookups[_i].value);
        ck_assert_str_eq(aj_json_write(aj_json_own(aj_node_json(&doc, node), pool), pool), lookups[_i].value);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Verified claims: reading them, and their text for environments and headers. */
#include "unit.h"

static const char payload[] = "{\"sub\":\"ann\",\"exp\":1700000900,\"iat\":1700000000.5,\"sid_exp\":1700009999,"
                              "\"type\":\"refresh\",\"jti\":\"j\",\"sid\":\"s\","
                              "\"role\":\"admin\",\"roles\":[\"admin\",\"editor\",7,null,[\"x\"],\"editor\",\"role01\"]"
                              ",\"n\":7,\"https://example.com/roles\":"
                              "[\"far\"],\"realm_access\":{\"roles\":[\"deep\",\"admin\"]}}";

static const aj_claims_t *claims_of(const char *text)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, NULL);
    const aj_jwt_policy_t policy = { .keys = unit_ring(key, NULL, NULL),
                                     .identity_claim = "sub",
                                     .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH,
                                     .leeway = apr_time_from_sec(10) };
    const char *token = unit_token(key, "{\"alg\":\"HS256\"}", text), *detail;
    unsigned char hash[AJ_SHA256_BYTES];
    const aj_claims_t *claims;

    ck_assert_int_eq(
        aj_jwt_validate(&policy, token, strlen(token), apr_time_from_sec(1700000100), pool, &claims, &detail), AJ_OK);
    ck_assert_ptr_null(detail);
    ck_assert_int_eq(aj_sha256(token, (apr_size_t)(strrchr(token, '.') - token), hash), APR_SUCCESS);
    ck_assert_mem_eq(aj_claims_token_hash(claims), hash, sizeof(hash));
    return claims;
}

START_TEST(what_was_verified_can_be_read)
{
    const aj_claims_t *claims = claims_of(payload);

    ck_assert_str_eq(aj_claims_identity(claims), "ann");
    ck_assert_int_eq(aj_claims_type(claims), AJ_TYPE_REFRESH);
    ck_assert_int_eq(aj_claims_expires(claims), apr_time_from_sec(1700000900));
    ck_assert_int_eq(aj_claims_issued(claims), apr_time_make(1700000000, 500000));
    ck_assert_int_eq(aj_claims_session_expires(claims), apr_time_from_sec(1700009999));
    ck_assert_str_eq(aj_claims_string(claims, "jti"), "j");
    ck_assert_str_eq(aj_claims_string(claims, "/realm_access/roles/0"), "deep");
    ck_assert_ptr_null(aj_claims_string(claims, "n"));
    ck_assert_ptr_null(aj_claims_string(claims, "absent"));
    ck_assert_int_eq(json_integer_value(aj_claims_get(claims, "n")), 7);
    ck_assert(json_is_object(aj_claims_object(claims)));
}
END_TEST

START_TEST(what_is_absent_is_zero)
{
    const aj_claims_t *claims = claims_of("{\"sub\":\"ann\",\"exp\":1700000900}");

    ck_assert_int_eq(aj_claims_type(claims), AJ_TYPE_ACCESS);
    ck_assert_int_eq(aj_claims_issued(claims), 0);
    ck_assert_int_eq(aj_claims_session_expires(claims), 0);
}
END_TEST

static const struct {
    const char *names[3];
    const char *want; /* joined by commas */
} lists[] = {
    { { "role" }, "admin" },
    { { "roles" }, "admin,editor,role01" },
    { { "role", "roles" }, "admin,editor,role01" },
    { { "roles", "role" }, "admin,editor,role01" },
    { { "/realm_access/roles", "role" }, "deep,admin" },
    { { "https://example.com/roles" }, "far" },
    { { "absent", "n", "realm_access" }, "" },
    { { NULL }, "" },
};

START_TEST(strings_of_several_claims_are_joined)
{
    const aj_claims_t *claims = claims_of(payload);
    apr_array_header_t *names = apr_array_make(pool, 3, sizeof(const char *));
    int i;

    for (i = 0; i < 3 && lists[_i].names[i] != NULL; i++) {
        APR_ARRAY_PUSH(names, const char *) = lists[_i].names[i];
    }
    ck_assert_str_eq(apr_array_pstrcat(pool, aj_claims_strings(claims, names, pool), ','), lists[_i].want);
}
END_TEST

START_TEST(a_string_is_found_where_the_list_would_have_it)
{
    static const char *const words[] = { "admin", "editor", "role01", "deep", "far",
                                         "x",     "7",      "",       "adm",  "administrator" };
    const aj_claims_t *claims = claims_of(payload);
    apr_array_header_t *names = apr_array_make(pool, 3, sizeof(const char *));
    const char *list = apr_pstrcat(pool, ",", lists[_i].want, ",", NULL);
    size_t i;

    for (i = 0; i < 3 && lists[_i].names[i] != NULL; i++) {
        APR_ARRAY_PUSH(names, const char *) = lists[_i].names[i];
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        int is_there = *words[i] && strstr(list, apr_pstrcat(pool, ",", words[i], ",", NULL));

        ck_assert_msg(aj_claims_has_string(claims, names, words[i]) == is_there, "%s", words[i]);
    }
}
END_TEST

static const struct {
    const char *json;
    const char *text; /* NULL: has none */
} texts[] = {
    { "\"ann\"", "ann" },
    { "\"\"", "" },
    { "\"caf\xc3\xa9\"", "caf\xc3\xa9" },
    { "7", "7" },
    { "-7", "-7" },
    { "0", "0" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "9007199254740993", "9007199254740993" },
    { "0.1", "0.1" },
    { "1.5", "1.5" },
    { "1700000000.25", "1700000000.25" },
    { "0.30000000000000004", "0.30000000000000004" },
    { "1.0", "1.0" },
    { "true", "true" },
    { "false", "false" },
    { "null", NULL },
    { "[]", "" },
    { "[\"a\",\"b\"]", "a,b" },
    { "[1,true,0.1,\"x\"]", "1,true,0.1,x" },
    { "[\"a\",[1]]", "[\"a\",[1]]" },
    { "[null]", "[null]" },
    { "[{\"a\":1}]", "[{\"a\":1}]" },
    { "{\"a\":[1,2]}", "{\"a\":[1,2]}" },
    { "{}", "{}" },
    { "\"a\\nb\"", NULL },
    { "\"a\\rb\"", NULL },
    { "\"a\\tb\"", NULL },
    { "\"a\\u0001\"", NULL },
    { "\"a\\u007f\"", NULL },
    { "[\"a\",\"b\\n\"]", NULL },
    { "{\"a\":\"b\\n\"}", "{\"a\":\"b\\n\"}" },
    { "{\"a\":\"\\u007f\"}", NULL },
};

START_TEST(values_have_a_text)
{
    const json_t *value = aj_json_own(json_loads(texts[_i].json, JSON_DECODE_ANY, NULL), pool);
    const char *text = aj_claims_text(value, pool);

    assert_row((text == NULL) == (texts[_i].text == NULL), texts[_i].json, "%s", text ? text : "none");
    ck_assert(text == NULL || strcmp(text, texts[_i].text) == 0);
}
END_TEST

/* The same without jansson, by name, by pointer, and in a visit. */
START_TEST(claims_have_the_text_of_their_value)
{
    const aj_claims_t *claims =
        claims_of(apr_psprintf(pool, "{\"sub\":\"ann\",\"exp\":1700000900,\"x\":[0,{\"y\":%s}]}", texts[_i].json));
    const char *text = aj_claims_text_of(claims, "/x/1/y", pool);

    assert_row((text == NULL) == (texts[_i].text == NULL), texts[_i].json, "%s", text ? text : "none");
    ck_assert(text == NULL || strcmp(text, texts[_i].text) == 0);
    ck_assert_ptr_null(aj_claims_text_of(claims, "absent", pool));
}
END_TEST

static void note(void *data, const char *name, const char *text)
{
    const char **all = data;

    *all = apr_pstrcat(pool, *all, name, "=", text ? text : "(none)", ";", NULL);
}

START_TEST(claims_are_visited_in_order)
{
    const char *all = "";

    aj_claims_each(claims_of("{\"z\":{\"a\":[1]},\"sub\":\"ann\",\"n\":null,\"exp\":1700000900,\"a\":[1,\"b\"]}"), pool,
                   note, &all);
    ck_assert_str_eq(all, "z={\"a\":[1]};sub=ann;n=(none);exp=1700000900;a=1,b;");
}
END_TEST

/* Made when they are first asked for, they are the same ever after. */
START_TEST(values_are_made_once)
{
    const aj_claims_t *claims = claims_of(payload);

    ck_assert_ptr_eq(aj_claims_get(claims, "roles"), aj_claims_get(claims, "/roles"));
    ck_assert_ptr_eq(aj_claims_object(claims), aj_claims_object(claims));
    ck_assert(json_equal((json_t *)aj_claims_get(claims, "roles"), json_object_get(aj_claims_object(claims), "roles")));
}
END_TEST

START_TEST(what_is_absent_has_no_text)
{
    ck_assert_ptr_null(aj_claims_text(NULL, pool));
}
END_TEST

static const struct {
    const char *json;
    const char *text;
    int holds;
} holding[] = {
    { "\"ann\"", "ann", 1 },
    { "\"ann\"", "an", 0 },
    { "\"ann\"", "anna", 0 },
    { "\"ann\"", "Ann", 0 },
    { "\"ann\"", "ann ", 0 },
    { "\"ann\"", "", 0 },
    { "\"\"", "", 1 },
    { "\"ad min\"", "admin", 0 },
    { "\"role01\"", "role1", 0 },
    { "\"a b\"", "a", 0 },
    { "\"a,b\"", "a", 0 },
    { "[\"a\",\"b\"]", "b", 1 },
    { "[\"a\",\"b\"]", "a,b", 0 },
    { "[\"a\",\"b\"]", "", 0 },
    { "[]", "", 0 },
    { "[\"\"]", "", 1 },
    { "\"caf\xc3\xa9\"", "caf\xc3\xa9", 1 },
    { "\"cafe\\u0301\"", "caf\xc3\xa9", 0 },
    { "\"a\\u0001b\"",
      "a\x01"
      "b",
      1 },
    { "\"a\\u0001b\"", "a", 0 },
    { "\"a\\u0000b\"", "a", 0 },
    { "[\"a\\u0000b\"]", "a", 0 },
    { "1", "1", 1 },
    { "\"1\"", "1", 1 },
    { "[1]", "1", 1 },
    { "1.0", "1.0", 1 },
    { "1.0", "1", 0 },
    { "1", "1.0", 0 },
    { "1", "01", 0 },
    { "1", "1 ", 0 },
    { "10", "1", 0 },
    { "-7", "-7", 1 },
    { "1e2", "100.0", 1 },
    { "1e2", "100", 0 },
    { "0.1", "0.1", 1 },
    { "9007199254740993", "9007199254740993", 1 },
    { "9007199254740993", "9007199254740992", 0 },
    { "9223372036854775807", "9223372036854775807", 1 },
    { "true", "true", 1 },
    { "true", "1", 0 },
    { "true", "True", 0 },
    { "false", "false", 1 },
    { "false", "", 0 },
    { "false", "0", 0 },
    { "[true]", "true", 1 },
    { "null", "null", 0 },
    { "null", "", 0 },
    { "[null]", "null", 0 },
    { "[null]", "", 0 },
    { "{}", "{}", 0 },
    { "{\"a\":1}", "{\"a\":1}", 0 },
    { "{\"a\":1}", "a", 0 },
    { "[[\"a\"]]", "a", 0 },
    { "[[\"a\"]]", "[\"a\"]", 0 },
    { "[{\"a\":1}]", "a", 0 },
    { "[[],\"a\"]", "a", 1 },
};

static const json_t *loaded(const char *text)
{
    return aj_json_own(json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL), pool);
}

START_TEST(a_value_holds_exactly_its_text)
{
    assert_row(aj_claims_holds(loaded(holding[_i].json), holding[_i].text, pool) == holding[_i].holds, holding[_i].text,
               "in %s", holding[_i].json);
}
END_TEST

static const struct {
    const char *json;
    const char *word;
    int holds;
} words[] = {
    { "\"read write\"", "read", 1 },
    { "\"read write\"", "write", 1 },
    { "\"read\"", "read", 1 },
    { "\" read  write \"", "write", 1 },
    { "\"read write\"", "read write", 0 },
    { "\"read write\"", "rea", 0 },
    { "\"read write\"", "ead", 0 },
    { "\"read write\"", "", 0 },
    { "\"read  write\"", "", 0 },
    { "\"\"", "", 0 },
    { "\"\"", "read", 0 },
    { "\" \"", "read", 0 },
    { "\"Read\"", "read", 0 },
    { "\"read\\twrite\"", "read", 0 },
    { "\"read,write\"", "read", 0 },
    { "\"read\\u0000 write\"", "read", 0 },
    { "\"read\\u0000 write\"", "write", 1 },
    { "\"read:all\"", "read", 0 },
    { "[\"read\",\"write\"]", "write", 1 },
    { "[\"read write\"]", "read", 0 },
    { "[\"read\"]", "", 0 },
    { "[\"\"]", "", 0 },
    { "[7,null,[\"read\"],{\"read\":1}]", "read", 0 },
    { "[7]", "7", 0 },
    { "7", "7", 0 },
    { "true", "true", 0 },
    { "null", "null", 0 },
    { "{\"read\":true}", "read", 0 },
    { "[\"read\\u0000x\"]", "read", 0 },
};

START_TEST(words_stand_between_blanks_or_in_an_array)
{
    assert_row(aj_claims_holds_word(loaded(words[_i].json), words[_i].word) == words[_i].holds, words[_i].word, "in %s",
               words[_i].json);
}
END_TEST

START_TEST(what_is_absent_holds_nothing)
{
    ck_assert(!aj_claims_holds(NULL, "", pool));
    ck_assert(!aj_claims_holds_word(NULL, ""));
    ck_assert(!aj_claims_holds_word(NULL, "read"));
}
END_TEST

static const struct {
    const char *members; /* of a token that is judged at 1700000100 */
    int age;             /* seconds, -1: any */
    int fresh;
} freshness[] = {
    { ",\"fresh\":true", -1, 1 },
    { ",\"fresh\":false", -1, 0 },
    { "", -1, 0 },
    { ",\"fresh\":null", -1, 0 },
    { ",\"fresh\":\"true\"", -1, 0 },
    { ",\"fresh\":[true]", -1, 0 },
    { ",\"fresh\":{}", -1, 0 },
    { ",\"fresh\":1700000100", -1, 1 },
    { ",\"fresh\":1700000099", -1, 0 },
    { ",\"fresh\":1700000100.5", -1, 1 },
    { ",\"fresh\":1700000099.5", -1, 0 },
    { ",\"fresh\":1", -1, 0 },
    { ",\"fresh\":0", -1, 0 },
    { ",\"fresh\":-1", -1, 0 },
    { ",\"fresh\":1700000900000", -1, 0 },
    { ",\"fresh\":1e300", -1, 0 },
    { ",\"fresh\":\"1700000900\"", -1, 0 },
    { ",\"fresh\":true,\"iat\":1700000090", 10, 1 },
    { ",\"fresh\":true,\"iat\":1700000089", 10, 0 },
    { ",\"fresh\":true,\"iat\":1700000089.5", 10, 0 },
    { ",\"fresh\":true,\"iat\":1700000105", 10, 1 },
    { ",\"fresh\":true", 10, 0 },
    { ",\"fresh\":true,\"iat\":0", 315360000, 0 },
    { ",\"fresh\":false,\"iat\":1700000100", 10, 0 },
    { ",\"iat\":1700000100", 10, 0 },
    { ",\"fresh\":1700000900,\"iat\":1700000090", 10, 1 },
    { ",\"fresh\":1700000900,\"iat\":1700000089", 10, 0 },
    { ",\"fresh\":1700000099,\"iat\":1700000099", 10, 0 },
    { ",\"fresh\":1700000900", 10, 0 },
};

START_TEST(a_token_is_fresh_after_a_login_for_a_time)
{
    const char *text = apr_pstrcat(pool, "{\"sub\":\"ann\",\"exp\":1700000900", freshness[_i].members, "}", NULL);
    apr_interval_time_t age = freshness[_i].age < 0 ? -1 : apr_time_from_sec(freshness[_i].age);

    assert_row(aj_claims_is_fresh(claims_of(text), age, apr_time_from_sec(1700000100)) == freshness[_i].fresh, text,
               "judged wrongly");
}
END_TEST

Suite *suite_claims(void)
{
    Suite *suite = suite_create("aj_claims");
    TCase *tcase = unit_case(suite, "reading");

    tcase_add_test(tcase, what_was_verified_can_be_read);
    tcase_add_test(tcase, what_is_absent_is_zero);
    tcase_add_loop_test(tcase, strings_of_several_claims_are_joined, 0, ROWS(lists));
    tcase_add_loop_test(tcase, a_string_is_found_where_the_list_would_have_it, 0, ROWS(lists));
    tcase_add_loop_test(tcase, values_have_a_text, 0, ROWS(texts));
    tcase_add_loop_test(tcase, claims_have_the_text_of_their_value, 0, ROWS(texts));
    tcase_add_test(tcase, claims_are_visited_in_order);
    tcase_add_test(tcase, values_are_made_once);
    tcase_add_test(tcase, what_is_absent_has_no_text);
    tcase_add_loop_test(tcase, a_value_holds_exactly_its_text, 0, ROWS(holding));
    tcase_add_loop_test(tcase, words_stand_between_blanks_or_in_an_array, 0, ROWS(words));
    tcase_add_test(tcase, what_is_absent_holds_nothing);
    tcase_add_loop_test(tcase, a_token_is_fresh_after_a_login_for_a_time, 0, ROWS(freshness));
    return suite;
}

/* Verified claims: reading them, and their text for environments and headers. */
#include "unit.h"

static const char payload[] =
    "{\"sub\":\"ann\",\"exp\":1700000900,\"iat\":1700000000.5,\"sid_exp\":1700009999,\"type\":\"refresh\",\"jti\":\"j\",\"sid\":\"s\","
    "\"role\":\"admin\",\"roles\":[\"admin\",\"editor\",7,null,[\"x\"],\"editor\",\"role01\"],\"n\":7,\"https://example.com/roles\":"
    "[\"far\"],\"realm_access\":{\"roles\":[\"deep\",\"admin\"]}}";

static const aj_claims_t *claims_of(const char *text)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, NULL);
    const aj_jwt_policy_t policy = { .keys = unit_ring(key, NULL, NULL), .identity_claim = "sub",
                                     .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH };
    const char *token = unit_token(key, "{\"alg\":\"HS256\"}", text), *detail;
    unsigned char hash[AJ_SHA256_BYTES];
    const aj_claims_t *claims;

    ck_assert_int_eq(aj_jwt_validate(&policy, token, strlen(token), apr_time_from_sec(1700000100), pool, &claims, &detail),
                     AJ_OK);
    ck_assert_ptr_null(detail);
    ck_assert_int_eq(aj_sha256(token, strlen(token), hash), APR_SUCCESS);
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
    const char *want;            /* joined by commas */
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

static const struct {
    const char *json;
    const char *text;            /* NULL: has none */
} texts[] = {
    { "\"ann\"", "ann" }, { "\"\"", "" }, { "\"caf\xc3\xa9\"", "caf\xc3\xa9" }, { "7", "7" }, { "-7", "-7" },
    { "9007199254740993", "9007199254740993" }, { "0.1", "0.1" }, { "1.5", "1.5" }, { "1700000000.25", "1700000000.25" },
    { "0.30000000000000004", "0.30000000000000004" }, { "1.0", "1.0" }, { "true", "true" }, { "false", "false" },
    { "null", NULL }, { "[]", "" }, { "[\"a\",\"b\"]", "a,b" }, { "[1,true,0.1,\"x\"]", "1,true,0.1,x" },
    { "[\"a\",[1]]", "[\"a\",[1]]" }, { "[null]", "[null]" }, { "[{\"a\":1}]", "[{\"a\":1}]" },
    { "{\"a\":[1,2]}", "{\"a\":[1,2]}" }, { "{}", "{}" }, { "\"a\\nb\"", NULL }, { "\"a\\rb\"", NULL }, { "\"a\\tb\"", NULL },
    { "\"a\\u0001\"", NULL }, { "\"a\\u007f\"", NULL }, { "[\"a\",\"b\\n\"]", NULL }, { "{\"a\":\"b\\n\"}", "{\"a\":\"b\\n\"}" },
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

START_TEST(what_is_absent_has_no_text)
{
    ck_assert_ptr_null(aj_claims_text(NULL, pool));
}
END_TEST

Suite *suite_claims(void)
{
    Suite *suite = suite_create("aj_claims");
    TCase *tcase = unit_case(suite, "reading");

    tcase_add_test(tcase, what_was_verified_can_be_read);
    tcase_add_test(tcase, what_is_absent_is_zero);
    tcase_add_loop_test(tcase, strings_of_several_claims_are_joined, 0, ROWS(lists));
    tcase_add_loop_test(tcase, values_have_a_text, 0, ROWS(texts));
    tcase_add_test(tcase, what_is_absent_has_no_text);
    return suite;
}

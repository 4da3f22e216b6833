/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as one block, and back: nothing is lost, and nothing but the time is judged again. */
#include <stdlib.h>

#include "unit.h"

#define NOW  1700000100
#define MOST 65536

#define DATES "\"sub\":\"ann\",\"exp\":1700000900"

static const char *const payloads[] = {
    "{" DATES "}",
    "{" DATES ",\"s\":\"text\",\"empty\":\"\",\"n\":0,\"minus\":-1,\"t\":true,\"f\":false,\"null\":null}",
    "{" DATES ",\"most\":9223372036854775807,\"least\":-9223372036854775808,\"r\":0.1,\"big\":1e300,\"tiny\":-5e-324}",
    "{" DATES ",\"list\":[],\"object\":{},\"roles\":[\"a\",\"b\",3,true],\"mixed\":[1,[2,[3]],{\"x\":null}]}",
    "{" DATES ",\"deep\":{\"a\":{\"b\":{\"c\":[{\"d\":[{\"e\":{\"f\":\"g\"}}]}]}}}}",
    "{" DATES ",\"ü\":\"größe\",\"other\":\"漢字 😀\"}",
    "{" DATES ",\"esc\":\"\\u00e4\\n\\\"\\\\\\/\",\"pair\":\"\\ud83d\\ude00\",\"\":\"no name\"}",
    "{" DATES ",\"a-b\":1,\"a_b\":2,\"A b\":3,\"ab\":4,\"control\":\"a\\u0007b\"}",
    "{" DATES
    ",\"iat\":1700000000.5,\"nbf\":1700000050,\"sid_exp\":1700009999,\"sid\":\"s\",\"jti\":\"j\",\"fresh\":true}",
    "{ \"exp\" : 1700000900.25 , \"sub\" : \"\\u0061nn\" , \"iss\" : \"https://a.example/\" , \"aud\" : [ \"x\" ] }",
};

static const aj_key_t *key(void)
{
    return unit_signer(aj_alg_find("HS256"));
}

static aj_jwt_policy_t policy(void)
{
    return (aj_jwt_policy_t){ .keys = unit_ring(key(), NULL, NULL),
                              .identity_claim = "sub",
                              .types = AJ_TYPE_ACCESS,
                              .leeway = apr_time_from_sec(10) };
}

static const char *token_of(const char *payload)
{
    return unit_token(key(), "{\"alg\":\"HS256\"}", payload);
}

static const aj_claims_t *validated(const char *token)
{
    aj_jwt_policy_t asked = policy();
    const aj_claims_t *claims;
    const char *detail;

    ck_assert_int_eq(aj_jwt_validate(&asked, token, strlen(token), apr_time_from_sec(NOW), pool, &claims, &detail),
                     AJ_OK);
    return claims;
}

/* Packed, moved elsewhere, the first place overwritten. */
static void *moved(const aj_claims_t *claims)
{
    apr_size_t size = aj_claims_packed_size(claims, MOST);
    void *block, *copy;

    ck_assert_uint_ne(size, 0);
    ck_assert_uint_eq(size % 8, 0);
    block = malloc(size);
    copy = apr_palloc(pool, size);
    memset(block, 0xee, size);
    aj_claims_pack(claims, size, block);
    memcpy(copy, block, size);
    memset(block, 0xee, size);
    free(block);
    return copy;
}

static const aj_claims_t *recalled(const char *token, const void *block)
{
    aj_jwt_policy_t asked = policy();
    const aj_claims_t *claims = NULL;

    ck_assert(aj_jwt_recall(&asked, token, block, apr_time_from_sec(NOW), pool, &claims));
    return claims;
}

static void assert_same_variables(const aj_claims_t *a, const aj_claims_t *b)
{
    int count, other, i;
    const aj_variable_t *one = aj_claims_variables(a, &count);
    const aj_variable_t *two = aj_claims_variables(b, &other);

    ck_assert_int_eq(count, other);
    for (i = 0; i < count; i++) {
        ck_assert_str_eq(one[i].name, two[i].name);
        ck_assert_str_eq(one[i].text, two[i].text);
    }
}

static void assert_same(const aj_claims_t *a, const aj_claims_t *b)
{
    const char *name;
    json_t *value;

    ck_assert(json_equal((json_t *)aj_claims_object(a), (json_t *)aj_claims_object(b)));
    json_object_foreach((json_t *)aj_claims_object(a), name, value)
    {
        const char *text = aj_claims_text_of(a, name, pool);

        ck_assert_pstr_eq(text, aj_claims_text_of(b, name, pool));
    }
    assert_same_variables(a, b);
    ck_assert_str_eq(aj_claims_identity(a), aj_claims_identity(b));
    ck_assert_int_eq(aj_claims_type(a), aj_claims_type(b));
    ck_assert_int_eq(aj_claims_expires(a), aj_claims_expires(b));
    ck_assert_int_eq(aj_claims_issued(a), aj_claims_issued(b));
    ck_assert_int_eq(aj_claims_session_expires(a), aj_claims_session_expires(b));
    ck_assert_ptr_eq(aj_claims_key(a), aj_claims_key(b));
    ck_assert_mem_eq(aj_claims_token_hash(a), aj_claims_token_hash(b), AJ_SHA256_BYTES);
}

START_TEST(what_was_packed_comes_back)
{
    const char *token = token_of(payloads[_i]);
    const aj_claims_t *claims = validated(token);
    void *block = moved(claims);

    assert_same(claims, recalled(token, block));
    /* And again, of what was recalled. */
    assert_same(claims, recalled(token, moved(recalled(token, block))));
}
END_TEST

/* Many claims: names are compared in another way. */
START_TEST(hundreds_of_claims_come_back)
{
    const char *payload = "{" DATES, *token;
    const aj_claims_t *claims;
    int i, count;

    for (i = 0; i < 300; i++) {
        payload = apr_psprintf(pool, "%s,\"claim %d\":%d,\"x%d\":\"%d\"", payload, i, i, i, i);
    }
    token = token_of(apr_pstrcat(pool, payload, ",\"CLAIM_7\":1,\"claim-7\":2}", NULL));
    claims = validated(token);
    aj_claims_variables(claims, &count);
    ck_assert_int_eq(count, 2 + 600 - 1);
    assert_same(claims, recalled(token, moved(claims)));
}
END_TEST

static int has_variable(const aj_claims_t *claims, const char *name, const char *text)
{
    int count, i;
    const aj_variable_t *variables = aj_claims_variables(claims, &count);

    for (i = 0; i < count; i++) {
        if (!strcmp(variables[i].name, name)) {
            return text && !strcmp(variables[i].text, text);
        }
    }
    return !text;
}

START_TEST(variables_of_one_name_are_left_out)
{
    const aj_claims_t *claims = validated(token_of(payloads[7]));

    ck_assert(has_variable(claims, "JWT_CLAIM_A_B", NULL));
    ck_assert(has_variable(claims, "JWT_CLAIM_AB", "4"));
    ck_assert(has_variable(claims, "JWT_CLAIM_CONTROL", NULL));
    ck_assert(has_variable(claims, "JWT_CLAIM_SUB", "ann"));
    ck_assert(has_variable(validated(token_of(payloads[5])), "JWT_CLAIM___", "größe"));
    ck_assert(has_variable(validated(token_of(payloads[5])), "JWT_CLAIM_OTHER", "漢字 😀"));
}
END_TEST

START_TEST(numbers_have_all_their_digits)
{
    const aj_claims_t *claims = validated(token_of(payloads[2]));

    ck_assert(has_variable(claims, "JWT_CLAIM_MOST", "9223372036854775807"));
    ck_assert(has_variable(claims, "JWT_CLAIM_LEAST", "-9223372036854775808"));
    ck_assert(has_variable(claims, "JWT_CLAIM_R", "0.1"));
    ck_assert(has_variable(validated(token_of(payloads[1])), "JWT_CLAIM_N", "0"));
    ck_assert(has_variable(validated(token_of(payloads[1])), "JWT_CLAIM_MINUS", "-1"));
}
END_TEST

START_TEST(too_large_is_said_before_packing)
{
    const aj_claims_t *claims = validated(token_of(payloads[3]));
    apr_size_t size = aj_claims_packed_size(claims, MOST);

    ck_assert_uint_eq(aj_claims_packed_size(claims, size), size);
    ck_assert_uint_eq(aj_claims_packed_size(claims, size - 1), 0);
    ck_assert_uint_eq(aj_claims_packed_size(claims, 0), 0);
}
END_TEST

/* At any time, a token that is recalled is one that would be validated. */
START_TEST(the_time_is_judged_as_when_validated)
{
    static const char *const dated[] = {
        "{\"sub\":\"ann\",\"exp\":1700000900}",
        "{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":1700000050.5,\"iat\":1700000040}",
        "{\"sub\":\"ann\",\"exp\":1700000900.75,\"nbf\":1700000040,\"iat\":1700000050}",
    };
    const apr_time_t around[] = { apr_time_from_sec(1700000890),     apr_time_from_sec(1700000900),
                                  apr_time_make(1700000900, 750000), apr_time_from_sec(1700000910),
                                  apr_time_make(1700000910, 750000), apr_time_from_sec(1700000030),
                                  apr_time_from_sec(1700000040),     apr_time_make(1700000040, 500000),
                                  apr_time_from_sec(1700000050),     apr_time_make(1700000050, 500000) };
    const char *token = token_of(dated[_i]), *detail;
    void *block = moved(validated(token));
    int i, step, good = 0;

    for (i = 0; i < 2 * ROWS(around); i++) {
        for (step = -1; step <= 1; step++) {
            aj_jwt_policy_t asked = policy();
            apr_time_t now = around[i / 2] + step;
            const aj_claims_t *claims;
            aj_error_e error;

            asked.leeway = i % 2 ? 0 : asked.leeway;
            error = aj_jwt_validate(&asked, token, strlen(token), now, pool, &claims, &detail);
            ck_assert_int_eq(aj_jwt_recall(&asked, token, block, now, pool, &claims), error == AJ_OK);
            good += error == AJ_OK;
        }
    }
    ck_assert_int_gt(good, 10);
    ck_assert_int_lt(good, 50);
}
END_TEST

Suite *suite_claims_pack(void)
{
    Suite *suite = suite_create("claims_pack");
    TCase *tcase = unit_case(suite, "claims_pack");

    tcase_add_loop_test(tcase, what_was_packed_comes_back, 0, ROWS(payloads));
    tcase_add_test(tcase, hundreds_of_claims_come_back);
    tcase_add_test(tcase, variables_of_one_name_are_left_out);
    tcase_add_test(tcase, numbers_have_all_their_digits);
    tcase_add_test(tcase, too_large_is_said_before_packing);
    tcase_add_loop_test(tcase, the_time_is_judged_as_when_validated, 0, 3);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as variables of the environment. */
#include "unit.h"

static const aj_claims_t *claims_of(const char *text)
{
    const aj_key_t *key = unit_key("HS256", unit_secret, NULL);
    const aj_jwt_policy_t policy = { .keys = unit_ring(key, NULL, NULL),
                                     .identity_claim = "sub",
                                     .types = AJ_TYPE_ACCESS };
    const char *token = unit_token(key, "{\"alg\":\"HS256\"}", text), *detail;
    const aj_claims_t *claims;

    ck_assert_int_eq(
        aj_jwt_validate(&policy, token, strlen(token), apr_time_from_sec(1700000100), pool, &claims, &detail), AJ_OK);
    return claims;
}

START_TEST(claims_become_variables_unless_two_have_one_name)
{
    const aj_claims_t *claims =
        claims_of("{\"sub\":\"ann\",\"exp\":1700000900,\"a-b\":\"1\",\"none\":null,\"a_b\":\"2\","
                  "\"A.B\":3,\"NONE\":\"4\",\"\u00e9\":5,\"c\":true}");
    const char *text = "";
    int count, again, i;
    const aj_variable_t *variables = aj_claims_variables(claims, &count);

    for (i = 0; i < count; i++) {
        text = apr_pstrcat(pool, text, variables[i].name, "=", variables[i].text, " ", NULL);
    }
    ck_assert_str_eq(text, "JWT_CLAIM_SUB=ann JWT_CLAIM_EXP=1700000900 JWT_CLAIM___=5 JWT_CLAIM_C=true ");
    ck_assert_ptr_eq(aj_claims_variables(claims, &again), variables);
    ck_assert_int_eq(again, count);
    ck_assert_str_eq(aj_claims_variable_name("https://x.y/Z9", pool), "JWT_CLAIM_HTTPS___X_Y_Z9");
}
END_TEST

START_TEST(all_of_many_claims_become_variables)
{
    const char *text = "{\"sub\":\"ann\",\"exp\":1700000900";
    const aj_variable_t *variables;
    int count, i;

    for (i = 0; i < 700; i++) {
        /* Every third meets another of its name. */
        text = apr_psprintf(pool, "%s,\"x%d\":%d%s", text, i, i, i % 3 ? "" : apr_psprintf(pool, ",\"X%d\":0", i));
    }
    variables = aj_claims_variables(claims_of(apr_pstrcat(pool, text, "}", NULL)), &count);
    ck_assert_int_eq(count, 2 + 466);
    ck_assert_str_eq(variables[2].name, "JWT_CLAIM_X1");
    ck_assert_str_eq(variables[467].name, "JWT_CLAIM_X698");
    ck_assert_str_eq(variables[467].text, "698");
}
END_TEST

Suite *suite_claims_variables(void)
{
    Suite *suite = suite_create("aj_claims_variables");
    TCase *tcase = unit_case(suite, "variables");

    tcase_add_test(tcase, claims_become_variables_unless_two_have_one_name);
    tcase_add_test(tcase, all_of_many_claims_become_variables);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the provider valkey: what is right has one spelling, what is wrong a sentence. */
#include "authjwt_valkey_args.h"
#include "unit.h"

static const struct {
    const char *args;
    const char *spelled;
} good[] = {
    { "host", "host:6379/0" },
    { "host:7000", "host:7000/0" },
    { "host/3", "host:6379/3" },
    { "host:1/15", "host:1/15" },
    { "host:65535", "host:65535/0" },
    { "HOST.Example", "host.example:6379/0" },
    { "a_b-c.d", "a_b-c.d:6379/0" },
    { "10.0.0.1", "10.0.0.1:6379/0" },
    { "[::1]", "[::1]:6379/0" },
    { "[2001:DB8::1]:7000/2", "[2001:db8::1]:7000/2" },
    { "sentinel", "sentinel:6379/0" },
    { "unix", "unix:6379/0" },
    { "host/000", "host:6379/0" },
    { "unix:/run/v.sock", "unix:/run/v.sock/0" },
    { "unix:/run/v.sock/7", "unix:/run/v.sock/7" },
    { "unix:/run/7/0", "unix:/run/7/0" },
    { "unix:/run/V.sock", "unix:/run/V.sock/0" },
    { "sentinel:m@a", "sentinel:m@a:26379/0" },
    { "sentinel:My-Master.1@b:1,a,[::1]/4", "sentinel:My-Master.1@[::1]:26379,a:26379,b:1/4" },
    { "sentinel:m@a:2,a:1", "sentinel:m@a:1,a:2/0" },
};

START_TEST(what_is_right_has_one_spelling)
{
    authjwt_valkey_address_t address;
    const char *error = authjwt_valkey_parse(good[_i].args, &address, pool);

    assert_row(!error, good[_i].args, "%s", error);
    ck_assert_str_eq(authjwt_valkey_spell(&address, pool), good[_i].spelled);
    ck_assert_int_eq((address.path != NULL) + (address.count > 0), 1);
    ck_assert_int_eq(address.master != NULL, !strncmp(good[_i].args, "sentinel:", 9));
}
END_TEST

static const struct {
    const char *args;
    const char *said; /* of the sentence */
} bad[] = {
    { NULL, "say where the server is" },
    { "", "say where the server is" },
    { "/3", "is no host" },
    { ":6379", "is no host" },
    { "a b", "is no host" },
    { "a/b", "is no host" },
    { "a/1/2", "is no host" },
    { "a:", "is no port" },
    { "a:x", "is no port" },
    { "a:0", "is no port" },
    { "a:65536", "is no port" },
    { "a:-1", "is no port" },
    { "a:000001", "is no port" },
    { "a/", "is no host" },
    { "a/1234567", "is no number of a database" },
    { "::1", "in brackets" },
    { "2001:db8::1:6379", "in brackets" },
    { "[::1", "is no host" },
    { "[::1]x", "is no host" },
    { "[host]", "is no host" },
    { "[10.0.0.1]", "is no host" },
    { "a,b", "names several servers" },
    { "user:word@host", "is no URL" },
    { "sentinel:m@user:word@host", "is no URL" },
    { "sentinel:m@//host", "is no URL" },
    { "//host", "is no URL" },
    { "unix:", "needs an absolute path" },
    { "unix:/", "needs an absolute path" },
    { "unix:v.sock", "needs an absolute path" },
    { "unix:/1", "needs an absolute path" },
    { "sentinel:", "write sentinel:MASTER@HOST" },
    { "sentinel:m", "write sentinel:MASTER@HOST" },
    { "sentinel:@a", "write sentinel:MASTER@HOST" },
    { "sentinel:a b@c", "write sentinel:MASTER@HOST" },
    { "sentinel:m@", "is no host" },
    { "sentinel:m@a,", "is no host" },
    { "sentinel:m@a,,b", "is no host" },
    { "sentinel:m@a:0", "is no port" },
    { "sentinel:m@a,b,A:26379", "names the Sentinel \"a\" twice" },
};

START_TEST(what_is_wrong_is_a_sentence)
{
    const char *name = bad[_i].args ? bad[_i].args : "NULL";
    authjwt_valkey_address_t address = { .path = "untouched" };
    const char *error = authjwt_valkey_parse(bad[_i].args, &address, pool);

    assert_row(error, name, "accepted");
    assert_row(strstr(error, bad[_i].said), name, "%s", error);
    ck_assert_str_eq(address.path, "untouched");
}
END_TEST

START_TEST(what_may_be_a_password_is_not_repeated)
{
    static const char *const args[] = { "user:hunter2@host", "valkey://:hunter2@host:6379/0", "//user:hunter2@host" };
    authjwt_valkey_address_t address;
    const char *error = authjwt_valkey_parse(args[_i], &address, pool);

    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_null(strstr(error, "hunter2"));
}
END_TEST

/* The ports tell them apart. */
static char *sentinels(int count)
{
    char *text = apr_pstrdup(pool, "sentinel:m@a");

    while (--count > 0) {
        text = apr_psprintf(pool, "%s,a:%d", text, count);
    }
    return text;
}

static char *repeat(const char *what, int times)
{
    char *text = apr_pstrdup(pool, "");

    while (times-- > 0) {
        text = apr_pstrcat(pool, text, what, NULL);
    }
    return text;
}

START_TEST(lengths_are_bounded)
{
    authjwt_valkey_address_t address;

    ck_assert_ptr_null(authjwt_valkey_parse(repeat("x", 255), &address, pool));
    ck_assert_ptr_nonnull(authjwt_valkey_parse(repeat("x", 256), &address, pool));
    ck_assert_ptr_null(authjwt_valkey_parse(apr_pstrcat(pool, "unix:/", repeat("x", 106), NULL), &address, pool));
    ck_assert_ptr_nonnull(authjwt_valkey_parse(apr_pstrcat(pool, "unix:/", repeat("x", 107), NULL), &address, pool));
    ck_assert_ptr_null(authjwt_valkey_parse(sentinels(32), &address, pool));
    ck_assert_ptr_nonnull(authjwt_valkey_parse(sentinels(33), &address, pool));
}
END_TEST

Suite *suite_valkey_args(void)
{
    Suite *suite = suite_create("valkey_args");
    TCase *tests = unit_case(suite, "valkey_args");

    tcase_add_loop_test(tests, what_is_right_has_one_spelling, 0, ROWS(good));
    tcase_add_loop_test(tests, what_is_wrong_is_a_sentence, 0, ROWS(bad));
    tcase_add_loop_test(tests, what_may_be_a_password_is_not_repeated, 0, 3);
    tcase_add_test(tests, lengths_are_bounded);
    return suite;
}

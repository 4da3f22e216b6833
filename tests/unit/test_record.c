/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the session directory: what is written is read, whatever a client said of itself. */
#include "authjwt_record.h"
#include "unit.h"

static const authjwt_record_t example = {
    .sid = "1700000000000000-abcdefghijklmnopqrstuv",
    .begin = APR_INT64_C(1700000000000000),
    .last = APR_INT64_C(1700000900000001),
    .ends = APR_INT64_C(1702592000000000),
    .client = "2001:db8::1",
    .agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
};

static char *letters(char letter, int count)
{
    char *text = apr_palloc(pool, (apr_size_t)count + 1);

    memset(text, letter, (apr_size_t)count);
    text[count] = '\0';
    return text;
}

static void assert_same(const authjwt_record_t *a, const authjwt_record_t *b)
{
    ck_assert_str_eq(a->sid, b->sid);
    ck_assert_str_eq(a->client, b->client);
    ck_assert_str_eq(a->agent, b->agent);
    ck_assert_int_eq(a->begin, b->begin);
    ck_assert_int_eq(a->last, b->last);
    ck_assert_int_eq(a->ends, b->ends);
    ck_assert_int_eq(a->ended, b->ended);
    ck_assert_int_eq(a->has_origin, b->has_origin);
}

START_TEST(what_is_written_is_read)
{
    unsigned char bytes[AUTHJWT_RECORD_MAX];
    authjwt_record_t written = example, found;
    apr_size_t len = authjwt_record_write(&written, bytes);

    ck_assert(authjwt_record_read(bytes, len, pool, &found));
    assert_same(&written, &found);
    written.ended = AUTHJWT_RECORD_THEFT;
    written.has_origin = 1;
    memset(written.origin.bytes, 0xfe, sizeof(written.origin.bytes));
    written.client = written.agent = "";
    len = authjwt_record_write(&written, bytes);
    ck_assert(authjwt_record_read(bytes, len, pool, &found));
    assert_same(&written, &found);
    ck_assert_mem_eq(found.origin.bytes, written.origin.bytes, sizeof(found.origin.bytes));
}
END_TEST

START_TEST(what_clients_say_is_cut_and_cleaned)
{
    unsigned char bytes[AUTHJWT_RECORD_MAX];
    authjwt_record_t written = example, found;

    written.agent = "\x01\n\"<\xc3\xa9>\x7f";
    written.client = NULL;
    ck_assert(authjwt_record_read(bytes, authjwt_record_write(&written, bytes), pool, &found));
    ck_assert_str_eq(found.agent, "?"
                                  "?\"<?"
                                  "?>?");
    ck_assert_str_eq(found.client, "");
    written.agent = letters('a', 10000);
    written.client = letters('b', 10000);
    written.sid = letters('c', AUTHJWT_RECORD_SID_MAX);
    written.has_origin = 1;
    ck_assert(authjwt_record_read(bytes, authjwt_record_write(&written, bytes), pool, &found));
    ck_assert_str_eq(found.agent, letters('a', AUTHJWT_RECORD_AGENT_MAX));
    ck_assert_str_eq(found.client, letters('b', AUTHJWT_RECORD_CLIENT_MAX));
    ck_assert_str_eq(found.sid, written.sid);
    written.sid = letters('c', AUTHJWT_RECORD_SID_MAX + 1);
    ck_assert_uint_eq(authjwt_record_write(&written, bytes), 0);
}
END_TEST

/* Each copy is as long as what is read, so that sanitizers see what lies behind it. */
START_TEST(what_is_cut_short_or_of_another_form_is_refused)
{
    unsigned char bytes[AUTHJWT_RECORD_MAX];
    authjwt_record_t found;
    apr_size_t len = authjwt_record_write(&example, bytes), i;

    for (i = 0; i < len; i++) {
        unsigned char *part = malloc(i + 1);

        ck_assert_ptr_nonnull(part);
        memcpy(part, bytes, i);
        ck_assert_msg(!authjwt_record_read(part, i, pool, &found), "%d bytes", (int)i);
        free(part);
    }
    bytes[len] = 7;
    ck_assert_msg(authjwt_record_read(bytes, len + 1, pool, &found), "what a later release adds is passed over");
    bytes[0] = 2;
    ck_assert(!authjwt_record_read(bytes, len, pool, &found));
}
END_TEST

START_TEST(names_for_everybody)
{
    authjwt_store_id_t one, other;
    const char *name;

    memset(one.bytes, 1, sizeof(one.bytes));
    memset(other.bytes, 2, sizeof(other.bytes));
    name = authjwt_record_public_id(&one, pool);
    ck_assert_uint_eq(strlen(name), 22);
    ck_assert_str_eq(name, authjwt_record_public_id(&one, pool));
    ck_assert_str_ne(name, authjwt_record_public_id(&other, pool));
    ck_assert_ptr_null(strstr(aj_base64url_encode(one.bytes, sizeof(one.bytes), pool), name));
}
END_TEST

START_TEST(owners_differ_by_user_and_by_issuer)
{
    authjwt_store_id_t owner[4];
    int i, j;

    ck_assert_int_eq(authjwt_record_owner("", "ann", pool, &owner[0]), APR_SUCCESS);
    ck_assert_int_eq(authjwt_record_owner("", "bob", pool, &owner[1]), APR_SUCCESS);
    ck_assert_int_eq(authjwt_record_owner("a", "nn", pool, &owner[2]), APR_SUCCESS);
    ck_assert_int_eq(authjwt_record_owner("issuer", "ann", pool, &owner[3]), APR_SUCCESS);
    for (i = 0; i < 4; i++) {
        for (j = 0; j < i; j++) {
            ck_assert_mem_ne(owner[i].bytes, owner[j].bytes, sizeof(owner[i].bytes));
        }
    }
}
END_TEST

Suite *suite_record(void)
{
    Suite *suite = suite_create("record");
    TCase *tests = unit_case(suite, "record");

    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, what_clients_say_is_cut_and_cleaned);
    tcase_add_test(tests, what_is_cut_short_or_of_another_form_is_refused);
    tcase_add_test(tests, names_for_everybody);
    tcase_add_test(tests, owners_differ_by_user_and_by_issuer);
    return suite;
}

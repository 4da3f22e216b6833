/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of tokens: JSONTestSuite, sizes, and nodes that are moved. That it agrees with jansson is also tested by
   the rows of test_json.c and by tests/fuzz/fuzz_json_read.c. */
#include "unit.h"
#include "aj_json_read.h"

static int read_copy(const char *text, apr_size_t len, aj_json_doc_t *doc, const char **detail)
{
    *detail = NULL;
    return aj_json_read(apr_pstrmemdup(pool, text, len), len, pool, doc, detail);
}

/* Vectors of JSONTestSuite whose name does not say what is expected of us: those that it leaves open and we accept, and
   those that it calls JSON and we refuse. */
static const char *const open_accepted[] = {
    "i_number_double_huge_neg_exp",
    "i_number_real_underflow",
};
static const char *const good_refused[] = {
    "y_object_duplicated_key",
    "y_object_duplicated_key_and_value",
    "y_object_escaped_null_in_key",
    "y_string_null_escape",
};

static int is_listed(const char *const *list, int count, const char *name)
{
    int i;

    for (i = 0; i < count; i++) {
        if (!strcmp(list[i], name)) {
            return 1;
        }
    }
    return 0;
}

static int is_expected(const char *name)
{
    return *name == 'y' ? !is_listed(good_refused, ROWS(good_refused), name)
                        : is_listed(open_accepted, ROWS(open_accepted), name);
}

/* Tokens hold objects, so each vector stands as the value of a member. */
static const char *as_member(const json_t *row, apr_size_t *len)
{
    static const char head[] = "{\"v\":";
    const char *coded = json_string_value(json_object_get(row, "text"));
    unsigned char *text;
    char *all;

    ck_assert_int_eq(aj_base64url_decode(coded, strlen(coded), pool, &text, len), AJ_OK);
    all = apr_pcalloc(pool, *len + sizeof(head) + 1);
    memcpy(all, head, sizeof(head) - 1);
    memcpy(all + sizeof(head) - 1, text, *len);
    all[sizeof(head) - 1 + *len] = '}';
    *len += sizeof(head);
    return all;
}

START_TEST(vectors_of_json_test_suite)
{
    const json_t *rows = unit_json("json_test_suite/test_parsing.json");
    size_t i;

    ck_assert_uint_eq(json_array_size(rows), 316);
    for (i = 0; i < json_array_size(rows); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(rows, i), "name"));
        const char *detail, *oracle;
        apr_size_t len;
        const char *text = as_member(json_array_get(rows, i), &len);
        aj_json_doc_t doc;
        json_t *object;
        int ok = read_copy(text, len, &doc, &detail);

        assert_row(ok == is_expected(name), name, "%s", ok ? "accepted" : detail);
        assert_row(ok == aj_json_read_object(text, len, pool, &object, &oracle), name, "the oracle differs");
        assert_row(!ok || json_equal(aj_json_own(aj_node_json(&doc, doc.nodes), pool), object), name, "value");
    }
}
END_TEST

/* {"0":0,"1":1, ... } and one more member. */
static const char *many_members(int count, const char *last)
{
    apr_array_header_t *parts = apr_array_make(pool, count + 1, sizeof(const char *));
    int i;

    for (i = 0; i < count; i++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(pool, "\"%d\":%d", i, i);
    }
    APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(pool, "\"%s\":-1", last);
    return apr_pstrcat(pool, "{", apr_array_pstrcat(pool, parts, ','), "}", NULL);
}

/* Below and above the size from which names are sorted. */
START_TEST(duplicates_are_found_in_any_size)
{
    static const int sizes[] = { 1, 2, 15, 16, 17, 18, 100, 3000 };
    int size = sizes[_i], which;
    const char *detail, *text = many_members(size, "x");
    aj_json_doc_t doc;

    ck_assert(read_copy(text, strlen(text), &doc, &detail));
    ck_assert_uint_eq(doc.nodes[0].value.size, size + 1);
    ck_assert_int_eq(aj_node_member(&doc, doc.nodes, "x")->value.integer, -1);
    for (which = 0; which < size; which += size / 3 + 1) {
        text = many_members(size, apr_itoa(pool, which));
        ck_assert(!read_copy(text, strlen(text), &doc, &detail));
        ck_assert_str_eq(detail, "a member appears twice");
    }
}
END_TEST

START_TEST(nodes_may_be_moved)
{
    static const char text[] = "{\"a\":[1,{\"b\\u00e9\":\"c\\nd\"}],\"e\":\"\"}";
    char *copy = apr_pstrdup(pool, text), *moved;
    aj_node_t *nodes;
    aj_json_doc_t doc;
    const char *detail;

    ck_assert(aj_json_read(copy, strlen(text), pool, &doc, &detail));
    moved = apr_pmemdup(pool, copy, sizeof(text));
    nodes = apr_pmemdup(pool, doc.nodes, doc.count * sizeof(*nodes));
    memset(copy, '#', sizeof(text) - 1);
    memset((void *)doc.nodes, '#', doc.count * sizeof(*nodes));
    doc.text = moved;
    doc.nodes = nodes;
    ck_assert_str_eq(aj_node_string(&doc, aj_node_lookup(&doc, "/a/1/b\xc3\xa9")), "c\nd");
    ck_assert_str_eq(aj_node_string(&doc, aj_node_lookup(&doc, "e")), "");
    ck_assert_str_eq(aj_json_write(aj_json_own(aj_node_json(&doc, doc.nodes), pool), pool),
                     "{\"a\":[1,{\"b\xc3\xa9\":\"c\\nd\"}],\"e\":\"\"}");
}
END_TEST

/* Where there is nothing to find. */
START_TEST(what_is_no_object_has_no_members)
{
    static const char text[] = "{\"a\":[1],\"b\":\"x\"}";
    const char *detail;
    aj_json_doc_t doc;

    ck_assert(read_copy(text, strlen(text), &doc, &detail));
    ck_assert_ptr_null(aj_node_member(&doc, aj_node_lookup(&doc, "a"), "a"));
    ck_assert_ptr_null(aj_node_member(&doc, aj_node_lookup(&doc, "b"), "a"));
    ck_assert_ptr_null(aj_node_member(&doc, NULL, "a"));
    ck_assert_ptr_null(aj_node_string(&doc, aj_node_lookup(&doc, "a")));
    ck_assert_ptr_null(aj_node_string(&doc, NULL));
}
END_TEST

/* Every cut of a text is refused, and nothing behind the cut is looked at. */
START_TEST(every_cut_is_refused)
{
    static const char text[] =
        "{\"a\":[1.5e+3,-2,true,false,null,\"\\ud83d\\ude00\xf0\x9f\x98\x80\\n\"],\"b\":{\"c\":{}}}";
    const char *detail;
    aj_json_doc_t doc;
    apr_size_t len;

    ck_assert(read_copy(text, strlen(text), &doc, &detail));
    for (len = 0; len < strlen(text); len++) {
        ck_assert(!read_copy(text, len, &doc, &detail));
    }
}
END_TEST

Suite *suite_json_read(void)
{
    Suite *suite = suite_create("aj_json_read");
    TCase *tcase = unit_case(suite, "reader");

    tcase_add_test(tcase, vectors_of_json_test_suite);
    tcase_add_loop_test(tcase, duplicates_are_found_in_any_size, 0, 8);
    tcase_add_test(tcase, nodes_may_be_moved);
    tcase_add_test(tcase, what_is_no_object_has_no_members);
    tcase_add_test(tcase, every_cut_is_refused);
    return suite;
}

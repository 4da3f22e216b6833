/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of tokens against jansson, through the door that everything else uses: the same verdict and the same
 * value, for every input. */
#include "fuzz.h"
#include "aj_json.h"
#include "aj_json_read.h"

/* Order included, which json_equal does not look at. */
static int same_text(const json_t *one, const json_t *other)
{
    char *a = json_dumps(one, JSON_COMPACT), *b = json_dumps(other, JSON_COMPACT);
    int same = a && b && !strcmp(a, b);

    free(a);
    free(b);
    return same;
}

/* Every member is found by its name, by its pointer, and is what jansson has. */
static void compare_members(const aj_json_doc_t *doc, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        const aj_node_t *node = aj_node_member(doc, doc->nodes, name);

        HOLDS(node && !strcmp(aj_node_name(doc, node), name));
        HOLDS(json_is_string(value) == !!aj_node_string(doc, node));
        HOLDS(!json_is_string(value) || !strcmp(json_string_value(value), aj_node_string(doc, node)));
        HOLDS(!aj_json_lookup(object, name) == !aj_node_lookup(doc, name));
    }
    HOLDS(!aj_json_lookup(object, "/a/0") == !aj_node_lookup(doc, "/a/0"));
    HOLDS(!aj_json_lookup(object, "/a/b~1c") == !aj_node_lookup(doc, "/a/b~1c"));
}

static void compare_values(const aj_json_doc_t *doc, const json_t *object, apr_pool_t *pool)
{
    json_t *own = aj_json_own(aj_node_json(doc, doc->nodes), pool);

    HOLDS(doc->nodes[0].end == doc->count);
    HOLDS(json_equal(own, (json_t *)object));
    HOLDS(same_text(own, object));
    compare_members(doc, object);
}

/* One pool for all inputs, cleared: most of a run's time would go into making it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    const char *why = NULL, *detail = NULL;
    aj_json_doc_t doc;
    json_t *object;
    char *text;
    int ours, theirs;

    pool = pool ? pool : fuzz_pool();
    text = apr_pstrmemdup(pool, (const char *)data, size);
    ours = aj_json_read(text, size, pool, &doc, &why);
    theirs = aj_json_read_object((const char *)data, size, pool, &object, &detail);
    HOLDS(ours == theirs);
    HOLDS(ours || why);
    if (ours) {
        compare_values(&doc, object, pool);
    }
    apr_pool_clear(pool);
    return 0;
}

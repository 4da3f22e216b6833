/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of tokens, read in place. Nothing recurses: open arrays and objects are kept in an array. */
#include <stdlib.h>
#include <string.h>

#include "aj_json_read_private.h"

/* More members than this are compared by sorting: pairs would cost the square. */
#define MANY_MEMBERS 16

/* --- duplicates ---------------------------------------------------------------------------------- */

typedef struct {
    const char *text;
    apr_uint32_t len;
} name_t;

static int compare_names(const void *one, const void *two)
{
    const name_t *a = one, *b = two;

    return a->len != b->len ? (a->len < b->len ? -1 : 1) : memcmp(a->text, b->text, a->len);
}

static int has_equal_neighbours(const name_t *names, apr_uint32_t count)
{
    apr_uint32_t i;

    for (i = 1; i < count; i++) {
        if (!compare_names(&names[i - 1], &names[i])) {
            return 1;
        }
    }
    return 0;
}

static int has_equal_pair(const name_t *names, apr_uint32_t count)
{
    apr_uint32_t i, k;

    for (i = 1; i < count; i++) {
        for (k = 0; k < i; k++) {
            if (names[i].len == names[k].len && !memcmp(names[i].text, names[k].text, names[i].len)) {
                return 1;
            }
        }
    }
    return 0;
}

/* By comparing, not by hashing: the header is read before its signature is checked, and a hash can be flooded. */
static int has_duplicates(const aj_json_reader_t *reader, apr_uint32_t object)
{
    apr_uint32_t size = reader->nodes[object].value.size, i, k;
    name_t few[MANY_MEMBERS];
    name_t *names = size > MANY_MEMBERS ? apr_palloc(reader->pool, size * sizeof(*names)) : few;

    for (i = 0, k = object + 1; i < size; i++, k = reader->nodes[k].end) {
        names[i].text = reader->text + reader->nodes[k].name.at;
        names[i].len = reader->nodes[k].name.len;
    }
    if (size <= MANY_MEMBERS) {
        return has_equal_pair(names, size);
    }
    qsort(names, size, sizeof(*names), compare_names);
    return has_equal_neighbours(names, size);
}

/* --- values -------------------------------------------------------------------------------------- */

static void skip_blanks(aj_json_reader_t *reader)
{
    while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r') {
        reader->at++;
    }
}

/* A new node at the end; it counts in what is open. Pointers to nodes are good until the next one. */
static aj_node_t *add_node(aj_json_reader_t *reader)
{
    aj_node_t *node;

    if (reader->count == reader->room) {
        aj_node_t *more = apr_palloc(reader->pool, 2 * reader->room * sizeof(*more));

        memcpy(more, reader->nodes, reader->room * sizeof(*more));
        reader->nodes = more;
        reader->room *= 2;
    }
    if (reader->depth > 0) {
        reader->nodes[reader->open[reader->depth - 1]].value.size++;
    }
    node = &reader->nodes[reader->count++];
    node->end = reader->count;
    node->name.at = node->name.len = 0;
    return node;
}

static int open_container(aj_json_reader_t *reader, aj_node_t *node)
{
    if (reader->depth == AJ_JSON_MAX_DEPTH) {
        return aj_json_fail(reader, "nested too deeply");
    }
    node->type = *reader->at == '{' ? AJ_NODE_OBJECT : AJ_NODE_ARRAY;
    node->value.size = 0;
    reader->open[reader->depth++] = reader->count - 1;
    reader->at++;
    return 1;
}

static int read_value(aj_json_reader_t *reader, aj_node_t *node)
{
    switch (*reader->at) {
    case '"':
        node->type = AJ_NODE_STRING;
        return aj_json_read_string(reader, &node->value.string);
    case '{':
    case '[':
        return open_container(reader, node);
    case 't':
        return aj_json_read_word(reader, node, "true", AJ_NODE_TRUE);
    case 'f':
        return aj_json_read_word(reader, node, "false", AJ_NODE_FALSE);
    case 'n':
        return aj_json_read_word(reader, node, "null", AJ_NODE_NULL);
    default:
        return aj_json_read_number(reader, node);
    }
}

static int in_object(const aj_json_reader_t *reader)
{
    return reader->depth > 0 && reader->nodes[reader->open[reader->depth - 1]].type == AJ_NODE_OBJECT;
}

static int read_name(aj_json_reader_t *reader, aj_json_slice_t *name)
{
    if (*reader->at != '"') {
        return aj_json_fail_here(reader);
    }
    if (!aj_json_read_string(reader, name)) {
        return 0;
    }
    skip_blanks(reader);
    if (*reader->at != ':') {
        return aj_json_fail_here(reader);
    }
    reader->at++;
    skip_blanks(reader);
    return 1;
}

static int read_member(aj_json_reader_t *reader)
{
    int named = in_object(reader);
    aj_node_t *node = add_node(reader);

    skip_blanks(reader);
    return (!named || read_name(reader, &node->name)) && read_value(reader, node);
}

/* Does the innermost array or object end here? */
static int ends_here(const aj_json_reader_t *reader)
{
    return reader->depth > 0 && *reader->at == (in_object(reader) ? '}' : ']');
}

static int close_container(aj_json_reader_t *reader)
{
    apr_uint32_t which = reader->open[reader->depth - 1];

    if (in_object(reader) && has_duplicates(reader, which)) {
        return aj_json_fail(reader, "a member appears twice");
    }
    reader->nodes[which].end = reader->count;
    reader->depth--;
    reader->at++;
    return 1;
}

/* Behind a value: close what ends here. @return 1 when another value follows, or when all is closed (depth 0) */
static int read_ends(aj_json_reader_t *reader)
{
    for (;;) {
        skip_blanks(reader);
        if (reader->depth == 0) {
            return 1;
        }
        if (*reader->at == ',') {
            reader->at++;
            return 1;
        }
        if (!ends_here(reader)) {
            return aj_json_fail_here(reader);
        }
        if (!close_container(reader)) {
            return 0;
        }
    }
}

static int read_text(aj_json_reader_t *reader)
{
    int depth;

    do {
        depth = reader->depth;
        if (!read_member(reader)) {
            return 0;
        }
        skip_blanks(reader);
        /* An array or object that has just been opened, and is not empty, begins with a value. */
        if ((reader->depth == depth || ends_here(reader)) && !read_ends(reader)) {
            return 0;
        }
    } while (reader->depth > 0);
    return reader->at == reader->end || aj_json_fail(reader, "text follows the object");
}

int aj_json_read(char *text, apr_size_t len, apr_pool_t *pool, aj_json_doc_t *doc, const char **detail)
{
    aj_json_reader_t reader = { 0 };

    reader.text = reader.at = text;
    reader.end = text + len;
    reader.count = 0;
    reader.room = (apr_uint32_t)(len / 16 + 8);
    reader.nodes = apr_palloc(pool, reader.room * sizeof(*reader.nodes));
    reader.depth = 0;
    reader.pool = pool;
    if (read_text(&reader) && (reader.nodes[0].type == AJ_NODE_OBJECT || aj_json_fail(&reader, "not an object"))) {
        doc->text = text;
        doc->nodes = reader.nodes;
        doc->count = reader.count;
        return 1;
    }
    *detail = reader.why;
    return 0;
}

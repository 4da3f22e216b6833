/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointer (RFC 6901), over values of jansson and over nodes. */
#include <string.h>

#include "aj_json.h"
#include "aj_json_read.h"

/* Does a reference token of a JSON Pointer, with its ~0 and ~1, spell this member name? */
static int token_is(const char *token, apr_size_t len, const char *name)
{
    apr_size_t i;

    for (i = 0; i < len; i++, name++) {
        char c = token[i];

        if (c == '~') {
            c = token[++i] == '0' ? '~' : '/';
        }
        if (*name != c) {
            return 0;
        }
    }
    return *name == '\0';
}

/* RFC 6901 section 3: a tilde is followed by 0 or 1. */
static int well_formed(const char *pointer)
{
    for (; *pointer != '\0'; pointer++) {
        if (*pointer == '~' && pointer[1] != '0' && pointer[1] != '1') {
            return 0;
        }
    }
    return 1;
}

static const json_t *member(const json_t *object, const char *token, apr_size_t len)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (token_is(token, len, name)) {
            return value;
        }
    }
    return NULL;
}

/* RFC 6901 section 4: digits without leading zeros. Nine digits are more than any array here has. */
static int read_index(const char *token, apr_size_t len, apr_size_t *index)
{
    apr_size_t i;

    if (len == 0 || len > 9 || (token[0] == '0' && len > 1)) {
        return 0;
    }
    *index = 0;
    for (i = 0; i < len; i++) {
        if (token[i] < '0' || token[i] > '9') {
            return 0;
        }
        *index = *index * 10 + (apr_size_t)(token[i] - '0');
    }
    return 1;
}

static const json_t *element(const json_t *array, const char *token, apr_size_t len)
{
    apr_size_t index;

    return read_index(token, len, &index) ? json_array_get(array, index) : NULL;
}

static const json_t *resolve(const json_t *value, const char *pointer)
{
    while (value && *pointer == '/') {
        const char *token = pointer + 1;
        apr_size_t len = strcspn(token, "/");

        if (json_is_object(value)) {
            value = member(value, token, len);
        }
        else if (json_is_array(value)) {
            value = element(value, token, len);
        }
        else {
            value = NULL;
        }
        pointer = token + len;
    }
    return value;
}

int aj_json_is_name(const char *name)
{
    return name[0] != '/' || well_formed(name);
}

const json_t *aj_json_lookup(const json_t *object, const char *name)
{
    if (name[0] != '/') {
        return json_object_get(object, name);
    }
    return well_formed(name) ? resolve(object, name) : NULL;
}

static const aj_node_t *node_within(const aj_json_doc_t *doc, const aj_node_t *node, const char *token, apr_size_t len)
{
    const aj_node_t *child = aj_node_first(node);
    apr_size_t index = 0, i;
    apr_size_t size = aj_node_size(node);

    if (node->type == AJ_NODE_ARRAY && !read_index(token, len, &index)) {
        return NULL;
    }
    for (i = 0; i < size; i++, child = aj_node_next(doc, child)) {
        if (node->type == AJ_NODE_ARRAY ? i == index : token_is(token, len, aj_node_name(doc, child))) {
            return child;
        }
    }
    return NULL;
}

const aj_node_t *aj_node_lookup(const aj_json_doc_t *doc, const char *name)
{
    const aj_node_t *node = doc->nodes;

    if (name[0] != '/') {
        return aj_node_member(doc, node, name);
    }
    if (!well_formed(name)) {
        return NULL;
    }
    while (node && *name == '/') {
        const char *token = name + 1;
        apr_size_t len = strcspn(token, "/");

        node = node_within(doc, node, token, len);
        name = token + len;
    }
    return node;
}

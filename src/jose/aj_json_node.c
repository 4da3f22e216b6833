/* SPDX-License-Identifier: Apache-2.0 */
/* Values that aj_json_read has read: found, and given to jansson. */
#include <string.h>

#include "aj_json_read.h"

const char *aj_node_string(const aj_json_doc_t *doc, const aj_node_t *node)
{
    return node && node->type == AJ_NODE_STRING ? doc->text + node->value.string.at : NULL;
}

const char *aj_node_name(const aj_json_doc_t *doc, const aj_node_t *node)
{
    return doc->text + node->name.at;
}

apr_uint32_t aj_node_size(const aj_node_t *node)
{
    return node && (node->type == AJ_NODE_ARRAY || node->type == AJ_NODE_OBJECT) ? node->value.size : 0;
}

const aj_node_t *aj_node_first(const aj_node_t *node)
{
    return aj_node_size(node) > 0 ? node + 1 : NULL;
}

const aj_node_t *aj_node_next(const aj_json_doc_t *doc, const aj_node_t *node)
{
    return &doc->nodes[node->end];
}

const aj_node_t *aj_node_member(const aj_json_doc_t *doc, const aj_node_t *object, const char *name)
{
    apr_size_t len = strlen(name);
    apr_uint32_t left = object && object->type == AJ_NODE_OBJECT ? object->value.size : 0;
    const aj_node_t *nodes = doc->nodes, *node;

    for (node = aj_node_first(object); left > 0; left--, node = nodes + node->end) {
        const char *own = aj_node_name(doc, node);

        /* Names are mostly of three letters, and seldom begin with the same. */
        if (node->name.len == len && *own == *name && !memcmp(own, name, len)) {
            return node;
        }
    }
    return NULL;
}

static json_t *array_json(const aj_json_doc_t *doc, const aj_node_t *array)
{
    json_t *json = json_array();
    const aj_node_t *node = aj_node_first(array);
    apr_uint32_t i;

    for (i = 0; json && i < array->value.size; i++, node = aj_node_next(doc, node)) {
        if (json_array_append_new(json, aj_node_json(doc, node))) {
            json_decref(json);
            json = NULL;
        }
    }
    return json;
}

static json_t *object_json(const aj_json_doc_t *doc, const aj_node_t *object)
{
    json_t *json = json_object();
    const aj_node_t *node = aj_node_first(object);
    apr_uint32_t i;

    for (i = 0; json && i < object->value.size; i++, node = aj_node_next(doc, node)) {
        if (json_object_set_new_nocheck(json, aj_node_name(doc, node), aj_node_json(doc, node))) {
            json_decref(json);
            json = NULL;
        }
    }
    return json;
}

json_t *aj_node_json(const aj_json_doc_t *doc, const aj_node_t *node)
{
    switch (node->type) {
    case AJ_NODE_FALSE:
        return json_false();
    case AJ_NODE_TRUE:
        return json_true();
    case AJ_NODE_INTEGER:
        return json_integer(node->value.integer);
    case AJ_NODE_REAL:
        return json_real(node->value.real);
    case AJ_NODE_STRING:
        return json_stringn_nocheck(doc->text + node->value.string.at, node->value.string.len);
    case AJ_NODE_ARRAY:
        return array_json(doc, node);
    case AJ_NODE_OBJECT:
        return object_json(doc, node);
    default:
        return json_null();
    }
}

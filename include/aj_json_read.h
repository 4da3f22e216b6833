/* SPDX-License-Identifier: Apache-2.0 */
/* aj_json_read: read the JSON object of a token into nodes, in place. Accepts what aj_json_read_object accepts, and
 * gives the same values, at a tenth of its cost: no allocation per value, and strings are decoded where they stand. */
#ifndef AJ_JSON_READ_H
#define AJ_JSON_READ_H

#include <apr_pools.h>
#include <jansson.h>
#include "aj_error.h"

/** What a node holds. */
typedef enum {
    AJ_NODE_NULL,
    AJ_NODE_FALSE,
    AJ_NODE_TRUE,
    AJ_NODE_INTEGER,
    AJ_NODE_REAL,
    AJ_NODE_STRING,
    AJ_NODE_ARRAY,
    AJ_NODE_OBJECT
} aj_node_type_e;

/** Bytes within the text that was read. NUL follows. */
typedef struct {
    apr_uint32_t at;
    apr_uint32_t len;
} aj_json_slice_t;

/** One value. It refers to text and to other nodes by offset, so text and nodes may be copied elsewhere. */
typedef struct {
    aj_node_type_e type;
    apr_uint32_t end;     /**< index of the first node behind this value and all within it */
    aj_json_slice_t name; /**< of a member of an object; else empty */
    union {
        apr_int64_t integer;
        double real;
        aj_json_slice_t string;
        apr_uint32_t size; /**< of an array or object: number of elements or members, not counting deeper ones */
    } value;
} aj_node_t;

/** An object that was read. Node 0 is the object; the elements or members of node n begin at node n + 1, and the one
 * after node k of them is node nodes[k].end. They are in the order of the text. */
typedef struct {
    const char *text;
    const aj_node_t *nodes;
    apr_uint32_t count; /**< of nodes */
} aj_json_doc_t;

/**
 * Read one JSON object (RFC 8259) and nothing else, as aj_json_read_object does: UTF-8, no duplicate member at any
 * depth, no NUL in a string, nesting up to AJ_JSON_MAX_DEPTH, integers of 64 bits, no trailing text.
 * @param text    is written to: strings are decoded in place. The byte behind it, text[len], must be NUL. Lives as long
 *                as doc
 * @param len     bytes of text, less than 4 GB
 * @param pool    owns the nodes
 * @param doc     set on success
 * @param detail  set on failure: a literal string that says what is wrong
 * @return non-zero on success, 0 when the text is refused
 */
int aj_json_read(char *text, apr_size_t len, apr_pool_t *pool, aj_json_doc_t *doc, const char **detail) AJ_MUST_USE;

/** The member of that name. @param object  a node; any type. @return NULL when absent, or where object is none */
const aj_node_t *aj_node_member(const aj_json_doc_t *doc, const aj_node_t *object, const char *name);

/**
 * As aj_json_lookup: a name that begins with '/' is a JSON Pointer (RFC 6901), any other the literal member name.
 * @return NULL when absent or the pointer is malformed
 */
const aj_node_t *aj_node_lookup(const aj_json_doc_t *doc, const char *name);

/** @return the string, borrowed, NUL-terminated; NULL where node is NULL or no string */
const char *aj_node_string(const aj_json_doc_t *doc, const aj_node_t *node);

/** Name of a member. @return borrowed, NUL-terminated */
const char *aj_node_name(const aj_json_doc_t *doc, const aj_node_t *node);

/** Number of elements or members. @return 0 where node is NULL, or neither array nor object */
apr_uint32_t aj_node_size(const aj_node_t *node);

/** The first element or member. @return NULL where aj_node_size is 0 */
const aj_node_t *aj_node_first(const aj_node_t *node);

/** The element or member after this one. After the last comes something else: count them by aj_node_size. */
const aj_node_t *aj_node_next(const aj_json_doc_t *doc, const aj_node_t *node);

/** The value and all within it as jansson has it. @return a new reference, NULL without memory */
json_t *aj_node_json(const aj_json_doc_t *doc, const aj_node_t *node);

#endif

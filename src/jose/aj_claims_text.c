/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as text, and what is compared with text. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_claims_private.h"
#include "aj_json.h"

/* The shortest text that reads as the same number: 0.1, where seventeen digits say 0.10000000000000001. */
static const char *real_text(const json_t *value, apr_pool_t *pool)
{
    const char *text = NULL;
    int digits;

    for (digits = 15; digits < 17 && !text; digits++) {
        char *heap = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));

        if (heap && strtod(heap, NULL) == json_real_value(value)) {
            text = apr_pstrdup(pool, heap);
        }
        free(heap);
    }
    return text ? text : aj_json_write(value, pool);
}

/* Text of a value that is neither array, object nor null; else NULL. */
static const char *scalar_text(const json_t *value, apr_pool_t *pool)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_REAL:
        return real_text(value, pool);
    case JSON_INTEGER:
    case JSON_TRUE:
    case JSON_FALSE:
        return aj_json_write(value, pool);
    default:
        return NULL;
    }
}

/* @return NULL when an element is no scalar */
static const char *joined_text(const json_t *array, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 4, sizeof(const char *));
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const char *text = scalar_text(json_array_get(array, i), pool);

        if (!text) {
            return NULL;
        }
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return apr_array_pstrcat(pool, texts, ',');
}

/* Bytes that are a control character, or begin one, or end the text. */
static const unsigned char suspect[256] = { [0 ... 0x1f] = 1, [0x7f] = 1, [0xc2] = 1 };

int aj_claims_has_control(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    for (;; c++) {
        while (!suspect[*c]) {
            c++;
        }
        if (*c != 0xc2) {
            return *c != '\0';
        }
        if (c[1] >= 0x80 && c[1] <= 0x9f) {
            return 1;
        }
    }
}

const char *aj_claims_text(const json_t *value, apr_pool_t *pool)
{
    const char *text;

    if (!value || json_is_null(value)) {
        return NULL;
    }
    text = json_is_array(value) ? joined_text(value, pool) : scalar_text(value, pool);
    if (!text) {
        text = aj_json_write(value, pool);
    }
    return aj_claims_has_control(text) ? NULL : apr_pstrdup(pool, text);
}

/* --- from nodes: what aj_claims_text would say, without making values for jansson ------------------- */

/* As "%" APR_INT64_T_FMT, at a tenth of its cost. */
static const char *integer_text(apr_int64_t value, apr_pool_t *pool)
{
    char digits[24], *at = digits + sizeof(digits);
    apr_uint64_t left = value < 0 ? 0 - (apr_uint64_t)value : (apr_uint64_t)value;

    *--at = '\0';
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0) {
        *--at = '-';
    }
    return apr_pstrmemdup(pool, at, (apr_size_t)(digits + sizeof(digits) - 1 - at));
}

/* @return borrowed or of pool; NULL for what is no scalar, and for null */
static const char *scalar_node_text(const aj_json_doc_t *doc, const aj_node_t *node, apr_pool_t *pool)
{
    switch (node->type) {
    case AJ_NODE_STRING:
        return aj_node_string(doc, node);
    case AJ_NODE_INTEGER:
        return integer_text(node->value.integer, pool);
    case AJ_NODE_TRUE:
        return "true";
    case AJ_NODE_FALSE:
        return "false";
    case AJ_NODE_REAL:
        return real_text(aj_json_own(aj_node_json(doc, node), pool), pool);
    default:
        return NULL;
    }
}

/* @return NULL when an element is no scalar */
static const char *joined_node_text(const aj_json_doc_t *doc, const aj_node_t *array, apr_pool_t *pool)
{
    apr_uint32_t left = aj_node_size(array);
    apr_array_header_t *texts = apr_array_make(pool, (int)left, sizeof(const char *));
    const aj_node_t *node;

    for (node = aj_node_first(array); left > 0; left--, node = aj_node_next(doc, node)) {
        const char *text = scalar_node_text(doc, node, pool);

        if (!text) {
            return NULL;
        }
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return apr_array_pstrcat(pool, texts, ',');
}

static const char *node_text(const aj_json_doc_t *doc, const aj_node_t *node, apr_pool_t *pool)
{
    const char *text;

    if (node->type == AJ_NODE_NULL) {
        return NULL;
    }
    text = node->type == AJ_NODE_ARRAY ? joined_node_text(doc, node, pool) : scalar_node_text(doc, node, pool);
    if (!text) {
        text = aj_json_write(aj_json_own(aj_node_json(doc, node), pool), pool);
    }
    return aj_claims_has_control(text) ? NULL : text;
}

const char *aj_claims_text_of(const aj_claims_t *claims, const char *name, apr_pool_t *pool)
{
    const aj_node_t *node = aj_node_lookup(&claims->doc, name);

    return node ? node_text(&claims->doc, node, pool) : NULL;
}

void aj_claims_each(const aj_claims_t *claims, apr_pool_t *pool, aj_claims_visit_t *visit, void *data)
{
    const aj_json_doc_t *doc = &claims->doc;
    apr_uint32_t left = aj_node_size(doc->nodes);
    const aj_node_t *node;

    for (node = aj_node_first(doc->nodes); left > 0; left--, node = aj_node_next(doc, node)) {
        visit(data, aj_node_name(doc, node), node_text(doc, node, pool));
    }
}

/* --- comparing ----------------------------------------------------------------------------------- */

/* Lengths are compared, so that no byte can end a string early. */
static int is_string(const json_t *value, const char *text)
{
    size_t len = strlen(text);

    return json_is_string(value) && json_string_length(value) == len && !memcmp(json_string_value(value), text, len);
}

static int is_text(const json_t *value, const char *text, apr_pool_t *pool)
{
    const char *own;

    if (json_is_string(value)) {
        return is_string(value, text);
    }
    own = scalar_text(value, pool);
    return own && !strcmp(own, text);
}

int aj_claims_holds(const json_t *value, const char *text, apr_pool_t *pool)
{
    size_t i;

    if (!json_is_array(value)) {
        return value && is_text(value, text, pool);
    }
    for (i = 0; i < json_array_size(value); i++) {
        if (is_text(json_array_get(value, i), text, pool)) {
            return 1;
        }
    }
    return 0;
}

/* Words are separated by blanks and nothing else (RFC 6749 3.3). */
static int has_word(const json_t *string, const char *word)
{
    const char *p = json_string_value(string);
    const char *end = p + json_string_length(string);
    size_t len = strlen(word);

    while (p < end) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        size_t here = (size_t)((blank ? blank : end) - p);

        if (here == len && !memcmp(p, word, len)) {
            return 1;
        }
        p += here + 1;
    }
    return 0;
}

int aj_claims_holds_word(const json_t *value, const char *word)
{
    size_t i;

    if (*word == '\0') {
        return 0;
    }
    if (json_is_string(value)) {
        return has_word(value, word);
    }
    for (i = 0; i < json_array_size(value); i++) {
        if (is_string(json_array_get(value, i), word)) {
            return 1;
        }
    }
    return 0;
}

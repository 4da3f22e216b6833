/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as one block of bytes that may be copied anywhere, and back.
 *
 * A block begins with packed_t; nodes, variables, the decoded text, names and texts of variables follow. Nodes refer to
 * the text by offset, variables to the block. */
#include <string.h>

#include "aj_claims_private.h"

typedef struct {
    const aj_key_t *key;
    apr_time_t expires;
    apr_time_t not_before;
    apr_time_t issued;
    apr_time_t session_expires;
    apr_uint32_t size; /* of the whole block */
    apr_uint32_t node_count;
    apr_uint32_t variable_count;
    apr_uint32_t text_len;
    apr_uint32_t identity; /* where it is within the text */
    apr_uint32_t signed_len;
    apr_uint32_t type;
    apr_uint32_t unused;
} packed_t;

/* Names and texts begin here in the block; NUL follows each. */
typedef struct {
    apr_uint32_t name;
    apr_uint32_t text;
} packed_variable_t;

static apr_size_t nodes_size(apr_size_t count)
{
    return count * sizeof(aj_node_t);
}

static apr_size_t variables_at(const packed_t *packed)
{
    return sizeof(*packed) + nodes_size(packed->node_count);
}

static apr_size_t text_at(const packed_t *packed)
{
    return variables_at(packed) + packed->variable_count * sizeof(packed_variable_t);
}

/* ---- packing ---- */

/* A string claim's text stands in the decoded text already. */
static int is_within(const aj_claims_t *claims, const char *text)
{
    return text >= claims->doc.text && text <= claims->doc.text + claims->text_len;
}

apr_size_t aj_claims_packed_size(const aj_claims_t *claims, apr_size_t most)
{
    apr_size_t size = sizeof(packed_t) + nodes_size(claims->doc.count) + claims->text_len + 1;
    const aj_variable_t *variables;
    int count, i;

    if (size > most) {
        return 0;
    }
    variables = aj_claims_variables(claims, &count);
    for (i = 0; i < count && size <= most; i++) {
        size += sizeof(packed_variable_t) + strlen(variables[i].name) + 1;
        size += is_within(claims, variables[i].text) ? 0 : strlen(variables[i].text) + 1;
    }
    size = (size + 7) / 8 * 8;
    return size <= most ? size : 0;
}

static apr_uint32_t put_string(unsigned char *block, apr_size_t *at, const char *string)
{
    apr_size_t len = strlen(string) + 1;
    apr_uint32_t where = (apr_uint32_t)*at;

    memcpy(block + where, string, len);
    *at += len;
    return where;
}

static void put_variables(const aj_claims_t *claims, const packed_t *packed, unsigned char *block)
{
    apr_size_t at = text_at(packed) + packed->text_len + 1;
    packed_variable_t *out = (packed_variable_t *)(block + variables_at(packed));
    const aj_variable_t *variables;
    int count, i;

    variables = aj_claims_variables(claims, &count);
    for (i = 0; i < count; i++) {
        const char *text = variables[i].text;

        out[i].name = put_string(block, &at, variables[i].name);
        out[i].text = is_within(claims, text) ? (apr_uint32_t)(text_at(packed) + (apr_size_t)(text - claims->doc.text))
                                              : put_string(block, &at, text);
    }
    memset(block + at, 0, packed->size - at);
}

void aj_claims_pack(const aj_claims_t *claims, apr_size_t size, void *block)
{
    packed_t *packed = block;

    memset(packed, 0, sizeof(*packed));
    packed->key = claims->key;
    packed->expires = claims->expires;
    packed->not_before = claims->not_before;
    packed->issued = claims->issued;
    packed->session_expires = claims->session_expires;
    packed->size = (apr_uint32_t)size;
    packed->node_count = claims->doc.count;
    packed->variable_count = (apr_uint32_t)claims->lazy->variable_count;
    packed->text_len = (apr_uint32_t)claims->text_len;
    packed->identity = (apr_uint32_t)(claims->identity - claims->doc.text);
    packed->signed_len = (apr_uint32_t)claims->signed_len;
    packed->type = claims->type;
    memcpy(packed + 1, claims->doc.nodes, nodes_size(claims->doc.count));
    memcpy((char *)block + text_at(packed), claims->doc.text, claims->text_len + 1);
    put_variables(claims, packed, block);
}

/* ---- and back ---- */

static aj_claims_lazy_t *unpack_lazy(const packed_t *packed, apr_pool_t *pool)
{
    const char *block = (const char *)packed;
    const packed_variable_t *in = (const packed_variable_t *)(block + variables_at(packed));
    /* One at least, since NULL says that nobody has asked for them yet. */
    aj_variable_t *variables = apr_palloc(pool, (packed->variable_count + 1) * sizeof(*variables));
    aj_claims_lazy_t *lazy = apr_pcalloc(pool, sizeof(*lazy));
    apr_uint32_t i;

    for (i = 0; i < packed->variable_count; i++) {
        variables[i].name = block + in[i].name;
        variables[i].text = block + in[i].text;
    }
    lazy->pool = pool;
    lazy->variables = variables;
    lazy->variable_count = (int)packed->variable_count;
    return lazy;
}

const aj_claims_t *aj_claims_unpack(const void *block, const char *token, apr_pool_t *pool)
{
    const packed_t *packed = block;
    aj_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));

    claims->doc.text = (const char *)block + text_at(packed);
    claims->doc.nodes = (const aj_node_t *)(packed + 1);
    claims->doc.count = packed->node_count;
    claims->text_len = packed->text_len;
    claims->lazy = unpack_lazy(packed, pool);
    claims->signed_text = token;
    claims->signed_len = packed->signed_len;
    claims->identity = claims->doc.text + packed->identity;
    claims->key = packed->key;
    claims->type = (aj_token_type_e)packed->type;
    claims->expires = packed->expires;
    claims->not_before = packed->not_before;
    claims->issued = packed->issued;
    claims->session_expires = packed->session_expires;
    return claims;
}

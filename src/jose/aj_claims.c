/* SPDX-License-Identifier: Apache-2.0 */
/* Verified claims, for reading. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_claims_private.h"
#include "aj_json.h"

/* 9999-12-31T23:59:59Z. What is beyond is a mistake, most often of milliseconds for seconds. */
#define MAX_SECONDS 253402300799LL

/* Most requests ask for none of these, so each is made when it is first asked for. */
static const json_t *value_of(const aj_claims_t *claims, const aj_node_t *node)
{
    aj_claims_lazy_t *lazy = claims->lazy;
    apr_size_t index = (apr_size_t)(node - claims->doc.nodes);

    if (!lazy->values) {
        lazy->values = apr_pcalloc(lazy->pool, claims->doc.count * sizeof(*lazy->values));
    }
    if (!lazy->values[index]) {
        lazy->values[index] = aj_json_own(aj_node_json(&claims->doc, node), lazy->pool);
    }
    return lazy->values[index];
}

const json_t *aj_claims_object(const aj_claims_t *claims)
{
    return value_of(claims, claims->doc.nodes);
}

const json_t *aj_claims_get(const aj_claims_t *claims, const char *name)
{
    const aj_node_t *node = aj_node_lookup(&claims->doc, name);

    return node ? value_of(claims, node) : NULL;
}

const char *aj_claims_string(const aj_claims_t *claims, const char *name)
{
    return aj_node_string(&claims->doc, aj_node_lookup(&claims->doc, name));
}

const char *aj_claims_identity(const aj_claims_t *claims)
{
    return claims->identity;
}

aj_token_type_e aj_claims_type(const aj_claims_t *claims)
{
    return claims->type;
}

apr_time_t aj_claims_expires(const aj_claims_t *claims)
{
    return claims->expires;
}

apr_time_t aj_claims_issued(const aj_claims_t *claims)
{
    return claims->issued;
}

apr_time_t aj_claims_session_expires(const aj_claims_t *claims)
{
    return claims->session_expires;
}

const aj_key_t *aj_claims_key(const aj_claims_t *claims)
{
    return claims->key;
}

const unsigned char *aj_claims_token_hash(const aj_claims_t *claims)
{
    aj_claims_lazy_t *lazy = claims->lazy;

    /* Without the signature: whoever holds an ECDSA token can make a second one for it (s and n - s). */
    if (!lazy->is_hashed) {
        lazy->is_hashed = aj_sha256(claims->signed_text, claims->signed_len, lazy->token_hash) == APR_SUCCESS;
    }
    return lazy->is_hashed ? lazy->token_hash : NULL;
}

/* Words of one list seldom begin with the same. */
static int is_same(const char *a, const char *b)
{
    return *a == *b && !strcmp(a, b);
}

static void add_once(apr_array_header_t *list, const char *text)
{
    int i;

    for (i = 0; text && i < list->nelts; i++) {
        if (is_same(APR_ARRAY_IDX(list, i, const char *), text)) {
            text = NULL;
        }
    }
    if (text) {
        APR_ARRAY_PUSH(list, const char *) = text;
    }
}

static void add_all(apr_array_header_t *list, const aj_json_doc_t *doc, const aj_node_t *array)
{
    apr_uint32_t left = array && array->type == AJ_NODE_ARRAY ? aj_node_size(array) : 0;
    const aj_node_t *node;

    for (node = aj_node_first(array); left > 0; left--, node = aj_node_next(doc, node)) {
        add_once(list, aj_node_string(doc, node));
    }
}

apr_array_header_t *aj_claims_strings(const aj_claims_t *claims, const apr_array_header_t *names, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(const char *));
    int i;

    for (i = 0; i < names->nelts; i++) {
        const aj_node_t *value = aj_node_lookup(&claims->doc, APR_ARRAY_IDX(names, i, const char *));

        add_once(list, aj_node_string(&claims->doc, value));
        add_all(list, &claims->doc, value);
    }
    return list;
}

/* Is the value this string, or an array with it? */
static int holds_string(const aj_json_doc_t *doc, const aj_node_t *value, const char *text)
{
    apr_uint32_t left = value && value->type == AJ_NODE_ARRAY ? aj_node_size(value) : 0;
    const char *string = aj_node_string(doc, value);
    const aj_node_t *node;
    int found = string && is_same(string, text);

    for (node = aj_node_first(value); !found && left > 0; left--, node = aj_node_next(doc, node)) {
        string = aj_node_string(doc, node);
        found = string && is_same(string, text);
    }
    return found;
}

int aj_claims_has_string(const aj_claims_t *claims, const apr_array_header_t *names, const char *text)
{
    int found = 0;
    int i;

    for (i = 0; i < names->nelts && !found; i++) {
        found = holds_string(&claims->doc, aj_node_lookup(&claims->doc, APR_ARRAY_IDX(names, i, const char *)), text);
    }
    return found;
}

int aj_claims_read_date(const aj_node_t *value, apr_time_t *out)
{
    int ok = 0;

    if (value && value->type == AJ_NODE_INTEGER) {
        apr_int64_t seconds = value->value.integer;

        ok = seconds >= 0 && seconds <= MAX_SECONDS;
        *out = ok ? apr_time_from_sec((apr_time_t)seconds) : 0;
    }
    else if (value && value->type == AJ_NODE_REAL) {
        double seconds = value->value.real;

        ok = seconds >= 0 && seconds <= (double)MAX_SECONDS;
        *out = ok ? (apr_time_t)(seconds * APR_USEC_PER_SEC) : 0;
    }
    return ok;
}

int aj_claims_is_over(apr_time_t expires, apr_interval_time_t leeway, apr_time_t now)
{
    return now >= expires + leeway;
}

int aj_claims_is_ahead(apr_time_t date, apr_interval_time_t leeway, apr_time_t now)
{
    return date > now + leeway;
}

int aj_claims_is_fresh(const aj_claims_t *claims, apr_interval_time_t age, apr_time_t now)
{
    const aj_node_t *fresh = aj_node_lookup(&claims->doc, "fresh");
    apr_time_t until = 0;

    if (!(fresh && fresh->type == AJ_NODE_TRUE) && !(aj_claims_read_date(fresh, &until) && now <= until)) {
        return 0;
    }
    return age < 0 || (claims->issued != 0 && now - claims->issued <= age);
}

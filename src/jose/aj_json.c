/* SPDX-License-Identifier: Apache-2.0 */
/* The one door for JSON text, and the one exit. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"

/* Depth of nesting, counted outside strings before the parser runs: jansson recurses, and its own limit is
   far higher than any token needs. */
static int too_deep(const char *text, apr_size_t len)
{
    int depth = 0, in_string = 0, deepest = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        switch (text[i]) {
        case '"':
            in_string = !in_string;
            break;
        case '\\':
            i += in_string;
            break;
        case '[':
        case '{':
            depth += !in_string;
            break;
        case ']':
        case '}':
            depth -= !in_string;
            break;
        default:
            break;
        }
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest > AJ_JSON_MAX_DEPTH;
}

/* Our own words: the parser's quote the text, which may be secret or hostile. */
static const char *reason(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return "a member appears twice";
    case json_error_invalid_utf8:
        return "not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string holds NUL";
    case json_error_numeric_overflow:
        return "a number is out of range";
    case json_error_end_of_input_expected:
        return "text follows the object";
    case json_error_premature_end_of_input:
        return "ends too early";
    default:
        return "not JSON";
    }
}

int aj_json_read_object(const char *text, apr_size_t len, apr_pool_t *pool, json_t **out, const char **detail)
{
    json_error_t error;
    json_t *json;
    int ok = 0;

    if (too_deep(text, len)) {
        *detail = "nested too deeply";
    }
    else if (!(json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error))) {
        *detail = reason(&error);
    }
    else {
        aj_json_own(json, pool);
        if (memchr(text, '\0', len)) {
            *detail = "not JSON"; /* jansson passes over NUL behind a number or word */
        }
        else if (json_is_object(json)) {
            *out = json;
            ok = 1;
        }
        else {
            *detail = "not an object";
        }
    }
    return ok;
}

static apr_status_t drop(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

static void out_of_memory(apr_pool_t *pool)
{
    apr_abortfunc_t abort_fn = apr_pool_abort_get(pool);

    if (abort_fn) {
        abort_fn(APR_ENOMEM);
    }
    abort();
}

json_t *aj_json_own(json_t *json, apr_pool_t *pool)
{
    if (!json) {
        out_of_memory(pool);
    }
    apr_pool_cleanup_register(pool, json, drop, apr_pool_cleanup_null);
    return json;
}

char *aj_json_write(const json_t *json, apr_pool_t *pool)
{
    char *heap = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    char *text;

    if (!heap) {
        out_of_memory(pool);
    }
    text = apr_pstrdup(pool, heap);
    free(heap);
    return text;
}

int aj_json_is_text(const char *text)
{
    json_t *checked = json_string(text);

    json_decref(checked);
    return checked != NULL;
}

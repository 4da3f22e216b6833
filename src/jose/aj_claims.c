/* SPDX-License-Identifier: Apache-2.0 */
/* Verified claims, for reading. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_claims_private.h"
#include "aj_json.h"

/* 9999-12-31T23:59:59Z. What is beyond is a mistake, most often of milliseconds for seconds. */
#define MAX_SECONDS 253402300799LL

const json_t *aj_claims_object(const aj_claims_t *claims)
{
    return claims->object;
}

const json_t *aj_claims_get(const aj_claims_t *claims, const char *name)
{
    return aj_json_lookup(claims->object, name);
}

const char *aj_claims_string(const aj_claims_t *claims, const char *name)
{
    return json_string_value(aj_claims_get(claims, name));
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
    return claims->token_hash;
}

static void add_once(apr_array_header_t *list, const json_t *value)
{
    const char *text = json_string_value(value);
    int i;

    for (i = 0; text && i < list->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(list, i, const char *), text)) {
            text = NULL;
        }
    }
    if (text) {
        APR_ARRAY_PUSH(list, const char *) = text;
    }
}

apr_array_header_t *aj_claims_strings(const aj_claims_t *claims, const apr_array_header_t *names, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    int i;

    for (i = 0; i < names->nelts; i++) {
        const json_t *value = aj_claims_get(claims, APR_ARRAY_IDX(names, i, const char *));
        size_t k;

        add_once(list, value);
        for (k = 0; k < json_array_size(value); k++) {
            add_once(list, json_array_get(value, k));
        }
    }
    return list;
}

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

int aj_claims_has_control(const char *text)
{
    const unsigned char *c;

    for (c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)) {
            return 1;
        }
    }
    return 0;
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

int aj_claims_read_date(const json_t *value, apr_time_t *out)
{
    int ok = 0;

    if (json_is_integer(value)) {
        json_int_t seconds = json_integer_value(value);

        ok = seconds >= 0 && seconds <= MAX_SECONDS;
        *out = ok ? apr_time_from_sec((apr_time_t)seconds) : 0;
    }
    else if (json_is_real(value)) {
        double seconds = json_real_value(value);

        ok = seconds >= 0 && seconds <= (double)MAX_SECONDS;
        *out = ok ? (apr_time_t)(seconds * APR_USEC_PER_SEC) : 0;
    }
    return ok;
}

int aj_claims_is_fresh(const aj_claims_t *claims, apr_interval_time_t age, apr_time_t now)
{
    const json_t *fresh = aj_claims_get(claims, "fresh");
    apr_time_t until = 0;

    if (!json_is_true(fresh) && !(aj_claims_read_date(fresh, &until) && now <= until)) {
        return 0;
    }
    return age < 0 || (claims->issued != 0 && now - claims->issued <= age);
}

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

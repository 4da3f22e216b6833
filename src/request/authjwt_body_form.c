/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_body: a form as fields. Needs no httpd at run time, so that a fuzzer links it alone. */
#include <string.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include "authjwt_body_private.h"

/* Decode one name or value in place; broken escapes and NUL are refused. */
static int decode(char *text)
{
    apr_size_t size = 0;

    /* The size counts the final NUL. */
    return apr_unescape_url(text, text, APR_ESCAPE_STRING, NULL, NULL, 1, &size) != APR_EINVAL
        && strlen(text) + 1 == size;
}

static const char *add_form_field(json_t *fields, char *pair)
{
    char *value = strchr(pair, '=');

    if (value) {
        *value++ = '\0';
    }
    else {
        value = pair + strlen(pair);
    }
    if (!decode(pair) || !decode(value)) {
        return "a form field is not URL-encoded";
    }
    if (json_object_get(fields, pair)) {
        return "a form field occurs twice";
    }
    if (json_object_set_new_nocheck(fields, pair, json_string_nocheck(value))) {
        return "a form field cannot be kept";
    }
    return NULL;
}

const char *authjwt_body_read_form(char *body, apr_size_t len, json_t *fields)
{
    const char *error = NULL;
    char *last = NULL;
    char *pair;

    if (memchr(body, '\0', len)) {
        return "a form holds a NUL byte";
    }
    for (pair = apr_strtok(body, "&", &last); pair && !error; pair = apr_strtok(NULL, "&", &last)) {
        error = add_form_field(fields, pair);
    }
    return error;
}

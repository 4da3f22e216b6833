/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: credentials of a header, parameters of a query or form. Needs no httpd at run time, so that a fuzzer
 * links it alone. */
#include <string.h>
#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_request.h"

/* SP and HTAB (RFC 9110 5.6.3), and nothing else that C takes for space. */
static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *text)
{
    while (is_blank(*text)) {
        text++;
    }
    return text;
}

const char *authjwt_request_credentials(const char *value, const char *scheme, apr_pool_t *pool)
{
    apr_size_t len = strlen(scheme);

    value = skip_blanks(value);
    if (len) {
        if (apr_cstr_casecmpn(value, scheme, len) || !is_blank(value[len])) {
            return NULL;
        }
        value = skip_blanks(value + len);
    }
    len = strlen(value);
    if (len && !is_blank(value[len - 1])) {
        return value;
    }
    while (len && is_blank(value[len - 1])) {
        len--;
    }
    return len ? apr_pstrmemdup(pool, value, len) : NULL;
}

const char *authjwt_request_parameter(const char *pairs, const char *name, int plus, apr_pool_t *pool)
{
    apr_size_t name_len = strlen(name);
    const char *pair;

    for (pair = pairs; pair && *pair; pair += strcspn(pair, "&"), pair += *pair == '&') {
        const char *value = pair + name_len + 1;

        if (!strncmp(pair, name, name_len) && pair[name_len] == '=' && *value && *value != '&') {
            const char *decoded =
                apr_punescape_url(pool, apr_pstrmemdup(pool, value, strcspn(value, "&")), NULL, NULL, plus);

            return decoded ? decoded : "";
        }
    }
    return NULL;
}

char *authjwt_request_cut_parameter(const char *query, const char *name, apr_pool_t *pool)
{
    apr_size_t name_len = strlen(name);
    char *kept = apr_pstrdup(pool, query);
    char *end = kept;
    int found = 0;

    while (*query) {
        apr_size_t len = strcspn(query, "&");

        if (!strncmp(query, name, name_len) && query[name_len] == '=') {
            found = 1;
        }
        else {
            if (end > kept) {
                *end++ = '&';
            }
            memcpy(end, query, len);
            end += len;
        }
        query += len + (query[len] == '&');
    }
    *end = '\0';
    return found ? kept : NULL;
}

char *authjwt_request_cut_from_address(char *text, const char *name, apr_pool_t *pool)
{
    char *query = text ? strchr(text, '?') : NULL;
    apr_size_t len = query ? strcspn(query, " #") : 0;
    char *cut = query ? authjwt_request_cut_parameter(apr_pstrmemdup(pool, query + 1, len - 1), name, pool) : NULL;

    return cut ? apr_pstrcat(pool, apr_pstrmemdup(pool, text, query - text), *cut ? "?" : "", cut, query + len, NULL)
               : text;
}

int authjwt_request_reads_as(const char *sent, apr_size_t len, const char *name)
{
    apr_size_t i;

    for (i = 0; i < len && name[i]; i++) {
        if (apr_isalnum(sent[i]) ? apr_tolower(sent[i]) != apr_tolower(name[i]) : apr_isalnum(name[i]) != 0) {
            return 0;
        }
    }
    return i == len && !name[i];
}

const char *authjwt_request_variable(const char *key)
{
    while (!strncmp(key, "REDIRECT_", sizeof("REDIRECT_") - 1)) {
        key += sizeof("REDIRECT_") - 1;
    }
    return key;
}

const char *authjwt_request_header_of(const char *variable)
{
    return !strncmp(variable, "HTTP_", 5) ? variable + 5 : NULL;
}

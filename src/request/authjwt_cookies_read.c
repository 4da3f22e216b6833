/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cookies: read cookies as browsers send them. Needs no httpd at run time, so that a fuzzer links it alone. */
#include <string.h>
#include <apr_strings.h>

#include "authjwt_cookies_read.h"

/* httpd joins several Cookie lines by ", ", and RFC 9113 8.2.3 makes them one list; no cookie has a comma in it. */
#define SEPARATORS ";,"
#define BETWEEN    ";, \t"

/* cookie-pair of RFC 6265 4.2.1; a value in double quotes is taken without them. */
static void take_pair(const char *pair, apr_size_t len, apr_array_header_t *pairs)
{
    const char *equals = memchr(pair, '=', len);
    authjwt_cookie_pair_t *taken;
    const char *value;

    if (!equals) {
        return;
    }
    value = equals + 1;
    len -= value - pair;
    while (len && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        len--;
    }
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }
    if (len) {
        taken = apr_array_push(pairs);
        taken->name = apr_pstrmemdup(pairs->pool, pair, equals - pair);
        taken->value = apr_pstrmemdup(pairs->pool, value, len);
    }
}

apr_array_header_t *authjwt_cookies_read(const char *header, apr_pool_t *pool)
{
    apr_array_header_t *pairs = apr_array_make(pool, 4, sizeof(authjwt_cookie_pair_t));

    while (header && *header) {
        apr_size_t len;

        header += strspn(header, BETWEEN);
        len = strcspn(header, SEPARATORS);
        take_pair(header, len, pairs);
        header += len;
    }
    return pairs;
}

static int is_named(const char *pair, const char *name)
{
    apr_size_t len = strlen(name);

    return !strncmp(pair, name, len) && pair[len] == '=';
}

const char *authjwt_cookies_without(const char *header, const char *name, apr_pool_t *pool)
{
    const char *p = header;
    char *kept = NULL;
    apr_size_t len = 0;

    /* In steps of one pair with the separators before it. */
    while (p && *p) {
        apr_size_t before = strspn(p, BETWEEN);
        apr_size_t pair = strcspn(p + before, SEPARATORS);
        int cut = is_named(p + before, name);

        if (cut && !kept) {
            kept = apr_pstrdup(pool, header);
            len = p - header;
        }
        if (cut && !len) {
            /* The next one becomes the first. */
            pair += strspn(p + before + pair, BETWEEN);
        }
        else if (kept && !cut) {
            memcpy(kept + len, p, before + pair);
            len += before + pair;
        }
        p += before + pair;
    }
    if (!kept) {
        return header;
    }
    kept[len] = '\0';
    return kept;
}

/* authjwt_cookies: read cookies as browsers send them. Needs no httpd at run time, so that a fuzzer links it alone. */
#include <string.h>
#include <apr_strings.h>

#include "authjwt_cookies_read.h"

/* cookie-pair of RFC 6265 4.2.1; a value in double quotes is taken without them. */
static void take_pair(const char *pair, apr_size_t len, const char *name, apr_array_header_t *values)
{
    apr_size_t name_len = strlen(name);
    const char *value = pair + name_len + 1;

    if (len <= name_len || strncmp(pair, name, name_len) || pair[name_len] != '=') {
        return;
    }
    len -= name_len + 1;
    while (len && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        len--;
    }
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }
    if (len) {
        APR_ARRAY_PUSH(values, const char *) = apr_pstrmemdup(values->pool, value, len);
    }
}

void authjwt_cookies_read(const char *header, const char *name, apr_array_header_t *values)
{
    while (header && *header) {
        apr_size_t len;

        header += strspn(header, "; \t");
        len = strcspn(header, ";");
        take_pair(header, len, name, values);
        header += len;
    }
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
        apr_size_t before = strspn(p, "; \t");
        apr_size_t pair = strcspn(p + before, ";");
        int cut = is_named(p + before, name);

        if (cut && !kept) {
            kept = apr_pstrdup(pool, header);
            len = p - header;
        }
        if (cut && !len) {
            /* The next one becomes the first. */
            pair += strspn(p + before + pair, "; \t");
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

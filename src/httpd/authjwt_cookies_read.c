/* authjwt_cookies: read cookies as browsers send them. Needs no httpd at run time, so that a fuzzer links it alone. */
#include <string.h>
#include <apr_strings.h>

#include "authjwt_cookies.h"

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

void authjwt_cookies_values(const char *header, const char *name, apr_array_header_t *values)
{
    while (header && *header) {
        apr_size_t len;

        header += strspn(header, "; \t");
        len = strcspn(header, ";");
        take_pair(header, len, name, values);
        header += len;
    }
}

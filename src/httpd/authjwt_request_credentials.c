/* authjwt_request: the token of a header. Needs no httpd at run time, so that a fuzzer links it alone. */
#include <string.h>
#include <apr_cstr.h>
#include <apr_strings.h>

#include "authjwt_request.h"

/* SP and HTAB (RFC 9110 5.6.3), and nothing else that C takes for space. */
static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

const char *authjwt_request_credentials(const char *value, const char *scheme, apr_pool_t *pool)
{
    apr_size_t len = strlen(scheme);

    value += strspn(value, " \t");
    if (len) {
        if (apr_cstr_casecmpn(value, scheme, len) || !is_blank(value[len])) {
            return NULL;
        }
        value += len;
        value += strspn(value, " \t");
    }
    len = strlen(value);
    while (len && is_blank(value[len - 1])) {
        len--;
    }
    return len ? apr_pstrmemdup(pool, value, len) : NULL;
}

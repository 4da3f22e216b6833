/* authjwt_forward: whose name is it, and does it hold a token? */
#include <httpd.h>
#include <apr_lib.h>

#include "authjwt_forward_private.h"
#include "authjwt_request.h"

int authjwt_forward_looks_like(const char *sent, apr_size_t len, const char *name)
{
    apr_size_t i;

    for (i = 0; i < len && name[i]; i++) {
        if (apr_isalnum(sent[i]) ? apr_tolower(sent[i]) != apr_tolower(name[i]) : apr_isalnum(name[i]) != 0) {
            return 0;
        }
    }
    return i == len && !name[i];
}

int authjwt_forward_is_managed(const char *sent, apr_size_t len, const apr_array_header_t *headers)
{
    int i;

    for (i = 0; i < headers->nelts; i++) {
        if (authjwt_forward_looks_like(sent, len, APR_ARRAY_IDX(headers, i, authjwt_request_header_t).header)) {
            return 1;
        }
    }
    return 0;
}

/* Several fields of one name arrive as one, joined by commas. */
int authjwt_forward_holds_token(const char *value, const char *scheme, apr_pool_t *pool)
{
    while (value && *value) {
        if (authjwt_request_credentials(value, scheme, pool)) {
            return 1;
        }
        value += strcspn(value, ",");
        value += *value == ',';
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: names of claims as directives write them. */
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_config.h"

const char *authjwt_config_check_claim(apr_pool_t *pool, const char *where, const char *name)
{
    if (!*name) {
        return apr_pstrcat(pool, where, ": the name of the claim is empty", NULL);
    }
    return aj_json_is_name(name)
             ? NULL
             : apr_psprintf(pool,
                            "%s: \"%s\" is no JSON Pointer: in a name that begins with /, write ~0 for ~ and ~1 for /",
                            where, name);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A form that is accepted gives strings without NUL, each name once. */
#include "fuzz.h"
#include "../../src/request/authjwt_body_private.h"
#include "aj_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    json_t *fields = aj_json_own(json_object(), pool);
    const char *name;
    json_t *value;

    if (!authjwt_body_read_form(apr_pstrmemdup(pool, (const char *)data, size), size, fields)) {
        HOLDS(!memchr(data, 0, size));
        json_object_foreach(fields, name, value)
        {
            HOLDS(json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value));
        }
    }
    return fuzz_done(pool);
}

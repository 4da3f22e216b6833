/* SPDX-License-Identifier: Apache-2.0 */
/* What is read can be written and read again, and is the same. */
#include "fuzz.h"
#include "aj_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *detail = NULL;
    json_t *object, *again;

    if (aj_json_read_object((const char *)data, size, pool, &object, &detail)) {
        const char *text = aj_json_write(object, pool);

        HOLDS(aj_json_read_object(text, strlen(text), pool, &again, &detail));
        HOLDS(json_equal(object, again));
        (void)aj_json_lookup(object, "/a/b~1c/0");
    }
    else {
        HOLDS(detail != NULL);
    }
    return fuzz_done(pool);
}

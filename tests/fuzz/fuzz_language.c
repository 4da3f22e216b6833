/* SPDX-License-Identifier: Apache-2.0 */
/* Accept-Language: the answer is one of the languages there are, whatever is asked for, and the first where nothing is.
 * A language that is asked for by name, before all others, is the answer. */
#include "fuzz.h"
#include "authjwt_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tags[] = { "en", "de", "de-AT", "pt-BR", "zh-Hant-TW" };
    apr_pool_t *pool = fuzz_pool();
    const char *accepted = apr_pstrmemdup(pool, (const char *)data, size);
    apr_array_header_t *languages = apr_array_make(pool, 5, sizeof(const char *));
    int chosen, i;

    for (i = 0; i < 5; i++) {
        APR_ARRAY_PUSH(languages, const char *) = tags[i];
    }
    chosen = authjwt_request_language(accepted, languages);
    HOLDS(chosen >= 0 && chosen < 5);
    HOLDS(authjwt_request_language("", languages) == 0 && authjwt_request_language(NULL, languages) == 0);
    for (i = 0; i < 5 && !strpbrk(accepted, "zZ"); i++) {
        HOLDS(authjwt_request_language(apr_pstrcat(pool, "zh-hant-tw,", accepted, NULL), languages) == 4);
    }
    return fuzz_done(pool);
}

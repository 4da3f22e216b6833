/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a client sends, a line of the audit log is one JSON object with the members that were added and no others,
 * shows nothing that is hidden, and keeps to its limits. */
#include "fuzz.h"
#include "../../src/watch/authjwt_audit_private.h"

#define AROUND_MEMBERS 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = apr_pstrmemdup(pool, (const char *)data, size);
    apr_size_t most = 32 + size % 500, i;
    authjwt_audit_line_t line;
    json_t *read;

    line.len = 0;
    authjwt_audit_line_add(&line, "event", "login", 32);
    authjwt_audit_line_add(&line, "user", text, most);
    authjwt_audit_line_add(&line, "agent", text, most);
    authjwt_audit_line_end(&line);
    HOLDS(line.len <= 2 * most + AROUND_MEMBERS && line.len <= sizeof(line.text) && line.text[line.len - 1] == '\n');
    for (i = 0; i + 1 < line.len; i++) {
        HOLDS((unsigned char)line.text[i] >= 0x20 && line.text[i] != 0x7f);
    }
    read = json_loadb(line.text, line.len, JSON_REJECT_DUPLICATES, NULL);
    HOLDS(json_is_object(read) && json_object_size(read) == (*text ? 3 : 1));
    HOLDS(!strcmp(json_string_value(json_object_get(read, "event")), "login"));
    HOLDS(!*text || !strstr(json_string_value(json_object_get(read, "user")), "eyJhbGciOiJIUzI1NiJ9"));
    json_decref(read);
    return fuzz_done(pool);
}

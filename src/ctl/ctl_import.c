/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl import: what export has written, into a store that may be in use. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_json.h"
#include "authjwt_entry.h"
#include "ctl_private.h"

/* Longer than any line that export writes. */
#define LINE_MAX_BYTES 4096

/** An entry of the dump. */
typedef struct {
    authjwt_lmdb_entry_t entry;
    authjwt_store_value_t merged;
} line_t;

static int mark_of(const authjwt_lmdb_entry_t *entry, authjwt_entry_mark_t *mark)
{
    authjwt_store_value_t value;

    if (entry->len > sizeof(value.bytes)) {
        return 0;
    }
    memcpy(value.bytes, entry->data, entry->len);
    value.len = (unsigned)entry->len;
    return authjwt_entry_mark_of(&value, mark);
}

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* What has ended stays ended, as late as either says. Of a chain, what the store has is newer. Nothing is kept shorter.
 */
static int merge(void *ctx, const authjwt_lmdb_entry_t *old, authjwt_lmdb_entry_t *entry)
{
    line_t *line = ctx;
    authjwt_entry_mark_t found, read;

    *entry = line->entry;
    if (!old) {
        return 1;
    }
    entry->data = old->data;
    entry->len = old->len;
    entry->expiry = later(old->expiry, line->entry.expiry);
    if (mark_of(old, &found) && mark_of(&line->entry, &read)) {
        read.ended = later(found.ended, read.ended);
        read.until = later(found.until, read.until);
        authjwt_entry_write_mark(&read, &line->merged);
        entry->data = line->merged.bytes;
        entry->len = line->merged.len;
    }
    return entry->expiry != old->expiry || entry->len != old->len || memcmp(entry->data, old->data, old->len) != 0;
}

static int read_bytes(const json_t *object, const char *name, apr_size_t most, apr_pool_t *pool,
                      const unsigned char **out, apr_size_t *len)
{
    const char *text = json_string_value(json_object_get(object, name));
    unsigned char *bytes;

    if (!text || aj_base64url_decode(text, strlen(text), pool, &bytes, len) != AJ_OK || !*len || *len > most) {
        return 0;
    }
    *out = bytes;
    return 1;
}

static int read_line(const char *text, apr_pool_t *pool, line_t *line)
{
    authjwt_lmdb_entry_t *entry = &line->entry;
    const char *detail;
    json_t *object;

    if (!aj_json_read_object(text, strlen(text), pool, &object, &detail)) {
        return 0;
    }
    entry->expiry = json_integer_value(json_object_get(object, "expires"));
    return entry->expiry > 0 && read_bytes(object, "id", AJ_SHA256_BYTES, pool, &entry->id, &entry->idlen)
        && read_bytes(object, "value", AUTHJWT_STORE_VALUE_MAX, pool, &entry->data, &entry->len);
}

/* @param imported  counts */
static const char *import_all(authjwt_lmdb_file_t *file, apr_uint64_t *imported, apr_pool_t *pool)
{
    char text[LINE_MAX_BYTES];
    const char *error = NULL;
    apr_uint64_t number = 0;

    while (!error && fgets(text, sizeof(text), stdin)) {
        line_t line = { .merged = { .len = 0 } };
        apr_pool_t *each;

        apr_pool_create(&each, pool);
        number++;
        text[strcspn(text, "\r\n")] = '\0';
        if (!read_line(text, each, &line)) {
            error = apr_psprintf(pool, "line %" APR_UINT64_T_FMT " is none that export writes", number);
        }
        else if (line.entry.expiry > apr_time_now()) {
            error = ctl_store_change(file, &line.entry, merge, &line, each);
            *imported += !error;
        }
        apr_pool_destroy(each);
    }
    return error ? error : ferror(stdin) ? "stdin cannot be read" : NULL;
}

ctl_exit_e ctl_import(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = options->config ? ctl_config_read(options, pool) : NULL;
    authjwt_lmdb_file_t *file;
    apr_uint64_t imported = 0;

    error = error ? error : ctl_store_check(options);
    if (error || options->word) {
        return ctl_say(CTL_USAGE, "%s", error ? error : "import takes no other word");
    }
    error = ctl_store_open(options, pool, &file);
    error = error ? error : import_all(file, &imported, pool);
    printf(options->json ? "{\"imported\":%" APR_UINT64_T_FMT "}\n" : "%" APR_UINT64_T_FMT " entries\n", imported);
    return error ? ctl_say(CTL_REFUSED, "%s", error) : CTL_DONE;
}

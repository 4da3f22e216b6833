/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl import: what export has written, into a store that may be in use. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_json.h"
#include "authjwt_entry.h"
#include "ctl_store.h"

/* Longer than any line that export writes. */
#define LINE_MAX_BYTES 4096

/** Lines of the dump on their way into the store. */
typedef struct {
    ctl_change_t changes[CTL_STORE_BATCH];
    authjwt_store_value_t merged[CTL_STORE_BATCH];
    ctl_entry_t lines[CTL_STORE_BATCH];
    unsigned n;
    apr_time_t birth; /* the latest that the dump has told */
    apr_uint64_t imported;
    int knows_no_expiry;
} batch_t;

/** What decides about a line. */
typedef struct {
    const ctl_entry_t *line;
    authjwt_store_value_t *merged;
    int *knows_no_expiry;
} decided_t;

static authjwt_store_value_t value_of(const ctl_entry_t *entry)
{
    authjwt_store_value_t value = { .len = 0 };

    if (entry->len <= sizeof(value.bytes)) {
        memcpy(value.bytes, entry->data, entry->len);
        value.len = (unsigned)entry->len;
    }
    return value;
}

/* Nothing is kept shorter. What is of an unknown form stays as it is. */
static int merge(ctl_change_t *change)
{
    const decided_t *decided = change->ctx;
    const ctl_entry_t old = change->entry;
    authjwt_store_value_t line = value_of(decided->line);

    if (!old.data) {
        change->entry = *decided->line;
        return 1;
    }
    if (!old.expiry) {
        *decided->knows_no_expiry = 1;
        return 0;
    }
    change->entry.expiry = old.expiry > decided->line->expiry ? old.expiry : decided->line->expiry;
    *decided->merged = value_of(&old);
    if (decided->merged->len) {
        authjwt_entry_merge(decided->merged, &line);
        change->entry.data = decided->merged->bytes;
        change->entry.len = decided->merged->len;
    }
    return change->entry.expiry > old.expiry || change->entry.len != old.len
        || memcmp(change->entry.data, old.data, old.len) != 0;
}

/* ---- reading ---- */

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

/* @return zero: no line that export writes */
static int read_line(const char *text, apr_size_t len, apr_pool_t *pool, ctl_entry_t *entry, apr_time_t *birth)
{
    const char *detail;
    json_t *object;

    if (len == LINE_MAX_BYTES || !aj_json_read_object(text, len, pool, &object, &detail)) {
        return 0;
    }
    if (json_object_size(object) == 1) {
        *birth = json_integer_value(json_object_get(object, "birth"));
        return *birth > 0;
    }
    entry->expiry = json_integer_value(json_object_get(object, "expires"));
    return json_object_size(object) == 3 && entry->expiry > 0
        && read_bytes(object, "id", AJ_SHA256_BYTES, pool, &entry->id, &entry->idlen)
        && read_bytes(object, "value", AUTHJWT_STORE_VALUE_MAX, pool, &entry->data, &entry->len);
}

static int add_line(const char *text, apr_size_t len, batch_t *batch, apr_pool_t *pool)
{
    ctl_entry_t *line = &batch->lines[batch->n];
    apr_time_t birth = 0;

    *line = (ctl_entry_t){ .idlen = 0 };
    if (!read_line(text, len, pool, line, &birth)) {
        return 0;
    }
    batch->birth = birth > batch->birth ? birth : batch->birth;
    batch->n += line->expiry > apr_time_now();
    return 1;
}

/* A line up to its end or that of the file, with each NUL in it: what stands behind one counts too.
 * @param len  LINE_MAX_BYTES when it is so long or longer @return zero when there is no further line */
static int read_text(char text[LINE_MAX_BYTES], apr_size_t *len)
{
    int c;

    for (*len = 0; (c = getc(stdin)) != EOF && c != '\n';) {
        if (*len < LINE_MAX_BYTES) {
            text[(*len)++] = (char)c;
        }
    }
    if (*len && *len < LINE_MAX_BYTES && text[*len - 1] == '\r') {
        --*len;
    }
    return c != EOF || *len;
}

/* Read up to a batch of lines. @param number  of the last line that was read */
static const char *read_batch(batch_t *batch, apr_uint64_t *number, apr_pool_t *pool)
{
    char text[LINE_MAX_BYTES];
    apr_size_t len;

    batch->n = 0;
    while (batch->n < CTL_STORE_BATCH && read_text(text, &len)) {
        ++*number;
        if (!add_line(text, len, batch, pool)) {
            return apr_psprintf(pool, "line %" APR_UINT64_T_FMT " is none that export writes", *number);
        }
    }
    return ferror(stdin) ? "stdin cannot be read" : NULL;
}

/* ---- storing ---- */

static const char *store_batch(const ctl_store_t *store, batch_t *batch, apr_pool_t *pool)
{
    decided_t *decided = apr_palloc(pool, (batch->n + 1) * sizeof(*decided));
    const char *error;
    unsigned i;

    for (i = 0; i < batch->n; i++) {
        const ctl_entry_t *line = &batch->lines[i];

        decided[i] = (decided_t){ line, &batch->merged[i], &batch->knows_no_expiry };
        batch->changes[i] = (ctl_change_t){ .entry = { .id = line->id, .idlen = line->idlen }, .ctx = &decided[i] };
    }
    error = ctl_store_change(store, batch->changes, batch->n, merge, pool);
    batch->imported += error ? 0 : batch->n;
    return error || !batch->knows_no_expiry
             ? error
             : "the store does not tell when its entries expire; on valkey its user needs +pttl";
}

/* What was read before a line that is none is stored. */
static const char *import_all(const ctl_store_t *store, batch_t *batch, apr_pool_t *pool)
{
    const char *wrong = NULL, *error = NULL;
    apr_uint64_t number = 0;

    while (!wrong && !error && !feof(stdin)) {
        apr_pool_t *each;

        apr_pool_create(&each, pool);
        wrong = read_batch(batch, &number, each);
        wrong = wrong ? apr_pstrdup(pool, wrong) : NULL;
        error = store_batch(store, batch, each);
        error = error ? apr_pstrdup(pool, error) : NULL;
        apr_pool_destroy(each);
    }
    if (!error && batch->birth) {
        error = ctl_store_bear(store, batch->birth, pool);
    }
    return error ? error : wrong;
}

ctl_exit_e ctl_import(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = ctl_only_store(options, pool);
    batch_t *batch = apr_pcalloc(pool, sizeof(*batch));
    ctl_store_t store;

    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    error = ctl_store_open(options, pool, &store);
    if (error) {
        return ctl_say(CTL_REFUSED, "%s", error);
    }
    error = import_all(&store, batch, pool);
    printf(options->json ? "{\"imported\":%" APR_UINT64_T_FMT "}\n" : "%" APR_UINT64_T_FMT " entries\n",
           batch->imported);
    if (!error && batch->birth && store.kind->bear) {
        fputs("authjwtctl: the dump tells of a loss; restart or reload httpd, so that it counts\n", stderr);
    }
    return error ? ctl_say(CTL_REFUSED, "%s", error) : CTL_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is listed of a user, less what has ended: as jwt-sessions lists it. */
#include <stdlib.h>
#include <string.h>

#include "authjwt_revocation_claims.h"
#include "ctl_sessions.h"

/* Marks of the user and of each session: its own, and that of the session it was begun from. */
#define MARKS_MOST 2

ctl_user_t ctl_user_of(const ctl_options_t *options)
{
    return (ctl_user_t){ .issuer = options->issuer ? options->issuer : "",
                         .user = options->word,
                         .claim = options->identity && strcmp(options->identity, "sub") ? options->identity : NULL,
                         .ignores_losses = options->on_loss && !strcmp(options->on_loss, "ignore") };
}

const char *ctl_user_marks(const ctl_user_t *user, authjwt_store_id_t ids[2], unsigned *n, apr_pool_t *pool)
{
    apr_status_t rv = authjwt_revocation_subject_id(user->issuer, user->user, pool, &ids[0]);

    *n = user->claim ? 2 : 1;
    if (rv == APR_SUCCESS && user->claim) {
        rv = authjwt_revocation_claimed_id(user->issuer, user->claim, user->user, pool, &ids[1]);
    }
    return rv == APR_SUCCESS ? NULL : "OpenSSL cannot hash";
}

/* What a later release has written and this one cannot read is passed over, as httpd does. */
static apr_array_header_t *read_records(const ctl_entry_t *found, unsigned n, apr_pool_t *pool)
{
    apr_array_header_t *records = apr_array_make(pool, (int)n + 1, sizeof(authjwt_record_t));
    unsigned i;

    for (i = 0; i < n; i++) {
        authjwt_record_t record = { .has_origin = 0 };

        memcpy(record.id.bytes, found[i].id, sizeof(record.id.bytes));
        if (authjwt_record_read(found[i].data, found[i].len, pool, &record)) {
            APR_ARRAY_PUSH(records, authjwt_record_t) = record;
        }
    }
    return records;
}

static int newest_first(const void *one, const void *other)
{
    const authjwt_record_t *a = one, *b = other;

    return a->begin != b->begin ? (a->begin < b->begin ? 1 : -1) : memcmp(a->id.bytes, b->id.bytes, sizeof(a->id));
}

/* ---- which have ended ---- */

static int is_marked(const authjwt_record_t *record, const ctl_entry_t *entry)
{
    authjwt_store_value_t value = { .len = 0 };
    authjwt_entry_mark_t mark;

    if (!entry->data) {
        return 0;
    }
    if (entry->len <= sizeof(value.bytes)) {
        memcpy(value.bytes, entry->data, entry->len);
        value.len = (unsigned)entry->len;
    }
    /* What is of an unknown form refuses. */
    return !authjwt_entry_mark_of(&value, &mark) || authjwt_record_is_marked(record, &mark);
}

/* @param own  what the store has of this session, and behind it of the one it was begun from */
static int is_over(const authjwt_record_t *record, const ctl_change_t *marks, unsigned n, const ctl_change_t *own,
                   apr_time_t birth)
{
    unsigned i;

    if (record->ended) {
        return 0;
    }
    for (i = 0; i < n; i++) {
        if (is_marked(record, &marks[i].entry)) {
            return 1;
        }
    }
    return own->entry.data || (record->has_origin && is_marked(record, &own[1].entry))
        || authjwt_record_is_before(record, birth);
}

static ctl_change_t question(const authjwt_store_id_t *id)
{
    return (ctl_change_t){ .entry = { .id = id->bytes, .idlen = sizeof(id->bytes) } };
}

static const char *judge(const ctl_store_t *store, const ctl_user_t *user, const apr_array_header_t *all,
                         apr_array_header_t *living, apr_pool_t *pool)
{
    ctl_change_t *asked = apr_palloc(pool, (MARKS_MOST + 2 * (apr_size_t)all->nelts) * sizeof(*asked));
    authjwt_store_id_t ids[MARKS_MOST];
    ctl_figures_t figures = { 0, 0, 0, 0 };
    unsigned marks, n;
    const char *error = ctl_user_marks(user, ids, &marks, pool);
    int i;

    for (n = 0; n < marks; n++) {
        asked[n] = question(&ids[n]);
    }
    for (i = 0; i < all->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(all, i, authjwt_record_t);

        asked[n++] = question(&record->id);
        asked[n++] = question(record->has_origin ? &record->origin : &record->id);
    }
    error = error ? error : ctl_store_get(store, asked, n, pool);
    error = error || user->ignores_losses ? error : ctl_store_birth(store, &figures.birth, pool);
    for (i = 0; i < all->nelts && !error; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(all, i, authjwt_record_t);

        if (!is_over(record, asked, marks, &asked[marks + 2 * (unsigned)i], figures.birth)) {
            APR_ARRAY_PUSH(living, authjwt_record_t) = *record;
        }
    }
    return error;
}

const char *ctl_user_sessions(const ctl_store_t *store, const ctl_user_t *user, apr_array_header_t **sessions,
                              apr_pool_t *pool)
{
    authjwt_store_id_t owner;
    apr_array_header_t *all;
    ctl_entry_t *found;
    const char *error;
    unsigned n;

    if (authjwt_record_owner(user->issuer, user->user, pool, &owner) != APR_SUCCESS) {
        return "OpenSSL cannot hash";
    }
    error = ctl_store_records(store, owner.bytes, &found, &n, pool);
    if (error) {
        return error;
    }
    all = read_records(found, n, pool);
    qsort(all->elts, (size_t)all->nelts, sizeof(authjwt_record_t), newest_first);
    *sessions = apr_array_make(pool, all->nelts + 1, sizeof(authjwt_record_t));
    return judge(store, user, all, *sessions, pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a directory, inside transactions of the lmdb provider.
 *
 * They are in a database of their own, "directory": the key is owner and id, so those of an owner lie side by side; the
 * value is expiry, order and data. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_lmdb_txn_private.h"

#define NAME AUTHJWT_SOCACHE_NAME

/** A record that stays. */
typedef struct {
    apr_time_t order;
    unsigned char id[NAME];
} kept_t;

/** The owner's records as a change finds them. */
typedef struct {
    const authjwt_lmdb_write_t *write;
    kept_t kept[AUTHJWT_SOCACHE_RECORDS_MAX]; /* but the one that is to be written over */
    unsigned n;
    size_t replaced; /* bytes of that one's value; 0: there is none */
    unsigned char gone[AUTHJWT_SOCACHE_RECORDS_MAX][NAME];
    unsigned goes;
} found_t;

static MDB_val key_of(unsigned char buf[AUTHJWT_LMDB_RECORD_KEY], const unsigned char *owner, const unsigned char *id)
{
    memcpy(buf, owner, NAME);
    memcpy(buf + NAME, id, NAME);
    return (MDB_val){ AUTHJWT_LMDB_RECORD_KEY, buf };
}

typedef int visit_fn(const unsigned char *id, const MDB_val *value, void *ctx);

/* @param visit  returns non-zero to go on */
static int each_record(authjwt_lmdb_env_t *env, MDB_txn *txn, const unsigned char *owner, visit_fn *visit, void *ctx)
{
    MDB_val key = { NAME, (void *)(uintptr_t)owner }, value;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, env->directory, &cursor);

    if (rc != 0) {
        return rc;
    }
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE); rc == 0;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        if (key.mv_size != AUTHJWT_LMDB_RECORD_KEY || value.mv_size < AUTHJWT_LMDB_RECORD_HEAD) {
            rc = MDB_CORRUPTED;
            break;
        }
        if (memcmp(key.mv_data, owner, NAME) != 0 || !visit((unsigned char *)key.mv_data + NAME, &value, ctx)) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- reading ---- */

static int copy_record(const unsigned char *id, const MDB_val *value, void *ctx)
{
    const unsigned char *bytes = value->mv_data;
    authjwt_lmdb_list_t *list = ctx;
    authjwt_socache_record_t *record = &list->records[list->n];

    if (authjwt_lmdb_stamp_get(bytes) <= list->now) {
        return 1;
    }
    record->id = apr_pmemdup(list->pool, id, NAME);
    record->expiry = authjwt_lmdb_stamp_get(bytes);
    record->order = authjwt_lmdb_stamp_get(bytes + AUTHJWT_LMDB_STAMP);
    record->len = (unsigned)(value->mv_size - AUTHJWT_LMDB_RECORD_HEAD);
    record->data = apr_pmemdup(list->pool, bytes + AUTHJWT_LMDB_RECORD_HEAD, record->len);
    return ++list->n < AUTHJWT_SOCACHE_RECORDS_MAX;
}

static int list_work(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_list_t *list = ctx;
    MDB_txn *txn;
    int rc;

    list->n = 0;
    if (!env->has_directory) {
        return 0;
    }
    if ((rc = authjwt_lmdb_read_begin(env, &txn)) != 0) {
        return rc;
    }
    rc = each_record(env, txn, list->owner, copy_record, list);
    authjwt_lmdb_read_end(env, txn);
    return rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_list_job = { "read records", 0, list_work };

/* ---- writing ---- */

static int is_dropped(const authjwt_socache_filing_t *filing, const unsigned char *id)
{
    unsigned i;

    for (i = 0; i < filing->drops; i++) {
        if (memcmp(filing->drop + (size_t)i * NAME, id, NAME) == 0) {
            return 1;
        }
    }
    return 0;
}

/* There is room for all that an owner may have; of more, which nobody has written, the rest is left alone. */
static int sort_record(const unsigned char *id, const MDB_val *value, void *ctx)
{
    found_t *found = ctx;
    const authjwt_socache_filing_t *filing = found->write->filing;
    const unsigned char *bytes = value->mv_data;

    if (filing->record != NULL && memcmp(id, filing->record->id, NAME) == 0) {
        found->replaced = value->mv_size;
    }
    else if (is_dropped(filing, id) || authjwt_lmdb_stamp_get(bytes) <= found->write->now) {
        memcpy(found->gone[found->goes++], id, NAME);
    }
    else {
        found->kept[found->n].order = authjwt_lmdb_stamp_get(bytes + AUTHJWT_LMDB_STAMP);
        memcpy(found->kept[found->n++].id, id, NAME);
    }
    return found->n + found->goes < AUTHJWT_SOCACHE_RECORDS_MAX;
}

static int remove_record(authjwt_lmdb_env_t *env, MDB_txn *txn, const unsigned char *owner, const unsigned char *id)
{
    unsigned char buf[AUTHJWT_LMDB_RECORD_KEY];
    MDB_val key = key_of(buf, owner, id);
    int rc = mdb_del(txn, env->directory, &key, NULL);

    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Records stay within their share of the store, and leave the rest of it to entries before these are refused. */
static int fits(authjwt_lmdb_env_t *env, MDB_txn *txn, const authjwt_lmdb_write_t *write, size_t replaced)
{
    const authjwt_lmdb_pages_t *pages = &write->pages;
    MDB_stat st;

    if (write->filing->record->len + AUTHJWT_LMDB_RECORD_HEAD <= replaced) {
        return 1;
    }
    return mdb_stat(txn, env->directory, &st) == 0
        && (st.ms_leaf_pages + st.ms_branch_pages) * 100 < pages->all * AUTHJWT_LMDB_RECORDS_SHARE
        && (pages->used + write->ahead) * 100 < pages->all * AUTHJWT_LMDB_RECORDS_FULL
        && pages->used + write->ahead + AUTHJWT_LMDB_LOW_PAGES < pages->all;
}

static int put_record(authjwt_lmdb_env_t *env, MDB_txn *txn, const authjwt_socache_filing_t *filing)
{
    const authjwt_socache_record_t *record = filing->record;
    unsigned char buf[AUTHJWT_LMDB_RECORD_KEY], *bytes;
    MDB_val key = key_of(buf, filing->owner, record->id);
    MDB_val value = { .mv_size = AUTHJWT_LMDB_RECORD_HEAD + record->len };
    int rc = mdb_put(txn, env->directory, &key, &value, MDB_RESERVE);

    if (rc == 0) {
        bytes = value.mv_data;
        authjwt_lmdb_stamp_put(bytes, record->expiry);
        authjwt_lmdb_stamp_put(bytes + AUTHJWT_LMDB_STAMP, record->order);
        memcpy(bytes + AUTHJWT_LMDB_RECORD_HEAD, record->data, record->len);
    }
    return rc;
}

static unsigned oldest_of(const found_t *found)
{
    unsigned i, oldest = 0;

    for (i = 1; i < found->n; i++) {
        if (found->kept[i].order < found->kept[oldest].order) {
            oldest = i;
        }
    }
    return oldest;
}

/* Have the oldest go until one more may be there. @param is_oldest  set when the new one is the oldest itself */
static int yield_to(authjwt_lmdb_env_t *env, MDB_txn *txn, found_t *found, int *is_oldest)
{
    const authjwt_socache_filing_t *filing = found->write->filing;
    int rc = 0;

    *is_oldest = 0;
    while (rc == 0 && !*is_oldest && found->n > 0 && found->n >= filing->most) {
        unsigned oldest = oldest_of(found);

        if (found->kept[oldest].order > filing->record->order) {
            *is_oldest = 1;
        }
        else {
            rc = remove_record(env, txn, filing->owner, found->kept[oldest].id);
            found->kept[oldest] = found->kept[--found->n];
        }
    }
    return rc;
}

/* What is there already is written over, however many there are. */
static int add_record(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *write, found_t *found)
{
    const authjwt_socache_filing_t *filing = write->filing;
    int is_oldest = 0, rc = 0;

    if (write->leaves_stale || !fits(env, txn, write, found->replaced)) {
        write->answer = APR_ENOSPC;
        return 0;
    }
    if (!found->replaced && found->n >= filing->most) {
        if (!filing->yields) {
            write->answer = APR_EAGAIN;
            return 0;
        }
        rc = yield_to(env, txn, found, &is_oldest);
    }
    return rc == 0 && !is_oldest ? put_record(env, txn, filing) : rc;
}

int authjwt_lmdb_file(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *write)
{
    const authjwt_socache_filing_t *filing = write->filing;
    found_t found = { .write = write };
    unsigned i;
    int rc;

    if (!env->has_directory) {
        write->answer = APR_ENOTIMPL;
        return 0;
    }
    rc = each_record(env, txn, filing->owner, sort_record, &found);
    for (i = 0; i < found.goes && rc == 0; i++) {
        rc = remove_record(env, txn, filing->owner, found.gone[i]);
    }
    if (rc == 0 && filing->record != NULL) {
        rc = add_record(env, txn, write, &found);
    }
    return rc == 0 && !write->leaves_stale ? authjwt_lmdb_sweep(env, txn, filing->owner, write->now) : rc;
}

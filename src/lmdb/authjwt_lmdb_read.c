/* SPDX-License-Identifier: Apache-2.0 */
/* Reading transactions of the lmdb provider: one entry, all entries, how full it is.
 *
 * The store has two databases: "entries" maps an id to its expiry and data; "expiry" has expiry and id as its key, so
 * that the oldest entries come first. A third, "about", holds the version of this layout; "directory" the records of
 * authjwt_lmdb_records.c. */
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>

#include "authjwt_lmdb_txn_private.h"

apr_time_t authjwt_lmdb_stamp_get(const unsigned char *from)
{
    apr_uint64_t v = 0;
    int i;

    for (i = 0; i < AUTHJWT_LMDB_STAMP; i++) {
        v = v << 8 | from[i];
    }
    return (apr_time_t)v;
}

void authjwt_lmdb_stamp_put(unsigned char *to, apr_time_t t)
{
    apr_uint64_t v = t < 0 ? 0 : (apr_uint64_t)t;
    int i;

    for (i = AUTHJWT_LMDB_STAMP - 1; i >= 0; i--, v >>= 8) {
        to[i] = (unsigned char)v;
    }
}

/* Every value begins with its expiry; a shorter one is damage. */
int authjwt_lmdb_find(authjwt_lmdb_env_t *env, MDB_txn *txn, MDB_val *id, MDB_val *value)
{
    int rc = mdb_get(txn, env->entries, id, value);

    return rc == 0 && value->mv_size < AUTHJWT_LMDB_STAMP ? MDB_CORRUPTED : rc;
}

/* ---- entries ---- */

static int answer(authjwt_lmdb_env_t *env, MDB_txn *txn, apr_time_t now, authjwt_socache_question_t *question)
{
    MDB_val id = { .mv_size = question->idlen, .mv_data = (void *)(uintptr_t)question->id }, value;
    int rc = authjwt_lmdb_find(env, txn, &id, &value);
    apr_size_t len;

    if (rc == MDB_NOTFOUND || (rc == 0 && authjwt_lmdb_stamp_get(value.mv_data) <= now)) {
        question->status = APR_NOTFOUND;
        return 0;
    }
    if (rc != 0) {
        return rc;
    }
    len = value.mv_size - AUTHJWT_LMDB_STAMP;
    question->status = len > question->len ? APR_ENOSPC : APR_SUCCESS;
    if (question->status == APR_SUCCESS) {
        memcpy(question->data, (unsigned char *)value.mv_data + AUTHJWT_LMDB_STAMP, len);
        question->len = (unsigned int)len;
    }
    return 0;
}

/* What is asked together is answered from one snapshot. */
static int get_work(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_get_t *get = ctx;
    MDB_txn *txn;
    unsigned i;
    int rc = authjwt_lmdb_read_begin(env, &txn);

    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < get->n && rc == 0; i++) {
        rc = answer(env, txn, get->now, &get->questions[i]);
    }
    authjwt_lmdb_read_end(env, txn);
    return rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_get_job = { "read entries", 0, get_work };

static MDB_val copied(apr_pool_t *pool, const void *data, apr_size_t len)
{
    return (MDB_val){ .mv_data = apr_pstrmemdup(pool, data, len), .mv_size = len };
}

/* A batch is copied out, so that the caller's function runs without any transaction: it may take its time and may
 * write. */
static int walk_work(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_walk_t *walk = ctx;
    MDB_val id = walk->after, value;
    MDB_cursor *cursor;
    MDB_txn *txn;
    int rc = authjwt_lmdb_read_begin(env, &txn);

    walk->rows = 0;
    if (rc != 0) {
        return rc;
    }
    if ((rc = mdb_cursor_open(txn, env->entries, &cursor)) == 0) {
        rc = mdb_cursor_get(cursor, &id, &value, id.mv_data != NULL ? MDB_SET_RANGE : MDB_FIRST);
        if (rc == 0 && walk->after.mv_data != NULL && id.mv_size == walk->after.mv_size
            && memcmp(id.mv_data, walk->after.mv_data, id.mv_size) == 0) {
            rc = mdb_cursor_get(cursor, &id, &value, MDB_NEXT);
        }
        for (; rc == 0 && walk->rows < AUTHJWT_LMDB_BATCH; rc = mdb_cursor_get(cursor, &id, &value, MDB_NEXT)) {
            if (value.mv_size < AUTHJWT_LMDB_STAMP || authjwt_lmdb_stamp_get(value.mv_data) <= walk->now) {
                continue;
            }
            walk->row[walk->rows].expiry = authjwt_lmdb_stamp_get(value.mv_data);
            walk->row[walk->rows].id = copied(walk->pool, id.mv_data, id.mv_size);
            walk->row[walk->rows++].data =
                copied(walk->pool, (char *)value.mv_data + AUTHJWT_LMDB_STAMP, value.mv_size - AUTHJWT_LMDB_STAMP);
        }
        mdb_cursor_close(cursor);
    }
    authjwt_lmdb_read_end(env, txn);
    walk->end = rc == MDB_NOTFOUND;
    return walk->end ? 0 : rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_walk_job = { "walk the entries", 0, walk_work };

/* ---- how full ---- */

static int free_pages(MDB_txn *txn, apr_uint64_t *pages)
{
    MDB_cursor *cursor;
    MDB_val key, list;
    size_t n;
    int rc =
        mdb_cursor_open(txn, 0, &cursor); /* 0 is LMDB's own database of free pages; a list starts with its length */

    if (rc != 0) {
        return rc;
    }
    *pages = 0;
    while ((rc = mdb_cursor_get(cursor, &key, &list, MDB_NEXT)) == 0) {
        memcpy(&n, list.mv_data, sizeof n);
        *pages += n;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The free list can only be read in a read transaction. One that begins while we hold the write lock sees the same
 * state as the write. */
static int free_pages_now(authjwt_lmdb_env_t *env, apr_uint64_t *pages)
{
    MDB_txn *txn;
    int rc = authjwt_lmdb_read_begin(env, &txn);

    if (rc == 0) {
        rc = free_pages(txn, pages);
        authjwt_lmdb_read_end(env, txn);
    }
    return rc;
}

int authjwt_lmdb_is_low(const authjwt_lmdb_pages_t *pages)
{
    return pages->used * 100 >= pages->all * AUTHJWT_LMDB_LOW || pages->used + AUTHJWT_LMDB_LOW_PAGES >= pages->all;
}

/* Walking the free list takes time, so without a reader it is done only when the store is low: pages behind the last
 * used one are known to be free. */
int authjwt_lmdb_measure(authjwt_lmdb_env_t *env, MDB_txn *reader, authjwt_lmdb_pages_t *pages)
{
    apr_uint64_t unused = 0;
    MDB_envinfo info;
    int rc = mdb_env_info(env->mdb, &info);

    if (rc != 0) {
        return rc;
    }
    pages->all = info.me_mapsize / env->psize;
    pages->used = info.me_last_pgno + 1;
    if (reader != NULL) {
        rc = free_pages(reader, &unused);
    }
    else if (authjwt_lmdb_is_low(pages)) {
        rc = free_pages_now(env, &unused);
    }
    pages->used -= unused < pages->used ? unused : pages->used;
    return rc;
}

static int usage_work(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_usage_t *usage = ctx;
    MDB_envinfo info;
    MDB_stat st;
    MDB_txn *txn;
    int rc = authjwt_lmdb_read_begin(env, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = mdb_stat(txn, env->entries, &st);
    if (rc == 0) {
        rc = mdb_env_info(env->mdb, &info);
    }
    if (rc == 0) {
        rc = authjwt_lmdb_measure(env, txn, &usage->pages);
    }
    authjwt_lmdb_read_end(env, txn);
    if (rc == 0) {
        usage->entries = st.ms_entries;
        usage->psize = env->psize;
        usage->readers = info.me_numreaders;
        usage->maxreaders = info.me_maxreaders;
    }
    return rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_usage_job = { "look at the store", 0, usage_work };

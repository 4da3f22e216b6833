/* SPDX-License-Identifier: Apache-2.0 */
/* Writing transactions of the lmdb provider. A transaction changes both databases or neither, and also
 * removes some expired entries. */
#include <string.h>

#include "authjwt_lmdb_private.h"

/* Expired entries that each write removes: more than it adds, so they cannot pile up. */
#define PURGE_FEW 4
/* Expired entries removed at once when the store is full: takes some milliseconds under the write lock. */
#define PURGE_MANY 4096
/* A removal copies the pages on its way before it frees them, and LMDB reuses freed pages only two transactions later.
 * In a small store a percentage would be too few for that. */
#define REMOVAL_PAGES 48
/* What reserved entries may use beyond the ordinary ones in a small store: some hundred entries. */
#define RESERVED_PAGES 16

static void stamp_put(unsigned char *to, apr_time_t t)
{
    apr_uint64_t v = t < 0 ? 0 : (apr_uint64_t)t;
    int i;

    for (i = AUTHJWT_LMDB_STAMP - 1; i >= 0; i--, v >>= 8) {
        to[i] = (unsigned char)v;
    }
}

static MDB_val index_key(unsigned char *buf, const MDB_val *id, apr_time_t expiry)
{
    stamp_put(buf, expiry);
    memcpy(buf + AUTHJWT_LMDB_STAMP, id->mv_data, id->mv_size);
    return (MDB_val){ .mv_data = buf, .mv_size = AUTHJWT_LMDB_STAMP + id->mv_size };
}

static int fits(authjwt_lmdb_env_t *env, const authjwt_lmdb_put_t *put)
{
    apr_uint64_t most = put->reserved ? AUTHJWT_LMDB_RESERVED : AUTHJWT_LMDB_FULL;
    apr_uint64_t least = put->reserved ? REMOVAL_PAGES : REMOVAL_PAGES + RESERVED_PAGES;
    apr_uint64_t spare = put->pages.all * (100 - most) / 100;

    if (spare < least) {
        spare = least;
    }
    return put->pages.used + put->data.mv_size / env->psize + spare < put->pages.all;
}

/* Entries that expired before this time may be removed. */
static apr_time_t purge_before(const authjwt_lmdb_pages_t *pages, apr_time_t now)
{
    return authjwt_lmdb_is_low(pages) ? now : now - AUTHJWT_LMDB_SLACK;
}

static int delete_if_there(MDB_txn *txn, MDB_dbi dbi, MDB_val *key)
{
    int rc = mdb_del(txn, dbi, key, NULL);

    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Take out at most `most` entries that expired at `before` or earlier, the oldest first. */
static int purge(authjwt_lmdb_env_t *env, MDB_txn *txn, apr_time_t before, apr_uint64_t most, apr_uint64_t *purged)
{
    unsigned char buf[AUTHJWT_LMDB_STAMP + AUTHJWT_LMDB_ID_MAX];
    MDB_val key, id, value;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, env->expiry, &cursor);

    if (rc != 0) {
        return rc;
    }
    for (*purged = 0; *purged < most; ++*purged) {
        if ((rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST)) != 0) {
            break;
        }
        if (key.mv_size <= AUTHJWT_LMDB_STAMP || key.mv_size > sizeof buf) {
            rc = MDB_CORRUPTED;
            break;
        }
        if (authjwt_lmdb_stamp_get(key.mv_data) > before) {
            break;
        }
        memcpy(buf, key.mv_data, key.mv_size); /* the page under key changes */
        id = (MDB_val){ .mv_data = buf + AUTHJWT_LMDB_STAMP, .mv_size = key.mv_size - AUTHJWT_LMDB_STAMP };
        if ((rc = mdb_cursor_del(cursor, 0)) != 0 || (rc = delete_if_there(txn, env->entries, &id)) != 0) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* mdb_txn_commit ends the transaction whatever it answers. */
static int finish(MDB_txn *txn, int rc)
{
    if (rc == 0) {
        return mdb_txn_commit(txn);
    }
    mdb_txn_abort(txn);
    return rc;
}

static int put_entry(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_put_t *put, const MDB_val *old)
{
    unsigned char buf[AUTHJWT_LMDB_STAMP + AUTHJWT_LMDB_ID_MAX];
    MDB_val key, value, none = { 0, (void *)"" };
    int rc = 0;

    if (old != NULL) {
        key = index_key(buf, &put->id, authjwt_lmdb_stamp_get(old->mv_data));
        rc = delete_if_there(txn, env->expiry, &key);
    }
    if (rc == 0) {
        value = (MDB_val){ .mv_size = AUTHJWT_LMDB_STAMP + put->data.mv_size };
        rc = mdb_put(txn, env->entries, &put->id, &value, MDB_RESERVE);
    }
    if (rc == 0) {
        stamp_put(value.mv_data, put->expiry);
        memcpy((unsigned char *)value.mv_data + AUTHJWT_LMDB_STAMP, put->data.mv_data, put->data.mv_size);
        key = index_key(buf, &put->id, put->expiry);
        rc = mdb_put(txn, env->expiry, &key, &none, 0);
    }
    return rc;
}

/* Even in a full store an entry may be overwritten by one that is no larger, since that needs no further room. */
static int put_once(authjwt_lmdb_env_t *env, authjwt_lmdb_put_t *put)
{
    apr_uint64_t purged;
    MDB_val old;
    MDB_txn *txn;
    int found, rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = authjwt_lmdb_measure(env, NULL, &put->pages);
    if (rc == 0) {
        rc = purge(env, txn, purge_before(&put->pages, put->now), PURGE_FEW, &purged);
    }
    if (rc == 0) {
        rc = authjwt_lmdb_find(env, txn, &put->id, &old);
        found = rc == 0;
        if (rc == MDB_NOTFOUND) {
            rc = 0;
        }
        if (rc == 0 && !fits(env, put) && !(found && put->data.mv_size + AUTHJWT_LMDB_STAMP <= old.mv_size)) {
            rc = MDB_MAP_FULL;
        }
        if (rc == 0) {
            rc = put_entry(env, txn, put, found ? &old : NULL);
        }
    }
    return finish(txn, rc);
}

/* A larger purge in a transaction of its own: its pages are free only after the commit. It copies about one page an
 * entry, so what is left bounds it. */
static int purge_many(authjwt_lmdb_env_t *env, const authjwt_lmdb_put_t *put, apr_uint64_t *purged)
{
    apr_uint64_t most = put->pages.all > put->pages.used ? (put->pages.all - put->pages.used) / PURGE_FEW : 0;
    MDB_txn *txn;
    int rc;

    *purged = 0;
    most = most < PURGE_FEW ? PURGE_FEW : most > PURGE_MANY ? PURGE_MANY : most;
    if ((rc = mdb_txn_begin(env->mdb, NULL, 0, &txn)) != 0) {
        return rc;
    }
    rc = purge(env, txn, put->now, most, purged);
    return finish(txn, rc);
}

static int put_work(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_put_t *put = ctx;
    apr_uint64_t purged;
    int rc = put_once(env, put);

    if (rc == MDB_MAP_FULL && (rc = purge_many(env, put, &purged)) == 0) {
        rc = purged > 0 ? put_once(env, put) : MDB_MAP_FULL;
    }
    return rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_put_job = { "store an entry", 1, put_work };

static int del_once(authjwt_lmdb_env_t *env, authjwt_lmdb_del_t *del, apr_uint64_t most)
{
    unsigned char buf[AUTHJWT_LMDB_STAMP + AUTHJWT_LMDB_ID_MAX];
    apr_uint64_t purged;
    MDB_val value, key;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = authjwt_lmdb_find(env, txn, &del->id, &value);
    if (rc == MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        del->answer = APR_NOTFOUND;
        return 0;
    }
    if (rc == 0) {
        key = index_key(buf, &del->id, authjwt_lmdb_stamp_get(value.mv_data));
        rc = delete_if_there(txn, env->expiry, &key);
    }
    if (rc == 0) {
        rc = delete_if_there(txn, env->entries, &del->id);
    }
    if (rc == 0) {
        rc = purge(env, txn, del->now - AUTHJWT_LMDB_SLACK, most, &purged);
    }
    del->answer = APR_SUCCESS;
    return finish(txn, rc);
}

/* Removing expired entries copies pages too. If there are not enough, do only the removal that was asked for. */
static int del_work(authjwt_lmdb_env_t *env, void *ctx)
{
    int rc = del_once(env, ctx, PURGE_FEW);

    return rc == MDB_MAP_FULL ? del_once(env, ctx, 0) : rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_del_job = { "remove an entry", 1, del_work };

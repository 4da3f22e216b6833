/* SPDX-License-Identifier: Apache-2.0 */
/* What the lmdb provider does inside a writing transaction. It changes both databases or neither, and also removes some
 * expired entries. */
#include <string.h>

#include "authjwt_lmdb_txn_private.h"

/* Expired entries that each write removes: more than it adds, so they cannot pile up. */
#define PURGE_FEW 4
/* Expired entries removed at once when the store is full: takes some milliseconds under the write lock. */
#define PURGE_MANY 4096
/* A removal copies the pages on its way before it frees them, and LMDB reuses freed pages only two transactions later.
 * In a small store a percentage would be too few for that. */
#define REMOVAL_PAGES 48
/* What reserved entries may use beyond the ordinary ones in a small store: some hundred entries. */
#define RESERVED_PAGES 16
/* What a change of records may take: it touches pages of its owner, and those that are swept along. */
#define RECORD_PAGES 8

static MDB_val index_key(unsigned char *buf, const MDB_val *id, apr_time_t expiry)
{
    authjwt_lmdb_stamp_put(buf, expiry);
    memcpy(buf + AUTHJWT_LMDB_STAMP, id->mv_data, id->mv_size);
    return (MDB_val){ .mv_data = buf, .mv_size = AUTHJWT_LMDB_STAMP + id->mv_size };
}

/* Pages that a kind of entry must leave free. */
static apr_uint64_t spare_pages(const authjwt_lmdb_pages_t *pages, int reserved)
{
    apr_uint64_t most = reserved ? AUTHJWT_LMDB_RESERVED : AUTHJWT_LMDB_FULL;
    apr_uint64_t least = reserved ? REMOVAL_PAGES : REMOVAL_PAGES + RESERVED_PAGES;
    apr_uint64_t spare = pages->all * (100 - most) / 100;

    return spare < least ? least : spare;
}

static int fits(const authjwt_lmdb_env_t *env, const authjwt_lmdb_write_t *put)
{
    apr_uint64_t used = put->pages.used + put->ahead + put->data.mv_size / env->psize;

    return used + spare_pages(&put->pages, put->reserved) < put->pages.all;
}

apr_uint64_t authjwt_lmdb_pages_of(const authjwt_lmdb_env_t *env, const authjwt_lmdb_write_t *write)
{
    return (write->kind == AUTHJWT_LMDB_FILE ? RECORD_PAGES : 2) + write->data.mv_size / env->psize;
}

int authjwt_lmdb_may_follow(const authjwt_lmdb_pages_t *pages, apr_uint64_t ahead)
{
    return pages->used + ahead + spare_pages(pages, 0) + AUTHJWT_LMDB_LOW_PAGES < pages->all;
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
int authjwt_lmdb_finish(MDB_txn *txn, int rc)
{
    if (rc == 0) {
        return mdb_txn_commit(txn);
    }
    mdb_txn_abort(txn);
    return rc;
}

/* @param found  set to the entry that is there, no mv_data: there is none */
static int find_old(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *write, MDB_val *found)
{
    int rc = authjwt_lmdb_find(env, txn, &write->id, found);

    if (rc == MDB_NOTFOUND) {
        found->mv_data = NULL;
        rc = 0;
    }
    return rc;
}

static int drop_index(authjwt_lmdb_env_t *env, MDB_txn *txn, const MDB_val *id, const MDB_val *value)
{
    unsigned char buf[AUTHJWT_LMDB_STAMP + AUTHJWT_LMDB_ID_MAX];
    MDB_val key = index_key(buf, id, authjwt_lmdb_stamp_get(value->mv_data));

    return delete_if_there(txn, env->expiry, &key);
}

static int put_entry(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *put, const MDB_val *old)
{
    unsigned char buf[AUTHJWT_LMDB_STAMP + AUTHJWT_LMDB_ID_MAX];
    MDB_val key, value, none = { 0, (void *)"" };
    int rc = old->mv_data != NULL ? drop_index(env, txn, &put->id, old) : 0;

    if (rc == 0) {
        value = (MDB_val){ .mv_size = AUTHJWT_LMDB_STAMP + put->data.mv_size };
        rc = mdb_put(txn, env->entries, &put->id, &value, MDB_RESERVE);
    }
    if (rc == 0) {
        authjwt_lmdb_stamp_put(value.mv_data, put->expiry);
        memcpy((unsigned char *)value.mv_data + AUTHJWT_LMDB_STAMP, put->data.mv_data, put->data.mv_size);
        key = index_key(buf, &put->id, put->expiry);
        rc = mdb_put(txn, env->expiry, &key, &none, 0);
    }
    return rc;
}

/* Even in a full store an entry may be overwritten by one that is no larger, since that needs no further room. */
static int store_entry(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *put)
{
    apr_uint64_t purged;
    MDB_val old;
    int rc = purge(env, txn, purge_before(&put->pages, put->now), PURGE_FEW, &purged);

    if (rc == 0) {
        rc = find_old(env, txn, put, &old);
    }
    if (rc == 0 && !fits(env, put) && !(old.mv_data != NULL && put->data.mv_size + AUTHJWT_LMDB_STAMP <= old.mv_size)) {
        rc = MDB_MAP_FULL;
    }
    return rc == 0 ? put_entry(env, txn, put, &old) : rc;
}

/* An entry that has expired but is still in the store counts as none. */
static int is_expected(const authjwt_lmdb_write_t *swap, const MDB_val *found)
{
    const unsigned char *bytes = found->mv_data;

    if (bytes == NULL || authjwt_lmdb_stamp_get(bytes) <= swap->now) {
        return swap->old.mv_data == NULL;
    }
    return swap->old.mv_data != NULL && found->mv_size == swap->old.mv_size + AUTHJWT_LMDB_STAMP
        && memcmp(bytes + AUTHJWT_LMDB_STAMP, swap->old.mv_data, swap->old.mv_size) == 0;
}

/* The comparison comes first, so that a swap that fails changes nothing and costs no commit. */
static int swap_entry(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *swap)
{
    MDB_val found;
    int rc = find_old(env, txn, swap, &found);

    if (rc == 0 && !is_expected(swap, &found)) {
        swap->answer = APR_EAGAIN;
        return 0;
    }
    return rc == 0 ? store_entry(env, txn, swap) : rc;
}

static int remove_entry(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *del)
{
    apr_uint64_t purged;
    MDB_val found;
    int rc = find_old(env, txn, del, &found);

    if (rc == 0 && found.mv_data == NULL) {
        del->answer = APR_NOTFOUND;
        return 0;
    }
    if (rc == 0) {
        rc = drop_index(env, txn, &del->id, &found);
    }
    if (rc == 0) {
        rc = delete_if_there(txn, env->entries, &del->id);
    }
    if (rc == 0 && !del->leaves_stale) {
        rc = purge(env, txn, del->now - AUTHJWT_LMDB_SLACK, PURGE_FEW, &purged);
    }
    return rc;
}

int authjwt_lmdb_write_begin(authjwt_lmdb_env_t *env, MDB_txn **txn, authjwt_lmdb_pages_t *pages)
{
    int rc = mdb_txn_begin(env->mdb, NULL, 0, txn);

    if (rc == 0 && (rc = authjwt_lmdb_measure(env, NULL, pages)) != 0) {
        mdb_txn_abort(*txn);
    }
    return rc;
}

int authjwt_lmdb_apply(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *write)
{
    write->answer = APR_SUCCESS;
    switch (write->kind) {
    case AUTHJWT_LMDB_SWAP:
        return swap_entry(env, txn, write);
    case AUTHJWT_LMDB_REMOVE:
        return remove_entry(env, txn, write);
    case AUTHJWT_LMDB_FILE:
        return authjwt_lmdb_file(env, txn, write);
    default:
        return store_entry(env, txn, write);
    }
}

/* A larger purge in a transaction of its own: its pages are free only after the commit. It copies about one page an
 * entry, so what is left bounds it. Records go where no entry has expired; they lie side by side, and cost less. */
static int purge_many(authjwt_lmdb_env_t *env, const authjwt_lmdb_write_t *put, apr_uint64_t *purged)
{
    apr_uint64_t left = put->pages.all > put->pages.used ? put->pages.all - put->pages.used : 0;
    apr_uint64_t most = left / PURGE_FEW;
    MDB_txn *txn;
    int rc;

    *purged = 0;
    most = most < PURGE_FEW ? PURGE_FEW : most > PURGE_MANY ? PURGE_MANY : most;
    if ((rc = mdb_txn_begin(env->mdb, NULL, 0, &txn)) != 0) {
        return rc;
    }
    rc = purge(env, txn, put->now, most, purged);
    if (rc == 0 && *purged == 0) {
        rc = authjwt_lmdb_give_way(env, txn, left, purged);
    }
    return authjwt_lmdb_finish(txn, rc);
}

/* Removing expired entries copies pages too. If there are not enough, do only the removal that was asked for. */
int authjwt_lmdb_make_room(authjwt_lmdb_env_t *env, authjwt_lmdb_write_t *write)
{
    apr_uint64_t purged;
    int rc;

    if (write->kind == AUTHJWT_LMDB_REMOVE || write->kind == AUTHJWT_LMDB_FILE) {
        write->leaves_stale = 1;
        return 0;
    }
    rc = purge_many(env, write, &purged);
    return rc == 0 && purged == 0 ? MDB_MAP_FULL : rc;
}

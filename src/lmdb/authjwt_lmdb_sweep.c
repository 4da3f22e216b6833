/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a directory that go when nobody asks: expired ones, and others where entries need their room. There is no
 * index of expiries: each change looks at some records more, in the order of their keys, which begin with hashes. So
 * what has expired is met sooner or later, and there is never more of it than a fraction of all. */
#include <string.h>

#include "authjwt_lmdb_txn_private.h"

/* Records that each change looks at. Once one in eight of all has expired, as many go as come. */
#define SWEEP_FEW 8
/* Records that make way at once, at least and at most. They lie side by side, so a page copied frees several. */
#define WAY_LEAST 64
#define WAY_MOST  4096

/** Records that are looked through. */
typedef struct {
    apr_time_t until; /* remove what has expired by then */
    apr_uint64_t most, removed;
} sweep_t;

/* Go on where this process has stopped; from the beginning when the end was reached. */
static int go_on(authjwt_lmdb_env_t *env, MDB_txn *txn, sweep_t *sweep)
{
    MDB_val key = { sizeof env->swept, env->swept }, value;
    apr_uint64_t looked = 0;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, env->directory, &cursor);

    if (rc != 0) {
        return rc;
    }
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE); rc == 0 && looked < sweep->most;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT), looked++) {
        if (key.mv_size != AUTHJWT_LMDB_RECORD_KEY || value.mv_size < AUTHJWT_LMDB_RECORD_HEAD) {
            rc = MDB_CORRUPTED;
            break;
        }
        memcpy(env->swept, key.mv_data, sizeof env->swept);
        if (authjwt_lmdb_stamp_get(value.mv_data) <= sweep->until) {
            if ((rc = mdb_cursor_del(cursor, 0)) != 0) {
                break;
            }
            sweep->removed++;
        }
    }
    mdb_cursor_close(cursor);
    if (rc == MDB_NOTFOUND) {
        memset(env->swept, 0, sizeof env->swept);
        rc = 0;
    }
    return rc;
}

int authjwt_lmdb_sweep(authjwt_lmdb_env_t *env, MDB_txn *txn, const unsigned char *owner, apr_time_t now)
{
    sweep_t sweep = { .until = now, .most = SWEEP_FEW };

    /* A process that does not live long must not begin where all others did. */
    if (!env->has_swept) {
        memcpy(env->swept, owner, AUTHJWT_SOCACHE_NAME);
        env->has_swept = 1;
    }
    return go_on(env, txn, &sweep);
}

int authjwt_lmdb_give_way(authjwt_lmdb_env_t *env, MDB_txn *txn, apr_uint64_t most, apr_uint64_t *removed)
{
    sweep_t sweep = { .until = APR_INT64_MAX, .most = most };
    int rc = 0;

    if (env->has_directory) {
        sweep.most = most < WAY_LEAST ? WAY_LEAST : most > WAY_MOST ? WAY_MOST : most;
        rc = go_on(env, txn, &sweep);
    }
    if (rc == 0 && env->has_directory && sweep.removed == 0) { /* the end was reached */
        rc = go_on(env, txn, &sweep);
    }
    *removed = sweep.removed;
    return rc;
}

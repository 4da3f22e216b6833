/* SPDX-License-Identifier: Apache-2.0 */
/* Are entries certainly not there? One transaction for several, and none while nothing has been committed since. */
#include <string.h>

#include <httpd.h>

#include "authjwt_lmdb.h"
#include "authjwt_lmdb_txn_private.h"

typedef struct {
    const unsigned char *ids;
    unsigned int idlen;
    unsigned int count;
    apr_uint64_t snapshot; /* in which they were last looked for; 0: never */
    int absent;
} look_t;

/* LMDB numbers its transactions that write. A commit's number is in the meta page before the commit returns. */
static int is_last(authjwt_lmdb_env_t *env, apr_uint64_t snapshot)
{
    MDB_envinfo info;

    return snapshot && mdb_env_info(env->mdb, &info) == 0 && info.me_last_txnid == snapshot;
}

/* An entry that has expired is there all the same: the clock may be set back. */
static int look_for_each(authjwt_lmdb_env_t *env, MDB_txn *txn, look_t *look)
{
    int rc = MDB_NOTFOUND;
    unsigned int i;

    for (i = 0; i < look->count && rc == MDB_NOTFOUND; i++) {
        MDB_val id = { .mv_size = look->idlen,
                       .mv_data = (void *)(apr_uintptr_t)(look->ids + (apr_size_t)i * look->idlen) };
        MDB_val value;

        rc = authjwt_lmdb_find(env, txn, &id, &value);
    }
    look->absent = rc == MDB_NOTFOUND;
    return look->absent ? 0 : rc;
}

/* What counts is the snapshot that the look-up has seen: a commit shows in the meta page before transactions begin to
 * see it, so the number that mdb_env_info gives may be ahead of them. */
static int absent_work(authjwt_lmdb_env_t *env, void *ctx)
{
    look_t *look = ctx;
    MDB_txn *txn;
    int rc;

    look->absent = is_last(env, look->snapshot);
    if (look->absent) {
        return 0;
    }
    rc = authjwt_lmdb_read_begin(env, &txn);
    if (rc != 0) {
        return rc;
    }
    look->snapshot = mdb_txn_id(txn);
    rc = look_for_each(env, txn, look);
    authjwt_lmdb_read_end(env, txn);
    return rc;
}

static const authjwt_lmdb_job_t absent_job = { "read entries", 0, absent_work };

int authjwt_lmdb_absent(ap_socache_instance_t *inst, server_rec *s, const unsigned char *ids, unsigned int idlen,
                        unsigned int n, apr_uint64_t *snapshot)
{
    look_t look = { .ids = ids, .idlen = idlen, .count = n, .snapshot = *snapshot };
    int absent = authjwt_lmdb_run(inst, s, &absent_job, &look) == APR_SUCCESS && look.absent;

    *snapshot = absent ? look.snapshot : 0;
    return absent;
}

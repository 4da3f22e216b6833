/* SPDX-License-Identifier: Apache-2.0 */
/* Writes of several threads in one transaction of the lmdb provider.
 *
 * A commit waits for the disk, and only one can be under way. So the writes of a process queue. The thread at the head
 * of the queue leads: it begins a transaction, makes its own change and those that wait behind it, commits, and tells
 * their threads. Whoever comes meanwhile waits for the next leader, which is the first that is left. A write that finds
 * nobody is the head and waits for nobody, so alone it is one commit at once.
 *
 * LMDB's write lock keeps processes apart. The queue and the leader are the process's own and end with it: what was
 * not committed then was not answered either. */
#include "authjwt_lmdb_txn_private.h"

/* The most in one transaction, so that the first need not wait long for the others. */
#define GROUP_MOST 64

/** The writes of one transaction. */
typedef struct {
    authjwt_lmdb_write_t *list[GROUP_MOST];
    unsigned n;
} batch_t;

/* ---- the queue ---- */

/* @return non-zero to lead, with this write at the head; zero when another thread has done it */
static int join(authjwt_lmdb_group_t *group, authjwt_lmdb_write_t *write)
{
    int leads;

    pthread_mutex_lock(&group->lock);
    write->next = NULL;
    write->turn = group->is_led ? AUTHJWT_LMDB_WAITS : AUTHJWT_LMDB_LEADS;
    group->is_led = 1;
    if (group->first != NULL) {
        group->last->next = write;
    }
    else {
        group->first = write;
    }
    group->last = write;
    while (write->turn == AUTHJWT_LMDB_WAITS) {
        pthread_cond_wait(&write->turned, &group->lock);
    }
    leads = write->turn == AUTHJWT_LMDB_LEADS;
    pthread_mutex_unlock(&group->lock);
    return leads;
}

/* Take the head of the queue into the batch. @return NULL when nobody waits */
static authjwt_lmdb_write_t *take(authjwt_lmdb_group_t *group, batch_t *batch)
{
    authjwt_lmdb_write_t *write;

    pthread_mutex_lock(&group->lock);
    write = group->first;
    if (write != NULL) {
        group->first = write->next;
        batch->list[batch->n++] = write;
    }
    pthread_mutex_unlock(&group->lock);
    return write;
}

/* The lock is held: a write is its thread's, which goes on, and the write away, as soon as it may. */
static void tell(authjwt_lmdb_write_t *write, int turn)
{
    write->turn = turn;
    pthread_cond_signal(&write->turned);
}

/* The first of the batch is the leader's own. */
static void part(authjwt_lmdb_group_t *group, const batch_t *batch)
{
    unsigned i;

    pthread_mutex_lock(&group->lock);
    for (i = 1; i < batch->n; i++) {
        tell(batch->list[i], AUTHJWT_LMDB_DONE);
    }
    if (group->first != NULL) {
        tell(group->first, AUTHJWT_LMDB_LEADS);
    }
    else {
        group->is_led = 0;
    }
    pthread_mutex_unlock(&group->lock);
}

/* ---- transactions ---- */

static int alone(authjwt_lmdb_env_t *env, authjwt_lmdb_write_t *write)
{
    MDB_txn *txn;
    int rc = authjwt_lmdb_write_begin(env, &txn, &write->pages);

    write->ahead = 0;
    return rc == 0 ? authjwt_lmdb_finish(txn, authjwt_lmdb_apply(env, txn, write)) : rc;
}

/* Writes are taken once LMDB's lock is held: those that come while another process has it are in time. */
static int together(authjwt_lmdb_env_t *env, batch_t *batch)
{
    authjwt_lmdb_pages_t pages = { 0, 0 };
    apr_uint64_t ahead = 0;
    MDB_txn *txn;
    int rc = authjwt_lmdb_write_begin(env, &txn, &pages);
    authjwt_lmdb_write_t *write = take(&env->group, batch);

    if (rc != 0) {
        return rc;
    }
    while (write != NULL) {
        write->pages = pages;
        write->ahead = ahead;
        rc = authjwt_lmdb_apply(env, txn, write);
        ahead += authjwt_lmdb_pages_of(env, write);
        write = rc == 0 && batch->n < GROUP_MOST && authjwt_lmdb_may_follow(&pages, ahead) ? take(&env->group, batch)
                                                                                           : NULL;
    }
    return authjwt_lmdb_finish(txn, rc);
}

/* What fails together is tried again one by one, so that none fails for another's sake. */
static void lead(authjwt_lmdb_env_t *env)
{
    batch_t batch = { .n = 0 };
    int rc = together(env, &batch);
    unsigned i;

    for (i = 0; i < batch.n; i++) {
        authjwt_lmdb_write_t *write = batch.list[i];

        write->rc = rc != 0 && batch.n > 1 ? alone(env, write) : rc;
        if (write->rc == MDB_MAP_FULL && (write->rc = authjwt_lmdb_make_room(env, write)) == 0) {
            write->rc = alone(env, write);
        }
    }
    part(&env->group, &batch);
}

static int write_work(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_write_t *write = ctx;

    write->leaves_stale = 0;
    if ((write->rc = pthread_cond_init(&write->turned, NULL)) != 0) {
        return write->rc;
    }
    if (join(&env->group, write)) {
        lead(env);
    }
    pthread_cond_destroy(&write->turned);
    return write->rc;
}

const authjwt_lmdb_job_t authjwt_lmdb_store_job = { "store an entry", 1, write_work };
const authjwt_lmdb_job_t authjwt_lmdb_remove_job = { "remove an entry", 1, write_work };
const authjwt_lmdb_job_t authjwt_lmdb_file_job = { "list a record", 1, write_work };

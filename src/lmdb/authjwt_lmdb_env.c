/* SPDX-License-Identifier: Apache-2.0 */
/* One LMDB environment: opened, its read transactions, repaired.
 *
 * Nothing here closes an environment at the end of a process: threads of a child that is stopped hard may still be
 * inside a transaction, and the kernel releases everything. `httpd -X` is no exception, as it ends with its only child
 * and never restarts in place. The reader slots of a process that is gone are taken back by mdb_reader_check. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "authjwt_lmdb_private.h"

/* LMDB leaves its data file's descriptor open to the programs that this process starts, so that CGI scripts could write
 * to the store. */
static int close_on_exec(MDB_env *env)
{
    mdb_filehandle_t fd;
    int rc = mdb_env_get_fd(env, &fd);

    return rc == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ? errno : rc;
}

int authjwt_lmdb_open(const char *dir, unsigned readers, MDB_env **mdb)
{
    MDB_env *env;
    int rc = mdb_env_create(&env);

    if (rc != 0) {
        return rc;
    }
    if ((rc = mdb_env_set_maxreaders(env, readers)) == 0 && (rc = mdb_env_set_maxdbs(env, 8)) == 0) {
        rc = mdb_env_open(env, dir, MDB_NOTLS, 0600); /* without a size of ours: the file's own */
    }
    if (rc == 0) {
        rc = close_on_exec(env);
    }
    if (rc == 0) {
        rc = mdb_reader_check(env, NULL);
    }
    if (rc != 0) {
        mdb_env_close(env);
    }
    else {
        *mdb = env;
    }
    return rc;
}

static int inode(const char *dir, const char *name, dev_t *dev, ino_t *ino)
{
    char path[APR_PATH_MAX];
    struct stat st;

    apr_snprintf(path, sizeof path, "%s%s", dir, name);
    if (stat(path, &st) != 0) {
        return errno;
    }
    *dev = st.st_dev;
    *ino = st.st_ino;
    return 0;
}

int authjwt_lmdb_identify(const char *dir, authjwt_lmdb_ids_t *ids)
{
    dev_t dev;
    int rc = inode(dir, "/data.mdb", &dev, &ids->data);

    if (rc == 0) {
        rc = inode(dir, "/lock.mdb", &dev, &ids->lock);
    }
    if (rc == 0) {
        rc = inode(dir, "", &ids->dev, &ids->dir);
    }
    return rc;
}

int authjwt_lmdb_same(const authjwt_lmdb_ids_t *a, const authjwt_lmdb_ids_t *b)
{
    return a->dev == b->dev && a->dir == b->dir && a->data == b->data && a->lock == b->lock;
}

/* If the files were replaced, processes would work on different stores and miss each other's entries. */
int authjwt_lmdb_still_there(const authjwt_lmdb_env_t *env)
{
    authjwt_lmdb_ids_t ids;

    return authjwt_lmdb_identify(env->dir, &ids) == 0 && authjwt_lmdb_same(&ids, &env->ids);
}

/* ---- read transactions ---- */

int authjwt_lmdb_read_begin(authjwt_lmdb_env_t *env, MDB_txn **txn)
{
    unsigned i, at = authjwt_lmdb_of_thread(env->spares);
    MDB_txn *spare = NULL;
    int rc;

    for (i = 0; i < env->spares && spare == NULL; i++, at = (at + 1) % env->spares) {
        if (__atomic_load_n(&env->spare[at], __ATOMIC_RELAXED) != NULL) {
            spare = __atomic_exchange_n(&env->spare[at], NULL, __ATOMIC_ACQ_REL);
        }
    }
    if (spare == NULL) {
        return mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, txn);
    }
    if ((rc = mdb_txn_renew(spare)) != 0) {
        mdb_txn_abort(spare);
    }
    else {
        *txn = spare;
    }
    return rc;
}

void authjwt_lmdb_read_end(authjwt_lmdb_env_t *env, MDB_txn *txn)
{
    unsigned i, at = authjwt_lmdb_of_thread(env->spares);

    mdb_txn_reset(txn);
    for (i = 0; i < env->spares; i++, at = (at + 1) % env->spares) {
        MDB_txn *none = NULL;

        if (__atomic_compare_exchange_n(&env->spare[at], &none, txn, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            return;
        }
    }
    mdb_txn_abort(txn);
}

/* ---- opening and repairing; the gate is held exclusively ---- */

static void close_env(authjwt_lmdb_env_t *env)
{
    unsigned i;

    for (i = 0; i < env->spares; i++) {
        if (env->spare[i] != NULL) {
            mdb_txn_abort(env->spare[i]);
        }
        env->spare[i] = NULL;
    }
    if (env->mdb != NULL) {
        mdb_env_close(env->mdb);
    }
    env->mdb = NULL;
}

/* @return rc; a store of an older release has none until httpd is started with this one */
static int open_directory(authjwt_lmdb_env_t *env, MDB_txn *txn)
{
    int rc = mdb_dbi_open(txn, AUTHJWT_LMDB_DIRECTORY, 0, &env->directory);

    env->has_directory = rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Open the databases, which the check at start has created. */
static int open_databases(authjwt_lmdb_env_t *env)
{
    MDB_txn *txn;
    MDB_stat st;
    int rc = mdb_env_stat(env->mdb, &st);

    if (rc != 0 || (rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn)) != 0) {
        return rc;
    }
    env->psize = st.ms_psize;
    if ((rc = mdb_dbi_open(txn, "entries", 0, &env->entries)) == 0) {
        rc = mdb_dbi_open(txn, "expiry", 0, &env->expiry);
    }
    if (rc == 0) {
        rc = open_directory(env, txn);
    }
    if (rc == 0) {
        return mdb_txn_commit(txn);
    }
    mdb_txn_abort(txn);
    return rc == MDB_NOTFOUND ? MDB_INVALID : rc;
}

static int open_env(authjwt_lmdb_env_t *env)
{
    int rc;

    close_env(env);
    if (!authjwt_lmdb_still_there(env)) {
        return ESTALE;
    }
    if ((rc = authjwt_lmdb_open(env->dir, env->readers, &env->mdb)) == 0) {
        rc = open_databases(env);
    }
    if (rc == 0 && !authjwt_lmdb_still_there(env)) {
        rc = ESTALE;
    }
    if (rc != 0) {
        close_env(env);
    }
    env->opened += rc == 0;
    return rc;
}

/* Adopt the size that another process gave the file. */
static int remap(authjwt_lmdb_env_t *env)
{
    int rc = env->mdb != NULL ? mdb_env_set_mapsize(env->mdb, 0) : MDB_PANIC;

    if (rc != 0) {
        close_env(env);
    }
    return rc;
}

int authjwt_lmdb_repair(authjwt_lmdb_env_t *env, int why)
{
    int rc = 0;

    if (env->mdb == NULL || why == MDB_PANIC) {
        return open_env(env);
    }
    if (why != MDB_MAP_RESIZED) { /* processes that died in a look-up keep slots and pages until someone looks */
        rc = mdb_reader_check(env->mdb, NULL);
    }
    return rc == 0 && why != MDB_READERS_FULL ? remap(env) : rc;
}

/* ---- the object around it ---- */

authjwt_lmdb_env_t *authjwt_lmdb_env_create(const char *dir, const authjwt_lmdb_ids_t *ids, unsigned readers,
                                            unsigned threads)
{
    authjwt_lmdb_env_t *env = calloc(1, sizeof *env);

    if (env == NULL) {
        return NULL;
    }
    env->ids = *ids;
    env->readers = readers;
    env->spares = threads + 1;
    env->spare = calloc(env->spares, sizeof *env->spare);
    env->dir = strdup(dir);
    env->gate = authjwt_lmdb_gate_make();
    if (env->spare == NULL || env->dir == NULL || env->gate == NULL
        || pthread_mutex_init(&env->group.lock, NULL) != 0) {
        free(env->gate);
        free(env->spare);
        free(env->dir);
        free(env);
        env = NULL;
    }
    return env;
}

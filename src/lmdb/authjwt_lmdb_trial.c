/* SPDX-License-Identifier: Apache-2.0 */
/* The trial of an lmdb store: open it, make what is missing, and read through it. Whoever tries should be a process
 * that may die: see authjwt_lmdb_check.c. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "authjwt_lmdb_txn_private.h"

/* How long to read through the store, in microseconds. What is left of a very large store then is not checked. */
#define READING APR_USEC_PER_SEC
/* Version of the layout of entries and index. A store with another version is not opened. */
#define FORMAT "1"

/* Touch every page that holds a row of dbi. LMDB silently skips some kinds of damage, so count the rows too. */
static int read_through(MDB_txn *txn, MDB_dbi dbi, apr_time_t until)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_stat st;
    size_t at, n = 0;
    int rc = mdb_stat(txn, dbi, &st);

    if (rc != 0 || (rc = mdb_cursor_open(txn, dbi, &cursor)) != 0) {
        return rc;
    }
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        for (at = 0; at < value.mv_size; at += 4096) {
            (void)((const volatile unsigned char *)value.mv_data)[at];
        }
        if (++n % 1024 == 0 && apr_time_now() > until) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    if (rc != MDB_NOTFOUND) {
        return rc;
    }
    return n == st.ms_entries ? 0 : MDB_CORRUPTED;
}

static int same_format(MDB_txn *txn, MDB_dbi about, int write, int *is_new)
{
    MDB_val key = { 6, (void *)"format" }, value, ours = { sizeof FORMAT - 1, (void *)FORMAT };
    int rc = mdb_get(txn, about, &key, &value);

    *is_new = rc == MDB_NOTFOUND;
    if (rc == 0 && (value.mv_size != ours.mv_size || memcmp(value.mv_data, ours.mv_data, ours.mv_size) != 0)) {
        return MDB_VERSION_MISMATCH;
    }
    /* A commit that changes nothing writes nothing, not even a larger size. */
    return rc == MDB_NOTFOUND || (rc == 0 && write) ? mdb_put(txn, about, &key, &ours, 0) : rc;
}

/* A data file that is made anew in place of one that was removed was born now: what the other held is lost. The very
 * first one, and those of releases that did not write it down, were never born again: 0. A birth far ahead of the clock
 * was written by a clock that was wrong. */
static int settle_birth(MDB_txn *txn, MDB_dbi about, const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report)
{
    MDB_val key = { 5, (void *)"birth" }, value = { AUTHJWT_LMDB_STAMP, NULL };
    int had_one = !inst->is_made && (inst->is_known || report->had_lock);
    apr_time_t now = apr_time_now();
    int rc = report->is_new ? MDB_NOTFOUND : mdb_get(txn, about, &key, &value);

    report->birth = report->is_new && had_one ? now : 0;
    if (rc == 0) {
        if (value.mv_size != AUTHJWT_LMDB_STAMP) {
            return MDB_CORRUPTED;
        }
        report->birth = authjwt_lmdb_stamp_get(value.mv_data);
        if (report->birth <= now + AUTHJWT_LMDB_SKEW) {
            return 0;
        }
        report->birth = now;
    }
    if (rc != 0 && rc != MDB_NOTFOUND) {
        return rc;
    }
    if (report->birth == 0) {
        return 0;
    }
    value.mv_size = AUTHJWT_LMDB_STAMP;
    if ((rc = mdb_put(txn, about, &key, &value, MDB_RESERVE)) == 0) {
        authjwt_lmdb_stamp_put(value.mv_data, report->birth);
    }
    return rc;
}

typedef struct {
    MDB_dbi about, entries, expiry, directory;
} databases_t;

static int create(MDB_txn *txn, int raised, const ap_socache_instance_t *inst, databases_t *dbs,
                  authjwt_lmdb_report_t *report)
{
    int rc = mdb_dbi_open(txn, "about", MDB_CREATE, &dbs->about);

    if (rc == 0) {
        rc = same_format(txn, dbs->about, raised, &report->is_new);
    }
    if (rc == 0) {
        rc = settle_birth(txn, dbs->about, inst, report);
    }
    if (rc == 0) {
        rc = mdb_dbi_open(txn, "entries", MDB_CREATE, &dbs->entries);
    }
    if (rc == 0) {
        rc = mdb_dbi_open(txn, "expiry", MDB_CREATE, &dbs->expiry);
    }
    if (rc == 0) {
        rc = mdb_dbi_open(txn, AUTHJWT_LMDB_DIRECTORY, MDB_CREATE, &dbs->directory);
    }
    return rc;
}

static int look_through(MDB_txn *txn, const databases_t *dbs, authjwt_lmdb_report_t *report)
{
    apr_time_t until = apr_time_now() + READING;
    MDB_stat st;
    int rc = mdb_stat(txn, dbs->entries, &st);

    if (rc != 0) {
        return rc;
    }
    report->entries = st.ms_entries;
    if ((rc = read_through(txn, dbs->entries, until)) == 0) {
        rc = read_through(txn, dbs->expiry, until);
    }
    if (rc == 0) {
        rc = read_through(txn, dbs->directory, until);
    }
    return rc;
}

/* Hold the write lock only shortly: during a graceful restart the old children are still writing. */
static int try_env(MDB_env *env, const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report)
{
    MDB_envinfo info;
    databases_t dbs;
    MDB_txn *txn;
    int raised = 0, rc = mdb_env_info(env, &info);

    AUTHJWT_LMDB_STEP(report, "map the store's size");
    if (rc == 0 && (raised = info.me_mapsize < inst->size)) {
        rc = mdb_env_set_mapsize(env, (size_t)inst->size);
    }
    if (rc != 0) {
        return rc;
    }
    AUTHJWT_LMDB_STEP(report, "write in the store");
    if ((rc = mdb_txn_begin(env, NULL, 0, &txn)) != 0) {
        return rc;
    }
    if ((rc = create(txn, raised, inst, &dbs, report)) != 0) {
        mdb_txn_abort(txn);
    }
    else {
        rc = mdb_txn_commit(txn);
    }
    if (rc != 0) {
        return rc;
    }
    AUTHJWT_LMDB_STEP(report, "read the store");
    if ((rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) != 0) {
        return rc;
    }
    rc = look_through(txn, &dbs, report);
    mdb_txn_abort(txn);
    report->mapsize = raised ? inst->size : info.me_mapsize;
    return rc;
}

static int is_there(const char *dir, const char *name)
{
    char path[APR_PATH_MAX + 16];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return lstat(path, &st) == 0;
}

int authjwt_lmdb_try(const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report)
{
    MDB_env *env;
    int rc;

    report->had_lock = is_there(inst->dir, "lock.mdb");
    AUTHJWT_LMDB_STEP(report, "open data.mdb and lock.mdb");
    if ((rc = authjwt_lmdb_open(inst->dir, authjwt_lmdb_readers(), &env)) != 0) {
        return rc;
    }
    rc = try_env(env, inst, report);
    if (rc == 0) {
        rc = authjwt_lmdb_identify(inst->dir, &report->ids);
    }
    mdb_env_close(env);
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The store for a program beside httpd. Its transactions are those of the provider; LMDB's locks keep processes apart.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "authjwt_lmdb_file_private.h"

/* Slots of the lock file if no httpd has it open; httpd enlarges it. */
#define READERS 126

static int become_owner(const char *dir)
{
    struct stat st;

    if (lstat(dir, &st) != 0) {
        return errno;
    }
    if (!S_ISDIR(st.st_mode)) {
        return ENOTDIR;
    }
    if (geteuid() != 0 || st.st_uid == 0) {
        return 0;
    }
    return setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0 ? errno : 0;
}

const char *authjwt_lmdb_file_open(const char *dir, apr_pool_t *pool, authjwt_lmdb_file_t **out)
{
    authjwt_lmdb_file_t *file = apr_pcalloc(pool, sizeof(*file));
    authjwt_lmdb_ids_t ids;
    int rc = become_owner(dir);

    if (rc == 0) {
        rc = authjwt_lmdb_identify(dir, &ids);
    }
    if (rc == 0) {
        file->env = authjwt_lmdb_env_create(dir, &ids, READERS, 1);
        rc = file->env != NULL ? authjwt_lmdb_repair(file->env, 0) : ENOMEM;
    }
    if (rc != 0) {
        return apr_psprintf(pool, "%s cannot be opened: %s%s", dir, mdb_strerror(rc),
                            rc == ENOENT ? "; httpd makes it at its first start" : "");
    }
    *out = file;
    return NULL;
}

/* Once more where another process has enlarged the store, or has died in it. */
int authjwt_lmdb_file_run(authjwt_lmdb_file_t *file, const authjwt_lmdb_job_t *job, void *ctx)
{
    int rc = job->work(file->env, ctx);

    if (rc == MDB_MAP_RESIZED || rc == MDB_READERS_FULL || rc == MDB_PANIC) {
        rc = authjwt_lmdb_repair(file->env, rc);
        rc = rc == 0 ? job->work(file->env, ctx) : rc;
    }
    return rc;
}

apr_status_t authjwt_lmdb_file_status(int rc)
{
    if (rc == MDB_MAP_FULL || rc == ENOSPC) {
        return APR_ENOSPC;
    }
    return rc == 0 ? APR_SUCCESS : rc == MDB_NOTFOUND ? APR_NOTFOUND : APR_EGENERAL;
}

/* ---- get ---- */

typedef struct {
    authjwt_lmdb_entry_t *entries;
    unsigned n;
    apr_pool_t *pool;
} look_t;

static int look_one(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_entry_t *entry, apr_pool_t *pool)
{
    MDB_val id = { entry->idlen, (void *)(apr_uintptr_t)entry->id }, value;
    int rc = authjwt_lmdb_find(env, txn, &id, &value);

    entry->data = NULL;
    if (rc == MDB_NOTFOUND || (rc == 0 && authjwt_lmdb_stamp_get(value.mv_data) <= apr_time_now())) {
        return 0;
    }
    if (rc == 0) {
        entry->expiry = authjwt_lmdb_stamp_get(value.mv_data);
        entry->len = value.mv_size - AUTHJWT_LMDB_STAMP;
        entry->data = apr_pmemdup(pool, (unsigned char *)value.mv_data + AUTHJWT_LMDB_STAMP, entry->len);
    }
    return rc;
}

static int look(authjwt_lmdb_env_t *env, void *ctx)
{
    look_t *look = ctx;
    MDB_txn *txn;
    int rc = authjwt_lmdb_read_begin(env, &txn);
    unsigned i;

    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < look->n && rc == 0; i++) {
        rc = look_one(env, txn, &look->entries[i], look->pool);
    }
    authjwt_lmdb_read_end(env, txn);
    return rc;
}

apr_status_t authjwt_lmdb_file_get(authjwt_lmdb_file_t *file, authjwt_lmdb_entry_t *entries, unsigned n,
                                   apr_pool_t *pool)
{
    static const authjwt_lmdb_job_t job = { "read entries", 0, look };
    look_t ctx = { entries, n, pool };

    return authjwt_lmdb_file_status(authjwt_lmdb_file_run(file, &job, &ctx));
}

/* ---- each ---- */

static const char *visit_rows(const authjwt_lmdb_walk_t *walk, authjwt_lmdb_file_visit_fn *visit, void *ctx)
{
    authjwt_lmdb_entry_t entry;
    const char *error = NULL;
    unsigned i;

    for (i = 0; i < walk->rows && !error; i++) {
        const authjwt_lmdb_row_t *row = &walk->row[i];

        entry = (authjwt_lmdb_entry_t){ row->id.mv_data, row->id.mv_size, row->data.mv_data, row->data.mv_size,
                                        row->expiry };
        error = visit(ctx, &entry);
    }
    /* cppcheck-suppress returnDanglingLifetime ; it is the visitor's sentence, never the entry */
    return error;
}

const char *authjwt_lmdb_file_each(authjwt_lmdb_file_t *file, authjwt_lmdb_file_visit_fn *visit, void *ctx,
                                   apr_pool_t *pool)
{
    authjwt_lmdb_walk_t walk = { .now = apr_time_now() };
    const char *error = NULL;
    apr_pool_t *last = NULL;

    while (!walk.end && !error) {
        int rc;

        apr_pool_create(&walk.pool, pool);
        rc = authjwt_lmdb_file_run(file, &authjwt_lmdb_walk_job, &walk);
        if (last) {
            apr_pool_destroy(last); /* walk.after was in it */
        }
        last = walk.pool;
        error = rc == 0 ? visit_rows(&walk, visit, ctx)
                        : apr_psprintf(pool, "the store cannot be read: %s", mdb_strerror(rc));
        walk.after = walk.rows ? walk.row[walk.rows - 1].id : walk.after;
    }
    return error;
}

/* ---- records ---- */

apr_status_t authjwt_lmdb_file_records(authjwt_lmdb_file_t *file, const unsigned char *owner,
                                       authjwt_lmdb_entry_t **records, unsigned *n, apr_pool_t *pool)
{
    authjwt_lmdb_list_t list = { .pool = pool, .now = apr_time_now(), .owner = owner };
    int rc;

    list.records = apr_palloc(pool, AUTHJWT_SOCACHE_RECORDS_MAX * sizeof(*list.records));
    rc = authjwt_lmdb_file_run(file, &authjwt_lmdb_list_job, &list);
    *records = apr_palloc(pool, ((apr_size_t)list.n + 1) * sizeof(**records));
    for (*n = 0; rc == 0 && *n < list.n; ++*n) {
        const authjwt_socache_record_t *found = &list.records[*n];

        (*records)[*n] =
            (authjwt_lmdb_entry_t){ found->id, AUTHJWT_SOCACHE_NAME, found->data, found->len, found->expiry };
    }
    return authjwt_lmdb_file_status(rc);
}

/* ---- figures ---- */

static const MDB_val birth_key = { 5, (void *)(apr_uintptr_t) "birth" };

/* @return rc, also MDB_NOTFOUND */
static int get_birth(MDB_txn *txn, MDB_dbi *about, apr_time_t *birth)
{
    MDB_val key = birth_key, value;
    int rc = mdb_dbi_open(txn, "about", 0, about);

    if (rc == 0) {
        rc = mdb_get(txn, *about, &key, &value);
    }
    *birth = rc == 0 && value.mv_size == AUTHJWT_LMDB_STAMP ? authjwt_lmdb_stamp_get(value.mv_data) : 0;
    return rc;
}

static int read_birth(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_figures_t *figures = ctx;
    MDB_dbi about;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = get_birth(txn, &about, &figures->birth);
    mdb_txn_abort(txn);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int write_birth(authjwt_lmdb_env_t *env, void *ctx)
{
    const apr_time_t *birth = ctx;
    MDB_val key = birth_key, value = { AUTHJWT_LMDB_STAMP, NULL };
    apr_time_t known;
    MDB_dbi about;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = get_birth(txn, &about, &known);
    rc = rc == MDB_NOTFOUND ? 0 : rc;
    if (rc == 0 && known < *birth) {
        rc = mdb_put(txn, about, &key, &value, MDB_RESERVE);
        if (rc == 0) {
            authjwt_lmdb_stamp_put(value.mv_data, *birth);
        }
    }
    return authjwt_lmdb_finish(txn, rc);
}

apr_status_t authjwt_lmdb_file_bear(authjwt_lmdb_file_t *file, apr_time_t birth)
{
    static const authjwt_lmdb_job_t job = { "note the birth", 1, write_birth };

    return authjwt_lmdb_file_status(authjwt_lmdb_file_run(file, &job, &birth));
}

apr_status_t authjwt_lmdb_file_figures(authjwt_lmdb_file_t *file, authjwt_lmdb_figures_t *figures)
{
    static const authjwt_lmdb_job_t job = { "read the birth", 0, read_birth };
    authjwt_lmdb_usage_t usage;
    int rc = authjwt_lmdb_file_run(file, &authjwt_lmdb_usage_job, &usage);

    if (rc == 0) {
        figures->entries = usage.entries;
        figures->used = usage.pages.used * usage.psize;
        figures->size = usage.pages.all * usage.psize;
        rc = authjwt_lmdb_file_run(file, &job, figures);
    }
    return authjwt_lmdb_file_status(rc);
}

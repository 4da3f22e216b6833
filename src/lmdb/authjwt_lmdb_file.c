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

#include "authjwt_lmdb_file.h"
#include "authjwt_lmdb_private.h"

/* Slots of the lock file if no httpd has it open; httpd enlarges it. */
#define READERS 126

struct authjwt_lmdb_file_t {
    authjwt_lmdb_env_t *env;
};

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
static int run(authjwt_lmdb_file_t *file, const authjwt_lmdb_job_t *job, void *ctx)
{
    int rc = job->work(file->env, ctx);

    if (rc == MDB_MAP_RESIZED || rc == MDB_READERS_FULL || rc == MDB_PANIC) {
        rc = authjwt_lmdb_repair(file->env, rc);
        rc = rc == 0 ? job->work(file->env, ctx) : rc;
    }
    return rc;
}

static apr_status_t status_of(int rc)
{
    if (rc == MDB_MAP_FULL || rc == ENOSPC) {
        return APR_ENOSPC;
    }
    return rc == 0 ? APR_SUCCESS : rc == MDB_NOTFOUND ? APR_NOTFOUND : APR_EGENERAL;
}

static MDB_val bytes_of(const unsigned char *data, apr_size_t len)
{
    return (MDB_val){ .mv_size = len, .mv_data = (void *)(apr_uintptr_t)data };
}

typedef struct {
    authjwt_lmdb_entry_t *entry;
    apr_pool_t *pool;
} look_t;

static int look(authjwt_lmdb_env_t *env, void *ctx)
{
    look_t *look = ctx;
    MDB_val id = bytes_of(look->entry->id, look->entry->idlen), value;
    MDB_txn *txn;
    int rc = authjwt_lmdb_read_begin(env, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = authjwt_lmdb_find(env, txn, &id, &value);
    if (rc == 0 && authjwt_lmdb_stamp_get(value.mv_data) <= apr_time_now()) {
        rc = MDB_NOTFOUND;
    }
    if (rc == 0) {
        look->entry->expiry = authjwt_lmdb_stamp_get(value.mv_data);
        look->entry->len = value.mv_size - AUTHJWT_LMDB_STAMP;
        look->entry->data =
            apr_pmemdup(look->pool, (unsigned char *)value.mv_data + AUTHJWT_LMDB_STAMP, look->entry->len);
    }
    authjwt_lmdb_read_end(env, txn);
    return rc;
}

apr_status_t authjwt_lmdb_file_get(authjwt_lmdb_file_t *file, authjwt_lmdb_entry_t *entry, apr_pool_t *pool)
{
    static const authjwt_lmdb_job_t job = { "read an entry", 0, look };
    look_t ctx = { entry, pool };

    return status_of(run(file, &job, &ctx));
}

apr_status_t authjwt_lmdb_file_swap(authjwt_lmdb_file_t *file, const authjwt_lmdb_entry_t *entry,
                                    const authjwt_lmdb_entry_t *old)
{
    authjwt_lmdb_write_t write = { .kind = AUTHJWT_LMDB_SWAP, .now = apr_time_now(), .reserved = 1 };
    apr_status_t rv;

    if (entry->idlen == 0 || entry->idlen > AUTHJWT_LMDB_ID_MAX) {
        return APR_EINVAL;
    }
    write.id = bytes_of(entry->id, entry->idlen);
    write.data = bytes_of(entry->data, entry->len);
    write.expiry = entry->expiry;
    if (old) {
        write.old = bytes_of(old->data, old->len);
    }
    rv = status_of(run(file, &authjwt_lmdb_store_job, &write));
    return rv == APR_SUCCESS ? write.answer : rv;
}

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
        rc = run(file, &authjwt_lmdb_walk_job, &walk);
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

static int read_birth(authjwt_lmdb_env_t *env, void *ctx)
{
    authjwt_lmdb_figures_t *figures = ctx;
    MDB_val key = { 5, (void *)"birth" }, value;
    MDB_dbi about;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = mdb_dbi_open(txn, "about", 0, &about);
    if (rc == 0) {
        rc = mdb_get(txn, about, &key, &value);
    }
    figures->birth = rc == 0 && value.mv_size == AUTHJWT_LMDB_STAMP ? authjwt_lmdb_stamp_get(value.mv_data) : 0;
    mdb_txn_abort(txn);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

apr_status_t authjwt_lmdb_file_figures(authjwt_lmdb_file_t *file, authjwt_lmdb_figures_t *figures)
{
    static const authjwt_lmdb_job_t job = { "read the birth", 0, read_birth };
    authjwt_lmdb_usage_t usage;
    int rc = run(file, &authjwt_lmdb_usage_job, &usage);

    if (rc == 0) {
        figures->entries = usage.entries;
        figures->used = usage.pages.used * usage.psize;
        figures->size = usage.pages.all * usage.psize;
        rc = run(file, &job, figures);
    }
    return status_of(rc);
}

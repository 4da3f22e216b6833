/* SPDX-License-Identifier: Apache-2.0 */
/* The store of a command: found, opened, changed. */
#include <string.h>

#include <apr_strings.h>

#include "ctl_private.h"

/* Each try is lost to another one's change of the same entry only. */
#define TRIES_MOST 100

const char *ctl_store_check(const ctl_options_t *options)
{
    if (!options->store) {
        return "there is no store; write --store lmdb:DIRECTORY or --config FILE";
    }
    if (strncmp(options->store, "lmdb:/", 6)) {
        return "--store: write lmdb:DIRECTORY, with the whole path; other stores are not known here";
    }
    return NULL;
}

const char *ctl_store_open(const ctl_options_t *options, apr_pool_t *pool, authjwt_lmdb_file_t **file)
{
    const char *dir = options->store + strlen("lmdb:");
    const char *size = strchr(dir, '(');

    dir = size ? apr_pstrmemdup(pool, dir, (apr_size_t)(size - dir)) : dir;
    return authjwt_lmdb_file_open(dir, pool, file);
}

static apr_status_t try_change(authjwt_lmdb_file_t *file, const authjwt_lmdb_entry_t *id, ctl_change_fn *change,
                               void *ctx, apr_pool_t *pool)
{
    authjwt_lmdb_entry_t old = *id, entry = *id;
    apr_status_t rv = authjwt_lmdb_file_get(file, &old, pool);
    const authjwt_lmdb_entry_t *found = rv == APR_SUCCESS ? &old : NULL;

    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return rv;
    }
    return change(ctx, found, &entry) ? authjwt_lmdb_file_swap(file, &entry, found) : APR_SUCCESS;
}

const char *ctl_store_change(authjwt_lmdb_file_t *file, const authjwt_lmdb_entry_t *id, ctl_change_fn *change,
                             void *ctx, apr_pool_t *pool)
{
    apr_status_t rv;
    int tries = 0;

    do {
        rv = try_change(file, id, change, ctx, pool);
    } while (rv == APR_EAGAIN && ++tries < TRIES_MOST);
    if (rv == APR_ENOSPC) {
        return "the store or its disk is full";
    }
    return rv == APR_SUCCESS ? NULL : "the store cannot be read or written";
}

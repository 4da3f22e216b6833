/* SPDX-License-Identifier: Apache-2.0 */
/* An lmdb store, which httpd may have open. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_lmdb_file.h"
#include "ctl_store.h"

static const char *check(const ctl_options_t *options, const char *args, apr_pool_t *pool)
{
    (void)pool;
    if (options->store_auth || options->store_tls || options->store_replicas || options->store_timeout) {
        return "--store-auth and its kin are for a store valkey:... alone";
    }
    return *args == '/' ? NULL : "--store: write lmdb:DIRECTORY, with the whole path";
}

static const char *open_store(const ctl_options_t *options, const char *args, apr_pool_t *pool, void **store)
{
    const char *size = strchr(args, '(');
    authjwt_lmdb_file_t *file = NULL;
    const char *error =
        authjwt_lmdb_file_open(size ? apr_pstrmemdup(pool, args, (apr_size_t)(size - args)) : args, pool, &file);

    (void)options;
    *store = file;
    return error;
}

static const char *said(apr_status_t rv)
{
    if (rv == APR_ENOSPC) {
        return "the store or its disk is full";
    }
    return rv == APR_SUCCESS ? NULL : "the store cannot be read or written";
}

static authjwt_lmdb_entry_t theirs(const ctl_entry_t *entry)
{
    return (authjwt_lmdb_entry_t){ entry->id, entry->idlen, entry->data, entry->len, entry->expiry };
}

static ctl_entry_t ours(const authjwt_lmdb_entry_t *entry)
{
    return (ctl_entry_t){ entry->id, entry->idlen, entry->data, entry->len, entry->expiry };
}

static const char *get(void *store, ctl_change_t *const *changes, unsigned n, apr_pool_t *pool)
{
    authjwt_lmdb_entry_t *entries = apr_palloc(pool, n * sizeof(*entries));
    apr_status_t rv;
    unsigned i;

    for (i = 0; i < n; i++) {
        entries[i] = theirs(&changes[i]->entry);
    }
    rv = authjwt_lmdb_file_get(store, entries, n, pool);
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        changes[i]->entry = ours(&entries[i]);
    }
    return said(rv);
}

static const char *swap(void *store, ctl_change_t *const *changes, unsigned n, apr_pool_t *pool)
{
    authjwt_lmdb_swap_t *swaps = apr_palloc(pool, n * sizeof(*swaps));
    authjwt_lmdb_entry_t *found = apr_palloc(pool, n * sizeof(*found));
    apr_status_t rv;
    unsigned i;

    for (i = 0; i < n; i++) {
        found[i] = theirs(&changes[i]->found);
        swaps[i] = (authjwt_lmdb_swap_t){ theirs(&changes[i]->entry), found[i].data ? &found[i] : NULL, APR_EGENERAL };
    }
    rv = authjwt_lmdb_file_swap(store, swaps, n, pool);
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        changes[i]->is_done = swaps[i].status == APR_SUCCESS;
    }
    return said(rv);
}

typedef struct {
    ctl_visit_fn *visit;
    void *ctx;
} visited_t;

static const char *visit_entry(void *ctx, const authjwt_lmdb_entry_t *entry)
{
    const visited_t *visited = ctx;
    ctl_entry_t one = ours(entry);

    /* cppcheck-suppress returnDanglingLifetime ; it is the visitor's sentence */
    return visited->visit(visited->ctx, &one);
}

static const char *each(void *store, ctl_visit_fn *visit, void *ctx, apr_pool_t *pool)
{
    visited_t visited = { visit, ctx };

    return authjwt_lmdb_file_each(store, visit_entry, &visited, pool);
}

static const char *records(void *store, const unsigned char *owner, ctl_entry_t **out, unsigned *n, apr_pool_t *pool)
{
    authjwt_lmdb_entry_t *found;
    apr_status_t rv = authjwt_lmdb_file_records(store, owner, &found, n, pool);
    unsigned i;

    *out = apr_palloc(pool, (*n + 1) * sizeof(**out));
    for (i = 0; i < *n && rv == APR_SUCCESS; i++) {
        (*out)[i] = ours(&found[i]);
    }
    return said(rv);
}

static const char *figures(void *store, ctl_figures_t *out, apr_pool_t *pool)
{
    authjwt_lmdb_figures_t found;
    apr_status_t rv = authjwt_lmdb_file_figures(store, &found);

    (void)pool;
    if (rv == APR_SUCCESS) {
        *out = (ctl_figures_t){ found.entries, found.used, found.size, found.birth };
    }
    return said(rv);
}

static const char *bear(void *store, apr_time_t birth, apr_pool_t *pool)
{
    (void)pool;
    return said(authjwt_lmdb_file_bear(store, birth));
}

const ctl_store_kind_t ctl_store_lmdb = { "lmdb:", check, open_store, get, swap, each, records, figures, bear };

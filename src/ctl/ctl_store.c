/* SPDX-License-Identifier: Apache-2.0 */
/* The store of a command: which kind it is, and changes as one step each. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_entry_birth.h"
#include "ctl_store.h"

/* Each try is lost to another one's change of the same entry only. */
#define TRIES_MOST 100

static const ctl_store_kind_t *const kinds[] = { &ctl_store_lmdb, &ctl_store_valkey };

/* @param args  set to what stands behind the colon */
static const ctl_store_kind_t *kind_of(const char *store, const char **args)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!strncmp(store, kinds[i]->name, strlen(kinds[i]->name))) {
            *args = store + strlen(kinds[i]->name);
            return kinds[i];
        }
    }
    return NULL;
}

const char *ctl_store_check(const ctl_options_t *options, apr_pool_t *pool)
{
    const ctl_store_kind_t *kind;
    const char *args;

    if (!options->store) {
        return "there is no store; write --store lmdb:DIRECTORY, --store valkey:HOST or --config FILE";
    }
    kind = kind_of(options->store, &args);
    return kind ? kind->check(options, args, pool)
                : "--store: write lmdb:DIRECTORY or valkey:HOST[:PORT]; other stores are not known here";
}

const char *ctl_only_store(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = options->word ? apr_psprintf(pool, "%s takes no other word", options->command) : NULL;

    error = error || !options->config ? error : ctl_config_read(options, pool);
    return error ? error : ctl_store_check(options, pool);
}

const char *ctl_store_open(const ctl_options_t *options, apr_pool_t *pool, ctl_store_t *out)
{
    const char *args;

    out->kind = kind_of(options->store, &args);
    return out->kind ? out->kind->open(options, args, pool, &out->store) : ctl_store_check(options, pool);
}

/* One go at those that are left, which then stand at the head of the list. */
static const char *try_change(const ctl_store_t *store, ctl_change_t **left, unsigned *n, ctl_change_fn *decide,
                              apr_pool_t *pool)
{
    const char *error = store->kind->get(store->store, left, *n, pool);
    unsigned i, wanted = 0, lost = 0;

    for (i = 0; i < *n && !error; i++) {
        left[i]->found = left[i]->entry;
        if (decide(left[i])) {
            left[wanted++] = left[i];
        }
    }
    error = error || !wanted ? error : store->kind->swap(store->store, left, wanted, pool);
    for (i = 0; i < wanted && !error; i++) {
        if (!left[i]->is_done) {
            left[lost++] = left[i];
        }
    }
    *n = lost;
    return error;
}

const char *ctl_store_change(const ctl_store_t *store, ctl_change_t *changes, unsigned n, ctl_change_fn *decide,
                             apr_pool_t *pool)
{
    ctl_change_t *left[CTL_STORE_BATCH];
    const char *error = NULL;
    unsigned i, tries;

    for (i = 0; i < n; i++) {
        left[i] = &changes[i];
    }
    for (tries = 0; n && !error && tries < TRIES_MOST; tries++) {
        unsigned before = n;

        error = try_change(store, left, &n, decide, pool);
        tries = n < before ? 0 : tries; /* one id may be there many times */
    }
    return error || !n ? error : "an entry was changed by others again and again; try once more";
}

const char *ctl_store_get(const ctl_store_t *store, ctl_change_t *changes, unsigned n, apr_pool_t *pool)
{
    ctl_change_t *list[CTL_STORE_BATCH];
    unsigned i;

    for (i = 0; i < n; i++) {
        list[i] = &changes[i];
    }
    return n ? store->kind->get(store->store, list, n, pool) : NULL;
}

const char *ctl_store_records(const ctl_store_t *store, const unsigned char *owner, ctl_entry_t **records, unsigned *n,
                              apr_pool_t *pool)
{
    return store->kind->records(store->store, owner, records, n, pool);
}

/* ---- all ---- */

typedef struct {
    ctl_visit_fn *visit;
    void *ctx;
} visited_t;

static int is_about_store(const ctl_entry_t *entry)
{
    return entry->idlen == sizeof(authjwt_entry_sentinel.bytes)
        && (!memcmp(entry->id, authjwt_entry_sentinel.bytes, entry->idlen)
            || !memcmp(entry->id, authjwt_entry_probe.bytes, entry->idlen));
}

static const char *visit_entry(void *ctx, const ctl_entry_t *entry)
{
    const visited_t *visited = ctx;

    return is_about_store(entry) ? NULL : visited->visit(visited->ctx, entry);
}

const char *ctl_store_each(const ctl_store_t *store, ctl_visit_fn *visit, void *ctx, apr_pool_t *pool)
{
    visited_t visited = { visit, ctx };

    /* cppcheck-suppress returnDanglingLifetime ; it is the visitor's sentence */
    return store->kind->each(store->store, visit_entry, &visited, pool);
}

const char *ctl_store_figures(const ctl_store_t *store, ctl_figures_t *figures, apr_pool_t *pool)
{
    *figures = (ctl_figures_t){ 0, 0, 0, 0 };
    return store->kind->figures(store->store, figures, pool);
}

const char *ctl_store_birth(const ctl_store_t *store, apr_time_t *birth, apr_pool_t *pool)
{
    ctl_change_t sentinel = { .entry = { .id = authjwt_entry_sentinel.bytes, .idlen = AJ_SHA256_BYTES } };
    ctl_figures_t figures;
    const char *error =
        store->kind->bear ? ctl_store_figures(store, &figures, pool) : ctl_store_get(store, &sentinel, 1, pool);

    *birth = !error && store->kind->bear ? figures.birth : 0;
    if (!error && sentinel.entry.data) {
        (void)authjwt_entry_birth_of(sentinel.entry.data, sentinel.entry.len, birth);
    }
    return error;
}

/** A birth on its way into the sentinel. */
typedef struct {
    apr_time_t birth;
    authjwt_store_value_t value;
} birth_t;

static int bring_forward(ctl_change_t *change)
{
    birth_t *birth = change->ctx;
    apr_time_t known = 0, expires = apr_time_now() + AUTHJWT_ENTRY_BIRTH_LIFE;

    if (change->entry.data && authjwt_entry_birth_of(change->entry.data, change->entry.len, &known)
        && known >= birth->birth) {
        return 0;
    }
    authjwt_entry_write_birth(birth->birth, &birth->value);
    change->entry.data = birth->value.bytes;
    change->entry.len = birth->value.len;
    change->entry.expiry = expires;
    return 1;
}

const char *ctl_store_bear(const ctl_store_t *store, apr_time_t birth, apr_pool_t *pool)
{
    birth_t later = { birth, { .len = 0 } };
    ctl_change_t change = { .entry = { .id = authjwt_entry_sentinel.bytes, .idlen = AJ_SHA256_BYTES }, .ctx = &later };

    return store->kind->bear ? store->kind->bear(store->store, birth, pool)
                             : ctl_store_change(store, &change, 1, bring_forward, pool);
}

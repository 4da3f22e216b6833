/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_store: a store as the commands of authjwtctl use it, whatever its kind. Each `const char *` is NULL, or what is
 * wrong. */
#ifndef CTL_STORE_H
#define CTL_STORE_H

#include "authjwt_entry.h"
#include "ctl_private.h"

/** The most entries that are looked up or changed at once. */
#define CTL_STORE_BATCH 1024U

/** An entry. */
typedef struct {
    const unsigned char *id;
    apr_size_t idlen;
    const unsigned char *data; /**< NULL: there is none */
    apr_size_t len;
    apr_time_t expiry; /**< microseconds since 1970; 0: unknown */
} ctl_entry_t;

/** An entry that is to take the place of what was found. */
typedef struct {
    ctl_entry_t entry; /**< its id is given; the rest is what is there, then what is to be */
    ctl_entry_t found; /**< what was there; no data: there is none */
    int is_done;       /**< set; zero: another is there by now */
    void *ctx;         /**< of whoever decides */
} ctl_change_t;

/** How full it is; 0 where that is unknown. */
typedef struct {
    apr_uint64_t stored; /**< expired entries that are not yet removed included */
    apr_uint64_t used;   /**< bytes */
    apr_uint64_t size;   /**< bytes */
    apr_time_t birth;    /**< when entries were lost for the last time; 0: never */
} ctl_figures_t;

typedef const char *ctl_visit_fn(void *ctx, const ctl_entry_t *entry);

/** A kind of store. Each function gets what open has set. */
typedef struct {
    const char *name; /**< with the colon */
    const char *(*check)(const ctl_options_t *options, const char *args, apr_pool_t *pool);
    const char *(*open)(const ctl_options_t *options, const char *args, apr_pool_t *pool, void **store);
    const char *(*get)(void *store, ctl_change_t *const *changes, unsigned n, apr_pool_t *pool);
    const char *(*swap)(void *store, ctl_change_t *const *changes, unsigned n, apr_pool_t *pool);
    const char *(*each)(void *store, ctl_visit_fn *visit, void *ctx, apr_pool_t *pool);
    const char *(*records)(void *store, const unsigned char *owner, ctl_entry_t **records, unsigned *n,
                           apr_pool_t *pool);
    const char *(*figures)(void *store, ctl_figures_t *figures, apr_pool_t *pool);
    /** NULL: an entry says it, which httpd asks for with each look-up; else it is learnt at the next restart alone */
    const char *(*bear)(void *store, apr_time_t birth, apr_pool_t *pool);
} ctl_store_kind_t;

extern const ctl_store_kind_t ctl_store_lmdb, ctl_store_valkey;

/** A store that is open. */
typedef struct {
    const ctl_store_kind_t *kind;
    void *store;
} ctl_store_t;

/** Is there a store that this program knows? After ctl_config_read. */
const char *ctl_store_check(const ctl_options_t *options, apr_pool_t *pool);

/** What a command that takes no word and a store needs: the configuration, where one is named. @return NULL, or what is
 * wrong */
const char *ctl_only_store(ctl_options_t *options, apr_pool_t *pool);

/** Open the store that --store or --config names; it lives as long as pool. As root, become the owner of one that is
 * files: what only root may read has been read before. */
const char *ctl_store_open(const ctl_options_t *options, apr_pool_t *pool, ctl_store_t *out);

/** Decides what an entry becomes: changes change->entry, which is what was found. @return zero: it stays as it is */
typedef int ctl_change_fn(ctl_change_t *change);

/** Change entries, each as one step against httpd, which may be running. @param n  at most CTL_STORE_BATCH */
const char *ctl_store_change(const ctl_store_t *store, ctl_change_t *changes, unsigned n, ctl_change_fn *decide,
                             apr_pool_t *pool);

/** Look entries up. @param changes  entry is set to what is there @param n  at most CTL_STORE_BATCH */
const char *ctl_store_get(const ctl_store_t *store, ctl_change_t *changes, unsigned n, apr_pool_t *pool);

/** The records of an owner (AuthJWTSessionDirectory), n of them, owned by pool. @param owner  32 bytes */
const char *ctl_store_records(const ctl_store_t *store, const unsigned char *owner, ctl_entry_t **records, unsigned *n,
                              apr_pool_t *pool);

/** Call for each entry that has not expired, but for those that are about the store itself, until it returns a
 * sentence. */
const char *ctl_store_each(const ctl_store_t *store, ctl_visit_fn *visit, void *ctx, apr_pool_t *pool);

const char *ctl_store_figures(const ctl_store_t *store, ctl_figures_t *figures, apr_pool_t *pool);

/** When entries were lost for the last time, 0: never. */
const char *ctl_store_birth(const ctl_store_t *store, apr_time_t *birth, apr_pool_t *pool);

/** Note that entries were lost at this time, unless a later one is noted already. */
const char *ctl_store_bear(const ctl_store_t *store, apr_time_t birth, apr_pool_t *pool);

/**
 * Record that something has ended, never earlier than what is there, and kept no shorter.
 * @param least    when
 * @param expires  when the entry may go
 */
const char *ctl_mark(const ctl_store_t *store, const authjwt_store_id_t *id, const authjwt_entry_mark_t *least,
                     apr_time_t expires, apr_pool_t *pool);

#endif

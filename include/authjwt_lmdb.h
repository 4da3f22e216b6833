/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_lmdb: an ap_socache provider named "lmdb": durable, shared by all processes, never evicts,
 * read without a lock. It knows nothing of JWT; any module that takes a socache provider can use it. */
#ifndef AUTHJWT_LMDB_H
#define AUTHJWT_LMDB_H

#include <httpd.h>
#include <ap_socache.h>
#include <apr_pools.h>

#include "authjwt_socache_doors.h"

/** Name under which the provider is registered in AP_SOCACHE_PROVIDER_GROUP. */
#define AUTHJWT_LMDB "lmdb"

/**
 * Register the provider and the hooks it needs. Call once from the module's register_hooks.
 *
 * Argument of create: `[PATH][(SIZE)]`, or NULL. PATH is a directory, relative ones to the state directory
 * (authjwt_lmdb_set_home); default: the state directory itself. SIZE is bytes, or with K, M or G; at least 1M, default
 * 1G; only ever raised.
 *
 * init belongs into the parent, once per start, after User and Group are known (check_config or later). It makes the
 * directory, gives a new or empty one to the httpd user, and has a short-lived fork open the store as that user; it
 * logs why it fails. The other functions work in processes that have run child_init, and nowhere else. destroy removes
 * nothing: entries outlive httpd.
 *
 * What the functions return, beyond what ap_socache.h says:
 *   retrieve   APR_NOTFOUND for an absent or expired entry, and only then; APR_ENOSPC if the buffer is too small
 *   store      overwrites; APR_ENOSPC when the store is 95 % full (64 pages below its size, if that is more) or the
 *              disk is; even then an entry may be overwritten by one that is no larger
 *   remove     APR_NOTFOUND if there was none; it works in a full store
 *   iterate    what the callback first refuses. It runs without any lock or transaction and may use the instance; an
 *              entry that is stored or removed meanwhile may be met or not
 *   all        APR_EINVAL for an id of 0 or more than 503 bytes; APR_EGENERAL if the store cannot answer, after a line
 *              in the error log (one a second)
 *
 * Several processes and threads may use it without a mutex of the caller's (no AP_SOCACHE_FLAG_NOTMPSAFE). A store that
 * has returned APR_SUCCESS is on the disk. Stores and removals that threads of a process ask for at the same time share
 * transactions; each has its own outcome all the same.
 *
 * Expired entries are not found any more, but are removed only a week later while the store is less than 80 % full: a
 * clock that is ahead for a while then loses nothing.
 */
void authjwt_lmdb_register(apr_pool_t *pool);

/**
 * As the provider's store, for entries that must be recorded even where others are refused: up to 99 % (48 pages below
 * the size, if that is more).
 */
apr_status_t authjwt_lmdb_store_reserved(ap_socache_instance_t *instance, server_rec *s, const unsigned char *id,
                                         unsigned int idlen, apr_time_t expiry, unsigned char *data,
                                         unsigned int datalen, apr_pool_t *pool);

/**
 * Have the directory that relative paths lead from, and that a store without a path is in, be another than the one
 * chosen at build. Before create.
 * @param dir  absolute, lives as long as the configuration; NULL: the one chosen at build
 */
void authjwt_lmdb_set_home(const char *dir);

/** The directory that is in effect, as the children see it. */
const char *authjwt_lmdb_home(void);

/** A path as the parent sees it, which is outside a ChrootDir. @return path itself, or owned by pool */
const char *authjwt_lmdb_outside(const char *path, apr_pool_t *pool);

/** Can a directory probably be made or used? For `httpd -t`. @return NULL, or why not */
const char *authjwt_lmdb_foresee_directory(const char *dir, apr_pool_t *pool);

/**
 * Make a directory that the httpd user may write, as init makes that of a store: with its parent at most, judged, and
 * given to the httpd user if it is new or empty. In the parent process.
 * @param dir  absolute, as the children see it
 * @return NULL, or why it cannot be used
 */
const char *authjwt_lmdb_make_directory(const char *dir, apr_pool_t *pool);

/** Tell an instance, before init, that its user has used this store before: a data file that is missing has been
 * removed, unless the directory is missing too. */
void authjwt_lmdb_expect(ap_socache_instance_t *instance);

/**
 * When the store lost its entries for the last time, because its data file was removed. After init.
 * @param is_lost  set to whether this start has found that out
 * @return microseconds since 1970; 0: never, as far as is known
 */
apr_time_t authjwt_lmdb_birth(const ap_socache_instance_t *instance, int *is_lost);

/** The doors `swap` and `swap_ending` (authjwt_socache_doors.h). Otherwise as store, and as store_reserved. */
authjwt_socache_swap_fn authjwt_lmdb_swap, authjwt_lmdb_swap_reserved;

/** As the provider's retrieve, for several ids in one read transaction: they are answered from one snapshot. */
authjwt_socache_retrieve_several_fn authjwt_lmdb_retrieve_several;

/** How much it holds. */
authjwt_socache_usage_fn authjwt_lmdb_usage;

/** The door `absent`: looks in one read transaction, and not at all while nothing has been committed since. */
authjwt_socache_absent_fn authjwt_lmdb_absent;

/** The doors of a directory of records: in the same file, and in transactions as the entries. Records are written while
 * the store is less than 90 % full and they take less than half of it; when an entry needs the room, records go. */
authjwt_socache_file_fn authjwt_lmdb_file_record;
authjwt_socache_list_fn authjwt_lmdb_list_records;

/**
 * The directory that arguments of create mean, so that equal results mean the same store: without the size, absolute,
 * with links resolved where it exists. Arguments that create refuses come back as they are.
 * @param args  as for create, may be NULL
 */
const char *authjwt_lmdb_directory(const char *args, apr_pool_t *pool);

#endif

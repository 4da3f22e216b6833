/* authjwt_lmdb: an ap_socache provider named "lmdb": durable, shared by all processes, never evicts,
 * read without a lock. It knows nothing of JWT; any module that takes a socache provider can use it. */
#ifndef AUTHJWT_LMDB_H
#define AUTHJWT_LMDB_H

#include <apr_pools.h>

/** Name under which the provider is registered in AP_SOCACHE_PROVIDER_GROUP. */
#define AUTHJWT_LMDB "lmdb"

/**
 * Register the provider and the hooks it needs. Call once from the module's register_hooks.
 *
 * Argument of create: `[PATH][(SIZE)]`, or NULL. PATH is a directory, relative ones to the state directory that was
 * chosen at build; default: the state directory itself. SIZE is bytes, or with K, M or G; at least 1M, default 1G; only
 * ever raised.
 *
 * init belongs into the parent, once per start, after User and Group are known (check_config or later). It makes the
 * directory, gives a new or empty one to the httpd user, and has a short-lived fork open the store as that user; it
 * logs why it fails. The other functions work in processes that have run child_init, and nowhere else. destroy removes
 * nothing: entries outlive httpd.
 *
 * What the functions return, beyond what ap_socache.h says:
 *   retrieve   APR_NOTFOUND for an absent or expired entry, and only then; APR_ENOSPC if the buffer is too small
 *   store      overwrites. APR_ENOSPC when the store is 95 % full (48 pages below its size, if that is more) or the
 * disk is; an entry may even then be overwritten by one that is no larger remove     APR_NOTFOUND if there was none; it
 * works in a full store iterate    what the callback first refuses. It runs without any lock or transaction and may use
 * the instance; an entry that is stored or removed meanwhile may be met or not all        APR_EINVAL for an id of 0 or
 * more than 503 bytes; APR_EGENERAL if the store cannot answer, after a line in the error log (one a second) Safe for
 * several processes and threads without a mutex of the caller's (no AP_SOCACHE_FLAG_NOTMPSAFE). A store that has
 * returned APR_SUCCESS is on the disk.
 */
void authjwt_lmdb_register(apr_pool_t *pool);

#endif

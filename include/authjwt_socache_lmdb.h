/* authjwt_socache_lmdb: an ap_socache provider named "lmdb": durable, shared by all processes, never evicts,
 * read without a lock. It knows nothing of JWT; any module that takes a socache provider can use it. */
#ifndef AUTHJWT_SOCACHE_LMDB_H
#define AUTHJWT_SOCACHE_LMDB_H

#include <apr_pools.h>

/** Name under which the provider is registered in AP_SOCACHE_PROVIDER_GROUP. */
#define AUTHJWT_SOCACHE_LMDB "lmdb"

/**
 * Register the provider and the hooks it needs. Call once from the module's register_hooks.
 *
 * Argument of create: `[PATH][(SIZE)]`. PATH is a directory, relative ones to the state directory that was chosen at
 * build; default: "authjwt" state directory itself. SIZE is bytes, or with K, M or G (default 1G).
 *
 * What its functions return, beyond what ap_socache.h says: retrieve answers APR_NOTFOUND for an absent or expired entry, and
 * only then; any failure to read is another status. store overwrites; it answers APR_ENOSPC when the store is 95 % full.
 * Safe for several processes and threads without a mutex of the caller's (no AP_SOCACHE_FLAG_NOTMPSAFE).
 */
void authjwt_socache_lmdb_register(apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_valkey_args: where a server is, as the provider's arguments say it. Knows APR and nothing of httpd. */
#ifndef AUTHJWT_VALKEY_ARGS_H
#define AUTHJWT_VALKEY_ARGS_H

#include <apr_pools.h>

#define AUTHJWT_VALKEY_PORT          6379
#define AUTHJWT_VALKEY_SENTINEL_PORT 26379

/** The longest name of a host. */
#define AUTHJWT_VALKEY_HOST_MAX 255

/** More Sentinels than anybody runs. */
#define AUTHJWT_VALKEY_SENTINELS_MAX 32

/** A host by name or address, in lower case and without brackets, and its port. */
typedef struct {
    const char *name;
    unsigned port;
} authjwt_valkey_host_t;

/** Where the entries are. Exactly one of: a path; a master with the hosts of its Sentinels; one host. */
typedef struct {
    const char *path;                   /**< of a unix socket, or NULL */
    const char *master;                 /**< its name in Sentinel, or NULL */
    const authjwt_valkey_host_t *hosts; /**< Sentinels in alphabetical order, none of them twice, or the one server */
    unsigned count;                     /**< of hosts */
    unsigned db;                        /**< number of the database */
} authjwt_valkey_address_t;

/**
 * Read `HOST[:PORT][/DB]`, `unix:/PATH[/DB]` or `sentinel:MASTER@HOST[:PORT],HOST...[/DB]`. An IPv6 address stands in
 * brackets. A last part of digits alone is the database, also of a path.
 * @param args  NULL is refused like ""
 * @param pool  owns what out points to
 * @param out   set on success
 * @return NULL, or a sentence; it repeats nothing that may be a password
 */
const char *authjwt_valkey_parse(const char *args, authjwt_valkey_address_t *out, apr_pool_t *pool)
    __attribute__((warn_unused_result));

/** The address in one spelling, so that equal results mean the same entries: ports and database always written. */
const char *authjwt_valkey_spell(const authjwt_valkey_address_t *address, apr_pool_t *pool);

#endif

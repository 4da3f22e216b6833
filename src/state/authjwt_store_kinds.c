/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: the socache providers we know and what each is worth. */
#include <httpd.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_lmdb.h"
#include "authjwt_store_private.h"

static const char *as_written(const char *args, apr_pool_t *pool)
{
    (void)pool;
    return args ? args : "";
}

/* shmcb and dbm: [FILE][(SIZE)] */
static const char *file_of(const char *args, apr_pool_t *pool)
{
    const char *size = args ? ap_strchr_c(args, '(') : NULL;

    return size ? apr_pstrmemdup(pool, args, size - args) : as_written(args, pool);
}

/* HOST[:PORT]: upper case and a written default port make no other server. */
static const char *server_of(const char *args, const char *port, apr_pool_t *pool)
{
    char *host = apr_pstrdup(pool, as_written(args, pool));

    ap_str_tolower(host);
    return ap_strchr_c(host, ':') ? host : apr_pstrcat(pool, host, ":", port, NULL);
}

static const char *redis_server(const char *args, apr_pool_t *pool)
{
    return server_of(args, "6379", pool);
}

static const char *memcached_server(const char *args, apr_pool_t *pool)
{
    return server_of(args, "11211", pool);
}

/* The last row is for providers we do not know: it trusts them with nothing. */
static const authjwt_store_kind_t kinds[] = {
    { AUTHJWT_LMDB, 1, 0, 0, 0, authjwt_lmdb_store_reserved, authjwt_lmdb_swap, authjwt_lmdb_swap_reserved,
      authjwt_lmdb_directory },
    { "shmcb", 1, 1, 0, 0, NULL, NULL, NULL, file_of },
    { "dbm", 0, 1, 0, 0, NULL, NULL, NULL, file_of },
    { "redis", 0, 0, 1, 0, NULL, NULL, NULL, redis_server },
    { "memcache", 0, 1, 1, 1, NULL, NULL, NULL, memcached_server },
    { NULL, 0, 1, 1, 0, NULL, NULL, NULL, as_written },
};

const authjwt_store_kind_t *authjwt_store_kind(const char *name)
{
    const authjwt_store_kind_t *kind = kinds;

    while (kind->name && strcmp(kind->name, name)) {
        kind++;
    }
    return kind;
}

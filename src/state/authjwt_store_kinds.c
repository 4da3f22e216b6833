/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: the socache providers we know and what each is worth. */
#include <httpd.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_lmdb.h"
#include "authjwt_store_private.h"
#include "authjwt_valkey.h"

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
    { .name = AUTHJWT_LMDB,
      .is_exact = 1,
      .is_local = 1,
      .put_ending = authjwt_lmdb_store_reserved,
      .swap = authjwt_lmdb_swap,
      .swap_ending = authjwt_lmdb_swap_reserved,
      .retrieve_several = authjwt_lmdb_retrieve_several,
      .birth = authjwt_lmdb_birth,
      .expect = authjwt_lmdb_expect,
      .absent = authjwt_lmdb_absent,
      .usage = authjwt_lmdb_usage,
      .file = authjwt_lmdb_file_record,
      .list = authjwt_lmdb_list_records,
      .place = authjwt_lmdb_directory },
    { .name = AUTHJWT_VALKEY,
      .is_exact = 1,
      .is_remote = 1,
      .says_why = 1,
      .swap = authjwt_valkey_swap,
      .retrieve_several = authjwt_valkey_retrieve_several,
      .file = authjwt_valkey_file_record,
      .list = authjwt_valkey_list_records,
      .usage = authjwt_valkey_usage,
      .place = authjwt_valkey_place,
      .begin = authjwt_valkey_begin,
      .configure = authjwt_valkey_configure },
    { .name = "shmcb", .is_exact = 1, .is_local = 1, .can_forget = 1, .place = file_of },
    { .name = "dbm", .is_local = 1, .can_forget = 1, .place = file_of },
    { .name = "redis", .is_remote = 1, .place = redis_server },
    { .name = "memcache", .can_forget = 1, .is_remote = 1, .takes_dates = 1, .place = memcached_server },
    { .name = NULL, .can_forget = 1, .is_remote = 1, .place = as_written },
};

const authjwt_store_kind_t *authjwt_store_kind(const char *name)
{
    const authjwt_store_kind_t *kind = kinds;

    while (kind->name && strcmp(kind->name, name)) {
        kind++;
    }
    return kind;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of the lmdb provider: [PATH][(SIZE)], and the directory that paths lead from. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_lmdb.h"
#include "authjwt_lmdb_private.h"

#ifndef AUTHJWT_STATEDIR
#define AUTHJWT_STATEDIR "/var/lib/apache2/authjwt"
#endif
#define MEGA         ((apr_uint64_t)1 << 20)
#define SIZE_DEFAULT (MEGA << 10)
#define SIZE_LEAST   MEGA
/* LMDB needs a size in whole pages; no machine has pages larger than this. */
#define SIZE_STEP ((apr_uint64_t)1 << 16)

/* Where relative paths lead from, and where a store without a path is. */
static const char *home = AUTHJWT_STATEDIR;

void authjwt_lmdb_set_home(const char *dir)
{
    home = dir != NULL ? dir : AUTHJWT_STATEDIR;
}

const char *authjwt_lmdb_home(void)
{
    return home;
}

static const char *parse_size(const char *text, apr_uint64_t *size, apr_pool_t *pool)
{
    char *end = NULL;
    apr_int64_t n;
    int shift = 0;

    errno = 0;
    n = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10) : -1;
    if (n > 0 && *end != '\0') {
        shift = apr_toupper(*end) == 'K' ? 10 : apr_toupper(*end) == 'M' ? 20 : apr_toupper(*end) == 'G' ? 30 : -1;
        end++;
    }
    if (n < 0 || errno != 0 || shift < 0 || *end != '\0') {
        return apr_psprintf(
            pool, "lmdb: \"%.40s\" is not a size; write a number of bytes, or with K, M or G, as in (512M)", text);
    }
    if (n > (apr_int64_t)((SIZE_MAX / 4) >> shift) || (apr_uint64_t)n << shift < SIZE_LEAST) {
        return apr_psprintf(pool, "lmdb: a size of %.40s is too small or too large; write 1M or more", text);
    }
    *size = (((apr_uint64_t)n << shift) + SIZE_STEP - 1) / SIZE_STEP * SIZE_STEP;
    return NULL;
}

/* Reduce the path, so that "a/", "a/." and "x/../a" are all "a". With a slash at the end, a symbolic link would be
 * followed instead of refused. */
static const char *parse_dir(const char *text, const char **dir, apr_pool_t *tmp, apr_pool_t *pool)
{
    apr_size_t len;
    char *path;

    if (apr_filepath_merge(&path, home, text, 0, pool) != APR_SUCCESS) {
        return apr_psprintf(tmp, "lmdb: \"%.200s\" is not a path", text);
    }
    for (len = strlen(path); len > 1 && path[len - 1] == '/'; len--) {
        path[len - 1] = '\0';
    }
    if (len <= 1 || len > APR_PATH_MAX - 16) {
        return apr_psprintf(
            tmp, "lmdb: \"%.200s\" cannot be a store; name a directory of its own, as in " AUTHJWT_STATEDIR, text);
    }
    *dir = path;
    return NULL;
}

const char *authjwt_lmdb_args(const char *arg, const char **dir, apr_uint64_t *size, apr_pool_t *tmp, apr_pool_t *pool)
{
    char *path = apr_pstrdup(tmp, arg != NULL ? arg : ""), *open = strrchr(path, '(');
    apr_size_t len = strlen(path);
    const char *why = NULL;

    *size = SIZE_DEFAULT;
    if ((open != NULL) != (len > 0 && path[len - 1] == ')')) {
        return apr_psprintf(tmp, "lmdb: \"%.200s\" is not [PATH][(SIZE)], as in " AUTHJWT_STATEDIR "(2G)", arg);
    }
    if (open != NULL) {
        *open = path[len - 1] = '\0';
        why = parse_size(open + 1, size, tmp);
    }
    return why != NULL ? why : parse_dir(path, dir, tmp, pool);
}

const char *authjwt_lmdb_directory(const char *args, apr_pool_t *pool)
{
    char resolved[PATH_MAX];
    apr_uint64_t size;
    const char *dir;

    if (authjwt_lmdb_args(args, &dir, &size, pool, pool) != NULL) {
        return args;
    }
    return realpath(dir, resolved) != NULL ? apr_pstrdup(pool, resolved) : dir;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_lmdb_file: an lmdb store as a program beside httpd uses it, while httpd runs or not. One thread, and nothing
 * of httpd. */
#ifndef AUTHJWT_LMDB_FILE_H
#define AUTHJWT_LMDB_FILE_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct authjwt_lmdb_file_t authjwt_lmdb_file_t;

/** One entry. */
typedef struct {
    const unsigned char *id;
    apr_size_t idlen;
    const unsigned char *data; /**< NULL: there is none */
    apr_size_t len;
    apr_time_t expiry; /**< microseconds since 1970 */
} authjwt_lmdb_entry_t;

/** How full it is. */
typedef struct {
    apr_uint64_t entries; /**< expired ones that are not yet removed included */
    apr_uint64_t used;    /**< bytes */
    apr_uint64_t size;    /**< bytes */
    apr_time_t birth;     /**< when entries were lost for the last time, 0: never */
} authjwt_lmdb_figures_t;

/**
 * Open a store that httpd has made. As root, become its owner first and for good, so that every file stays its.
 * @param out  set on success; lives as long as the process
 * @return NULL, or why not
 */
const char *authjwt_lmdb_file_open(const char *dir, apr_pool_t *pool, authjwt_lmdb_file_t **out)
    __attribute__((warn_unused_result));

/**
 * Find n entries by their ids, all from one snapshot. An expired one is none.
 * @param entries  data (owned by pool) and expiry are set; data is NULL where there is none
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t authjwt_lmdb_file_get(authjwt_lmdb_file_t *file, authjwt_lmdb_entry_t *entries, unsigned n,
                                   apr_pool_t *pool) __attribute__((warn_unused_result));

/** An entry that takes the place of another, or of none. */
typedef struct {
    authjwt_lmdb_entry_t entry;
    const authjwt_lmdb_entry_t *old; /**< what must be there, by its bytes; NULL: there must be none */
    apr_status_t status;             /**< set: APR_SUCCESS, or APR_EAGAIN: another is there */
} authjwt_lmdb_swap_t;

/**
 * Record n entries, in one transaction where they have room in one; what is committed stays.
 * @return APR_SUCCESS with each status; APR_ENOSPC: store or disk is full; or APR_EGENERAL
 */
apr_status_t authjwt_lmdb_file_swap(authjwt_lmdb_file_t *file, authjwt_lmdb_swap_t *swaps, unsigned n, apr_pool_t *pool)
    __attribute__((warn_unused_result));

typedef const char *authjwt_lmdb_file_visit_fn(void *ctx, const authjwt_lmdb_entry_t *entry);

/** Call for each entry that has not expired, until it returns a sentence. @return NULL, that, or why not all were read
 */
const char *authjwt_lmdb_file_each(authjwt_lmdb_file_t *file, authjwt_lmdb_file_visit_fn *visit, void *ctx,
                                   apr_pool_t *pool) __attribute__((warn_unused_result));

/**
 * The records of an owner (AuthJWTSessionDirectory) that have not expired, in any order.
 * @param owner    32 bytes
 * @param records  set on success, n of them, owned by pool
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t authjwt_lmdb_file_records(authjwt_lmdb_file_t *file, const unsigned char *owner,
                                       authjwt_lmdb_entry_t **records, unsigned *n, apr_pool_t *pool)
    __attribute__((warn_unused_result));

/** @return APR_SUCCESS or APR_EGENERAL */
apr_status_t authjwt_lmdb_file_figures(authjwt_lmdb_file_t *file, authjwt_lmdb_figures_t *figures)
    __attribute__((warn_unused_result));

/**
 * Note that entries were lost at this time; a later one that is noted already stays. httpd learns it at its next start
 * or restart.
 * @return APR_SUCCESS, APR_ENOSPC or APR_EGENERAL
 */
apr_status_t authjwt_lmdb_file_bear(authjwt_lmdb_file_t *file, apr_time_t birth) __attribute__((warn_unused_result));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What happens inside transactions of the lmdb provider: reading ones, writing ones, and writes in groups. Like
 * authjwt_lmdb_private.h, which nobody outside this folder includes. */
#ifndef AUTHJWT_LMDB_TXN_PRIVATE_H
#define AUTHJWT_LMDB_TXN_PRIVATE_H

#include "authjwt_lmdb_private.h"

/* ---- read ---- */

/** Pages in use and in all; what is on LMDB's free list counts as unused. */
typedef struct {
    apr_uint64_t used, all;
} authjwt_lmdb_pages_t;

/** Look-ups in one transaction. Each status becomes APR_SUCCESS, APR_NOTFOUND, or APR_ENOSPC: there is too little room.
 */
typedef struct {
    apr_time_t now;
    authjwt_socache_question_t *questions;
    unsigned n;
} authjwt_lmdb_get_t;

typedef struct {
    MDB_val id, data; /* copies, each with a trailing NUL */
    apr_time_t expiry;
} authjwt_lmdb_row_t;

#define AUTHJWT_LMDB_BATCH 64
typedef struct {
    apr_pool_t *pool; /* the copies go here */
    apr_time_t now;
    MDB_val after; /* walk from behind this id; no data: from the start */
    authjwt_lmdb_row_t row[AUTHJWT_LMDB_BATCH];
    unsigned rows;
    int end; /* nothing behind these rows */
} authjwt_lmdb_walk_t;

typedef struct {
    apr_uint64_t entries; /* expired ones that are not yet purged included */
    authjwt_lmdb_pages_t pages;
    unsigned psize, readers, maxreaders;
} authjwt_lmdb_usage_t;

extern const authjwt_lmdb_job_t authjwt_lmdb_get_job;   /* authjwt_lmdb_get_t */
extern const authjwt_lmdb_job_t authjwt_lmdb_walk_job;  /* authjwt_lmdb_walk_t */
extern const authjwt_lmdb_job_t authjwt_lmdb_usage_job; /* authjwt_lmdb_usage_t */

/** The expiry that a value or an index key begins with. */
apr_time_t authjwt_lmdb_stamp_get(const unsigned char *from);

/** The reverse; times before 1970 become 0. */
void authjwt_lmdb_stamp_put(unsigned char *to, apr_time_t t);

/** Find an entry, expired or not. @param value set to stamp and data, valid until the transaction changes something
 * @return rc */
int authjwt_lmdb_find(authjwt_lmdb_env_t *env, MDB_txn *txn, MDB_val *id, MDB_val *value) AUTHJWT_LMDB_MUST_USE;

/** Is space getting short? From AUTHJWT_LMDB_LOW on, in a small store earlier. */
int authjwt_lmdb_is_low(const authjwt_lmdb_pages_t *pages);

/**
 * Count the pages as the last commit left them; the write lock is held or the answer a moment old.
 * @param reader a read transaction, to have the free list counted in any case; or NULL, to have it counted where the
 * end of the file has come near the size, since what lies behind that is free without looking
 * @return rc
 */
int authjwt_lmdb_measure(authjwt_lmdb_env_t *env, MDB_txn *reader, authjwt_lmdb_pages_t *pages) AUTHJWT_LMDB_MUST_USE;

/* ---- write ---- */

typedef enum {
    AUTHJWT_LMDB_STORE,
    AUTHJWT_LMDB_SWAP,
    AUTHJWT_LMDB_REMOVE,
    AUTHJWT_LMDB_FILE /* a record */
} authjwt_lmdb_kind_e;

/** One change. */
typedef struct authjwt_lmdb_write_t authjwt_lmdb_write_t;
struct authjwt_lmdb_write_t {
    authjwt_lmdb_kind_e kind;
    MDB_val id, data;
    MDB_val old;                            /* SWAP: what must be there; no mv_data: there must be no entry */
    const authjwt_socache_filing_t *filing; /* FILE; id and data are none */
    apr_time_t now, expiry;
    int reserved;     /* may use the room that ordinary entries must leave */
    int leaves_stale; /* remove no expired entries along */
    /* the outcome, if the transaction was committed: APR_SUCCESS; APR_NOTFOUND: there is nothing to remove; APR_EAGAIN:
     * another entry is there; after these two nothing was changed. FILE: as authjwt_socache_file_fn */
    apr_status_t answer;
    authjwt_lmdb_pages_t pages; /* before the transaction; none if the store could not be looked at */
    apr_uint64_t ahead;         /* pages that others may have taken before it in the same transaction */
    /* the group's */
    authjwt_lmdb_write_t *next;
    enum { AUTHJWT_LMDB_WAITS, AUTHJWT_LMDB_LEADS, AUTHJWT_LMDB_DONE } turn;
    pthread_cond_t turned;
    int rc;
};

/** Begin a writing transaction, and count the pages before it. @return rc; there is none unless it is 0 */
int authjwt_lmdb_write_begin(authjwt_lmdb_env_t *env, MDB_txn **txn, authjwt_lmdb_pages_t *pages) AUTHJWT_LMDB_MUST_USE;

/** Make the change in a writing transaction. @return rc; the transaction must be aborted unless it is 0 */
int authjwt_lmdb_apply(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *write) AUTHJWT_LMDB_MUST_USE;

/** About how many pages the change takes, at most. */
apr_uint64_t authjwt_lmdb_pages_of(const authjwt_lmdb_env_t *env, const authjwt_lmdb_write_t *write);

/**
 * May another change follow in the same transaction? Only the first is judged by exact figures, so near the limits
 * each has its own.
 * @param ahead  pages that those before it may have taken
 */
int authjwt_lmdb_may_follow(const authjwt_lmdb_pages_t *pages, apr_uint64_t ahead);

/** After MDB_MAP_FULL: make room for it, in a transaction of its own. @return rc; 0 if it is worth trying again */
int authjwt_lmdb_make_room(authjwt_lmdb_env_t *env, authjwt_lmdb_write_t *write) AUTHJWT_LMDB_MUST_USE;

/** End a writing transaction, by commit if rc is 0. @return rc, or why the commit failed */
int authjwt_lmdb_finish(MDB_txn *txn, int rc) AUTHJWT_LMDB_MUST_USE;

/* ---- records ---- */

/** What a record's value begins with: its expiry, as that of an entry, and its order. */
#define AUTHJWT_LMDB_RECORD_HEAD (2 * AUTHJWT_LMDB_STAMP)

/** Change records in a writing transaction; for authjwt_lmdb_apply. @return rc */
int authjwt_lmdb_file(authjwt_lmdb_env_t *env, MDB_txn *txn, authjwt_lmdb_write_t *write) AUTHJWT_LMDB_MUST_USE;

/** The records of an owner. */
typedef struct {
    apr_pool_t *pool; /* the copies go here */
    apr_time_t now;
    const unsigned char *owner;
    authjwt_socache_record_t *records; /* room for AUTHJWT_SOCACHE_RECORDS_MAX */
    unsigned n;
} authjwt_lmdb_list_t;

extern const authjwt_lmdb_job_t authjwt_lmdb_list_job; /* authjwt_lmdb_list_t */

/** Look a few records through, from where this process has stopped the last time, and remove those that have expired.
 * @param owner  where to begin the first time @return rc */
int authjwt_lmdb_sweep(authjwt_lmdb_env_t *env, MDB_txn *txn, const unsigned char *owner,
                       apr_time_t now) AUTHJWT_LMDB_MUST_USE;

/** Remove records, whosever they are, because entries need their room. @param most  about how many @param removed  set
 * to how many @return rc */
int authjwt_lmdb_give_way(authjwt_lmdb_env_t *env, MDB_txn *txn, apr_uint64_t most,
                          apr_uint64_t *removed) AUTHJWT_LMDB_MUST_USE;

/* ---- group ---- */

extern const authjwt_lmdb_job_t authjwt_lmdb_store_job;  /* authjwt_lmdb_write_t */
extern const authjwt_lmdb_job_t authjwt_lmdb_remove_job; /* authjwt_lmdb_write_t */
extern const authjwt_lmdb_job_t authjwt_lmdb_file_job;   /* authjwt_lmdb_write_t */

#endif

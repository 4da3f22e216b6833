/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the lmdb provider share; nobody else includes this.
 *
 *   authjwt_lmdb.c         the provider's face: init, store, retrieve, remove, iterate, status
 *   authjwt_lmdb_args.c    its arguments, and the directory that paths lead from
 *   authjwt_lmdb_dir.c     the directory: made, judged, given to the httpd user
 *   authjwt_lmdb_check.c   the trial opening in a short-lived fork, since the parent never opens an environment,
 *   authjwt_lmdb_trial.c   and what happens in it
 *   authjwt_lmdb_run.c     a job on this process's environment: found, repaired, logged about
 *   authjwt_lmdb_gate.c    who may use the environment, and who may close it
 *   authjwt_lmdb_limits.c  how many readers and threads the MPM may have
 *   authjwt_lmdb_env.c     one environment: opened, its read transactions, repaired
 *   authjwt_lmdb_read.c    what happens inside one reading transaction,
 *   authjwt_lmdb_absent.c  one that tells that entries are not there,
 *   authjwt_lmdb_write.c   and inside a writing one
 *   authjwt_lmdb_records.c what happens to the records of a directory, in both,
 *   authjwt_lmdb_sweep.c   and which of them go when nobody asks
 *   authjwt_lmdb_directory.c  the doors to them
 *   authjwt_lmdb_file.c    the same store for a program beside httpd; not part of the module,
 *   authjwt_lmdb_file_swap.c  nor are its changes, many in one transaction
 *   authjwt_lmdb_group.c   the writes of all threads, several in one transaction
 *
 * What the last of them share is in authjwt_lmdb_txn_private.h.
 *
 * `int rc` in these files is LMDB's: 0, an MDB_ code or an errno value. It becomes an apr_status_t in authjwt_lmdb_run
 * and nowhere else, so that MDB_NOTFOUND of some inner step can never be mistaken for "no such entry". */
#ifndef AUTHJWT_LMDB_PRIVATE_H
#define AUTHJWT_LMDB_PRIVATE_H

#include <pthread.h>
#include <sys/types.h>

#include <httpd.h>
#include <http_log.h>
#include <ap_socache.h>
#include <lmdb.h>

#include "authjwt_socache_doors.h"

#define AUTHJWT_LMDB_MUST_USE __attribute__((warn_unused_result))

/** Bytes of big-endian expiry (apr_time_t) before the data of an entry, and before the id in the expiry index. */
#define AUTHJWT_LMDB_STAMP 8
/** The longest id in bytes: LMDB's 511 less the stamp. */
#define AUTHJWT_LMDB_ID_MAX (511 - AUTHJWT_LMDB_STAMP)

/** Name of the database with the records. */
#define AUTHJWT_LMDB_DIRECTORY "directory"

/** Bytes of the key of a record: owner and id. */
#define AUTHJWT_LMDB_RECORD_KEY (2 * AUTHJWT_SOCACHE_NAME)

/** In percent of the size: records are refused from here on, and when they alone take so much. */
#define AUTHJWT_LMDB_RECORDS_FULL  90
#define AUTHJWT_LMDB_RECORDS_SHARE 50

/** In percent of the size: from here on there is a warning, ordinary inserts are refused, and reserved ones too. */
#define AUTHJWT_LMDB_LOW      80
#define AUTHJWT_LMDB_FULL     95
#define AUTHJWT_LMDB_RESERVED 99

/** A store with less free pages than these is low on space whatever its size. */
#define AUTHJWT_LMDB_LOW_PAGES 96

/** How long an expired entry stays in a store that is not low on space: a clock that was ahead may be set back. */
#define AUTHJWT_LMDB_SLACK apr_time_from_sec(7 * 24 * 3600)

/** The most that a clock may be ahead for a time to be believed that it wrote. */
#define AUTHJWT_LMDB_SKEW apr_time_from_sec(60)

/** The directory and its two files as the trial opening met them. A process that meets others would be alone with its
 * entries, so it answers nothing. */
typedef struct {
    dev_t dev;
    ino_t dir, data, lock;
} authjwt_lmdb_ids_t;

/** Writes of this process that wait for a transaction; see authjwt_lmdb_group.c. */
typedef struct {
    pthread_mutex_t lock;
    struct authjwt_lmdb_write_t *first, *last;
    int is_led; /* a thread is writing for them, or has been told to */
} authjwt_lmdb_group_t;

typedef struct authjwt_lmdb_stripe_t authjwt_lmdb_stripe_t;

/** An environment of this process. `gate` is held shared around every transaction and exclusively to open, close or
 * remap: LMDB moves its map only when no transaction of the process is active. */
typedef struct authjwt_lmdb_env_t authjwt_lmdb_env_t;
struct authjwt_lmdb_env_t {
    authjwt_lmdb_env_t *next;
    authjwt_lmdb_ids_t ids;
    char *dir;
    authjwt_lmdb_stripe_t *gate;
    MDB_env *mdb; /* NULL while not open */
    MDB_dbi entries, expiry, directory;
    int has_directory; /* else an older release has made the store, and no httpd has opened it since */
    unsigned char swept[AUTHJWT_LMDB_RECORD_KEY]; /* up to where records were looked through; under the write lock */
    int has_swept;                                /* it has been begun */
    int gone;                                     /* data.mdb or lock.mdb is no longer the one that ids names; atomic */
    unsigned readers;                             /* slots in the lock file, if this process makes it */
    unsigned opened;                              /* how often, so that one thread repairs what many have met */
    unsigned psize;                               /* bytes of a page */
    unsigned spares;                              /* length of spare */
    MDB_txn **spare;                              /* reset read transactions, taken and given back by atomic exchange */
    authjwt_lmdb_group_t group;
    apr_time_t looked, failed, refused, warned, grown; /* when last; atomics */
};

struct ap_socache_instance_t {
    const char *dir;   /* absolute, as the children see it */
    apr_uint64_t size; /* bytes */
    int ready;         /* init succeeded */
    int is_known;      /* whoever uses it has used it before */
    int is_made;       /* the directory was made at this start */
    int is_lost;       /* its data file was missing at this start, and it had one */
    apr_time_t birth;  /* when entries were lost for the last time, 0: never */
    authjwt_lmdb_ids_t ids;
    authjwt_lmdb_env_t *env;     /* of this process, NULL until first used; atomic */
    ap_socache_instance_t *next; /* among those that are ready */
};

/* ---- args ---- */

/**
 * Read `[PATH][(SIZE)]`.
 * @param arg   may be NULL
 * @param dir   set on success: absolute path, without a slash at its end, in pool
 * @param size  set on success: bytes, in whole pages
 * @return NULL, or what is wrong with it
 */
const char *authjwt_lmdb_args(const char *arg, const char **dir, apr_uint64_t *size, apr_pool_t *tmp,
                              apr_pool_t *pool) AUTHJWT_LMDB_MUST_USE;

/* ---- dir ---- */

/**
 * What can be told of a directory without making anything, for `httpd -t`.
 * @return NULL, or why it will not be usable
 */
const char *authjwt_lmdb_dir_foresee(const char *dir, apr_pool_t *pool) AUTHJWT_LMDB_MUST_USE;

/**
 * Make the directory if it is missing (and its parent, but no more), judge it and give it to the httpd user.
 * @param dir     absolute path as the parent process sees it
 * @param ids     set on success: dev and dir
 * @param made    set to whether it was missing
 * @param warning set to a sentence or NULL
 * @return NULL, or why it cannot be used
 */
const char *authjwt_lmdb_dir_prepare(const char *dir, authjwt_lmdb_ids_t *ids, int *made, const char **warning,
                                     apr_pool_t *pool) AUTHJWT_LMDB_MUST_USE;

/* ---- check ---- */

/** What the trial opening found out. */
typedef struct {
    int rc;
    char step[48]; /* what was being done when rc came up */
    authjwt_lmdb_ids_t ids;
    int had_lock;     /* lock.mdb was there before */
    int is_new;       /* data.mdb was not, or empty */
    apr_time_t birth; /* as kept in the store */
    apr_uint64_t entries, mapsize;
} authjwt_lmdb_report_t;

/** Note what is about to be done. */
#define AUTHJWT_LMDB_STEP(report, text) apr_cpystrn((report)->step, text, sizeof(report)->step)

/**
 * Open the store here and now, create what is missing, raise its size, read it through. Damage can end the process, and
 * the write lock is waited for as long as it takes.
 * @param inst   its dir and size
 * @param report all but rc are set as far as it came
 */
int authjwt_lmdb_try(const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report) AUTHJWT_LMDB_MUST_USE;

/**
 * Open the store in a fork that has become the httpd user, create what is missing, raise its size, read it through.
 * @param inst   its dir and size
 * @param report set on success
 * @return NULL, or why the store cannot be used and what to do
 */
const char *authjwt_lmdb_check(const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report,
                               apr_pool_t *pool) AUTHJWT_LMDB_MUST_USE;

/* ---- run ---- */

/** Note an instance that is ready, for child_init. @param pool  of the configuration; with it the note goes */
void authjwt_lmdb_announce(ap_socache_instance_t *inst, apr_pool_t *pool);

/**
 * Hook child_init: this process serves requests, and only such a process may open a store. Opens all stores now, while
 * no other thread can start a program that would inherit a descriptor.
 */
void authjwt_lmdb_child_init(apr_pool_t *pchild, server_rec *s);

/** rc in words for the administrator: what it means and what to do. */
const char *authjwt_lmdb_explain(int rc);

/** True if `every` has passed since *last, which then becomes now; exactly one of several threads gets true. */
int authjwt_lmdb_due(apr_time_t *last, apr_time_t now, apr_interval_time_t every);

/** One piece of work; it is called with the gate held shared and the environment open, and again after a repair. */
typedef struct {
    const char *what; /* for the log: "cannot %s" */
    int writes;
    int (*work)(authjwt_lmdb_env_t *env, void *ctx);
} authjwt_lmdb_job_t;

/**
 * Do a job on the instance's environment: open it if need be, repair once what can be repaired, log what cannot.
 * @return APR_SUCCESS, APR_ENOSPC when store or disk is full, APR_EINVAL for an id LMDB cannot hold, else APR_EGENERAL;
 * what the job found is in ctx
 */
apr_status_t authjwt_lmdb_run(ap_socache_instance_t *inst, server_rec *s, const authjwt_lmdb_job_t *job,
                              void *ctx) AUTHJWT_LMDB_MUST_USE;

/* ---- gate ---- */

/** A number below n, the same each time for one thread, and spread over threads. */
unsigned authjwt_lmdb_of_thread(unsigned n);

/**
 * A lock in stripes: who passes takes the one of its thread, so that threads that look up write to no common place; who
 * closes takes all.
 * @return open; NULL without memory
 */
authjwt_lmdb_stripe_t *authjwt_lmdb_gate_make(void);

/** Hold the gate shared. Not again before leaving. */
void authjwt_lmdb_gate_enter(authjwt_lmdb_env_t *env);
void authjwt_lmdb_gate_leave(authjwt_lmdb_env_t *env);

/** Hold it exclusively. */
void authjwt_lmdb_gate_close(authjwt_lmdb_env_t *env);
void authjwt_lmdb_gate_open(authjwt_lmdb_env_t *env);

/* ---- limits ---- */

/** Reader slots that this httpd may need, old and new children together. */
unsigned authjwt_lmdb_readers(void);

/** Threads of a process; 0 if the MPM does not say. */
unsigned authjwt_lmdb_threads(void);

/* ---- env ---- */

/** Open an LMDB environment with our flags. @param mdb set on success @return rc */
int authjwt_lmdb_open(const char *dir, unsigned readers, MDB_env **mdb) AUTHJWT_LMDB_MUST_USE;

/** Look who the directory and its files are, by path. @return rc */
int authjwt_lmdb_identify(const char *dir, authjwt_lmdb_ids_t *ids) AUTHJWT_LMDB_MUST_USE;
int authjwt_lmdb_same(const authjwt_lmdb_ids_t *a, const authjwt_lmdb_ids_t *b);

/** True if the paths still lead to env->ids. */
int authjwt_lmdb_still_there(const authjwt_lmdb_env_t *env);

/** Make the object, not yet open; it lives as long as the process. @return NULL without memory */
authjwt_lmdb_env_t *authjwt_lmdb_env_create(const char *dir, const authjwt_lmdb_ids_t *ids, unsigned readers,
                                            unsigned threads);

/**
 * Open it, open it again after LMDB gave up on it, adopt a larger size, or take back the reader slots of the dead.
 * The gate is held exclusively.
 * @param why the rc that asked for it
 * @return rc; not open afterwards if that failed
 */
int authjwt_lmdb_repair(authjwt_lmdb_env_t *env, int why) AUTHJWT_LMDB_MUST_USE;

/** Get a read transaction, renewed from the spares or new. @return rc */
int authjwt_lmdb_read_begin(authjwt_lmdb_env_t *env, MDB_txn **txn) AUTHJWT_LMDB_MUST_USE;

/** Reset it at once, so that it pins no page, and keep it for the next look-up. */
void authjwt_lmdb_read_end(authjwt_lmdb_env_t *env, MDB_txn *txn);

#endif

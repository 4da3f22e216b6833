/* SPDX-License-Identifier: Apache-2.0 */
/* Running a job on an instance: find this process's environment, run the job, repair what can be repaired, turn rc into
 * a status and a log line. */
#include <errno.h>
#include <unistd.h>

#include "authjwt_lmdb_private.h"

APLOG_USE_MODULE(authjwt);

/* A job may need two repairs, a larger map and then a reader slot, say. */
#define MAX_TRIES 3

/* The process that may open stores, and what it has opened. */
static pid_t serving;
static authjwt_lmdb_env_t *envs;
static pthread_mutex_t envs_lock = PTHREAD_MUTEX_INITIALIZER;
static apr_time_t misused;
/* Instances that the parent has found ready; of the configuration in effect. */
static ap_socache_instance_t *ready;

int authjwt_lmdb_due(apr_time_t *last, apr_time_t now, apr_interval_time_t every)
{
    apr_time_t was = __atomic_load_n(last, __ATOMIC_RELAXED);

    /* If the clock was set back, log again instead of waiting for it to catch up. */
    return (was > now || now - was >= every)
        && __atomic_compare_exchange_n(last, &was, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

const char *authjwt_lmdb_explain(int rc)
{
    switch (rc) {
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return "the store is damaged, or not a store of this version; stop httpd and move data.mdb and lock.mdb away "
               "to start "
               "with an empty one: what was recorded is then lost, so that tokens revoked there work again until they "
               "expire "
               "(change the signing key if that matters)";
    case ESTALE:
        return "data.mdb or lock.mdb was removed or replaced while httpd was running; restart httpd";
    case MDB_MAP_FULL:
        return "the store is full: new entries are refused at 95 % of its size until old ones expire, removals still "
               "work; give it "
               "a larger (SIZE) and restart httpd";
    case ENOSPC:
        return "no space left on the disk; nothing was changed, and the store works again when there is space";
    case ENOMEM:
        return "not enough memory, or no address space for this size; give it a smaller (SIZE)";
    case EACCES:
    case EPERM:
        return "the httpd user may not read and write the directory and the files in it";
    case MDB_READERS_FULL:
        return "all reader slots are taken; stop httpd and start it again, so that they are counted anew";
    default:
        return mdb_strerror(rc);
    }
}

/* ---- this process's environments ---- */

static authjwt_lmdb_env_t *env_of(ap_socache_instance_t *inst)
{
    authjwt_lmdb_env_t *env = __atomic_load_n(&inst->env, __ATOMIC_ACQUIRE);

    if (env != NULL) {
        return env;
    }
    pthread_mutex_lock(&envs_lock);
    for (env = envs; env != NULL && !authjwt_lmdb_same(&env->ids, &inst->ids); env = env->next) {
        ;
    }
    if (env == NULL
        && (env = authjwt_lmdb_env_create(inst->dir, &inst->ids, authjwt_lmdb_readers(), authjwt_lmdb_threads()))
               != NULL) {
        env->next = envs;
        envs = env;
    }
    __atomic_store_n(&inst->env, env, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&envs_lock);
    return env;
}

static apr_status_t forget(void *data)
{
    (void)data;
    ready = NULL;
    return APR_SUCCESS;
}

void authjwt_lmdb_announce(ap_socache_instance_t *inst, apr_pool_t *pool)
{
    if (ready == NULL) {
        apr_pool_cleanup_register(pool, NULL, forget, apr_pool_cleanup_null);
    }
    inst->next = ready;
    ready = inst;
}

/* A store that cannot be opened now is tried again, and complained of, when it is needed. */
static void open_now(ap_socache_instance_t *inst)
{
    authjwt_lmdb_env_t *env = env_of(inst);

    if (env != NULL) {
        authjwt_lmdb_gate_close(env);
        if (env->mdb == NULL) {
            (void)!authjwt_lmdb_repair(env, MDB_PANIC);
        }
        authjwt_lmdb_gate_open(env);
    }
}

void authjwt_lmdb_child_init(apr_pool_t *pchild, server_rec *s)
{
    ap_socache_instance_t *inst;

    (void)pchild;
    (void)s;
    serving = getpid();
    envs = NULL;
    for (inst = ready; inst != NULL; inst = inst->next) {
        open_now(inst);
    }
}

/* Have the files been replaced? Checked before each write, for look-ups once a second, and always once they have been.
 */
static int replaced(authjwt_lmdb_env_t *env, apr_time_t now, int writes)
{
    int gone = __atomic_load_n(&env->gone, __ATOMIC_RELAXED);

    if (authjwt_lmdb_due(&env->looked, now, apr_time_from_sec(1)) || writes || gone) {
        gone = !authjwt_lmdb_still_there(env);
        __atomic_store_n(&env->gone, gone, __ATOMIC_RELAXED);
    }
    return gone;
}

/* Repair what rc complains of. If another thread has opened the environment again since `opened` was read, that was the
 * repair. @return non-zero to try again; else *rc may have become the reason why the repair failed */
static int repaired(authjwt_lmdb_env_t *env, unsigned opened, int *rc)
{
    int failed;

    switch (*rc) {
    case MDB_BAD_RSLOT: /* the transaction that had the slot is gone by now */
        return 1;
    case MDB_MAP_FULL: /* a newer generation of httpd may have raised the size */
        if (!authjwt_lmdb_due(&env->grown, apr_time_now(), apr_time_from_sec(1))) {
            return 0;
        }
        break;
    case MDB_READERS_FULL:
    case MDB_MAP_RESIZED:
    case MDB_PANIC:
        break;
    default:
        return 0;
    }
    authjwt_lmdb_gate_close(env);
    failed = env->opened != opened ? 0 : authjwt_lmdb_repair(env, *rc);
    authjwt_lmdb_gate_open(env);
    if (failed) {
        *rc = failed;
    }
    return !failed;
}

/* ---- running ---- */

static void complain(authjwt_lmdb_env_t *env, server_rec *s, const char *what, int rc)
{
    apr_time_t *last = rc == MDB_MAP_FULL || rc == ENOSPC ? &env->refused : &env->failed;

    if (authjwt_lmdb_due(last, apr_time_now(), apr_time_from_sec(1))) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "AJ2010: lmdb:%s: cannot %s: %s (%d)", env->dir, what,
                     authjwt_lmdb_explain(rc), rc);
    }
}

static apr_status_t status_of(int rc)
{
    switch (rc) {
    case 0:
        return APR_SUCCESS;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
        return APR_ENOSPC;
    case MDB_BAD_VALSIZE:
        return APR_EINVAL;
    default:
        return APR_EGENERAL;
    }
}

apr_status_t authjwt_lmdb_run(ap_socache_instance_t *inst, server_rec *s, const authjwt_lmdb_job_t *job, void *ctx)
{
    apr_time_t now = apr_time_now();
    authjwt_lmdb_env_t *env;
    unsigned opened;
    int rc, tries = 0;

    if (!inst->ready || serving != getpid() || (env = env_of(inst)) == NULL) {
        if (authjwt_lmdb_due(&misused, now, apr_time_from_sec(1))) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                         "AJ2011: lmdb:%s: cannot %s: only a child process of httpd may, and after "
                         "the start",
                         inst->dir, job->what);
        }
        return APR_EGENERAL;
    }
    do {
        authjwt_lmdb_gate_enter(env);
        opened = env->opened;
        rc = replaced(env, now, job->writes) ? ESTALE : env->mdb == NULL ? MDB_PANIC : job->work(env, ctx);
        authjwt_lmdb_gate_leave(env);
    } while (rc != 0 && ++tries < MAX_TRIES && repaired(env, opened, &rc));
    if (rc != 0) {
        complain(env, s, job->what, rc);
    }
    return status_of(rc);
}

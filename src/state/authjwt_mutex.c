/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_mutex: a mutex over all processes of this host. */
#include <errno.h>

#include <httpd.h>
#include <http_log.h>
#include <util_mutex.h>
#include <apr_global_mutex.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_mutex.h"

APLOG_USE_MODULE(authjwt);

struct authjwt_mutex_t {
    apr_global_mutex_t *global;
    const char *type;
};

int authjwt_mutex_register(const char *type, apr_pool_t *pconf)
{
    return ap_mutex_register(pconf, type, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

/* @param global  made already, or NULL: make it, in the pool `owner` */
static apr_status_t create(authjwt_mutex_t **out, const char *type, server_rec *s, apr_pool_t *pconf,
                           apr_global_mutex_t *global, apr_pool_t *owner)
{
    authjwt_mutex_t *mutex = apr_pcalloc(pconf, sizeof(*mutex));
    apr_status_t rv = APR_SUCCESS;

    mutex->type = type;
    mutex->global = global;
    if (!global) {
        rv = ap_global_mutex_create(&mutex->global, NULL, type, NULL, s, owner, 0);
    }
    if (rv == APR_SUCCESS) {
        *out = mutex;
    }
    return rv;
}

apr_status_t authjwt_mutex_create(authjwt_mutex_t **out, const char *type, server_rec *s, apr_pool_t *pconf)
{
    return create(out, type, s, pconf, NULL, pconf);
}

apr_status_t authjwt_mutex_create_lasting(authjwt_mutex_t **out, const char *type, server_rec *s, apr_pool_t *pconf)
{
    const char *name = apr_pstrcat(pconf, "mod_authjwt mutex ", type, NULL);
    apr_pool_t *process = s->process->pool;
    void *kept = NULL;
    apr_status_t rv;

    (void)apr_pool_userdata_get(&kept, name, process);
    rv = create(out, type, s, pconf, kept, process);
    if (rv == APR_SUCCESS && !kept) {
        rv = apr_pool_userdata_set((*out)->global, name, NULL, process);
    }
    return rv;
}

void authjwt_mutex_child_init(authjwt_mutex_t *mutex, server_rec *s, apr_pool_t *pchild)
{
    apr_status_t rv = apr_global_mutex_child_init(&mutex->global, apr_global_mutex_lockfile(mutex->global), pchild);

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s, "AJ1405: mutex %s cannot be used in this process", mutex->type);
    }
}

apr_status_t authjwt_mutex_lock(authjwt_mutex_t *mutex)
{
    apr_status_t rv;

    /* With `Mutex fcntl` the kernel takes all threads of a process for one owner and sees deadlocks where two threads
     * each wait for one of our mutexes. Nobody here waits for one while holding another, so the wait is over soon. */
    while ((rv = apr_global_mutex_lock(mutex->global)) == EDEADLK) {
        apr_sleep(1000);
    }
    return rv;
}

void authjwt_mutex_unlock(authjwt_mutex_t *mutex)
{
    apr_global_mutex_unlock(mutex->global);
}

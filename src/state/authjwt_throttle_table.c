/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_throttle: the table in shared memory, and its keys. */
#include <httpd.h>
#include <http_log.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_mutex.h"
#include "authjwt_store.h"
#include "authjwt_throttle_private.h"

APLOG_USE_MODULE(authjwt);

#define MUTEX_TYPE "authjwt-throttle"

/* Under this name a table outlives a restart. The next module may be another release of this one: a new layout needs a
 * new name. */
#define TABLE_NAME "mod_authjwt throttle 1"

static authjwt_mutex_t *mutex;
static authjwt_throttle_table_t *table;

int authjwt_throttle_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    mutex = NULL;
    table = NULL;
    return authjwt_mutex_register(MUTEX_TYPE, pconf);
}

static int is_needed(server_rec *s)
{
    apr_interval_time_t time;

    for (; s; s = s->next) {
        const authjwt_server_conf_t *conf = authjwt_config_server(s);

        if (conf->key_specs && (authjwt_config_throttle(conf, &time) || authjwt_config_lock(conf, &time))) {
            return 1;
        }
    }
    return 0;
}

/* The table lives as long as the parent process, so that a reload neither unlocks a user nor forgets from where users
 * sign in, and so that children of the old and the new configuration count together. Fresh memory is all zero. */
static apr_status_t take_up_table(apr_pool_t *process)
{
    apr_shm_t *shm;
    void *kept = NULL;
    apr_status_t rv;

    (void)apr_pool_userdata_get(&kept, TABLE_NAME, process);
    if (kept) {
        table = kept;
        return APR_SUCCESS;
    }
    rv = apr_shm_create(&shm, sizeof(*table), NULL, process);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    table = apr_shm_baseaddr_get(shm);
    rv = aj_random(table->secret, sizeof(table->secret));
    return rv == APR_SUCCESS ? apr_pool_userdata_set(table, TABLE_NAME, NULL, process) : rv;
}

int authjwt_throttle_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_status_t rv;

    (void)plog;
    (void)ptemp;
    if (!authjwt_config_logs_now() || !is_needed(s)) {
        return OK;
    }
    rv = authjwt_mutex_create_lasting(&mutex, MUTEX_TYPE, s, pconf);
    if (rv == APR_SUCCESS) {
        rv = take_up_table(s->process->pool);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, s,
                     "AJ1901: AuthJWTLoginThrottle, AuthJWTLoginLock: no shared memory or mutex");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

void authjwt_throttle_child_init(apr_pool_t *pchild, server_rec *s)
{
    if (mutex) {
        authjwt_mutex_child_init(mutex, s, pchild);
    }
}

static const char *client_of(request_rec *r)
{
    const apr_sockaddr_t *address = r->useragent_addr;

#if APR_HAVE_IPV6
    if (address && address->family == APR_INET6 && !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)address->ipaddr_ptr)) {
        const unsigned char *p = address->ipaddr_ptr;

        return apr_psprintf(r->pool, "%02x%02x:%02x%02x:%02x%02x:%02x%02x/64", p[0], p[1], p[2], p[3], p[4], p[5], p[6],
                            p[7]);
    }
#endif
    return r->useragent_ip;
}

apr_uint64_t authjwt_throttle_key(request_rec *r, const char *what, apr_interval_time_t window, const char *user,
                                  int placed)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    unsigned char mac[AJ_SHA256_BYTES];
    apr_uint64_t key = 0;
    const char *text;

    if (!table) {
        return 0;
    }
    text = apr_psprintf(r->pool, "%s\n%" APR_TIME_T_FMT "\n%s\n%s\n%s\n%s", what, window,
                        conf->store ? authjwt_store_place(conf->store) : "", conf->issuer ? conf->issuer : "",
                        placed ? client_of(r) : "", user ? user : "");
    if (aj_hmac_sha256(table->secret, sizeof(table->secret), text, strlen(text), mac) == APR_SUCCESS) {
        memcpy(&key, mac, sizeof(key));
    }
    return key ? key : 1;
}

authjwt_throttle_table_t *authjwt_throttle_enter(request_rec *r)
{
    apr_status_t rv = authjwt_mutex_lock(mutex);

    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1904: login not counted: mutex %s", MUTEX_TYPE);
        return NULL;
    }
    return table;
}

void authjwt_throttle_leave(void)
{
    authjwt_mutex_unlock(mutex);
}

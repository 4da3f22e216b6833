/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: find the provider of each server, start it, and say what it is worth. */
#include <httpd.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_log.h>

#include "authjwt_config_values.h"
#include "authjwt_lmdb.h"
#include "authjwt_risks.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

#define MUTEX_TYPE "authjwt-revocation"
/* Consumers share a provider under names of at most 16 characters. */

/* The stores of the current configuration, and their mutex. Reset before each configuration is read. */
static authjwt_store_t *stores;
static authjwt_mutex_t *mutex;

int authjwt_store_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    stores = NULL;
    mutex = NULL;
    authjwt_lmdb_set_home(NULL);
    return authjwt_mutex_register(MUTEX_TYPE, pconf);
}

/* APR's clients for Redis and memcached choose one of several servers by each entry's hash, and another when that one
 * is dead. A list in the arguments of valkey names Sentinels. */
static int is_spread(const authjwt_store_t *store, const char *args)
{
    return args && store->kind->is_remote && !store->kind->configure && ap_strchr_c(args, ',');
}

/* APR's clients for Redis and memcached know no password, and would take one for a part of the name. */
static int is_url(const authjwt_store_t *store, const char *args)
{
    return args && store->kind->is_remote && !store->kind->configure
        && (ap_strchr_c(args, '@') || ap_strstr_c(args, "//"));
}

static const char *create_store(const char *spec, server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp,
                                authjwt_store_t **out)
{
    const char *colon = ap_strchr_c(spec, ':');
    const char *name = colon ? apr_pstrmemdup(pconf, spec, colon - spec) : spec;
    authjwt_store_t *store = apr_pcalloc(pconf, sizeof(*store));
    const char *error;

    store->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name, AP_SOCACHE_PROVIDER_VERSION);
    if (!store->provider) {
        return apr_psprintf(pconf, "\"%s\" is no socache provider; is its module (mod_socache_%s?) loaded?", name,
                            name);
    }
    store->kind = authjwt_store_kind(name);
    if (is_spread(store, colon)) {
        return "names several servers, over which entries would be spread: one that is down would read as \"not "
               "revoked\"; name one";
    }
    if (is_url(store, colon)) {
        return "is no URL; write HOST[:PORT]. For a user and a password use valkey:HOST[:PORT] and AuthJWTStoreAuth";
    }
    error = store->provider->create(&store->instance, colon && colon[1] ? colon + 1 : NULL, ptemp, pconf);
    if (error) {
        return apr_pstrdup(pconf, error);
    }
    store->spec = spec;
    store->place = apr_pstrcat(pconf, name, ":", store->kind->place(colon ? colon + 1 : NULL, pconf), NULL);
    store->server = s;
    error = authjwt_store_configure(store, pconf);
    if (error) {
        return error;
    }
    store->next = stores;
    stores = store;
    *out = store;
    return NULL;
}

/* What is wrong may be an address with a password before its @; sentinel:MASTER@HOST and a path are none. */
static const char *shown(const char *spec, apr_pool_t *pool)
{
    const char *colon = ap_strchr_c(spec, ':'), *args = colon ? colon + 1 : "", *at = ap_strchr_c(args, '@');
    int is_master = !strncmp(args, "sentinel:", 9) && at && !ap_strchr_c(at + 1, '@');
    int is_path = *args == '/' && args[1] != '/';

    return !at || is_master || is_path ? spec : apr_psprintf(pool, "%.*s:...", (int)(colon - spec), spec);
}

static const char *find_store(const char *spec, server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp,
                              authjwt_store_t **out)
{
    authjwt_store_t *store;

    for (store = stores; store; store = store->next) {
        if (!strcmp(store->spec, spec) && authjwt_store_same_options(store->server, s)) {
            *out = store;
            return NULL;
        }
    }
    return create_store(spec, s, pconf, ptemp, out);
}

static void warn_of_forgetting(const authjwt_store_t *store)
{
    if (store->kind->can_forget) {
        authjwt_risk(
            store->server, APLOG_WARNING,
            "AJ1403: AuthJWTRevocationStore %s can forget: after a restart of httpd or of its server, or when it is "
            "full, %s; lmdb never forgets",
            store->spec,
            authjwt_config_server(store->server)->on_loss == AUTHJWT_ON_LOSS_IGNORE
                ? "revoked tokens may be accepted again"
                : "users have to sign in again, and some revoked tokens may be accepted again");
    }
}

static void warn_of_stores(void)
{
    const authjwt_store_t *store;

    for (store = stores; store && authjwt_config_logs_now(); store = store->next) {
        warn_of_forgetting(store);
    }
}

int authjwt_store_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;
    int faults = 0;

    (void)plog;
    faults = authjwt_store_check_state_dir(main_server, ptemp);
    for (s = main_server; s && !faults; s = s->next) {
        authjwt_server_conf_t *conf = authjwt_config_server(s);
        const char *spec = conf->store_spec ? conf->store_spec : AUTHJWT_LMDB;
        const char *error;

        if (!conf->key_specs) {
            continue;
        }
        error = find_store(spec, s, pconf, ptemp, &conf->store);
        if (error) {
            ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s, "AJ1402: AuthJWTRevocationStore %s: %s",
                         shown(spec, ptemp), error);
            faults++;
        }
        else {
            faults += authjwt_store_check_sharing(main_server, s) + authjwt_store_check_directory(s);
        }
    }
    if (!faults) {
        warn_of_stores();
    }
    return faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

static void say_what_has_no_effect(server_rec *main_server)
{
    server_rec *s;

    for (s = main_server; s; s = s->next) {
        const authjwt_server_conf_t *conf = authjwt_config_server(s);

        if (conf->store && conf->store->kind->is_local && authjwt_config_check_interval(conf)) {
            ap_log_error(
                APLOG_MARK, APLOG_INFO, 0, s,
                "AJ1415: AuthJWTRevocationCheckInterval has no effect with AuthJWTRevocationStore %s, which is "
                "asked for each request",
                conf->store->spec);
        }
    }
}

/* Registered on pconf, so that it runs before the provider's module is unloaded. */
static apr_status_t stop_store(void *data)
{
    authjwt_store_t *store = data;

    store->provider->destroy(store->instance, store->server);
    store->started = 0;
    return APR_SUCCESS;
}

static apr_status_t start_store(authjwt_store_t *store, apr_pool_t *pconf)
{
    static const struct ap_socache_hints hints = { AJ_SHA256_BYTES, AUTHJWT_STORE_VALUE_MAX, apr_time_from_sec(600) };
    apr_status_t rv = store->provider->init(store->instance, AUTHJWT_ENTRY_CONSUMER, &hints, store->server, pconf);

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, store->server,
                     "AJ1404: AuthJWTRevocationStore %s cannot be started", store->spec);
        return rv;
    }
    store->started = 1;
    apr_pool_cleanup_register(pconf, store, stop_store, apr_pool_cleanup_null);
    authjwt_store_birth_post_config(store);
    return APR_SUCCESS;
}

static apr_status_t start_stores(server_rec *main_server, apr_pool_t *pconf)
{
    apr_status_t rv = APR_SUCCESS;
    authjwt_store_t *store;
    const char *dir;
    int is_needed = 0;

    for (store = stores; store; store = store->next) {
        is_needed |= !store->kind->expect;
    }
    if (!authjwt_store_make_state_dir(main_server, is_needed, &dir, pconf)) {
        return APR_EGENERAL;
    }
    for (store = stores; store && rv == APR_SUCCESS; store = store->next) {
        store->mutex = mutex;
        authjwt_store_note_place(store, dir, pconf);
        rv = start_store(store, pconf);
    }
    return rv;
}

int authjwt_store_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    /* The first of the two passes at start only looks; nothing is started for it. */
    if (!authjwt_config_logs_now() || !stores) {
        return OK;
    }
    if (authjwt_mutex_create(&mutex, MUTEX_TYPE, s, pconf) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    say_what_has_no_effect(s);
    return start_stores(s, pconf) == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

void authjwt_store_child_init(apr_pool_t *pchild, server_rec *s)
{
    authjwt_store_t *store;

    if (mutex) {
        authjwt_mutex_child_init(mutex, s, pchild);
    }
    for (store = stores; store; store = store->next) {
        if (store->started) {
            authjwt_store_birth_child_init(store, pchild);
        }
    }
}

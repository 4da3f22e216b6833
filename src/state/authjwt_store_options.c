/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: what AuthJWTStoreAuth and its kin say, for a provider that takes it. */
#include <httpd.h>
#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_log.h>

#include "authjwt_config_values.h"
#include "authjwt_sources.h"
#include "authjwt_risks.h"
#include "authjwt_store_private.h"

int authjwt_store_same_options(const server_rec *one, const server_rec *two)
{
    const authjwt_server_conf_t *a = authjwt_config_server(one), *b = authjwt_config_server(two);
    apr_interval_time_t a_time, b_time;

    return a->store_auth == b->store_auth && a->store_tls == b->store_tls
        && authjwt_config_store_replicas(a, &a_time) == authjwt_config_store_replicas(b, &b_time) && a_time == b_time
        && authjwt_config_store_timeout(a) == authjwt_config_store_timeout(b);
}

/* @return the first of them that is set, NULL when none is */
static const char *first_option(const authjwt_server_conf_t *conf)
{
    return conf->store_auth           ? "AuthJWTStoreAuth"
         : conf->store_tls            ? "AuthJWTStoreTLS"
         : conf->store_replicas != -1 ? "AuthJWTStoreReplicas"
         : conf->store_timeout != -1  ? "AuthJWTStoreTimeout"
                                      : NULL;
}

static void warn_if_readable(server_rec *s, int readable, const char *what, const char *name)
{
    if (readable && authjwt_config_logs_now()) {
        authjwt_risk(s, APLOG_WARNING, "AJ1420: %s (%s) can be read by every user of this machine; chmod o-r it", what,
                     name);
    }
}

static int is_readable_by_others(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_PROT, pool) == APR_SUCCESS && (info.protection & APR_FPROT_WREAD);
}

/* As a secret of AuthJWTKey, a password has no newline at its end. */
static const char *read_password(const authjwt_store_auth_t *auth, server_rec *s, authjwt_valkey_options_t *options,
                                 apr_pool_t *pool)
{
    authjwt_source_t source;
    const char *error;

    if (authjwt_config_testing() && authjwt_source_is_command(auth->source)) {
        return NULL;
    }
    error = authjwt_source_read(auth->source, s->process, pool, &source);
    if (error) {
        return apr_psprintf(pool, "AuthJWTStoreAuth: %s: %s", auth->name, error);
    }
    if (source.len && source.bytes[source.len - 1] == '\n') {
        source.len--;
    }
    if (!source.len) {
        return apr_psprintf(pool, "AuthJWTStoreAuth: %s: the password is empty", auth->name);
    }
    warn_if_readable(s, source.readable_by_others, "the password of AuthJWTStoreAuth", auth->name);
    options->user = auth->user;
    options->password = (const char *)source.bytes;
    options->password_len = source.len;
    return NULL;
}

static void set_tls(const authjwt_store_tls_t *tls, server_rec *s, authjwt_valkey_options_t *options, apr_pool_t *pool)
{
    options->tls = tls->is_on;
    options->ca = tls->ca;
    options->cert = tls->cert;
    options->key = tls->key;
    if (tls->key) {
        warn_if_readable(s, is_readable_by_others(tls->key, pool), "the key of AuthJWTStoreTLS", tls->key);
    }
}

const char *authjwt_store_configure(authjwt_store_t *store, apr_pool_t *pool)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(store->server);
    authjwt_valkey_options_t options = { 0 };
    const char *option = first_option(conf), *error = NULL;

    if (!store->kind->configure) {
        return option
                 ? apr_psprintf(pool, "%s is for a store valkey:... alone; remove it, or name such a store", option)
                 : NULL;
    }
    if (conf->store_auth) {
        error = read_password(conf->store_auth, store->server, &options, pool);
    }
    if (!error && conf->store_tls) {
        set_tls(conf->store_tls, store->server, &options, pool);
    }
    options.replicas = (unsigned)authjwt_config_store_replicas(conf, &options.replicas_time);
    options.timeout = authjwt_config_store_timeout(conf);
    return error ? error : store->kind->configure(store->instance, &options, pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The valkey provider as httpd sees it: its arguments and options, and the functions of ap_socache_provider_t. */
#include <string.h>
#include <unistd.h>

#include <httpd.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <openssl/ssl.h>

#include "authjwt_valkey_private.h"

const char *authjwt_valkey_place(const char *args, apr_pool_t *pool)
{
    authjwt_valkey_address_t address;

    return authjwt_valkey_parse(args, &address, pool) ? args ? args : "" : authjwt_valkey_spell(&address, pool);
}

static const char *create(ap_socache_instance_t **instance, const char *arg, apr_pool_t *tmp, apr_pool_t *pool)
{
    ap_socache_instance_t *inst = apr_pcalloc(pool, sizeof(*inst));
    const char *why = authjwt_valkey_parse(arg, &inst->address, pool);

    (void)tmp;
    if (!why) {
        inst->name = authjwt_valkey_spell(&inst->address, pool);
        inst->options.timeout = AUTHJWT_VALKEY_TIMEOUT;
        *instance = inst;
    }
    return why;
}

/* ---- options ---- */

/** The TLS settings, and the process that made them. */
typedef struct {
    SSL_CTX *tls;
    pid_t pid;
} owned_t;

/* A child leaves them: its threads may still use them when it ends. */
static apr_status_t free_tls(void *data)
{
    owned_t *owned = data;

    if (owned->pid == getpid()) {
        SSL_CTX_free(owned->tls);
    }
    return APR_SUCCESS;
}

static const char *use_tls(ap_socache_instance_t *inst, apr_pool_t *pool)
{
    owned_t *owned = apr_palloc(pool, sizeof(*owned));
    const char *why;

    if (inst->address.path) {
        return "a unix socket has no TLS";
    }
    why = authjwt_valkey_tls_create(&inst->options, &inst->tls, pool);
    if (!why) {
        *owned = (owned_t){ inst->tls, getpid() };
        apr_pool_cleanup_register(pool, owned, free_tls, apr_pool_cleanup_null);
    }
    return why;
}

const char *authjwt_valkey_configure(ap_socache_instance_t *inst, const authjwt_valkey_options_t *options,
                                     apr_pool_t *pool)
{
    inst->options = *options;
    if (!inst->options.timeout) {
        inst->options.timeout = AUTHJWT_VALKEY_TIMEOUT;
    }
    return inst->options.tls ? use_tls(inst, pool) : NULL;
}

/* ---- start and end ---- */

static apr_status_t init(ap_socache_instance_t *inst, const char *cname, const struct ap_socache_hints *hints,
                         server_rec *s, apr_pool_t *pool)
{
    (void)hints;
    inst->prefix = apr_pstrcat(pool, AUTHJWT_VALKEY_PREFIX, cname, ":", NULL);
    authjwt_valkey_announce(inst, pool);
    authjwt_valkey_check(inst, s, pool);
    return APR_SUCCESS;
}

/* Nothing is closed: the parent has no connection, and in a child other threads may still use theirs. */
static void destroy(ap_socache_instance_t *inst, server_rec *s)
{
    (void)inst;
    (void)s;
}

/* ---- the rest ---- */

static void status(ap_socache_instance_t *inst, request_rec *r, int flags)
{
    authjwt_valkey_figures_t usage = { 0, 0, 0 };

    if (inst->links) {
        usage = authjwt_valkey_figures(inst->links);
    }
    ap_rprintf(
        r,
        flags & AP_STATUS_SHORT
            ? "CacheType: VALKEY\nCacheServer: %s\nCacheConnections: %u\nCacheIdleConnections: %u\nCacheFailures: %u\n"
            : "cache type: <b>VALKEY</b>, server: <b>%s</b><br>\nconnections of this process: <b>%u</b>, "
              "idle: <b>%u</b>, failures in a row: <b>%u</b><br>\n",
        ap_escape_html(r->pool, inst->name), usage.open, usage.idle, usage.failures);
}

/* It would need SCAN, which the user of the server need not be allowed. */
static apr_status_t iterate(ap_socache_instance_t *inst, server_rec *s, void *userctx, ap_socache_iterator_t *iterator,
                            apr_pool_t *pool)
{
    (void)inst, (void)s, (void)userctx, (void)iterator, (void)pool;
    return APR_ENOTIMPL;
}

static const ap_socache_provider_t provider = {
    AUTHJWT_VALKEY,        0,      create,  init, destroy, authjwt_valkey_store, authjwt_valkey_retrieve,
    authjwt_valkey_remove, status, iterate,
};

void authjwt_valkey_register(apr_pool_t *pool)
{
    ap_register_provider(pool, AP_SOCACHE_PROVIDER_GROUP, AUTHJWT_VALKEY, AP_SOCACHE_PROVIDER_VERSION, &provider);
    ap_hook_child_init(authjwt_valkey_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

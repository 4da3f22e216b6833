/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer of any ap_socache provider, driven by requests: each function of the provider is a path below /s/, its
 * answer is the body's first word. `SocacheTest PROVIDER[:ARGS]` names the provider; a second one makes a second
 * instance, asked with use=1. `SocacheTestEarly on` uses the provider in the parent at start. */
#include <httpd.h>
#include <ap_provider.h>
#include <ap_socache.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <unistd.h>

#include "../e2e/support/doors.h"

extern module AP_MODULE_DECLARE_DATA socachetest_module;
APLOG_USE_MODULE(socachetest);

static const ap_socache_provider_t *provider;
static ap_socache_instance_t *caches[2];
static int ncaches, early;

#define CACHE caches[atoi(arg(r, "use")) == 1]

static const char *set_provider(cmd_parms *cmd, void *dcfg, const char *arg)
{
    const char *colon = strchr(arg, ':'), *why;
    char *name = apr_pstrmemdup(cmd->pool, arg, colon ? (apr_size_t)(colon - arg) : strlen(arg));

    (void)dcfg;
    provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name, AP_SOCACHE_PROVIDER_VERSION);
    if (provider == NULL) {
        return apr_psprintf(cmd->pool, "no provider %s", name);
    }
    if (ncaches == 2) {
        return "two are enough";
    }
    why = provider->create(&caches[ncaches++], colon ? colon + 1 : NULL, cmd->temp_pool, cmd->pool);
    return why ? apr_psprintf(cmd->pool, "SocacheTest: %s", why) : NULL;
}

static const char *set_early(cmd_parms *cmd, void *dcfg, int on)
{
    (void)cmd;
    (void)dcfg;
    early = on;
    return NULL;
}

static const char *arg(request_rec *r, const char *name)
{
    const char *text = door_argument(r, name);

    return text ? text : "";
}

static apr_time_t expiry_of(request_rec *r)
{
    return apr_time_now() + apr_time_from_msec(apr_atoi64(arg(r, "ttl")));
}

static void do_set(request_rec *r)
{
    const char *id = arg(r, "id"), *value = arg(r, "value");

    ap_rputs(door_word(provider->store(CACHE, r->server, (const unsigned char *)id, (unsigned)strlen(id), expiry_of(r),
                                       (unsigned char *)apr_pstrdup(r->pool, value), (unsigned)strlen(value), r->pool)),
             r);
}

static void do_get(request_rec *r)
{
    const char *id = arg(r, "id"), *size = arg(r, "size");
    unsigned int len = *size ? (unsigned)atoi(size) : 8192;
    unsigned char *buf = apr_pcalloc(r->pool, len + 1);
    apr_status_t rv =
        provider->retrieve(CACHE, r->server, (const unsigned char *)id, (unsigned)strlen(id), buf, &len, r->pool);

    ap_rprintf(r, "%s%s%.*s", door_word(rv), rv == APR_SUCCESS ? " " : "", rv == APR_SUCCESS ? (int)len : 0,
               (char *)buf);
}

static void do_del(request_rec *r)
{
    const char *id = arg(r, "id");

    ap_rputs(door_word(provider->remove(CACHE, r->server, (const unsigned char *)id, (unsigned)strlen(id), r->pool)),
             r);
}

/* n entries PREFIX0, PREFIX1, ... of size bytes; stops at the first that is refused. */
static void do_fill(request_rec *r)
{
    unsigned size = (unsigned)atoi(arg(r, "size"));
    int i, n = atoi(arg(r, "n")), from = atoi(arg(r, "from"));
    unsigned char *data = apr_pcalloc(r->pool, size + 1);
    apr_status_t rv = APR_SUCCESS;
    char id[64];

    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        apr_snprintf(id, sizeof id, "%.40s%d", arg(r, "id"), from + i);
        rv = provider->store(CACHE, r->server, (unsigned char *)id, (unsigned)strlen(id), expiry_of(r), data, size,
                             r->pool);
    }
    ap_rprintf(r, "%s %d", door_word(rv), rv == APR_SUCCESS ? i : i - 1);
}

static void do_drain(request_rec *r)
{
    int i, n = atoi(arg(r, "n"));
    apr_status_t rv = APR_SUCCESS;
    char id[64];

    for (i = 0; i < n && (rv == APR_SUCCESS || rv == APR_NOTFOUND); i++) {
        apr_snprintf(id, sizeof id, "%.40s%d", arg(r, "id"), i);
        rv = provider->remove(CACHE, r->server, (unsigned char *)id, (unsigned)strlen(id), r->pool);
    }
    ap_rprintf(r, "%s %d", door_word(rv), i);
}

/* n look-ups; answers nanoseconds each. */
static void do_bench(request_rec *r)
{
    int i, n = atoi(arg(r, "n")), found = 0;
    apr_time_t start = apr_time_now();
    unsigned char buf[512];
    unsigned int len;
    char id[64];

    for (i = 0; i < n; i++) {
        len = sizeof buf;
        apr_snprintf(id, sizeof id, "%.40s%d", arg(r, "id"), i * 7919 % n);
        found += provider->retrieve(CACHE, r->server, (unsigned char *)id, (unsigned)strlen(id), buf, &len, r->pool)
              == APR_SUCCESS;
    }
    ap_rprintf(r, "ok %d %d", found, (int)((apr_time_now() - start) * 1000 / (n ? n : 1)));
}

typedef struct {
    int n, remove;
} count_t;

static apr_status_t count(ap_socache_instance_t *inst, server_rec *s, void *ctx, const unsigned char *id,
                          unsigned idlen, const unsigned char *data, unsigned datalen, apr_pool_t *pool)
{
    count_t *c = ctx;

    c->n++;
    if (id[idlen] != '\0' || data[datalen] != '\0') {
        return APR_EGENERAL;
    }
    return c->remove ? provider->remove(inst, s, id, idlen, pool) : APR_SUCCESS;
}

static void do_count(request_rec *r)
{
    count_t c = { 0, *arg(r, "remove") != '\0' };
    apr_status_t rv = provider->iterate(CACHE, r->server, &c, count, r->pool);

    ap_rprintf(r, "%s %d", door_word(rv), c.n);
}

static void do_status(request_rec *r)
{
    provider->status(CACHE, r, *arg(r, "html") ? 0 : AP_STATUS_SHORT);
}

static const door_t doors[] = {
    { "/s/set", do_set },     { "/s/get", do_get },     { "/s/del", do_del },       { "/s/fill", do_fill },
    { "/s/drain", do_drain }, { "/s/count", do_count }, { "/s/status", do_status }, { "/s/bench", do_bench },
};

/* hold=MS: begin later. until=PATH: say so by a file PATH.ID, and begin when PATH exists. */
static void hold(request_rec *r)
{
    const char *path = arg(r, "until");
    apr_file_t *f;

    apr_sleep(apr_time_from_msec(apr_atoi64(arg(r, "hold"))));
    if (*path == '\0') {
        return;
    }
    if (apr_file_open(&f, apr_psprintf(r->pool, "%s.%s", path, arg(r, "id")), APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                      APR_FPROT_OS_DEFAULT, r->pool)
        == APR_SUCCESS) {
        apr_file_close(f);
    }
    while (access(path, F_OK) != 0) {
        apr_sleep(apr_time_from_msec(5));
    }
}

static int handler(request_rec *r)
{
    const door_t *door = door_of(r, doors, sizeof doors / sizeof *doors);

    if (door == NULL) {
        return DECLINED;
    }
    apr_table_setn(r->headers_out, "X-Pid", apr_itoa(r->pool, (int)getpid()));
    ap_set_content_type(r, "text/plain");
    hold(r);
    door->run(r);
    return OK;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    int i;

    (void)plog;
    (void)ptemp;
    if (provider == NULL) {
        return OK;
    }
    for (i = 0; i < ncaches; i++) {
        if (provider->init(caches[i], "socachetest", NULL, s, pconf) != APR_SUCCESS) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    if (early && ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        unsigned char data[1];
        unsigned int len = sizeof data;

        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, "early: %s",
                     door_word(provider->retrieve(caches[0], s, (unsigned char *)"x", 1, data, &len, pconf)));
    }
    return OK;
}

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    provider = NULL;
    ncaches = early = 0;
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("SocacheTest", set_provider, NULL, RSRC_CONF, "PROVIDER[:ARGS]"),
    AP_INIT_FLAG("SocacheTestEarly", set_early, NULL, RSRC_CONF, "use it in the parent at start"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

#pragma GCC visibility push(default)
module AP_MODULE_DECLARE_DATA socachetest_module = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, directives,
                                                     register_hooks,          0 };
#pragma GCC visibility pop

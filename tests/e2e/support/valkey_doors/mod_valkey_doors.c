/* SPDX-License-Identifier: Apache-2.0 */
/* The valkey provider and its doors, driven by requests; built with the sources of src/valkey and nothing else of
 * mod_authjwt. Each function is a path below /v/; the first word of its answer is what it has returned, what it has
 * found follows in hex. `ValkeyDoors ARGS` names the server, the other directives its options, times in ms. */
#include <httpd.h>
#include <ap_provider.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "../doors.h"
#include "authjwt_valkey.h"

#define SEVERAL_MAX 200

static const ap_socache_provider_t *provider;
static ap_socache_instance_t *cache;
static authjwt_valkey_options_t options;
static const char *args;

static const char *set_args(cmd_parms *cmd, void *dir, const char *text)
{
    (void)cmd;
    (void)dir;
    args = text;
    return NULL;
}

static const char *set_replicas(cmd_parms *cmd, void *dir, const char *count, const char *time)
{
    (void)cmd;
    (void)dir;
    options.replicas = (unsigned)atoi(count);
    options.replicas_time = apr_time_from_msec(atoi(time));
    return NULL;
}

static const char *set_timeout(cmd_parms *cmd, void *dir, const char *time)
{
    (void)cmd;
    (void)dir;
    options.timeout = apr_time_from_msec(atoi(time));
    return NULL;
}

/* The bytes of name=HEX in the query. @return NULL if absent */
static unsigned char *bytes(request_rec *r, const char *name, unsigned int *len)
{
    const char *hex = door_argument(r, name);
    unsigned char *out = hex ? apr_pcalloc(r->pool, strlen(hex) + 1) : NULL;
    apr_size_t found = 0;

    if (hex) {
        apr_unescape_hex(out, hex, APR_ESCAPE_STRING, 0, &found);
    }
    *len = (unsigned int)found;
    return out;
}

static long number(request_rec *r, const char *name)
{
    unsigned int len;
    unsigned char *text = bytes(r, name, &len);

    return text ? atol((const char *)text) : 0;
}

static void show(request_rec *r, apr_status_t rv, const unsigned char *data, unsigned int len)
{
    ap_rprintf(r, "%s %s\n", door_word(rv), rv == APR_SUCCESS ? apr_pescape_hex(r->pool, data, len, 0) : "");
}

static apr_time_t expiry_of(request_rec *r)
{
    return apr_time_now() + apr_time_from_msec(number(r, "ttl"));
}

static void do_set(request_rec *r)
{
    unsigned int idlen, len;
    unsigned char *id = bytes(r, "id", &idlen), *value = bytes(r, "value", &len);

    ap_rputs(door_word(provider->store(cache, r->server, id, idlen, expiry_of(r), value, len, r->pool)), r);
}

static void do_swap(request_rec *r)
{
    unsigned int idlen, len, oldlen;
    unsigned char *id = bytes(r, "id", &idlen), *value = bytes(r, "value", &len), *old = bytes(r, "old", &oldlen);

    ap_rputs(
        door_word(authjwt_valkey_swap(cache, r->server, id, idlen, old, oldlen, expiry_of(r), value, len, r->pool)), r);
}

static void do_get(request_rec *r)
{
    unsigned int idlen, len = number(r, "size") ? (unsigned int)number(r, "size") : 700000;
    unsigned char *id = bytes(r, "id", &idlen), *data = apr_palloc(r->pool, len);
    apr_status_t rv = provider->retrieve(cache, r->server, id, idlen, data, &len, r->pool);

    show(r, rv, data, len);
}

static void do_del(request_rec *r)
{
    unsigned int idlen;
    unsigned char *id = bytes(r, "id", &idlen);

    ap_rputs(door_word(provider->remove(cache, r->server, id, idlen, r->pool)), r);
}

/* Ids PREFIX0, PREFIX1, ... in one go. */
static void do_several(request_rec *r)
{
    authjwt_socache_question_t questions[SEVERAL_MAX];
    unsigned int idlen, i, n = (unsigned int)number(r, "n");
    const char *prefix = (const char *)bytes(r, "id", &idlen);
    apr_status_t rv;

    for (i = 0; i < n; i++) {
        const char *id = apr_psprintf(r->pool, "%s%u", prefix, i);

        questions[i] = (authjwt_socache_question_t){ (const unsigned char *)id, (unsigned int)strlen(id),
                                                     apr_palloc(r->pool, 16), 16, APR_EGENERAL };
    }
    rv = authjwt_valkey_retrieve_several(cache, r->server, questions, n, r->pool);
    ap_rprintf(r, "%s\n", door_word(rv));
    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        show(r, questions[i].status, questions[i].data, questions[i].len);
    }
}

static apr_status_t ignore(ap_socache_instance_t *instance, server_rec *s, void *ctx, const unsigned char *id,
                           unsigned int idlen, const unsigned char *data, unsigned int datalen, apr_pool_t *pool)
{
    (void)instance, (void)s, (void)ctx, (void)id, (void)idlen, (void)data, (void)datalen, (void)pool;
    return APR_SUCCESS;
}

static void do_iterate(request_rec *r)
{
    ap_rputs(door_word(provider->iterate(cache, r->server, NULL, ignore, r->pool)), r);
}

static void do_status(request_rec *r)
{
    provider->status(cache, r, AP_STATUS_SHORT);
}

/* n look-ups of one id; microseconds in all. */
static void do_bench(request_rec *r)
{
    unsigned char data[512];
    unsigned int len;
    apr_time_t begin = apr_time_now();
    long i, n = number(r, "n"), found = 0;

    for (i = 0; i < n; i++) {
        len = sizeof(data);
        found +=
            provider->retrieve(cache, r->server, (const unsigned char *)"bench", 5, data, &len, r->pool) == APR_SUCCESS;
    }
    ap_rprintf(r, "%ld %ld", found, (long)(apr_time_now() - begin));
}

static const door_t doors[] = {
    { "/v/set", do_set },         { "/v/get", do_get },       { "/v/del", do_del },         { "/v/swap", do_swap },
    { "/v/several", do_several }, { "/v/status", do_status }, { "/v/iterate", do_iterate }, { "/v/bench", do_bench },
};

static int handler(request_rec *r)
{
    const door_t *door = door_of(r, doors, sizeof(doors) / sizeof(doors[0]));

    if (!door) {
        return DECLINED;
    }
    ap_set_content_type(r, "text/plain");
    door->run(r);
    return OK;
}

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    args = NULL;
    memset(&options, 0, sizeof(options));
    return OK;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    if (!args || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    return provider->create(&cache, args, ptemp, pconf) || authjwt_valkey_configure(cache, &options, pconf)
                || provider->init(cache, "doors", NULL, s, pconf) != APR_SUCCESS
             ? HTTP_INTERNAL_SERVER_ERROR
             : OK;
}

static void register_hooks(apr_pool_t *pool)
{
    authjwt_valkey_register(pool);
    provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, AUTHJWT_VALKEY, AP_SOCACHE_PROVIDER_VERSION);
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("ValkeyDoors", set_args, NULL, RSRC_CONF, "where the server is"),
    AP_INIT_TAKE2("ValkeyDoorsReplicas", set_replicas, NULL, RSRC_CONF, "replicas and time"),
    AP_INIT_TAKE1("ValkeyDoorsTimeout", set_timeout, NULL, RSRC_CONF, "timeout"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* The provider's sources log for the module authjwt, which is this one here. */
#pragma GCC visibility push(default)
extern module AP_MODULE_DECLARE_DATA valkey_doors_module;
module AP_MODULE_DECLARE_DATA valkey_doors_module = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, directives,
                                                      register_hooks,          0 };
#pragma GCC visibility pop

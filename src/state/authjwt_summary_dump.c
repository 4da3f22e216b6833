/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_summary: `httpd -t -D DUMP_AUTHJWT`. Programs read it: names and forms of values stay. */
#include <httpd.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>

#include "authjwt_config_places.h"
#include "authjwt_config_values.h"
#include "authjwt_endpoint.h"
#include "authjwt_risks.h"
#include "authjwt_sources.h"
#include "authjwt_store.h"
#include "authjwt_summary.h"
#include "authjwt_summary_private.h"

static void put(apr_file_t *out, const char *name, const char *value)
{
    apr_file_printf(out, "%s: %s\n", name, value);
}

static void put_seconds(apr_file_t *out, const char *name, apr_interval_time_t time)
{
    apr_file_printf(out, "%s: %" APR_TIME_T_FMT "\n", name, apr_time_sec(time));
}

static const char *encoding_of(const authjwt_key_spec_t *spec)
{
    static const char *const names[] = { "", " encoding=base64", " encoding=base64url", " encoding=hex" };

    return names[spec->options.encoding];
}

/* The arguments as AuthJWTKey takes them. */
static const char *key_arguments(const authjwt_key_spec_t *spec, apr_pool_t *pool)
{
    const char *kid = spec->options.kid;

    return apr_pstrcat(pool, spec->options.alg->name, " ",
                       authjwt_summary_word(authjwt_summary_source(spec->source, spec->name, pool), pool),
                       kid ? " kid=" : "", kid ? authjwt_summary_word(kid, pool) : "", encoding_of(spec),
                       spec->options.verify_only ? " verify" : "", spec->options.publish ? " publish" : "", NULL);
}

/* The arguments as AuthJWTKeySet takes them. */
static const char *set_arguments(const authjwt_key_spec_t *spec, apr_pool_t *pool)
{
    const char *text = authjwt_summary_word(authjwt_summary_source(spec->source, spec->name, pool), pool);
    int i;

    for (i = 0; spec->algs && i < spec->algs->nelts; i++) {
        text = apr_pstrcat(pool, text, i ? "," : " algs=", APR_ARRAY_IDX(spec->algs, i, const aj_alg_t *)->name, NULL);
    }
    return text;
}

static const authjwt_key_line_t *line_of(const authjwt_keyring_t *keyring, const authjwt_key_spec_t *spec)
{
    int i;

    for (i = 0; i < keyring->loaded->nelts; i++) {
        const authjwt_key_line_t *line = &APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t);

        if (line->spec == spec) {
            return line;
        }
    }
    return NULL;
}

static void put_spec(apr_file_t *out, const authjwt_keyring_t *keyring, const authjwt_key_spec_t *spec,
                     apr_pool_t *pool)
{
    const authjwt_key_line_t *line = line_of(keyring, spec);
    const char *source = authjwt_summary_word(authjwt_summary_source(spec->source, spec->name, pool), pool);
    int i;

    put(out, spec->is_set ? "AuthJWTKeySet" : "AuthJWTKey",
        spec->is_set ? set_arguments(spec, pool) : key_arguments(spec, pool));
    if (!line) {
        put(out, "key", apr_pstrcat(pool, "unknown, as commands are not run under -t: ", source, NULL));
    }
    for (i = 0; line && i < aj_keyset_count(line->batch->keys); i++) {
        put(out, "key",
            apr_pstrcat(pool, authjwt_summary_key(keyring, aj_keyset_at(line->batch->keys, i), pool), " ", source,
                        NULL));
    }
}

static void put_keys(apr_file_t *out, const authjwt_server_conf_t *conf, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < conf->key_specs->nelts; i++) {
        put_spec(out, conf->keyring, &APR_ARRAY_IDX(conf->key_specs, i, authjwt_key_spec_t), pool);
    }
}

static void put_audiences(apr_file_t *out, const authjwt_server_conf_t *conf, apr_pool_t *pool)
{
    int i;

    for (i = 0; conf->audiences && i < conf->audiences->nelts; i++) {
        put(out, "audience", authjwt_summary_word(APR_ARRAY_IDX(conf->audiences, i, const char *), pool));
    }
    if (conf->audiences && !conf->audiences->nelts) {
        put(out, "audience", "any");
    }
}

static void put_policy(apr_file_t *out, server_rec *s, apr_pool_t *pool)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);
    const authjwt_dir_conf_t *dir = ap_get_module_config(s->lookup_defaults, &authjwt_module);

    if (conf->issuer) {
        put(out, "issuer", authjwt_summary_word(conf->issuer, pool));
    }
    put_audiences(out, conf, pool);
    put(out, "identity-claim", authjwt_summary_word(authjwt_config_identity_claim(dir), pool));
    put_seconds(out, "leeway", authjwt_config_leeway(conf));
    put_seconds(out, "access-token-expires", authjwt_config_access_expires(conf));
    put_seconds(out, "refresh-token-expires", authjwt_config_refresh_expires(conf));
    put_seconds(out, "session-expires", authjwt_config_session_expires(conf));
}

/* ` NAME=FILE`, in quotes where the path needs them. */
static const char *file_option(const char *name, const char *file, apr_pool_t *pool)
{
    return file ? apr_pstrcat(pool, " ", authjwt_summary_word(apr_pstrcat(pool, name, file, NULL), pool), NULL) : "";
}

/* The arguments as AuthJWTStoreAuth and its kin take them. */
static void put_store_options(apr_file_t *out, const authjwt_server_conf_t *conf, apr_pool_t *pool)
{
    const authjwt_store_auth_t *auth = conf->store_auth;
    const authjwt_store_tls_t *tls = conf->store_tls;
    apr_interval_time_t time, timeout = authjwt_config_store_timeout(conf);
    int replicas = authjwt_config_store_replicas(conf, &time);

    if (auth) {
        put(out, "AuthJWTStoreAuth",
            apr_pstrcat(pool, auth->user ? authjwt_summary_word(auth->user, pool) : "", auth->user ? " " : "",
                        authjwt_summary_word(authjwt_summary_source(auth->source, auth->name, pool), pool), NULL));
    }
    if (tls && tls->is_on) {
        put(out, "AuthJWTStoreTLS",
            apr_pstrcat(pool, "on", file_option("ca=", tls->ca, pool), file_option("cert=", tls->cert, pool),
                        file_option("key=", tls->key, pool), NULL));
    }
    if (replicas > 0) {
        put(out, "AuthJWTStoreReplicas",
            apr_psprintf(pool, "%d %" APR_TIME_T_FMT "ms", replicas, apr_time_as_msec(time)));
    }
    if (conf->store_timeout != -1) {
        put(out, "AuthJWTStoreTimeout", apr_psprintf(pool, "%" APR_TIME_T_FMT "ms", apr_time_as_msec(timeout)));
    }
}

static void put_store(apr_file_t *out, const authjwt_server_conf_t *conf, apr_pool_t *pool)
{
    int cache = authjwt_config_cache(conf);

    put(out, "store", authjwt_summary_word(authjwt_store_place(conf->store), pool));
    put_store_options(out, conf, pool);
    put(out, "on-error", conf->on_error == AUTHJWT_ON_ERROR_ALLOW ? "allow" : "deny");
    put(out, "on-loss", conf->on_loss == AUTHJWT_ON_LOSS_IGNORE ? "ignore" : "distrust");
    put_seconds(out, "check-interval", authjwt_config_check_interval(conf));
    put(out, "cache", cache ? apr_itoa(pool, cache) : "off");
}

static void put_endpoint(const authjwt_place_t *place, void *out, apr_pool_t *pool)
{
    const authjwt_endpoint_t *endpoint = authjwt_endpoint_find(authjwt_config_handler_of(place->own, pool));

    if (endpoint) {
        put(out, "endpoint", apr_pstrcat(pool, endpoint->handler, " ", place->name, NULL));
    }
}

/* What was found while the main server was read is no other server's, though they may share the line. */
static void put_risks(apr_file_t *out, const server_rec *s)
{
    const apr_array_header_t *risks = authjwt_risks();
    int i;

    for (i = 0; i < risks->nelts; i++) {
        const authjwt_risk_t *risk = &APR_ARRAY_IDX(risks, i, authjwt_risk_t);

        if (risk->server == s) {
            put(out, "risk", risk->text);
        }
    }
}

static void put_server(apr_file_t *out, server_rec *s, apr_pool_t *pool)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);

    put(out, "server", s->server_hostname ? s->server_hostname : "main");
    if (s->defn_name) {
        apr_file_printf(out, "defined: %s:%u\n", s->defn_name, s->defn_line_number);
    }
    if (conf->key_specs) {
        put_keys(out, conf, pool);
        put_policy(out, s, pool);
        put_store(out, conf, pool);
        authjwt_config_each_place(s, put_endpoint, out, pool);
    }
    put_risks(out, s);
    apr_file_printf(out, "\n");
}

void authjwt_summary_test_config(apr_pool_t *pconf, server_rec *main_server)
{
    apr_file_t *out;
    server_rec *s;

    if (!ap_exists_config_define("DUMP_AUTHJWT") || apr_file_open_stdout(&out, pconf) != APR_SUCCESS) {
        return;
    }
    for (s = main_server; s; s = s->next) {
        put_server(out, s, pconf);
    }
}

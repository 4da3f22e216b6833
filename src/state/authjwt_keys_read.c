/* authjwt_keys: the keys of one line. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_keys_private.h"
#include "authjwt_sources.h"

APLOG_USE_MODULE(authjwt);

static void warn_if_readable(const authjwt_key_spec_t *spec, const authjwt_source_t *source, const aj_keyset_t *keys,
                             server_rec *s)
{
    int secret = 0;
    int i;

    for (i = 0; i < aj_keyset_count(keys); i++) {
        secret |= aj_key_is_secret(aj_keyset_at(keys, i));
    }
    if (secret && source->readable_by_others && authjwt_config_announces()) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "AJ1002: %s at %s: %s can be read by every user of this machine; chmod o-r it",
                     spec->is_set ? "AuthJWTKeySet" : "AuthJWTKey", spec->where, spec->source);
    }
}

static void log_skipped(const authjwt_key_spec_t *spec, const apr_array_header_t *skipped, server_rec *s)
{
    int i;

    for (i = 0; i < skipped->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s, "AJ1005: AuthJWTKeySet %s: %s", spec->source,
                     APR_ARRAY_IDX(skipped, i, const char *));
    }
}

/* Make keys of a source's content; the content is the caller's. */
static const char *parse_content(const authjwt_key_spec_t *spec, const authjwt_source_t *source, server_rec *s,
                                 aj_keyset_t *keys, apr_pool_t *pool)
{
    apr_array_header_t *skipped;
    aj_key_t *key;
    const char *error;

    if (!spec->is_set) {
        error = aj_key_read(&key, source->bytes, source->len, &spec->options, pool);
        return error ? error : aj_keyset_add(keys, key);
    }
    skipped = apr_array_make(pool, 1, sizeof(const char *));
    error = aj_keyset_add_jwks(keys, (const char *)source->bytes, source->len, spec->algs, skipped, pool);
    if (!error) {
        log_skipped(spec, skipped, s);
    }
    return error;
}

const char *authjwt_keys_read(const authjwt_key_spec_t *spec, server_rec *s, apr_pool_t *pool, aj_keyset_t **out)
{
    aj_keyset_t *keys = aj_keyset_make(pool);
    authjwt_source_t source;
    apr_pool_t *content;
    const char *error;

    /* The content is wiped as soon as the keys are made. */
    apr_pool_create(&content, pool);
    error = authjwt_source_read(spec->source, s->process, content, &source);
    if (!error) {
        error = parse_content(spec, &source, s, keys, pool);
    }
    if (!error) {
        warn_if_readable(spec, &source, keys, s);
        *out = keys;
    }
    error = error ? apr_pstrdup(pool, error) : NULL;
    apr_pool_destroy(content);
    return error;
}

void authjwt_keys_complain(const authjwt_key_spec_t *spec, server_rec *s, const char *error, const char *consequence)
{
    int starting = ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_RUN_MPM;

    ap_log_error(APLOG_MARK, APLOG_ERR | (starting ? APLOG_STARTUP : 0), 0, s, "AJ1003: %s %s%s%s (%s): %s%s",
                 spec->is_set ? "AuthJWTKeySet" : "AuthJWTKey", spec->options.alg ? spec->options.alg->name : "",
                 spec->options.alg ? " " : "", spec->source, spec->where, error, consequence);
}

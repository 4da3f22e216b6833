/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: the keys of one line. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_keys_private.h"
#include "authjwt_risks.h"
#include "authjwt_sources.h"

APLOG_USE_MODULE(authjwt);

static const char *directive_of(const authjwt_key_spec_t *spec)
{
    return spec->is_set ? "AuthJWTKeySet" : "AuthJWTKey";
}

/* Once per start or restart, and whenever a JWK Set is read again while httpd runs. */
static int is_heard(void)
{
    return authjwt_config_logs_now() || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_RUN_MPM;
}

static int has_secret(const aj_keyset_t *keys)
{
    int i;

    for (i = 0; i < aj_keyset_count(keys); i++) {
        if (aj_key_is_secret(aj_keyset_at(keys, i))) {
            return 1;
        }
    }
    return 0;
}

static void warn_of_permissions(const authjwt_key_spec_t *spec, const authjwt_source_t *source, const aj_keyset_t *keys,
                                server_rec *s)
{
    if (!is_heard()) {
        return;
    }
    if (source->readable_by_others && has_secret(keys)) {
        authjwt_risk(s, APLOG_WARNING, "AJ1002: %s at %s: %s can be read by every user of this machine; chmod o-r it",
                     directive_of(spec), spec->where, spec->name);
    }
    if (source->writable_by_others) {
        authjwt_risk(s, APLOG_WARNING,
                     "AJ1008: %s at %s: %s can be written by its group or by every user of this machine, who could put "
                     "a key of their own there; chmod go-w it",
                     directive_of(spec), spec->where, spec->name);
    }
}

void authjwt_keys_note_skipped(const authjwt_key_spec_t *spec, server_rec *s, const char *text, int odd)
{
    if (!is_heard()) {
        return;
    }
    if (odd) {
        authjwt_risk(s, APLOG_WARNING, "AJ1007: AuthJWTKeySet %s: %s", spec->name, text);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s, "AJ1005: AuthJWTKeySet %s: %s", spec->name, text);
    }
}

static void warn_of_doubt(const authjwt_key_spec_t *spec, const aj_key_t *key, server_rec *s)
{
    if (aj_key_doubt(key) && is_heard()) {
        authjwt_risk(s, APLOG_WARNING, "AJ1010: AuthJWTKey %s %s (%s): the secret %s", spec->options.alg->name,
                     spec->name, spec->where, aj_key_doubt(key));
    }
}

static void log_notes(const authjwt_key_spec_t *spec, const apr_array_header_t *notes, server_rec *s)
{
    int i;

    for (i = 0; i < notes->nelts; i++) {
        const aj_keyset_note_t *note = &APR_ARRAY_IDX(notes, i, aj_keyset_note_t);

        authjwt_keys_note_skipped(spec, s, note->text, note->odd);
    }
}

/* Make keys of a source's content; the content is the caller's. */
static const char *parse_content(const authjwt_key_spec_t *spec, const authjwt_source_t *source, server_rec *s,
                                 aj_keyset_t *keys, apr_pool_t *pool)
{
    apr_array_header_t *notes;
    aj_key_t *key;
    const char *error;

    if (!spec->is_set) {
        error = aj_key_read(&key, source->bytes, source->len, &spec->options, pool);
        if (!error) {
            warn_of_doubt(spec, key, s);
            error = aj_keyset_add(keys, key);
        }
        return error;
    }
    notes = apr_array_make(pool, 1, sizeof(aj_keyset_note_t));
    error = aj_keyset_add_jwks(keys, (const char *)source->bytes, source->len, spec->algs, notes, pool);
    log_notes(spec, notes, s);
    return error;
}

const char *authjwt_keys_read(const authjwt_key_spec_t *spec, server_rec *s, apr_pool_t *pool, aj_keyset_t **out,
                              int *unread)
{
    aj_keyset_t *keys = aj_keyset_make(pool);
    authjwt_source_t source;
    apr_pool_t *content;
    const char *error;

    /* The content is wiped as soon as the keys are made. */
    apr_pool_create(&content, pool);
    error = authjwt_source_read(spec->source, s->process, content, &source);
    *unread = error != NULL;
    if (!error) {
        error = parse_content(spec, &source, s, keys, pool);
    }
    if (!error) {
        warn_of_permissions(spec, &source, keys, s);
        *out = keys;
    }
    error = error ? apr_pstrdup(pool, error) : NULL;
    apr_pool_destroy(content);
    return error;
}

void authjwt_keys_complain(const authjwt_key_spec_t *spec, server_rec *s, const char *error, const char *consequence)
{
    int starting = ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_RUN_MPM;
    const aj_alg_t *alg = spec->options.alg;

    ap_log_error(APLOG_MARK, APLOG_ERR | (starting ? APLOG_STARTUP : 0), 0, s, "AJ1003: %s %s%s%s (%s): %s%s",
                 directive_of(spec), alg ? alg->name : "", alg ? " " : "", spec->name, spec->where, error, consequence);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a command line: as AuthJWTKey and AuthJWTKeySet write them. */
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "ctl_private.h"

/* Longest content of a key source, as in the module. */
#define SOURCE_MAX 65536

static const char *read_file(const char *path, apr_pool_t *pool, ctl_content_t *out)
{
    apr_file_t *file;
    char text[120];
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, out->bytes, SOURCE_MAX + 1, &out->len);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        return apr_psprintf(pool, "%s cannot be read: %s", path, apr_strerror(rv, text, sizeof(text)));
    }
    return out->len > SOURCE_MAX ? apr_psprintf(pool, "%s is longer than %d bytes", path, SOURCE_MAX) : NULL;
}

static const char *read_env(const char *name, apr_pool_t *pool, ctl_content_t *out)
{
    const char *value = getenv(name);

    if (!value) {
        return "there is no such variable in the environment of this program";
    }
    out->len = strlen(value);
    if (out->len > SOURCE_MAX) {
        return apr_psprintf(pool, "the variable is longer than %d bytes", SOURCE_MAX);
    }
    memcpy(out->bytes, value, out->len);
    return NULL;
}

const char *ctl_source_read(const char *source, apr_pool_t *pool, ctl_content_t *out)
{
    out->bytes = apr_pcalloc(pool, SOURCE_MAX + 2);
    out->len = 0;
    aj_wipe_with_pool(out->bytes, SOURCE_MAX + 2, pool);
    if (!strncmp(source, "file:", 5)) {
        return read_file(source + 5, pool, out);
    }
    if (!strncmp(source, "env:", 4)) {
        return read_env(source + 4, pool, out);
    }
    if (!strncmp(source, "exec:", 5)) {
        return "commands are not run; put what it prints into a file, and write file:PATH";
    }
    return "the source is none of file:PATH, env:NAME; a secret is never written here";
}

static int read_encoding(const char *text, aj_encoding_e *out)
{
    static const char *const names[] = { "raw", "base64", "base64url", "hex" };
    int i;

    for (i = 0; i < 4; i++) {
        if (!strcmp(text, names[i])) {
            *out = (aj_encoding_e)i;
            return 1;
        }
    }
    return 0;
}

static const char *read_option(const char *word, aj_key_options_t *options)
{
    if (!strncmp(word, "kid=", 4) && word[4]) {
        options->kid = word + 4;
        return NULL;
    }
    if (!strncmp(word, "encoding=", 9) && read_encoding(word + 9, &options->encoding)) {
        return NULL;
    }
    if (!strcmp(word, "verify")) {
        options->verify_only = 1;
        return NULL;
    }
    return strcmp(word, "publish") ? "an option is none of kid=ID, encoding=raw|base64|base64url|hex, verify" : NULL;
}

static const char *add_key(aj_keyset_t *ring, const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = ctl_words(text, pool);
    aj_key_options_t options = { 0 };
    const char *error = NULL;
    ctl_content_t content;
    aj_key_t *key;
    int i;

    options.alg = words->nelts > 1 ? aj_alg_find(APR_ARRAY_IDX(words, 0, const char *)) : NULL;
    if (!options.alg) {
        return "write \"ALG SOURCE [kid=ID]\", such as \"HS256 file:/etc/apache2/jwt.secret\"";
    }
    for (i = 2; i < words->nelts && !error; i++) {
        error = read_option(APR_ARRAY_IDX(words, i, const char *), &options);
    }
    if (!error) {
        error = ctl_source_read(APR_ARRAY_IDX(words, 1, const char *), pool, &content);
    }
    if (!error) {
        error = aj_key_read(&key, content.bytes, content.len, &options, pool);
    }
    return error ? error : aj_keyset_add(ring, key);
}

static const char *read_algs(const char *list, apr_pool_t *pool, apr_array_header_t **algs)
{
    char *last, *name = apr_strtok(apr_pstrdup(pool, list), ",", &last);

    *algs = apr_array_make(pool, 2, sizeof(const aj_alg_t *));
    for (; name; name = apr_strtok(NULL, ",", &last)) {
        const aj_alg_t *alg = aj_alg_find(name);

        if (!alg) {
            return "algs= names something that is no algorithm";
        }
        APR_ARRAY_PUSH(*algs, const aj_alg_t *) = alg;
    }
    return NULL;
}

static const char *add_set(aj_keyset_t *ring, const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = ctl_words(text, pool);
    const char *option = words->nelts > 1 ? APR_ARRAY_IDX(words, 1, const char *) : NULL;
    apr_array_header_t *algs = NULL;
    const char *error = NULL;
    ctl_content_t content;

    if (words->nelts < 1 || words->nelts > 2 || (option && strncmp(option, "algs=", 5))) {
        return "write \"SOURCE [algs=A,B]\"";
    }
    error = option ? read_algs(option + 5, pool, &algs) : NULL;
    if (!error) {
        error = ctl_source_read(APR_ARRAY_IDX(words, 0, const char *), pool, &content);
    }
    return error ? error : aj_keyset_add_jwks(ring, (const char *)content.bytes, content.len, algs, NULL, pool);
}

static const char *add_each(aj_keyset_t *ring, const apr_array_header_t *list, const char *option,
                            const char *(*add)(aj_keyset_t *ring, const char *text, apr_pool_t *pool), apr_pool_t *pool)
{
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        const char *error = add(ring, APR_ARRAY_IDX(list, i, const char *), pool);

        if (error) {
            return apr_pstrcat(pool, option, ": ", error, NULL);
        }
    }
    return NULL;
}

const char *ctl_keys_read(const ctl_options_t *options, apr_pool_t *pool, aj_keyset_t **ring)
{
    const char *error;

    *ring = aj_keyset_make(pool);
    error = add_each(*ring, options->keys, "--key", add_key, pool);
    if (!error) {
        error = add_each(*ring, options->keysets, "--keyset", add_set, pool);
    }
    if (!error && !aj_keyset_count(*ring)) {
        error = "there is no key; write --key \"ALG SOURCE\", --keyset SOURCE or --config FILE";
    }
    return error;
}

const char *ctl_ring(ctl_options_t *options, apr_pool_t *pool, aj_keyset_t **ring)
{
    const char *error = options->config ? ctl_config_read(options, pool) : NULL;

    return error ? error : ctl_keys_read(options, pool, ring);
}

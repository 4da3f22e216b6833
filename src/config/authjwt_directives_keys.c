/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters of AuthJWTKey and AuthJWTKeySet. They look at the line only; keys are read by
 * authjwt_keys. */
#include <httpd.h>
#include <http_config.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"
#include "authjwt_sources.h"

/* Longest first word of AuthJWTKey that a message repeats. */
#define ALGORITHM_SHOWN_MAX 10

static const char *algorithm_names(apr_pool_t *pool)
{
    const char *names = "";
    const aj_alg_t *alg;
    int i;

    for (i = 0; (alg = aj_alg_at(i)) != NULL; i++) {
        names = apr_pstrcat(pool, names, " ", alg->name, NULL);
    }
    return names;
}

static const char *parse_encoding(apr_pool_t *pool, const char *word, aj_encoding_e *encoding)
{
    static const char *const names[] = { "raw", "base64", "base64url", "hex" };
    static const aj_encoding_e values[] = { AJ_ENCODING_RAW, AJ_ENCODING_BASE64, AJ_ENCODING_BASE64URL,
                                            AJ_ENCODING_HEX };
    int i;

    for (i = 0; i < 4; i++) {
        if (!strcmp(word, names[i])) {
            *encoding = values[i];
            return NULL;
        }
    }
    return apr_psprintf(pool, "encoding \"%s\" is none of raw, base64, base64url, hex", word);
}

static const char *parse_key_option(apr_pool_t *pool, const char *word, aj_key_options_t *options)
{
    if (!strncmp(word, "kid=", 4) && word[4]) {
        options->kid = word + 4;
        return NULL;
    }
    if (!strncmp(word, "encoding=", 9)) {
        return parse_encoding(pool, word + 9, &options->encoding);
    }
    if (!strcmp(word, "verify")) {
        options->verify_only = 1;
        return NULL;
    }
    if (!strcmp(word, "publish")) {
        options->publish = 1;
        return NULL;
    }
    /* Not repeated: it may be part of a secret. */
    return "an option is none of kid=ID, encoding=raw|base64|base64url|hex, verify, publish";
}

/* Is the option among those before it? @param words  the options, without ALG and SOURCE */
static int is_repeated(char *const words[], int at)
{
    apr_size_t len = strcspn(words[at], "=");
    int i;

    for (i = 0; i < at; i++) {
        if (strcspn(words[i], "=") == len && !strncmp(words[i], words[at], len)) {
            return 1;
        }
    }
    return 0;
}

static const char *parse_key(cmd_parms *cmd, int argc, char *const argv[], authjwt_key_spec_t *spec)
{
    const char *error = NULL;
    int i;

    if (argc < 2) {
        return "write AuthJWTKey ALG SOURCE, such as AuthJWTKey HS256 file:/etc/apache2/jwt.secret";
    }
    spec->options.alg = aj_alg_find(argv[0]);
    if (!spec->options.alg) {
        /* A longer word may be a secret. */
        return apr_psprintf(cmd->pool, "%s is no algorithm; there are%s",
                            strlen(argv[0]) > ALGORITHM_SHOWN_MAX ? "the first word"
                                                                  : apr_psprintf(cmd->temp_pool, "\"%s\"", argv[0]),
                            algorithm_names(cmd->temp_pool));
    }
    error = authjwt_source_check(argv[1]);
    for (i = 2; !error && i < argc; i++) {
        error = parse_key_option(cmd->pool, argv[i], &spec->options);
        if (!error && is_repeated(argv + 2, i - 2)) {
            error = "an option is there twice; write each of kid=ID, encoding=, verify, publish once";
        }
    }
    if (!error && spec->options.encoding != AJ_ENCODING_RAW && spec->options.alg->kty != AJ_KTY_OCT) {
        error = "encoding= is for HS256, HS384 and HS512 alone";
    }
    if (!error && spec->options.publish && spec->options.alg->kty == AJ_KTY_OCT) {
        error = "publish is for key pairs: a shared secret is never published";
    }
    spec->source = argv[1];
    return error;
}

static const char *push_key_spec(cmd_parms *cmd, authjwt_key_spec_t *spec)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);

    spec->name = authjwt_source_name(spec->source, cmd->pool);
    spec->where = apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    if (!conf->key_specs) {
        conf->key_specs = apr_array_make(cmd->pool, 2, sizeof(authjwt_key_spec_t));
    }
    APR_ARRAY_PUSH(conf->key_specs, authjwt_key_spec_t) = *spec;
    return NULL;
}

const char *authjwt_directives_add_key(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_key_spec_t spec = { 0 };
    const char *error = parse_key(cmd, argc, argv, &spec);

    (void)dir;
    if (error) {
        return apr_pstrcat(cmd->pool, "AuthJWTKey: ", error, NULL);
    }
    return push_key_spec(cmd, &spec);
}

/* The first of the rows that is for keys of the same type and curve, but another algorithm. */
static const aj_alg_t *rival(const apr_array_header_t *algs, const aj_alg_t *alg)
{
    int i;

    for (i = 0; i < algs->nelts; i++) {
        const aj_alg_t *other = APR_ARRAY_IDX(algs, i, const aj_alg_t *);

        if (other->kty == alg->kty && !aj_alg_same(other, alg) && (!alg->curve || !strcmp(other->curve, alg->curve))) {
            return other;
        }
    }
    return NULL;
}

/* Rows of `algs=A,B`. */
static const char *parse_algs(apr_pool_t *pool, const char *list, apr_array_header_t **algs)
{
    char *last;
    char *name = apr_strtok(apr_pstrdup(pool, list), ",", &last);

    *algs = apr_array_make(pool, 2, sizeof(const aj_alg_t *));
    for (; name; name = apr_strtok(NULL, ",", &last)) {
        const aj_alg_t *alg = aj_alg_find(name);

        if (!alg) {
            return apr_psprintf(pool, "AuthJWTKeySet: algs= names \"%.32s\"; there are%s", name, algorithm_names(pool));
        }
        if (rival(*algs, alg)) {
            return apr_psprintf(pool,
                                "AuthJWTKeySet: algs= names more than one algorithm for keys of one type: %s and %s; "
                                "a key has one, so name the one that its issuer signs with",
                                rival(*algs, alg)->name, name);
        }
        APR_ARRAY_PUSH(*algs, const aj_alg_t *) = alg;
    }
    return (*algs)->nelts ? NULL : "AuthJWTKeySet: algs= names no algorithm";
}

const char *authjwt_directives_add_key_set(cmd_parms *cmd, void *dir, const char *source, const char *option)
{
    authjwt_key_spec_t spec = { .source = source, .is_set = 1 };
    const char *error = authjwt_source_check(source);

    (void)dir;
    if (error) {
        return apr_pstrcat(cmd->pool, "AuthJWTKeySet: ", error, NULL);
    }
    if (option && strncmp(option, "algs=", 5)) {
        return "AuthJWTKeySet: the one option is algs=A,B";
    }
    error = option ? parse_algs(cmd->pool, option + 5, &spec.algs) : NULL;
    return error ? error : push_key_spec(cmd, &spec);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an httpd configuration says, as httpd itself tells it: Include, Define and the order of sections are its
 * business. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "ctl_private.h"

/* It knows the environment that httpd needs, on Debian from envvars. */
#define HTTPD "apachectl"

#define DUMP_MAX (1024 * 1024)

typedef struct {
    const char *name;
    const char *value;
} line_t;

/* A temporary file that is gone when it is closed, or NULL: what httpd says is shown then. */
static apr_file_t *make_scratch(apr_pool_t *pool)
{
    const char *dir;
    apr_file_t *file;
    char *path;

    if (apr_temp_dir_get(&dir, pool) != APR_SUCCESS) {
        return NULL;
    }
    path = apr_pstrcat(pool, dir, "/authjwtctl.XXXXXX", NULL);
    return apr_file_mktemp(&file, path, 0, pool) == APR_SUCCESS ? file : NULL;
}

static const char *text_of(apr_file_t *file, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, DUMP_MAX + 1);
    apr_off_t begin = 0;
    apr_size_t len = 0;

    apr_file_seek(file, APR_SET, &begin);
    apr_file_read_full(file, text, DUMP_MAX, &len);
    text[len] = '\0';
    return text;
}

/* Run PROGRAM -t -D DUMP_AUTHJWT -f FILE without a shell. */
static const char *ask_httpd(const ctl_options_t *options, apr_pool_t *pool, const char **dump)
{
    const char *program = options->httpd ? options->httpd : HTTPD;
    const char *argv[] = { program, "-t", "-D", "DUMP_AUTHJWT", "-f", NULL, NULL };
    apr_file_t *out = make_scratch(pool), *err = make_scratch(pool);
    apr_procattr_t *attr;
    apr_exit_why_e why;
    apr_proc_t child;
    char *path;
    int status = 0;

    if (apr_filepath_merge(&path, NULL, options->config, 0, pool) != APR_SUCCESS || !out || !err) {
        return "--config: the path is malformed, or there is no room for a temporary file";
    }
    argv[5] = path;
    apr_procattr_create(&attr, pool);
    apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH);
    apr_procattr_child_out_set(attr, out, NULL);
    apr_procattr_child_err_set(attr, err, NULL);
    if (apr_proc_create(&child, program, argv, NULL, attr, pool) != APR_SUCCESS
        || apr_proc_wait(&child, &status, &why, APR_WAIT) != APR_CHILD_DONE || !APR_PROC_CHECK_EXIT(why) || status) {
        const char *said = text_of(err, pool);

        return *said ? apr_psprintf(pool, "--config: %s -t does not accept %s:\n%s", program, path, said)
                     : apr_psprintf(pool,
                                    "--config: %s -t fails and does not say why; is there such a program? --httpd "
                                    "names another, such as --httpd apache2",
                                    program);
    }
    *dump = text_of(out, pool);
    return NULL;
}

/* The lines of each server; the first is `server`. */
static apr_array_header_t *split(const char *dump, apr_pool_t *pool)
{
    apr_array_header_t *servers = apr_array_make(pool, 2, sizeof(apr_array_header_t *));
    apr_array_header_t *lines = NULL;
    char *last, *line = apr_strtok(apr_pstrdup(pool, dump), "\n", &last);

    for (; line; line = apr_strtok(NULL, "\n", &last)) {
        char *colon = strstr(line, ": ");
        line_t one = { line, colon ? colon + 2 : "" };

        if (!colon) {
            continue;
        }
        *colon = '\0';
        if (!strcmp(one.name, "server")) {
            lines = apr_array_make(pool, 16, sizeof(line_t));
            APR_ARRAY_PUSH(servers, apr_array_header_t *) = lines;
        }
        if (lines) {
            APR_ARRAY_PUSH(lines, line_t) = one;
        }
    }
    return servers;
}

static const char *value_of(const apr_array_header_t *lines, const char *name)
{
    int i;

    for (i = 0; i < lines->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(lines, i, line_t).name, name)) {
            return APR_ARRAY_IDX(lines, i, line_t).value;
        }
    }
    return NULL;
}

static int has_keys(const apr_array_header_t *lines)
{
    return value_of(lines, "AuthJWTKey") || value_of(lines, "AuthJWTKeySet");
}

/* The server that is meant: the one of --server, or the only one with keys. */
static const char *choose(const ctl_options_t *options, const apr_array_header_t *servers, apr_pool_t *pool,
                          const apr_array_header_t **out)
{
    const char *names = "";
    int count = 0;
    int i;

    for (i = 0; i < servers->nelts; i++) {
        const apr_array_header_t *lines = APR_ARRAY_IDX(servers, i, apr_array_header_t *);
        const char *name = value_of(lines, "server");

        if (!has_keys(lines) || (options->server && strcmp(options->server, name))) {
            continue;
        }
        names = apr_pstrcat(pool, names, count++ ? ", " : "", name, NULL);
        *out = *out && options->server ? *out : lines;
    }
    if (!count) {
        return options->server ? "--config: no server of this name has keys" : "--config: no server has keys";
    }
    return count == 1 || options->server
             ? NULL
             : apr_pstrcat(pool, "--config: several servers have keys; name one by --server: ", names, NULL);
}

/* What is one word in the dump. */
static const char *word_of(const char *value, apr_pool_t *pool)
{
    apr_array_header_t *words = ctl_words(value, pool);

    return words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "";
}

static void take_text(const char **option, const apr_array_header_t *lines, const char *name, apr_pool_t *pool)
{
    const char *value = value_of(lines, name);

    if (!*option && value) {
        *option = word_of(value, pool);
    }
}

static void take_list(apr_array_header_t **option, const apr_array_header_t *lines, const char *name, int is_word,
                      apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));
    int i;

    for (i = 0; i < lines->nelts && !*option; i++) {
        const line_t *line = &APR_ARRAY_IDX(lines, i, line_t);

        if (!strcmp(line->name, name)) {
            APR_ARRAY_PUSH(list, const char *) = is_word ? word_of(line->value, pool) : line->value;
        }
    }
    *option = *option ? *option : list;
}

static void take_line(const char **option, const apr_array_header_t *lines, const char *name)
{
    *option = *option ? *option : value_of(lines, name);
}

/* The password of one store is not for another. */
static void take_store(ctl_options_t *options, const apr_array_header_t *lines, apr_pool_t *pool)
{
    if (options->store) {
        return;
    }
    take_text(&options->store, lines, "store", pool);
    take_line(&options->store_auth, lines, "AuthJWTStoreAuth");
    take_line(&options->store_tls, lines, "AuthJWTStoreTLS");
    take_line(&options->store_replicas, lines, "AuthJWTStoreReplicas");
    take_line(&options->store_timeout, lines, "AuthJWTStoreTimeout");
}

static void take(ctl_options_t *options, const apr_array_header_t *lines, apr_pool_t *pool)
{
    const char *audience = value_of(lines, "audience");

    if (!options->keys && !options->keysets) {
        take_list(&options->keys, lines, "AuthJWTKey", 0, pool);
        take_list(&options->keysets, lines, "AuthJWTKeySet", 0, pool);
    }
    if (audience && strcmp(audience, "any")) {
        take_list(&options->audiences, lines, "audience", 1, pool);
    }
    take_text(&options->issuer, lines, "issuer", pool);
    take_text(&options->leeway, lines, "leeway", pool);
    take_text(&options->on_loss, lines, "on-loss", pool);
    take_text(&options->identity, lines, "identity-claim", pool);
    take_store(options, lines, pool);
    if (!options->expires) {
        int is_refresh = options->type && !strcmp(options->type, "refresh");

        take_text(&options->expires, lines, is_refresh ? "refresh-token-expires" : "access-token-expires", pool);
    }
}

const char *ctl_config_read(ctl_options_t *options, apr_pool_t *pool)
{
    const apr_array_header_t *lines = NULL;
    const char *dump = "";
    const char *error = ask_httpd(options, pool, &dump);

    if (!error) {
        error = choose(options, split(dump, pool), pool, &lines);
    }
    if (!error) {
        take(options, lines, pool);
    }
    return error;
}

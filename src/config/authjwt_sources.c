/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_sources: read the bytes of a key source. */
#include <httpd.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>

#include "aj_digest.h"
#include "authjwt_sources_private.h"

/* Longest name that a message repeats, and the digits in that of a variable: a secret of an HS algorithm is longer. */
#define NAME_SHOWN_MAX  31
#define NAME_DIGITS_MAX 4

extern char **environ;

const char *authjwt_source_check(const char *source)
{
    const char *value = ap_strchr_c(source, ':');

    if (value && value[1]
        && (!strncmp(source, "file:", 5) || !strncmp(source, "env:", 4) || !strncmp(source, "exec:", 5))) {
        return NULL;
    }
    /* Not repeated: this is where somebody writes the secret itself. */
    return "the source is none of file:PATH, env:NAME, \"exec:COMMAND ARGS\"; a secret is never written here";
}

const char *authjwt_source_path(const char *source, apr_pool_t *pool)
{
    if (strncmp(source, "file:", 5)) {
        return NULL;
    }
    return pool ? ap_server_root_relative(pool, source + 5) : source;
}

int authjwt_source_is_command(const char *source)
{
    return !strncmp(source, "exec:", 5);
}

/* A name as people give them to variables, and no secret that was written in its place: short, capitals, few digits. */
static int is_plain_name(const char *name)
{
    int digits = 0;
    const char *p;

    for (p = name; *p; p++) {
        if (!apr_isupper(*p) && !apr_isdigit(*p) && *p != '_') {
            return 0;
        }
        digits += apr_isdigit(*p) != 0;
    }
    return p - name <= NAME_SHOWN_MAX && digits <= NAME_DIGITS_MAX && !apr_isdigit(*name);
}

/* A file has a folder or a suffix; what has neither and is as long as a secret may be one. */
static int is_plain_path(const char *path)
{
    return strlen(path) <= NAME_SHOWN_MAX || strchr(path, '.') || *path == '/';
}

const char *authjwt_source_name(const char *source, apr_pool_t *pool)
{
    const char *value = ap_strchr_c(source, ':') + 1;

    if (!strncmp(source, "env:", 4)) {
        return is_plain_name(value) ? source : "env:(a name that may be a secret)";
    }
    if (authjwt_source_is_command(source)) {
        apr_size_t len = strcspn(value, " \t");

        return *value == '/'
                 ? apr_pstrcat(pool, "exec:", apr_pstrmemdup(pool, value, len), value[len] ? " ..." : "", NULL)
                 : "exec:...";
    }
    return is_plain_path(value) ? source : "file:(a path that may be a secret)";
}

static void take_buffer(authjwt_source_t *out, apr_pool_t *pool)
{
    out->bytes = apr_palloc(pool, AUTHJWT_SOURCE_MAX + 2);
    out->len = 0;
    aj_wipe_with_pool(out->bytes, AUTHJWT_SOURCE_MAX + 2, pool);
}

/* Read to the end or to one byte over the limit. */
static apr_status_t read_all(apr_file_t *file, authjwt_source_t *out)
{
    apr_status_t rv;
    apr_size_t got = 0;

    rv = apr_file_read_full(file, out->bytes, AUTHJWT_SOURCE_MAX + 1, &got);
    out->len = got;
    out->bytes[got] = '\0';
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

static const char *read_file(const char *source, apr_pool_t *pool, authjwt_source_t *out)
{
    const char *path = authjwt_source_path(source, pool);
    const char *shown = is_plain_path(source + strlen("file:")) ? path : "the file";
    const char *error = NULL;
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rv;
    char text[120];

    if (!path) {
        return "the path is malformed";
    }
    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);
    if (rv != APR_SUCCESS) {
        return apr_psprintf(pool, "cannot open %s: %s", shown, apr_strerror(rv, text, sizeof(text)));
    }
    rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_PROT, file);
    if (rv == APR_SUCCESS && info.filetype != APR_REG && info.filetype != APR_PIPE) {
        error = apr_psprintf(pool, "%s is not a file", shown);
    }
    else if (rv == APR_SUCCESS) {
        out->readable_by_others = (info.protection & APR_FPROT_WREAD) != 0;
        out->writable_by_others = (info.protection & (APR_FPROT_GWRITE | APR_FPROT_WWRITE)) != 0;
        rv = read_all(file, out);
    }
    apr_file_close(file);
    if (rv != APR_SUCCESS) {
        error = apr_psprintf(pool, "cannot read %s: %s", shown, apr_strerror(rv, text, sizeof(text)));
    }
    return error;
}

/* Overwrite every value of this name where the process got it, then remove the name: expressions (osenv), PassEnv and
   scripting modules read the environment, and so may whoever can write an .htaccess. */
static void clear_env(const char *name)
{
    apr_size_t len = strlen(name);
    char **entry;

    for (entry = environ; entry && *entry; entry++) {
        if (!strncmp(*entry, name, len) && (*entry)[len] == '=') {
            aj_wipe(*entry + len + 1, strlen(*entry + len + 1));
        }
    }
    unsetenv(name);
}

/* The variable is gone after the first reading, and httpd reads its configuration twice at start and again at each
   restart; so the process keeps the value. */
static const char *read_env(const char *source, process_rec *process, apr_pool_t *pool, authjwt_source_t *out)
{
    const char *name = source + strlen("env:");
    const char *value = getenv(name);

    if (value) {
        out->len = strlen(value);
        out->len = out->len < AUTHJWT_SOURCE_MAX + 1 ? out->len : AUTHJWT_SOURCE_MAX + 1;
        memcpy(out->bytes, value, out->len);
        authjwt_source_keep(source, process, pool, out);
        clear_env(name);
    }
    else if (!authjwt_source_recall(source, process, pool, out)) {
        return "the environment of httpd has no variable of this name";
    }
    return NULL;
}

const char *authjwt_source_read(const char *source, process_rec *process, apr_pool_t *pool, authjwt_source_t *out)
{
    const char *error;

    memset(out, 0, sizeof(*out));
    take_buffer(out, pool);
    if (authjwt_source_is_command(source)) {
        error = authjwt_source_run(source, process, pool, out);
    }
    else if (!strncmp(source, "env:", 4)) {
        error = read_env(source, process, pool, out);
    }
    else {
        error = read_file(source, pool, out);
    }
    if (!error && out->len > AUTHJWT_SOURCE_MAX) {
        error = apr_psprintf(pool, "the content is longer than %d bytes", AUTHJWT_SOURCE_MAX);
    }
    return error;
}

/* authjwt_sources: read the bytes of a key source. */
#include <httpd.h>
#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_config.h>
#include <http_core.h>

#include "aj_digest.h"
#include "authjwt_sources.h"

#define COMMAND_SECONDS 10

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
        return apr_psprintf(pool, "cannot open %s: %s", path, apr_strerror(rv, text, sizeof(text)));
    }
    rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_PROT, file);
    if (rv == APR_SUCCESS && info.filetype != APR_REG && info.filetype != APR_PIPE) {
        error = apr_psprintf(pool, "%s is not a file", path);
    }
    else if (rv == APR_SUCCESS) {
        out->readable_by_others = (info.protection & APR_FPROT_WREAD) != 0;
        rv = read_all(file, out);
    }
    apr_file_close(file);
    if (rv != APR_SUCCESS) {
        error = apr_psprintf(pool, "cannot read %s: %s", path, apr_strerror(rv, text, sizeof(text)));
    }
    return error;
}

static const char *read_env(const char *name, apr_pool_t *pool, authjwt_source_t *out)
{
    char *value = getenv(name);

    if (!value) {
        return apr_psprintf(pool, "the environment has no variable %s", name);
    }
    out->len = strlen(value);
    if (out->len <= AUTHJWT_SOURCE_MAX) {
        memcpy(out->bytes, value, out->len + 1);
    }
    return NULL;
}

/* Read the command's output until it ends or time is up. */
static apr_status_t read_output(apr_file_t *pipe, apr_time_t end, authjwt_source_t *out)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && out->len <= AUTHJWT_SOURCE_MAX) {
        apr_size_t len = AUTHJWT_SOURCE_MAX + 1 - out->len;
        apr_interval_time_t left = end - apr_time_now();

        if (left <= 0) {
            return APR_TIMEUP;
        }
        apr_file_pipe_timeout_set(pipe, left);
        rv = apr_file_read(pipe, out->bytes + out->len, &len);
        if (rv == APR_SUCCESS) {
            out->len += len;
        }
    }
    out->bytes[out->len] = '\0';
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* A command may close its output and go on, so its end is awaited no longer than its key. */
static apr_status_t wait_for_end(apr_proc_t *proc, apr_time_t end, int *code, apr_exit_why_e *why)
{
    apr_status_t rv;

    while ((rv = apr_proc_wait(proc, code, why, APR_NOWAIT)) == APR_CHILD_NOTDONE && apr_time_now() < end) {
        apr_sleep(apr_time_from_msec(2));
    }
    if (rv == APR_CHILD_DONE) {
        return APR_SUCCESS;
    }
    apr_proc_kill(proc, SIGKILL);
    apr_proc_wait(proc, code, why, APR_WAIT);
    return rv == APR_CHILD_NOTDONE ? APR_TIMEUP : rv;
}

static char **split_at_blanks(const char *line, apr_pool_t *pool)
{
    apr_array_header_t *argv = apr_array_make(pool, 4, sizeof(char *));
    char *rest = apr_pstrdup(pool, line);
    char *word, *last;

    for (word = apr_strtok(rest, " \t", &last); word; word = apr_strtok(NULL, " \t", &last)) {
        APR_ARRAY_PUSH(argv, char *) = word;
    }
    APR_ARRAY_PUSH(argv, char *) = NULL;
    return (char **)argv->elts;
}

static const char *run_command(const char *line, apr_pool_t *pool, authjwt_source_t *out)
{
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_status_t rv;
    apr_exit_why_e why = APR_PROC_EXIT;
    apr_time_t end = apr_time_now() + apr_time_from_sec(COMMAND_SECONDS);
    char **argv = split_at_blanks(line, pool);
    char text[120];
    int code = 0;

    if (!argv[0]) {
        return "the command is empty";
    }
    if ((rv = apr_procattr_create(&attr, pool)) != APR_SUCCESS
        || (rv = apr_procattr_io_set(attr, APR_NO_PIPE, APR_CHILD_BLOCK, APR_NO_PIPE)) != APR_SUCCESS
        || (rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH)) != APR_SUCCESS
        || (rv = apr_procattr_error_check_set(attr, 1)) != APR_SUCCESS
        || (rv = apr_proc_create(&proc, argv[0], (const char *const *)argv, NULL, attr, pool)) != APR_SUCCESS) {
        return apr_psprintf(pool, "cannot run %s: %s", argv[0], apr_strerror(rv, text, sizeof(text)));
    }
    rv = read_output(proc.out, end, out);
    apr_file_close(proc.out);
    if (rv != APR_SUCCESS || out->len > AUTHJWT_SOURCE_MAX) {
        apr_proc_kill(&proc, SIGKILL);
        apr_proc_wait(&proc, &code, &why, APR_WAIT);
    }
    else {
        rv = wait_for_end(&proc, end, &code, &why);
    }
    if (APR_STATUS_IS_TIMEUP(rv)) {
        return apr_psprintf(pool, "%s gave no key and did not end within %d s", argv[0], COMMAND_SECONDS);
    }
    if (rv != APR_SUCCESS) {
        return apr_psprintf(pool, "cannot read from %s: %s", argv[0], apr_strerror(rv, text, sizeof(text)));
    }
    if (out->len <= AUTHJWT_SOURCE_MAX && (!APR_PROC_CHECK_EXIT(why) || code)) {
        return apr_psprintf(pool, "%s ended with status %d", argv[0], code);
    }
    return NULL;
}

/* Name of the note in the process pool that keeps a command's output between the two passes of a start. */
static const char *kept_name(const char *line, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "authjwt-exec:", line, NULL);
}

static void keep_output(const char *line, process_rec *process, const authjwt_source_t *out)
{
    authjwt_source_t *kept = apr_pcalloc(process->pool, sizeof(*kept));

    take_buffer(kept, process->pool);
    memcpy(kept->bytes, out->bytes, out->len + 1);
    kept->len = out->len;
    apr_pool_userdata_set(kept, kept_name(line, process->pool), NULL, process->pool);
}

/* The preflight pass runs the command and the real one takes what it left; every later restart runs it anew. */
static const char *read_command(const char *line, process_rec *process, apr_pool_t *pool, authjwt_source_t *out)
{
    int restarted = ap_state_query(AP_SQ_CONFIG_GEN) > 1;
    const char *error;
    void *data = NULL;

    apr_pool_userdata_get(&data, kept_name(line, pool), process->pool);
    if (data && !restarted) {
        const authjwt_source_t *kept = data;

        memcpy(out->bytes, kept->bytes, kept->len + 1);
        out->len = kept->len;
        return NULL;
    }
    if (data) {
        authjwt_source_t *kept = data;

        aj_wipe(kept->bytes, AUTHJWT_SOURCE_MAX + 2);
        kept->len = 0;
    }
    error = run_command(line, pool, out);
    if (!error && !restarted && out->len <= AUTHJWT_SOURCE_MAX) {
        keep_output(line, process, out);
    }
    return error;
}

const char *authjwt_source_read(const char *source, process_rec *process, apr_pool_t *pool, authjwt_source_t *out)
{
    const char *value = ap_strchr_c(source, ':') + 1;
    const char *error;

    memset(out, 0, sizeof(*out));
    take_buffer(out, pool);
    if (authjwt_source_is_command(source)) {
        error = read_command(value, process, pool, out);
    }
    else if (!strncmp(source, "env:", 4)) {
        error = read_env(value, pool, out);
    }
    else {
        error = read_file(source, pool, out);
    }
    if (!error && out->len > AUTHJWT_SOURCE_MAX) {
        error = apr_psprintf(pool, "the content is longer than %d bytes", AUTHJWT_SOURCE_MAX);
    }
    return error;
}

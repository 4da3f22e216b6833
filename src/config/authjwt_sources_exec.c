/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_sources: run the command of an exec: source. */
#include <httpd.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_core.h>

#include "authjwt_sources_private.h"

#define COMMAND_SECONDS 10

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

static const char *run_command(const char *source, apr_pool_t *pool, authjwt_source_t *out)
{
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_status_t rv;
    apr_exit_why_e why = APR_PROC_EXIT;
    apr_time_t end = apr_time_now() + apr_time_from_sec(COMMAND_SECONDS);
    char **argv = split_at_blanks(source + strlen("exec:"), pool);
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
        return apr_psprintf(pool, "cannot run the command: %s", apr_strerror(rv, text, sizeof(text)));
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
        return apr_psprintf(pool, "the command gave no key and did not end within %d s", COMMAND_SECONDS);
    }
    if (rv != APR_SUCCESS) {
        return apr_psprintf(pool, "cannot read from the command: %s", apr_strerror(rv, text, sizeof(text)));
    }
    if (out->len <= AUTHJWT_SOURCE_MAX && (!APR_PROC_CHECK_EXIT(why) || code)) {
        return apr_psprintf(pool, "the command ended with status %d", code);
    }
    return NULL;
}

/* The preflight pass runs the command and the real one takes what it left; every later restart runs it anew. */
const char *authjwt_source_run(const char *source, process_rec *process, apr_pool_t *pool, authjwt_source_t *out)
{
    int restarted = ap_state_query(AP_SQ_CONFIG_GEN) > 1;
    const char *error;

    if (!restarted && authjwt_source_recall(source, process, pool, out)) {
        return NULL;
    }
    authjwt_source_forget(source, process, pool);
    error = run_command(source, pool, out);
    if (!error && !restarted && out->len <= AUTHJWT_SOURCE_MAX) {
        authjwt_source_keep(source, process, pool, out);
    }
    return error;
}

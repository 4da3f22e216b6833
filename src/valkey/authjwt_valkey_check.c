/* SPDX-License-Identifier: Apache-2.0 */
/* The look at the server at start. It happens in a fork that becomes the httpd user and ends: what the parent opens
 * would be inherited by its children, and root reads nothing that comes from a network. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <httpd.h>
#include <apr_strings.h>
#include <http_config.h>
#include <mpm_common.h>

#include "authjwt_valkey_commands.h"

APLOG_USE_MODULE(authjwt);

/** What the fork has found; small enough to be written to a pipe in one piece (PIPE_BUF). */
typedef struct {
    char why[512];     /* it cannot be used, or "" */
    char warning[512]; /* what will cost entries, or "" */
    unsigned watching; /* Sentinels; 0: unknown, or none asked */
} report_t;

/* ---- in the fork ---- */

/* CONFIG GET save has answered, and names no snapshot. */
static int takes_no_snapshots(const redisReply *save)
{
    return save->type == REDIS_REPLY_ARRAY && save->elements == 2 && save->element[1]->type == REDIS_REPLY_STRING
        && save->element[1]->len == 0;
}

static const char *what_will_be_lost(redisReply *const *replies, apr_pool_t *pool)
{
    const char *policy = authjwt_valkey_info(replies[0], "maxmemory_policy", pool),
               *aof = authjwt_valkey_info(replies[1], "aof_enabled", pool);
    const char *warning = NULL;

    if (policy && strcmp(policy, "noeviction")) {
        warning = apr_psprintf(pool,
                               "its maxmemory-policy is %s, so when its memory is full it drops entries that "
                               "still count; set maxmemory-policy noeviction",
                               policy);
    }
    if (aof && !strcmp(aof, "0") && takes_no_snapshots(replies[2])) {
        warning = apr_pstrcat(pool, warning ? warning : "", warning ? "; " : "",
                              "it keeps nothing on disk, so a restart loses all entries; set appendonly yes", NULL);
    }
    return warning;
}

/* A user who may not ask these gets no warning. */
static const char *ask(const ap_socache_instance_t *inst, authjwt_valkey_link_t *link, report_t *report,
                       apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *replies[3];
    const char *why, *warning;

    authjwt_valkey_say(&batch, "INFO", "memory");
    authjwt_valkey_say(&batch, "INFO", "persistence");
    authjwt_valkey_say(&batch, "CONFIG", "GET", "save");
    why = authjwt_valkey_talk(link, &batch, replies, authjwt_valkey_now() + inst->options.timeout, pool);
    if (!why) {
        warning = what_will_be_lost(replies, pool);
        apr_cpystrn(report->warning, warning ? warning : "", sizeof(report->warning));
        authjwt_valkey_forget(replies, batch.count);
    }
    return why;
}

static void look(const ap_socache_instance_t *inst, server_rec *s, report_t *report, apr_pool_t *pool)
{
    apr_interval_time_t time = (inst->address.master ? 2 : 1) * inst->options.timeout;
    authjwt_valkey_link_t *link = NULL;
    const char *why;

    if (ap_run_drop_privileges(pool, s)) {
        why = "the process that looks cannot become the httpd user";
    }
    else {
        why = authjwt_valkey_open(inst, authjwt_valkey_now() + time, &link, pool);
        why = why ? why : ask(inst, link, report, pool);
        if (inst->address.master) {
            report->watching = authjwt_valkey_count_sentinels(inst, authjwt_valkey_now() + inst->options.timeout, pool);
        }
    }
    apr_cpystrn(report->why, why ? why : "", sizeof(report->why));
}

/* Restore the default signal handlers: httpd's would log that the parent has crashed. */
static void child(const ap_socache_instance_t *inst, server_rec *s, int fd, apr_pool_t *pool) __attribute__((noreturn));
static void child(const ap_socache_instance_t *inst, server_rec *s, int fd, apr_pool_t *pool)
{
    static const int signals[] = { SIGALRM, SIGBUS, SIGSEGV, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
    report_t report = { "", "", 0 };
    sigset_t all;
    apr_size_t i;

    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal(signals[i], SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    alarm((unsigned)apr_time_sec(4 * inst->options.timeout) + 2);
    look(inst, s, &report, pool);
    while (write(fd, &report, sizeof(report)) < 0 && errno == EINTR) {
        ;
    }
    authjwt_valkey_known_write(fd);
    _exit(0);
}

/* ---- in the parent ---- */

static void read_report(int fd, pid_t pid, report_t *report)
{
    ssize_t n;

    do {
        n = read(fd, report, sizeof(*report));
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(*report)) {
        *report = (report_t){ "the look at the server ended without a report", "", 0 };
    }
    authjwt_valkey_known_read(fd);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        ;
    }
}

static void look_in_fork(const ap_socache_instance_t *inst, server_rec *s, report_t *report, apr_pool_t *pool)
{
    int fd[2];
    pid_t pid;

    if (pipe2(fd, O_CLOEXEC)) {
        apr_snprintf(report->why, sizeof(report->why), "cannot make a pipe: %s", strerror(errno));
        return;
    }
    pid = fork();
    if (pid == 0) {
        close(fd[0]);
        child(inst, s, fd[1], pool);
    }
    close(fd[1]);
    if (pid > 0) {
        read_report(fd[0], pid, report);
    }
    else {
        apr_snprintf(report->why, sizeof(report->why), "cannot fork: %s", strerror(errno));
    }
    close(fd[0]);
}

/* Half of those that watch may be on the wrong side of a network that is cut. */
static void warn_of_unlisted(const ap_socache_instance_t *inst, server_rec *s, unsigned watching)
{
    if (authjwt_valkey_majority(inst->address.count) < authjwt_valkey_majority(watching)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "AJ2104: valkey:%s: %u Sentinels watch the primary, and %u of them %s listed: that may be those "
                     "that are cut off together with an old primary; list all in AuthJWTRevocationStore",
                     inst->name, watching, inst->address.count, inst->address.count == 1 ? "is" : "are");
    }
}

void authjwt_valkey_check(const ap_socache_instance_t *inst, server_rec *s, apr_pool_t *pool)
{
    report_t report = { "", "", 0 };

    look_in_fork(inst, s, &report, pool);
    if (*report.why) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     "AJ2102: valkey:%s: %s; httpd starts all the same, and tries again when it is asked", inst->name,
                     report.why);
    }
    else if (*report.warning) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "AJ2101: valkey:%s: the server can forget: %s", inst->name,
                     report.warning);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s, "AJ2103: valkey:%s: answers", inst->name);
    }
    warn_of_unlisted(inst, s, report.watching);
}

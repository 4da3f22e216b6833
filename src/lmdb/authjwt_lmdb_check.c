/* SPDX-License-Identifier: Apache-2.0 */
/* The trial opening of an lmdb store at start. It happens in a fork that becomes the httpd user and ends, for two
 * reasons: what the parent opens would be inherited by its children, which LMDB forbids; and root must not open files
 * that the httpd user could have put there. A damaged file can kill the fork (SIGBUS, LMDB's assertions), which is
 * reported as damage. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <unixd.h>

#include "authjwt_lmdb_txn_private.h"

/* Seconds to wait for the write lock, longer than any write takes. If a process never releases it, httpd must say so
 * instead of hanging at start. */
#ifndef AUTHJWT_LMDB_PATIENCE
#define AUTHJWT_LMDB_PATIENCE 10
#endif

static int become_httpd_user(void)
{
    struct passwd *pw;

    if (geteuid() != 0) {
        return 0;
    }
    if (ap_unixd_config.chroot_dir != NULL
        && (chdir(ap_unixd_config.chroot_dir) != 0 || chroot(ap_unixd_config.chroot_dir) != 0 || chdir("/") != 0)) {
        return errno;
    }
    pw = getpwuid(ap_unixd_config.user_id);
    if (setgid(ap_unixd_config.group_id) != 0
        || (pw != NULL ? initgroups(pw->pw_name, ap_unixd_config.group_id) : setgroups(0, NULL)) != 0
        || setuid(ap_unixd_config.user_id) != 0) {
        return errno;
    }
    return 0;
}

static int try_as_httpd_user(const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report)
{
    int rc;

    AUTHJWT_LMDB_STEP(report, "become the httpd user");
    rc = become_httpd_user();
    return rc != 0 ? rc : authjwt_lmdb_try(inst, report);
}

/* Runs in the fork. Restore the default signal handlers: httpd's would log that the parent has crashed. */
static void child(const ap_socache_instance_t *inst, int fd) __attribute__((noreturn));
static void child(const ap_socache_instance_t *inst, int fd)
{
    static const int signals[] = { SIGALRM, SIGBUS, SIGSEGV, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
    struct rlimit none = { 0, 0 };
    authjwt_lmdb_report_t report;
    sigset_t all;
    size_t i;

    for (i = 0; i < sizeof signals / sizeof *signals; i++) {
        signal(signals[i], SIG_DFL);
    }
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    setrlimit(RLIMIT_CORE, &none);
    alarm(AUTHJWT_LMDB_PATIENCE);
    memset(&report, 0, sizeof report);
    report.rc = try_as_httpd_user(inst, &report);
    while (write(fd, &report, sizeof report) < 0 && errno == EINTR) {
        ;
    }
    _exit(0);
}

/* A report is small enough to be written to a pipe in one piece (PIPE_BUF). */
static int read_report(int fd, authjwt_lmdb_report_t *report)
{
    ssize_t n;

    do {
        n = read(fd, report, sizeof *report);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *report;
}

static const char *verdict(const ap_socache_instance_t *inst, int reported, int status,
                           const authjwt_lmdb_report_t *report, apr_pool_t *pool)
{
    if (reported && report->rc != 0) {
        return apr_psprintf(pool, "cannot %s: %s (%d)", report->step, authjwt_lmdb_explain(report->rc), report->rc);
    }
    if (reported && (report->ids.dev != inst->ids.dev || report->ids.dir != inst->ids.dir)) {
        return "the directory was replaced during the start; start again";
    }
    if (reported) {
        return NULL;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        return apr_psprintf(
            pool, "another process has kept the write lock for %d seconds; look for one that hangs or is stopped",
            AUTHJWT_LMDB_PATIENCE);
    }
    if (WIFSIGNALED(status)) {
        return apr_psprintf(pool, "reading it ended with signal %d: %s", WTERMSIG(status),
                            authjwt_lmdb_explain(MDB_CORRUPTED));
    }
    return "the trial opening ended without a report";
}

const char *authjwt_lmdb_check(const ap_socache_instance_t *inst, authjwt_lmdb_report_t *report, apr_pool_t *pool)
{
    authjwt_lmdb_report_t seen;
    const char *why;
    int fd[2], status = 0, reported;
    pid_t pid;

    if (pipe2(fd, O_CLOEXEC) != 0) {
        return apr_psprintf(pool, "cannot make a pipe: %s", strerror(errno));
    }
    if ((pid = fork()) == 0) {
        close(fd[0]);
        child(inst, fd[1]);
    }
    why = pid < 0 ? apr_psprintf(pool, "cannot fork: %s", strerror(errno)) : NULL;
    close(fd[1]);
    if (pid > 0) {
        reported = read_report(fd[0], &seen);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            ;
        }
        why = verdict(inst, reported, status, &seen, pool);
    }
    close(fd[0]);
    if (why == NULL) {
        *report = seen;
    }
    return why;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_audit: the files and commands of AuthJWTAuditLog. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_file_io.h>

#include "authjwt_audit.h"
#include "authjwt_audit_private.h"
#include "authjwt_log.h"

APLOG_USE_MODULE(authjwt);

/* A command is started anew by httpd when it ends. */
static apr_file_t *start_command(apr_pool_t *pconf, const char *command)
{
    piped_log *piped = ap_open_piped_log(pconf, command);

    return piped ? ap_piped_log_write_fd(piped) : NULL;
}

/* As root, before httpd gives its rights away. Neither is inherited by programs that httpd starts later (CGI). */
static apr_status_t open_log(const char *target, apr_pool_t *pconf, apr_file_t **file)
{
    const char *path;

    if (*target == '|') {
        *file = start_command(pconf, target + 1);
        return *file ? APR_SUCCESS : APR_EGENERAL;
    }
    path = ap_server_root_relative(pconf, target);
    return path ? apr_file_open(file, path, APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_CREATE | APR_FOPEN_LARGEFILE,
                                APR_FPROT_OS_DEFAULT, pconf)
                : APR_EBADPATH;
}

/* Servers that inherit the directive share the log, which is opened once. */
int authjwt_audit_open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    for (; s; s = s->next) {
        authjwt_audit_log_t *log = authjwt_config_server(s)->audit_log;
        apr_status_t rv = APR_SUCCESS;

        if (log && !log->file && strcmp(log->target, "off")) {
            rv = open_log(log->target, pconf, &log->file);
        }
        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, rv, s, "AJ2201: AuthJWTAuditLog %s cannot be opened",
                         log->target);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

void authjwt_audit_write(server_rec *s, const authjwt_audit_log_t *log, const authjwt_audit_line_t *line)
{
    static volatile apr_uint32_t last_complaint;
    apr_size_t len = line->len;
    apr_status_t rv = apr_file_write(log->file, line->text, &len);

    if (rv == APR_SUCCESS && len < line->len) {
        rv = APR_ENOSPC;
    }
    if (rv != APR_SUCCESS && authjwt_log_due(&last_complaint)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "AJ2202: AuthJWTAuditLog %s: a line could not be written, and what it would have said is lost",
                     log->target);
    }
}

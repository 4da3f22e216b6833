/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_unheard: lines that are written before httpd has opened its logs. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authjwt_unheard.h"

APLOG_USE_MODULE(authjwt);

typedef struct {
    const server_rec *server;
    int level;
    const char *tag;
    const char *text;
} line_t;

/* Two letters and four digits. A colon and a blank follow. */
#define TAG_LENGTH 6

/* NULL while the logs are open. */
static apr_array_header_t *lines;

int authjwt_unheard_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    lines = apr_array_make(pconf, 4, sizeof(line_t));
    return OK;
}

/* Until the logs are open, lines go to standard error. At a start in the background httpd has let go of the terminal by
 * then, and of the log that it had opened while it read its configuration for the first time. */
static int nobody_hears(void)
{
    struct stat standard_error, nothing;

    return !fstat(STDERR_FILENO, &standard_error) && !stat("/dev/null", &nothing) && S_ISCHR(standard_error.st_mode)
        && standard_error.st_rdev == nothing.st_rdev;
}

void authjwt_unheard_error_log(const ap_errorlog_info *info, const char *text)
{
    if (lines && info->module_index == APLOG_MODULE_INDEX && strlen(text) > TAG_LENGTH + 2 && nobody_hears()) {
        line_t *line = apr_array_push(lines);

        line->server = info->s;
        line->level = info->level;
        line->tag = apr_pstrndup(lines->pool, text, TAG_LENGTH);
        line->text = apr_pstrdup(lines->pool, text + TAG_LENGTH + 2);
    }
}

int authjwt_unheard_open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const apr_array_header_t *unheard = lines;
    int i;

    (void)pconf;
    (void)plog;
    (void)ptemp;
    lines = NULL;
    for (i = 0; i < unheard->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(unheard, i, line_t);

        ap_log_error(APLOG_MARK, line->level, 0, line->server ? line->server : main_server, "%s: %s", line->tag,
                     line->text);
    }
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_unheard: what this module logs at a start before httpd has opened its logs. At a start in the background,
 * which is what service managers do, those lines would be lost. */
#ifndef AUTHJWT_UNHEARD_H
#define AUTHJWT_UNHEARD_H

#include <httpd.h>
#include <http_core.h>

/** Hook pre_config: from now on until the logs are open, lines are kept. */
int authjwt_unheard_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/** Hook error_log: keep a line of this module where standard error is /dev/null. */
void authjwt_unheard_error_log(const ap_errorlog_info *info, const char *text);

/** Hook open_logs, after httpd's own: write the lines that were kept. @return OK */
int authjwt_unheard_open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

#endif

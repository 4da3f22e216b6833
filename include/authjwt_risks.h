/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_risks: what a configuration risks and starts all the same: said once in the log, and kept for DUMP_AUTHJWT.
 */
#ifndef AUTHJWT_RISKS_H
#define AUTHJWT_RISKS_H

#include <httpd.h>
#include <http_log.h>
#include <apr_tables.h>

/** One risk of the configuration that was read last. */
typedef struct {
    const server_rec *server;
    const char *text; /**< begins with the tag */
} authjwt_risk_t;

/** Hook pre_config: forgets the risks of the last configuration. */
int authjwt_risks_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/**
 * Log a risk. While a configuration is read, in the pass whose warnings are seen (authjwt_config_logs_now), also keep
 * it.
 * @param level   APLOG_WARNING; APLOG_INFO for what the administrator has said is wanted
 * @param format  a sentence that begins with its tag and a colon, and says what to do
 */
void authjwt_risk(server_rec *s, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** The risks in the order in which they were found. @return `authjwt_risk_t` array, lives in pconf; never NULL */
const apr_array_header_t *authjwt_risks(void);

#endif

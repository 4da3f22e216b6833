/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_summary: what the configuration comes to, in a line at each start and in full for `httpd -t -D
 * DUMP_AUTHJWT`. */
#ifndef AUTHJWT_SUMMARY_H
#define AUTHJWT_SUMMARY_H

#include <httpd.h>

/** Hook post_config: one line for each server with keys, once per start or restart. @return OK */
int authjwt_summary_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/**
 * Hook test_config: with -D DUMP_AUTHJWT print, on stdout, `name: value` lines for each server with keys;
 * docs/operations.md has the names. Never a secret, nor what may be one.
 */
void authjwt_summary_test_config(apr_pool_t *pconf, server_rec *main_server);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_throttle: how many logins may fail: counts per user and address, per address (AuthJWTLoginThrottle), and per
 * user (AuthJWTLoginLock), for all processes of this host. */
#ifndef AUTHJWT_THROTTLE_H
#define AUTHJWT_THROTTLE_H

#include <httpd.h>
#include "authjwt_verdict.h"

/** Hook pre_config: registers the mutex. */
int authjwt_throttle_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/** Hook post_config: makes the table, which lives as long as the parent process, over reloads and restarts. */
int authjwt_throttle_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** Hook child_init. */
void authjwt_throttle_child_init(apr_pool_t *pchild, server_rec *s);

/**
 * Count an attempt that begins, unless too many have failed. The address is the one mod_remoteip found; of an IPv6
 * address its first 64 bits.
 * @return AUTHJWT_OK, or AUTHJWT_TOO_MANY_ATTEMPTS or AUTHJWT_USER_LOCKED with `retry_after` in the state of the
 * request
 */
authjwt_verdict_e authjwt_throttle_begin(request_rec *r, const char *user) AUTHJWT_MUST_USE;

/** Have too many failed? For credentials that come with each request: several at once are one client's, and only
 * failures are to count. @return as authjwt_throttle_begin, which counts */
authjwt_verdict_e authjwt_throttle_look(request_rec *r, const char *user) AUTHJWT_MUST_USE;

/** Count an attempt that was looked at. */
void authjwt_throttle_failure(request_rec *r, const char *user);

/** The attempt succeeded: forget the failures of this user from this address, and those in a row, and remember the
 * address as one of the user's own. @param begun  it was counted by authjwt_throttle_begin: forget it too */
void authjwt_throttle_success(request_rec *r, const char *user, int begun);

/** The attempt was not decided: forget what authjwt_throttle_begin has counted. */
void authjwt_throttle_undecided(request_rec *r, const char *user);

#endif

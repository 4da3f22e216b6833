/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz_private: the room's files. */
#ifndef AUTHJWT_AUTHZ_PRIVATE_H
#define AUTHJWT_AUTHZ_PRIVATE_H

#include <httpd.h>

/** Roles that the log line of a refusal names at most. */
#define AUTHJWT_ROLES_SHOWN 8

/** Note the arguments of a `Require jwt-role` that did not grant, for the log line of a refusal. */
void authjwt_authz_note_wanted(request_rec *r, const char *line);

/**
 * Note any other rule that stood in the way, likewise.
 * @param provider    jwt-role, jwt-claim or jwt-scope
 * @param line        its arguments
 * @param is_negated  with `not`, or in <RequireNone>
 */
void authjwt_authz_note_unmet(request_rec *r, const char *provider, const char *line, int is_negated);

/** Register the hooks around httpd's own authorization. */
void authjwt_authz_register_hooks(void);

/** Hook pre_config: stand before mod_authz_core's provider of `Require expr`. @return OK */
int authjwt_authz_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users: ask httpd's own authn and authz providers who may sign in and which roles they have. */
#ifndef AUTHJWT_USERS_H
#define AUTHJWT_USERS_H

#include <httpd.h>
#include <http_core.h>
#include <apr_tables.h>
#include "authjwt_verdict.h"

/** Hook post_config: looks at how rules ask a directory. @return OK */
int authjwt_users_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** Hook error_log: notices what a provider says nowhere else. */
void authjwt_users_error_log(const ap_errorlog_info *info, const char *text);

/** Can this be somebody's name in a token and in REMOTE_USER: non-empty UTF-8 without control characters? */
int authjwt_users_is_identity(const char *name);

/**
 * Check a password against the providers of AuthJWTProvider in order, as mod_auth_basic does: the first that knows the
 * user decides.
 * @param identity  set on AUTHJWT_OK: who that is; another name than the one typed where the provider says so
 * (AuthLDAPRemoteUserAttribute)
 * @return AUTHJWT_OK, or why not (logged): invalid_credentials, backend_unavailable
 */
authjwt_verdict_e authjwt_users_check_password(request_rec *r, const char *user, const char *password,
                                               const char **identity) AUTHJWT_MUST_USE;

/**
 * The name under which failed logins of a user are counted: as typed; in a directory's own spelling where
 * AuthJWTProvider names ldap, so that " ANN" buys nobody further attempts at "ann".
 * @return owned by r->pool, or `user`
 */
const char *authjwt_users_counted_as(request_rec *r, const char *user);

/** The same for wrong passwords beside AuthBasicProvider jwt: in a directory's own spelling where any AuthBasicProvider
 * names ldap, since nobody but httpd knows which providers it will ask. */
const char *authjwt_users_counted_as_basic(request_rec *r, const char *user);

/**
 * Does the user of a session still exist? Asks the providers of AuthJWTProvider, if that is set for this location and
 * all of them can tell (file, dbm, dbd); else nobody is asked.
 * @return AUTHJWT_OK, or why not (logged): token_revoked, backend_unavailable
 */
authjwt_verdict_e authjwt_users_still_known(request_rec *r, const char *user) AUTHJWT_MUST_USE;

/**
 * May this user have a token (all AuthJWTLoginRequire lines)? Sets r->user.
 * @return AUTHJWT_OK, or why not (logged): access_denied, backend_unavailable
 */
authjwt_verdict_e authjwt_users_admit(request_rec *r, const char *user) AUTHJWT_MUST_USE;

/** @return non-zero when any AuthJWTGrantRole is in effect */
int authjwt_users_grants_roles(const request_rec *r);

/**
 * Roles that AuthJWTGrantRole gives the user, in order, without duplicates. Sets r->user.
 * @param roles  set on AUTHJWT_OK: `const char *` array owned by r->pool, may be empty
 * @return AUTHJWT_OK, or why not (logged): backend_unavailable
 */
authjwt_verdict_e authjwt_users_roles(request_rec *r, const char *user, apr_array_header_t **roles) AUTHJWT_MUST_USE;

#endif

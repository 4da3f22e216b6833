/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directives_private: setters that stand in files of their own. As httpd wants them: NULL, or a sentence. */
#ifndef AUTHJWT_DIRECTIVES_PRIVATE_H
#define AUTHJWT_DIRECTIVES_PRIVATE_H

#include "authjwt_config.h"

/** A file that a directive names, relative to ServerRoot. @return its path, owned by cmd->pool; NULL where there is no
 * file */
const char *authjwt_directives_file(cmd_parms *cmd, const char *file);

/** Add a name to claim_names or role_names of the server that a directive is read for; not from .htaccess. */
void authjwt_directives_list_name(cmd_parms *cmd, apr_array_header_t **list, const char *name);

/**
 * May this be a logo: a PNG, or an SVG without scripts and addresses outside of it?
 * @param bytes  of the file, len of them and NUL
 * @param type   set to its media type, a literal
 * @return NULL, or what is wrong
 */
const char *authjwt_logo_check(const char *bytes, apr_size_t len, const char **type, apr_pool_t *pool);

const char *authjwt_directives_add_key(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_add_key_set(cmd_parms *cmd, void *dir, const char *source, const char *option);
const char *authjwt_directives_set_leeway(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_check_interval(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_access_expires(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_refresh_expires(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_session_expires(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_remember_me(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_session_idle(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_add_idle_paths(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_set_grace(cmd_parms *cmd, void *dir, const char *text);
const char *authjwt_directives_set_throttle(cmd_parms *cmd, void *dir, const char *failures, const char *window);
const char *authjwt_directives_set_lock(cmd_parms *cmd, void *dir, const char *failures, const char *time);
const char *authjwt_directives_set_dummy_hash(cmd_parms *cmd, void *dir, const char *hash);
const char *authjwt_directives_set_providers(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_add_grant(cmd_parms *cmd, void *dir, const char *args);
const char *authjwt_directives_add_login_require(cmd_parms *cmd, void *dir, const char *args);
const char *authjwt_directives_add_claim(cmd_parms *cmd, void *dir, const char *name, const char *value);
const char *authjwt_directives_set_locations(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_set_name(cmd_parms *cmd, void *dir, const char *name);
const char *authjwt_directives_set_query_name(cmd_parms *cmd, void *dir, const char *name);
const char *authjwt_directives_set_header_type(cmd_parms *cmd, void *dir, const char *line);
const char *authjwt_directives_set_forward(cmd_parms *cmd, void *dir, const char *word);
const char *authjwt_directives_set_identity_claim(cmd_parms *cmd, void *dir, const char *name);
const char *authjwt_directives_set_role_claims(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_set_sessions_admin(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_set_export(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_add_request_header(cmd_parms *cmd, void *dir, const char *header, const char *claim);
const char *authjwt_directives_add_error_document(cmd_parms *cmd, void *dir, const char *code, const char *file);
const char *authjwt_directives_set_same_site(cmd_parms *cmd, void *dir, const char *word);
const char *authjwt_directives_set_cookie_attribute(cmd_parms *cmd, void *dir, const char *value);
const char *authjwt_directives_set_cookie_path(cmd_parms *cmd, void *dir, const char *path);
const char *authjwt_directives_set_local_path(cmd_parms *cmd, void *dir, const char *path);
const char *authjwt_directives_set_auto_refresh(cmd_parms *cmd, void *dir, const char *path);
const char *authjwt_directives_set_login_page(cmd_parms *cmd, void *dir, const char *page);
const char *authjwt_directives_set_login_logo(cmd_parms *cmd, void *dir, const char *file);
const char *authjwt_directives_set_login_style(cmd_parms *cmd, void *dir, const char *file);
const char *authjwt_directives_add_login_text(cmd_parms *cmd, void *dir, const char *lang, const char *file);
const char *authjwt_directives_set_csrf(cmd_parms *cmd, void *dir, const char *word);
const char *authjwt_directives_add_trusted_origins(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_set_store_auth(cmd_parms *cmd, void *dir, const char *first, const char *second);
const char *authjwt_directives_set_store_tls(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *authjwt_directives_set_store_replicas(cmd_parms *cmd, void *dir, const char *count, const char *time);
const char *authjwt_directives_set_store_timeout(cmd_parms *cmd, void *dir, const char *time);
const char *authjwt_directives_set_session_directory(cmd_parms *cmd, void *dir, int flag);
const char *authjwt_directives_set_session_limit(cmd_parms *cmd, void *dir, const char *number, const char *word);
const char *authjwt_directives_set_tokens_in_body(cmd_parms *cmd, void *dir, const char *word);
const char *authjwt_directives_set_audit_log(cmd_parms *cmd, void *dir, int argc, char *const argv[]);

#endif

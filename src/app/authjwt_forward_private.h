/* authjwt_forward: what its files share. */
#ifndef AUTHJWT_FORWARD_PRIVATE_H
#define AUTHJWT_FORWARD_PRIVATE_H

#include <httpd.h>
#include "authjwt_config.h"

/** Would an application take the name that was sent for this one? Applications read X-Remote-User, x-remote-user and
 * X_Remote_User alike. */
int authjwt_forward_looks_like(const char *sent, apr_size_t len, const char *name);

/** Is it a name of AuthJWTRequestHeader? @param headers  authjwt_request_header_t */
int authjwt_forward_is_managed(const char *sent, apr_size_t len, const apr_array_header_t *headers);

/** Has a header field, or one of those that were joined into it, a token behind the scheme? @param value  may be NULL
 */
int authjwt_forward_holds_token(const char *value, const char *scheme, apr_pool_t *pool);

/** Take what a client sent under such names out of the environment that a subrequest or redirect has inherited. */
void authjwt_forward_env_remove(request_rec *r, const apr_array_header_t *headers);

/** Take tokens out of it, and out of what rules have put into the same variables. */
void authjwt_forward_env_cut(request_rec *r, const authjwt_dir_conf_t *conf);

#endif

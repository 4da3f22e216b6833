/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_forward: what the application gets of the request: headers with the identity that nobody else can send
 * (AuthJWTRequestHeader), and no token where it shall have none (AuthJWTForwardToken). */
#ifndef AUTHJWT_FORWARD_H
#define AUTHJWT_FORWARD_H

#include <httpd.h>
#include "authjwt_config.h"

/** Register the input filter that keeps trailers from becoming such headers. */
void authjwt_forward_register(apr_pool_t *pool);

/** Take away what the client sent under the names of AuthJWTRequestHeader, which is set. */
void authjwt_forward_remove_all(request_rec *r);

/** The same as far as it is known by now to be set: before conditions ask for the header. */
static inline void authjwt_forward_remove(request_rec *r)
{
    if (authjwt_config_dir(r)->request_headers) {
        authjwt_forward_remove_all(r);
    }
}

/** Does the application get anything else than what was sent? Not with the defaults: a token in a header, handed on. */
static inline int authjwt_forward_changes(const request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);

    return conf->request_headers || conf->locations || conf->cookies > 0 || conf->forward_token == AUTHJWT_FORWARD_OFF;
}

/** What was cut from the request above this one, an ErrorDocument's or an included page's, is there again for
 * mod_auth_basic, which asks each of them. Before anybody is authenticated. */
void authjwt_forward_restore_password(request_rec *r);

/** In fixups, before others, where authjwt_forward_changes: authjwt_forward_remove for subrequests too; set the
 * headers; cut the token from the query.
 */
void authjwt_forward_fixups_first(request_rec *r);

/** In fixups, after all others, likewise: cut the token from headers and cookies. */
void authjwt_forward_fixups_last(request_rec *r);

#endif

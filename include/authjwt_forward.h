/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_forward: what the application gets of the request: headers with the identity that nobody else can send
 * (AuthJWTRequestHeader), and no token where it shall have none (AuthJWTForwardToken). */
#ifndef AUTHJWT_FORWARD_H
#define AUTHJWT_FORWARD_H

#include <httpd.h>

/** Register the input filter that keeps trailers from becoming such headers. */
void authjwt_forward_register(apr_pool_t *pool);

/**
 * Take away what the client sent under the names of AuthJWTRequestHeader. Hook header_parser, and as soon as the lines
 * of the server (post_read_request) and of <Location> (translate_name) are known, before conditions ask for the header.
 * @return DECLINED
 */
int authjwt_forward_remove(request_rec *r);

/**
 * Hook check_access: what was cut from the request above this one, an ErrorDocument's or an included page's, is there
 * again for mod_auth_basic, which asks each of them. @return DECLINED
 */
int authjwt_forward_access(request_rec *r);

/** Hook fixups, before others: the same for subrequests; set the headers; cut the token from the query. @return
 * DECLINED */
int authjwt_forward_fixups_first(request_rec *r);

/** Hook fixups, after all others: cut the token from headers and cookies. @return DECLINED */
int authjwt_forward_fixups_last(request_rec *r);

#endif

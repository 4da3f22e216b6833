/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_forward: what its files share. */
#ifndef AUTHJWT_FORWARD_PRIVATE_H
#define AUTHJWT_FORWARD_PRIVATE_H

#include <httpd.h>
#include "authjwt_config.h"

/** Is it a name of AuthJWTRequestHeader? @param headers  authjwt_request_header_t */
int authjwt_forward_is_managed(const char *sent, apr_size_t len, const apr_array_header_t *headers);

/** Take what a client sent under such names out of the environment that a subrequest or redirect has inherited. */
void authjwt_forward_env_remove(request_rec *r, const apr_array_header_t *headers);

#endif

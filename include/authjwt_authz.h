/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: Require jwt-role, jwt-claim, jwt-scope, jwt-fresh; 403 for who is known but not allowed; endpoints
 * outside Require. */
#ifndef AUTHJWT_AUTHZ_H
#define AUTHJWT_AUTHZ_H

#include <apr_pools.h>

/** Register the Require providers and the hooks around httpd's own authorization. */
void authjwt_authz_register(apr_pool_t *pool);

#endif

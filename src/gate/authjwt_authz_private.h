/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz_private: the room's files. */
#ifndef AUTHJWT_AUTHZ_PRIVATE_H
#define AUTHJWT_AUTHZ_PRIVATE_H

#include <apr_pools.h>

/** Register the hooks around httpd's own authorization. */
void authjwt_authz_register_hooks(void);

/** Hook pre_config: stand before mod_authz_core's provider of `Require expr`. @return OK */
int authjwt_authz_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

#endif

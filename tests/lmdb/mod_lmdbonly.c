/* SPDX-License-Identifier: Apache-2.0 */
/* A module that is nothing but the lmdb provider, to show that the provider needs nothing else of mod_authjwt. */
#include <httpd.h>
#include <http_config.h>

#include "authjwt_lmdb.h"

static void register_hooks(apr_pool_t *pool)
{
    authjwt_lmdb_register(pool);
}

extern module AP_MODULE_DECLARE_DATA authjwt_module;
#pragma GCC visibility push(default)
module AP_MODULE_DECLARE_DATA authjwt_module = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL,
                                                 register_hooks,          0 };
#pragma GCC visibility pop

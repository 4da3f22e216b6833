/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_hooks: moments of a request at which several rooms have something to do, one hook for each moment. */
#ifndef AUTHJWT_HOOKS_H
#define AUTHJWT_HOOKS_H

#include <apr_pools.h>

/** Register the hooks. */
void authjwt_hooks_register(apr_pool_t *pool);

#endif

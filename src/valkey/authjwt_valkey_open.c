/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the primary that is ready for commands. */
#include <apr_strings.h>

#include "authjwt_valkey_private.h"

static const char *open_host(const ap_socache_instance_t *inst, const authjwt_valkey_host_t *host, apr_time_t deadline,
                             authjwt_valkey_link_t **out, apr_pool_t *pool)
{
    authjwt_valkey_link_t *link = NULL;
    const char *why = authjwt_valkey_connect(inst, host, deadline, &link, pool);

    why = why ? why : authjwt_valkey_hello(link, inst, deadline, pool);
    if (why) {
        authjwt_valkey_link_close(link);
        return why;
    }
    *out = link;
    return NULL;
}

const char *authjwt_valkey_open(const ap_socache_instance_t *inst, apr_time_t deadline, authjwt_valkey_link_t **out,
                                apr_pool_t *pool)
{
    authjwt_valkey_host_t primary;
    const char *why;

    if (!inst->address.master) {
        return open_host(inst, inst->address.path ? NULL : inst->address.hosts, deadline, out, pool);
    }
    why = authjwt_valkey_find_primary(inst, deadline - inst->options.timeout, &primary, pool);
    if (why) {
        return why;
    }
    why = open_host(inst, &primary, deadline, out, pool);
    if (!why) {
        apr_snprintf((*out)->primary, sizeof((*out)->primary), "%s:%u", primary.name, primary.port);
    }
    return why ? apr_psprintf(pool, "%s:%u, which Sentinel names as the primary: %s", primary.name, primary.port, why)
               : NULL;
}

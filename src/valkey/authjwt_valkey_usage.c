/* SPDX-License-Identifier: Apache-2.0 */
/* How much the server holds, as it says itself (INFO). */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_commands.h"

/* A line "db0:keys=5,expires=5,...", or none where the database is empty. */
static apr_uint64_t keys_of(const redisReply *keyspace, unsigned db, apr_pool_t *pool)
{
    const char *line = authjwt_valkey_info(keyspace, apr_psprintf(pool, "db%u", db), pool);

    return line && !strncmp(line, "keys=", 5) ? strtoull(line + 5, NULL, 10) : 0;
}

/* Without a limit there is no such part. */
static double part_in_use(const redisReply *memory, apr_pool_t *pool)
{
    const char *used = authjwt_valkey_info(memory, "used_memory", pool);
    const char *most = authjwt_valkey_info(memory, "maxmemory", pool);
    double limit = most ? strtod(most, NULL) : 0;

    return used && limit > 0 ? strtod(used, NULL) / limit : -1;
}

apr_status_t authjwt_valkey_usage(ap_socache_instance_t *inst, server_rec *s, apr_uint64_t *entries, double *fill,
                                  apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool, .may_be_refused = 1 };
    redisReply *replies[2];
    apr_status_t rv;

    authjwt_valkey_say(&batch, "INFO", "keyspace");
    authjwt_valkey_say(&batch, "INFO", "memory");
    rv = authjwt_valkey_run(inst, s, "say how full it is", &batch, replies, 0, AUTHJWT_VALKEY_REPEATABLE);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = replies[0]->type == REDIS_REPLY_STRING ? APR_SUCCESS : APR_ENOTIMPL;
    *entries = keys_of(replies[0], inst->address.db, pool);
    *fill = part_in_use(replies[1], pool);
    authjwt_valkey_forget(replies, batch.count);
    return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_valkey: an ap_socache provider named "valkey": Valkey or Redis, for several hosts, with password, TLS,
 * Sentinel and replicas. It knows nothing of JWT; any module that takes a socache provider can use it. */
#ifndef AUTHJWT_VALKEY_H
#define AUTHJWT_VALKEY_H

#include <httpd.h>
#include <ap_socache.h>
#include <apr_pools.h>

#include "authjwt_socache_doors.h"
#include "authjwt_valkey_server.h"

/** Name under which the provider is registered in AP_SOCACHE_PROVIDER_GROUP. */
#define AUTHJWT_VALKEY "valkey"

/**
 * Register the provider and the hooks it needs. Call once from the module's register_hooks.
 *
 * Argument of create: `HOST[:PORT][/DB]`, `unix:/PATH[/DB]` or `sentinel:MASTER@HOST[:PORT],HOST...[/DB]`.
 *
 * init belongs into the parent, once per start. A short-lived fork looks at the server as the httpd user and says in
 * the log what is wrong with it; init succeeds all the same, since the server may come later. The other functions work
 * in processes that have run child_init, and nowhere else.
 *
 * What the functions return, beyond what ap_socache.h says:
 *   retrieve   APR_NOTFOUND when the server has said so, and only then; APR_ENOSPC if the buffer is too small
 *   store      overwrites; APR_SUCCESS once the server, and as many replicas as were asked for, have it
 *   remove     APR_NOTFOUND if there was none
 *   iterate    APR_ENOTIMPL
 *   all        APR_EINVAL for an id of 0 or more than 512 bytes or data of more than 512 KB; APR_EGENERAL if the store
 *              cannot answer, after a line in the error log (one a second and process). What was to be stored may have
 *              been stored then
 *
 * A call takes at most twice the timeout, once more where Sentinel has to be asked, and replicas_time where replicas
 * are waited for; so do all calls of a request together, see authjwt_valkey_begin. After a failure calls fail at once
 * until a pause has passed, which grows from 0.1 to 2 seconds.
 *
 * Several processes and threads may use it without a mutex of the caller's (no AP_SOCACHE_FLAG_NOTMPSAFE). A process
 * has at most 16 connections for each instance, half of which may wait for replicas.
 *
 * A key on the server is "authjwt:", the name of the consumer, ":" and the id as it is. Each has a time to live.
 */
void authjwt_valkey_register(apr_pool_t *pool);

/**
 * Tell an instance more than its arguments say. Call between create and init.
 * @param options  copied; what it points to must live as long as the instance
 * @param pool     of the configuration
 * @return NULL, or a sentence
 */
const char *authjwt_valkey_configure(ap_socache_instance_t *instance, const authjwt_valkey_options_t *options,
                                     apr_pool_t *pool) __attribute__((warn_unused_result));

/**
 * Say that all calls with these pools belong together, as those of a request do: together they take no longer than one
 * may. May be called again. Calls with other pools each have their own time.
 * @param pool   what the calls will be given
 * @param whole  pool that lives as long as all of them, such as that of the main request; may be the same
 */
void authjwt_valkey_begin(apr_pool_t *pool, apr_pool_t *whole);

/**
 * What arguments of create mean, so that equal results mean the same entries. Arguments that create refuses come back
 * as they are.
 * @param args  as for create, may be NULL
 */
const char *authjwt_valkey_place(const char *args, apr_pool_t *pool);

/** The door authjwt_socache_swap_fn. Where there must be an entry it is a script (EVAL), so that it is one step. */
authjwt_socache_swap_fn authjwt_valkey_swap;

/** The door authjwt_socache_retrieve_several_fn: one round trip for up to 64 entries. */
authjwt_socache_retrieve_several_fn authjwt_valkey_retrieve_several;

/** The doors of a directory of records: a hash for each owner, which goes with its last record. Changes are a script
 * (EVAL); the user of the server needs HGETALL, HSET, HDEL and PEXPIRE for them. They do not wait for replicas. */
authjwt_socache_file_fn authjwt_valkey_file_record;
authjwt_socache_list_fn authjwt_valkey_list_records;
/**
 * The door authjwt_socache_usage_fn: one round trip (INFO). Entries are all keys of the database, whoever stored them;
 * how full it is, is known where the server has a maxmemory. APR_ENOTIMPL where its user may not ask.
 */
authjwt_socache_usage_fn authjwt_valkey_usage;

#endif

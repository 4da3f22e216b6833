/* SPDX-License-Identifier: Apache-2.0 */
/* Entries and records as a server holds them: commands, and what their answers say. Nobody outside this folder includes
 * it. */
#ifndef AUTHJWT_VALKEY_COMMANDS_H
#define AUTHJWT_VALKEY_COMMANDS_H

#include "authjwt_valkey_private.h"

/* ---- commands ---- */

/** The key of an entry. */
authjwt_valkey_word_t authjwt_valkey_key(const char *prefix, const unsigned char *id, apr_size_t idlen,
                                         apr_pool_t *pool);

/** Its life: milliseconds from now, in the server's clock, so that the clocks of hosts need not agree. At least 1,
 * and rounded up. */
authjwt_valkey_word_t authjwt_valkey_life(apr_time_t expiry, apr_pool_t *pool);

/**
 * Add a command that stores an entry only if what is there now is `old`, as one step. See authjwt_valkey_number.
 * @param old  NULL: there must be none
 */
void authjwt_valkey_add_swap(authjwt_valkey_batch_t *batch, authjwt_valkey_word_t key, const authjwt_valkey_word_t *old,
                             authjwt_valkey_word_t data, apr_time_t expiry);

/** What a changing command has answered: the number, nil is 0, OK is 1. */
long long authjwt_valkey_number(const redisReply *answer);

/** A line "name:value" of an answer to INFO. @return NULL where there is none, also where INFO was refused */
const char *authjwt_valkey_info(const redisReply *answer, const char *name, apr_pool_t *pool);

/* ---- records ---- */

/** Digits of a time, and of what a record's value begins with: its expiry and its order. */
#define AUTHJWT_VALKEY_NUMBER      16
#define AUTHJWT_VALKEY_RECORD_HEAD (2 * AUTHJWT_VALKEY_NUMBER)

/** The key of an owner's records. */
authjwt_valkey_word_t authjwt_valkey_records_key(const char *prefix, const unsigned char *owner, apr_pool_t *pool);

/** What an answer to HGETALL holds; as authjwt_socache_list_fn. @return APR_SUCCESS; APR_EGENERAL: it is none */
apr_status_t authjwt_valkey_read_records(const redisReply *answer, authjwt_socache_record_t **records, unsigned int *n,
                                         apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

#endif

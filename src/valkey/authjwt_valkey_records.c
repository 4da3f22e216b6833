/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a directory as a server holds them. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_commands.h"

/* Between the prefix and the owner, so that no entry has such a key: ids of entries are longer or shorter. */
#define RECORDS "records:"

authjwt_valkey_word_t authjwt_valkey_records_key(const char *prefix, const unsigned char *owner, apr_pool_t *pool)
{
    return authjwt_valkey_key(apr_pstrcat(pool, prefix, RECORDS, NULL), owner, AUTHJWT_SOCACHE_NAME, pool);
}

static apr_time_t get_time(const char *from)
{
    char digits[AUTHJWT_VALKEY_NUMBER + 1];

    memcpy(digits, from, AUTHJWT_VALKEY_NUMBER);
    digits[AUTHJWT_VALKEY_NUMBER] = '\0';
    return apr_atoi64(digits);
}

/* @return zero for what is none, or has expired */
static int read_record(const redisReply *id, const redisReply *value, apr_time_t now, authjwt_socache_record_t *out,
                       apr_pool_t *pool)
{
    if (id->type != REDIS_REPLY_STRING || id->len != AUTHJWT_SOCACHE_NAME || value->type != REDIS_REPLY_STRING
        || value->len < AUTHJWT_VALKEY_RECORD_HEAD) {
        return 0;
    }
    out->id = apr_pmemdup(pool, id->str, id->len);
    out->expiry = get_time(value->str);
    out->order = get_time(value->str + AUTHJWT_VALKEY_NUMBER);
    out->len = (unsigned int)(value->len - AUTHJWT_VALKEY_RECORD_HEAD);
    out->data = apr_pmemdup(pool, value->str + AUTHJWT_VALKEY_RECORD_HEAD, out->len);
    return out->expiry > now;
}

apr_status_t authjwt_valkey_read_records(const redisReply *answer, authjwt_socache_record_t **records, unsigned int *n,
                                         apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    size_t i;

    *n = 0;
    if (answer->type != REDIS_REPLY_ARRAY) {
        return APR_EGENERAL;
    }
    *records = apr_palloc(pool, (answer->elements / 2 + 1) * sizeof(**records));
    for (i = 0; i + 1 < answer->elements && *n < AUTHJWT_SOCACHE_RECORDS_MAX; i += 2) {
        *n += read_record(answer->element[i], answer->element[i + 1], now, &(*records)[*n], pool) != 0;
    }
    return APR_SUCCESS;
}

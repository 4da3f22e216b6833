/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on entries, and what their answers say. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_commands.h"

/* Compare and store as one step. What a script may do is what its user may. */
static const char swap_script[] = "if redis.call('GET',KEYS[1])==ARGV[1] then "
                                  "redis.call('SET',KEYS[1],ARGV[2],'PX',ARGV[3]) return 1 end return 0";

authjwt_valkey_word_t authjwt_valkey_key(const char *prefix, const unsigned char *id, apr_size_t idlen,
                                         apr_pool_t *pool)
{
    apr_size_t len = strlen(prefix);
    char *key = apr_palloc(pool, len + idlen);

    memcpy(key, prefix, len);
    memcpy(key + len, id, idlen);
    return (authjwt_valkey_word_t){ key, len + idlen };
}

authjwt_valkey_word_t authjwt_valkey_life(apr_time_t expiry, apr_pool_t *pool)
{
    apr_int64_t life = (expiry - apr_time_now() + 999) / 1000;

    return AUTHJWT_VALKEY_TEXT(apr_psprintf(pool, "%" APR_INT64_T_FMT, life > 0 ? life : 1));
}

void authjwt_valkey_add_swap(authjwt_valkey_batch_t *batch, authjwt_valkey_word_t key, const authjwt_valkey_word_t *old,
                             authjwt_valkey_word_t data, apr_time_t expiry)
{
    authjwt_valkey_word_t life = authjwt_valkey_life(expiry, batch->pool);
    authjwt_valkey_word_t add[] = { AUTHJWT_VALKEY_TEXT("SET"), key,  data,
                                    AUTHJWT_VALKEY_TEXT("PX"),  life, AUTHJWT_VALKEY_TEXT("NX") };
    authjwt_valkey_word_t script[] = { AUTHJWT_VALKEY_TEXT("EVAL"),
                                       AUTHJWT_VALKEY_TEXT(swap_script),
                                       AUTHJWT_VALKEY_TEXT("1"),
                                       key,
                                       old ? *old : data,
                                       data,
                                       life };

    authjwt_valkey_add(batch, old ? script : add, old ? 7 : 6);
}

long long authjwt_valkey_number(const redisReply *answer)
{
    return answer->type == REDIS_REPLY_INTEGER ? answer->integer : answer->type == REDIS_REPLY_STATUS;
}

const char *authjwt_valkey_info(const redisReply *answer, const char *name, apr_pool_t *pool)
{
    const char *at = answer->type == REDIS_REPLY_STRING ? answer->str : NULL;
    apr_size_t len = strlen(name);

    while (at && (strncmp(at, name, len) || at[len] != ':')) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return at ? apr_pstrmemdup(pool, at + len + 1, strcspn(at + len + 1, "\r\n")) : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a directory: a hash for each owner, with the ids of records as its fields. A value is expiry and
 * order, sixteen digits each, and the data. Their expiry is by the clock of the hosts; the hash goes with the last. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_commands.h"

/* One step over all hosts: what has expired or is to go goes, then the new record comes, if it may. Records of sixteen
 * digits compare as text. */
static const char file_script[] =
    "local now,most,yields,drop,id,value=ARGV[1],tonumber(ARGV[2]),ARGV[3]=='1',ARGV[4],ARGV[5],ARGV[6] "
    "local gone,stay,old,last={},{},{},now "
    "for i=1,#drop,32 do gone[drop:sub(i,i+31)]=1 end "
    "local all=redis.call('HGETALL',KEYS[1]) "
    "for i=1,#all,2 do local e=all[i+1]:sub(1,16) "
    "if all[i]==id then gone[id]=2 "
    "elseif gone[all[i]] or e<=now then old[#old+1]=all[i] "
    "else stay[#stay+1]={all[i+1]:sub(17,32),all[i],e} end end "
    "local full=id~='' and gone[id]~=2 and #stay>=most "
    "if full and yields then table.sort(stay,function(a,b) return a[1]<b[1] end) "
    "while #stay>0 and #stay>=most and stay[1][1]<=value:sub(17,32) do "
    "old[#old+1]=table.remove(stay,1)[2] end full=#stay>=most end "
    "if #old>0 then redis.call('HDEL',KEYS[1],unpack(old)) end "
    "if id=='' then return 1 end "
    "if full then if yields then return 1 end return 0 end "
    "redis.call('HSET',KEYS[1],id,value) "
    "last=value:sub(1,16) for i=1,#stay do if stay[i][3]>last then last=stay[i][3] end end "
    "redis.call('PEXPIRE',KEYS[1],math.max(1,math.ceil((tonumber(last)-tonumber(now))/1000))) return 1";

/* ---- changes ---- */

/* The latest time that has sixteen digits is in the year 2286. */
static void put_time(char *to, apr_time_t t)
{
    char digits[AUTHJWT_VALKEY_NUMBER + 1];

    t = t < 0 ? 0 : t > APR_INT64_C(9999999999999999) ? APR_INT64_C(9999999999999999) : t;
    apr_snprintf(digits, sizeof(digits), "%016" APR_TIME_T_FMT, t);
    memcpy(to, digits, AUTHJWT_VALKEY_NUMBER);
}

static authjwt_valkey_word_t value_of(const authjwt_socache_record_t *record, apr_pool_t *pool)
{
    char *value = apr_palloc(pool, AUTHJWT_VALKEY_RECORD_HEAD + record->len);

    put_time(value, record->expiry);
    put_time(value + AUTHJWT_VALKEY_NUMBER, record->order);
    memcpy(value + AUTHJWT_VALKEY_RECORD_HEAD, record->data, record->len);
    return (authjwt_valkey_word_t){ value, AUTHJWT_VALKEY_RECORD_HEAD + record->len };
}

static authjwt_valkey_word_t now_of(apr_pool_t *pool)
{
    char *now = apr_palloc(pool, AUTHJWT_VALKEY_NUMBER);

    put_time(now, apr_time_now());
    return (authjwt_valkey_word_t){ now, AUTHJWT_VALKEY_NUMBER };
}

static int is_bad(const authjwt_socache_filing_t *filing)
{
    return filing->drops > AUTHJWT_SOCACHE_RECORDS_MAX || filing->most > AUTHJWT_SOCACHE_RECORDS_MAX
        || (filing->record && filing->record->len > AUTHJWT_SOCACHE_RECORD_MAX);
}

/* It may be repeated: it has the same outcome then, as the record is there already. */
apr_status_t authjwt_valkey_file_record(ap_socache_instance_t *inst, server_rec *s,
                                        const authjwt_socache_filing_t *filing, apr_pool_t *pool)
{
    const authjwt_socache_record_t *record = filing->record;
    authjwt_valkey_word_t words[] = { AUTHJWT_VALKEY_TEXT("EVAL"),
                                      AUTHJWT_VALKEY_TEXT(file_script),
                                      AUTHJWT_VALKEY_TEXT("1"),
                                      authjwt_valkey_records_key(inst->prefix, filing->owner, pool),
                                      now_of(pool),
                                      AUTHJWT_VALKEY_TEXT(apr_psprintf(pool, "%u", filing->most)),
                                      AUTHJWT_VALKEY_TEXT(filing->yields ? "1" : "0"),
                                      { filing->drop ? (const char *)filing->drop : "",
                                        (apr_size_t)filing->drops * AUTHJWT_SOCACHE_NAME },
                                      { record ? (const char *)record->id : "", record ? AUTHJWT_SOCACHE_NAME : 0 },
                                      { "", 0 } };
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *replies[2];
    long long filed;
    apr_status_t rv;

    if (is_bad(filing)) {
        return APR_EINVAL;
    }
    if (record) {
        words[9] = value_of(record, pool);
    }
    authjwt_valkey_add(&batch, words, sizeof(words) / sizeof(words[0]));
    rv = authjwt_valkey_run(inst, s, "list a record", &batch, replies, 0, AUTHJWT_VALKEY_REPEATABLE);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    filed = replies[0]->type == REDIS_REPLY_INTEGER ? replies[0]->integer : -1;
    authjwt_valkey_forget(replies, batch.count);
    return filed < 0 ? APR_EGENERAL : filed ? APR_SUCCESS : APR_EAGAIN;
}

/* ---- look-ups ---- */

apr_status_t authjwt_valkey_list_records(ap_socache_instance_t *inst, server_rec *s, const unsigned char *owner,
                                         authjwt_socache_record_t **records, unsigned int *n, apr_pool_t *pool)
{
    authjwt_valkey_word_t words[] = { AUTHJWT_VALKEY_TEXT("HGETALL"),
                                      authjwt_valkey_records_key(inst->prefix, owner, pool) };
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *replies[2];
    apr_status_t rv;

    authjwt_valkey_add(&batch, words, 2);
    rv = authjwt_valkey_run(inst, s, "list records", &batch, replies, 0, AUTHJWT_VALKEY_REPEATABLE);
    if (rv == APR_SUCCESS) {
        rv = authjwt_valkey_read_records(replies[0], records, n, pool);
        authjwt_valkey_forget(replies, batch.count);
    }
    return rv;
}

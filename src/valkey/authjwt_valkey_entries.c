/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: a key of prefix and id, a value as it is, a time to live. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

/* How many look-ups go in one batch. */
#define SEVERAL_MAX 64

/* Compare and store as one step. What a script may do is what its user may. */
static const char swap_script[] = "if redis.call('GET',KEYS[1])==ARGV[1] then "
                                  "redis.call('SET',KEYS[1],ARGV[2],'PX',ARGV[3]) return 1 end return 0";

static authjwt_valkey_word_t key_of(const ap_socache_instance_t *inst, const unsigned char *id, unsigned int idlen,
                                    apr_pool_t *pool)
{
    apr_size_t len = strlen(inst->prefix);
    char *key = apr_palloc(pool, len + idlen);

    memcpy(key, inst->prefix, len);
    memcpy(key + len, id, idlen);
    return (authjwt_valkey_word_t){ key, len + idlen };
}

static int is_bad(unsigned int idlen, unsigned int datalen)
{
    return idlen == 0 || idlen > AUTHJWT_VALKEY_ID_MAX || datalen > AUTHJWT_VALKEY_DATA_MAX;
}

/* Milliseconds from now, in the server's clock; so the clocks of hosts need not agree. */
static authjwt_valkey_word_t life_until(apr_time_t expiry, apr_pool_t *pool)
{
    apr_int64_t life = (expiry - apr_time_now()) / 1000;

    return AUTHJWT_VALKEY_TEXT(apr_psprintf(pool, "%" APR_INT64_T_FMT, life > 0 ? life : 1));
}

/* ---- look-ups ---- */

static apr_status_t copy_answer(const redisReply *answer, unsigned char *data, unsigned int *len)
{
    if (answer->type == REDIS_REPLY_NIL) {
        return APR_NOTFOUND;
    }
    if (answer->type != REDIS_REPLY_STRING) {
        return APR_EGENERAL;
    }
    if (answer->len > *len) {
        return APR_ENOSPC;
    }
    memcpy(data, answer->str, answer->len);
    *len = (unsigned int)answer->len;
    return APR_SUCCESS;
}

static apr_status_t retrieve_batch(ap_socache_instance_t *inst, server_rec *s, authjwt_socache_question_t *questions,
                                   unsigned int n, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *replies[SEVERAL_MAX + 1];
    apr_status_t rv = APR_SUCCESS;
    unsigned int i;

    for (i = 0; i < n; i++) {
        authjwt_valkey_word_t words[] = { AUTHJWT_VALKEY_TEXT("GET"),
                                          key_of(inst, questions[i].id, questions[i].idlen, pool) };

        if (is_bad(questions[i].idlen, 0)) {
            return APR_EINVAL;
        }
        authjwt_valkey_add(&batch, words, 2);
    }
    rv = authjwt_valkey_run(inst, s, "look up", &batch, replies, 0, AUTHJWT_VALKEY_REPEATABLE);
    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        questions[i].status = copy_answer(replies[i], questions[i].data, &questions[i].len);
    }
    if (rv == APR_SUCCESS) {
        authjwt_valkey_forget(replies, batch.count);
    }
    return rv;
}

apr_status_t authjwt_valkey_retrieve_several(ap_socache_instance_t *inst, server_rec *s,
                                             authjwt_socache_question_t *questions, unsigned int n, apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;
    unsigned int done, part;

    for (done = 0; rv == APR_SUCCESS && done < n; done += part) {
        part = n - done < SEVERAL_MAX ? n - done : SEVERAL_MAX;
        rv = retrieve_batch(inst, s, questions + done, part, pool);
    }
    return rv;
}

apr_status_t authjwt_valkey_retrieve(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                     unsigned int idlen, unsigned char *data, unsigned int *datalen, apr_pool_t *pool)
{
    authjwt_socache_question_t question = { id, idlen, data, *datalen, APR_EGENERAL };
    apr_status_t rv = retrieve_batch(inst, s, &question, 1, pool);

    if (rv == APR_SUCCESS && question.status == APR_SUCCESS) {
        *datalen = question.len;
    }
    return rv == APR_SUCCESS ? question.status : rv;
}

/* ---- changes ---- */

/* @return APR_SUCCESS with *answer: the number, nil is 0, OK is 1; else it has not taken effect, or nobody knows */
static apr_status_t change(ap_socache_instance_t *inst, server_rec *s, const char *what,
                           const authjwt_valkey_word_t *words, unsigned count, authjwt_valkey_repeat_e repeat,
                           long long *answer, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *replies[2];
    apr_status_t rv;

    authjwt_valkey_add(&batch, words, count);
    rv = authjwt_valkey_run(inst, s, what, &batch, replies, 1, repeat);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *answer = replies[0]->type == REDIS_REPLY_INTEGER ? replies[0]->integer : replies[0]->type == REDIS_REPLY_STATUS;
    /* Where nothing was changed there is nothing to wait for. */
    rv = *answer ? authjwt_valkey_enough(inst, s, what, replies[batch.count - 1]) : APR_SUCCESS;
    authjwt_valkey_forget(replies, batch.count);
    return rv;
}

apr_status_t authjwt_valkey_remove(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                   unsigned int idlen, apr_pool_t *pool)
{
    authjwt_valkey_word_t words[] = { AUTHJWT_VALKEY_TEXT("DEL"), key_of(inst, id, idlen, pool) };
    long long removed = 0;
    apr_status_t rv;

    if (is_bad(idlen, 0)) {
        return APR_EINVAL;
    }
    rv = change(inst, s, "remove", words, 2, AUTHJWT_VALKEY_REPEATABLE, &removed, pool);
    return rv == APR_SUCCESS && !removed ? APR_NOTFOUND : rv;
}

apr_status_t authjwt_valkey_store(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                  unsigned int idlen, apr_time_t expiry, unsigned char *data, unsigned int datalen,
                                  apr_pool_t *pool)
{
    authjwt_valkey_word_t words[] = { AUTHJWT_VALKEY_TEXT("SET"),
                                      key_of(inst, id, idlen, pool),
                                      { data, datalen },
                                      AUTHJWT_VALKEY_TEXT("PX"),
                                      life_until(expiry, pool) };
    long long stored = 0;
    apr_status_t rv;

    if (is_bad(idlen, datalen)) {
        return APR_EINVAL;
    }
    /* An entry that has expired already is one that is not there. */
    if (expiry <= apr_time_now()) {
        rv = authjwt_valkey_remove(inst, s, id, idlen, pool);
        return APR_STATUS_IS_NOTFOUND(rv) ? APR_SUCCESS : rv;
    }
    rv = change(inst, s, "store", words, 5, AUTHJWT_VALKEY_REPEATABLE, &stored, pool);
    return rv == APR_SUCCESS && !stored ? APR_EGENERAL : rv;
}

/* Neither is repeated: if the first one has taken effect, the second would find its entry. */
apr_status_t authjwt_valkey_swap(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                 unsigned int idlen, const unsigned char *old, unsigned int oldlen, apr_time_t expiry,
                                 unsigned char *data, unsigned int datalen, apr_pool_t *pool)
{
    authjwt_valkey_word_t key = key_of(inst, id, idlen, pool), life = life_until(expiry, pool);
    authjwt_valkey_word_t add[] = { AUTHJWT_VALKEY_TEXT("SET"), key,  { data, datalen },
                                    AUTHJWT_VALKEY_TEXT("PX"),  life, AUTHJWT_VALKEY_TEXT("NX") };
    authjwt_valkey_word_t script[] = { AUTHJWT_VALKEY_TEXT("EVAL"),
                                       AUTHJWT_VALKEY_TEXT(swap_script),
                                       AUTHJWT_VALKEY_TEXT("1"),
                                       key,
                                       { old, oldlen },
                                       { data, datalen },
                                       life };
    long long swapped = 0;
    apr_status_t rv;

    if (is_bad(idlen, datalen)) {
        return APR_EINVAL;
    }
    rv = change(inst, s, "store", old ? script : add, old ? 7 : 6, AUTHJWT_VALKEY_ONCE, &swapped, pool);
    return rv == APR_SUCCESS && !swapped ? APR_EAGAIN : rv;
}

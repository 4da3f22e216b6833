/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: a key of prefix and id, a value as it is, a time to live. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_commands.h"

/* How many look-ups go in one batch. */
#define SEVERAL_MAX 64

static authjwt_valkey_word_t key_of(const ap_socache_instance_t *inst, const unsigned char *id, unsigned int idlen,
                                    apr_pool_t *pool)
{
    return authjwt_valkey_key(inst->prefix, id, idlen, pool);
}

static int is_bad(unsigned int idlen, unsigned int datalen)
{
    return idlen == 0 || idlen > AUTHJWT_VALKEY_ID_MAX || datalen > AUTHJWT_VALKEY_DATA_MAX;
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

/* Send a batch of one command. @return APR_SUCCESS with *answer: see authjwt_valkey_number; else it has not taken
 * effect, or nobody knows */
static apr_status_t put(ap_socache_instance_t *inst, server_rec *s, const char *what, authjwt_valkey_batch_t *batch,
                        authjwt_valkey_repeat_e repeat, long long *answer)
{
    redisReply *replies[2];
    apr_status_t rv = authjwt_valkey_run(inst, s, what, batch, replies, 1, repeat);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *answer = authjwt_valkey_number(replies[0]);
    /* Where nothing was changed there is nothing to wait for. */
    rv = *answer ? authjwt_valkey_enough(inst, s, what, replies[batch->count - 1]) : APR_SUCCESS;
    authjwt_valkey_forget(replies, batch->count);
    return rv;
}

static apr_status_t change(ap_socache_instance_t *inst, server_rec *s, const char *what,
                           const authjwt_valkey_word_t *words, unsigned count, long long *answer, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };

    authjwt_valkey_add(&batch, words, count);
    return put(inst, s, what, &batch, AUTHJWT_VALKEY_REPEATABLE, answer);
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
    rv = change(inst, s, "remove", words, 2, &removed, pool);
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
                                      authjwt_valkey_life(expiry, pool) };
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
    rv = change(inst, s, "store", words, 5, &stored, pool);
    return rv == APR_SUCCESS && !stored ? APR_EGENERAL : rv;
}

/* Neither is repeated: if the first one has taken effect, the second would find its entry. */
apr_status_t authjwt_valkey_swap(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                 unsigned int idlen, const unsigned char *old, unsigned int oldlen, apr_time_t expiry,
                                 unsigned char *data, unsigned int datalen, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    authjwt_valkey_word_t was = { old, oldlen }, becomes = { data, datalen };
    long long swapped = 0;
    apr_status_t rv;

    if (is_bad(idlen, datalen)) {
        return APR_EINVAL;
    }
    authjwt_valkey_add_swap(&batch, key_of(inst, id, idlen, pool), old ? &was : NULL, becomes, expiry);
    rv = put(inst, s, "store", &batch, AUTHJWT_VALKEY_ONCE, &swapped);
    return rv == APR_SUCCESS && !swapped ? APR_EAGAIN : rv;
}

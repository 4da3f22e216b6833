/* SPDX-License-Identifier: Apache-2.0 */
/* The entries for a program beside httpd: on one connection, many of them in a round trip. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/ssl.h>

#include "authjwt_valkey_server_private.h"

/* No request waits, and a server that is busy may answer late. */
#define PATIENCE apr_time_from_sec(10)

const char *authjwt_valkey_server_said(const authjwt_valkey_server_t *server, const char *why, apr_pool_t *pool)
{
    return why ? apr_psprintf(pool, "valkey:%s: %s", server->inst.name, why) : NULL;
}

static apr_time_t deadline_of(const authjwt_valkey_options_t *options)
{
    apr_interval_time_t time = options->timeout > PATIENCE ? options->timeout : PATIENCE;

    return authjwt_valkey_now() + time + (options->replicas ? options->replicas_time : 0);
}

/* ---- open ---- */

static apr_status_t close_server(void *data)
{
    authjwt_valkey_server_t *server = data;

    authjwt_valkey_link_close(server->link);
    SSL_CTX_free(server->inst.tls);
    return APR_SUCCESS;
}

static const char *prepare(ap_socache_instance_t *inst, const char *args, const authjwt_valkey_options_t *options,
                           apr_pool_t *pool)
{
    const char *why = authjwt_valkey_parse(args, &inst->address, pool);

    if (why) {
        return why;
    }
    inst->name = authjwt_valkey_spell(&inst->address, pool);
    inst->options = *options;
    inst->options.timeout = options->timeout ? options->timeout : AUTHJWT_VALKEY_TIMEOUT;
    if (!options->tls) {
        return NULL;
    }
    return inst->address.path ? "a unix socket has no TLS" : authjwt_valkey_tls_create(options, &inst->tls, pool);
}

const char *authjwt_valkey_server_open(const char *args, const char *consumer, const authjwt_valkey_options_t *options,
                                       apr_pool_t *pool, authjwt_valkey_server_t **out)
{
    authjwt_valkey_server_t *server = apr_pcalloc(pool, sizeof(*server));
    const char *why;

    server->inst.prefix = apr_pstrcat(pool, AUTHJWT_VALKEY_PREFIX, consumer, ":", NULL);
    apr_pool_cleanup_register(pool, server, close_server, apr_pool_cleanup_null);
    why = prepare(&server->inst, args, options, pool);
    if (why) {
        return why;
    }
    *out = server;
    return authjwt_valkey_server_said(
        server, authjwt_valkey_open(&server->inst, deadline_of(&server->inst.options), &server->link, pool), pool);
}

const char *authjwt_valkey_server_talk(authjwt_valkey_server_t *server, const authjwt_valkey_batch_t *batch,
                                       redisReply **replies)
{
    return authjwt_valkey_server_said(
        server, authjwt_valkey_talk(server->link, batch, replies, deadline_of(&server->inst.options), batch->pool),
        batch->pool);
}

const char *authjwt_valkey_server_refused(const authjwt_valkey_server_t *server, const redisReply *error,
                                          apr_pool_t *pool)
{
    return authjwt_valkey_server_said(server, authjwt_valkey_explain(error, pool), pool);
}

/* ---- get ---- */

static int is_error(const redisReply *reply, const char *kind)
{
    return reply->type == REDIS_REPLY_ERROR && !strncmp(reply->str, kind, strlen(kind));
}

/* From a life in milliseconds, cut off, to a time that is never earlier. */
static apr_time_t expiry_of(const redisReply *life)
{
    if (life->type != REDIS_REPLY_INTEGER) {
        return 0;
    }
    return life->integer < 0 ? APR_INT64_MAX : apr_time_now() + (life->integer + 1) * 1000;
}

/* A key of another type, or one that has gone meanwhile, is no entry. */
static const char *read_entry(const authjwt_valkey_server_t *server, redisReply *const *replies,
                              authjwt_valkey_entry_t *entry, apr_pool_t *pool)
{
    const redisReply *value = replies[0], *life = replies[1];

    entry->data = NULL;
    if (value->type == REDIS_REPLY_ERROR && !is_error(value, "WRONGTYPE")) {
        return authjwt_valkey_server_refused(server, value, pool);
    }
    if (life->type == REDIS_REPLY_ERROR && !is_error(life, "NOPERM")) {
        return authjwt_valkey_server_refused(server, life, pool);
    }
    if (value->type == REDIS_REPLY_STRING && !(life->type == REDIS_REPLY_INTEGER && life->integer == -2)) {
        entry->data = apr_pmemdup(pool, value->str, value->len);
        entry->len = value->len;
        entry->expiry = expiry_of(life);
    }
    return NULL;
}

const char *authjwt_valkey_server_get(authjwt_valkey_server_t *server, authjwt_valkey_entry_t *entries, unsigned n,
                                      apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply **replies = apr_pcalloc(pool, (2 * n + 1) * sizeof(*replies));
    const char *why;
    unsigned i;

    for (i = 0; i < n; i++) {
        authjwt_valkey_word_t words[] = {
            AUTHJWT_VALKEY_TEXT("GET"), authjwt_valkey_key(server->inst.prefix, entries[i].id, entries[i].idlen, pool)
        };

        authjwt_valkey_add(&batch, words, 2);
        words[0] = AUTHJWT_VALKEY_TEXT("PTTL");
        authjwt_valkey_add(&batch, words, 2);
    }
    why = n ? authjwt_valkey_server_talk(server, &batch, replies) : NULL;
    for (i = 0; i < n && !why; i++) {
        why = read_entry(server, replies + 2 * (apr_size_t)i, &entries[i], pool);
    }
    authjwt_valkey_forget(replies, batch.count);
    return why;
}

/* ---- swap ---- */

static const char *read_swaps(const authjwt_valkey_server_t *server, redisReply *const *replies,
                              authjwt_valkey_swap_t *swaps, unsigned n, apr_pool_t *pool)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        if (replies[i]->type == REDIS_REPLY_ERROR) {
            return authjwt_valkey_server_refused(server, replies[i], pool);
        }
        swaps[i].status = authjwt_valkey_number(replies[i]) ? APR_SUCCESS : APR_EAGAIN;
    }
    return NULL;
}

static const char *read_wait(const authjwt_valkey_server_t *server, const redisReply *waited, apr_pool_t *pool)
{
    if (waited->type == REDIS_REPLY_ERROR) {
        return authjwt_valkey_server_refused(server, waited, pool);
    }
    if (authjwt_valkey_number(waited) >= server->inst.options.replicas) {
        return NULL;
    }
    return authjwt_valkey_server_said(server, "too few replicas had it in time; it may have taken effect all the same",
                                      pool);
}

const char *authjwt_valkey_server_swap(authjwt_valkey_server_t *server, authjwt_valkey_swap_t *swaps, unsigned n,
                                       apr_pool_t *pool)
{
    const authjwt_valkey_options_t *options = &server->inst.options;
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply **replies = apr_pcalloc(pool, (n + 1) * sizeof(*replies));
    const char *why;
    unsigned i;

    for (i = 0; i < n; i++) {
        const authjwt_valkey_entry_t *entry = &swaps[i].entry, *old = swaps[i].old;
        authjwt_valkey_word_t data = { entry->data, entry->len }, was = { old ? old->data : NULL, old ? old->len : 0 };

        authjwt_valkey_add_swap(&batch, authjwt_valkey_key(server->inst.prefix, entry->id, entry->idlen, pool),
                                old ? &was : NULL, data, entry->expiry);
    }
    if (options->replicas) {
        authjwt_valkey_say(&batch, "WAIT", apr_psprintf(pool, "%u", options->replicas),
                           apr_psprintf(pool, "%" APR_INT64_T_FMT, options->replicas_time / 1000));
    }
    why = n ? authjwt_valkey_server_talk(server, &batch, replies) : NULL;
    why = why || !n ? why : read_swaps(server, replies, swaps, n, pool);
    why = why || !n || !options->replicas ? why : read_wait(server, replies[n], pool);
    authjwt_valkey_forget(replies, batch.count);
    return why;
}

/* ---- records ---- */

static void copy_records(const authjwt_socache_record_t *found, authjwt_valkey_entry_t *records, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        records[i] =
            (authjwt_valkey_entry_t){ found[i].id, AUTHJWT_SOCACHE_NAME, found[i].data, found[i].len, found[i].expiry };
    }
}

const char *authjwt_valkey_server_records(authjwt_valkey_server_t *server, const unsigned char *owner,
                                          authjwt_valkey_entry_t **records, unsigned *n, apr_pool_t *pool)
{
    authjwt_valkey_word_t words[] = { AUTHJWT_VALKEY_TEXT("HGETALL"),
                                      authjwt_valkey_records_key(server->inst.prefix, owner, pool) };
    authjwt_valkey_batch_t batch = { .pool = pool };
    authjwt_socache_record_t *found = NULL;
    redisReply *reply = NULL;
    const char *why;

    authjwt_valkey_add(&batch, words, 2);
    why = authjwt_valkey_server_talk(server, &batch, &reply);
    if (!why && reply->type == REDIS_REPLY_ERROR) {
        why = authjwt_valkey_server_refused(server, reply, pool);
    }
    if (!why && authjwt_valkey_read_records(reply, &found, n, pool) != APR_SUCCESS) {
        why = authjwt_valkey_server_said(server, "the answer to HGETALL is not one of Valkey or Redis", pool);
    }
    if (!why) {
        *records = apr_palloc(pool, (*n + 1) * sizeof(**records));
        copy_records(found, *records, *n);
    }
    authjwt_valkey_forget(&reply, 1);
    return why;
}

/* ---- memory ---- */

static apr_uint64_t number_of(const redisReply *answer, const char *name, apr_pool_t *pool)
{
    const char *value = authjwt_valkey_info(answer, name, pool);

    return value ? strtoull(value, NULL, 10) : 0;
}

const char *authjwt_valkey_server_memory(authjwt_valkey_server_t *server, authjwt_valkey_memory_t *memory,
                                         apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *reply = NULL;
    const char *why;

    authjwt_valkey_say(&batch, "INFO", "memory");
    why = authjwt_valkey_server_talk(server, &batch, &reply);
    if (!why) {
        memory->used = number_of(reply, "used_memory", pool);
        memory->limit = number_of(reply, "maxmemory", pool);
    }
    authjwt_valkey_forget(&reply, 1);
    return why;
}

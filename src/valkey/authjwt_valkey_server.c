/* SPDX-License-Identifier: Apache-2.0 */
/* The entries for a program beside httpd: on one connection, many of them in a round trip. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/ssl.h>

#include "authjwt_valkey_private.h"

/* No request waits, and a server that is busy may answer late. */
#define PATIENCE apr_time_from_sec(10)

/* Keys that SCAN is asked for at once: it may give some more, and a connection takes at most 1024. */
#define SCAN_COUNT "256"

/* Room for a cursor, a number of 64 bits. */
#define CURSOR_MAX 24

struct authjwt_valkey_server_t {
    ap_socache_instance_t inst;
    authjwt_valkey_link_t *link;
};

static const char *spelled(const authjwt_valkey_server_t *server, const char *why, apr_pool_t *pool)
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
    return spelled(server, authjwt_valkey_open(&server->inst, deadline_of(&server->inst.options), &server->link, pool),
                   pool);
}

static const char *talk(authjwt_valkey_server_t *server, const authjwt_valkey_batch_t *batch, redisReply **replies)
{
    return spelled(server,
                   authjwt_valkey_talk(server->link, batch, replies, deadline_of(&server->inst.options), batch->pool),
                   batch->pool);
}

static const char *refused(const authjwt_valkey_server_t *server, const redisReply *error, apr_pool_t *pool)
{
    return spelled(server, authjwt_valkey_explain(error, pool), pool);
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
        return refused(server, value, pool);
    }
    if (life->type == REDIS_REPLY_ERROR && !is_error(life, "NOPERM")) {
        return refused(server, life, pool);
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
    why = n ? talk(server, &batch, replies) : NULL;
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
            return refused(server, replies[i], pool);
        }
        swaps[i].status = authjwt_valkey_number(replies[i]) ? APR_SUCCESS : APR_EAGAIN;
    }
    return NULL;
}

static const char *read_wait(const authjwt_valkey_server_t *server, const redisReply *waited, apr_pool_t *pool)
{
    if (waited->type == REDIS_REPLY_ERROR) {
        return refused(server, waited, pool);
    }
    return authjwt_valkey_number(waited) >= server->inst.options.replicas
             ? NULL
             : spelled(server, "too few replicas had it in time; it may have taken effect all the same", pool);
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
    why = n ? talk(server, &batch, replies) : NULL;
    why = why || !n ? why : read_swaps(server, replies, swaps, n, pool);
    why = why || !n || !options->replicas ? why : read_wait(server, replies[n], pool);
    authjwt_valkey_forget(replies, batch.count);
    return why;
}

/* ---- each ---- */

/* A cursor and keys. Whoever else writes to the server may have keys of any kind. */
static const char *read_keys(const authjwt_valkey_server_t *server, const redisReply *answer,
                             apr_array_header_t *entries, char *cursor, apr_pool_t *pool)
{
    apr_size_t prefix = strlen(server->inst.prefix), i;
    const redisReply *keys;

    if (answer->type == REDIS_REPLY_ERROR) {
        return refused(server, answer, pool);
    }
    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 || answer->element[0]->type != REDIS_REPLY_STRING
        || answer->element[1]->type != REDIS_REPLY_ARRAY) {
        return spelled(server, "the answer to SCAN is not one of Valkey or Redis", pool);
    }
    apr_cpystrn(cursor, answer->element[0]->str, CURSOR_MAX);
    keys = answer->element[1];
    for (i = 0; i < keys->elements; i++) {
        const redisReply *key = keys->element[i];

        if (key->type == REDIS_REPLY_STRING && key->len > prefix && !memcmp(key->str, server->inst.prefix, prefix)) {
            authjwt_valkey_entry_t *entry = apr_array_push(entries);

            entry->idlen = key->len - prefix;
            entry->id = apr_pmemdup(pool, key->str + prefix, entry->idlen);
        }
    }
    return NULL;
}

static const char *scan(authjwt_valkey_server_t *server, apr_array_header_t *entries, char *cursor, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *reply = NULL;
    const char *why;

    authjwt_valkey_say(&batch, "SCAN", cursor, "MATCH", apr_pstrcat(pool, server->inst.prefix, "*", NULL), "COUNT",
                       SCAN_COUNT);
    why = talk(server, &batch, &reply);
    why = why ? why : read_keys(server, reply, entries, cursor, pool);
    authjwt_valkey_forget(&reply, 1);
    return why;
}

static const char *visit_some(authjwt_valkey_server_t *server, authjwt_valkey_visit_fn *visit, void *ctx, char *cursor,
                              apr_pool_t *pool)
{
    apr_array_header_t *entries = apr_array_make(pool, 256, sizeof(authjwt_valkey_entry_t));
    const char *error = scan(server, entries, cursor, pool);
    int i;

    error = error ? error
                  : authjwt_valkey_server_get(server, (authjwt_valkey_entry_t *)(void *)entries->elts,
                                              (unsigned)entries->nelts, pool);
    for (i = 0; i < entries->nelts && !error; i++) {
        const authjwt_valkey_entry_t *entry = &APR_ARRAY_IDX(entries, i, authjwt_valkey_entry_t);

        error = entry->data ? visit(ctx, entry) : NULL;
    }
    return error;
}

const char *authjwt_valkey_server_each(authjwt_valkey_server_t *server, authjwt_valkey_visit_fn *visit, void *ctx,
                                       apr_pool_t *pool)
{
    char cursor[CURSOR_MAX] = "0";
    const char *error;

    do {
        apr_pool_t *some;

        apr_pool_create(&some, pool);
        error = visit_some(server, visit, ctx, cursor, some);
        error = error ? apr_pstrdup(pool, error) : NULL;
        apr_pool_destroy(some);
    } while (!error && strcmp(cursor, "0") != 0);
    return error;
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
    why = talk(server, &batch, &reply);
    if (!why) {
        memory->used = number_of(reply, "used_memory", pool);
        memory->limit = number_of(reply, "maxmemory", pool);
    }
    authjwt_valkey_forget(&reply, 1);
    return why;
}

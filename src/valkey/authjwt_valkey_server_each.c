/* SPDX-License-Identifier: Apache-2.0 */
/* All entries of a server, for a program beside httpd. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_server_private.h"

/* Keys that SCAN is asked for at once: it may give some more, and a connection takes at most 1024. */
#define SCAN_COUNT "256"

/* Room for a cursor, a number of 64 bits. */
#define CURSOR_MAX 24

/* A cursor and keys. Whoever else writes to the server may have keys of any kind. */
static const char *read_keys(const authjwt_valkey_server_t *server, const redisReply *answer,
                             apr_array_header_t *entries, char *cursor, apr_pool_t *pool)
{
    apr_size_t prefix = strlen(server->inst.prefix), i;
    const redisReply *keys;

    if (answer->type == REDIS_REPLY_ERROR) {
        return authjwt_valkey_server_refused(server, answer, pool);
    }
    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 || answer->element[0]->type != REDIS_REPLY_STRING
        || answer->element[1]->type != REDIS_REPLY_ARRAY) {
        return authjwt_valkey_server_said(server, "the answer to SCAN is not one of Valkey or Redis", pool);
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
    why = authjwt_valkey_server_talk(server, &batch, &reply);
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

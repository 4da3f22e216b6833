/* SPDX-License-Identifier: Apache-2.0 */
/* The first words on a connection: AUTH, HELLO, SELECT. HELLO needs no permission, and tells the mode and the role. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

#define HELLO_REPLIES 3

void authjwt_valkey_add_auth(authjwt_valkey_batch_t *batch, const authjwt_valkey_options_t *options)
{
    authjwt_valkey_word_t words[3] = { AUTHJWT_VALKEY_TEXT("AUTH") };
    unsigned count = 1;

    if (!options->password) {
        return;
    }
    if (options->user) {
        words[count++] = AUTHJWT_VALKEY_TEXT(options->user);
    }
    words[count++] = (authjwt_valkey_word_t){ options->password, options->password_len };
    authjwt_valkey_add(batch, words, count);
}

static int is_text(const redisReply *reply, const char *text)
{
    return (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) && reply->len == strlen(text)
        && !memcmp(reply->str, text, reply->len);
}

const redisReply *authjwt_valkey_value_of(const redisReply *map, const char *name)
{
    size_t i;

    for (i = 0; map->type == REDIS_REPLY_ARRAY && i + 1 < map->elements; i += 2) {
        if (is_text(map->element[i], name)) {
            return map->element[i + 1];
        }
    }
    return NULL;
}

static const char *check_hello(const redisReply *hello)
{
    const redisReply *mode = authjwt_valkey_value_of(hello, "mode");
    const redisReply *role = authjwt_valkey_value_of(hello, "role");

    if (mode && is_text(mode, "sentinel")) {
        return "this is a Sentinel; write sentinel:MASTER@HOST[:PORT],HOST...";
    }
    if (!mode || !role) {
        return "the answer to HELLO is not one of Valkey or Redis";
    }
    if (is_text(mode, "cluster")) {
        return "the server is in cluster mode, which is not supported; use one primary, with replicas and Sentinel";
    }
    if (!is_text(role, "master")) {
        return "the server is a replica; name the primary, or ask Sentinel with sentinel:MASTER@HOST";
    }
    return NULL;
}

/* Servers before Redis 6 do not know HELLO. What they say to ROLE begins with it. */
static const char *ask_role(authjwt_valkey_link_t *link, apr_time_t deadline, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *role;
    const char *why;

    authjwt_valkey_say(&batch, "ROLE");
    why = authjwt_valkey_talk(link, &batch, &role, deadline, pool);
    if (why) {
        return why;
    }
    if (role->type == REDIS_REPLY_ERROR) {
        why = authjwt_valkey_explain(role, pool);
    }
    else if (role->type != REDIS_REPLY_ARRAY || !role->elements || !is_text(role->element[0], "master")) {
        why = "the server is no primary";
    }
    authjwt_valkey_forget(&role, 1);
    return why;
}

/* Replies are in the order of the questions: AUTH or none, HELLO, SELECT or none. */
static const char *judge(redisReply *const *replies, unsigned count, const authjwt_valkey_options_t *options,
                         int *asks_role, apr_pool_t *pool)
{
    int has_auth = options->password != NULL;
    const redisReply *hello = replies[has_auth ? 1 : 0];
    unsigned i;

    *asks_role = 0;
    for (i = 0; i < count; i++) {
        if (replies[i]->type != REDIS_REPLY_ERROR) {
            continue;
        }
        if (replies[i] == hello && !strncmp(hello->str, "ERR unknown command", 19)) {
            *asks_role = 1;
            continue;
        }
        return has_auth && !i ? authjwt_valkey_explain_auth(replies[i], options, pool)
                              : authjwt_valkey_explain(replies[i], pool);
    }
    return *asks_role ? NULL : check_hello(hello);
}

const char *authjwt_valkey_hello(authjwt_valkey_link_t *link, const ap_socache_instance_t *inst, apr_time_t deadline,
                                 apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    redisReply *replies[HELLO_REPLIES];
    const char *why;
    int asks_role;

    authjwt_valkey_add_auth(&batch, &inst->options);
    authjwt_valkey_say(&batch, "HELLO");
    if (inst->address.db) {
        authjwt_valkey_say(&batch, "SELECT", apr_psprintf(pool, "%u", inst->address.db));
    }
    why = authjwt_valkey_talk(link, &batch, replies, deadline, pool);
    if (why) {
        return why;
    }
    why = judge(replies, batch.count, &inst->options, &asks_role, pool);
    authjwt_valkey_forget(replies, batch.count);
    return !why && asks_role ? ask_role(link, deadline, pool) : why;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where the primary is, as the Sentinels know it. One that is cut off together with an old primary goes on naming it,
 * so more than half of those that are configured must name the same one. Each that has not answered yet gets its share
 * of the time. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_valkey_private.h"

static int is_string(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING && reply->len > 0 && reply->len <= 255 && strlen(reply->str) == reply->len;
}

/** A question to a Sentinel about the primary, and what takes the answer. */
typedef struct {
    const char *what;
    const char *(*read)(const redisReply *answer, const char *master, void *out, apr_pool_t *pool);
} question_t;

/* [host, port], or nil for a name that it does not know. */
static const char *read_address(const redisReply *answer, const char *master, void *host, apr_pool_t *pool)
{
    authjwt_valkey_host_t *out = host;

    if (answer->type == REDIS_REPLY_ERROR) {
        return authjwt_valkey_explain(answer, pool);
    }
    if (answer->type == REDIS_REPLY_NIL) {
        return apr_psprintf(pool, "it knows no primary \"%s\"", master);
    }
    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 || !is_string(answer->element[0])
        || !is_string(answer->element[1])) {
        return "its answer is not one of a Sentinel";
    }
    out->name = apr_pstrdup(pool, answer->element[0]->str);
    out->port = (unsigned)atoi(answer->element[1]->str);
    return out->port > 0 && out->port <= 65535 ? NULL : "its answer names no port";
}

/* [name, value, ...]; one of them is how many others it knows. */
static const char *read_count(const redisReply *answer, const char *master, void *count, apr_pool_t *pool)
{
    const redisReply *others = authjwt_valkey_value_of(answer, "num-other-sentinels");

    (void)master;
    (void)pool;
    if (!others || !is_string(others)) {
        return "it does not say how many there are";
    }
    *(unsigned *)count = (unsigned)atoi(others->str) + 1;
    return NULL;
}

static const question_t where_is_it = { "GET-MASTER-ADDR-BY-NAME", read_address };
static const question_t how_many_watch = { "MASTER", read_count };

/* A Sentinel may have no users, or others; then it refuses AUTH and may answer all the same. */
static const char *ask(const ap_socache_instance_t *inst, authjwt_valkey_link_t *link, const question_t *question,
                       apr_time_t deadline, void *out, apr_pool_t *pool)
{
    authjwt_valkey_batch_t batch = { .pool = pool };
    const char *master = inst->address.master, *why;
    redisReply *replies[2];

    authjwt_valkey_add_auth(&batch, &inst->options);
    authjwt_valkey_say(&batch, "SENTINEL", question->what, master);
    why = authjwt_valkey_talk(link, &batch, replies, deadline, pool);
    if (!why) {
        why = question->read(replies[batch.count - 1], master, out, pool);
        if (why && batch.count > 1 && replies[0]->type == REDIS_REPLY_ERROR && replies[1]->type == REDIS_REPLY_ERROR) {
            why = authjwt_valkey_explain_auth(replies[0], &inst->options, pool);
        }
        authjwt_valkey_forget(replies, batch.count);
    }
    return why;
}

static const char *ask_host(const ap_socache_instance_t *inst, const authjwt_valkey_host_t *host,
                            const question_t *question, apr_time_t deadline, void *out, apr_pool_t *pool)
{
    authjwt_valkey_link_t *link = NULL;
    const char *why = authjwt_valkey_connect(inst, host, deadline, &link, pool);

    if (!why) {
        why = ask(inst, link, question, deadline, out, pool);
        authjwt_valkey_link_close(link);
    }
    return why ? apr_psprintf(pool, "Sentinel %s:%u: %s", host->name, host->port, why) : NULL;
}

/* ---- the vote ---- */

/** What the Sentinels have said so far. */
typedef struct {
    authjwt_valkey_host_t named[AUTHJWT_VALKEY_SENTINELS_MAX];
    unsigned votes[AUTHJWT_VALKEY_SENTINELS_MAX];
    unsigned count;  /* of named */
    unsigned most;   /* votes for one */
    const char *why; /* why the last that gave none did not; NULL while all have */
} vote_t;

unsigned authjwt_valkey_majority(unsigned sentinels)
{
    return sentinels / 2 + 1;
}

/* @return non-zero when this primary has the majority */
static int count_vote(vote_t *vote, const authjwt_valkey_host_t *named, unsigned sentinels)
{
    unsigned i = 0;

    while (i < vote->count && (vote->named[i].port != named->port || strcasecmp(vote->named[i].name, named->name))) {
        i++;
    }
    vote->named[i] = *named;
    vote->count += i == vote->count;
    vote->votes[i]++;
    vote->most = vote->votes[i] > vote->most ? vote->votes[i] : vote->most;
    return vote->votes[i] >= authjwt_valkey_majority(sentinels);
}

static const char *no_majority(const vote_t *vote, unsigned sentinels, apr_pool_t *pool)
{
    if (sentinels == 1) {
        return vote->why;
    }
    return apr_psprintf(pool, "%s; %u of %u Sentinels must name the same primary",
                        vote->why ? vote->why : "the Sentinels name different primaries",
                        authjwt_valkey_majority(sentinels), sentinels);
}

const char *authjwt_valkey_find_primary(const ap_socache_instance_t *inst, apr_time_t deadline,
                                        authjwt_valkey_host_t *out, apr_pool_t *pool)
{
    /* Whom to ask first: not one that has just failed. */
    static unsigned first;
    unsigned count = inst->address.count, begin = __atomic_load_n(&first, __ATOMIC_RELAXED) % count, i;
    vote_t vote = { .count = 0 };

    for (i = 0; i < count && vote.most + count - i >= authjwt_valkey_majority(count); i++) {
        unsigned at = (begin + i) % count;
        apr_time_t now = authjwt_valkey_now();
        const char *why =
            ask_host(inst, &inst->address.hosts[at], &where_is_it, now + (deadline - now) / (count - i), out, pool);

        if (why) {
            vote.why = why;
            __atomic_store_n(&first, at + 1, __ATOMIC_RELAXED);
        }
        else if (count_vote(&vote, out, count)) {
            return NULL;
        }
    }
    return no_majority(&vote, count, pool);
}

unsigned authjwt_valkey_count_sentinels(const ap_socache_instance_t *inst, apr_time_t deadline, apr_pool_t *pool)
{
    unsigned count = inst->address.count, found = 0, i;

    for (i = 0; i < count && !found; i++) {
        apr_time_t now = authjwt_valkey_now();

        (void)!ask_host(inst, &inst->address.hosts[i], &how_many_watch, now + (deadline - now) / (count - i), &found,
                        pool);
    }
    return found;
}

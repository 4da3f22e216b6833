/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of commands on one of this process's connections, in the time it may take. Logs what went wrong. */
#include <unistd.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

APLOG_USE_MODULE(authjwt);

/* The process that may make connections. */
static pid_t serving;
/* Instances of the configuration in effect that were initialised. */
static ap_socache_instance_t *announced;
/* When something was logged last. */
static apr_time_t complained, misused, recovered;

int authjwt_valkey_due(apr_time_t *last)
{
    apr_time_t now = authjwt_valkey_now(), was = __atomic_load_n(last, __ATOMIC_RELAXED);

    return now - was >= APR_USEC_PER_SEC
        && __atomic_compare_exchange_n(last, &was, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static apr_status_t complain(const ap_socache_instance_t *inst, server_rec *s, const char *what, const char *why)
{
    if (authjwt_valkey_due(&complained)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "AJ2110: valkey:%s: cannot %s: %s", inst->name, what, why);
    }
    return APR_EGENERAL;
}

/* ---- this process ---- */

static apr_status_t forget(void *data)
{
    (void)data;
    announced = NULL;
    return APR_SUCCESS;
}

void authjwt_valkey_announce(ap_socache_instance_t *inst, apr_pool_t *pool)
{
    if (!announced) {
        apr_pool_cleanup_register(pool, NULL, forget, apr_pool_cleanup_null);
    }
    inst->next = announced;
    announced = inst;
}

void authjwt_valkey_child_init(apr_pool_t *pchild, server_rec *s)
{
    ap_socache_instance_t *inst;

    (void)pchild;
    (void)s;
    serving = getpid();
    for (inst = announced; inst; inst = inst->next) {
        inst->links = authjwt_valkey_links_create();
    }
}

static int may_serve(const ap_socache_instance_t *inst, server_rec *s, const char *what)
{
    if (inst->links && serving == getpid()) {
        return 1;
    }
    if (authjwt_valkey_due(&misused)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     "AJ2111: valkey:%s: cannot %s: only a child process of httpd may, and after the start", inst->name,
                     what);
    }
    return 0;
}

/* ---- one batch ---- */

/** A batch on its way. */
typedef struct {
    const ap_socache_instance_t *inst;
    const authjwt_valkey_batch_t *batch;
    redisReply **replies;
    int waits;      /* for replicas */
    apr_time_t end; /* of all of it */
    authjwt_valkey_link_t *link;
    int is_kept;
} errand_t;

static apr_interval_time_t replicas_time(const errand_t *errand)
{
    return errand->waits ? errand->inst->options.replicas_time : 0;
}

/* The server may close a connection that was idle; then it has not seen the question. */
static int was_closed_before(const errand_t *errand)
{
    return errand->is_kept && errand->link->is_closed && !errand->link->received;
}

/* Ask on the connection that was taken. One that failed is gone; the server is blamed only if it had its full time. */
static const char *ask(errand_t *errand, int *again)
{
    apr_interval_time_t full = errand->inst->options.timeout + replicas_time(errand);
    apr_time_t now = authjwt_valkey_now(), deadline = now + full < errand->end ? now + full : errand->end;
    const char *why = authjwt_valkey_talk(errand->link, errand->batch, errand->replies, deadline, errand->batch->pool);

    if (why) {
        *again = was_closed_before(errand);
        authjwt_valkey_drop(errand->inst->links, errand->link, errand->waits,
                            *again || deadline < now + full ? NULL : why);
    }
    return why;
}

/* @return NULL with a connection and all answers; else why not, and the connection is gone. *again is set if another
 * connection may do better */
static const char *try_once(errand_t *errand, int *again)
{
    const ap_socache_instance_t *inst = errand->inst;
    apr_time_t deadline = authjwt_valkey_now() + (inst->address.master ? 2 : 1) * inst->options.timeout;
    const char *why = authjwt_valkey_take(inst, errand->waits, deadline < errand->end ? deadline : errand->end,
                                          &errand->link, &errand->is_kept, errand->batch->pool);

    *again = 0;
    return why ? why : ask(errand, again);
}

static const redisReply *first_error(const errand_t *errand)
{
    unsigned i;

    for (i = 0; i < errand->batch->count; i++) {
        const redisReply *reply = errand->replies[i];

        if (reply->type == REDIS_REPLY_ERROR
            && !(errand->batch->may_be_refused && authjwt_valkey_fate(reply) == AUTHJWT_VALKEY_KEEP)) {
            return reply;
        }
    }
    return NULL;
}

/* Give the connection back as the answers deserve. @return NULL, or what one of them complains of */
static const char *finish(const errand_t *errand)
{
    const redisReply *error = first_error(errand);
    authjwt_valkey_fate_e fate = error ? authjwt_valkey_fate(error) : AUTHJWT_VALKEY_KEEP;
    const char *why = error ? authjwt_valkey_explain(error, errand->batch->pool) : NULL;

    if (fate == AUTHJWT_VALKEY_KEEP) {
        authjwt_valkey_give(errand->inst->links, errand->link, errand->waits);
    }
    else {
        authjwt_valkey_drop(errand->inst->links, errand->link, errand->waits, fate == AUTHJWT_VALKEY_DOWN ? why : NULL);
    }
    return why;
}

static void say_recovered(const ap_socache_instance_t *inst, server_rec *s)
{
    if (authjwt_valkey_due(&recovered)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, "AJ2112: valkey:%s: answers again", inst->name);
    }
}

/* What is left of the time that the errand may take. */
static apr_interval_time_t time_left(const errand_t *errand)
{
    const apr_interval_time_t *waited = authjwt_valkey_waited(errand->batch->pool);

    return (errand->inst->address.master ? 3 : 2) * errand->inst->options.timeout + replicas_time(errand)
         - (waited ? *waited : 0);
}

/* Do the errand, and once more on another connection if the first one had been closed. */
static const char *do_errand(errand_t *errand, authjwt_valkey_repeat_e repeat)
{
    apr_interval_time_t *waited = authjwt_valkey_waited(errand->batch->pool), left = time_left(errand);
    apr_time_t begin = authjwt_valkey_now();
    const char *why;
    int again;

    if (left <= 0) {
        return "this request has waited for the store as long as it may (AuthJWTStoreTimeout)";
    }
    errand->end = begin + left;
    why = try_once(errand, &again);
    if (why && again && repeat == AUTHJWT_VALKEY_REPEATABLE) {
        why = try_once(errand, &again);
    }
    if (waited) {
        *waited += authjwt_valkey_now() - begin;
    }
    return why;
}

apr_status_t authjwt_valkey_run(ap_socache_instance_t *inst, server_rec *s, const char *what,
                                authjwt_valkey_batch_t *batch, redisReply **replies, int writes,
                                authjwt_valkey_repeat_e repeat)
{
    errand_t errand = { .inst = inst, .batch = batch, .replies = replies };
    const char *why;
    int was_probe;

    if (!may_serve(inst, s, what)) {
        return APR_EGENERAL;
    }
    errand.waits = writes && inst->options.replicas;
    if (errand.waits) {
        authjwt_valkey_say(batch, "WAIT", apr_psprintf(batch->pool, "%u", inst->options.replicas),
                           apr_psprintf(batch->pool, "%" APR_INT64_T_FMT, inst->options.replicas_time / 1000));
    }
    why = do_errand(&errand, repeat);
    if (why) {
        return complain(inst, s, what, why);
    }
    was_probe = errand.link->is_probe;
    why = finish(&errand);
    if (why) {
        authjwt_valkey_forget(replies, batch->count);
        return complain(inst, s, what, why);
    }
    if (was_probe) {
        say_recovered(inst, s);
    }
    return APR_SUCCESS;
}

apr_status_t authjwt_valkey_enough(const ap_socache_instance_t *inst, server_rec *s, const char *what,
                                   const redisReply *waited)
{
    if (!inst->options.replicas || (waited->type == REDIS_REPLY_INTEGER && waited->integer >= inst->options.replicas)) {
        return APR_SUCCESS;
    }
    return complain(
        inst, s, what,
        waited->type == REDIS_REPLY_INTEGER && waited->integer > 0
            ? "too few replicas had it in time (AuthJWTStoreReplicas); it may have taken effect all the same"
            : "no replica had it in time (AuthJWTStoreReplicas); it may have taken effect all the same");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of this process to one store: kept while the server answers, bounded, made again after pauses. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

/* Pauses between attempts. With the longest one, a server that comes back is used again within five seconds. */
#define SHORTEST_PAUSE apr_time_from_msec(100)
#define LONGEST_PAUSE  apr_time_from_sec(2)

struct authjwt_valkey_links_t {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    authjwt_valkey_link_t *idle;
    unsigned open;                /* idle, in use, and being made */
    unsigned idle_count;          /* of them, idle */
    unsigned waiting;             /* of them, for replicas */
    unsigned queued;              /* threads that wait for nothing but a connection */
    unsigned failures;            /* in a row; 0 while the server answers */
    unsigned generation;          /* grows with each failure, so that what was open before is not kept */
    int probing;                  /* one attempt after a failure is under way */
    apr_time_t next;              /* no attempt before */
    char why[256];                /* the last failure */
    authjwt_valkey_named_t named; /* with Sentinel */
};

authjwt_valkey_links_t *authjwt_valkey_links_create(void)
{
    authjwt_valkey_links_t *links = calloc(1, sizeof(*links));
    pthread_condattr_t monotonic;

    if (links) {
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&links->freed, &monotonic);
        pthread_condattr_destroy(&monotonic);
        pthread_mutex_init(&links->lock, NULL);
        authjwt_valkey_named_begin(&links->named);
    }
    return links;
}

/* ---- with the lock held ---- */

static apr_interval_time_t pause_after(unsigned failures)
{
    apr_interval_time_t pause = SHORTEST_PAUSE;

    while (--failures > 0 && pause < LONGEST_PAUSE) {
        pause *= 2;
    }
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

/* @return the idle ones, for close_all without the lock */
static authjwt_valkey_link_t *begin_pause(authjwt_valkey_links_t *links, const char *why)
{
    authjwt_valkey_link_t *idle = links->idle;

    links->failures++;
    links->generation++;
    links->next = authjwt_valkey_now() + pause_after(links->failures);
    links->open -= links->idle_count;
    links->idle_count = 0;
    links->idle = NULL;
    apr_cpystrn(links->why, why, sizeof(links->why));
    return idle;
}

static authjwt_valkey_link_t *pop(authjwt_valkey_links_t *links)
{
    authjwt_valkey_link_t *link = links->idle;

    if (link) {
        links->idle = link->next;
        links->idle_count--;
    }
    return link;
}

/** Whose turn it is. */
typedef enum { WAIT = 0, KEPT, MAKE, PAUSED } turn_e;

/* Who comes now stands behind those who wait, or a thread that asks in a loop would always be first. */
static turn_e look(authjwt_valkey_links_t *links, int waits, int is_new, authjwt_valkey_link_t **out)
{
    if (links->failures && (links->probing || authjwt_valkey_now() < links->next)) {
        return PAUSED;
    }
    if ((waits && links->waiting >= AUTHJWT_VALKEY_WAITING_MAX) || (is_new && links->queued)) {
        return WAIT;
    }
    if ((*out = pop(links)) != NULL) {
        return KEPT;
    }
    return links->open < AUTHJWT_VALKEY_LINKS_MAX ? MAKE : WAIT;
}

static int wait_until(authjwt_valkey_links_t *links, apr_time_t deadline)
{
    struct timespec until = { .tv_sec = (time_t)apr_time_sec(deadline),
                              .tv_nsec = (long)apr_time_usec(deadline) * 1000 };

    return pthread_cond_timedwait(&links->freed, &links->lock, &until);
}

/** A turn, and what was true when it came. */
typedef struct {
    turn_e turn;
    unsigned generation;
    int is_probe;
    char why[256]; /* for PAUSED */
} taken_t;

static turn_e wait_for_turn(authjwt_valkey_links_t *links, int waits, apr_time_t deadline, authjwt_valkey_link_t **out)
{
    turn_e turn = look(links, waits, 1, out);
    int in_time = 1;

    links->queued += !waits;
    while (turn == WAIT && in_time) {
        in_time = !wait_until(links, deadline);
        turn = look(links, waits, 0, out);
    }
    links->queued -= !waits;
    return turn;
}

/* Wait for a turn, and note what it takes. */
static void take_turn(authjwt_valkey_links_t *links, int waits, apr_time_t deadline, authjwt_valkey_link_t **out,
                      taken_t *taken)
{
    pthread_mutex_lock(&links->lock);
    taken->turn = wait_for_turn(links, waits, deadline, out);
    taken->generation = links->generation;
    taken->is_probe = taken->turn == MAKE && links->failures > 0;
    apr_cpystrn(taken->why, links->why, sizeof(taken->why));
    links->open += taken->turn == MAKE;
    links->probing |= taken->is_probe;
    links->waiting += waits && (taken->turn == MAKE || taken->turn == KEPT);
    pthread_mutex_unlock(&links->lock);
}

/* ---- without it ---- */

static void close_all(authjwt_valkey_link_t *link)
{
    while (link) {
        authjwt_valkey_link_t *next = link->next;

        authjwt_valkey_link_close(link);
        link = next;
    }
}

/* One less is open. What failed before others began the pause says nothing new. */
static void leave(authjwt_valkey_links_t *links, int waits, unsigned generation, int is_probe, const char *why)
{
    authjwt_valkey_link_t *idle = NULL;

    pthread_mutex_lock(&links->lock);
    links->open--;
    links->waiting -= waits != 0;
    if (is_probe) {
        links->probing = 0;
    }
    if (why && generation == links->generation) {
        idle = begin_pause(links, why);
    }
    pthread_cond_broadcast(&links->freed);
    pthread_mutex_unlock(&links->lock);
    close_all(idle);
}

/* Who came late, after other questions of its request or after others' connections, and ran out of time has learnt
 * nothing of the server: begin no pause for everybody. @param begin  of the attempt, which has failed just now */
static int had_too_little_time(const ap_socache_instance_t *inst, apr_time_t begin, apr_time_t deadline)
{
    apr_interval_time_t timeout = inst->options.timeout, full = inst->address.master ? 2 * timeout : timeout;

    /* Finding the primary has to leave the last timeout for the connection. */
    return deadline - begin < full - full / 8 && authjwt_valkey_now() >= deadline - (full - timeout);
}

static const char *make(const ap_socache_instance_t *inst, int waits, apr_time_t deadline, const taken_t *taken,
                        authjwt_valkey_link_t **out, apr_pool_t *pool)
{
    apr_time_t begin = authjwt_valkey_now();
    const char *why = authjwt_valkey_open(inst, deadline, out, pool);

    if (why) {
        leave(inst->links, waits, taken->generation, taken->is_probe,
              had_too_little_time(inst, begin, deadline) ? NULL : why);
        return why;
    }
    (*out)->generation = taken->generation;
    (*out)->is_probe = taken->is_probe;
    if (inst->address.master) {
        authjwt_valkey_note_named(&inst->links->named, (*out)->primary, begin);
    }
    return NULL;
}

/* A kept connection: the server may have closed it meanwhile, or be the primary no more. */
static int may_be_used(const ap_socache_instance_t *inst, authjwt_valkey_link_t *link, apr_time_t deadline,
                       apr_pool_t *pool)
{
    return authjwt_valkey_link_is_quiet(link)
        && (!inst->address.master
            || authjwt_valkey_is_named(inst, &inst->links->named, link->primary, deadline - inst->options.timeout,
                                       pool));
}

const char *authjwt_valkey_take(const ap_socache_instance_t *inst, int waits, apr_time_t deadline,
                                authjwt_valkey_link_t **out, int *is_kept, apr_pool_t *pool)
{
    taken_t taken;

    do {
        take_turn(inst->links, waits, deadline, out, &taken);
        *is_kept = taken.turn == KEPT;
        if (*is_kept && may_be_used(inst, *out, deadline, pool)) {
            return NULL;
        }
        if (*is_kept) {
            authjwt_valkey_drop(inst->links, *out, waits, NULL);
        }
    } while (*is_kept);
    if (taken.turn == MAKE) {
        return make(inst, waits, deadline, &taken, out, pool);
    }
    return taken.turn == PAUSED ? apr_psprintf(pool, "%s; it is tried again after a pause", taken.why)
                                : "all connections of this process are in use; see AuthJWTStoreTimeout";
}

void authjwt_valkey_give(authjwt_valkey_links_t *links, authjwt_valkey_link_t *link, int waits)
{
    pthread_mutex_lock(&links->lock);
    links->waiting -= waits != 0;
    if (link->is_probe) {
        links->probing = 0;
    }
    if (link->generation == links->generation) {
        if (link->is_probe) {
            links->failures = 0;
            link->is_probe = 0;
        }
        link->next = links->idle;
        links->idle = link;
        links->idle_count++;
        link = NULL;
    }
    else {
        links->open--;
    }
    pthread_cond_broadcast(&links->freed);
    pthread_mutex_unlock(&links->lock);
    authjwt_valkey_link_close(link);
}

void authjwt_valkey_drop(authjwt_valkey_links_t *links, authjwt_valkey_link_t *link, int waits, const char *why)
{
    leave(links, waits, link->generation, link->is_probe, why);
    authjwt_valkey_link_close(link);
}

authjwt_valkey_figures_t authjwt_valkey_figures(authjwt_valkey_links_t *links)
{
    authjwt_valkey_figures_t usage;

    pthread_mutex_lock(&links->lock);
    usage = (authjwt_valkey_figures_t){ links->open, links->idle_count, links->failures };
    pthread_mutex_unlock(&links->lock);
    return usage;
}

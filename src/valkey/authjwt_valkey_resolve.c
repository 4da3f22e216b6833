/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts. getaddrinfo knows no deadline, so a name is looked up by the C library's own thread
 * (getaddrinfo_a(3)); what has not answered in time is left to it, and freed when it has. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

/** A look-up, with all that it points to: it may outlive the caller. */
typedef struct lookup_t lookup_t;
struct lookup_t {
    struct gaicb request;
    struct addrinfo hints;
    char name[256], port[8];
    lookup_t *next;
};

/* Those that did not answer in time. */
static lookup_t *late;
static pthread_mutex_t late_lock = PTHREAD_MUTEX_INITIALIZER;

static void free_lookup(lookup_t *lookup)
{
    if (lookup->request.ar_result) {
        freeaddrinfo(lookup->request.ar_result);
    }
    free(lookup);
}

/* Free those that have answered since. */
static void free_late_ones(void)
{
    lookup_t **at = &late, *done;

    pthread_mutex_lock(&late_lock);
    while ((done = *at) != NULL) {
        if (gai_error(&done->request) == EAI_INPROGRESS) {
            at = &done->next;
            continue;
        }
        *at = done->next;
        free_lookup(done);
    }
    pthread_mutex_unlock(&late_lock);
}

static void leave(lookup_t *lookup)
{
    gai_cancel(&lookup->request);
    pthread_mutex_lock(&late_lock);
    lookup->next = late;
    late = lookup;
    pthread_mutex_unlock(&late_lock);
}

static lookup_t *make_lookup(const authjwt_valkey_host_t *host, int flags)
{
    lookup_t *lookup = calloc(1, sizeof(*lookup));

    if (lookup) {
        lookup->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };
        apr_cpystrn(lookup->name, host->name, sizeof(lookup->name));
        apr_snprintf(lookup->port, sizeof(lookup->port), "%u", host->port);
        lookup->request.ar_name = lookup->name;
        lookup->request.ar_service = lookup->port;
        lookup->request.ar_request = &lookup->hints;
    }
    return lookup;
}

/* Wait for the library's thread. @return EAI_INPROGRESS when it is late */
static int wait_for(lookup_t *lookup, apr_time_t deadline)
{
    const struct gaicb *const list[] = { &lookup->request };
    struct timespec left;
    apr_time_t now;
    int rc;

    while ((rc = gai_error(&lookup->request)) == EAI_INPROGRESS && (now = authjwt_valkey_now()) < deadline) {
        left.tv_sec = (time_t)apr_time_sec(deadline - now);
        left.tv_nsec = (long)apr_time_usec(deadline - now) * 1000;
        (void)!gai_suspend(list, 1, &left);
    }
    return rc;
}

/* Ends the look-up: it is freed, or left to the library. */
static const char *look_up(lookup_t *lookup, apr_time_t deadline, struct addrinfo **out, apr_pool_t *pool)
{
    struct gaicb *list[] = { &lookup->request };
    const char *name = apr_pstrdup(pool, lookup->name);
    int rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);

    rc = rc ? rc : wait_for(lookup, deadline);
    if (rc == EAI_INPROGRESS) {
        leave(lookup);
        return apr_psprintf(pool, "the address of %s could not be found out in time", name);
    }
    if (!rc) {
        *out = lookup->request.ar_result;
        lookup->request.ar_result = NULL;
    }
    free_lookup(lookup);
    return rc ? apr_psprintf(pool, "the address of %s cannot be found out: %s", name, gai_strerror(rc)) : NULL;
}

const char *authjwt_valkey_resolve(const authjwt_valkey_host_t *host, apr_time_t deadline, struct addrinfo **out,
                                   apr_pool_t *pool)
{
    lookup_t *lookup = make_lookup(host, AI_NUMERICHOST);

    if (!lookup) {
        return "there is no memory";
    }
    if (!getaddrinfo(lookup->name, lookup->port, &lookup->hints, out)) {
        free_lookup(lookup);
        return NULL;
    }
    lookup->hints.ai_flags &= ~AI_NUMERICHOST;
    free_late_ones();
    return look_up(lookup, deadline, out, pool);
}

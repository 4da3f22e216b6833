/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts. getaddrinfo knows no deadline, so a name is looked up by the C library's own thread
 * (getaddrinfo_a(3)); what has not answered in time is left to it, and taken or freed when it has. */
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
    char name[AUTHJWT_VALKEY_HOST_MAX + 1];
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

/* @return non-zero if there are any that can be used */
static int copy_addresses(const struct addrinfo *list, authjwt_valkey_addresses_t *out)
{
    out->count = 0;
    out->is_old = 0;
    for (; list && out->count < AUTHJWT_VALKEY_ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_addrlen <= sizeof(out->at[0])) {
            memcpy(&out->at[out->count++], list->ai_addr, list->ai_addrlen);
        }
    }
    return out->count > 0;
}

/* Of a look-up that has ended. */
static int take_result(const lookup_t *lookup, authjwt_valkey_addresses_t *out)
{
    if (!copy_addresses(lookup->request.ar_result, out)) {
        return 0;
    }
    authjwt_valkey_remember(lookup->name, out);
    return 1;
}

/* Take what late ones have found out since. @return is one for this name still under way? */
static int settle_late_ones(const char *name)
{
    lookup_t **at = &late, *one;
    authjwt_valkey_addresses_t addresses;
    int found = 0;

    pthread_mutex_lock(&late_lock);
    while ((one = *at) != NULL) {
        int rc = gai_error(&one->request);

        if (rc == EAI_INPROGRESS) {
            found |= !strcmp(one->name, name);
            at = &one->next;
            continue;
        }
        *at = one->next;
        if (!rc) {
            (void)!take_result(one, &addresses);
        }
        free_lookup(one);
    }
    pthread_mutex_unlock(&late_lock);
    return found;
}

static void leave(lookup_t *lookup)
{
    gai_cancel(&lookup->request);
    pthread_mutex_lock(&late_lock);
    lookup->next = late;
    late = lookup;
    pthread_mutex_unlock(&late_lock);
}

static lookup_t *make_lookup(const char *name)
{
    lookup_t *lookup = calloc(1, sizeof(*lookup));

    if (lookup) {
        lookup->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM };
        apr_cpystrn(lookup->name, name, sizeof(lookup->name));
        lookup->request.ar_name = lookup->name;
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

/* @return 0, EAI_INPROGRESS when the answer is late, or another error of getaddrinfo */
static int look_up(const char *name, apr_time_t deadline, authjwt_valkey_addresses_t *out)
{
    lookup_t *lookup = make_lookup(name);
    struct gaicb *list[] = { lookup ? &lookup->request : NULL };
    int rc = lookup ? getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) : EAI_MEMORY;

    rc = rc ? rc : wait_for(lookup, deadline);
    if (rc == EAI_INPROGRESS) {
        leave(lookup);
        return rc;
    }
    rc = rc || take_result(lookup, out) ? rc : EAI_NONAME;
    if (lookup) {
        free_lookup(lookup);
    }
    return rc;
}

/* An address needs no resolver. */
static int is_address(const char *name, authjwt_valkey_addresses_t *out)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
    struct addrinfo *list = NULL;
    int is = !getaddrinfo(name, NULL, &hints, &list) && copy_addresses(list, out);

    if (list) {
        freeaddrinfo(list);
    }
    return is;
}

const char *authjwt_valkey_resolve(const authjwt_valkey_host_t *host, apr_time_t deadline,
                                   authjwt_valkey_addresses_t *out, apr_pool_t *pool)
{
    apr_time_t now = authjwt_valkey_now();
    authjwt_valkey_addresses_t known;
    int is_late, is_known, rc;

    if (is_address(host->name, out)) {
        return NULL;
    }
    is_late = settle_late_ones(host->name);
    is_known = authjwt_valkey_recall(host->name, &known);
    rc = is_late && is_known ? EAI_INPROGRESS
                             : look_up(host->name, is_known ? now + (deadline - now) / 2 : deadline, out);
    if (is_known && (rc == EAI_INPROGRESS || rc == EAI_AGAIN)) {
        *out = known;
        out->is_old = 1;
        return NULL;
    }
    return rc == EAI_INPROGRESS ? apr_psprintf(pool, "the address of %s could not be found out in time", host->name)
         : rc ? apr_psprintf(pool, "the address of %s cannot be found out: %s", host->name, gai_strerror(rc))
              : NULL;
}

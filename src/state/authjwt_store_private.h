/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store_private: what the files of the store share. Nobody else includes it. */
#ifndef AUTHJWT_STORE_PRIVATE_H
#define AUTHJWT_STORE_PRIVATE_H

#include <ap_socache.h>

#include "authjwt_mutex.h"
#include "authjwt_socache_doors.h"
#include "authjwt_store.h"

/** What a socache provider is worth. One row for each that we know; see authjwt_store_kinds.c. */
typedef struct {
    const char *name; /**< as registered with httpd; NULL: any that we do not know */
    int is_exact;     /**< its "not found" means that and nothing else, and what it took is kept */
    int can_forget;   /**< drops entries that still count, when it is full or restarted */
    int is_remote;    /**< APR's client would spread entries over a list of servers */
    int takes_dates;  /**< lifetimes over 30 days reach the server as seconds since 1970, 31 bits */
    /* Doors beside ap_socache (authjwt_socache_doors.h), each NULL where there is none. */
    authjwt_socache_store_fn *put_ending;                  /**< else the provider's store */
    authjwt_socache_swap_fn *swap;                         /**< else look-up and store under our mutex */
    authjwt_socache_swap_fn *swap_ending;                  /**< else swap */
    authjwt_socache_retrieve_several_fn *retrieve_several; /**< else one by one */
    /** What the arguments name, so that equal results mean the same entries: size and spelling left out. */
    const char *(*place)(const char *args, apr_pool_t *pool);
} authjwt_store_kind_t;

struct authjwt_store_t {
    const char *spec;
    const char *place; /* equal for stores that hold the same entries */
    const authjwt_store_kind_t *kind;
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
    server_rec *server;     /* for the provider's logs */
    authjwt_mutex_t *mutex; /* one for all stores */
    authjwt_store_t *next;
    int started;
    volatile apr_uint32_t has_sentinel; /* this process has seen or written it */
};

/** The row for a provider. @param name  as registered with httpd @return never NULL */
const authjwt_store_kind_t *authjwt_store_kind(const char *name);

/** Say what the store cannot do, at most once a second. @return rv */
apr_status_t authjwt_store_complain(const authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv);

/**
 * Begin a critical section over all processes of this host. May be waited for; look-ups and records inside it take no
 * further lock.
 * @return APR_SUCCESS, or why not (logged)
 */
apr_status_t authjwt_store_lock(authjwt_store_t *store, request_rec *r) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** End the critical section. */
void authjwt_store_unlock(authjwt_store_t *store, request_rec *r);

/**
 * Check a server against those before it: who shares a store must share keys or have another issuer, and who accepts
 * another's tokens must share the store.
 * @return 0, or 1 after logging the fault
 */
int authjwt_store_check_sharing(server_rec *main_server, server_rec *s);

#endif

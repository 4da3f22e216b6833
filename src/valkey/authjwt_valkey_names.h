/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_valkey_names: addresses of hosts. Knows APR and nothing of httpd. */
#ifndef AUTHJWT_VALKEY_NAMES_H
#define AUTHJWT_VALKEY_NAMES_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <apr_pools.h>
#include <apr_time.h>

#include "authjwt_valkey_args.h"

#define AUTHJWT_VALKEY_MUST_USE __attribute__((warn_unused_result))

/* ---- known ---- */

/** What is kept of the addresses of one host. */
#define AUTHJWT_VALKEY_ADDRESSES_MAX 8

/** Addresses of a host, in the order in which to try them. Their ports are not set. */
typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at[AUTHJWT_VALKEY_ADDRESSES_MAX];
    unsigned count;
    int is_old; /* the name could not be found out now; these are the last known */
} authjwt_valkey_addresses_t;

/** Keep the addresses of a name, in place of those that it had. */
void authjwt_valkey_remember(const char *name, const authjwt_valkey_addresses_t *addresses);

/** @param out  set where something is known. @return non-zero if it is */
int authjwt_valkey_recall(const char *name, authjwt_valkey_addresses_t *out);

/** Hand over what this process knows to the one at the other end of a pipe, and take it over there. */
void authjwt_valkey_known_write(int fd);
void authjwt_valkey_known_read(int fd);

/* ---- resolve ---- */

/**
 * Look a host up. Where the resolver does not answer in half of the time, or says that it cannot now, the last known
 * addresses are taken.
 * @param out  set on success, at least one
 */
const char *authjwt_valkey_resolve(const authjwt_valkey_host_t *host, apr_time_t deadline,
                                   authjwt_valkey_addresses_t *out, apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_throttle_private: what the files of the throttle room share. Nobody else includes it. */
#ifndef AUTHJWT_THROTTLE_PRIVATE_H
#define AUTHJWT_THROTTLE_PRIVATE_H

#include <httpd.h>

#include "aj_digest.h"
#include "authjwt_throttle.h"

/* An entry may be in any slot of its bucket; in a full bucket the one that counts least makes room. So the table has a
 * fixed size, and a flood costs nothing but itself. */
#define AUTHJWT_THROTTLE_BUCKETS 8192
#define AUTHJWT_THROTTLE_WAYS    8

/* Failures of a user from an address, or of an address: a window that begins with the first failure, and what is left
 * of the window before it. */
typedef struct {
    apr_uint64_t key; /* 0: free */
    apr_time_t start;
    apr_interval_time_t window; /* its length; the neighbours in a bucket may have others */
    apr_uint32_t now;           /* in this window */
    apr_uint32_t before;        /* in the window before; counts less and less */
} authjwt_counter_t;

/* Failures in a row of a user, from all addresses. */
typedef struct {
    apr_uint64_t key; /* 0: free */
    apr_time_t last;  /* when the latest of them began; from then on it is locked */
    apr_uint32_t failures;
    apr_uint32_t told; /* that it is locked has been logged */
} authjwt_lock_t;

/* A user has signed in from an address. */
typedef struct {
    apr_uint64_t key; /* 0: free */
    apr_time_t at;
} authjwt_known_t;

typedef struct {
    unsigned char secret[AJ_SHA256_BYTES]; /* so that nobody can aim at a bucket */
    authjwt_counter_t counters[AUTHJWT_THROTTLE_BUCKETS][AUTHJWT_THROTTLE_WAYS];
    authjwt_lock_t locks[AUTHJWT_THROTTLE_BUCKETS][AUTHJWT_THROTTLE_WAYS];
    authjwt_known_t known[2 * AUTHJWT_THROTTLE_BUCKETS][AUTHJWT_THROTTLE_WAYS];
} authjwt_throttle_table_t;

/**
 * What stands for users and addresses in the table: 64 bits of a MAC; never 0. Two of one MAC would share a count,
 * which harms nobody. Servers count together if the revocation store knows their users by the same names; else an
 * account of the same name elsewhere could clear a count by signing in.
 * @param what    kind of entry
 * @param window  in microseconds; 0 where the kind has none
 * @param user    NULL: any
 * @param placed  from the client's address only? It is the one that mod_remoteip found; of IPv6 the first 64 bits, the
 * network that one customer has
 * @return 0 when logins are not counted in this server
 */
apr_uint64_t authjwt_throttle_key(request_rec *r, const char *what, apr_interval_time_t window, const char *user,
                                  int placed);

/** Wait for the table. @return it, to be left again; NULL when it cannot be had (logged) */
authjwt_throttle_table_t *authjwt_throttle_enter(request_rec *r);

void authjwt_throttle_leave(void);

/**
 * The counter with this key; a new one takes the slot that counts least.
 * @param other  another that the same attempt needs and that may be in the same bucket, so it does not make room; or
 *               NULL
 */
authjwt_counter_t *authjwt_throttle_counter(authjwt_throttle_table_t *table, apr_uint64_t key, apr_time_t now,
                                            apr_interval_time_t window, const authjwt_counter_t *other);

/** Seconds until fewer than `allowed` failures count; 0 when that is so now. */
long authjwt_throttle_counter_wait(const authjwt_counter_t *counter, double allowed, apr_time_t now);

/** The failures in a row with this key, none if the lock is over; a new one takes the slot of the fewest. */
authjwt_lock_t *authjwt_throttle_lock(authjwt_throttle_table_t *table, apr_uint64_t key, apr_time_t now, int limit,
                                      apr_interval_time_t time);

/** Seconds until the lock ends; 0 when there is none. */
long authjwt_throttle_lock_wait(const authjwt_lock_t *lock, apr_time_t now, int limit, apr_interval_time_t time);

/** Has the user signed in from this address of late? @param name  key of the user @param place  of user and address */
int authjwt_throttle_is_known(authjwt_throttle_table_t *table, apr_uint64_t name, apr_uint64_t place, apr_time_t now);

/** The user has signed in from this address: remember it, instead of the oldest. */
void authjwt_throttle_remember(authjwt_throttle_table_t *table, apr_uint64_t name, apr_uint64_t place, apr_time_t now);

#endif

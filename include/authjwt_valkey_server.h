/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_valkey_server: the entries of a Valkey or Redis as a program beside httpd uses them, and what both need to
 * reach it. One thread, one connection, and nothing of httpd. */
#ifndef AUTHJWT_VALKEY_SERVER_H
#define AUTHJWT_VALKEY_SERVER_H

#include <apr_pools.h>
#include <apr_time.h>

/** How long a server may take to be reached, and for each answer, unless said otherwise; in microseconds. */
#define AUTHJWT_VALKEY_TIMEOUT (APR_USEC_PER_SEC / 2)

/** What names every entry on the server, before the name of the consumer that is given to init. */
#define AUTHJWT_VALKEY_PREFIX "authjwt:"

/** What an instance may be told beside its arguments. Zero is the default of each. */
typedef struct {
    const char *user;                  /**< ACL user; NULL: the default one */
    const char *password;              /**< NULL: none is sent */
    apr_size_t password_len;           /**< bytes at password */
    int tls;                           /**< encrypt, and check who the server is */
    const char *ca;                    /**< file of the authorities that are trusted; NULL: those of the system */
    const char *cert;                  /**< file of the client's certificate and its chain, or NULL */
    const char *key;                   /**< file of its private key, given exactly where cert is */
    unsigned replicas;                 /**< how many must have what is stored before it counts */
    apr_interval_time_t replicas_time; /**< how long to wait for them, needed with replicas */
    apr_interval_time_t timeout;       /**< to connect, and for each answer */
} authjwt_valkey_options_t;

/** An entry. */
typedef struct {
    const unsigned char *id; /**< of idlen bytes, at most 512 */
    apr_size_t idlen;
    const unsigned char *data; /**< NULL: there is none */
    apr_size_t len;
    apr_time_t expiry; /**< microseconds since 1970; 0: the server's user may not ask (PTTL) */
} authjwt_valkey_entry_t;

/** An entry that takes the place of another, or of none. */
typedef struct {
    authjwt_valkey_entry_t entry;
    const authjwt_valkey_entry_t *old; /**< what must be there, by its bytes; NULL: there must be none */
    apr_status_t status;               /**< set: APR_SUCCESS, or APR_EAGAIN: another is there */
} authjwt_valkey_swap_t;

/** What the server says of its memory; bytes, 0: unknown, or no limit. */
typedef struct {
    apr_uint64_t used, limit;
} authjwt_valkey_memory_t;

typedef struct authjwt_valkey_server_t authjwt_valkey_server_t;

/* Each function returns NULL, or a sentence for the administrator. After a failure nothing more can be asked, and what
 * was to be changed may have been changed or not. An answer may take ten seconds, or options->timeout if that is longer
 * (and replicas_time). The process has to ignore SIGPIPE. */

/**
 * Connect, to the primary that Sentinel names where Sentinels are given.
 * @param args      as the provider's create takes them
 * @param consumer  whose entries: the name that was given to init, without characters of patterns
 * @param options   must live as long as pool
 * @param pool      the connection ends with it
 * @param out       set on success
 */
const char *authjwt_valkey_server_open(const char *args, const char *consumer, const authjwt_valkey_options_t *options,
                                       apr_pool_t *pool, authjwt_valkey_server_t **out)
    __attribute__((warn_unused_result));

/** Find n entries by their ids, in one round trip; data is owned by pool. */
const char *authjwt_valkey_server_get(authjwt_valkey_server_t *server, authjwt_valkey_entry_t *entries, unsigned n,
                                      apr_pool_t *pool) __attribute__((warn_unused_result));

/** Store n entries, each only if what is there is still what the caller has read, in one round trip. */
const char *authjwt_valkey_server_swap(authjwt_valkey_server_t *server, authjwt_valkey_swap_t *swaps, unsigned n,
                                       apr_pool_t *pool) __attribute__((warn_unused_result));

typedef const char *authjwt_valkey_visit_fn(void *ctx, const authjwt_valkey_entry_t *entry);

/**
 * Call for each entry that is there, until it returns a sentence. One that is there all the time is met at least once,
 * and while the server enlarges its table perhaps twice (SCAN).
 */
const char *authjwt_valkey_server_each(authjwt_valkey_server_t *server, authjwt_valkey_visit_fn *visit, void *ctx,
                                       apr_pool_t *pool) __attribute__((warn_unused_result));

/**
 * The records of an owner (AuthJWTSessionDirectory) that have not expired, in any order.
 * @param owner    32 bytes
 * @param records  set on success, n of them, owned by pool
 */
const char *authjwt_valkey_server_records(authjwt_valkey_server_t *server, const unsigned char *owner,
                                          authjwt_valkey_entry_t **records, unsigned *n, apr_pool_t *pool)
    __attribute__((warn_unused_result));

/** Ask how much memory is in use; a user who may not ask (INFO) gets zeros. */
const char *authjwt_valkey_server_memory(authjwt_valkey_server_t *server, authjwt_valkey_memory_t *memory,
                                         apr_pool_t *pool) __attribute__((warn_unused_result));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the valkey provider share; nobody else includes this. A file calls those that stand below it.
 *
 *   authjwt_valkey.c          the provider's face: arguments, options, init, status
 *   authjwt_valkey_entries.c  its entries: store, retrieve, remove, swap, several at once
 *   authjwt_valkey_directory.c  records of a directory, beside the entries
 *   authjwt_valkey_check.c    the look at the server at start, in a short-lived fork
 *   authjwt_valkey_usage.c    how much the server holds
 *   authjwt_valkey_budget.c   the time that calls of one request share
 *   authjwt_valkey_run.c      a batch of commands on one of this process's connections; logs what went wrong
 *   authjwt_valkey_links.c    the connections of this process: kept, bounded, made again after pauses
 *   authjwt_valkey_named.c    which primary Sentinel has named, and when
 *   authjwt_valkey_open.c     one connection to the primary: signed in, and who it is
 *   authjwt_valkey_sentinel.c where the primary is
 *   authjwt_valkey_hello.c    the first words on a connection
 *   authjwt_valkey_errors.c   what a server's errors mean
 *   authjwt_valkey_connect.c  a socket, with TLS where wanted
 *   authjwt_valkey_link.c     questions and answers on it, until a deadline
 *   authjwt_valkey_tls.c      OpenSSL's settings and errors
 *   authjwt_valkey_resolve.c  names of hosts, until a deadline
 *   authjwt_valkey_known.c    their last known addresses
 *   authjwt_valkey_records.c  records of a directory, as they are on the server
 *   authjwt_valkey_commands.c commands on entries, and what their answers say
 *   authjwt_valkey_batch.c    commands as bytes
 *   authjwt_valkey_args.c     the provider's arguments
 *   authjwt_valkey_server.c   the same entries for a program beside httpd, on one connection; not part of the module,
 *   authjwt_valkey_server_each.c  nor is the way to all of them
 *
 * `const char *` is NULL or a sentence for the log. Deadlines are microseconds of the monotonic clock. */
#ifndef AUTHJWT_VALKEY_PRIVATE_H
#define AUTHJWT_VALKEY_PRIVATE_H

#include <pthread.h>
#include <sys/types.h>

#include <httpd.h>
#include <http_log.h>
#include <ap_socache.h>
#include <hiredis/hiredis.h>
#include <openssl/types.h>

#include "authjwt_valkey.h"
#include "authjwt_valkey_args.h"
#include "authjwt_valkey_names.h"

/** Connections of a process for one instance, and how many of them may wait for replicas. */
#define AUTHJWT_VALKEY_LINKS_MAX   16
#define AUTHJWT_VALKEY_WAITING_MAX (AUTHJWT_VALKEY_LINKS_MAX / 2)

/** The longest id and data in bytes, and the longest answer to one batch. */
#define AUTHJWT_VALKEY_ID_MAX     512
#define AUTHJWT_VALKEY_DATA_MAX   (512 * 1024)
#define AUTHJWT_VALKEY_ANSWER_MAX (1024 * 1024)

/** Room for HOST:PORT as Sentinel names it. */
#define AUTHJWT_VALKEY_NAMED_MAX 264

typedef struct authjwt_valkey_links_t authjwt_valkey_links_t;

struct ap_socache_instance_t {
    authjwt_valkey_address_t address;
    authjwt_valkey_options_t options;
    const char *name; /* as authjwt_valkey_spell writes it, for logs */
    const char *prefix;
    SSL_CTX *tls;                  /* NULL without TLS */
    authjwt_valkey_links_t *links; /* of this process; NULL before child_init */
    ap_socache_instance_t *next;   /* among those that were initialised */
};

/* ---- batch ---- */

/** Commands, one after the other, that are sent at once. */
typedef struct {
    apr_pool_t *pool;
    char *bytes;
    apr_size_t len, room;
    unsigned count;     /* of commands, and so of answers */
    int may_be_refused; /* an error that says nothing of the connection is an answer, and not logged */
} authjwt_valkey_batch_t;

/** One word of a command. */
typedef struct {
    const void *at;
    apr_size_t len;
} authjwt_valkey_word_t;

#define AUTHJWT_VALKEY_WORDS_MAX 10
/** A word of text. */
#define AUTHJWT_VALKEY_TEXT(text) ((authjwt_valkey_word_t){ (text), strlen(text) })

/** Add a command of at most AUTHJWT_VALKEY_WORDS_MAX words. Aborts without memory, as pools do. */
void authjwt_valkey_add(authjwt_valkey_batch_t *batch, const authjwt_valkey_word_t *words, unsigned count);

/** Add a command of at most AUTHJWT_VALKEY_WORDS_MAX words of text. */
void authjwt_valkey_add_texts(authjwt_valkey_batch_t *batch, const char *const *texts, unsigned count);

/** The same with the words as arguments. */
#define authjwt_valkey_say(batch, ...)                                    \
    authjwt_valkey_add_texts(batch, (const char *const[]){ __VA_ARGS__ }, \
                             sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* ---- tls ---- */

/** Make the settings that all connections of an instance share; files are read now. @param out set on success */
const char *authjwt_valkey_tls_create(const authjwt_valkey_options_t *options, SSL_CTX **out,
                                      apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/** Make the state of one connection, which asks for this host's certificate. @return NULL without memory */
SSL *authjwt_valkey_tls_attach(SSL_CTX *tls, const char *host, int fd) AUTHJWT_VALKEY_MUST_USE;

/** Why OpenSSL has failed; empties its error queue. */
const char *authjwt_valkey_tls_why(const SSL *ssl, apr_pool_t *pool);

/* ---- link ---- */

/** One connection. Never used again after a call on it has failed. */
typedef struct authjwt_valkey_link_t authjwt_valkey_link_t;
struct authjwt_valkey_link_t {
    int fd;
    SSL *ssl; /* NULL without TLS */
    redisReader *reader;
    apr_time_t deadline;                    /* of what is being done */
    apr_size_t received;                    /* bytes since the last question */
    int is_closed;                          /* by the server, in order */
    unsigned generation;                    /* of the connections it was made among */
    int is_probe;                           /* the first attempt after a failure, and nothing asked yet */
    char primary[AUTHJWT_VALKEY_NAMED_MAX]; /* where Sentinel has named it; else empty */
    authjwt_valkey_link_t *next;
};

/** Microseconds of the monotonic clock. */
apr_time_t authjwt_valkey_now(void);

/** Wait until a socket is ready for these events of poll. @return NULL, or that it took too long */
const char *authjwt_valkey_wait(int fd, short events, apr_time_t deadline) AUTHJWT_VALKEY_MUST_USE;

/** Take over a connected socket. @return NULL without memory; the socket is open still */
authjwt_valkey_link_t *authjwt_valkey_link_create(int fd) AUTHJWT_VALKEY_MUST_USE;

/** Do the TLS handshake with this host, and check its certificate. */
const char *authjwt_valkey_link_encrypt(authjwt_valkey_link_t *link, SSL_CTX *tls, const char *host,
                                        apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/**
 * Send a batch and read its answers.
 * @param replies  batch->count of them, all set on success; for authjwt_valkey_forget
 */
const char *authjwt_valkey_talk(authjwt_valkey_link_t *link, const authjwt_valkey_batch_t *batch, redisReply **replies,
                                apr_time_t deadline, apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/** Free what authjwt_valkey_talk has set; NULLs are passed over. */
void authjwt_valkey_forget(redisReply **replies, unsigned count);

/** Is the server silent, as it should be between questions? It may have closed the connection meanwhile. */
int authjwt_valkey_link_is_quiet(authjwt_valkey_link_t *link);

/** Close a connection; NULL is passed over. */
void authjwt_valkey_link_close(authjwt_valkey_link_t *link);

/* ---- connect ---- */

/** Connect to one host, or to the path of a unix socket where host is NULL. @param out set on success */
const char *authjwt_valkey_connect(const ap_socache_instance_t *inst, const authjwt_valkey_host_t *host,
                                   apr_time_t deadline, authjwt_valkey_link_t **out,
                                   apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/* ---- errors ---- */

/** A server's error in words for the administrator: what it means and what to do. */
const char *authjwt_valkey_explain(const redisReply *error, apr_pool_t *pool);

/** The same for an answer to AUTH: what a server repeats there may be the password. */
const char *authjwt_valkey_explain_auth(const redisReply *error, const authjwt_valkey_options_t *options,
                                        apr_pool_t *pool);

/** What an error says about the connection it came on. */
typedef enum {
    AUTHJWT_VALKEY_KEEP = 0, /**< nothing */
    AUTHJWT_VALKEY_DROP,     /**< another server may be the one to ask */
    AUTHJWT_VALKEY_DOWN      /**< this server cannot answer, or not yet */
} authjwt_valkey_fate_e;

authjwt_valkey_fate_e authjwt_valkey_fate(const redisReply *error);

/* ---- hello ---- */

/** Add AUTH, where there is a password. */
void authjwt_valkey_add_auth(authjwt_valkey_batch_t *batch, const authjwt_valkey_options_t *options);

/** The value of a name in an array of names and values. @return NULL if there is none */
const redisReply *authjwt_valkey_value_of(const redisReply *map, const char *name);

/** Sign in, choose the database, and check that this is a primary, and no cluster. */
const char *authjwt_valkey_hello(authjwt_valkey_link_t *link, const ap_socache_instance_t *inst, apr_time_t deadline,
                                 apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/* ---- sentinel ---- */

/**
 * Ask the Sentinels, one after the other, where the primary is, until more than half of all have named the same one.
 * @param out  set on success
 */
const char *authjwt_valkey_find_primary(const ap_socache_instance_t *inst, apr_time_t deadline,
                                        authjwt_valkey_host_t *out, apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/** @return how many Sentinels watch the primary, as one of them says; 0 where none does */
unsigned authjwt_valkey_count_sentinels(const ap_socache_instance_t *inst, apr_time_t deadline, apr_pool_t *pool);

/** @return how many of so many Sentinels must agree */
unsigned authjwt_valkey_majority(unsigned sentinels);

/* ---- open ---- */

/**
 * Make a connection to the primary that is ready for commands.
 * @param deadline  for all of it; with Sentinel, the last timeout before it is for the primary alone
 */
const char *authjwt_valkey_open(const ap_socache_instance_t *inst, apr_time_t deadline, authjwt_valkey_link_t **out,
                                apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/* ---- named ---- */

/** Which primary Sentinel has named to this process. */
typedef struct {
    pthread_mutex_t lock;
    apr_time_t asked;    /* for the last time */
    apr_time_t answered; /* when it was asked for what it has answered last */
    char primary[AUTHJWT_VALKEY_NAMED_MAX];
} authjwt_valkey_named_t;

/** Prepare one of zeros. */
void authjwt_valkey_named_begin(authjwt_valkey_named_t *named);

/** Note what Sentinel has answered. @param asked  when the question was put */
void authjwt_valkey_note_named(authjwt_valkey_named_t *named, const char *primary, apr_time_t asked);

/**
 * Is this the primary, as far as Sentinel has said? Every two seconds one of those who come asks it; an answer counts
 * for five.
 * @param deadline  for asking
 * @return zero: another is, or nobody knows
 */
int authjwt_valkey_is_named(const ap_socache_instance_t *inst, authjwt_valkey_named_t *named, const char *primary,
                            apr_time_t deadline, apr_pool_t *pool);

/* ---- links ---- */

/** Make the connections of this process, none of them open yet. They live as long as it. @return NULL without memory */
authjwt_valkey_links_t *authjwt_valkey_links_create(void);

/**
 * Take a connection, a kept one or a new one. Fails at once while a pause runs. With Sentinel a kept connection is used
 * only while Sentinel names its server, see authjwt_valkey_is_named.
 * @param waits    it will wait for replicas
 * @param is_kept  set: it was used before
 * @return NULL, or why there is none
 */
const char *authjwt_valkey_take(const ap_socache_instance_t *inst, int waits, apr_time_t deadline,
                                authjwt_valkey_link_t **out, int *is_kept, apr_pool_t *pool) AUTHJWT_VALKEY_MUST_USE;

/** Give a connection back that may be used again. */
void authjwt_valkey_give(authjwt_valkey_links_t *links, authjwt_valkey_link_t *link, int waits);

/** Give a connection up. @param why  not NULL: begin a pause for this reason, and give up all others that are kept */
void authjwt_valkey_drop(authjwt_valkey_links_t *links, authjwt_valkey_link_t *link, int waits, const char *why);

/** Figures for mod_status. */
typedef struct {
    unsigned open, idle, failures;
} authjwt_valkey_figures_t;

authjwt_valkey_figures_t authjwt_valkey_figures(authjwt_valkey_links_t *links);

/* ---- budget ---- */

/** What the calls with this pool have waited together. @return NULL where each has its own time */
apr_interval_time_t *authjwt_valkey_waited(apr_pool_t *pool);

/* ---- run ---- */

/** May a batch be sent again, where the server has closed the connection before it answered? */
typedef enum { AUTHJWT_VALKEY_ONCE = 0, AUTHJWT_VALKEY_REPEATABLE } authjwt_valkey_repeat_e;

/**
 * Send a batch to the primary. An error among its answers is logged and fails it; but see may_be_refused.
 * @param what     for the log: "cannot %s"
 * @param replies  room for the answers of the batch and one more; set on success, for authjwt_valkey_forget
 * @param writes   ask for replicas behind the batch, where they are wanted; see authjwt_valkey_enough
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t authjwt_valkey_run(ap_socache_instance_t *inst, server_rec *s, const char *what,
                                authjwt_valkey_batch_t *batch, redisReply **replies, int writes,
                                authjwt_valkey_repeat_e repeat) AUTHJWT_VALKEY_MUST_USE;

/**
 * Have enough replicas what a batch has written? Logs that they have not.
 * @param waited  the answer behind those of the batch; not looked at where no replicas are wanted
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t authjwt_valkey_enough(const ap_socache_instance_t *inst, server_rec *s, const char *what,
                                   const redisReply *waited) AUTHJWT_VALKEY_MUST_USE;

/** True if a second has passed since *last, which then becomes now; exactly one of several threads gets true. */
int authjwt_valkey_due(apr_time_t *last);

/** Note an instance that was initialised, for child_init. @param pool  of the configuration; with it the note goes */
void authjwt_valkey_announce(ap_socache_instance_t *inst, apr_pool_t *pool);

/** Hook child_init: this process serves requests, and only such a process makes connections. */
void authjwt_valkey_child_init(apr_pool_t *pchild, server_rec *s);

/* ---- check ---- */

/** Look at the server in a fork that has become the httpd user, and log what it finds. */
void authjwt_valkey_check(const ap_socache_instance_t *inst, server_rec *s, apr_pool_t *pool);

/* ---- entries ---- */

apr_status_t authjwt_valkey_store(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                  unsigned int idlen, apr_time_t expiry, unsigned char *data, unsigned int datalen,
                                  apr_pool_t *pool);
apr_status_t authjwt_valkey_retrieve(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                     unsigned int idlen, unsigned char *data, unsigned int *datalen, apr_pool_t *pool);
apr_status_t authjwt_valkey_remove(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                   unsigned int idlen, apr_pool_t *pool);

#endif

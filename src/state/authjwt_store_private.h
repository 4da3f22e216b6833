/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store_private: what the files of the store share. Nobody else includes it. */
#ifndef AUTHJWT_STORE_PRIVATE_H
#define AUTHJWT_STORE_PRIVATE_H

#include <ap_socache.h>

#include "authjwt_mutex.h"
#include "authjwt_socache_doors.h"
#include "authjwt_store.h"
#include "authjwt_valkey.h"

/** Tells an instance what AuthJWTStoreAuth and its kin say. */
typedef const char *authjwt_store_configure_fn(ap_socache_instance_t *instance, const authjwt_valkey_options_t *options,
                                               apr_pool_t *pool);

/** What a socache provider is worth. One row for each that we know; see authjwt_store_kinds.c. */
typedef struct {
    const char *name; /**< as registered with httpd; NULL: any that we do not know */
    int is_exact;     /**< its "not found" means that and nothing else, and what it took is kept */
    int can_forget;   /**< drops entries that still count, when it is full or restarted */
    int is_local;     /**< on this host alone: it is asked each time, and starts with httpd */
    int is_remote;    /**< other hosts may use it, too */
    int says_why;     /**< logs each of its failures by itself, once a second and process, and returns APR_EGENERAL */
    int takes_dates;  /**< lifetimes over 30 days reach the server as seconds since 1970, 31 bits */
    /* Doors beside ap_socache (authjwt_socache_doors.h), each NULL where there is none. */
    authjwt_socache_store_fn *put_ending;                  /**< else the provider's store */
    authjwt_socache_swap_fn *swap;                         /**< else look-up and store under our mutex */
    authjwt_socache_swap_fn *swap_ending;                  /**< else swap */
    authjwt_socache_retrieve_several_fn *retrieve_several; /**< else one by one */
    authjwt_socache_usage_fn *usage;                       /**< else nobody can say */
    authjwt_socache_file_fn *file; /**< with list: it keeps records of a directory; else there is none */
    authjwt_socache_list_fn *list;
    /** When it lost its entries for the last time, which it knows for sure at start; else a sentinel entry says so. */
    apr_time_t (*birth)(const ap_socache_instance_t *instance, int *is_lost);
    /** Before init: this host has used the store before. Only with birth. */
    void (*expect)(ap_socache_instance_t *instance);
    authjwt_socache_absent_fn *absent; /**< else nobody knows without retrieving */
    /** What the arguments name, so that equal results mean the same entries: size and spelling left out. */
    const char *(*place)(const char *args, apr_pool_t *pool);
    /** Says that calls with these pools share their time (authjwt_valkey_begin), or NULL. */
    void (*begin)(apr_pool_t *pool, apr_pool_t *whole);
    authjwt_store_configure_fn *configure; /**< NULL where AuthJWTStoreAuth and its kin mean nothing */
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
    const char *note;                /* file that notes that this host has seen the store; NULL: it cannot */
    volatile apr_uint32_t has_birth; /* this process knows the birth */
    apr_time_t birth;                /* when the store lost its entries, 0: never; atomic */
    volatile apr_uint32_t broken;    /* what did not work when this process tried last: AUTHJWT_STORE_READS, _WRITES */
};

/** The most that clocks of hosts which share a store are taken to differ by. */
#define AUTHJWT_STORE_SKEW apr_time_from_sec(60)

#define AUTHJWT_STORE_READS  1
#define AUTHJWT_STORE_WRITES 2

/** Note that the store does not work; the first time is a line of the audit log. @param what  AUTHJWT_STORE_READS or
 * AUTHJWT_STORE_WRITES */
void authjwt_store_is_down(authjwt_store_t *store, request_rec *r, apr_uint32_t what);

/** Note that it does, likewise. @param what  all of the two that are known to */
void authjwt_store_is_up(authjwt_store_t *store, request_rec *r, apr_uint32_t what);

/** The row for a provider. @param name  as registered with httpd @return never NULL */
const authjwt_store_kind_t *authjwt_store_kind(const char *name);

/**
 * Note that the store is down, and say what it cannot do, at most once a second; nothing where the provider has said
 * it.
 * @param what  "record", or what is needed to answer
 * @return rv
 */
apr_status_t authjwt_store_complain(authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv);

/**
 * Begin a critical section over all processes of this host. May be waited for; look-ups and records inside it take no
 * further lock.
 * @return APR_SUCCESS, or why not (logged)
 */
apr_status_t authjwt_store_lock(authjwt_store_t *store, request_rec *r) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** End the critical section. */
void authjwt_store_unlock(authjwt_store_t *store, request_rec *r);

/* ---- look-ups without a request ---- */

/** A look-up whose answer goes to value. */
authjwt_socache_question_t authjwt_store_question(const authjwt_store_id_t *id, authjwt_store_value_t *value);

/** Look entries up, in one go where the provider can. Believes what it answers. */
void authjwt_store_ask(authjwt_store_t *store, server_rec *s, authjwt_socache_question_t *asked, unsigned int n,
                       apr_pool_t *pool);

/** What to say to the provider so that an entry expires then. @param expires  microseconds since 1970 */
apr_time_t authjwt_store_expiry(const authjwt_store_t *store, apr_time_t expires);

/* ---- birth ---- */

/**
 * Judge a look-up of the sentinel; write it where it is missing or wrong. Logs a loss, once.
 * @param is_locked  non-zero: the caller holds the store's mutex
 * @return APR_SUCCESS when the birth is known and the store is alive
 */
apr_status_t authjwt_store_settle_birth(authjwt_store_t *store, server_rec *s,
                                        const authjwt_socache_question_t *answered, int is_locked,
                                        apr_pool_t *pool) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** Note what this process has read, and that this host has seen the store. */
void authjwt_store_learn_birth(authjwt_store_t *store, server_rec *s, apr_time_t birth);

void authjwt_store_birth_post_config(authjwt_store_t *store);
void authjwt_store_birth_child_init(authjwt_store_t *store, apr_pool_t *pchild);

/* ---- beliefs ---- */

/**
 * Answer questions with what this process has read since now - interval.
 * @return non-zero when it knows all the answers, which then are set
 */
int authjwt_beliefs_find(const authjwt_store_t *store, authjwt_store_question_t *questions, unsigned int n,
                         apr_time_t now, apr_interval_time_t interval);

/** A number that is another after this process has recorded the entry. Before the store is asked. */
apr_uint32_t authjwt_beliefs_changes(const authjwt_store_id_t *id);

/** Remember an answer, unless the entry has been recorded meanwhile. @param asked  when the question was put */
void authjwt_beliefs_keep(const authjwt_store_t *store, const authjwt_store_question_t *answered, apr_time_t asked,
                          apr_uint32_t changes);

/** After each attempt to record an entry, whether it succeeded or not. */
void authjwt_beliefs_forget(const authjwt_store_t *store, const authjwt_store_id_t *id);

/* ---- notes ---- */

/** In check_config: have AuthJWTStateDir take effect. @return 0, or 1 after logging why it cannot be used */
int authjwt_store_check_state_dir(server_rec *main_server, apr_pool_t *ptemp);

/**
 * In post_config: make the state directory.
 * @param is_needed  non-zero: a warning where the default cannot be used
 * @param dir        set to the directory, or NULL where there is none
 * @return 0 after logging why AuthJWTStateDir cannot be used
 */
int authjwt_store_make_state_dir(server_rec *main_server, int is_needed, const char **dir, apr_pool_t *pconf);

/** Choose where a store is noted, and tell it if this host has seen it. Before init. @param dir  may be NULL */
void authjwt_store_note_place(authjwt_store_t *store, const char *dir, apr_pool_t *pconf);

int authjwt_store_is_noted(const authjwt_store_t *store);
void authjwt_store_note(const authjwt_store_t *store, server_rec *s);

/* ---- directory ---- */

/** Check that the store of a server can do what AuthJWTSessionDirectory and AuthJWTSessionLimit ask for. @return 0, or
 * 1 after logging the fault */
int authjwt_store_check_directory(server_rec *s);

/* ---- sharing ---- */

/** Do two servers say the same in AuthJWTStoreAuth and its kin, so that one instance may serve both? */
int authjwt_store_same_options(const server_rec *one, const server_rec *two);

/**
 * Tell a store what AuthJWTStoreAuth and its kin say for its server. The password is read now, except under -t, where a
 * command is not run.
 * @return NULL, or a sentence; a provider that takes none of them refuses them
 */
const char *authjwt_store_configure(authjwt_store_t *store, apr_pool_t *pool) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Check a server against those before it: who shares a store must share keys or have another issuer, and who accepts
 * another's tokens must share the store.
 * @return 0, or 1 after logging the fault
 */
int authjwt_store_check_sharing(server_rec *main_server, server_rec *s);

#endif

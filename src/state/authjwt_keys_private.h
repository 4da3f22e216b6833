/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys_private: what the files of the keys room share. Nobody else includes it. */
#ifndef AUTHJWT_KEYS_PRIVATE_H
#define AUTHJWT_KEYS_PRIVATE_H

#include <httpd.h>
#include <apr_thread_mutex.h>

#include "authjwt_keys.h"

/* The keys that one line gave when it was read. */
typedef struct {
    aj_keyset_t *keys;
    apr_pool_t *pool; /* its own; NULL for what was read at the start, which lives in pconf */
    unsigned holders; /* generations, and the line while there is nothing newer; under the mutex */
} authjwt_key_batch_t;

/* What one AuthJWTKey or AuthJWTKeySet line gave. */
typedef struct {
    const authjwt_key_spec_t *spec;
    authjwt_key_batch_t *batch; /* the last that was good */
    apr_finfo_t seen;           /* of a set in a file, when it was last read */
    int unread;                 /* of such a set: its bytes could not be had then, so they are asked for again */
} authjwt_key_line_t;

/* One immutable snapshot of the key ring. A request holds one for its whole life. */
typedef struct {
    aj_keyset_t *ring;
    authjwt_key_batch_t **batches; /* one of each line */
    apr_pool_t *pool;              /* its own; NULL for the first, which lives in pconf */
    apr_uint64_t number;           /* no other generation of any ring of this process has it */
    unsigned holders;              /* requests, and the keyring while it is current; under the mutex */
} authjwt_key_generation_t;

struct authjwt_keyring_t {
    const apr_array_header_t *specs;
    apr_array_header_t *loaded; /* authjwt_key_line_t */
    server_rec *server;         /* for logs */
    int watches;                /* a set in a file is among them */
    apr_thread_mutex_t *mutex;
    authjwt_key_generation_t *current;
    volatile apr_uint32_t next_look; /* second of the clock */
    volatile apr_uint32_t looking;   /* a thread is */
};

/** @return non-zero for a JWK Set in a file, which is read again when it changes */
int authjwt_keys_is_watched(const authjwt_key_spec_t *spec);

/** Note what the file of a watched line looks like now, to notice later that it has changed. */
void authjwt_keys_remember_file(authjwt_key_line_t *line, apr_pool_t *pool);

/**
 * Read a line's keys as a batch, and note in the line whether its bytes could be had.
 * @param pool         owns the batch
 * @param consequence  end of the log line when they are no good; NULL where the log has that line already
 * @return NULL when they are no good (logged)
 */
authjwt_key_batch_t *authjwt_keys_read_batch(authjwt_key_line_t *line, server_rec *s, apr_pool_t *pool,
                                             const char *consequence);

/**
 * Fill a generation with the batches of all lines, in the order of the lines. A key of a set that has the algorithm and
 * kid of an AuthJWTKey, or of another key in a set before it, is left out with a warning.
 * @return number of faults, each logged
 */
int authjwt_keys_fill(const authjwt_keyring_t *keyring, authjwt_key_generation_t *generation, apr_pool_t *pool,
                      const char *consequence);

/** Count a generation among the holders of its batches. Under the mutex, once threads run. */
void authjwt_keys_hold_batches(const authjwt_keyring_t *keyring, const authjwt_key_generation_t *generation);

/** Make the key ring of a server and read its keys. @return number of faults, each logged */
int authjwt_keys_make(authjwt_server_conf_t *conf, server_rec *s, apr_pool_t *pconf);

/**
 * Read a line's keys into a ring of their own.
 * @param out     set on success, owned by pool
 * @param unread  set to non-zero when the source could not be read, to zero when its content was judged
 * @return NULL, or a sentence owned by pool
 */
const char *authjwt_keys_read(const authjwt_key_spec_t *spec, server_rec *s, apr_pool_t *pool, aj_keyset_t **out,
                              int *unread);

/** Does every server with keys of somebody else say AuthJWTAudience? @return number of faults, each logged */
int authjwt_keys_check_trust(server_rec *main_server);

/** Warn of a shared secret that is named in servers of several issuers. */
void authjwt_keys_warn_of_issuers(server_rec *main_server);

/** Warn of a shared secret without kid beside another of its algorithm: no token reaches it. */
void authjwt_keys_warn_of_idle(server_rec *main_server);

/** Log why a key of a set is not used. @param odd  non-zero: it should have been; a warning */
void authjwt_keys_note_skipped(const authjwt_key_spec_t *spec, server_rec *s, const char *text, int odd);

/** Log what is wrong with a line's keys. @param consequence  end of the sentence, may be empty */
void authjwt_keys_complain(const authjwt_key_spec_t *spec, server_rec *s, const char *error, const char *consequence);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: the key ring of each server: read while still privileged, re-read when a JWK Set's file changes. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "authjwt_audit.h"
#include "authjwt_keys_private.h"
#include "authjwt_sources.h"

APLOG_USE_MODULE(authjwt);

/* How often a process looks whether files of JWK Sets have changed, in seconds: the promise is to see it within five.
 */
#define LOOK_SECONDS 2

int authjwt_keys_can_sign(const authjwt_keyring_t *keyring)
{
    return keyring && aj_keyset_signer(keyring->current->ring);
}

/* Under the mutex. */
static void let_go_batch(authjwt_key_batch_t *batch)
{
    if (!--batch->holders && batch->pool) {
        apr_pool_destroy(batch->pool);
    }
}

/* Under the mutex. */
static void let_go(const authjwt_keyring_t *keyring, authjwt_key_generation_t *generation)
{
    int i;

    if (--generation->holders) {
        return;
    }
    for (i = 0; i < keyring->loaded->nelts; i++) {
        let_go_batch(generation->batches[i]);
    }
    if (generation->pool) {
        apr_pool_destroy(generation->pool);
    }
}

/* Has the file changed since it was last looked at? Notes its new state, so that a broken file is read and logged once.
 */
static int file_changed(authjwt_key_line_t *loaded, apr_pool_t *pool)
{
    apr_finfo_t before = loaded->seen;

    authjwt_keys_remember_file(loaded, pool);
    return before.mtime != loaded->seen.mtime || before.ctime != loaded->seen.ctime || before.size != loaded->seen.size
        || before.inode != loaded->seen.inode;
}

/* A file that could not be read, for want of descriptors say, is tried again each time: the set before it may hold a
 * key that was withdrawn. The log has one line of it. */
static authjwt_key_batch_t *read_again(authjwt_key_line_t *loaded, server_rec *s, int changed)
{
    authjwt_key_batch_t *batch;
    apr_pool_t *pool;

    /* A pool with an allocator of its own: it is used and dropped by whatever thread comes. */
    if (apr_pool_create_unmanaged(&pool) != APR_SUCCESS) {
        loaded->unread = 1;
        return NULL;
    }
    batch = authjwt_keys_read_batch(loaded, s, pool, changed ? "; the keys read before stay in use" : NULL);
    if (batch) {
        batch->pool = pool;
    }
    else {
        apr_pool_destroy(pool);
    }
    return batch;
}

/* Read the files that have changed. A broken one does not keep the others from being read. @return how many gave keys
 */
static int read_changed(authjwt_keyring_t *keyring, authjwt_key_batch_t **news, apr_pool_t *ptemp)
{
    int count = 0;
    int i;

    for (i = 0; i < keyring->loaded->nelts; i++) {
        authjwt_key_line_t *loaded = &APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t);
        int changed = authjwt_keys_is_watched(loaded->spec) && file_changed(loaded, ptemp);

        if (changed || loaded->unread) {
            news[i] = read_again(loaded, keyring->server, changed);
            count += news[i] != NULL;
        }
    }
    return count;
}

/* Keep the new keys of each line, even if no ring can be made of all lines until another file is mended. */
static void adopt(authjwt_keyring_t *keyring, authjwt_key_batch_t *const *news)
{
    int i;

    apr_thread_mutex_lock(keyring->mutex);
    for (i = 0; i < keyring->loaded->nelts; i++) {
        if (news[i]) {
            let_go_batch(APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t).batch);
            APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t).batch = news[i];
        }
    }
    apr_thread_mutex_unlock(keyring->mutex);
}

/* New requests use the new keys; requests that have begun keep the old ones. */
static void switch_to(authjwt_keyring_t *keyring, authjwt_key_generation_t *next)
{
    int count = aj_keyset_count(next->ring);

    apr_thread_mutex_lock(keyring->mutex);
    authjwt_keys_hold_batches(keyring, next);
    let_go(keyring, keyring->current);
    keyring->current = next;
    apr_thread_mutex_unlock(keyring->mutex);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, keyring->server,
                 "AJ1006: AuthJWTKeySet: changed files read, %d keys in use", count);
}

static void renew(authjwt_keyring_t *keyring, request_rec *r)
{
    authjwt_key_batch_t **news = apr_pcalloc(r->pool, keyring->loaded->nelts * sizeof(authjwt_key_batch_t *));
    authjwt_key_generation_t *next;
    apr_pool_t *pool;

    if (!read_changed(keyring, news, r->pool)) {
        return;
    }
    adopt(keyring, news);
    if (apr_pool_create_unmanaged(&pool) != APR_SUCCESS) {
        return;
    }
    next = apr_pcalloc(pool, sizeof(*next));
    next->pool = pool;
    if (authjwt_keys_fill(keyring, next, pool, "; the keys read before stay in use")) {
        apr_pool_destroy(pool);
    }
    else {
        switch_to(keyring, next);
        authjwt_audit_server(r->server, AUTHJWT_EVENT_KEYS_CHANGED, NULL);
    }
}

/* One thread of a process looks every few seconds; meanwhile the others use the current keys. */
static void look_for_changes(authjwt_keyring_t *keyring, request_rec *r)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t next = apr_atomic_read32(&keyring->next_look);

    /* If the clock was set back, next lies far in the future: look now. */
    if ((now < next && next - now <= LOOK_SECONDS) || apr_atomic_cas32(&keyring->looking, 1, 0) != 0) {
        return;
    }
    apr_atomic_set32(&keyring->next_look, now + LOOK_SECONDS);
    renew(keyring, r);
    apr_atomic_set32(&keyring->looking, 0);
}

typedef struct {
    authjwt_keyring_t *keyring;
    authjwt_key_generation_t *generation;
} held_t;

static apr_status_t release(void *data)
{
    held_t *held = data;

    apr_thread_mutex_lock(held->keyring->mutex);
    let_go(held->keyring, held->generation);
    apr_thread_mutex_unlock(held->keyring->mutex);
    return APR_SUCCESS;
}

static const aj_keyset_t *ring_of(const authjwt_key_generation_t *generation, apr_uint64_t *number)
{
    if (number) {
        *number = generation->number;
    }
    return generation->ring;
}

const aj_keyset_t *authjwt_keys_ring(request_rec *r, apr_uint64_t *number)
{
    return authjwt_keys_ring_of(r, r->server, number);
}

const aj_keyset_t *authjwt_keys_ring_of(request_rec *r, const server_rec *s, apr_uint64_t *number)
{
    authjwt_keyring_t *keyring = authjwt_config_server(s)->keyring;
    held_t *held;

    if (!keyring || !keyring->watches) {
        return keyring ? ring_of(keyring->current, number) : NULL;
    }
    look_for_changes(keyring, r);
    held = apr_palloc(r->pool, sizeof(*held));
    held->keyring = keyring;
    apr_thread_mutex_lock(keyring->mutex);
    held->generation = keyring->current;
    held->generation->holders++;
    apr_thread_mutex_unlock(keyring->mutex);
    apr_pool_cleanup_register(r->pool, held, release, apr_pool_cleanup_null);
    return ring_of(held->generation, number);
}

/* authjwt_keys: the key ring of each server: read while still privileged, re-read when a JWK Set's file changes. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "authjwt_keys_private.h"
#include "authjwt_sources.h"

APLOG_USE_MODULE(authjwt);

/* How often a process looks whether files of JWK Sets have changed, in seconds: the promise is to see it within five. */
#define LOOK_SECONDS 2

/* The keys that one line gave at a time. */
typedef struct {
    aj_keyset_t *keys;
    apr_pool_t  *pool;      /* its own; NULL for what was read at the start, which lives in pconf */
    unsigned     holders;   /* generations, and the line while there is nothing newer; under the mutex */
} batch_t;

/* What one AuthJWTKey or AuthJWTKeySet line gave. */
typedef struct {
    const authjwt_key_spec_t *spec;
    batch_t                  *batch;    /* the last that was good */
    apr_finfo_t               seen;     /* of a set in a file, when it was last read */
} loaded_t;

/* The keys of a time. Requests hold it, so that one sees the old ring or the new one and never a mix. */
typedef struct {
    aj_keyset_t *ring;
    batch_t    **batches;   /* one of each line */
    apr_pool_t  *pool;      /* its own; NULL for the first, which lives in pconf */
    unsigned     holders;   /* requests, and the keyring while it is current; under the mutex */
} generation_t;

struct authjwt_keyring_t {
    const apr_array_header_t *specs;
    apr_array_header_t       *loaded;   /* loaded_t */
    server_rec               *server;   /* for logs */
    int                       watches;  /* a set in a file is among them */
    apr_thread_mutex_t       *mutex;
    generation_t             *current;
    volatile apr_uint32_t     next_look; /* second of the clock */
    volatile apr_uint32_t     looking;  /* a thread is */
};

static int is_watched(const authjwt_key_spec_t *spec)
{
    return spec->is_set && authjwt_source_path(spec->source, NULL);
}

static const char *add_all(aj_keyset_t *ring, const aj_keyset_t *keys)
{
    const char *error = NULL;
    int i;

    for (i = 0; !error && i < aj_keyset_count(keys); i++) {
        error = aj_keyset_add(ring, aj_keyset_at(keys, i));
    }
    return error;
}

static void remember_file(loaded_t *loaded, apr_pool_t *pool)
{
    const char *path = authjwt_source_path(loaded->spec->source, pool);

    if (apr_stat(&loaded->seen, path, APR_FINFO_MTIME | APR_FINFO_CTIME | APR_FINFO_SIZE | APR_FINFO_INODE, pool) != APR_SUCCESS) {
        memset(&loaded->seen, 0, sizeof(loaded->seen));
    }
}

/* Read a line's keys. @param consequence  end of the sentence when they are no good. @return NULL after logging it */
static batch_t *read_batch(const authjwt_key_spec_t *spec, server_rec *s, apr_pool_t *pool, const char *consequence)
{
    batch_t *batch = apr_pcalloc(pool, sizeof(*batch));
    const char *error = authjwt_keys_read(spec, s, pool, &batch->keys);

    batch->holders = 1;
    if (error) {
        authjwt_keys_complain(spec, s, error, consequence);
    }
    return error ? NULL : batch;
}

/* Fill a generation in the order of the lines. @return number of faults, each logged */
static int fill(const authjwt_keyring_t *keyring, generation_t *generation, apr_pool_t *pool, const char *consequence)
{
    int faults = 0;
    int i;

    generation->ring = aj_keyset_make(pool);
    generation->batches = apr_pcalloc(pool, keyring->loaded->nelts * sizeof(batch_t *));
    generation->holders = 1;
    for (i = 0; i < keyring->loaded->nelts; i++) {
        const loaded_t *loaded = &APR_ARRAY_IDX(keyring->loaded, i, loaded_t);
        const char *error = add_all(generation->ring, loaded->batch->keys);

        generation->batches[i] = loaded->batch;
        if (error) {
            authjwt_keys_complain(loaded->spec, keyring->server, error, consequence);
            faults++;
        }
    }
    return faults;
}

/* Read all lines. A command is not run under -t, so its keys are unknown there. @return number of faults, each logged */
static int load(authjwt_keyring_t *keyring, apr_pool_t *pconf)
{
    int faults = 0;
    int i;

    for (i = 0; i < keyring->specs->nelts; i++) {
        const authjwt_key_spec_t *spec = &APR_ARRAY_IDX(keyring->specs, i, authjwt_key_spec_t);
        loaded_t loaded = { .spec = spec };

        if (authjwt_source_is_command(spec->source) && authjwt_config_testing()) {
            continue;
        }
        if (is_watched(spec)) {
            keyring->watches = 1;
            remember_file(&loaded, pconf);
        }
        loaded.batch = read_batch(spec, keyring->server, pconf, "");
        faults += !loaded.batch;
        APR_ARRAY_PUSH(keyring->loaded, loaded_t) = loaded;
    }
    return faults;
}

/* Under the mutex, once threads run. */
static void hold_batches(const authjwt_keyring_t *keyring, const generation_t *generation)
{
    int i;

    for (i = 0; i < keyring->loaded->nelts; i++) {
        generation->batches[i]->holders++;
    }
}

static int make_keyring(authjwt_server_conf_t *conf, server_rec *s, apr_pool_t *pconf)
{
    authjwt_keyring_t *keyring = apr_pcalloc(pconf, sizeof(*keyring));
    generation_t *first = apr_pcalloc(pconf, sizeof(*first));
    int faults;

    keyring->specs = conf->key_specs;
    keyring->server = s;
    keyring->loaded = apr_array_make(pconf, conf->key_specs->nelts, sizeof(loaded_t));
    first->ring = aj_keyset_make(pconf);
    keyring->current = first;
    conf->keyring = keyring;
    if (apr_thread_mutex_create(&keyring->mutex, APR_THREAD_MUTEX_DEFAULT, pconf) != APR_SUCCESS) {
        return 1;
    }
    faults = load(keyring, pconf);
    if (!faults) {
        faults = fill(keyring, first, pconf, "");
        hold_batches(keyring, first);
    }
    return faults;
}

/* Servers that inherit their keys share the list, and so the keyring. */
static authjwt_keyring_t *keyring_of_same_keys(const server_rec *main_server, const server_rec *s)
{
    const server_rec *other;

    for (other = main_server; other != s; other = other->next) {
        if (authjwt_config_server(other)->key_specs == authjwt_config_server(s)->key_specs) {
            return authjwt_config_server(other)->keyring;
        }
    }
    return NULL;
}

int authjwt_keys_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;
    int faults = 0;

    (void)plog;
    for (s = main_server; s; s = s->next) {
        authjwt_server_conf_t *conf = authjwt_config_server(s);

        if (conf->key_specs) {
            conf->keyring = keyring_of_same_keys(main_server, s);
            faults += conf->keyring ? 0 : make_keyring(conf, s, pconf);
        }
    }
    if (!faults) {
        faults = authjwt_keys_check_needed(main_server, ptemp);
    }
    return faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

int authjwt_keys_can_sign(const authjwt_keyring_t *keyring)
{
    return keyring && aj_keyset_signer(keyring->current->ring);
}

/* Under the mutex. */
static void let_go_batch(batch_t *batch)
{
    if (!--batch->holders && batch->pool) {
        apr_pool_destroy(batch->pool);
    }
}

/* Under the mutex. */
static void let_go(const authjwt_keyring_t *keyring, generation_t *generation)
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

/* Has the file changed since it was last read? Remembers what it sees, so that a broken file is read and reported once. */
static int file_changed(loaded_t *loaded, apr_pool_t *pool)
{
    apr_finfo_t before = loaded->seen;

    remember_file(loaded, pool);
    return before.mtime != loaded->seen.mtime || before.ctime != loaded->seen.ctime
           || before.size != loaded->seen.size || before.inode != loaded->seen.inode;
}

/* Read the files that have changed; one that is broken does not hold up another. @return how many gave keys */
static int read_changed(authjwt_keyring_t *keyring, batch_t **news, apr_pool_t *ptemp)
{
    int count = 0;
    int i;

    for (i = 0; i < keyring->loaded->nelts; i++) {
        loaded_t *loaded = &APR_ARRAY_IDX(keyring->loaded, i, loaded_t);
        apr_pool_t *pool;

        /* A pool with an allocator of its own: it is used and dropped by whatever thread comes. */
        if (!is_watched(loaded->spec) || !file_changed(loaded, ptemp) || apr_pool_create_unmanaged(&pool) != APR_SUCCESS) {
            continue;
        }
        news[i] = read_batch(loaded->spec, keyring->server, pool, "; the keys read before stay in use");
        if (news[i]) {
            news[i]->pool = pool;
            count++;
        }
        else {
            apr_pool_destroy(pool);
        }
    }
    return count;
}

/* What is good on its own counts from now on, even if no ring can be made of it until another file is mended. */
static void adopt(authjwt_keyring_t *keyring, batch_t *const *news)
{
    int i;

    apr_thread_mutex_lock(keyring->mutex);
    for (i = 0; i < keyring->loaded->nelts; i++) {
        if (news[i]) {
            let_go_batch(APR_ARRAY_IDX(keyring->loaded, i, loaded_t).batch);
            APR_ARRAY_IDX(keyring->loaded, i, loaded_t).batch = news[i];
        }
    }
    apr_thread_mutex_unlock(keyring->mutex);
}

/* From here on requests meet the new keys; those that are under way keep the old ones. */
static void switch_to(authjwt_keyring_t *keyring, generation_t *next)
{
    int count = aj_keyset_count(next->ring);

    apr_thread_mutex_lock(keyring->mutex);
    hold_batches(keyring, next);
    let_go(keyring, keyring->current);
    keyring->current = next;
    apr_thread_mutex_unlock(keyring->mutex);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, keyring->server, "AJ1006: AuthJWTKeySet: changed files read, %d keys in use", count);
}

static void renew(authjwt_keyring_t *keyring, apr_pool_t *ptemp)
{
    batch_t **news = apr_pcalloc(ptemp, keyring->loaded->nelts * sizeof(batch_t *));
    generation_t *next;
    apr_pool_t *pool;

    if (!read_changed(keyring, news, ptemp)) {
        return;
    }
    adopt(keyring, news);
    if (apr_pool_create_unmanaged(&pool) != APR_SUCCESS) {
        return;
    }
    next = apr_pcalloc(pool, sizeof(*next));
    next->pool = pool;
    if (fill(keyring, next, pool, "; the keys read before stay in use")) {
        apr_pool_destroy(pool);
    }
    else {
        switch_to(keyring, next);
    }
}

/* One thread of a process looks, every few seconds; the others go on with what there is. */
static void look_for_changes(authjwt_keyring_t *keyring, request_rec *r)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t next = apr_atomic_read32(&keyring->next_look);

    /* A clock that is set back does not end the looking. */
    if ((now < next && next - now <= LOOK_SECONDS) || apr_atomic_cas32(&keyring->looking, 1, 0) != 0) {
        return;
    }
    apr_atomic_set32(&keyring->next_look, now + LOOK_SECONDS);
    renew(keyring, r->pool);
    apr_atomic_set32(&keyring->looking, 0);
}

typedef struct {
    authjwt_keyring_t *keyring;
    generation_t      *generation;
} held_t;

static apr_status_t release(void *data)
{
    held_t *held = data;

    apr_thread_mutex_lock(held->keyring->mutex);
    let_go(held->keyring, held->generation);
    apr_thread_mutex_unlock(held->keyring->mutex);
    return APR_SUCCESS;
}

const aj_keyset_t *authjwt_keys_ring(request_rec *r)
{
    authjwt_keyring_t *keyring = authjwt_config_server(r->server)->keyring;
    held_t *held;

    if (!keyring || !keyring->watches) {
        return keyring ? keyring->current->ring : NULL;
    }
    look_for_changes(keyring, r);
    held = apr_palloc(r->pool, sizeof(*held));
    held->keyring = keyring;
    apr_thread_mutex_lock(keyring->mutex);
    held->generation = keyring->current;
    held->generation->holders++;
    apr_thread_mutex_unlock(keyring->mutex);
    apr_pool_cleanup_register(r->pool, held, release, apr_pool_cleanup_null);
    return held->generation->ring;
}

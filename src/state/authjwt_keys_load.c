/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: make a key ring of the lines of a server. */
#include <httpd.h>
#include <http_config.h>
#include <apr_strings.h>

#include "authjwt_keys_private.h"
#include "authjwt_sources.h"

int authjwt_keys_is_watched(const authjwt_key_spec_t *spec)
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

/* The keys of AuthJWTKey, which come before those of sets wherever the lines stand. */
static aj_keyset_t *own_keys(const authjwt_keyring_t *keyring, apr_pool_t *pool)
{
    aj_keyset_t *own = aj_keyset_make(pool);
    int i;

    for (i = 0; i < keyring->loaded->nelts; i++) {
        const authjwt_key_line_t *loaded = &APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t);

        /* Two lines that cannot stand together are complained of where the ring is filled. */
        if (!loaded->spec->is_set && add_all(own, loaded->batch->keys)) {
            continue;
        }
    }
    return own;
}

static void add_set(aj_keyset_t *ring, const aj_keyset_t *own, const authjwt_key_line_t *loaded, server_rec *s,
                    apr_pool_t *pool)
{
    int i;

    for (i = 0; i < aj_keyset_count(loaded->batch->keys); i++) {
        const aj_key_t *key = aj_keyset_at(loaded->batch->keys, i);
        const char *kid = aj_key_kid(key);
        int is_own = aj_keyset_namesake(own, key) != NULL;

        if (!is_own && (aj_keyset_holds(ring, key) || !aj_keyset_add(ring, key))) {
            continue;
        }
        authjwt_keys_note_skipped(
            loaded->spec, s,
            apr_psprintf(pool, "the %s key with the kid \"%s\" is skipped: %s has this algorithm and kid",
                         aj_key_alg(key)->name, aj_escape(kid, strlen(kid), pool),
                         is_own ? "an AuthJWTKey" : "another key in a set before it"),
            1);
    }
}

void authjwt_keys_remember_file(authjwt_key_line_t *loaded, apr_pool_t *pool)
{
    const char *path = authjwt_source_path(loaded->spec->source, pool);

    if (apr_stat(&loaded->seen, path, APR_FINFO_MTIME | APR_FINFO_CTIME | APR_FINFO_SIZE | APR_FINFO_INODE, pool)
        != APR_SUCCESS) {
        memset(&loaded->seen, 0, sizeof(loaded->seen));
    }
}

authjwt_key_batch_t *authjwt_keys_read_batch(authjwt_key_line_t *line, server_rec *s, apr_pool_t *pool,
                                             const char *consequence)
{
    authjwt_key_batch_t *batch = apr_pcalloc(pool, sizeof(*batch));
    const char *error = authjwt_keys_read(line->spec, s, pool, &batch->keys, &line->unread);

    batch->holders = 1;
    if (error && consequence) {
        authjwt_keys_complain(line->spec, s, error, consequence);
    }
    return error ? NULL : batch;
}

/* Fill a generation in the order of the lines. @return number of faults, each logged */
int authjwt_keys_fill(const authjwt_keyring_t *keyring, authjwt_key_generation_t *generation, apr_pool_t *pool,
                      const char *consequence)
{
    static apr_uint64_t last_number;
    const aj_keyset_t *own = own_keys(keyring, pool);
    int faults = 0;
    int i;

    generation->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    generation->ring = aj_keyset_make(pool);
    generation->batches = apr_pcalloc(pool, keyring->loaded->nelts * sizeof(authjwt_key_batch_t *));
    generation->holders = 1;
    for (i = 0; i < keyring->loaded->nelts; i++) {
        const authjwt_key_line_t *loaded = &APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t);
        const char *error = NULL;

        generation->batches[i] = loaded->batch;
        if (loaded->spec->is_set) {
            add_set(generation->ring, own, loaded, keyring->server, pool);
        }
        else {
            error = add_all(generation->ring, loaded->batch->keys);
        }
        if (error) {
            authjwt_keys_complain(loaded->spec, keyring->server, error, consequence);
            faults++;
        }
    }
    return faults;
}

/* Read all lines. A command is not run under -t, so its keys are unknown there. @return number of faults, each logged
 */
static int load(authjwt_keyring_t *keyring, apr_pool_t *pconf)
{
    int faults = 0;
    int i;

    for (i = 0; i < keyring->specs->nelts; i++) {
        const authjwt_key_spec_t *spec = &APR_ARRAY_IDX(keyring->specs, i, authjwt_key_spec_t);
        authjwt_key_line_t loaded = { .spec = spec };

        if (authjwt_source_is_command(spec->source) && authjwt_config_testing()) {
            continue;
        }
        if (authjwt_keys_is_watched(spec)) {
            keyring->watches = 1;
            authjwt_keys_remember_file(&loaded, pconf);
        }
        loaded.batch = authjwt_keys_read_batch(&loaded, keyring->server, pconf, "");
        faults += !loaded.batch;
        APR_ARRAY_PUSH(keyring->loaded, authjwt_key_line_t) = loaded;
    }
    return faults;
}

/* Under the mutex, once threads run. */
void authjwt_keys_hold_batches(const authjwt_keyring_t *keyring, const authjwt_key_generation_t *generation)
{
    int i;

    for (i = 0; i < keyring->loaded->nelts; i++) {
        generation->batches[i]->holders++;
    }
}

int authjwt_keys_make(authjwt_server_conf_t *conf, server_rec *s, apr_pool_t *pconf)
{
    authjwt_keyring_t *keyring = apr_pcalloc(pconf, sizeof(*keyring));
    authjwt_key_generation_t *first = apr_pcalloc(pconf, sizeof(*first));
    int faults;

    keyring->specs = conf->key_specs;
    keyring->server = s;
    keyring->loaded = apr_array_make(pconf, conf->key_specs->nelts, sizeof(authjwt_key_line_t));
    first->ring = aj_keyset_make(pconf);
    keyring->current = first;
    conf->keyring = keyring;
    if (apr_thread_mutex_create(&keyring->mutex, APR_THREAD_MUTEX_DEFAULT, pconf) != APR_SUCCESS) {
        return 1;
    }
    faults = load(keyring, pconf);
    if (!faults) {
        faults = authjwt_keys_fill(keyring, first, pconf, "");
        authjwt_keys_hold_batches(keyring, first);
    }
    return faults;
}

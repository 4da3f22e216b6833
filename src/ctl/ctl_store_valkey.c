/* SPDX-License-Identifier: Apache-2.0 */
/* A store on Valkey or Redis: as AuthJWTStoreAuth and its kin describe it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "authjwt_entry_birth.h"
#include "authjwt_valkey_args.h"
#include "authjwt_valkey_server.h"
#include "ctl_store.h"

/* As AuthJWTStoreReplicas: how many at most, and how long they are waited for. */
#define REPLICAS_MAX  1000
#define REPLICAS_TIME "1s"

/* ---- options ---- */

/* A password has no newline at its end, and none is in the list of processes. */
static const char *read_auth(const char *text, authjwt_valkey_options_t *out, apr_pool_t *pool)
{
    apr_array_header_t *words = ctl_words(text, pool);
    ctl_content_t content;
    const char *error;

    if (words->nelts < 1 || words->nelts > 2) {
        return "write \"[USER] SOURCE\", such as \"httpd file:/etc/apache2/jwt.store-password\"";
    }
    error = ctl_source_read(APR_ARRAY_IDX(words, words->nelts - 1, const char *), pool, &content);
    if (error) {
        return error;
    }
    if (content.len && content.bytes[content.len - 1] == '\n') {
        content.len--;
    }
    out->user = words->nelts == 2 ? APR_ARRAY_IDX(words, 0, const char *) : NULL;
    out->password = (const char *)content.bytes;
    out->password_len = content.len;
    return content.len ? NULL : "the password is empty";
}

static const char *read_tls(const char *text, authjwt_valkey_options_t *out, apr_pool_t *pool)
{
    apr_array_header_t *words = ctl_words(text, pool);
    const char *first = words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "";
    int i;

    out->tls = !strcmp(first, "on");
    for (i = 1; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *), *value = strchr(word, '=');
        const char **slot = !strncmp(word, "ca=", 3)   ? &out->ca
                          : !strncmp(word, "cert=", 5) ? &out->cert
                          : !strncmp(word, "key=", 4)  ? &out->key
                                                       : NULL;

        if (!slot || !value || !out->tls) {
            return "write off, or \"on [ca=FILE] [cert=FILE key=FILE]\"";
        }
        *slot = value + 1;
    }
    if (!out->tls && strcmp(first, "off") != 0) {
        return "write off, or \"on [ca=FILE] [cert=FILE key=FILE]\"";
    }
    return !out->cert != !out->key ? "cert= and key= belong together" : NULL;
}

static const char *read_replicas(const char *text, authjwt_valkey_options_t *out, apr_pool_t *pool)
{
    apr_array_header_t *words = ctl_words(text, pool);
    const char *count = words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "";
    const char *time = words->nelts > 1 ? APR_ARRAY_IDX(words, 1, const char *) : REPLICAS_TIME;

    if (words->nelts > 2 || !*count || strspn(count, "0123456789") != strlen(count) || strlen(count) > 4
        || atoi(count) > REPLICAS_MAX) {
        return "write \"N [TIME]\", such as \"1 1s\"";
    }
    out->replicas = (unsigned)atoi(count);
    return ctl_wait(time, &out->replicas_time, pool);
}

static const char *read_timeout(const char *text, authjwt_valkey_options_t *out, apr_pool_t *pool)
{
    return ctl_wait(text, &out->timeout, pool);
}

static const char *read_options(const ctl_options_t *options, authjwt_valkey_options_t *out, apr_pool_t *pool)
{
    const struct {
        const char *name, *text;
        const char *(*read)(const char *text, authjwt_valkey_options_t *out, apr_pool_t *pool);
    } table[] = { { "--store-auth", options->store_auth, read_auth },
                  { "--store-tls", options->store_tls, read_tls },
                  { "--store-replicas", options->store_replicas, read_replicas },
                  { "--store-timeout", options->store_timeout, read_timeout } };
    const char *error = NULL;
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]) && !error; i++) {
        error = table[i].text ? table[i].read(table[i].text, out, pool) : NULL;
        error = error ? apr_pstrcat(pool, table[i].name, ": ", error, NULL) : NULL;
    }
    return error;
}

static const char *check(const ctl_options_t *options, const char *args, apr_pool_t *pool)
{
    authjwt_valkey_options_t known = { 0 };
    authjwt_valkey_address_t address;
    const char *error = *args ? authjwt_valkey_parse(args, &address, pool)
                              : "write valkey:HOST[:PORT], as AuthJWTRevocationStore takes it";

    return error ? apr_pstrcat(pool, "--store: ", error, NULL) : read_options(options, &known, pool);
}

static const char *open_store(const ctl_options_t *options, const char *args, apr_pool_t *pool, void **store)
{
    authjwt_valkey_options_t *known = apr_pcalloc(pool, sizeof(*known));
    authjwt_valkey_server_t *server = NULL;
    const char *error = read_options(options, known, pool);

    signal(SIGPIPE, SIG_IGN); /* what the other end has closed is an error like others */
    error = error ? error : authjwt_valkey_server_open(args, AUTHJWT_ENTRY_CONSUMER, known, pool, &server);
    *store = server;
    return error;
}

/* ---- entries ---- */

static authjwt_valkey_entry_t theirs(const ctl_entry_t *entry)
{
    return (authjwt_valkey_entry_t){ entry->id, entry->idlen, entry->data, entry->len, entry->expiry };
}

static ctl_entry_t ours(const authjwt_valkey_entry_t *entry)
{
    return (ctl_entry_t){ entry->id, entry->idlen, entry->data, entry->len, entry->expiry };
}

static const char *get(void *store, ctl_change_t *const *changes, unsigned n, apr_pool_t *pool)
{
    authjwt_valkey_entry_t *entries = apr_palloc(pool, n * sizeof(*entries));
    const char *error;
    unsigned i;

    for (i = 0; i < n; i++) {
        entries[i] = theirs(&changes[i]->entry);
    }
    error = authjwt_valkey_server_get(store, entries, n, pool);
    for (i = 0; i < n && !error; i++) {
        changes[i]->entry = ours(&entries[i]);
    }
    return error;
}

static const char *swap(void *store, ctl_change_t *const *changes, unsigned n, apr_pool_t *pool)
{
    authjwt_valkey_swap_t *swaps = apr_palloc(pool, n * sizeof(*swaps));
    authjwt_valkey_entry_t *found = apr_palloc(pool, n * sizeof(*found));
    const char *error;
    unsigned i;

    for (i = 0; i < n; i++) {
        found[i] = theirs(&changes[i]->found);
        swaps[i] =
            (authjwt_valkey_swap_t){ theirs(&changes[i]->entry), found[i].data ? &found[i] : NULL, APR_EGENERAL };
    }
    error = authjwt_valkey_server_swap(store, swaps, n, pool);
    for (i = 0; i < n && !error; i++) {
        changes[i]->is_done = swaps[i].status == APR_SUCCESS;
    }
    return error;
}

typedef struct {
    ctl_visit_fn *visit;
    void *ctx;
} visited_t;

/* A module of somebody else may be a consumer whose name begins like ours; entries have ids of one length. */
static const char *visit_entry(void *ctx, const authjwt_valkey_entry_t *entry)
{
    const visited_t *visited = ctx;
    ctl_entry_t one = ours(entry);

    return entry->idlen == AJ_SHA256_BYTES ? visited->visit(visited->ctx, &one) : NULL;
}

static const char *each(void *store, ctl_visit_fn *visit, void *ctx, apr_pool_t *pool)
{
    visited_t visited = { visit, ctx };

    return authjwt_valkey_server_each(store, visit_entry, &visited, pool);
}

static const char *records(void *store, const unsigned char *owner, ctl_entry_t **out, unsigned *n, apr_pool_t *pool)
{
    authjwt_valkey_entry_t *found;
    const char *error = authjwt_valkey_server_records(store, owner, &found, n, pool);
    unsigned i;

    if (error) {
        return error;
    }
    *out = apr_palloc(pool, (*n + 1) * sizeof(**out));
    for (i = 0; i < *n; i++) {
        (*out)[i] = ours(&found[i]);
    }
    return NULL;
}

/* ---- about the store ---- */

static const char *figures(void *store, ctl_figures_t *out, apr_pool_t *pool)
{
    authjwt_valkey_entry_t sentinel = { .id = authjwt_entry_sentinel.bytes, .idlen = AJ_SHA256_BYTES };
    authjwt_valkey_memory_t memory = { 0, 0 };
    const char *error = authjwt_valkey_server_get(store, &sentinel, 1, pool);

    if (!error && sentinel.data) {
        (void)authjwt_entry_birth_of(sentinel.data, sentinel.len, &out->birth);
    }
    error = error ? error : authjwt_valkey_server_memory(store, &memory, pool);
    out->used = memory.used;
    out->size = memory.limit;
    return error;
}

const ctl_store_kind_t ctl_store_valkey = { "valkey:", check, open_store, get, swap, each, records, figures, NULL };

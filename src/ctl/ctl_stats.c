/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl stats and export: what is in a store. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_json.h"
#include "authjwt_entry.h"
#include "ctl_store.h"

typedef struct {
    apr_uint64_t endings, chains, others;
} kinds_t;

/* Ids are hashes, so what an entry is about shows in the form of its value alone. */
static const char *count(void *ctx, const ctl_entry_t *entry)
{
    kinds_t *kinds = ctx;
    authjwt_store_value_t value = { .len = 0 };
    authjwt_entry_chain_t chain;
    authjwt_entry_mark_t mark;

    if (entry->len <= sizeof(value.bytes)) {
        memcpy(value.bytes, entry->data, entry->len);
        value.len = (unsigned)entry->len;
    }
    if (authjwt_entry_mark_of(&value, &mark)) {
        kinds->endings++;
    }
    else if (authjwt_entry_chain_of(&value, &chain)) {
        kinds->chains++;
    }
    else {
        kinds->others++;
    }
    return NULL;
}

/* What has expired is still there in some stores, and counted by them. */
static apr_uint64_t stored(const kinds_t *kinds, const ctl_figures_t *figures)
{
    return figures->stored ? figures->stored : kinds->endings + kinds->chains + kinds->others;
}

static void print_json(const ctl_options_t *options, const kinds_t *kinds, const ctl_figures_t *figures,
                       apr_pool_t *pool)
{
    json_t *out = aj_json_own(json_object(), pool);

    json_object_set_new(out, "store", json_string(options->store));
    json_object_set_new(out, "endings", json_integer((json_int_t)kinds->endings));
    json_object_set_new(out, "chains", json_integer((json_int_t)kinds->chains));
    json_object_set_new(out, "others", json_integer((json_int_t)kinds->others));
    json_object_set_new(out, "stored", json_integer((json_int_t)stored(kinds, figures)));
    if (figures->used) {
        json_object_set_new(out, "used", json_integer((json_int_t)figures->used));
    }
    if (figures->size) {
        json_object_set_new(out, "size", json_integer((json_int_t)figures->size));
    }
    json_object_set_new(out, "birth", json_integer(apr_time_sec(figures->birth)));
    printf("%s\n", aj_json_write(out, pool));
}

static void print_text(const ctl_options_t *options, const kinds_t *kinds, const ctl_figures_t *figures,
                       apr_pool_t *pool)
{
    printf("store:   %s\n", options->store);
    printf("endings: %" APR_UINT64_T_FMT "\n", kinds->endings);
    printf("chains:  %" APR_UINT64_T_FMT "\n", kinds->chains);
    printf("others:  %" APR_UINT64_T_FMT "\n", kinds->others);
    printf("stored:  %" APR_UINT64_T_FMT "\n", stored(kinds, figures));
    if (figures->size) {
        printf("used:    %" APR_UINT64_T_FMT " of %" APR_UINT64_T_FMT " bytes (%.1f %%)\n", figures->used,
               figures->size, 100.0 * (double)figures->used / (double)figures->size);
    }
    else if (figures->used) {
        printf("used:    %" APR_UINT64_T_FMT " bytes, without a limit\n", figures->used);
    }
    printf("birth:   %s\n", figures->birth ? ctl_date(figures->birth, pool) : "never lost");
}

ctl_exit_e ctl_stats(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = ctl_only_store(options, pool);
    ctl_figures_t figures;
    ctl_store_t store;
    kinds_t kinds = { 0, 0, 0 };

    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    error = ctl_store_open(options, pool, &store);
    error = error ? error : ctl_store_each(&store, count, &kinds, pool);
    error = error ? error : ctl_store_figures(&store, &figures, pool);
    if (error) {
        return ctl_say(CTL_REFUSED, "%s", error);
    }
    if (options->json) {
        print_json(options, &kinds, &figures, pool);
    }
    else {
        print_text(options, &kinds, &figures, pool);
    }
    return CTL_DONE;
}

/* Bytes of any kind as text; expiry in microseconds since 1970. */
static const char *print_entry(void *ctx, const ctl_entry_t *entry)
{
    apr_pool_t *pool;

    if (!entry->expiry) {
        return "the store does not tell when entries expire; on valkey its user needs +pttl";
    }
    apr_pool_create(&pool, ctx);
    printf("{\"id\":\"%s\",\"value\":\"%s\",\"expires\":%" APR_TIME_T_FMT "}\n",
           aj_base64url_encode(entry->id, entry->idlen, pool), aj_base64url_encode(entry->data, entry->len, pool),
           entry->expiry);
    apr_pool_destroy(pool);
    return ferror(stdout) ? "stdout cannot be written" : NULL;
}

/* A loss that is not told would make sessions good again that ended in it. */
static const char *print_birth(const ctl_store_t *store, apr_pool_t *pool)
{
    ctl_figures_t figures;
    const char *error = ctl_store_figures(store, &figures, pool);

    if (!error && figures.birth) {
        printf("{\"birth\":%" APR_TIME_T_FMT "}\n", figures.birth);
    }
    return error;
}

ctl_exit_e ctl_export(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = ctl_only_store(options, pool);
    ctl_store_t store;

    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    error = ctl_store_open(options, pool, &store);
    error = error ? error : print_birth(&store, pool);
    error = error ? error : ctl_store_each(&store, print_entry, pool, pool);
    return error ? ctl_say(CTL_REFUSED, "%s", error) : CTL_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl stats and export: what is in a store. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_json.h"
#include "authjwt_entry.h"
#include "ctl_private.h"

typedef struct {
    apr_uint64_t endings, chains, others;
} kinds_t;

/* Ids are hashes, so what an entry is about shows in the form of its value alone. */
static const char *count(void *ctx, const authjwt_lmdb_entry_t *entry)
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

static void print_json(const ctl_options_t *options, const kinds_t *kinds, const authjwt_lmdb_figures_t *figures,
                       apr_pool_t *pool)
{
    json_t *out = aj_json_own(json_object(), pool);

    json_object_set_new(out, "store", json_string(options->store));
    json_object_set_new(out, "endings", json_integer((json_int_t)kinds->endings));
    json_object_set_new(out, "chains", json_integer((json_int_t)kinds->chains));
    json_object_set_new(out, "others", json_integer((json_int_t)kinds->others));
    json_object_set_new(out, "stored", json_integer((json_int_t)figures->entries));
    json_object_set_new(out, "used", json_integer((json_int_t)figures->used));
    json_object_set_new(out, "size", json_integer((json_int_t)figures->size));
    json_object_set_new(out, "birth", json_integer(apr_time_sec(figures->birth)));
    printf("%s\n", aj_json_write(out, pool));
}

static void print_text(const ctl_options_t *options, const kinds_t *kinds, const authjwt_lmdb_figures_t *figures)
{
    char born[APR_RFC822_DATE_LEN] = "never lost";

    if (figures->birth) {
        apr_rfc822_date(born, figures->birth);
    }
    printf("store:   %s\n", options->store);
    printf("endings: %" APR_UINT64_T_FMT "\n", kinds->endings);
    printf("chains:  %" APR_UINT64_T_FMT "\n", kinds->chains);
    printf("others:  %" APR_UINT64_T_FMT "\n", kinds->others);
    printf("stored:  %" APR_UINT64_T_FMT "\n", figures->entries);
    printf("used:    %" APR_UINT64_T_FMT " of %" APR_UINT64_T_FMT " bytes (%.1f %%)\n", figures->used, figures->size,
           figures->size ? 100.0 * (double)figures->used / (double)figures->size : 0.0);
    printf("birth:   %s\n", born);
}

ctl_exit_e ctl_stats(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = options->config ? ctl_config_read(options, pool) : NULL;
    authjwt_lmdb_figures_t figures;
    authjwt_lmdb_file_t *file;
    kinds_t kinds = { 0, 0, 0 };

    error = error ? error : ctl_store_check(options);
    if (error || options->word) {
        return ctl_say(CTL_USAGE, "%s", error ? error : "stats takes no other word");
    }
    error = ctl_store_open(options, pool, &file);
    error = error ? error : authjwt_lmdb_file_each(file, count, &kinds, pool);
    if (!error && authjwt_lmdb_file_figures(file, &figures) != APR_SUCCESS) {
        error = "the store cannot be read";
    }
    if (error) {
        return ctl_say(CTL_REFUSED, "%s", error);
    }
    if (options->json) {
        print_json(options, &kinds, &figures, pool);
    }
    else {
        print_text(options, &kinds, &figures);
    }
    return CTL_DONE;
}

/* Bytes of any kind as text; expiry in microseconds since 1970. */
static const char *print_entry(void *ctx, const authjwt_lmdb_entry_t *entry)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, ctx);
    printf("{\"id\":\"%s\",\"value\":\"%s\",\"expires\":%" APR_TIME_T_FMT "}\n",
           aj_base64url_encode(entry->id, entry->idlen, pool), aj_base64url_encode(entry->data, entry->len, pool),
           entry->expiry);
    apr_pool_destroy(pool);
    return ferror(stdout) ? "stdout cannot be written" : NULL;
}

ctl_exit_e ctl_export(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = options->config ? ctl_config_read(options, pool) : NULL;
    authjwt_lmdb_file_t *file;

    error = error ? error : ctl_store_check(options);
    if (error || options->word) {
        return ctl_say(CTL_USAGE, "%s", error ? error : "export takes no other word");
    }
    error = ctl_store_open(options, pool, &file);
    error = error ? error : authjwt_lmdb_file_each(file, print_entry, pool, pool);
    return error ? ctl_say(CTL_REFUSED, "%s", error) : CTL_DONE;
}

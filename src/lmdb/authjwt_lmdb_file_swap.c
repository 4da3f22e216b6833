/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a program beside httpd: many in one transaction, since each commit waits for the disk. */
#include "authjwt_lmdb_file_private.h"

static MDB_val bytes_of(const unsigned char *data, apr_size_t len)
{
    return (MDB_val){ .mv_size = len, .mv_data = (void *)(apr_uintptr_t)data };
}

/** Changes, some of which are made. */
typedef struct {
    authjwt_lmdb_write_t *writes;
    unsigned n, done;
} series_t;

/* As many in one transaction as the exact figures of its beginning answer for. */
static int write_some(authjwt_lmdb_env_t *env, void *ctx)
{
    series_t *series = ctx;
    authjwt_lmdb_pages_t pages = { 0, 0 };
    apr_uint64_t ahead = 0;
    unsigned i = series->done;
    MDB_txn *txn;
    int rc = authjwt_lmdb_write_begin(env, &txn, &pages), more = rc == 0;

    if (rc != 0) {
        return rc;
    }
    for (; more && i < series->n; i++) {
        authjwt_lmdb_write_t *write = &series->writes[i];

        write->pages = pages;
        write->ahead = ahead;
        rc = authjwt_lmdb_apply(env, txn, write);
        ahead += authjwt_lmdb_pages_of(env, write);
        more = rc == 0 && authjwt_lmdb_may_follow(&pages, ahead);
    }
    rc = authjwt_lmdb_finish(txn, rc);
    series->done = rc == 0 ? i : series->done;
    return rc;
}

/* What fails together is tried again one by one: there may be room for the first. */
static int write_all(authjwt_lmdb_file_t *file, series_t *series)
{
    static const authjwt_lmdb_job_t job = { "store entries", 1, write_some };
    int rc = 0;

    while (rc == 0 && series->done < series->n) {
        rc = authjwt_lmdb_file_run(file, &job, series);
        if (rc != 0) {
            rc = authjwt_lmdb_file_run(file, &authjwt_lmdb_store_job, &series->writes[series->done]);
            series->done += rc == 0;
        }
    }
    return rc;
}

static authjwt_lmdb_write_t write_of(const authjwt_lmdb_swap_t *swap)
{
    authjwt_lmdb_write_t write = { .kind = AUTHJWT_LMDB_SWAP, .now = apr_time_now(), .reserved = 1 };

    write.id = bytes_of(swap->entry.id, swap->entry.idlen);
    write.data = bytes_of(swap->entry.data, swap->entry.len);
    write.expiry = swap->entry.expiry;
    if (swap->old) {
        write.old = bytes_of(swap->old->data, swap->old->len);
    }
    return write;
}

apr_status_t authjwt_lmdb_file_swap(authjwt_lmdb_file_t *file, authjwt_lmdb_swap_t *swaps, unsigned n, apr_pool_t *pool)
{
    series_t series = { apr_pcalloc(pool, n * sizeof(*series.writes)), n, 0 };
    apr_status_t rv;
    unsigned i;

    for (i = 0; i < n; i++) {
        if (swaps[i].entry.idlen == 0 || swaps[i].entry.idlen > AUTHJWT_LMDB_ID_MAX) {
            return APR_EINVAL;
        }
        series.writes[i] = write_of(&swaps[i]);
    }
    rv = authjwt_lmdb_file_status(write_all(file, &series));
    for (i = 0; i < n; i++) {
        swaps[i].status = series.writes[i].answer;
    }
    return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The doors of the lmdb provider to the records of a directory. */
#include <httpd.h>

#include "authjwt_lmdb.h"
#include "authjwt_lmdb_txn_private.h"

static int is_bad(const authjwt_socache_filing_t *filing)
{
    return filing->drops > AUTHJWT_SOCACHE_RECORDS_MAX || filing->most > AUTHJWT_SOCACHE_RECORDS_MAX
        || (filing->record && filing->record->len > AUTHJWT_SOCACHE_RECORD_MAX);
}

apr_status_t authjwt_lmdb_file_record(ap_socache_instance_t *inst, server_rec *s,
                                      const authjwt_socache_filing_t *filing, apr_pool_t *pool)
{
    authjwt_lmdb_write_t write = { .kind = AUTHJWT_LMDB_FILE, .filing = filing, .now = apr_time_now() };
    apr_status_t rv;

    (void)pool;
    if (is_bad(filing)) {
        return APR_EINVAL;
    }
    rv = authjwt_lmdb_run(inst, s, &authjwt_lmdb_file_job, &write);
    return rv == APR_SUCCESS ? write.answer : rv;
}

apr_status_t authjwt_lmdb_list_records(ap_socache_instance_t *inst, server_rec *s, const unsigned char *owner,
                                       authjwt_socache_record_t **records, unsigned int *n, apr_pool_t *pool)
{
    authjwt_lmdb_list_t list = { .pool = pool, .now = apr_time_now(), .owner = owner };
    apr_status_t rv;

    list.records = apr_palloc(pool, AUTHJWT_SOCACHE_RECORDS_MAX * sizeof(*list.records));
    rv = authjwt_lmdb_run(inst, s, &authjwt_lmdb_list_job, &list);
    *records = list.records;
    *n = list.n;
    return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directory: the list of a user's sessions is read and written. */
#include <httpd.h>

#include "authjwt_directory.h"
#include "authjwt_config_values.h"
#include "authjwt_directory_private.h"
#include "authjwt_revocation.h"
#include "authjwt_store_directory_private.h"

int authjwt_directory_is_on(const server_rec *s)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);

    return conf->store && authjwt_config_session_directory(conf);
}

int authjwt_directory_is_of(const authjwt_record_t *record, const aj_claims_t *claims, apr_pool_t *pool)
{
    authjwt_store_id_t id;

    return authjwt_revocation_token_id(claims, pool, &id) == APR_SUCCESS
        && !memcmp(id.bytes, record->id.bytes, sizeof(id.bytes));
}

static const char *issuer_of(request_rec *r, const char *issuer)
{
    const char *ours = authjwt_config_server(r->server)->issuer;

    return issuer ? issuer : ours ? ours : "";
}

static apr_status_t owner_of(request_rec *r, const char *issuer, const char *user, authjwt_store_id_t *owner)
{
    return authjwt_record_owner(issuer_of(r, issuer), user, r->pool, owner);
}

/* ---- reading ---- */

/* What a later release has written and this one cannot read is passed over: it is a list. */
static apr_array_header_t *read_all(request_rec *r, const authjwt_socache_record_t *found, unsigned int n)
{
    apr_array_header_t *records = apr_array_make(r->pool, (int)n, sizeof(authjwt_record_t));
    unsigned int i;

    for (i = 0; i < n; i++) {
        authjwt_record_t record = { .has_origin = 0 };

        memcpy(record.id.bytes, found[i].id, sizeof(record.id.bytes));
        if (authjwt_record_read(found[i].data, found[i].len, r->pool, &record)) {
            APR_ARRAY_PUSH(records, authjwt_record_t) = record;
        }
    }
    return records;
}

static int newest_first(const void *one, const void *other)
{
    const authjwt_record_t *a = one, *b = other;

    return a->begin != b->begin ? (a->begin < b->begin ? 1 : -1) : memcmp(a->id.bytes, b->id.bytes, sizeof(a->id));
}

static void part(const apr_array_header_t *all, const char *is_over, apr_array_header_t *records,
                 apr_array_header_t *dead)
{
    int i;

    for (i = 0; i < all->nelts; i++) {
        APR_ARRAY_PUSH(is_over[i] ? dead : records, authjwt_record_t) = APR_ARRAY_IDX(all, i, authjwt_record_t);
    }
}

static apr_status_t list_all(request_rec *r, const char *issuer, const char *user, apr_array_header_t **records)
{
    authjwt_socache_record_t *found;
    authjwt_store_id_t owner;
    unsigned int n;
    apr_status_t rv = authjwt_directory_is_on(r->server) ? owner_of(r, issuer, user, &owner) : APR_ENOTIMPL;

    if (rv == APR_SUCCESS) {
        rv = authjwt_store_list_records(r, &owner, &found, &n);
    }
    if (rv == APR_SUCCESS) {
        *records = read_all(r, found, n);
    }
    return rv;
}

apr_status_t authjwt_directory_sort(request_rec *r, const char *issuer, const char *user, apr_array_header_t **records,
                                    apr_array_header_t **dead)
{
    apr_array_header_t *all;
    char *is_over;
    apr_status_t rv = list_all(r, issuer, user, &all);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(authjwt_record_t), newest_first);
    is_over = apr_pcalloc(r->pool, (apr_size_t)all->nelts + 1);
    rv = authjwt_directory_find_over(r, issuer_of(r, issuer), user, all, is_over);
    if (rv == APR_SUCCESS) {
        *records = apr_array_make(r->pool, all->nelts, sizeof(authjwt_record_t));
        *dead = apr_array_make(r->pool, 1, sizeof(authjwt_record_t));
        part(all, is_over, *records, *dead);
    }
    return rv;
}

apr_status_t authjwt_directory_list(request_rec *r, const char *issuer, const char *user, apr_array_header_t **records)
{
    apr_array_header_t *dead;

    return authjwt_directory_sort(r, issuer, user, records, &dead);
}

/* ---- writing ---- */

static const unsigned char *ids_of(const apr_array_header_t *records, apr_pool_t *pool)
{
    unsigned char *ids = apr_palloc(pool, ((apr_size_t)records->nelts + 1) * AUTHJWT_SOCACHE_NAME);
    int i;

    for (i = 0; i < records->nelts; i++) {
        memcpy(ids + (apr_size_t)i * AUTHJWT_SOCACHE_NAME, APR_ARRAY_IDX(records, i, authjwt_record_t).id.bytes,
               AUTHJWT_SOCACHE_NAME);
    }
    return ids;
}

_Static_assert(sizeof(authjwt_store_id_t) == AUTHJWT_SOCACHE_NAME, "ids of entries are names of records");
_Static_assert(AUTHJWT_SESSIONS_MOST == AUTHJWT_SOCACHE_RECORDS_MAX, "a provider takes as many as a user may have");

/* A sid that is too long is not listed, and is none of ours. */
static apr_status_t file(request_rec *r, const char *issuer, const char *user, const authjwt_record_t *record,
                         apr_time_t until, authjwt_socache_filing_t filing)
{
    unsigned char bytes[AUTHJWT_RECORD_MAX];
    authjwt_socache_record_t written = { .data = bytes, .expiry = until };
    authjwt_store_id_t owner;
    apr_status_t rv = owner_of(r, issuer, user, &owner);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    filing.owner = owner.bytes;
    if (record) {
        written.id = record->id.bytes;
        written.order = record->begin;
        written.len = (unsigned int)authjwt_record_write(record, bytes);
        filing.record = &written;
    }
    return record && !written.len ? APR_SUCCESS : authjwt_store_file_record(r, &filing);
}

apr_status_t authjwt_directory_write(request_rec *r, const char *issuer, const char *user,
                                     const authjwt_record_t *record, apr_time_t until)
{
    return file(r, issuer, user, record, until,
                (authjwt_socache_filing_t){ .most = AUTHJWT_SESSIONS_MOST, .yields = 1 });
}

apr_status_t authjwt_directory_admit(request_rec *r, const char *issuer, const char *user,
                                     const authjwt_record_t *record, apr_time_t until, const apr_array_header_t *drop,
                                     unsigned int most)
{
    authjwt_socache_filing_t filing = { .drop = ids_of(drop, r->pool), .drops = (unsigned int)drop->nelts };

    filing.most = most < AUTHJWT_SESSIONS_MOST ? most + 1 : AUTHJWT_SESSIONS_MOST;
    return file(r, issuer, user, record, until, filing);
}

static apr_status_t drop_all(request_rec *r, const char *issuer, const char *user, const apr_array_header_t *records)
{
    authjwt_socache_filing_t filing = { .drop = ids_of(records, r->pool), .drops = (unsigned int)records->nelts };

    return filing.drops ? file(r, issuer, user, NULL, 0, filing) : APR_SUCCESS;
}

apr_status_t authjwt_directory_remove(request_rec *r, const char *issuer, const char *user,
                                      const authjwt_store_id_t *id)
{
    return file(r, issuer, user, NULL, 0, (authjwt_socache_filing_t){ .drop = id->bytes, .drops = 1 });
}

apr_status_t authjwt_directory_clear(request_rec *r, const char *issuer, const char *user)
{
    apr_array_header_t *records, *dead;
    apr_status_t rv = authjwt_directory_sort(r, issuer, user, &records, &dead);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < records->nelts; i++) {
        if (APR_ARRAY_IDX(records, i, authjwt_record_t).ended) {
            APR_ARRAY_PUSH(dead, authjwt_record_t) = APR_ARRAY_IDX(records, i, authjwt_record_t);
        }
    }
    return rv == APR_SUCCESS ? drop_all(r, issuer, user, dead) : rv;
}

/* ---- one record ---- */

static const authjwt_record_t *find(const apr_array_header_t *records, const authjwt_store_id_t *id)
{
    int i;

    for (i = 0; i < records->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(records, i, authjwt_record_t);

        if (!memcmp(record->id.bytes, id->bytes, sizeof(id->bytes))) {
            return record;
        }
    }
    return NULL;
}

apr_status_t authjwt_directory_find(request_rec *r, const char *issuer, const char *user, const authjwt_store_id_t *id,
                                    const authjwt_record_t **record)
{
    apr_array_header_t *records;
    apr_status_t rv = list_all(r, issuer, user, &records);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *record = find(records, id);
    return *record ? APR_SUCCESS : APR_NOTFOUND;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The lmdb provider as httpd sees it: the functions of ap_socache_provider_t, and its doors beside them. */
#include <stdint.h>
#include <string.h>

#include <httpd.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <unixd.h>

#include "authjwt_lmdb.h"
#include "authjwt_lmdb_txn_private.h"

APLOG_USE_MODULE(authjwt);

static const char *lmdb_create(ap_socache_instance_t **instance, const char *arg, apr_pool_t *tmp, apr_pool_t *pool)
{
    ap_socache_instance_t *inst = apr_pcalloc(pool, sizeof *inst);
    const char *why = authjwt_lmdb_args(arg, &inst->dir, &inst->size, tmp, pool);

    /* In a ChrootDir the path means another place, which is looked at when the store starts. */
    if (why == NULL && ap_unixd_config.chroot_dir == NULL) {
        why = authjwt_lmdb_dir_foresee(inst->dir, tmp);
    }
    if (why == NULL) {
        *instance = inst;
    }
    return why;
}

/* ---- start and end ---- */

static apr_status_t lmdb_init(ap_socache_instance_t *inst, const char *cname, const struct ap_socache_hints *hints,
                              server_rec *s, apr_pool_t *pool)
{
    const char *why, *warning, *dir;
    authjwt_lmdb_report_t report;
    apr_pool_t *tmp;

    (void)cname, (void)hints;
    if (apr_pool_create(&tmp, pool) != APR_SUCCESS) {
        return APR_ENOMEM;
    }
    dir = authjwt_lmdb_outside(inst->dir, tmp);
    inst->ready = 0;
    why = authjwt_lmdb_dir_prepare(dir, &inst->ids, &inst->is_made, &warning, tmp);
    if (why == NULL && warning != NULL) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "AJ2001: lmdb:%s: %s", inst->dir, warning);
    }
    if (why == NULL) {
        why = authjwt_lmdb_check(inst, &report, tmp);
    }
    if (why != NULL) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "AJ2002: lmdb:%s: %s", inst->dir, why);
    }
    else {
        inst->ids = report.ids;
        inst->birth = report.birth;
        inst->is_lost = report.is_new && report.birth != 0;
        inst->ready = 1;
        authjwt_lmdb_announce(inst, pool);
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     "AJ2003: lmdb:%s: ready with %" APR_UINT64_T_FMT " entries in a store of %" APR_UINT64_T_FMT "K",
                     inst->dir, report.entries, report.mapsize >> 10);
    }
    apr_pool_destroy(tmp);
    return why == NULL ? APR_SUCCESS : APR_EGENERAL;
}

void authjwt_lmdb_expect(ap_socache_instance_t *inst)
{
    inst->is_known = 1;
}

apr_time_t authjwt_lmdb_birth(const ap_socache_instance_t *inst, int *is_lost)
{
    *is_lost = inst->is_lost;
    return inst->birth;
}

/* Nothing is closed here: the parent has no environment open, and in a child other threads may still use theirs. */
static void lmdb_destroy(ap_socache_instance_t *inst, server_rec *s)
{
    (void)s;
    inst->ready = 0;
}

/* ---- entries ---- */

static MDB_val id_of(const unsigned char *id, unsigned int idlen)
{
    return (MDB_val){ .mv_size = idlen, .mv_data = (void *)(uintptr_t)id };
}

static int bad_id(unsigned int idlen)
{
    return idlen == 0 || idlen > AUTHJWT_LMDB_ID_MAX;
}

apr_status_t authjwt_lmdb_retrieve_several(ap_socache_instance_t *inst, server_rec *s,
                                           authjwt_socache_question_t *questions, unsigned int n, apr_pool_t *pool)
{
    authjwt_lmdb_get_t get = { .now = apr_time_now(), .questions = questions, .n = n };
    unsigned int i;

    (void)pool;
    for (i = 0; i < n; i++) {
        if (bad_id(questions[i].idlen)) {
            return APR_EINVAL;
        }
    }
    return authjwt_lmdb_run(inst, s, &authjwt_lmdb_get_job, &get);
}

static apr_status_t lmdb_retrieve(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                  unsigned int idlen, unsigned char *data, unsigned int *datalen, apr_pool_t *pool)
{
    authjwt_socache_question_t question = { .id = id, .idlen = idlen, .data = data, .len = *datalen };
    apr_status_t rv = authjwt_lmdb_retrieve_several(inst, s, &question, 1, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *datalen = question.len;
    return question.status;
}

static void warn_if_low(ap_socache_instance_t *inst, server_rec *s, const authjwt_lmdb_write_t *put)
{
    if (put->pages.all > 0 && put->pages.used * 100 >= put->pages.all * AUTHJWT_LMDB_LOW
        && authjwt_lmdb_due(&inst->env->warned, put->now, apr_time_from_sec(60))) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "AJ2004: lmdb:%s: %d %% of the store's %" APR_UINT64_T_FMT "K are in use; new "
                     "entries are refused at %d %%; give it a larger (SIZE) and restart httpd",
                     inst->dir, (int)(put->pages.used * 100 / put->pages.all), put->pages.all * inst->env->psize >> 10,
                     AUTHJWT_LMDB_FULL);
    }
}

/* @return APR_EAGAIN for a swap that met another entry; else as authjwt_lmdb_run */
static apr_status_t put_entry(ap_socache_instance_t *inst, server_rec *s, authjwt_lmdb_write_t *put)
{
    apr_status_t rv;

    if (bad_id((unsigned int)put->id.mv_size)) {
        return APR_EINVAL;
    }
    put->now = apr_time_now();
    rv = authjwt_lmdb_run(inst, s, &authjwt_lmdb_store_job, put);
    warn_if_low(inst, s, put);
    return rv == APR_SUCCESS ? put->answer : rv;
}

static apr_status_t lmdb_store(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id, unsigned int idlen,
                               apr_time_t expiry, unsigned char *data, unsigned int datalen, apr_pool_t *pool)
{
    authjwt_lmdb_write_t put = { .id = id_of(id, idlen), .data = id_of(data, datalen), .expiry = expiry };

    (void)pool;
    return put_entry(inst, s, &put);
}

apr_status_t authjwt_lmdb_store_reserved(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                         unsigned int idlen, apr_time_t expiry, unsigned char *data,
                                         unsigned int datalen, apr_pool_t *pool)
{
    authjwt_lmdb_write_t put = { .id = id_of(id, idlen), .data = id_of(data, datalen), .expiry = expiry };

    (void)pool;
    put.reserved = 1;
    return put_entry(inst, s, &put);
}

apr_status_t authjwt_lmdb_swap(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id, unsigned int idlen,
                               const unsigned char *old, unsigned int oldlen, apr_time_t expiry, unsigned char *data,
                               unsigned int datalen, apr_pool_t *pool)
{
    authjwt_lmdb_write_t put = { .kind = AUTHJWT_LMDB_SWAP, .expiry = expiry };

    (void)pool;
    put.id = id_of(id, idlen);
    put.old = id_of(old, oldlen);
    put.data = id_of(data, datalen);
    return put_entry(inst, s, &put);
}

apr_status_t authjwt_lmdb_swap_reserved(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id,
                                        unsigned int idlen, const unsigned char *old, unsigned int oldlen,
                                        apr_time_t expiry, unsigned char *data, unsigned int datalen, apr_pool_t *pool)
{
    authjwt_lmdb_write_t put = { .kind = AUTHJWT_LMDB_SWAP, .expiry = expiry, .reserved = 1 };

    (void)pool;
    put.id = id_of(id, idlen);
    put.old = id_of(old, oldlen);
    put.data = id_of(data, datalen);
    return put_entry(inst, s, &put);
}

static apr_status_t lmdb_remove(ap_socache_instance_t *inst, server_rec *s, const unsigned char *id, unsigned int idlen,
                                apr_pool_t *pool)
{
    authjwt_lmdb_write_t del = { .kind = AUTHJWT_LMDB_REMOVE, .id = id_of(id, idlen), .now = apr_time_now() };
    apr_status_t rv;

    (void)pool;
    if (bad_id(idlen)) {
        return APR_EINVAL;
    }
    rv = authjwt_lmdb_run(inst, s, &authjwt_lmdb_remove_job, &del);
    return rv == APR_SUCCESS ? del.answer : rv;
}

static apr_status_t lmdb_iterate(ap_socache_instance_t *inst, server_rec *s, void *userctx,
                                 ap_socache_iterator_t *iterator, apr_pool_t *pool)
{
    unsigned char after[AUTHJWT_LMDB_ID_MAX + 1];
    authjwt_lmdb_walk_t walk = { .now = apr_time_now() };
    apr_status_t rv = apr_pool_create(&walk.pool, pool);
    unsigned i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    do {
        apr_pool_clear(walk.pool);
        if ((rv = authjwt_lmdb_run(inst, s, &authjwt_lmdb_walk_job, &walk)) != APR_SUCCESS) {
            break;
        }
        for (i = 0; i < walk.rows && rv == APR_SUCCESS; i++) {
            rv = iterator(inst, s, userctx, walk.row[i].id.mv_data, (unsigned int)walk.row[i].id.mv_size,
                          walk.row[i].data.mv_data, (unsigned int)walk.row[i].data.mv_size, pool);
        }
        if (i > 0) {
            walk.after = walk.row[i - 1].id;
            memcpy(after, walk.after.mv_data, walk.after.mv_size);
            walk.after.mv_data = after;
        }
    } while (rv == APR_SUCCESS && !walk.end);
    apr_pool_destroy(walk.pool);
    return rv;
}

apr_status_t authjwt_lmdb_usage(ap_socache_instance_t *inst, server_rec *s, apr_uint64_t *entries, double *fill,
                                apr_pool_t *pool)
{
    authjwt_lmdb_usage_t use = { 0 };
    apr_status_t rv = authjwt_lmdb_run(inst, s, &authjwt_lmdb_usage_job, &use);

    (void)pool;
    if (rv == APR_SUCCESS && !use.pages.all) {
        return APR_EGENERAL;
    }
    if (rv == APR_SUCCESS) {
        *entries = use.entries;
        *fill = (double)use.pages.used / (double)use.pages.all;
    }
    return rv;
}

static void lmdb_status(ap_socache_instance_t *inst, request_rec *r, int flags)
{
    int plain = (flags & AP_STATUS_SHORT) != 0, percent;
    authjwt_lmdb_usage_t use = { 0 };
    apr_uint64_t all, used;

    if (authjwt_lmdb_run(inst, r->server, &authjwt_lmdb_usage_job, &use) != APR_SUCCESS || use.pages.all == 0) {
        ap_rputs(plain ? "CacheType: LMDB\nCacheError: cannot be read\n"
                       : "cache type: <b>LMDB</b>, cannot be read; see the error log<br>\n",
                 r);
        return;
    }
    all = use.pages.all * use.psize;
    used = use.pages.used * use.psize;
    percent = (int)(use.pages.used * 100 / use.pages.all);
    if (plain) {
        ap_rprintf(r,
                   "CacheType: LMDB\nCacheSize: %" APR_UINT64_T_FMT "\nCacheCurrentEntries: %" APR_UINT64_T_FMT
                   "\nCacheUsed: %" APR_UINT64_T_FMT "\nCacheUsage: %d%%\nCacheReaders: %u\nCacheMaxReaders: %u\n",
                   all, use.entries, used, percent, use.readers, use.maxreaders);
    }
    else {
        ap_rprintf(r,
                   "cache type: <b>LMDB</b>, size: <b>%" APR_UINT64_T_FMT
                   "</b> bytes, current entries: <b>%" APR_UINT64_T_FMT "</b><br>\nused: <b>%" APR_UINT64_T_FMT
                   "</b> bytes (<b>%d%%</b>), reader slots taken so far: <b>%u</b> of "
                   "<b>%u</b><br>\n",
                   all, use.entries, used, percent, use.readers, use.maxreaders);
    }
}

static const ap_socache_provider_t provider = {
    AUTHJWT_LMDB,  0,           lmdb_create, lmdb_init,    lmdb_destroy, lmdb_store,
    lmdb_retrieve, lmdb_remove, lmdb_status, lmdb_iterate,
};

void authjwt_lmdb_register(apr_pool_t *pool)
{
    ap_register_provider(pool, AP_SOCACHE_PROVIDER_GROUP, AUTHJWT_LMDB, AP_SOCACHE_PROVIDER_VERSION, &provider);
    ap_hook_child_init(authjwt_lmdb_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

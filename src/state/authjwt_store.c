/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: look entries up and record them, for all processes. */
#include <httpd.h>
#include <apr_atomic.h>
#include <http_log.h>

#include "authjwt_log.h"
#include "authjwt_request.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

/* The sentinel is written again when it has expired. memcached takes more than 30 days for a date, long past. */
#define SENTINEL_LIFE apr_time_from_sec(25 * 24 * 3600)

/* The longest lifetime that memcached takes for one. */
#define MEMCACHED_LONGEST apr_time_from_sec(30 * 24 * 3600)

/* The last date that it takes: 19 January 2038. */
#define LAST_DATE apr_time_from_sec(APR_INT32_MAX)

/* The sentinel's value: a version and a time of 0. */
#define SENTINEL_VERSION 1
#define SENTINEL_BYTES   9

static volatile apr_uint32_t last_complaint;

apr_status_t authjwt_store_complain(const authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv)
{
    if (authjwt_log_due(&last_complaint)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1406: AuthJWTRevocationStore %s cannot %s", store->spec, what);
    }
    return rv;
}

static int needs_mutex(const authjwt_store_t *store)
{
    return (store->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) != 0;
}

/* A provider that needs a mutex gets it around each call, unless a critical section already holds it. */
static apr_status_t enter(const authjwt_store_t *store, request_rec *r)
{
    return needs_mutex(store) && !authjwt_request_state(r)->store_locked ? authjwt_mutex_lock(store->mutex)
                                                                         : APR_SUCCESS;
}

static void leave(const authjwt_store_t *store, request_rec *r)
{
    if (needs_mutex(store) && !authjwt_request_state(r)->store_locked) {
        authjwt_mutex_unlock(store->mutex);
    }
}

apr_status_t authjwt_store_lock(authjwt_store_t *store, request_rec *r)
{
    apr_status_t rv = authjwt_mutex_lock(store->mutex);

    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "be locked", rv);
    }
    authjwt_request_state(r)->store_locked = 1;
    return APR_SUCCESS;
}

void authjwt_store_unlock(authjwt_store_t *store, request_rec *r)
{
    authjwt_request_state(r)->store_locked = 0;
    authjwt_mutex_unlock(store->mutex);
}

static apr_status_t retrieve(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, unsigned char *data,
                             unsigned int *len)
{
    return store->provider->retrieve(store->instance, r->server, id->bytes, sizeof(id->bytes), data, len, r->pool);
}

/* For some providers "not found" may mean "cannot answer": dbm mixes the two up both ways, and a dead Redis or
 * memcached says "not found" through APR. Believe it only if the sentinel, an entry that is always there, can be read
 * after it. A missing sentinel is written and read back. */
static apr_status_t confirm_absence(authjwt_store_t *store, request_rec *r)
{
    authjwt_store_id_t sentinel;
    unsigned char data[64] = { 0 };
    unsigned int len = sizeof(data);

    memcpy(sentinel.bytes, "mod_authjwt sentinel 0123456789.", sizeof(sentinel.bytes));
    if (retrieve(store, r, &sentinel, data, &len) == APR_SUCCESS) {
        apr_atomic_set32(&store->has_sentinel, 1);
        return APR_NOTFOUND;
    }
    data[0] = SENTINEL_VERSION;
    if (store->provider->store(store->instance, r->server, sentinel.bytes, sizeof(sentinel.bytes),
                               apr_time_now() + SENTINEL_LIFE, data, SENTINEL_BYTES, r->pool)
        != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    len = sizeof(data);
    if (retrieve(store, r, &sentinel, data, &len) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    if (apr_atomic_xchg32(&store->has_sentinel, 1)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1407: AuthJWTRevocationStore %s has lost its entries: revoked tokens may be accepted "
                      "again until they expire",
                      store->spec);
    }
    return APR_NOTFOUND;
}

static apr_status_t look_up(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, unsigned char *data,
                            unsigned int *len)
{
    apr_status_t rv = retrieve(store, r, id, data, len);

    if (!store->kind->is_exact && (APR_STATUS_IS_NOTFOUND(rv) || rv == APR_EGENERAL)) {
        rv = confirm_absence(store, r);
    }
    return rv;
}

apr_status_t authjwt_store_get(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               authjwt_store_value_t *value)
{
    apr_status_t rv = store ? enter(store, r) : APR_EGENERAL;

    if (!store) {
        return rv;
    }
    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "be locked", rv);
    }
    value->len = sizeof(value->bytes);
    rv = look_up(store, r, id, value->bytes, &value->len);
    leave(store, r);
    if (APR_STATUS_IS_NOTFOUND(rv)) {
        return APR_NOTFOUND;
    }
    return rv == APR_SUCCESS ? APR_SUCCESS : authjwt_store_complain(store, r, "answer", rv);
}

/* memcached takes lifetimes over 30 days for dates since 1970, and mod_socache_memcache sends it the difference to now.
 * So for those the difference must be the date; one beyond 31 bits would be refused or taken for the past. */
static apr_time_t provider_expiry(const authjwt_store_t *store, apr_time_t expires)
{
    apr_time_t now = apr_time_now();

    if (!store->kind->takes_dates || expires - now <= MEMCACHED_LONGEST) {
        return expires;
    }
    return now + (expires < LAST_DATE ? expires : LAST_DATE);
}

/* A provider may say yes to what it drops at once: too large for it, or expired by its own clock. */
static apr_status_t read_back(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                              const authjwt_store_value_t *value)
{
    authjwt_store_value_t found = { .len = sizeof(found.bytes) };
    apr_status_t rv = retrieve(store, r, id, found.bytes, &found.len);

    if (rv == APR_SUCCESS && (found.len != value->len || memcmp(found.bytes, value->bytes, value->len))) {
        rv = APR_EGENERAL;
    }
    return rv;
}

apr_status_t authjwt_store_put(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               const authjwt_store_value_t *value, apr_time_t expires, authjwt_store_purpose_e purpose)
{
    authjwt_socache_store_fn *put = store->provider->store;
    authjwt_store_value_t copy = *value;
    apr_status_t rv = enter(store, r);

    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "be locked", rv);
    }
    if (purpose == AUTHJWT_STORE_ENDING && store->kind->put_ending) {
        put = store->kind->put_ending;
    }
    rv = put(store->instance, r->server, id->bytes, sizeof(id->bytes), provider_expiry(store, expires), copy.bytes,
             copy.len, r->pool);
    if (rv == APR_SUCCESS && !store->kind->is_exact) {
        rv = read_back(store, r, id, value);
    }
    leave(store, r);
    return rv == APR_SUCCESS ? APR_SUCCESS : authjwt_store_complain(store, r, "record", rv);
}

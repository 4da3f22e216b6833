/* authjwt_store: look entries up and record them, for all processes. */
#include <httpd.h>
#include <apr_atomic.h>
#include <http_log.h>

#include "authjwt_log.h"
#include "authjwt_request.h"
#include "authjwt_lmdb.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

/* Rewritten when it has expired. More than 30 days would be a date in the past to memcached. */
#define SENTINEL_LIFE apr_time_from_sec(25 * 24 * 3600)

/* The longest lifetime that memcached takes for one. */
#define MEMCACHED_LONGEST apr_time_from_sec(30 * 24 * 3600)

static volatile apr_uint32_t last_complaint;

int authjwt_store_is_one_of(const authjwt_store_t *store, const char *const *names)
{
    for (; *names; names++) {
        if (!strcmp(store->provider->name, *names)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t complain(const authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv)
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
        return complain(store, r, "be locked", rv);
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

/* "Not found" that may be "cannot answer": dbm mixes the two up both ways, and a dead Redis or memcached says "not
 * found" through APR. It counts only if the sentinel, an entry that is always there, can be read after it; a missing
 * one is written and read back. */
static apr_status_t confirm_absence(authjwt_store_t *store, request_rec *r)
{
    static const authjwt_store_id_t sentinel = { "mod_authjwt sentinel 0123456789." };
    unsigned char data[64] = { 0 };
    unsigned int len = sizeof(data);

    if (retrieve(store, r, &sentinel, data, &len) == APR_SUCCESS) {
        apr_atomic_set32(&store->has_sentinel, 1);
        return APR_NOTFOUND;
    }
    data[0] = VALUE_VERSION;
    if (store->provider->store(store->instance, r->server, sentinel.bytes, sizeof(sentinel.bytes),
                               apr_time_now() + SENTINEL_LIFE, data, VALUE_BYTES, r->pool)
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

/* Providers whose "not found" means that and nothing else. */
static int is_exact(const authjwt_store_t *store)
{
    static const char *const exact[] = { AUTHJWT_LMDB, "shmcb", NULL };

    return authjwt_store_is_one_of(store, exact);
}

static apr_status_t look_up(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, unsigned char *data,
                            unsigned int *len)
{
    apr_status_t rv = retrieve(store, r, id, data, len);

    if (!is_exact(store) && (APR_STATUS_IS_NOTFOUND(rv) || rv == APR_EGENERAL)) {
        rv = confirm_absence(store, r);
    }
    return rv;
}

apr_status_t authjwt_store_get(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, apr_time_t *value)
{
    unsigned char data[64];
    unsigned int len = sizeof(data);
    apr_uint64_t number = 0;
    apr_status_t rv = store ? enter(store, r) : APR_EGENERAL;
    int i;

    if (!store) {
        return rv;
    }
    if (rv != APR_SUCCESS) {
        return complain(store, r, "be locked", rv);
    }
    rv = look_up(store, r, id, data, &len);
    leave(store, r);
    if (APR_STATUS_IS_NOTFOUND(rv)) {
        return APR_NOTFOUND;
    }
    if (rv == APR_SUCCESS && (len != VALUE_BYTES || data[0] != VALUE_VERSION)) {
        rv = APR_EINVAL;
    }
    if (rv != APR_SUCCESS) {
        return complain(store, r, "answer", rv);
    }
    for (i = 1; i < VALUE_BYTES; i++) {
        number = number << 8 | data[i];
    }
    *value = (apr_time_t)number;
    return APR_SUCCESS;
}

/* memcached takes lifetimes over 30 days for dates since 1970, and mod_socache_memcache sends it the difference to now.
 * So for those, the difference must be the date. */
static apr_time_t provider_expiry(const authjwt_store_t *store, apr_time_t expires)
{
    apr_time_t now = apr_time_now();

    return !strncmp(store->provider->name, "memcache", 8) && expires - now > MEMCACHED_LONGEST ? now + expires
                                                                                               : expires;
}

apr_status_t authjwt_store_put(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, apr_time_t value,
                               apr_time_t expires)
{
    unsigned char data[VALUE_BYTES] = { VALUE_VERSION };
    apr_uint64_t number = (apr_uint64_t)value;
    apr_status_t rv = enter(store, r);
    int i;

    if (rv != APR_SUCCESS) {
        return complain(store, r, "be locked", rv);
    }
    for (i = VALUE_BYTES - 1; i > 0; i--) {
        data[i] = (unsigned char)(number & 0xff);
        number >>= 8;
    }
    rv = store->provider->store(store->instance, r->server, id->bytes, sizeof(id->bytes),
                                provider_expiry(store, expires), data, VALUE_BYTES, r->pool);
    leave(store, r);
    return rv == APR_SUCCESS ? APR_SUCCESS : complain(store, r, "record", rv);
}

/* authjwt_store: the only room that knows ap_socache.h and the mutex. */
#include <httpd.h>
#include <ap_provider.h>
#include <ap_socache.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <http_log.h>

#include "authjwt_mutex.h"
#include "authjwt_request.h"
#include "authjwt_socache_lmdb.h"
#include "authjwt_store.h"

APLOG_USE_MODULE(authjwt);

#define MUTEX_TYPE "authjwt-revocation"
/* Consumers share a provider under names of at most 16 characters. */
#define CONSUMER   "authjwt-revoked"

/* Value of an entry: a version byte and eight bytes, most significant first. */
#define VALUE_VERSION 1
#define VALUE_BYTES   9

/* Rewritten when it has expired. More than 30 days would be a date in the past to memcached. */
#define SENTINEL_LIFE apr_time_from_sec(25 * 24 * 3600)

/* The longest lifetime that memcached takes for one. */
#define MEMCACHED_LONGEST apr_time_from_sec(30 * 24 * 3600)

struct authjwt_store_t {
    const char                  *spec;
    const ap_socache_provider_t *provider;
    ap_socache_instance_t       *instance;
    server_rec                  *server;      /* for the provider's logs */
    authjwt_store_t             *next;
    int                          started;
    volatile apr_uint32_t        has_sentinel; /* this process has seen or written it */
};

/* One configuration's stores and their mutex; renewed with each configuration. */
static authjwt_store_t *stores;
static authjwt_mutex_t *mutex;
static volatile apr_uint32_t last_complaint;

int authjwt_store_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    stores = NULL;
    mutex = NULL;
    return authjwt_mutex_register(MUTEX_TYPE, pconf);
}

static int is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++) {
        if (!strcmp(name, *names)) {
            return 1;
        }
    }
    return 0;
}

/* APR's clients for Redis and memcached choose one of several servers by each entry's hash, and another when that one is dead. */
static int is_spread(const char *provider, const char *args)
{
    static const char *const remote[] = { "redis", "memcache", "memcached", NULL };

    return args && is_one_of(provider, remote) && ap_strchr_c(args, ',');
}

static const char *create_store(const char *spec, server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp, authjwt_store_t **out)
{
    const char *colon = ap_strchr_c(spec, ':');
    const char *name = colon ? apr_pstrmemdup(pconf, spec, colon - spec) : spec;
    authjwt_store_t *store = apr_pcalloc(pconf, sizeof(*store));
    const char *error;

    store->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name, AP_SOCACHE_PROVIDER_VERSION);
    if (!store->provider) {
        return apr_psprintf(pconf, "\"%s\" is no socache provider; is its module (mod_socache_%s?) loaded?", name, name);
    }
    if (is_spread(store->provider->name, colon)) {
        return "names several servers, over which entries would be spread: one that is down would read as \"not revoked\"; name one";
    }
    error = store->provider->create(&store->instance, colon && colon[1] ? colon + 1 : NULL, ptemp, pconf);
    if (error) {
        return apr_pstrdup(pconf, error);
    }
    store->spec = spec;
    store->server = s;
    store->next = stores;
    stores = store;
    *out = store;
    return NULL;
}

static const char *find_store(const char *spec, server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp, authjwt_store_t **out)
{
    authjwt_store_t *store;

    for (store = stores; store; store = store->next) {
        if (!strcmp(store->spec, spec)) {
            *out = store;
            return NULL;
        }
    }
    return create_store(spec, s, pconf, ptemp, out);
}

/* Do two lists of AuthJWTKey lines name the same keys? */
static int same_keys(const authjwt_server_conf_t *a, const authjwt_server_conf_t *b)
{
    int i;

    if (a->key_specs == b->key_specs) {
        return 1;
    }
    if (a->key_specs->nelts != b->key_specs->nelts) {
        return 0;
    }
    for (i = 0; i < a->key_specs->nelts; i++) {
        const authjwt_key_spec_t *x = &APR_ARRAY_IDX(a->key_specs, i, authjwt_key_spec_t);
        const authjwt_key_spec_t *y = &APR_ARRAY_IDX(b->key_specs, i, authjwt_key_spec_t);

        if (x->is_set != y->is_set || x->options.alg != y->options.alg || strcmp(x->source, y->source)) {
            return 0;
        }
    }
    return 1;
}

/* Equal names of users in one store would be one user. */
static int check_sharing(server_rec *main_server, server_rec *s)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);
    server_rec *other;

    for (other = main_server; other != s; other = other->next) {
        const authjwt_server_conf_t *known = authjwt_config_server(other);
        const char *a = known->issuer ? known->issuer : "";
        const char *b = conf->issuer ? conf->issuer : "";

        if (known->store == conf->store && !strcmp(a, b) && !same_keys(known, conf)) {
            ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                         "AJ1401: servers %s and %s have different keys but share the store \"%s\" and the issuer; "
                         "give them different AuthJWTIssuer or AuthJWTRevocationStore",
                         other->server_hostname, s->server_hostname, conf->store->spec);
            return 1;
        }
    }
    return 0;
}

int authjwt_store_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;
    int faults = 0;

    (void)plog;
    for (s = main_server; s && !faults; s = s->next) {
        authjwt_server_conf_t *conf = authjwt_config_server(s);
        const char *spec = conf->store_spec ? conf->store_spec : AUTHJWT_SOCACHE_LMDB;
        const char *error;

        if (!conf->key_specs) {
            continue;
        }
        error = find_store(spec, s, pconf, ptemp, &conf->store);
        if (error) {
            ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s, "AJ1402: AuthJWTRevocationStore %s: %s", spec, error);
            faults++;
        }
        else {
            faults += check_sharing(main_server, s);
        }
    }
    return faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

/* Providers that drop entries when they are full, or lose them all with a restart (dbm removes its files). */
static void warn_of_forgetting(const authjwt_store_t *store)
{
    static const char *const forgetful[] = { "shmcb", "memcache", "memcached", "dbm", NULL };

    if (is_one_of(store->provider->name, forgetful)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, store->server,
                     "AJ1403: AuthJWTRevocationStore %s can forget: revoked tokens may be accepted again after a restart, or "
                     "when it is full; lmdb never forgets", store->spec);
    }
}

/* The instance must go before the provider's module does. */
static apr_status_t stop_store(void *data)
{
    authjwt_store_t *store = data;

    store->provider->destroy(store->instance, store->server);
    store->started = 0;
    return APR_SUCCESS;
}

static apr_status_t start_store(authjwt_store_t *store, apr_pool_t *pconf)
{
    static const struct ap_socache_hints hints = { AJ_SHA256_BYTES, VALUE_BYTES, apr_time_from_sec(600) };
    apr_status_t rv = store->provider->init(store->instance, CONSUMER, &hints, store->server, pconf);

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, store->server,
                     "AJ1404: AuthJWTRevocationStore %s cannot be started", store->spec);
        return rv;
    }
    store->started = 1;
    apr_pool_cleanup_register(pconf, store, stop_store, apr_pool_cleanup_null);
    warn_of_forgetting(store);
    return APR_SUCCESS;
}

int authjwt_store_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    authjwt_store_t *store;

    (void)plog;
    (void)ptemp;
    /* The first of the two passes at start only looks; nothing is started for it. */
    if (!authjwt_config_announces() || !stores) {
        return OK;
    }
    if (authjwt_mutex_create(&mutex, MUTEX_TYPE, s, pconf) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (store = stores; store; store = store->next) {
        if (start_store(store, pconf) != APR_SUCCESS) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

void authjwt_store_child_init(apr_pool_t *pchild, server_rec *s)
{
    if (mutex) {
        authjwt_mutex_child_init(mutex, s, pchild);
    }
}

/* @return non-zero when a second has gone by since the last complaint of this process */
static int may_complain(void)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t last = apr_atomic_read32(&last_complaint);

    return now != last && apr_atomic_cas32(&last_complaint, now, last) == last;
}

static apr_status_t complain(const authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv)
{
    if (may_complain()) {
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
    return needs_mutex(store) && !authjwt_request_state(r)->store_locked ? authjwt_mutex_lock(mutex) : APR_SUCCESS;
}

static void leave(const authjwt_store_t *store, request_rec *r)
{
    if (needs_mutex(store) && !authjwt_request_state(r)->store_locked) {
        authjwt_mutex_unlock(mutex);
    }
}

apr_status_t authjwt_store_lock(authjwt_store_t *store, request_rec *r)
{
    apr_status_t rv = authjwt_mutex_lock(mutex);

    if (rv != APR_SUCCESS) {
        return complain(store, r, "be locked", rv);
    }
    authjwt_request_state(r)->store_locked = 1;
    return APR_SUCCESS;
}

void authjwt_store_unlock(authjwt_store_t *store, request_rec *r)
{
    (void)store;
    authjwt_request_state(r)->store_locked = 0;
    authjwt_mutex_unlock(mutex);
}

static apr_status_t retrieve(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, unsigned char *data,
                             unsigned int *len)
{
    return store->provider->retrieve(store->instance, r->server, id->bytes, sizeof(id->bytes), data, len, r->pool);
}

/* "Not found" that may be "cannot answer": dbm mixes the two up both ways, and a dead Redis or memcached says "not found" through APR.
 * It counts only if the sentinel, an entry that is always there, can be read after it; a missing one is written and read back. */
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
                               apr_time_now() + SENTINEL_LIFE, data, VALUE_BYTES, r->pool) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    len = sizeof(data);
    if (retrieve(store, r, &sentinel, data, &len) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    if (apr_atomic_xchg32(&store->has_sentinel, 1)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1407: AuthJWTRevocationStore %s has lost its entries: revoked tokens may be accepted "
                      "again until they expire", store->spec);
    }
    return APR_NOTFOUND;
}

/* Providers whose "not found" means that and nothing else. */
static int is_exact(const authjwt_store_t *store)
{
    static const char *const exact[] = { AUTHJWT_SOCACHE_LMDB, "shmcb", NULL };

    return is_one_of(store->provider->name, exact);
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

/* memcached takes lifetimes over 30 days for dates since 1970, and mod_socache_memcache sends it the difference to now. So for those,
 * the difference must be the date. */
static apr_time_t provider_expiry(const authjwt_store_t *store, apr_time_t expires)
{
    apr_time_t now = apr_time_now();

    return !strncmp(store->provider->name, "memcache", 8) && expires - now > MEMCACHED_LONGEST ? now + expires : expires;
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
    rv = store->provider->store(store->instance, r->server, id->bytes, sizeof(id->bytes), provider_expiry(store, expires), data,
                                VALUE_BYTES, r->pool);
    leave(store, r);
    return rv == APR_SUCCESS ? APR_SUCCESS : complain(store, r, "record", rv);
}

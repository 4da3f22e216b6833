/* SPDX-License-Identifier: Apache-2.0 */
/* A socache provider for tests: "failing:FILE:PROVIDER:ARGS" is PROVIDER:ARGS, until FILE exists; while it does, every
 * operation fails. FILE with the content "store" lets look-ups succeed and fails stores alone.
 * It asks for a mutex, and logs an error when two operations meet nevertheless. */
#include <httpd.h>
#include <http_config.h>
#include <ap_provider.h>
#include <ap_socache.h>
#include <http_log.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

APLOG_USE_MODULE(failing_store);

struct ap_socache_instance_t {
    const char *file;
    const char *occupied; /* exists while an operation runs */
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
};

/* Size 0: nothing works; any other size: only look-ups do. */
static int fails(const ap_socache_instance_t *self, int is_lookup, apr_pool_t *pool)
{
    apr_finfo_t info;

    if (apr_stat(&info, self->file, APR_FINFO_SIZE, pool) != APR_SUCCESS) {
        return 0;
    }
    return !(is_lookup && info.size);
}

/* Long enough in there for another to come. */
static void enter(const ap_socache_instance_t *self, server_rec *s, apr_pool_t *pool)
{
    apr_file_t *mark;

    apr_status_t rv = apr_file_open(&mark, self->occupied, APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE,
                                    APR_FPROT_OS_DEFAULT, pool);

    /* Tests that do not ask have not made the directory. */
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EEXIST(rv)) {
        return;
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "two operations at once in a provider that asks for a mutex");
        return;
    }
    apr_file_close(mark);
    apr_sleep(300);
}

static void leave(const ap_socache_instance_t *self, apr_pool_t *pool)
{
    apr_file_remove(self->occupied, pool);
}

static const char *create(ap_socache_instance_t **out, const char *args, apr_pool_t *tmp, apr_pool_t *pool)
{
    char *file = args ? apr_pstrdup(pool, args) : apr_pstrdup(pool, "");
    char *name = strchr(file, ':');
    char *rest;

    if (!name) {
        return "failing: write failing:FILE:PROVIDER:ARGS";
    }
    *name++ = '\0';
    rest = strchr(name, ':');
    if (rest) {
        *rest++ = '\0';
    }
    *out = apr_pcalloc(pool, sizeof(**out));
    (*out)->file = file;
    (*out)->occupied = apr_pstrcat(pool, file, "-occupied/now", NULL);
    (*out)->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name, AP_SOCACHE_PROVIDER_VERSION);
    return (*out)->provider ? (*out)->provider->create(&(*out)->instance, rest, tmp, pool)
                            : "failing: unknown provider";
}

static apr_status_t init(ap_socache_instance_t *self, const char *cname, const struct ap_socache_hints *hints,
                         server_rec *s, apr_pool_t *pool)
{
    return self->provider->init(self->instance, cname, hints, s, pool);
}

static void destroy(ap_socache_instance_t *self, server_rec *s)
{
    self->provider->destroy(self->instance, s);
}

static apr_status_t store(ap_socache_instance_t *self, server_rec *s, const unsigned char *id, unsigned int idlen,
                          apr_time_t expiry, unsigned char *data, unsigned int datalen, apr_pool_t *pool)
{
    apr_status_t rv = APR_EGENERAL;

    enter(self, s, pool);
    if (!fails(self, 0, pool)) {
        rv = self->provider->store(self->instance, s, id, idlen, expiry, data, datalen, pool);
    }
    leave(self, pool);
    return rv;
}

static apr_status_t retrieve(ap_socache_instance_t *self, server_rec *s, const unsigned char *id, unsigned int idlen,
                             unsigned char *data, unsigned int *datalen, apr_pool_t *pool)
{
    apr_status_t rv = APR_EGENERAL;

    enter(self, s, pool);
    if (!fails(self, 1, pool)) {
        rv = self->provider->retrieve(self->instance, s, id, idlen, data, datalen, pool);
    }
    leave(self, pool);
    return rv;
}

static apr_status_t erase(ap_socache_instance_t *self, server_rec *s, const unsigned char *id, unsigned int idlen,
                          apr_pool_t *pool)
{
    return fails(self, 0, pool) ? APR_EGENERAL : self->provider->remove(self->instance, s, id, idlen, pool);
}

static void status(ap_socache_instance_t *self, request_rec *r, int flags)
{
    self->provider->status(self->instance, r, flags);
}

static apr_status_t iterate(ap_socache_instance_t *self, server_rec *s, void *context, ap_socache_iterator_t *each,
                            apr_pool_t *pool)
{
    return fails(self, 1, pool) ? APR_EGENERAL : self->provider->iterate(self->instance, s, context, each, pool);
}

static const ap_socache_provider_t provider = {
    "failing", AP_SOCACHE_FLAG_NOTMPSAFE, create, init, destroy, store, retrieve, erase, status, iterate
};

static void register_hooks(apr_pool_t *pool)
{
    ap_register_provider(pool, AP_SOCACHE_PROVIDER_GROUP, "failing", AP_SOCACHE_PROVIDER_VERSION, &provider);
}

module AP_MODULE_DECLARE_DATA failing_store_module = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL,
                                                       register_hooks };

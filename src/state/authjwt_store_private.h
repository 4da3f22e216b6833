/* authjwt_store_private: what the files of the store room share. Nobody else includes it. */
#ifndef AUTHJWT_STORE_PRIVATE_H
#define AUTHJWT_STORE_PRIVATE_H

#include <ap_socache.h>

#include "authjwt_mutex.h"
#include "authjwt_store.h"

/* Value of an entry: a version byte and eight bytes, most significant first. */
#define VALUE_VERSION 1
#define VALUE_BYTES   9

struct authjwt_store_t {
    const char *spec;
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
    server_rec *server;     /* for the provider's logs */
    authjwt_mutex_t *mutex; /* one for all stores */
    authjwt_store_t *next;
    int started;
    volatile apr_uint32_t has_sentinel; /* this process has seen or written it */
};

/** Is the store's provider one of these? @param names  ends with NULL */
int authjwt_store_is_one_of(const authjwt_store_t *store, const char *const *names);

#endif

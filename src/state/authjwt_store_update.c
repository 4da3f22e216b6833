/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: look an entry up and record what follows from it, as one step. */
#include <httpd.h>

#include "authjwt_store_private.h"

/* How often somebody else may be quicker. Each time that other's entry is recorded, so there is no standstill. After a
 * few times those of this host queue. */
#define TRIES_FREE   8
#define TRIES_QUEUED 1000

/** An update under way. */
typedef struct {
    authjwt_store_t *store;
    request_rec *r;
    const authjwt_store_id_t *id;
    authjwt_store_change_fn *change;
    void *ctx;
    authjwt_store_purpose_e purpose;
} update_t;

/* @param old  NULL: there was no entry */
static apr_status_t swap(const update_t *update, const authjwt_store_value_t *old, authjwt_store_value_t *value,
                         apr_time_t expires)
{
    authjwt_store_t *store = update->store;
    authjwt_socache_swap_fn *door = store->kind->swap;
    apr_status_t rv;

    if (update->purpose == AUTHJWT_STORE_ENDING && store->kind->swap_ending) {
        door = store->kind->swap_ending;
    }
    rv = door(store->instance, update->r->server, update->id->bytes, sizeof(update->id->bytes), old ? old->bytes : NULL,
              old ? old->len : 0, expires, value->bytes, value->len, update->r->pool);
    authjwt_beliefs_forget(store, update->id);
    if (rv == APR_SUCCESS) {
        authjwt_store_is_up(store, update->r, AUTHJWT_STORE_READS | AUTHJWT_STORE_WRITES);
    }
    return rv == APR_SUCCESS || APR_STATUS_IS_EAGAIN(rv) ? rv : authjwt_store_complain(store, update->r, "record", rv);
}

/* @return APR_EAGAIN when the entry is another by now */
static apr_status_t try_once(const update_t *update)
{
    authjwt_store_value_t found, value = { .len = 0 };
    const authjwt_store_value_t *old = &found;
    apr_time_t expires = 0;
    apr_status_t rv = authjwt_store_get(update->store, update->r, update->id, &found);

    if (APR_STATUS_IS_NOTFOUND(rv)) {
        old = NULL;
    }
    else if (rv != APR_SUCCESS) {
        return rv;
    }
    switch (update->change(update->ctx, old, &value, &expires)) {
    case AUTHJWT_STORE_LEAVE:
        return APR_SUCCESS;
    case AUTHJWT_STORE_RECORD:
        return update->store->kind->swap
                 ? swap(update, old, &value, expires)
                 : authjwt_store_put(update->store, update->r, update->id, &value, expires, update->purpose);
    default:
        return APR_EGENERAL;
    }
}

static apr_status_t try_freely(const update_t *update)
{
    apr_status_t rv = APR_EAGAIN;
    int tries;

    for (tries = 0; update->store->kind->swap && tries < TRIES_FREE && APR_STATUS_IS_EAGAIN(rv); tries++) {
        rv = try_once(update);
    }
    return rv;
}

static apr_status_t try_queued(const update_t *update)
{
    apr_status_t rv = authjwt_store_lock(update->store, update->r);
    int tries;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = APR_EAGAIN;
    for (tries = 0; tries < TRIES_QUEUED && APR_STATUS_IS_EAGAIN(rv); tries++) {
        rv = try_once(update);
    }
    authjwt_store_unlock(update->store, update->r);
    return APR_STATUS_IS_EAGAIN(rv) ? authjwt_store_complain(update->store, update->r, "record", rv) : rv;
}

apr_status_t authjwt_store_update(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                                  authjwt_store_change_fn *change, void *ctx, authjwt_store_purpose_e purpose)
{
    update_t update = { store, r, id, change, ctx, purpose };
    apr_status_t rv = store ? try_freely(&update) : APR_EGENERAL;

    return APR_STATUS_IS_EAGAIN(rv) ? try_queued(&update) : rv;
}

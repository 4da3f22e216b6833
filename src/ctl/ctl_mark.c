/* SPDX-License-Identifier: Apache-2.0 */
/* Marks: something has ended. */
#include <string.h>

#include "authjwt_revocation_claims.h"
#include "ctl_store.h"

/** A mark on its way into the store. */
typedef struct {
    authjwt_entry_mark_t least;
    apr_time_t expires;
    authjwt_store_value_t value;
    int is_odd; /* what is there is of an unknown form */
} mark_t;

/* Never earlier than what is there, and kept no shorter. */
static int move(ctl_change_t *change)
{
    mark_t *mark = change->ctx;
    authjwt_entry_mark_t moved = mark->least;
    apr_time_t expires = mark->expires;

    if (change->entry.data) {
        authjwt_entry_mark_t found;

        mark->value.len = change->entry.len < sizeof(mark->value.bytes) ? (unsigned)change->entry.len : 0;
        memcpy(mark->value.bytes, change->entry.data, mark->value.len);
        mark->is_odd = !authjwt_entry_mark_of(&mark->value, &found);
        if (mark->is_odd) {
            return 0;
        }
        authjwt_revocation_move(&found, &mark->least);
        moved = found;
        expires = change->entry.expiry > expires ? change->entry.expiry : expires;
    }
    authjwt_entry_write_mark(&moved, &mark->value);
    change->entry.data = mark->value.bytes;
    change->entry.len = mark->value.len;
    change->entry.expiry = expires;
    return 1;
}

const char *ctl_mark(const ctl_store_t *store, const authjwt_store_id_t *id, const authjwt_entry_mark_t *least,
                     apr_time_t expires, apr_pool_t *pool)
{
    mark_t mark = { .least = *least, .expires = expires };
    ctl_change_t change = { .entry = { .id = id->bytes, .idlen = sizeof(id->bytes) }, .ctx = &mark };
    const char *error = ctl_store_change(store, &change, 1, move, pool);

    return mark.is_odd ? "an entry of the store is of an unknown form; has a newer release written to it?" : error;
}

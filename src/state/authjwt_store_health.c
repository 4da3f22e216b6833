/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: whether it works, as far as this process knows; each change is a line of the audit log. */
#include <httpd.h>
#include <apr_atomic.h>

#include "authjwt_audit.h"
#include "authjwt_store_private.h"

/* @return what did not work before */
static apr_uint32_t change(authjwt_store_t *store, apr_uint32_t broken, apr_uint32_t mended)
{
    apr_uint32_t before = apr_atomic_read32(&store->broken);
    apr_uint32_t seen;

    while ((seen = apr_atomic_cas32(&store->broken, (before | broken) & ~mended, before)) != before) {
        before = seen;
    }
    return before;
}

void authjwt_store_is_down(authjwt_store_t *store, request_rec *r, apr_uint32_t what)
{
    if (!change(store, what, 0)) {
        authjwt_audit_server(r->server, AUTHJWT_EVENT_STORE_DOWN, what == AUTHJWT_STORE_WRITES ? "write" : "read");
    }
}

/* A full store answers and takes nothing: only what is recorded says that it is up again. */
void authjwt_store_is_up(authjwt_store_t *store, request_rec *r, apr_uint32_t what)
{
    apr_uint32_t before;

    if (!(store->broken & what)) {
        return;
    }
    before = change(store, 0, what);
    if (before && !(before & ~what)) {
        authjwt_audit_server(r->server, AUTHJWT_EVENT_STORE_UP, NULL);
    }
}

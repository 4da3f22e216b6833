/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users: did the database fail? APR's driver for PostgreSQL finds no rows where a query has failed: on a dead
 * connection, on one that was made anew and does not know its prepared statements, without the right to read.
 * mod_authn_dbd and mod_authz_dbd take that for an answer. */
#include <httpd.h>
#include <apr_dbd.h>
#include <mod_dbd.h>
#include <apr_optional.h>
#include <http_config.h>
#include <http_log.h>

#include "aj_error.h"
#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

int authjwt_users_database_answers(request_rec *r)
{
    module *dbd = ap_find_linked_module("mod_dbd.c");
    APR_OPTIONAL_FN_TYPE(ap_dbd_acquire) *acquire = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_acquire);
    const ap_dbd_t *connection;
    const char *error;

    if (!dbd || !acquire || !ap_get_module_config(authjwt_request_initial(r)->request_config, dbd)) {
        return 1;
    }
    connection = acquire(r);
    if (!connection || strcmp(apr_dbd_name(connection->driver), "pgsql")) {
        return connection != NULL;
    }
    /* Of the last query; empty after one that has succeeded. */
    error = apr_dbd_error(connection->driver, connection->handle, 0);
    if (!error || !*error) {
        return 1;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1209: the database has failed: %s",
                  aj_escape(error, strlen(error), r->pool));
    return 0;
}

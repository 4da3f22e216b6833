/* authjwt_users: is the database there? APR's driver for PostgreSQL finds no rows where the connection is dead, or where it was made
 * anew and does not know the prepared statements, and mod_authn_dbd and mod_authz_dbd take that for an answer. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_dbd.h>
#include <mod_dbd.h>
#include <apr_hash.h>
#include <apr_optional.h>

#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

#define STATEMENTS "SELECT count(*) FROM pg_prepared_statements"

/* @return number of statements that the server knows for this connection, -1 when it does not answer */
static int known_statements(const ap_dbd_t *connection, apr_pool_t *pool)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    const char *count = NULL;

    /* Random access makes the driver wait for the whole answer, errors included. */
    if (!apr_dbd_select(connection->driver, pool, connection->handle, &results, STATEMENTS, 1)
        && !apr_dbd_get_row(connection->driver, pool, results, &row, 1)) {
        count = apr_dbd_get_entry(connection->driver, row, 0);
    }
    return count ? atoi(count) : -1;
}

int authjwt_users_database_answers(request_rec *r)
{
    module *dbd = ap_find_linked_module("mod_dbd.c");
    APR_OPTIONAL_FN_TYPE(ap_dbd_acquire) *acquire = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_acquire);
    const ap_dbd_t *connection;
    int known;

    if (!dbd || !acquire || !ap_get_module_config(authjwt_request_initial(r)->request_config, dbd)) {
        return 1;
    }
    connection = acquire(r);
    if (!connection || strcmp(apr_dbd_name(connection->driver), "pgsql")) {
        return connection != NULL;
    }
    known = known_statements(connection, r->pool);
    if (known < 0) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1209: the database does not answer");
    }
    else if (known < (int)apr_hash_count(connection->prepared)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1211: the connection to the database was made anew and does not know its prepared "
                      "statements any more; with PostgreSQL set DBDPersist off");
        known = -1;
    }
    return known >= 0;
}

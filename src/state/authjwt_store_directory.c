/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: the records of a directory, where the provider keeps some. */
#include <httpd.h>
#include <http_log.h>

#include "authjwt_config_values.h"
#include "authjwt_log.h"
#include "authjwt_request.h"
#include "authjwt_store_directory_private.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

int authjwt_store_check_directory(server_rec *s)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);

    if (authjwt_config_session_limit(conf) && !authjwt_config_session_directory(conf)) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                     "AJ1421: AuthJWTSessionLimit counts the sessions that AuthJWTSessionDirectory lists; add "
                     "AuthJWTSessionDirectory on");
        return 1;
    }
    if (authjwt_config_session_directory(conf) && !conf->store->kind->file) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                     "AJ1422: AuthJWTSessionDirectory needs a store that can list sessions, and AuthJWTRevocationStore "
                     "%s cannot; use lmdb, or valkey for several hosts",
                     conf->store->spec);
        return 1;
    }
    return 0;
}

/* Look-ups and records of entries may work all the same, so nothing is said of the store. */
static apr_status_t complain(request_rec *r, const char *what, apr_status_t rv)
{
    static volatile apr_uint32_t last;

    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv) && authjwt_log_due(&last)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, rv, r,
                      "AJ1423: AuthJWTSessionDirectory: the list of sessions in AuthJWTRevocationStore %s cannot be "
                      "%s%s; what has been ended stays ended",
                      authjwt_config_server(r->server)->store->spec, what,
                      APR_STATUS_IS_ENOSPC(rv) ? ": there is no room for it" : "");
    }
    return rv;
}

static const authjwt_store_t *begin(request_rec *r)
{
    const authjwt_store_t *store = authjwt_config_server(r->server)->store;

    if (store->kind->begin) {
        store->kind->begin(r->pool, authjwt_request_initial(r)->pool);
    }
    return store;
}

apr_status_t authjwt_store_file_record(request_rec *r, const authjwt_socache_filing_t *filing)
{
    const authjwt_store_t *store = begin(r);

    return complain(r, "written", store->kind->file(store->instance, r->server, filing, r->pool));
}

apr_status_t authjwt_store_list_records(request_rec *r, const authjwt_store_id_t *owner,
                                        authjwt_socache_record_t **records, unsigned int *n)
{
    const authjwt_store_t *store = begin(r);

    return complain(r, "read", store->kind->list(store->instance, r->server, owner->bytes, records, n, r->pool));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry: entries as a request asks for them, with what is logged where one cannot be read. */
#include <httpd.h>
#include <http_log.h>

#include "authjwt_config_values.h"
#include "authjwt_entry_private.h"

APLOG_USE_MODULE(authjwt);

apr_time_t authjwt_entry_expires(const authjwt_server_conf_t *conf, apr_time_t end)
{
    return end + authjwt_config_leeway(conf) + AUTHJWT_ENTRY_SLACK;
}

static apr_status_t odd_value(request_rec *r)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AJ1409: an entry of the revocation store is of an unknown form; has a newer release written to it? "
                  "Tokens it is about are refused");
    return APR_EGENERAL;
}

apr_status_t authjwt_entry_read_mark(request_rec *r, const authjwt_store_value_t *value, authjwt_entry_mark_t *mark)
{
    return authjwt_entry_mark_of(value, mark) ? APR_SUCCESS : odd_value(r);
}

apr_status_t authjwt_entry_read_chain(request_rec *r, const authjwt_store_value_t *value, authjwt_entry_chain_t *chain)
{
    return authjwt_entry_chain_of(value, chain) ? APR_SUCCESS : odd_value(r);
}

apr_status_t authjwt_entry_answered_mark(request_rec *r, const authjwt_store_question_t *answered,
                                         authjwt_entry_mark_t *mark)
{
    return answered->status == APR_SUCCESS && !authjwt_entry_mark_of(&answered->value, mark) ? odd_value(r)
                                                                                             : answered->status;
}

apr_status_t authjwt_entry_get_mark(request_rec *r, const authjwt_store_id_t *id, authjwt_entry_mark_t *mark)
{
    authjwt_store_value_t value;
    apr_status_t rv = authjwt_store_get(authjwt_config_server(r->server)->store, r, id, &value);

    return rv == APR_SUCCESS ? authjwt_entry_read_mark(r, &value, mark) : rv;
}

apr_status_t authjwt_entry_get_chain(request_rec *r, const authjwt_store_id_t *id, authjwt_entry_chain_t *chain)
{
    authjwt_store_value_t value;
    apr_status_t rv = authjwt_store_get(authjwt_config_server(r->server)->store, r, id, &value);

    return rv == APR_SUCCESS ? authjwt_entry_read_chain(r, &value, chain) : rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry_private: entries as a request asks for them. Nobody else includes it. */
#ifndef AUTHJWT_ENTRY_PRIVATE_H
#define AUTHJWT_ENTRY_PRIVATE_H

#include "authjwt_entry.h"
#include "authjwt_store.h"

/** How long to keep an entry that counts until `end`: longer, since clocks and AuthJWTLeeway may be set anew. */
apr_time_t authjwt_entry_expires(const authjwt_server_conf_t *conf, apr_time_t end);

/** Read a value that is a mark, or a chain. @return APR_SUCCESS; APR_EGENERAL (logged) if it is of another form */
apr_status_t authjwt_entry_read_mark(request_rec *r, const authjwt_store_value_t *value,
                                     authjwt_entry_mark_t *mark) AP_FN_ATTR_WARN_UNUSED_RESULT;
apr_status_t authjwt_entry_read_chain(request_rec *r, const authjwt_store_value_t *value,
                                      authjwt_entry_chain_t *chain) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * The mark that one of several look-ups has found.
 * @return its status; APR_EGENERAL (logged) for a value that is of another form
 */
apr_status_t authjwt_entry_answered_mark(request_rec *r, const authjwt_store_question_t *answered,
                                         authjwt_entry_mark_t *mark) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Look up an entry that is a mark, or a chain.
 * @return as authjwt_store_get; APR_EGENERAL (logged) for a value that is of another form
 */
apr_status_t authjwt_entry_get_mark(request_rec *r, const authjwt_store_id_t *id,
                                    authjwt_entry_mark_t *mark) AP_FN_ATTR_WARN_UNUSED_RESULT;
apr_status_t authjwt_entry_get_chain(request_rec *r, const authjwt_store_id_t *id,
                                     authjwt_entry_chain_t *chain) AP_FN_ATTR_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store_directory_private: records of a directory, in the store of the request's server. For state alone. */
#ifndef AUTHJWT_STORE_DIRECTORY_PRIVATE_H
#define AUTHJWT_STORE_DIRECTORY_PRIVATE_H

#include "authjwt_socache_doors.h"
#include "authjwt_store.h"

/**
 * Change records.
 * @return as authjwt_socache_file_fn; a failure is logged at most once a second, and does not say that the store is
 * down
 */
apr_status_t authjwt_store_file_record(request_rec *r,
                                       const authjwt_socache_filing_t *filing) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** All records of an owner. @return as authjwt_socache_list_fn, logged likewise */
apr_status_t authjwt_store_list_records(request_rec *r, const authjwt_store_id_t *owner,
                                        authjwt_socache_record_t **records,
                                        unsigned int *n) AP_FN_ATTR_WARN_UNUSED_RESULT;

#endif

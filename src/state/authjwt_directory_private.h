/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directory_private: what the files of the directory share. Nobody else includes it. */
#ifndef AUTHJWT_DIRECTORY_PRIVATE_H
#define AUTHJWT_DIRECTORY_PRIVATE_H

#include "authjwt_directory.h"

/**
 * Which sessions are over, as the revocation store says? All are looked up together.
 * @param issuer   never NULL
 * @param all      authjwt_record_t
 * @param is_over  one for each, set to non-zero where it is; not for those that were ended for theft and are listed as
 * such
 * @return APR_SUCCESS, or why the store cannot answer (logged)
 */
apr_status_t authjwt_directory_find_over(request_rec *r, const char *issuer, const char *user,
                                         const apr_array_header_t *all, char *is_over) AP_FN_ATTR_WARN_UNUSED_RESULT;

#endif

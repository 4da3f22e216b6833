/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directory: which sessions a user has (AuthJWTSessionDirectory). Its records lie in the revocation store's own
 * engine, beside the entries. What has ended is said by those entries alone: this is a list, and a list that is lost
 * ends nothing and revives nothing. */
#ifndef AUTHJWT_DIRECTORY_H
#define AUTHJWT_DIRECTORY_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_record.h"

/** The most records of one user. */
#define AUTHJWT_DIRECTORY_MOST 256

/** Is there a directory for the sessions of this server? */
int authjwt_directory_is_on(const server_rec *s);

/**
 * The living sessions of a user, and those that were ended for theft (`ended`) until they would have ended by
 * themselves; the newest login first. Each is looked up in the revocation store: what has ended is not among them,
 * however it was ended.
 * @param issuer   `iss` of the user's tokens, "" for none; NULL: as this server issues it
 * @param user     the identity
 * @param records  authjwt_record_t, owned by r->pool; set on success, may be empty
 * @return APR_SUCCESS; APR_ENOTIMPL where there is no directory; else the store cannot answer (logged)
 */
apr_status_t authjwt_directory_list(request_rec *r, const char *issuer, const char *user,
                                    apr_array_header_t **records) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** Is it the session of this token? */
int authjwt_directory_is_of(const authjwt_record_t *record, const aj_claims_t *claims, apr_pool_t *pool);

#endif

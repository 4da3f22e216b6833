/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directory: which sessions a user has (AuthJWTSessionDirectory). Its records lie in the revocation store's own
 * engine, beside the entries. What has ended is said by those entries alone: this is a list, and a list that is lost
 * ends nothing and revives nothing. */
#ifndef AUTHJWT_DIRECTORY_H
#define AUTHJWT_DIRECTORY_H

#include <httpd.h>
#include "aj_claims.h"
#include "authjwt_record.h"

/* In all functions, issuer is `iss` of the user's tokens, "" for none, or NULL: as this server issues it; user is the
 * identity. What fails is logged, at most once a second. */

/** Is there a directory for the sessions of this server? */
int authjwt_directory_is_on(const server_rec *s);

/**
 * The living sessions of a user, and those that were ended for theft (`ended`) until they would have ended by
 * themselves; the newest login first. Each is looked up in the revocation store: what has ended is not among them,
 * however it was ended.
 * @param records  authjwt_record_t, owned by r->pool; set on success, may be empty
 * @return APR_SUCCESS; APR_ENOTIMPL where there is no directory; else the store cannot answer
 */
apr_status_t authjwt_directory_list(request_rec *r, const char *issuer, const char *user,
                                    apr_array_header_t **records) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** As authjwt_directory_list, and the records of sessions that have ended, which only wait for being taken out.
 * @param dead  authjwt_record_t, likewise */
apr_status_t authjwt_directory_sort(request_rec *r, const char *issuer, const char *user, apr_array_header_t **records,
                                    apr_array_header_t **dead) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** Is it the session of this token? */
int authjwt_directory_is_of(const authjwt_record_t *record, const aj_claims_t *claims, apr_pool_t *pool);

/**
 * Write a record, over the one of the same session. Where the user has AUTHJWT_SESSIONS_MOST others, the oldest of all
 * is not listed any more.
 * @param until  when nothing of the session can be used any more: then the record goes by itself
 * @return APR_SUCCESS, or why it is not written
 */
apr_status_t authjwt_directory_write(request_rec *r, const char *issuer, const char *user,
                                     const authjwt_record_t *record, apr_time_t until) AP_FN_ATTR_WARN_UNUSED_RESULT;

/**
 * Write the record of a new session, if the user has not too many, as one step over all hosts.
 * @param drop  authjwt_record_t that go before
 * @param most  how many others there may be
 * @return APR_EAGAIN when there are more: somebody was quicker, and it was not written; else as authjwt_directory_write
 */
apr_status_t authjwt_directory_admit(request_rec *r, const char *issuer, const char *user,
                                     const authjwt_record_t *record, apr_time_t until, const apr_array_header_t *drop,
                                     unsigned int most) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** Find the record of one session, whether it has ended or not. @param id  of the entry that ends it
 * @return as authjwt_directory_list; APR_NOTFOUND: it is not listed */
apr_status_t authjwt_directory_find(request_rec *r, const char *issuer, const char *user, const authjwt_store_id_t *id,
                                    const authjwt_record_t **record) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** Take the record of one session out. @return as authjwt_directory_write */
apr_status_t authjwt_directory_remove(request_rec *r, const char *issuer, const char *user,
                                      const authjwt_store_id_t *id);

/** Take out what has ended, those that were ended for theft too. @return as authjwt_directory_write */
apr_status_t authjwt_directory_clear(request_rec *r, const char *issuer, const char *user);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_body_private: what the files of the body room share. Nobody else includes it. */
#ifndef AUTHJWT_BODY_PRIVATE_H
#define AUTHJWT_BODY_PRIVATE_H

#include "authjwt_body.h"

/**
 * Read application/x-www-form-urlencoded into fields, each a string and none twice.
 * @param body    is taken apart; NUL follows it
 * @param fields  object that the fields are set in
 * @return NULL, or what is wrong
 */
const char *authjwt_body_read_form(char *body, apr_size_t len, json_t *fields);

/** Bytes of a body. */
typedef struct {
    char *bytes; /**< NUL follows */
    apr_size_t len;
    int ended; /**< the body ends with them */
} authjwt_body_bytes_t;

/**
 * Read the body to its end, or until there is enough of it.
 * @param enough  bytes after which reading stops
 * @param room    bytes that are kept at most
 * @param pool    owns the bytes; they are wiped with it
 * @param body    always set: what has been read, also after a failure
 * @return APR_SUCCESS, APR_ENOSPC when more than room came, or why it cannot be read
 */
apr_status_t authjwt_body_read(request_rec *r, apr_size_t enough, apr_size_t room, apr_pool_t *pool,
                               authjwt_body_bytes_t *body) AUTHJWT_MUST_USE;

/**
 * Log that the body could not be read.
 * @return AUTHJWT_BODY_TOO_LARGE, AUTHJWT_INVALID_REQUEST, or AUTHJWT_BODY_UNREADABLE with httpd's own status (which
 *         may say that it has answered already, AP_FILTER_ERROR) in the state of the request
 */
authjwt_verdict_e authjwt_body_unreadable(request_rec *r, apr_status_t rv) AUTHJWT_MUST_USE;

#endif

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

/** Log that the body could not be read. @return status to return, the answer being prepared, or given by httpd already
 * (AP_FILTER_ERROR) */
int authjwt_body_unreadable(request_rec *r, apr_status_t rv);

#endif

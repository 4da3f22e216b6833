/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_reply: answers of this module: JSON, and refusals with their challenge (docs/endpoints.md, "Errors"). */
#ifndef AUTHJWT_REPLY_H
#define AUTHJWT_REPLY_H

#include <httpd.h>
#include <jansson.h>
#include "authjwt_verdict.h"

/**
 * Refuse: the headers of authjwt_reply_headers, and a body: AuthJWTErrorDocument's, else JSON; for navigations a page
 * of ours (authjwt_page_refused) or httpd's own. Only the gate and the endpoints call this. Does not log.
 * @param verdict  anything but AUTHJWT_OK
 * @return the HTTP status, for the hook or handler to return; httpd then sends the answer
 */
int authjwt_reply_refuse(request_rec *r, authjwt_verdict_e verdict);

/**
 * What every refusal says beside its body: challenge (RFC 6750 3), Retry-After, the note jwt-error for logs.
 * @return the HTTP status
 */
int authjwt_reply_headers(request_rec *r, authjwt_verdict_e verdict);

/** Write a refusal into the audit log, if it is one for it (authjwt_audit_refusal). For a refusal that is answered by
 * none of the two above. */
void authjwt_reply_audit(request_rec *r, authjwt_verdict_e verdict);

/** Give a refusal a body of ours. @param type  its Content-Type, a literal */
void authjwt_reply_body(request_rec *r, int status, const char *type, const char *body);

/**
 * Read a file of the administrator's that goes into an answer.
 * @param directive  that names it, for the log
 * @return its text, owned by r->pool; NULL when it cannot be read or is too large (logged)
 */
const char *authjwt_reply_read_file(request_rec *r, const char *directive, const char *path);

/** Answer 200 with a JSON body that no cache keeps. @return OK */
int authjwt_reply_json(request_rec *r, const json_t *body);

/** Register the hook that hands notes on to the request that is logged. */
void authjwt_reply_register(apr_pool_t *pool);

#endif

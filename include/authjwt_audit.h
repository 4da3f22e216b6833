/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_audit: who did what, as one line of JSON (AuthJWTAuditLog, docs/audit.md). Each function does nothing where
 * the log is off or the event is not asked for. */
#ifndef AUTHJWT_AUDIT_H
#define AUTHJWT_AUDIT_H

#include <httpd.h>
#include "authjwt_event.h"
#include "authjwt_verdict.h"

/**
 * Write a line into the audit log of the request's server.
 * @param reason  a code of docs/endpoints.md#errors or a word of docs/audit.md; NULL: none
 * @param user    whose; where a login was refused, what was typed; NULL: nobody's or unknown
 * @param sid     session; NULL: none
 */
void authjwt_audit(request_rec *r, authjwt_event_e event, const char *reason, const char *user, const char *sid);

/** The same of what happens to the server, and has nothing to do with the request that noticed it. */
void authjwt_audit_server(server_rec *s, authjwt_event_e event, const char *reason);

/** A login that was refused. @param user  as typed, NULL: unknown @param verdict  not AUTHJWT_OK */
void authjwt_audit_login(request_rec *r, const char *user, authjwt_verdict_e verdict);

/**
 * A request that is refused for its token or by the rules: token_refused, access_denied. Once for each request of a
 * client, however many parts of it are refused; other refusals, and those of a login, are no such event.
 * @param user  who it is, NULL where that is not proved
 */
void authjwt_audit_refusal(request_rec *r, authjwt_verdict_e verdict, const char *user, const char *sid);

/** Hook open_logs: open the files and start the commands, as httpd does it for CustomLog.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging why not */
int authjwt_audit_open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

#endif

/* authjwt_reply: every answer of this module: JSON, refusals with their challenge, cache headers (contract section 9).
 */
#ifndef AUTHJWT_REPLY_H
#define AUTHJWT_REPLY_H

#include <httpd.h>
#include <jansson.h>
#include "authjwt_problem.h"

/**
 * Refuse: prepares challenge, body (JSON; httpd's own page for navigations) and the note jwt-error. Hooks and handlers
 * return what it returns; httpd then sends the answer. Does not log.
 * @return the HTTP status of the problem
 */
int authjwt_reply_refuse(request_rec *r, authjwt_problem_e problem);

/** The same with another text for the member `error` (AUTHJWT_INVALID_REQUEST). @param error  literal or pool string */
int authjwt_reply_refuse_because(request_rec *r, authjwt_problem_e problem, const char *error);

/** Give a refusal a body of ours. @param type  its Content-Type, a literal */
void authjwt_reply_body(request_rec *r, int status, const char *type, const char *body);

/**
 * Read a file of the administrator's that goes into an answer.
 * @param directive  that names it, for the log
 * @return its text, owned by r->pool; NULL when it cannot be read or is too large (logged)
 */
const char *authjwt_reply_read_file(request_rec *r, const char *directive, const char *path);

/** A token is asked for: what is answered, also by pages, redirects and error documents around, is private and varies
 * with it. */
void authjwt_reply_hangs_on_token(request_rec *r);

/** What this request answers carries tokens or belongs to one person: no cache keeps it, whatever the application or
 * mod_headers says. */
void authjwt_reply_no_store(request_rec *r);

/** Take a refusal back, for a request that can be answered in another way. */
void authjwt_reply_withdraw(request_rec *r);

/** @return non-zero when the refusal that is prepared is this one */
int authjwt_reply_is(request_rec *r, authjwt_problem_e problem);

/**
 * Refuse an endpoint's method, with an Allow header; a preflight that AuthJWTAllowPreflight lets pass is answered 204.
 * @param allowed  the one that is right (M_POST; M_GET stands for HEAD too)
 * @param and_get  non-zero: so is GET
 */
int authjwt_reply_method_not_allowed(request_rec *r, int allowed, int and_get);

/** Answer 200 with a JSON body that no cache keeps. @return OK */
int authjwt_reply_json(request_rec *r, const json_t *body);

/** Register the output filter that adds Cache-Control and Vary where mod_proxy cannot lose them, and its hooks. */
void authjwt_reply_register(apr_pool_t *pool);

#endif

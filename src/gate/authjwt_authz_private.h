/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz_private: the room's files. */
#ifndef AUTHJWT_AUTHZ_PRIVATE_H
#define AUTHJWT_AUTHZ_PRIVATE_H

#include <httpd.h>
#include <ap_expr.h>
#include <mod_auth.h>

/** Roles that the log line of a refusal names at most. */
#define AUTHJWT_ROLES_SHOWN 8

/** Note the arguments of a `Require jwt-role` that did not grant, for the log line of a refusal. */
void authjwt_authz_note_wanted(request_rec *r, const char *line);

/**
 * Note any other rule that stood in the way, likewise.
 * @param provider    jwt-role, jwt-claim or jwt-scope
 * @param line        its arguments
 * @param is_negated  with `not`, or in <RequireNone>
 */
void authjwt_authz_note_unmet(request_rec *r, const char *provider, const char *line, int is_negated);

/** One argument of a Require line: plain text, or an expression where it has a '%'. */
typedef struct {
    const char *text;
    ap_expr_info_t *expr;
} authjwt_authz_argument_t;

/**
 * Parse the arguments of `Require PROVIDER`.
 * @param needed  what it needs at least one of, for the sentence
 * @param parsed  set: array of authjwt_authz_argument_t
 * @return NULL, or what is wrong
 */
const char *authjwt_authz_parse_arguments(cmd_parms *cmd, const char *provider, const char *needed, const char *line,
                                          const void **parsed);

/** What an argument says in this request. @return NULL when the expression fails (logged) */
const char *authjwt_authz_evaluate(request_rec *r, const authjwt_authz_argument_t *argument);

/** Does the subject hold the value? */
typedef int authjwt_authz_holds_fn(request_rec *r, const void *subject, const char *value);

/**
 * Does the subject hold any of the arguments?
 * @param first  the first of them that is asked about
 * @return AUTHZ_GRANTED, AUTHZ_DENIED, or AUTHZ_GENERAL_ERROR when an expression fails
 */
authz_status authjwt_authz_holds_any(request_rec *r, const apr_array_header_t *arguments, int first,
                                     authjwt_authz_holds_fn *holds, const void *subject);

/** Register the hooks around httpd's own authorization. */
void authjwt_authz_register_hooks(void);

/**
 * httpd lets an internal redirect or a part in without asking again if its configuration is that of the request above
 * it. Where that was a preflight, nobody has been asked yet: they are asked here.
 * @param above  main or prev of r
 * @return DECLINED, or the status to refuse with
 */
int authjwt_authz_check_after_preflight(request_rec *r, const request_rec *above);

/** What lies in the file system at the address of an endpoint is not asked for: mod_dir would redirect to a directory
 * of that name, or serve its index. */
void authjwt_authz_hide_directory(request_rec *r);

/** Endpoints skip Require. If a rewrite has changed r->handler since, put the endpoint back; otherwise the exemption
 * could be used to reach other content. */
void authjwt_authz_hold_endpoint(request_rec *r);

/** Hook pre_config: stand before mod_authz_core's provider of `Require expr`. @return OK */
int authjwt_authz_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

#endif

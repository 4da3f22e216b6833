/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: pages for people: sign in, sign out, and the way there and back. */
#ifndef AUTHJWT_PAGE_H
#define AUTHJWT_PAGE_H

#include <httpd.h>
#include <jansson.h>
#include "authjwt_record.h"
#include "authjwt_verdict.h"

/** Hook post_config: memory for what is said once per start. @return OK */
int authjwt_page_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/**
 * Is this a path of this host, and nothing that a browser could take for another? Printable ASCII of at most 2048
 * bytes, one '/' first, no backslash; also after percent-decoding.
 */
int authjwt_page_is_local(const char *path);

/** Is this page shown in place of httpd's own for an error (ErrorDocument 401 /login)? Then the answer keeps the
 * error's status. */
int authjwt_page_is_error_document(const request_rec *r);

/** `next` of form or query if it is local, else "/"; for an error document the address that was refused. @param fields
 * of the body, or NULL */
const char *authjwt_page_next(request_rec *r, const json_t *fields);

/** Was the page asked for because a fresh token is required? Then it is for those who are signed in too. */
int authjwt_page_wants_fresh(request_rec *r);

/** Answer 303 to a path of this host. @return the status */
int authjwt_page_see_other(request_rec *r, const char *path);

/** Is somebody who was refused with 401 offered the login page: a navigation where AuthJWTLoginURL is set? What is
 * refused may be a subrequest; it has no answer of its own, see authjwt_below.h. */
int authjwt_page_offers_login(request_rec *r);

/**
 * The login page and the way back from there. With `fresh` the page is shown to those who are signed in too: sent on,
 * they would be sent here again.
 * @param verdict  AUTHJWT_FRESH_TOKEN_REQUIRED for that
 * @param more     of its query, "" or "&name=value"
 */
const char *authjwt_page_login_address(request_rec *r, authjwt_verdict_e verdict, const char *more);

/** Did the client send GET or HEAD, whatever httpd makes of it for an error document? @param initial  the client's
 * request */
int authjwt_page_sent_nothing(const request_rec *initial);

/** Redirect to AuthJWTLoginURL. @param verdict  what the request was refused with @return the status */
int authjwt_page_go_to_login(request_rec *r, authjwt_verdict_e verdict);

/**
 * Make the body of a 401 a page that says that what was sent was not saved: httpd answers before the application sees
 * it, but the browser may still have it.
 * @param verdict  what the request was refused with
 */
void authjwt_page_unsaved(request_rec *r, authjwt_verdict_e verdict);

/**
 * Write the login page.
 * @param verdict  AUTHJWT_OK to ask for name and password; or why the login was refused. The answer has its status, but
 *                 for an error document, which has the error's
 * @param next     where to go after signing in
 * @param user     what was typed, or NULL
 * @param remember is the box ticked, where there is one (AuthJWTRememberMe)?
 * @return OK, or an HTTP status when the administrator's file cannot be read (logged)
 */
int authjwt_page_login(request_rec *r, authjwt_verdict_e verdict, const char *next, const char *user, int remember);

/** Write a page that says that browsers cannot sign in without AuthJWTCookies. @return OK */
int authjwt_page_no_cookies(request_rec *r, int status);

/**
 * Write the page with one button.
 * @param user  who is signed in, or NULL
 * @param csrf  value for its form, or NULL
 * @return OK
 */
int authjwt_page_logout(request_rec *r, const char *user, const char *csrf);

/** A session on the page of sessions. */
typedef struct {
    const char *id; /**< its public id */
    const authjwt_record_t *record;
    int is_current; /**< the one that asks */
} authjwt_page_session_t;

/** What that page shows. */
typedef struct {
    const char *user;                   /**< whose sessions */
    int is_others;                      /**< they are not of who looks at them, an administrator */
    const char *csrf;                   /**< value for its forms, or NULL */
    const apr_array_header_t *sessions; /**< authjwt_page_session_t, in the order to be shown */
} authjwt_page_sessions_t;

/** Write the page of sessions: one form each, and one for all. @return OK */
int authjwt_page_sessions(request_rec *r, const authjwt_page_sessions_t *list);

/** The path of the endpoint; empty, which means the same address, where browsers could take it for another host. */
const char *authjwt_page_own_path(request_rec *r);

/** Text as the value of a parameter in an address. */
const char *authjwt_page_parameter(request_rec *r, const char *text);

/** Where a browser goes when it has signed out: AuthJWTLogoutRedirect, else the login page, else the front page. */
const char *authjwt_page_after_logout(request_rec *r);

/**
 * Make the body of a 403 or 429 a page with a way on, for a navigation where no ErrorDocument is set.
 * @param verdict  what the request was refused with
 * @return non-zero when there is such a page
 */
int authjwt_page_refused(request_rec *r, authjwt_verdict_e verdict);

#endif

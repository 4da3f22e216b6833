/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page_private: what the room's files have of each other. */
#ifndef AUTHJWT_PAGE_PRIVATE_H
#define AUTHJWT_PAGE_PRIVATE_H

#include "authjwt_config.h"
#include "authjwt_page.h"
#include "authjwt_texts.h"

/** Content-Type of pages. */
#define AUTHJWT_PAGE_TYPE "text/html; charset=utf-8"

/** A page while it is made. */
typedef struct {
    request_rec *r;
    const authjwt_dir_conf_t *conf;
    const char *lang;  /**< that the client likes best */
    const char *nonce; /**< of its style */
} authjwt_page_t;

/** A sentence as plain text, not escaped, and the language that it is in. */
typedef struct {
    const char *text;
    const char *lang;
} authjwt_said_t;

/** Begin a page: choose its language. @return owned by r->pool */
authjwt_page_t *authjwt_page_begin(request_rec *r);

/** Text as it may stand in HTML, also in attributes in quotes of either kind. */
const char *authjwt_page_escape(const char *text, apr_pool_t *pool);

/** A sentence in the language of the page, or in English. */
authjwt_said_t authjwt_page_say(const authjwt_page_t *page, authjwt_text_e text);

/** The same with its placeholder replaced. @param placeholder  "{{user}}" @param value  plain text */
authjwt_said_t authjwt_page_say_with(const authjwt_page_t *page, authjwt_text_e text, const char *placeholder,
                                     const char *value);

/** That there were too many attempts, and for how long. */
authjwt_said_t authjwt_page_say_throttled(const authjwt_page_t *page);

/** A sentence as HTML: escaped, and marked with its language where that is another one than the page's. */
const char *authjwt_page_html(const authjwt_page_t *page, authjwt_said_t said);

/** authjwt_page_html of authjwt_page_say. */
const char *authjwt_page_text(const authjwt_page_t *page, authjwt_text_e text);

/** The whole document. @param body  HTML that follows the heading */
const char *authjwt_page_document(const authjwt_page_t *page, authjwt_said_t heading, const char *body);

/** Set the headers of a page, for answers of all kinds. @param is_ours  zero for a file of the administrator's */
void authjwt_page_headers(const authjwt_page_t *page, int is_ours);

/** Begin an answer that a handler writes: status, type, headers. */
void authjwt_page_answer(const authjwt_page_t *page, int status, int is_ours);

/** What a person calls the program of a User-Agent. @return owned by pool, not escaped; NULL for an empty one */
const char *authjwt_page_agent(const char *agent, apr_pool_t *pool);

/** Write the administrator's own login page. @param message  its text may be NULL @return as authjwt_page_login */
int authjwt_page_write_own(const authjwt_page_t *page, authjwt_verdict_e verdict, authjwt_said_t message,
                           const char *next, const char *user, int remember);

/**
 * Where to come back to after signing in: the address that the client asked for, or for data that were sent the page
 * with the form; without a token in its query.
 * @return a path of this host
 */
const char *authjwt_page_way_back(request_rec *r);

/** The page where somebody was before this one, for a link. @return NULL where there is none that helps */
const char *authjwt_page_came_from(request_rec *r);

/** Are these the same address, but for a query and for a slash at the end, which mod_dir adds by a redirect? @param
 * path may be NULL */
int authjwt_page_is_same_path(const char *path, const char *address);

/** Has the query this parameter, with or without a value? */
int authjwt_page_has_parameter(request_rec *r, const char *name);

/** A path of this host relative to the address that the browser knows, which may have a prefix that a proxy has taken
 * off. */
const char *authjwt_page_address_of(request_rec *r, const char *path);

/** authjwt_page_address_of the endpoint. */
const char *authjwt_page_own_address(request_rec *r);

/** Would a browser drop Secure cookies here? The administrator reads it once, in the log. */
int authjwt_page_is_insecure(request_rec *r);

#endif

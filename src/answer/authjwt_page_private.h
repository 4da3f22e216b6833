/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page_private: what the room's files have of each other. */
#ifndef AUTHJWT_PAGE_PRIVATE_H
#define AUTHJWT_PAGE_PRIVATE_H

#include "authjwt_page.h"

/**
 * Make the page of authjwt_page_unsaved the body of a 401.
 * @param again    non-zero for who is signed in, but not freshly
 * @param address  of the login page
 */
void authjwt_page_write_unsaved(request_rec *r, int again, const char *address);

/**
 * Where to come back to after signing in: the address that the client asked for, or for data that were sent the page
 * with the form.
 * @param initial  the client's request
 * @return a path of this host
 */
const char *authjwt_page_way_back(const request_rec *initial);

/** The path of the endpoint; empty, which means the same address, where browsers could take it for another host. */
const char *authjwt_page_own_path(request_rec *r);

/** The same, relative to the address that the browser knows, which may have a prefix that a proxy has taken off. */
const char *authjwt_page_own_address(request_rec *r);

/** What to tell a person whose browser would drop Secure cookies here, NULL if all is well; the administrator reads it
 * once, in the log. */
const char *authjwt_page_insecure_notice(request_rec *r);

#endif

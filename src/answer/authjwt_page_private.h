/* authjwt_page_private: what the room's files have of each other. */
#ifndef AUTHJWT_PAGE_PRIVATE_H
#define AUTHJWT_PAGE_PRIVATE_H

#include "authjwt_page.h"

/** Answer a refusal with the page that says that what was sent was not saved. @param address  of the login page */
void authjwt_page_unsaved(request_rec *r, const char *address);

/** Was it a request by GET or HEAD, whatever httpd makes of it for an error document? @param initial  the client's
 * request */
int authjwt_page_sent_nothing(const request_rec *initial);

/**
 * Where to come back to after signing in: the address that the client asked for, or for data that were sent the page
 * with the form.
 * @param initial  the client's request
 * @return a path of this host
 */
const char *authjwt_page_way_back(const request_rec *initial);

/** What to tell a person whose browser would drop Secure cookies here, NULL if all is well; the administrator reads it
 * once, in the log. */
const char *authjwt_page_insecure_notice(request_rec *r);

#endif

/* authjwt_page_private: what the room's files have of each other. */
#ifndef AUTHJWT_PAGE_PRIVATE_H
#define AUTHJWT_PAGE_PRIVATE_H

#include "authjwt_page.h"

/** Answer a refusal with the page that says that what was sent was not saved. @param address  of the login page */
void authjwt_page_unsaved(request_rec *r, const char *address);

/** What to tell a person whose browser would drop Secure cookies here, NULL if all is well; the administrator reads it once, in the log. */
const char *authjwt_page_insecure_notice(request_rec *r);

#endif

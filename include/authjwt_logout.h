/* authjwt_logout: the endpoint jwt-logout: end a session (contract section 6). */
#ifndef AUTHJWT_LOGOUT_H
#define AUTHJWT_LOGOUT_H

#include <httpd.h>

/** Handler. @return DECLINED for requests that are not for jwt-logout, else OK or an HTTP status */
int authjwt_logout_handler(request_rec *r);

#endif

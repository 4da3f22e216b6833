/* authjwt_login: the endpoint jwt-login: exchange a name and password for tokens (contract section 6). */
#ifndef AUTHJWT_LOGIN_H
#define AUTHJWT_LOGIN_H

#include <httpd.h>

/** Handler. @return DECLINED for requests that are not for jwt-login, else OK or an HTTP status */
int authjwt_login_handler(request_rec *r);

#endif

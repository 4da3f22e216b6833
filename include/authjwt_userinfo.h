/* authjwt_userinfo: the endpoint jwt-userinfo: show the verified claims of an access token (contract section 6). */
#ifndef AUTHJWT_USERINFO_H
#define AUTHJWT_USERINFO_H

#include <httpd.h>

/** Handler. @return DECLINED for requests that are not for jwt-userinfo, else OK or an HTTP status */
int authjwt_userinfo_handler(request_rec *r);

#endif

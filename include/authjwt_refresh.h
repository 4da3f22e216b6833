/* authjwt_refresh: the endpoint jwt-refresh: exchange a refresh token for a new access token (contract section 6). */
#ifndef AUTHJWT_REFRESH_H
#define AUTHJWT_REFRESH_H

#include <httpd.h>

/** Handler. @return DECLINED for requests that are not for jwt-refresh, else OK or an HTTP status */
int authjwt_refresh_handler(request_rec *r);

#endif

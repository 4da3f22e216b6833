/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_dispatch: requests for the endpoints of this module. */
#ifndef AUTHJWT_DISPATCH_H
#define AUTHJWT_DISPATCH_H

#include <httpd.h>

/** Hook handler. @return DECLINED for requests that are for none of our endpoints, else OK or an HTTP status */
int authjwt_dispatch(request_rec *r);

#endif

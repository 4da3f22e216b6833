/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_origin: which page made the browser send a request, by Sec-Fetch-Site and Origin (RFC 6454; Fetch Metadata).
 */
#ifndef AUTHJWT_ORIGIN_H
#define AUTHJWT_ORIGIN_H

#include <httpd.h>

/** What a request says of the page that made it. */
typedef enum {
    AUTHJWT_ORIGIN_UNSAID = 0, /**< neither header: no browser, or one from before about 2020 */
    AUTHJWT_ORIGIN_OURS,       /**< a page of this origin, one of AuthJWTTrustedOrigin, or the user without any page */
    AUTHJWT_ORIGIN_FOREIGN     /**< another page, or a browser that does not want to say */
} authjwt_origin_e;

/** Judge a request by its headers; never fails. */
authjwt_origin_e authjwt_origin_of(request_rec *r);

/** Origin, where AuthJWTTrustedOrigin lists it. @return the header's value, NULL when it is absent or not listed */
const char *authjwt_origin_trusted(request_rec *r);

#endif

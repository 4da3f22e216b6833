/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_caching: what depends on a token is private, varies with it, or is kept by no cache at all. */
#ifndef AUTHJWT_CACHING_H
#define AUTHJWT_CACHING_H

#include <httpd.h>

/**
 * A token is asked for. What is answered is private and varies with it, also for pages, redirects and error documents
 * around this request.
 */
void authjwt_caching_mark_private(request_rec *r);

/** The answer carries tokens or belongs to one person: no cache may keep it, whatever the application or mod_headers
 * says. */
void authjwt_caching_no_store(request_rec *r);

/** Register the output filters that set Cache-Control and Vary where mod_proxy cannot lose them, and their hooks. */
void authjwt_caching_register(apr_pool_t *pool);

#endif

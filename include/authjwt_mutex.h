/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_mutex: a mutex over all processes of this host, set up as httpd's Mutex directive says. */
#ifndef AUTHJWT_MUTEX_H
#define AUTHJWT_MUTEX_H

#include <httpd.h>

typedef struct authjwt_mutex_t authjwt_mutex_t;

/** In pre_config: make the type known to the Mutex directive. @param type  a literal @return OK or
 * HTTP_INTERNAL_SERVER_ERROR */
int authjwt_mutex_register(const char *type, apr_pool_t *pconf);

/** In post_config: create it, and have each child take it up. @param out  set on success, owned by pconf @return
 * APR_SUCCESS, or why not */
apr_status_t authjwt_mutex_create(authjwt_mutex_t **out, const char *type, server_rec *s,
                                  apr_pool_t *pconf) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** The same, for what outlives a reload of the configuration: children of the old and of the new one share it. What
 * Mutex says of it counts from the first start on. @param out  as in authjwt_mutex_create */
apr_status_t authjwt_mutex_create_lasting(authjwt_mutex_t **out, const char *type, server_rec *s,
                                          apr_pool_t *pconf) AP_FN_ATTR_WARN_UNUSED_RESULT;

/** In child_init. A failure is logged, and each lock fails from then on. */
void authjwt_mutex_child_init(authjwt_mutex_t *mutex, server_rec *s, apr_pool_t *pchild);

/** Wait for it. @return APR_SUCCESS, or why it cannot be had */
apr_status_t authjwt_mutex_lock(authjwt_mutex_t *mutex) AP_FN_ATTR_WARN_UNUSED_RESULT;

void authjwt_mutex_unlock(authjwt_mutex_t *mutex);

#endif

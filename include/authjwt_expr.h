/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_expr: verified claims in httpd's expressions: %{jwt:NAME} and the list jwt('NAME'). */
#ifndef AUTHJWT_EXPR_H
#define AUTHJWT_EXPR_H

#include <apr_pools.h>

/**
 * Register both functions. Claims are those of the request's user; before authentication, or where there is none, those
 * of the token that the request carries, judged under the configuration in effect. Without a good token, or without the
 * claim, the string is "" and the list is empty. NAME is a literal name or a JSON Pointer.
 */
void authjwt_expr_register(apr_pool_t *pool);

#endif

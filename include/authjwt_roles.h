/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_roles: the roles of the user, by the AuthJWTRoleClaim in effect. */
#ifndef AUTHJWT_ROLES_H
#define AUTHJWT_ROLES_H

#include <httpd.h>

#include "aj_claims.h"

/** The roles of the user, read once a request however many rules ask. @return `const char *`, may be empty */
const apr_array_header_t *authjwt_roles(request_rec *r, const aj_claims_t *claims);

/** Does the user have the role? */
int authjwt_roles_have(request_rec *r, const aj_claims_t *claims, const char *role);

/** Does the user have one of these roles? @param wanted  `const char *`; NULL names none */
int authjwt_roles_have_any(request_rec *r, const aj_claims_t *claims, const apr_array_header_t *wanted);

#endif

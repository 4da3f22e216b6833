/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_roles: the roles of the user. */
#include <httpd.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_request.h"
#include "authjwt_roles.h"

const apr_array_header_t *authjwt_roles(request_rec *r, const aj_claims_t *claims)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    authjwt_state_t *state = authjwt_request_state(r);

    if (!state->roles || state->roles_of != claims || state->roles_named != conf->role_claims) {
        state->roles = aj_claims_strings(claims, authjwt_config_role_claims(conf), r->pool);
        state->roles_of = claims;
        state->roles_named = conf->role_claims;
    }
    return state->roles;
}

/* Most places ask for one role. Where they ask for more, roles are read into a list, once. */
int authjwt_roles_have(request_rec *r, const aj_claims_t *claims, const char *role)
{
    authjwt_state_t *state = authjwt_request_state(r);

    if (!state->role_asked) {
        state->role_asked = 1;
        return aj_claims_has_string(claims, authjwt_config_role_claims(authjwt_config_dir(r)), role);
    }
    return authjwt_config_is_listed(authjwt_roles(r, claims), role);
}

int authjwt_roles_have_any(request_rec *r, const aj_claims_t *claims, const apr_array_header_t *wanted)
{
    const apr_array_header_t *roles = authjwt_roles(r, claims);
    int i;

    for (i = 0; i < roles->nelts; i++) {
        if (authjwt_config_is_listed(wanted, APR_ARRAY_IDX(roles, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

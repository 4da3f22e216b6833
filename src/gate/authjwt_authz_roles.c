/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: the roles of the user. */
#include <httpd.h>

#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_request.h"

void authjwt_authz_note_wanted(request_rec *r, const char *line)
{
    authjwt_state_t *state = authjwt_request_state(r);

    if (!state->roles_wanted) {
        state->roles_wanted = apr_array_make(r->pool, 2, sizeof(const char *));
    }
    /* Supposing that the token is fresh, the same rules are asked again. */
    if (!state->suppose_fresh && state->roles_wanted->nelts <= AUTHJWT_ROLES_SHOWN) {
        APR_ARRAY_PUSH(state->roles_wanted, const char *) = line;
    }
}

const apr_array_header_t *authjwt_authz_roles(request_rec *r, const aj_claims_t *claims)
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

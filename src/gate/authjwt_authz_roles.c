/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: the roles of the user. */
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_request.h"

static int is_full(const apr_array_header_t *list)
{
    return list && list->nelts > AUTHJWT_ROLES_SHOWN;
}

static void note(request_rec *r, apr_array_header_t **list, const char *text)
{
    if (!*list) {
        *list = apr_array_make(r->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(*list, const char *) = text;
}

void authjwt_authz_note_wanted(request_rec *r, const char *line)
{
    authjwt_state_t *state = authjwt_request_state(r);

    if (!is_full(state->roles_wanted)) {
        note(r, &state->roles_wanted, line);
    }
}

void authjwt_authz_note_unmet(request_rec *r, const char *provider, const char *line, int is_negated)
{
    authjwt_state_t *state = authjwt_request_state(r);

    if (!is_full(state->rules_unmet)) {
        note(r, &state->rules_unmet,
             apr_pstrcat(r->pool, "Require ", is_negated ? "not " : "", provider, " ", line, NULL));
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

/* Most places ask for one role. Where they ask for more, roles are read into a list, once. */
int authjwt_authz_has_role(request_rec *r, const aj_claims_t *claims, const char *role)
{
    authjwt_state_t *state = authjwt_request_state(r);

    if (!state->role_asked) {
        state->role_asked = 1;
        return aj_claims_has_string(claims, authjwt_config_role_claims(authjwt_config_dir(r)), role);
    }
    return authjwt_config_is_listed(authjwt_authz_roles(r, claims), role);
}

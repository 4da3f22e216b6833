/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: rules that did not grant, for the log line of a refusal. */
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_authz_private.h"
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

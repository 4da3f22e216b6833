/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_identity: verified claims become what applications see. */
#include <apr_hash.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_identity.h"
#include "authjwt_request.h"

typedef struct {
    request_rec *r;
    apr_hash_t
        *names; /**< those there already. A table would compare each name with all: their beginning is the same */
} export_t;

/* Two claims whose names become one are both left out, so that nobody can pass for the other. */
static void export_claim(const export_t *export, const char *claim, const char *text)
{
    apr_table_t *env = export->r->subprocess_env;
    const char *name = aj_claims_variable_name(claim, export->r->pool);
    unsigned int before = apr_hash_count(export->names);

    apr_hash_set(export->names, name, APR_HASH_KEY_STRING, name);
    if (apr_hash_count(export->names) == before) {
        apr_table_unset(env, name);
    }
    else if (text) {
        apr_table_addn(env, name, text);
    }
}

/* Included parts and index files begin with the environment of the page, which another section may have filled. No name
 * may be there twice. */
void authjwt_identity_forget(request_rec *r)
{
    const apr_array_header_t *all = apr_table_elts(r->subprocess_env);
    int i;

    for (i = all->nelts - 1; i >= 0; i--) {
        const char *name = APR_ARRAY_IDX(all, i, apr_table_entry_t).key;

        if (!strncmp(name, AJ_VARIABLE_PREFIX, strlen(AJ_VARIABLE_PREFIX))) {
            apr_table_unset(r->subprocess_env, name);
            i = i < all->nelts ? i : all->nelts;
        }
    }
}

static void export_all(request_rec *r, const aj_claims_t *claims)
{
    int count, i;
    const aj_variable_t *variables = aj_claims_variables(claims, &count);

    for (i = 0; i < count; i++) {
        apr_table_addn(r->subprocess_env, variables[i].name, variables[i].text);
    }
}

static void export_named(request_rec *r, const aj_claims_t *claims, const apr_array_header_t *names)
{
    export_t export = { r, apr_hash_make(r->pool) };
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *claim = APR_ARRAY_IDX(names, i, const char *);

        export_claim(&export, claim, aj_claims_text_of(claims, claim, r->pool));
    }
}

static void export_claims(request_rec *r, const aj_claims_t *claims)
{
    const apr_array_header_t *names;
    authjwt_export_e which = authjwt_config_export(authjwt_config_dir(r), &names);

    if (which == AUTHJWT_EXPORT_ALL) {
        export_all(r, claims);
    }
    else if (which == AUTHJWT_EXPORT_NAMED) {
        export_named(r, claims, names);
    }
}

static void publish(request_rec *r, const aj_claims_t *claims)
{
    const char *jti = aj_claims_string(claims, "jti");
    authjwt_state_t *state = authjwt_request_state(r);

    authjwt_identity_forget(r);
    export_claims(r, claims);
    apr_table_setn(r->notes, "jwt-sub", aj_claims_identity(claims));
    if (jti && !aj_claims_has_control(jti)) {
        apr_table_setn(r->notes, "jwt-jti", jti);
    }
    state->published = r->subprocess_env;
}

void authjwt_identity_set(request_rec *r, const aj_claims_t *claims, const char *auth_type)
{
    authjwt_state_t *state = authjwt_request_state(r);

    state->claims = claims;
    state->auth_type = auth_type;
    authjwt_request_state(authjwt_request_initial(r))->is_known = 1;
    r->user = apr_pstrdup(r->pool, aj_claims_identity(claims));
    r->ap_auth_type = (char *)auth_type;
    publish(r, claims);
}

void authjwt_identity_drop(request_rec *r)
{
    authjwt_state_t *state = authjwt_request_state(r);

    state->claims = NULL;
    state->published = NULL;
    r->user = NULL;
    r->ap_auth_type = NULL;
    authjwt_identity_forget(r);
    apr_table_unset(r->notes, "jwt-sub");
    apr_table_unset(r->notes, "jwt-jti");
}

const aj_claims_t *authjwt_identity_claims(request_rec *r)
{
    request_rec *from;

    /* Who was authenticated in another way since, or not at all, is not the user of an ancestor's token. */
    if (!r->user || !r->ap_auth_type) {
        return NULL;
    }
    for (from = r; from; from = from->main ? from->main : from->prev) {
        const authjwt_state_t *state = ap_get_module_config(from->request_config, &authjwt_module);

        if (state && state->claims) {
            int is_same = (r->ap_auth_type == state->auth_type || !strcmp(r->ap_auth_type, state->auth_type))
                       && !strcmp(r->user, aj_claims_identity(state->claims));

            return is_same ? state->claims : NULL;
        }
    }
    return NULL;
}

void authjwt_identity_take_over(request_rec *r)
{
    const request_rec *from = authjwt_request_taken_from(r);
    const authjwt_state_t *looked_up = from ? authjwt_request_known(from) : NULL;

    if (looked_up && looked_up->claims && authjwt_request_known(r)->claims != looked_up->claims) {
        authjwt_identity_set(r, looked_up->claims, looked_up->auth_type);
        /* The headers are to be set once more. */
        authjwt_request_state(r)->managed_headers = NULL;
    }
}

void authjwt_identity_fixups(request_rec *r)
{
    const aj_claims_t *claims;

    if (!r->user) {
        /* AuthJWTReportOnly: mod_rewrite may have made JWT_CLAIM_* of what a client sent. */
        if (authjwt_request_known(r)->passed_refused != AUTHJWT_FAILED) {
            authjwt_identity_forget(r);
        }
        return;
    }
    /* The second time, most often. */
    if (!r->main && authjwt_request_known(r)->published == r->subprocess_env) {
        return;
    }
    claims = authjwt_identity_claims(r);
    /* mod_dir may have made another request of this one since, whose environment is of both. */
    if (claims && authjwt_request_known(r)->published != r->subprocess_env) {
        publish(r, claims);
    }
    /* A part that authenticates in another way: its user is not the one of the page's claims. */
    if (!claims && r->main) {
        authjwt_identity_forget(r);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: claims that the administrator adds. */
#include <httpd.h>
#include <ap_expr.h>
#include <http_log.h>

#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_session_private.h"

APLOG_USE_MODULE(authjwt);

/* Set for each token anew, under whatever names. */
static int is_own(request_rec *r, const char *name)
{
    return authjwt_config_is_own_claim(name) || !strcmp(name, authjwt_session_role_claim(r))
        || !strcmp(name, authjwt_config_identity_claim(authjwt_config_dir(r)));
}

/* What was added at login, wherever the line for it stands. Never a claim with roles, under whatever section's name,
 * once roles have been looked up again. */
static int is_kept(request_rec *r, const char *name, int new_roles)
{
    const authjwt_server_conf_t *server = authjwt_config_server(r->server);

    if (is_own(r, name)) {
        return 0;
    }
    return authjwt_config_is_listed(server->role_names, name) ? !new_roles
                                                              : authjwt_config_is_listed(server->claim_names, name);
}

/* Claims of another issuer's token are kept only where a line names them. */
static void keep(request_rec *r, const aj_claims_t *refresh, int new_roles, json_t *extra)
{
    const char *name;
    json_t *value;

    if (!aj_claims_session_expires(refresh)) {
        return;
    }
    json_object_foreach((json_t *)aj_claims_object(refresh), name, value)
    {
        if (is_kept(r, name, new_roles)) {
            json_object_set(extra, name, value);
        }
    }
}

static authjwt_verdict_e add(request_rec *r, const authjwt_extra_claim_t *claim, const aj_claims_t *refresh,
                             json_t *extra)
{
    const char *error = NULL;
    const char *text = ap_expr_str_exec(r, claim->value, &error);

    if (error) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1512: no token issued: AuthJWTClaim %s: %s", claim->name, error);
        return AUTHJWT_FAILED;
    }
    if (*text && !json_object_set_new(extra, claim->name, json_string(text))) {
        return AUTHJWT_OK;
    }
    if (*text) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "AJ1513: claim %s is left as it was: its new value is not UTF-8",
                      claim->name);
    }
    if (refresh && !json_object_get(extra, claim->name)) {
        json_object_set(extra, claim->name, (json_t *)aj_claims_get(refresh, claim->name));
    }
    return AUTHJWT_OK;
}

authjwt_verdict_e authjwt_session_extra_claims(request_rec *r, const aj_claims_t *refresh, int new_roles, json_t **out)
{
    const apr_array_header_t *lines = authjwt_config_dir(r)->extra_claims;
    json_t *extra = aj_json_own(json_object(), r->pool);
    authjwt_verdict_e verdict = AUTHJWT_OK;
    int i;

    if (refresh) {
        keep(r, refresh, new_roles, extra);
    }
    for (i = 0; lines && i < lines->nelts && verdict == AUTHJWT_OK; i++) {
        verdict = add(r, &APR_ARRAY_IDX(lines, i, authjwt_extra_claim_t), refresh, extra);
    }
    *out = extra;
    return verdict;
}

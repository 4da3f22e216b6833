/* authjwt_authz: the Require providers. */
#include <httpd.h>
#include <ap_expr.h>
#include <ap_provider.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <mod_auth.h>
#include <apr_strings.h>

#include "authjwt_authz.h"
#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_identity.h"

APLOG_USE_MODULE(authjwt);

/* One argument of a Require line: plain text, or an expression where it has a '%'. */
typedef struct {
    const char     *text;
    ap_expr_info_t *expr;
} argument_t;

/* The line is split first; each argument becomes an expression of its own, so that no value adds an argument. */
static const char *parse_arguments(cmd_parms *cmd, const char *line, const void **parsed)
{
    apr_array_header_t *list = apr_array_make(cmd->pool, 2, sizeof(argument_t));

    while (*line) {
        argument_t argument = { ap_getword_conf(cmd->pool, &line), NULL };
        const char *error = NULL;

        if (ap_strchr_c(argument.text, '%')) {
            argument.expr = ap_expr_parse_cmd(cmd, argument.text, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
        }
        if (error) {
            return apr_psprintf(cmd->pool, "Require jwt-role: cannot parse \"%s\": %s", argument.text, error);
        }
        APR_ARRAY_PUSH(list, argument_t) = argument;
    }
    if (!list->nelts) {
        return "Require jwt-role: needs at least one role";
    }
    *parsed = list;
    return NULL;
}

/* @return NULL when the expression fails (logged) */
static const char *evaluate(request_rec *r, const argument_t *argument)
{
    const char *error = NULL;
    const char *value;

    if (!argument->expr) {
        return argument->text;
    }
    value = ap_expr_str_exec(r, argument->expr, &error);
    if (error) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1701: cannot evaluate \"%s\" of a Require line: %s", argument->text, error);
        return NULL;
    }
    return value;
}

static int has(const apr_array_header_t *roles, const char *role)
{
    int i;

    for (i = 0; i < roles->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(roles, i, const char *), role)) {
            return 1;
        }
    }
    return 0;
}

static authz_status check_role(request_rec *r, const char *line, const void *parsed)
{
    const apr_array_header_t *arguments = parsed;
    const aj_claims_t *claims = authjwt_identity_claims(r);
    const apr_array_header_t *roles;
    int i;

    (void)line;
    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    if (!claims) {
        return AUTHZ_DENIED;
    }
    roles = aj_claims_strings(claims, authjwt_config_role_claims(authjwt_config_dir(r), r->pool), r->pool);
    for (i = 0; i < arguments->nelts; i++) {
        const char *role = evaluate(r, &APR_ARRAY_IDX(arguments, i, argument_t));

        if (!role) {
            return AUTHZ_GENERAL_ERROR;
        }
        /* An expression that comes to nothing names no role. */
        if (*role && has(roles, role)) {
            return AUTHZ_GRANTED;
        }
    }
    return AUTHZ_DENIED;
}

static const authz_provider role_provider = { check_role, parse_arguments };

void authjwt_authz_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "jwt-role", AUTHZ_PROVIDER_VERSION, &role_provider,
                              AP_AUTH_INTERNAL_PER_CONF);
    authjwt_authz_register_hooks();
}

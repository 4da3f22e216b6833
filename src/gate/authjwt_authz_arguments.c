/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: arguments of Require lines. */
#include <httpd.h>
#include <ap_expr.h>
#include <http_log.h>
#include <mod_auth.h>
#include <apr_strings.h>

#include "authjwt_authz_private.h"

APLOG_USE_MODULE(authjwt);

/* The line is split first; each argument becomes an expression of its own, so that no value adds an argument. */
const char *authjwt_authz_parse_arguments(cmd_parms *cmd, const char *provider, const char *needed, const char *line,
                                          const void **parsed)
{
    apr_array_header_t *list = apr_array_make(cmd->pool, 2, sizeof(authjwt_authz_argument_t));

    while (*line) {
        authjwt_authz_argument_t argument = { ap_getword_conf(cmd->pool, &line), NULL };
        const char *error = NULL;

        if (ap_strchr_c(argument.text, '%')) {
            argument.expr = ap_expr_parse_cmd(cmd, argument.text, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
        }
        if (error) {
            return apr_psprintf(cmd->pool, "Require %s: cannot parse \"%s\": %s", provider, argument.text, error);
        }
        APR_ARRAY_PUSH(list, authjwt_authz_argument_t) = argument;
    }
    if (!list->nelts) {
        return apr_psprintf(cmd->pool, "Require %s: needs %s", provider, needed);
    }
    *parsed = list;
    return NULL;
}

const char *authjwt_authz_evaluate(request_rec *r, const authjwt_authz_argument_t *argument)
{
    const char *error = NULL;
    const char *value;

    if (!argument->expr) {
        return argument->text;
    }
    value = ap_expr_str_exec(r, argument->expr, &error);
    if (error) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1701: cannot evaluate \"%s\" of a Require line: %s",
                      argument->text, error);
        return NULL;
    }
    return value;
}

/* An expression that comes to nothing names nothing. */
authz_status authjwt_authz_holds_any(request_rec *r, const apr_array_header_t *arguments, int first,
                                     authjwt_authz_holds_fn *holds, const void *subject)
{
    int i;

    for (i = first; i < arguments->nelts; i++) {
        const authjwt_authz_argument_t *argument = &APR_ARRAY_IDX(arguments, i, authjwt_authz_argument_t);
        const char *value = authjwt_authz_evaluate(r, argument);

        if (!value) {
            return AUTHZ_GENERAL_ERROR;
        }
        if ((*value || !argument->expr) && holds(r, subject, value)) {
            return AUTHZ_GRANTED;
        }
    }
    return AUTHZ_DENIED;
}

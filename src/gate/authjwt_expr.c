/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_expr: verified claims in httpd's expressions. */
#include <httpd.h>
#include <ap_expr.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_expr.h"
#include "authjwt_identity.h"
#include "authjwt_judge.h"
#include "authjwt_report.h"
#include "authjwt_request.h"

static const aj_claims_t *find_claims(const ap_expr_eval_ctx_t *ctx)
{
    const aj_claims_t *claims;

    /* Expressions about connections have no request. */
    if (!ctx->r) {
        return NULL;
    }
    authjwt_request_state(ctx->r)->asked++;
    claims = authjwt_identity_claims(ctx->r);
    if (!claims && authjwt_report_passed(ctx->r) == AUTHJWT_OK) {
        claims = authjwt_judge_quietly(ctx->r);
    }
    return claims;
}

static const char *claim_text(ap_expr_eval_ctx_t *ctx, const void *data, const char *name)
{
    const aj_claims_t *claims = find_claims(ctx);
    const char *text = claims ? aj_claims_text_of(claims, name, ctx->p) : NULL;

    (void)data;
    return text ? text : "";
}

/* The elements of an array; anything else is a list of one. */
static apr_array_header_t *claim_list(ap_expr_eval_ctx_t *ctx, const void *data, const char *name)
{
    const aj_claims_t *claims = find_claims(ctx);
    const json_t *value = claims ? aj_claims_get(claims, name) : NULL;
    apr_array_header_t *list = apr_array_make(ctx->p, 4, sizeof(const char *));
    apr_size_t count = json_is_array(value) ? json_array_size(value) : value != NULL;
    apr_size_t i;

    (void)data;
    for (i = 0; i < count; i++) {
        const char *text = aj_claims_text(json_is_array(value) ? json_array_get(value, i) : value, ctx->p);

        if (text) {
            APR_ARRAY_PUSH(list, const char *) = text;
        }
    }
    return list;
}

static int look_up(ap_expr_lookup_parms *parms)
{
    if (ap_cstr_casecmp(parms->name, "jwt")) {
        return DECLINED;
    }
    if (parms->arg && !aj_json_is_name(parms->arg)) {
        *parms->err = authjwt_config_check_claim(parms->pool, "jwt", parms->arg);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (parms->type == AP_EXPR_FUNC_STRING) {
        *parms->func = (const void *)claim_text;
    }
    else if (parms->type == AP_EXPR_FUNC_LIST) {
        *parms->func = (const void *)claim_list;
    }
    else {
        return DECLINED;
    }
    *parms->data = NULL;
    return OK;
}

void authjwt_expr_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_expr_lookup(look_up, NULL, NULL, APR_HOOK_MIDDLE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authn: AuthType JWT: who is it? */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_authn.h"
#include "authjwt_config.h"
#include "authjwt_credential.h"
#include "authjwt_identity.h"
#include "authjwt_judge.h"
#include "authjwt_refusal.h"
#include "authjwt_renewal.h"
#include "authjwt_report.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

static void log_missing(request_rec *r)
{
    const char *places = authjwt_credential_places(r);

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1708: no token was sent; looked in %s", places);
    authjwt_report_because(r, "AJ1708", apr_pstrcat(r->pool, "no token was sent; looked in ", places, NULL));
}

static int refuse(request_rec *r, authjwt_verdict_e verdict)
{
    int status = authjwt_refusal(r, verdict);

    /* Reported only. httpd fails a request that has been authenticated and has no user; authjwt_report_skips_rules
     * takes this one away before any rule sees it. */
    if (status == OK) {
        r->user = (char *)"";
    }
    return status;
}

int authjwt_authn_check(request_rec *r)
{
    const aj_claims_t *claims;
    authjwt_verdict_e verdict;

    if (!authjwt_request_protects(r)) {
        return DECLINED;
    }
    verdict = authjwt_judge(r, &claims);
    if (verdict == AUTHJWT_TOKEN_MISSING && (APLOGrinfo(r) || authjwt_report_applies(r, verdict))) {
        log_missing(r);
    }
    if (verdict != AUTHJWT_OK) {
        return refuse(r, verdict);
    }
    authjwt_identity_set(r, claims, "JWT");
    return OK;
}

int authjwt_authn_force(request_rec *r)
{
    const aj_claims_t *claims;
    const char *token;

    if (!authjwt_request_protects(r) || authjwt_request_endpoint(r) || authjwt_request_is_preflight(r)) {
        return DECLINED;
    }
    if (authjwt_credential_find(r, AJ_TYPE_ACCESS, NULL)) {
        /* Judged here where a bad cookie counts as none; the authentication that follows shares the verdict. */
        return authjwt_config_dir(r)->optional > 0 && authjwt_judge(r, &claims) == AUTHJWT_TOKEN_MISSING ? DECLINED
                                                                                                         : OK;
    }
    /* An unusable refresh cookie counts as none. */
    return authjwt_renewal_possible(r)
                && authjwt_renewal_automatic(r, AUTHJWT_TOKEN_MISSING, NULL, &token) == AUTHJWT_OK
             ? OK
             : DECLINED;
}

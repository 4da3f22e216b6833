/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_report: AuthJWTReportOnly. A refusal of the gate becomes a line in the log, and the request goes on as that
 * of nobody. Rules that do not ask who it is have been asked before, without a user (httpd does so first), and their
 * refusals are none of ours. */
#include <httpd.h>
#include <http_log.h>
#include <http_request.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_count.h"
#include "authjwt_identity.h"
#include "authjwt_report.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

int authjwt_report_applies(request_rec *r, authjwt_verdict_e verdict)
{
    return authjwt_config_dir(r)->report_only > 0 && authjwt_verdict_refusal(verdict)->code
        && !authjwt_request_any_endpoint(r);
}

void authjwt_report_because(request_rec *r, const char *tag, const char *why)
{
    if (authjwt_config_dir(r)->report_only > 0) {
        request_rec *initial = authjwt_request_initial(r);

        authjwt_request_state(initial)->refusal_reason = apr_pstrcat(initial->pool, tag, ": ", why, NULL);
    }
}

/* One line for each request of a client, however many parts of it are refused. */
static void log_refusal(request_rec *r, authjwt_verdict_e verdict)
{
    authjwt_state_t *initial = authjwt_request_state(authjwt_request_initial(r));
    const authjwt_refusal_t *refusal = authjwt_verdict_refusal(verdict);
    const char *why = initial->refusal_reason;

    if (!initial->is_reported) {
        initial->is_reported = 1;
        authjwt_count(r, (authjwt_counter_e)(AUTHJWT_COUNT_REPORTED + verdict));
        ap_log_rerror(
            APLOG_MARK, APLOG_WARNING, 0, r,
            "AJ1709: AuthJWTReportOnly: passes without identity, and would have been refused: %d %s%s%s (%s %s)",
            refusal->status, refusal->code, why ? ": " : "", why ? why : "", r->method, r->uri);
    }
}

int authjwt_report_pass(request_rec *r, authjwt_verdict_e verdict)
{
    log_refusal(r, verdict);
    authjwt_request_state(r)->passed_refused = verdict;
    authjwt_identity_drop(r);
    apr_table_setn(r->notes, "jwt-error", authjwt_verdict_refusal(verdict)->code);
    return OK;
}

authjwt_verdict_e authjwt_report_passed(request_rec *r)
{
    for (; r; r = r->main ? r->main : r->prev) {
        authjwt_verdict_e passed = authjwt_request_known(r)->passed_refused;

        if (passed != AUTHJWT_FAILED) {
            return passed;
        }
    }
    return AUTHJWT_OK;
}

/* httpd wants a user between authentication and authorization. */
int authjwt_report_skips_rules(request_rec *r)
{
    if (authjwt_request_known(r)->passed_refused == AUTHJWT_FAILED) {
        return 0;
    }
    r->user = NULL;
    return 1;
}

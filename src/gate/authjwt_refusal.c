/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_refusal: turn a verdict of the gate into an answer. */
#include "authjwt_below.h"
#include "authjwt_page.h"
#include "authjwt_refusal.h"
#include "authjwt_reply.h"
#include "authjwt_report.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"

/* A subrequest has no answer of its own; whoever stands above it may take over its refusal. */
static int refuse(request_rec *r, authjwt_verdict_e verdict, int is_offered)
{
    const char *login = is_offered && authjwt_page_sent_nothing(authjwt_request_initial(r))
                          ? authjwt_page_login_address(r, verdict, "")
                          : NULL;

    return authjwt_below_hand_up(r, verdict, authjwt_reply_refuse(r, verdict), login);
}

int authjwt_refusal(request_rec *r, authjwt_verdict_e verdict)
{
    const authjwt_refusal_t *refusal = authjwt_verdict_refusal(verdict);
    int status, is_offered;

    /* The subrequest that looks up where to renew: nobody sees its answer, and the request above it goes on. */
    if (authjwt_request_known(authjwt_request_initial(r))->renewing) {
        return refusal->status;
    }
    if (authjwt_report_applies(r, verdict)) {
        return authjwt_report_pass(r, verdict);
    }
    is_offered = refusal->status == HTTP_UNAUTHORIZED && authjwt_page_offers_login(r);
    if (!is_offered || r->main) {
        return refuse(r, verdict, is_offered);
    }
    authjwt_reply_audit(r, verdict);
    authjwt_tally_refused(r, verdict);
    if (authjwt_page_sent_nothing(authjwt_request_initial(r))) {
        return authjwt_page_go_to_login(r, verdict);
    }
    status = authjwt_reply_headers(r, verdict);
    authjwt_page_unsaved(r, verdict);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_tally: count each request of a client once. Before its answer goes out where a filter of ours sees that, so
 * that whoever has the answer finds it counted. */
#include <httpd.h>
#include <http_protocol.h>

#include "authjwt_config.h"
#include "authjwt_count.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"

/* A part of a page that is refused is no refusal of the page, unless its status becomes the page's, as with an index
 * file. */
void authjwt_tally_refused_as(request_rec *r, authjwt_verdict_e verdict, int status)
{
    authjwt_state_t *initial = authjwt_request_state(authjwt_request_initial(r));

    if (initial->outcome != AUTHJWT_OUTCOME_REFUSED) {
        initial->outcome = r->main || status ? AUTHJWT_OUTCOME_MAY_BE_REFUSED : AUTHJWT_OUTCOME_REFUSED;
        initial->outcome_verdict = verdict;
        initial->outcome_status = status ? status : authjwt_verdict_refusal(verdict)->status;
    }
}

void authjwt_tally_refused(request_rec *r, authjwt_verdict_e verdict)
{
    authjwt_tally_refused_as(r, verdict, 0);
}

void authjwt_tally_endpoint(request_rec *r)
{
    authjwt_request_state(authjwt_request_initial(r))->is_answered = 1;
}

void authjwt_tally(request_rec *r)
{
    authjwt_state_t *initial = authjwt_request_made_state(authjwt_request_initial(r));

    if (!initial || initial->is_counted) {
        return;
    }
    initial->is_counted = 1;
    while (r->next) {
        r = r->next;
    }
    if (initial->is_reported) {
        return; /* counted as such */
    }
    if (initial->outcome == AUTHJWT_OUTCOME_REFUSED
        || (initial->outcome == AUTHJWT_OUTCOME_MAY_BE_REFUSED && r->status == initial->outcome_status)) {
        authjwt_count(r, (authjwt_counter_e)(AUTHJWT_COUNT_REQUESTS + initial->outcome_verdict));
    }
    else if (initial->is_known || initial->is_answered) {
        authjwt_count(r, (authjwt_counter_e)(AUTHJWT_COUNT_REQUESTS + AUTHJWT_OK));
    }
}

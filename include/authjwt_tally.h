/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_tally: count each request of a client once, by what became of it. */
#ifndef AUTHJWT_TALLY_H
#define AUTHJWT_TALLY_H

#include <httpd.h>
#include "authjwt_verdict.h"

/** What is being answered was refused. @param verdict  anything but AUTHJWT_OK */
void authjwt_tally_refused(request_rec *r, authjwt_verdict_e verdict);

/** The same for a refusal that may still become something else: it counts if the answer has this status in the end. */
void authjwt_tally_refused_as(request_rec *r, authjwt_verdict_e verdict, int status);

/** An endpoint answers. */
void authjwt_tally_endpoint(request_rec *r);

/** The answer is about to be sent, or has been: count the request, unless it is counted. */
void authjwt_tally(request_rec *r);

#endif

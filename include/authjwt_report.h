/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_report: AuthJWTReportOnly: what would have been refused is logged, and passes as nobody's request. */
#ifndef AUTHJWT_REPORT_H
#define AUTHJWT_REPORT_H

#include <httpd.h>
#include "authjwt_verdict.h"

/**
 * Is a refusal of this request reported only? Never at an endpoint of this module: what it answers depends on who asks.
 * @param verdict  anything but AUTHJWT_OK. One without a code says that this server has failed, and is answered as
 * always
 */
int authjwt_report_applies(request_rec *r, authjwt_verdict_e verdict);

/**
 * Log a refusal and let the request pass without identity.
 * @return OK, for the hook to return
 */
int authjwt_report_pass(request_rec *r, authjwt_verdict_e verdict);

/**
 * Keep what the log says of a refusal, so that the line of authjwt_report_pass says it too.
 * @param tag  of the line, such as "AJ1708"
 * @param why  its words; copied
 */
void authjwt_report_because(request_rec *r, const char *tag, const char *why);

/** Did a refusal of this request, or of one that it comes from, pass? @return the refusal, else AUTHJWT_OK */
authjwt_verdict_e authjwt_report_passed(request_rec *r);

/** Before the rules are asked: has the authentication let this request pass, so that no rule is asked? Takes the user
 * away that httpd wants in between. */
int authjwt_report_skips_rules(request_rec *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_below: refusals of what httpd looks up in the place of a request (DirectoryIndex, FallbackResource). */
#ifndef AUTHJWT_BELOW_H
#define AUTHJWT_BELOW_H

#include <httpd.h>
#include "authjwt_verdict.h"

/**
 * Tell the requests above a subrequest how it was refused. mod_dir answers a request with the status of the file that
 * it has looked up, but without its challenge, Retry-After and note for logs.
 * @param status  what the hook of the subrequest returns
 * @return status
 */
int authjwt_below_hand_up(request_rec *r, authjwt_verdict_e verdict, int status);

/** Add what authjwt_below_hand_up has kept, if the request is answered with that status. */
void authjwt_below_take(request_rec *r);

#endif

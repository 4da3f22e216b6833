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
 * @param login   address of the login page, should the requests above be answered with that refusal; NULL for none
 * @return status
 */
int authjwt_below_hand_up(request_rec *r, authjwt_verdict_e verdict, int status, const char *login);

/** An answer begins, or that of an error: is it the refusal of what mod_dir has looked up, and no other? Then a login
 * page that was named to authjwt_below_hand_up counts. To be called before authjwt_request_set_answering. */
void authjwt_below_settle(request_rec *r);

/** Add what authjwt_below_hand_up has kept, if the request is answered with that status. The refusal becomes a redirect
 * where authjwt_below_settle has found that it may. @return non-zero when it has */
int authjwt_below_take(request_rec *r);

#endif

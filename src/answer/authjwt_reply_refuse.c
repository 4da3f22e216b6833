/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_reply: the body of a refusal: the administrator's, a page for people, JSON for programs. */
#include <httpd.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

static const char *error_body(const authjwt_refusal_t *refusal, apr_pool_t *pool)
{
    json_t *body = aj_json_own(
        json_pack("{s:s, s:s, s:s}", "error", refusal->error, "message", refusal->message, "code", refusal->code),
        pool);

    return apr_pstrcat(pool, aj_json_write(body, pool), "\n", NULL);
}

/* @return non-zero when there is a document for this refusal */
static int give_document(request_rec *r, const authjwt_refusal_t *refusal)
{
    const authjwt_error_document_t *document =
        authjwt_config_error_document(authjwt_config_dir(r), refusal->code, refusal->status);
    const char *body = document ? authjwt_reply_read_file(r, "AuthJWTErrorDocument", document->path) : NULL;

    if (body) {
        authjwt_reply_body(r, refusal->status, document->type, body);
    }
    return body != NULL;
}

int authjwt_reply_refuse(request_rec *r, authjwt_verdict_e verdict)
{
    const authjwt_refusal_t *refusal = authjwt_verdict_refusal(verdict);
    int status = authjwt_reply_headers(r, verdict);

    if (!refusal->code || give_document(r, refusal) || authjwt_page_refused(r, verdict)) {
        return status;
    }
    if (!authjwt_request_is_navigation(authjwt_request_initial(r))) {
        authjwt_reply_body(r, status, "application/json", error_body(refusal, r->pool));
    }
    return status;
}

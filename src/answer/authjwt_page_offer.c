/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: who was refused is offered the login page. */
#include <httpd.h>
#include <http_log.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_page_private.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

const char *authjwt_page_login_address(request_rec *r, authjwt_verdict_e verdict, const char *more)
{
    const char *url = authjwt_config_dir(r)->login_url;

    return apr_pstrcat(r->pool, url, ap_strchr_c(url, '?') ? "&next=" : "?next=",
                       apr_pescape_urlencoded(r->pool, authjwt_page_way_back(r)), more,
                       verdict == AUTHJWT_FRESH_TOKEN_REQUIRED ? "&fresh=1" : "", NULL);
}

/* Sent to the login page, would the browser come back here, for ever? What answers is no login page then. */
static int is_login_address(request_rec *r, const char *url)
{
    request_rec *initial = authjwt_request_initial(r);
    char *decoded = apr_pstrmemdup(r->pool, url, strcspn(url, "?#"));

    if (ap_unescape_url(decoded) != OK
        || !(authjwt_page_is_same_path(initial->unparsed_uri, url)
             || authjwt_page_is_same_path(initial->uri, decoded))) {
        return 0;
    }
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "AJ1773: AuthJWTLoginURL %s asks for a token itself, so nobody is sent there: write SetHandler "
                  "jwt-login in <Location \"%s\">, or let everybody in there",
                  url, decoded);
    return 1;
}

int authjwt_page_offers_login(request_rec *r)
{
    const char *url = authjwt_config_dir(r)->login_url;

    /* A forward proxy has no place of its own under the origin's name. */
    return url && !authjwt_request_is_forward_proxied(r) && authjwt_request_is_navigation(authjwt_request_initial(r))
        && !is_login_address(r, url);
}

int authjwt_page_go_to_login(request_rec *r, authjwt_verdict_e verdict)
{
    apr_table_setn(r->headers_out, "Location", authjwt_page_login_address(r, verdict, ""));
    authjwt_caching_no_store(r);
    return HTTP_MOVED_TEMPORARILY;
}

void authjwt_page_unsaved(request_rec *r, authjwt_verdict_e verdict)
{
    const authjwt_page_t *page = authjwt_page_begin(r);
    const char *address = authjwt_page_login_address(r, verdict, "&unsaved=1");
    const char *body = apr_pstrcat(r->pool, "<p>", authjwt_page_text(page, AUTHJWT_TEXT_LOST_FORM),
                                   "</p>\n<ul class=\"way\">\n<li><a href=\"", authjwt_page_escape(address, r->pool),
                                   "\">", authjwt_page_text(page, AUTHJWT_TEXT_SUBMIT), "</a></li>\n</ul>\n", NULL);

    authjwt_page_headers(page, 1);
    authjwt_reply_body(
        r, HTTP_UNAUTHORIZED, AUTHJWT_PAGE_TYPE,
        authjwt_page_document(page,
                              authjwt_page_say(page, verdict == AUTHJWT_FRESH_TOKEN_REQUIRED ? AUTHJWT_TEXT_FRESH
                                                                                             : AUTHJWT_TEXT_SIGNED_OUT),
                              body));
}

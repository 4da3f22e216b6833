/* authjwt_page: who was refused is offered the login page. */
#include <httpd.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_page_private.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

static int for_fresh_token(request_rec *r)
{
    return authjwt_reply_is(r, AUTHJWT_FRESH_TOKEN_REQUIRED);
}

/* With `fresh` the page is shown to those who are signed in too: sent on, they would be sent here again. */
static const char *login_address(request_rec *r, const char *more)
{
    const char *url = authjwt_config_dir(r)->login_url;

    return apr_pstrcat(r->pool, url, ap_strchr_c(url, '?') ? "&next=" : "?next=",
                       apr_pescape_urlencoded(r->pool, authjwt_page_way_back(authjwt_request_initial(r))), more,
                       for_fresh_token(r) ? "&fresh=1" : "", NULL);
}

int authjwt_page_offer_login(request_rec *r)
{
    request_rec *initial = authjwt_request_initial(r);

    /* A forward proxy has no place of its own under the origin's name. */
    if (!authjwt_config_dir(r)->login_url || r->main || !authjwt_request_is_navigation(initial)
        || authjwt_request_is_forward_proxied(r)) {
        return HTTP_UNAUTHORIZED;
    }
    if (authjwt_page_sent_nothing(initial)) {
        const char *address = login_address(r, "");

        authjwt_reply_withdraw(r);
        apr_table_setn(r->headers_out, "Location", address);
        authjwt_reply_no_store(r);
        return HTTP_MOVED_TEMPORARILY;
    }
    /* What was sent is lost to us: httpd answers before the application sees it. The browser may still have it. */
    authjwt_page_unsaved(r, login_address(r, "&unsaved=1"));
    return HTTP_UNAUTHORIZED;
}

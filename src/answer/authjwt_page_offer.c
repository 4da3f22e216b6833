/* authjwt_page: who was refused is offered the login page. */
#include <httpd.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_page_private.h"
#include "authjwt_request.h"

/* With `fresh` the page is shown to those who are signed in too: sent on, they would be sent here again. */
static const char *login_address(request_rec *r, authjwt_verdict_e verdict, const char *more)
{
    const char *url = authjwt_config_dir(r)->login_url;

    return apr_pstrcat(r->pool, url, ap_strchr_c(url, '?') ? "&next=" : "?next=",
                       apr_pescape_urlencoded(r->pool, authjwt_page_way_back(authjwt_request_initial(r))), more,
                       verdict == AUTHJWT_FRESH_TOKEN_REQUIRED ? "&fresh=1" : "", NULL);
}

int authjwt_page_offers_login(request_rec *r)
{
    /* A forward proxy has no place of its own under the origin's name. */
    return authjwt_config_dir(r)->login_url && !r->main && !authjwt_request_is_forward_proxied(r)
        && authjwt_request_is_navigation(authjwt_request_initial(r));
}

int authjwt_page_go_to_login(request_rec *r, authjwt_verdict_e verdict)
{
    apr_table_setn(r->headers_out, "Location", login_address(r, verdict, ""));
    authjwt_caching_no_store(r);
    return HTTP_MOVED_TEMPORARILY;
}

void authjwt_page_unsaved(request_rec *r, authjwt_verdict_e verdict)
{
    authjwt_page_write_unsaved(r, verdict == AUTHJWT_FRESH_TOKEN_REQUIRED, login_address(r, verdict, "&unsaved=1"));
}

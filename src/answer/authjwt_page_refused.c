/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: who was refused otherwise than for want of a token gets a page with a way on: 403 and 429. */
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_page_private.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

/* Also `ErrorDocument 403 default`, which asks for httpd's own page. */
static int has_error_document(const request_rec *r, int status)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    int index = ap_index_of_response(status);

    return core->response_code_exprs && apr_hash_get(core->response_code_exprs, &index, sizeof(index));
}

/* Parts of a page and error documents have no page of their own, and what a forward proxy is asked for is another
 * host's. */
static int is_wanted(request_rec *r, int status)
{
    return (status == HTTP_FORBIDDEN || status == HTTP_TOO_MANY_REQUESTS) && !r->main
        && !authjwt_page_is_error_document(r) && !authjwt_request_is_forward_proxied(r)
        && authjwt_request_is_navigation(authjwt_request_initial(r)) && !has_error_document(r, status);
}

static const char *entry(const authjwt_page_t *page, const char *address, authjwt_text_e text)
{
    return apr_pstrcat(page->r->pool, "<li><a href=\"", authjwt_page_escape(address, page->r->pool), "\">",
                       authjwt_page_text(page, text), "</a></li>\n", NULL);
}

/* For who is signed in as somebody who may not: sign out, or where that is not possible, sign in as somebody else. */
static const char *entry_for_others(const authjwt_page_t *page)
{
    request_rec *r = page->r;
    const char *logout = authjwt_config_logout_path(r->server);

    if (!authjwt_config_cookies(page->conf)) {
        return "";
    }
    logout = logout ? ap_escape_uri(r->pool, logout) : NULL;
    if (authjwt_page_is_local(logout)) {
        return entry(page, authjwt_page_address_of(r, logout), AUTHJWT_TEXT_LOGOUT);
    }
    return page->conf->login_url
             ? entry(page, authjwt_page_login_address(r, AUTHJWT_FRESH_TOKEN_REQUIRED, ""), AUTHJWT_TEXT_SUBMIT)
             : "";
}

static const char *entry_back(const authjwt_page_t *page)
{
    const char *address = authjwt_page_came_from(page->r);

    return address ? entry(page, address, AUTHJWT_TEXT_BACK) : "";
}

static const char *denied(const authjwt_page_t *page, authjwt_verdict_e verdict)
{
    request_rec *r = page->r;
    const char *who = "";

    if (verdict == AUTHJWT_ACCESS_DENIED && r->user) {
        who = apr_pstrcat(
            r->pool, "<p>",
            authjwt_page_html(page, authjwt_page_say_with(page, AUTHJWT_TEXT_SIGNED_IN_AS, "{{user}}", r->user)),
            "</p>\n", NULL);
    }
    return authjwt_page_document(page, authjwt_page_say(page, AUTHJWT_TEXT_DENIED),
                                 apr_pstrcat(r->pool, who, "<ul class=\"way\">\n", *who ? entry_for_others(page) : "",
                                             entry_back(page), "</ul>\n", NULL));
}

static const char *rejected(const authjwt_page_t *page)
{
    return authjwt_page_document(page, authjwt_page_say(page, AUTHJWT_TEXT_REJECTED),
                                 apr_pstrcat(page->r->pool, "<p>", authjwt_page_text(page, AUTHJWT_TEXT_REJECTED_WHY),
                                             "</p>\n<ul class=\"way\">\n", entry_back(page), "</ul>\n", NULL));
}

static const char *throttled(const authjwt_page_t *page)
{
    request_rec *initial = authjwt_request_initial(page->r);
    const char *again = authjwt_page_way_back(page->r);

    /* What Referer names has the prefix that a proxy may take off. */
    if (authjwt_page_sent_nothing(initial)) {
        again = authjwt_page_address_of(page->r, again);
    }
    return authjwt_page_document(
        page, authjwt_page_say_throttled(page),
        apr_pstrcat(page->r->pool, "<ul class=\"way\">\n", entry(page, again, AUTHJWT_TEXT_RETRY), "</ul>\n", NULL));
}

int authjwt_page_refused(request_rec *r, authjwt_verdict_e verdict)
{
    int status = authjwt_verdict_refusal(verdict)->status;
    const authjwt_page_t *page;

    if (!is_wanted(r, status)) {
        return 0;
    }
    page = authjwt_page_begin(r);
    authjwt_page_headers(page, 1);
    authjwt_reply_body(r, status, AUTHJWT_PAGE_TYPE,
                       status == HTTP_TOO_MANY_REQUESTS ? throttled(page)
                       : verdict == AUTHJWT_CSRF_FAILED ? rejected(page)
                                                        : denied(page, verdict));
    return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: the built-in pages for signing in and out. */
#include <httpd.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_page_private.h"
#include "authjwt_request.h"

#define NOTHING ((authjwt_said_t){ NULL, NULL })

/* The message on the page where nothing has failed. */
static authjwt_said_t greeting_of(const authjwt_page_t *page)
{
    request_rec *r = page->r;
    int unsaved = authjwt_page_is_error_document(r) ? !authjwt_page_sent_nothing(authjwt_request_initial(r))
                                                    : authjwt_page_has_parameter(r, "unsaved");

    if (authjwt_page_wants_fresh(r)) {
        return authjwt_page_say(page, unsaved ? AUTHJWT_TEXT_LOST_FRESH : AUTHJWT_TEXT_FRESH);
    }
    if (unsaved) {
        return authjwt_page_say(page, AUTHJWT_TEXT_LOST);
    }
    return authjwt_page_has_parameter(r, "signed_out") ? authjwt_page_say(page, AUTHJWT_TEXT_SIGNED_OUT) : NOTHING;
}

/* One message for an unknown user and a wrong password. */
static authjwt_said_t message_of(const authjwt_page_t *page, authjwt_verdict_e verdict)
{
    switch (authjwt_verdict_refusal(verdict)->status) {
    case HTTP_OK:
        return greeting_of(page);
    case HTTP_BAD_REQUEST:
        return authjwt_page_say(page, AUTHJWT_TEXT_MISSING);
    case HTTP_UNAUTHORIZED:
        return authjwt_page_say(page, AUTHJWT_TEXT_FAILED);
    case HTTP_FORBIDDEN:
        return authjwt_page_say(page, verdict == AUTHJWT_TOO_MANY_SESSIONS ? AUTHJWT_TEXT_TOO_MANY_SESSIONS
                                                                           : AUTHJWT_TEXT_DENIED);
    case HTTP_TOO_MANY_REQUESTS:
        return authjwt_page_say_throttled(page);
    default:
        return authjwt_page_say(page, AUTHJWT_TEXT_UNAVAILABLE);
    }
}

static int write_page(const authjwt_page_t *page, int status, authjwt_text_e heading, const char *body)
{
    authjwt_page_answer(page, status, 1);
    ap_rputs(authjwt_page_document(page, authjwt_page_say(page, heading), body), page->r);
    return OK;
}

/* Without cookies a browser could not keep the tokens, and would show them. */
int authjwt_page_no_cookies(request_rec *r, int status)
{
    const authjwt_page_t *page = authjwt_page_begin(r);

    return write_page(page, status, AUTHJWT_TEXT_TITLE,
                      apr_pstrcat(r->pool, "<p>", authjwt_page_text(page, AUTHJWT_TEXT_NO_COOKIES), "</p>\n<p>",
                                  authjwt_page_text(page, AUTHJWT_TEXT_NO_COOKIES_PROGRAMS), "</p>\n", NULL));
}

/* What failed is read out at once; what only greets waits until the reader has come to an end. */
static const char *paragraph(const authjwt_page_t *page, authjwt_said_t message, int is_bad)
{
    return message.text
             ? apr_pstrcat(page->r->pool, "<p id=\"message\" class=\"", is_bad ? "bad" : "note", "\" role=\"",
                           is_bad ? "alert" : "status", "\">", authjwt_page_html(page, message), "</p>\n", NULL)
             : "";
}

/* @param about  of a field: what describes it, and whether it holds something wrong */
static const char *fields(const authjwt_page_t *page, const char *user, const char *about)
{
    apr_pool_t *pool = page->r->pool;
    const char *user_field = page->conf->login_user_field ? page->conf->login_user_field : "username";
    const char *password_field = page->conf->login_password_field ? page->conf->login_password_field : "password";

    return apr_pstrcat(pool, "<label for=\"user\">", authjwt_page_text(page, AUTHJWT_TEXT_USER),
                       "</label>\n<input id=\"user\" name=\"", authjwt_page_escape(user_field, pool), "\" value=\"",
                       authjwt_page_escape(user ? user : "", pool),
                       "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required", about,
                       user ? "" : " autofocus", ">\n<label for=\"password\">",
                       authjwt_page_text(page, AUTHJWT_TEXT_PASSWORD), "</label>\n<input id=\"password\" name=\"",
                       authjwt_page_escape(password_field, pool),
                       "\" type=\"password\" autocomplete=\"current-password\" required", about,
                       user ? " autofocus" : "", ">\n", NULL);
}

/* Its label is beside it, and part of what can be pressed. */
static const char *box(const authjwt_page_t *page, int remember)
{
    if (!authjwt_config_remember_me(page->conf)) {
        return "";
    }
    return apr_pstrcat(page->r->pool,
                       "<p class=\"check\"><input id=\"remember\" name=\"remember\" type=\"checkbox\" value=\"true\"",
                       remember ? " checked" : "", ">\n<label for=\"remember\">",
                       authjwt_page_text(page, AUTHJWT_TEXT_REMEMBER), "</label></p>\n", NULL);
}

static const char *warning(const authjwt_page_t *page)
{
    if (!authjwt_page_is_insecure(page->r)) {
        return "";
    }
    return apr_pstrcat(page->r->pool, "<p class=\"bad\">", authjwt_page_text(page, AUTHJWT_TEXT_INSECURE), "</p>\n",
                       NULL);
}

static int write_builtin(const authjwt_page_t *page, authjwt_verdict_e verdict, const char *next, const char *user,
                         int remember)
{
    request_rec *r = page->r;
    authjwt_said_t message = message_of(page, verdict);
    const char *about = "";

    if (message.text) {
        about = verdict == AUTHJWT_INVALID_CREDENTIALS ? " aria-describedby=\"message\" aria-invalid=\"true\""
                                                       : " aria-describedby=\"message\"";
    }
    return write_page(
        page, authjwt_verdict_refusal(verdict)->status, AUTHJWT_TEXT_TITLE,
        apr_pstrcat(r->pool, warning(page), paragraph(page, message, verdict != AUTHJWT_OK),
                    "<form method=\"post\" action=\"", authjwt_page_escape(authjwt_page_own_address(r), r->pool),
                    "\">\n<input type=\"hidden\" name=\"next\" value=\"", authjwt_page_escape(next, r->pool), "\">\n",
                    fields(page, user, about), box(page, remember), "<button type=\"submit\">",
                    authjwt_page_text(page, AUTHJWT_TEXT_SUBMIT), "</button>\n</form>\n", NULL));
}

int authjwt_page_login(request_rec *r, authjwt_verdict_e verdict, const char *next, const char *user, int remember)
{
    const authjwt_page_t *page = authjwt_page_begin(r);

    if (strcmp(authjwt_config_login_page(page->conf), "builtin")) {
        return authjwt_page_write_own(page, verdict, message_of(page, verdict), next, user, remember);
    }
    return authjwt_config_cookies(page->conf) ? write_builtin(page, verdict, next, user, remember)
                                              : authjwt_page_no_cookies(r, authjwt_verdict_refusal(verdict)->status);
}

int authjwt_page_logout(request_rec *r, const char *user, const char *csrf)
{
    const authjwt_page_t *page = authjwt_page_begin(r);
    const char *who = "";

    if (user) {
        who = apr_pstrcat(
            r->pool, "<p>",
            authjwt_page_html(page, authjwt_page_say_with(page, AUTHJWT_TEXT_SIGNED_IN_AS, "{{user}}", user)), "</p>\n",
            NULL);
    }
    return write_page(page, HTTP_OK, AUTHJWT_TEXT_LOGOUT,
                      apr_pstrcat(r->pool, who, "<p>", authjwt_page_text(page, AUTHJWT_TEXT_LOGOUT_QUESTION),
                                  "</p>\n<form method=\"post\" action=\"",
                                  authjwt_page_escape(authjwt_page_own_address(r), r->pool),
                                  "\">\n<input type=\"hidden\" name=\"csrf_token\" value=\"",
                                  authjwt_page_escape(csrf ? csrf : "", r->pool), "\">\n<button type=\"submit\">",
                                  authjwt_page_text(page, AUTHJWT_TEXT_LOGOUT), "</button>\n</form>\n", NULL));
}

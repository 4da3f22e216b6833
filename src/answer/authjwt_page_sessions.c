/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: where somebody is signed in, with a button each. */
#include <httpd.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "authjwt_page_private.h"
#include "authjwt_record.h"

/* A time that everybody reads alike, wherever the server is. */
static const char *time_html(apr_time_t when, apr_pool_t *pool)
{
    apr_time_exp_t utc;

    apr_time_exp_gmt(&utc, when);
    return apr_psprintf(pool, "<time datetime=\"%04d-%02d-%02dT%02d:%02d:%02dZ\">%04d-%02d-%02d %02d:%02d UTC</time>",
                        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min);
}

static const char *detail(const authjwt_page_t *page, authjwt_text_e name, const char *html)
{
    return apr_pstrcat(page->r->pool, "<dt>", authjwt_page_text(page, name), "</dt> <dd>", html, "</dd>\n", NULL);
}

static const char *hidden(const char *name, const char *value, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "<input type=\"hidden\" name=\"", name, "\" value=\"", authjwt_page_escape(value, pool),
                       "\">\n", NULL);
}

/** The list, and what is the same for each of its forms. */
typedef struct {
    const authjwt_page_t *page;
    const authjwt_page_sessions_t *list;
    const char *action; /* HTML: where forms go to */
} view_t;

/* A form with one button. @param about  id of what it is about, for who cannot see that it stands below; or NULL */
static const char *form(const view_t *view, const char *end, authjwt_text_e text, const char *about)
{
    const authjwt_page_sessions_t *list = view->list;
    apr_pool_t *pool = view->page->r->pool;

    return apr_pstrcat(pool, "<form method=\"post\" action=\"", view->action, "\">\n", hidden("end", end, pool),
                       hidden("csrf_token", list->csrf ? list->csrf : "", pool),
                       list->is_others ? hidden("user", list->user, pool) : "", "<button type=\"submit\"",
                       about ? apr_pstrcat(pool, " aria-describedby=\"", about, "\"", NULL) : "", ">",
                       authjwt_page_text(view->page, text), "</button>\n</form>\n", NULL);
}

static authjwt_text_e button_of(const authjwt_page_session_t *session)
{
    if (session->record->ended) {
        return AUTHJWT_TEXT_SESSION_FORGET;
    }
    return session->is_current ? AUTHJWT_TEXT_LOGOUT : AUTHJWT_TEXT_SESSION_END;
}

static const char *notes(const authjwt_page_t *page, const authjwt_page_session_t *session)
{
    const char *text = session->record->ended ? authjwt_page_text(page, AUTHJWT_TEXT_SESSION_STOLEN)
                     : session->is_current    ? authjwt_page_text(page, AUTHJWT_TEXT_SESSION_CURRENT)
                                              : NULL;

    return text ? apr_pstrcat(page->r->pool, "<p class=\"", session->record->ended ? "bad" : "note", "\">", text,
                              "</p>\n", NULL)
                : "";
}

static const char *item(const view_t *view, const authjwt_page_session_t *session, int number)
{
    const authjwt_page_t *page = view->page;
    apr_pool_t *pool = page->r->pool;
    const authjwt_record_t *record = session->record;
    const char *about = apr_psprintf(pool, "session%d", number);
    const char *agent = authjwt_page_agent(record->agent, pool);

    return apr_pstrcat(
        pool, "<li>\n<h2 id=\"", about, "\">",
        agent ? authjwt_page_escape(agent, pool) : authjwt_page_text(page, AUTHJWT_TEXT_SESSION_UNKNOWN), "</h2>\n",
        notes(page, session), "<dl>\n", detail(page, AUTHJWT_TEXT_SESSION_BEGIN, time_html(record->begin, pool)),
        detail(page, AUTHJWT_TEXT_SESSION_LAST, time_html(record->last, pool)),
        *record->client ? detail(page, AUTHJWT_TEXT_SESSION_CLIENT, authjwt_page_escape(record->client, pool)) : "",
        "</dl>\n", form(view, session->id, button_of(session), about), "</li>\n", NULL);
}

/* One button for all, where the others alone would not do the same. An administrator has it always, since it also ends
 * sessions that are not in the list. */
static const char *form_for_all(const view_t *view)
{
    const authjwt_page_sessions_t *list = view->list;
    int living = 0;
    int i;

    if (list->is_others) {
        return form(view, "all", AUTHJWT_TEXT_SESSION_END_ALL, NULL);
    }
    for (i = 0; i < list->sessions->nelts; i++) {
        living += !APR_ARRAY_IDX(list->sessions, i, authjwt_page_session_t).record->ended;
    }
    return living < 2 ? "" : form(view, "others", AUTHJWT_TEXT_SESSION_END_OTHERS, NULL);
}

static const char *body(const authjwt_page_t *page, const authjwt_page_sessions_t *list)
{
    apr_pool_t *pool = page->r->pool;
    apr_array_header_t *parts = apr_array_make(pool, list->sessions->nelts + 3, sizeof(const char *));
    view_t view = { page, list, authjwt_page_escape(authjwt_page_own_address(page->r), pool) };
    int i;

    if (!list->sessions->nelts) {
        return apr_pstrcat(pool, "<p>", authjwt_page_text(page, AUTHJWT_TEXT_SESSION_NONE), "</p>\n",
                           form_for_all(&view), NULL);
    }
    APR_ARRAY_PUSH(parts, const char *) = "<ul class=\"list\">\n";
    for (i = 0; i < list->sessions->nelts; i++) {
        APR_ARRAY_PUSH(parts, const char *) = item(&view, &APR_ARRAY_IDX(list->sessions, i, authjwt_page_session_t), i);
    }
    APR_ARRAY_PUSH(parts, const char *) = "</ul>\n";
    APR_ARRAY_PUSH(parts, const char *) = form_for_all(&view);
    return apr_array_pstrcat(pool, parts, '\0');
}

int authjwt_page_sessions(request_rec *r, const authjwt_page_sessions_t *list)
{
    const authjwt_page_t *page = authjwt_page_begin(r);
    authjwt_said_t heading = list->is_others
                               ? authjwt_page_say_with(page, AUTHJWT_TEXT_SESSIONS_OF, "{{user}}", list->user)
                               : authjwt_page_say(page, AUTHJWT_TEXT_SESSIONS);

    authjwt_page_answer(page, HTTP_OK, 1);
    ap_rputs(authjwt_page_document(page, heading, body(page, list)), r);
    return OK;
}

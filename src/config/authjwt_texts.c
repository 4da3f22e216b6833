/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_texts: the sentences of the built-in pages. Those that are built in come from conf/login, by the Makefile. */
#include <string.h>
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_texts.h"

APLOG_USE_MODULE(authjwt);

#define ENGLISH "en"

static const char *const names[AUTHJWT_TEXTS] = { [AUTHJWT_TEXT_TITLE] = "title",
                                                  [AUTHJWT_TEXT_USER] = "user",
                                                  [AUTHJWT_TEXT_PASSWORD] = "password",
                                                  [AUTHJWT_TEXT_REMEMBER] = "remember",
                                                  [AUTHJWT_TEXT_SUBMIT] = "submit",
                                                  [AUTHJWT_TEXT_MISSING] = "missing",
                                                  [AUTHJWT_TEXT_FAILED] = "failed",
                                                  [AUTHJWT_TEXT_THROTTLED] = "throttled",
                                                  [AUTHJWT_TEXT_UNAVAILABLE] = "unavailable",
                                                  [AUTHJWT_TEXT_INSECURE] = "insecure",
                                                  [AUTHJWT_TEXT_FRESH] = "fresh",
                                                  [AUTHJWT_TEXT_SIGNED_OUT] = "signed_out",
                                                  [AUTHJWT_TEXT_SIGNED_IN_AS] = "signed_in_as",
                                                  [AUTHJWT_TEXT_LOGOUT] = "logout",
                                                  [AUTHJWT_TEXT_LOGOUT_QUESTION] = "logout_question",
                                                  [AUTHJWT_TEXT_DENIED] = "denied",
                                                  [AUTHJWT_TEXT_TOO_MANY_SESSIONS] = "too_many_sessions",
                                                  [AUTHJWT_TEXT_REJECTED] = "rejected",
                                                  [AUTHJWT_TEXT_REJECTED_WHY] = "rejected_why",
                                                  [AUTHJWT_TEXT_LOST] = "lost",
                                                  [AUTHJWT_TEXT_LOST_FRESH] = "lost_fresh",
                                                  [AUTHJWT_TEXT_LOST_FORM] = "lost_form",
                                                  [AUTHJWT_TEXT_BACK] = "back",
                                                  [AUTHJWT_TEXT_RETRY] = "retry",
                                                  [AUTHJWT_TEXT_NO_COOKIES] = "no_cookies",
                                                  [AUTHJWT_TEXT_NO_COOKIES_PROGRAMS] = "no_cookies_programs",
                                                  [AUTHJWT_TEXT_SESSIONS] = "sessions",
                                                  [AUTHJWT_TEXT_SESSIONS_OF] = "sessions_of",
                                                  [AUTHJWT_TEXT_SESSION_CURRENT] = "session_current",
                                                  [AUTHJWT_TEXT_SESSION_BEGIN] = "session_begin",
                                                  [AUTHJWT_TEXT_SESSION_LAST] = "session_last",
                                                  [AUTHJWT_TEXT_SESSION_CLIENT] = "session_client",
                                                  [AUTHJWT_TEXT_SESSION_UNKNOWN] = "session_unknown",
                                                  [AUTHJWT_TEXT_SESSION_STOLEN] = "session_stolen",
                                                  [AUTHJWT_TEXT_SESSION_END] = "session_end",
                                                  [AUTHJWT_TEXT_SESSION_FORGET] = "session_forget",
                                                  [AUTHJWT_TEXT_SESSION_END_OTHERS] = "session_end_others",
                                                  [AUTHJWT_TEXT_SESSION_END_ALL] = "session_end_all",
                                                  [AUTHJWT_TEXT_SESSION_NONE] = "session_none" };

static const struct {
    const char *lang;
    const char *json;
} shipped[] = {
#include "authjwt_texts_shipped.inc"
};

#define SHIPPED (int)(sizeof(shipped) / sizeof(shipped[0]))

/* As long as the configuration. */
static authjwt_texts_t builtin[SHIPPED];

static int find_name(const char *name)
{
    int i;

    for (i = 0; i < AUTHJWT_TEXTS; i++) {
        if (!strcmp(name, names[i])) {
            return i;
        }
    }
    return -1;
}

static const char *all_names(apr_pool_t *pool)
{
    const char *list = "";
    int i;

    for (i = 0; i < AUTHJWT_TEXTS; i++) {
        list = apr_pstrcat(pool, list, " ", names[i], NULL);
    }
    return list;
}

const char *authjwt_texts_read(const char *json, apr_size_t len, apr_pool_t *pool, authjwt_texts_t *out)
{
    json_t *object, *value;
    const char *name, *detail;

    if (!aj_json_read_object(json, len, pool, &object, &detail)) {
        return apr_psprintf(pool, "it must be one JSON object in UTF-8: %s", detail);
    }
    json_object_foreach(object, name, value)
    {
        int at = find_name(name);

        if (at < 0) {
            return apr_psprintf(pool, "there is no sentence \"%s\"; there are%s", aj_escape(name, strlen(name), pool),
                                all_names(pool));
        }
        if (!json_is_string(value) || !json_string_length(value)) {
            return apr_psprintf(pool, "\"%s\" must be a string that is not empty", name);
        }
        out->sentence[at] = apr_pstrdup(pool, json_string_value(value));
    }
    return NULL;
}

int authjwt_texts_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    int i;

    (void)ptemp;
    for (i = 0; i < SHIPPED; i++) {
        const char *wrong = authjwt_texts_read(shipped[i].json, strlen(shipped[i].json), pconf, &builtin[i]);

        builtin[i].lang = shipped[i].lang;
        if (wrong) {
            ap_log_perror(APLOG_MARK, APLOG_CRIT, 0, plog, "AJ1774: the built-in sentences in \"%s\" are broken: %s",
                          shipped[i].lang, wrong);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

static void add_language(apr_array_header_t *list, const char *lang)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (!ap_cstr_casecmp(APR_ARRAY_IDX(list, i, const char *), lang)) {
            return;
        }
    }
    APR_ARRAY_PUSH(list, const char *) = lang;
}

apr_array_header_t *authjwt_texts_languages(const apr_array_header_t *own, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, SHIPPED + (own ? own->nelts : 0), sizeof(const char *));
    int i;

    add_language(list, ENGLISH);
    for (i = 0; i < SHIPPED; i++) {
        add_language(list, builtin[i].lang);
    }
    for (i = 0; own && i < own->nelts; i++) {
        add_language(list, APR_ARRAY_IDX(own, i, authjwt_texts_t).lang);
    }
    return list;
}

static int is_tag(const char *one, const char *lang, apr_size_t len)
{
    return strlen(one) == len && !ap_cstr_casecmpn(one, lang, len);
}

/* @return how much of the first len characters of lang is left without the last part, 0 when nothing is */
static apr_size_t wider(const char *lang, apr_size_t len)
{
    while (len && lang[len - 1] != '-') {
        len--;
    }
    return len ? len - 1 : 0;
}

/* In the language of the first len characters of lang and no other. */
static const char *find_in(const apr_array_header_t *own, const char *lang, apr_size_t len, authjwt_text_e text)
{
    int i;

    for (i = own ? own->nelts : 0; i > 0; i--) {
        const authjwt_texts_t *one = &APR_ARRAY_IDX(own, i - 1, authjwt_texts_t);

        if (one->sentence[text] && is_tag(one->lang, lang, len)) {
            return one->sentence[text];
        }
    }
    for (i = 0; i < SHIPPED; i++) {
        if (is_tag(builtin[i].lang, lang, len)) {
            return builtin[i].sentence[text];
        }
    }
    return NULL;
}

const char *authjwt_texts_find(const apr_array_header_t *own, const char *lang, authjwt_text_e text, const char **in)
{
    apr_size_t len = strlen(lang);
    const char *found = find_in(own, lang, len, text);

    /* "de-AT" is German: what is not said for Austria is as it is for all. */
    while (!found && (len = wider(lang, len)) != 0) {
        found = find_in(own, lang, len, text);
    }
    *in = found ? lang : ENGLISH;
    found = found ? found : find_in(own, ENGLISH, strlen(ENGLISH), text);
    return found ? found : names[text];
}

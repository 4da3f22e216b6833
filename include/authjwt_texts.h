/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_texts: the sentences of the built-in pages, by language. English and German are built in (conf/login). */
#ifndef AUTHJWT_TEXTS_H
#define AUTHJWT_TEXTS_H

#include <httpd.h>
#include <apr_tables.h>

/** The sentences, in the order of conf/login/en.json. */
typedef enum {
    AUTHJWT_TEXT_TITLE,
    AUTHJWT_TEXT_USER,
    AUTHJWT_TEXT_PASSWORD,
    AUTHJWT_TEXT_REMEMBER,
    AUTHJWT_TEXT_SUBMIT,
    AUTHJWT_TEXT_MISSING,
    AUTHJWT_TEXT_FAILED,
    AUTHJWT_TEXT_THROTTLED, /**< {{seconds}} */
    AUTHJWT_TEXT_UNAVAILABLE,
    AUTHJWT_TEXT_INSECURE,
    AUTHJWT_TEXT_FRESH,
    AUTHJWT_TEXT_SIGNED_OUT,
    AUTHJWT_TEXT_SIGNED_IN_AS, /**< {{user}} */
    AUTHJWT_TEXT_LOGOUT,
    AUTHJWT_TEXT_LOGOUT_QUESTION,
    AUTHJWT_TEXT_DENIED,
    AUTHJWT_TEXT_TOO_MANY_SESSIONS,
    AUTHJWT_TEXT_REJECTED,
    AUTHJWT_TEXT_REJECTED_WHY,
    AUTHJWT_TEXT_LOST,
    AUTHJWT_TEXT_LOST_FRESH,
    AUTHJWT_TEXT_LOST_FORM,
    AUTHJWT_TEXT_BACK,
    AUTHJWT_TEXT_RETRY,
    AUTHJWT_TEXT_NO_COOKIES,
    AUTHJWT_TEXT_NO_COOKIES_PROGRAMS,
    AUTHJWT_TEXT_SESSIONS,
    AUTHJWT_TEXT_SESSIONS_OF, /**< {{user}} */
    AUTHJWT_TEXT_SESSION_CURRENT,
    AUTHJWT_TEXT_SESSION_BEGIN,
    AUTHJWT_TEXT_SESSION_LAST,
    AUTHJWT_TEXT_SESSION_CLIENT,
    AUTHJWT_TEXT_SESSION_UNKNOWN,
    AUTHJWT_TEXT_SESSION_STOLEN,
    AUTHJWT_TEXT_SESSION_END,
    AUTHJWT_TEXT_SESSION_FORGET,
    AUTHJWT_TEXT_SESSION_END_OTHERS,
    AUTHJWT_TEXT_SESSION_END_ALL,
    AUTHJWT_TEXT_SESSION_NONE,
    AUTHJWT_TEXTS /**< how many there are */
} authjwt_text_e;

/** Sentences of one language, from one file. */
typedef struct {
    const char *lang;                    /**< tag of RFC 5646: "de", "pt-BR" */
    const char *sentence[AUTHJWT_TEXTS]; /**< in UTF-8; NULL where the file has none */
} authjwt_texts_t;

/** Hook pre_config: read the sentences that are built in. @return OK, or HTTP_INTERNAL_SERVER_ERROR (logged) */
int authjwt_texts_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/**
 * Read a JSON object of sentences: known names, strings that are not empty.
 * @param json  len bytes
 * @param pool  owns the sentences
 * @param out   its sentences are set; lang is left alone
 * @return NULL, or what is wrong, for a message that names the file
 */
const char *authjwt_texts_read(const char *json, apr_size_t len, apr_pool_t *pool, authjwt_texts_t *out);

/**
 * The languages that a page can be in.
 * @param own  authjwt_texts_t of the administrator's, or NULL
 * @return `const char *`, each once, English first; owned by pool
 */
apr_array_header_t *authjwt_texts_languages(const apr_array_header_t *own, apr_pool_t *pool);

/**
 * A sentence: the administrator's last word in that language, what is built in for it, the same of a wider one ("de"
 * for "de-AT"), or English.
 * @param own   authjwt_texts_t of the administrator's, enclosing sections' first, or NULL
 * @param lang  one of authjwt_texts_languages
 * @param in    set to the language that the sentence is in; lang also where it is said for a wider one
 * @return never NULL
 */
const char *authjwt_texts_find(const apr_array_header_t *own, const char *lang, authjwt_text_e text, const char **in);

#endif

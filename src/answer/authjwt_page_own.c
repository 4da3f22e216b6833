/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: the administrator's own login page (AuthJWTLoginPage PATH). */
#include <httpd.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_page_private.h"
#include "authjwt_reply.h"

typedef struct {
    const char *name;
    const char *value;
} placeholder_t;

/* @return length of the placeholder that the text begins with, 0 when it begins with none */
static apr_size_t write_placeholder(request_rec *r, const char *text, const placeholder_t *placeholders)
{
    apr_size_t i;

    for (i = 0; placeholders[i].name; i++) {
        if (!strncmp(text, placeholders[i].name, strlen(placeholders[i].name))) {
            ap_rputs(authjwt_page_escape(placeholders[i].value, r->pool), r);
            return strlen(placeholders[i].name);
        }
    }
    return 0;
}

/* Anything else in double braces stays as it is. */
static void write_filled(request_rec *r, const char *p, const placeholder_t *placeholders)
{
    while (*p) {
        const char *open = strstr(p, "{{");
        apr_size_t len = open ? (apr_size_t)(open - p) : strlen(p);

        ap_rwrite(p, (int)len, r);
        p += len;
        len = *p ? write_placeholder(r, p, placeholders) : 0;
        p += len;
        if (*p && !len) {
            ap_rputc(*p++, r);
        }
    }
}

int authjwt_page_write_own(const authjwt_page_t *page, authjwt_verdict_e verdict, authjwt_said_t message,
                           const char *next, const char *user, int remember)
{
    request_rec *r = page->r;
    const authjwt_refusal_t *refusal = authjwt_verdict_refusal(verdict);
    int is_insecure = authjwt_page_is_insecure(r);
    const char *file = authjwt_reply_read_file(r, "AuthJWTLoginPage", authjwt_config_login_page(page->conf));

    if (!file) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!message.text && is_insecure) {
        message = authjwt_page_say(page, AUTHJWT_TEXT_INSECURE);
    }
    authjwt_page_answer(page, refusal->status, 0);
    {
        const placeholder_t placeholders[] = { { "{{next}}", next },
                                               { "{{user}}", user ? user : "" },
                                               { "{{remember}}", remember ? "checked" : "" },
                                               { "{{message}}", message.text ? message.text : "" },
                                               { "{{code}}", refusal->code ? refusal->code : "" },
                                               { "{{lang}}", message.text ? message.lang : page->lang },
                                               { "{{action}}", authjwt_page_own_path(r) },
                                               { NULL, NULL } };

        write_filled(r, file, placeholders);
    }
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What authjwtctl says and reads. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "ctl_private.h"

/* The longest that is read from stdin: more than any token, so that one that is too long is explained. */
#define STDIN_MAX 65536

ctl_exit_e ctl_say(ctl_exit_e status, const char *format, ...)
{
    va_list args;

    fputs("authjwtctl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

const char *ctl_escape(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 4 * strlen(text) + 1), *to = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c < 0x7f) {
            *to++ = (char)c;
        }
        else {
            to += apr_snprintf(to, 5, "\\x%02X", c);
        }
    }
    *to = '\0';
    return out;
}

const char *ctl_date(apr_time_t time, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, APR_RFC822_DATE_LEN);

    if (time < 0 || apr_time_sec(time) > CTL_LAST_SECOND) {
        return "out of all time";
    }
    apr_rfc822_date(text, time);
    return text;
}

apr_array_header_t *ctl_words(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));

    while (*(text += strspn(text, " \t"))) {
        char *word = apr_palloc(pool, strlen(text) + 1), *to = word;
        int is_quoted = 0;

        for (; *text && (is_quoted || (*text != ' ' && *text != '\t')); text++) {
            if (*text == '"') {
                is_quoted = !is_quoted;
            }
            else {
                text += *text == '\\' && text[1];
                *to++ = *text;
            }
        }
        *to = '\0';
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

const char *ctl_stdin(apr_pool_t *pool, const char **text, apr_size_t *len)
{
    char *bytes = apr_palloc(pool, STDIN_MAX + 1);
    apr_size_t got = fread(bytes, 1, STDIN_MAX, stdin);

    if (ferror(stdin) || !feof(stdin)) {
        return "stdin cannot be read, or is longer than 64 KB";
    }
    while (got && apr_isspace(bytes[got - 1])) {
        got--;
    }
    bytes[got] = '\0';
    *text = bytes + strspn(bytes, " \t\r\n");
    *len = got - (apr_size_t)(*text - bytes);
    return *len ? NULL : "there is no token on stdin";
}

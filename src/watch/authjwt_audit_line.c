/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_audit: text of anybody as a member of one line of JSON (RFC 8259). */
#include <string.h>

#include "authjwt_audit_private.h"

#define REPLACEMENT 0xfffd

/* What every token of JWS begins with: base64url of `{"`; and so many characters of it make it more than a word. */
#define TOKEN_BEGIN      "eyJ"
#define TOKEN_LEAST      19
#define BASE64URL        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define INSTEAD_OF_TOKEN "[token]"

/* Of a text that is cut. */
#define CUT "..."

/* Longest form of one character: two escapes of UTF-16. */
#define LONGEST 12

/* Characters that end a line somewhere, change the direction of what is shown, or are not shown at all. */
static const struct {
    apr_uint32_t first, last;
} hidden[] = { { 0, 0x1f },        { 0x7f, 0x9f },     { 0xad, 0xad },      { 0x61c, 0x61c },
               { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },  { 0x2060, 0x206f },
               { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f } };

/* How a character of UTF-8 begins, by its length. */
static const struct {
    unsigned char mask, begin;
    apr_uint32_t least;
} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

static int is_character(apr_uint32_t point, apr_uint32_t least)
{
    return point >= least && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

/* Read a character (RFC 3629). @return its bytes; 1 with REPLACEMENT for a byte that begins none */
static apr_size_t decode(const unsigned char *text, apr_uint32_t *point)
{
    apr_size_t len, i;

    for (len = 1; len <= sizeof(forms) / sizeof(forms[0]); len++) {
        if ((*text & forms[len - 1].mask) != forms[len - 1].begin) {
            continue;
        }
        *point = *text & (unsigned char)~forms[len - 1].mask;
        /* The NUL at the end is no continuation, so this never reads behind it. */
        for (i = 1; i < len && (text[i] & 0xc0) == 0x80; i++) {
            *point = *point << 6 | (text[i] & 0x3f);
        }
        if (i == len && is_character(*point, forms[len - 1].least)) {
            return len;
        }
    }
    *point = REPLACEMENT;
    return 1;
}

static int is_hidden(apr_uint32_t point)
{
    apr_size_t i;

    for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (point >= hidden[i].first && point <= hidden[i].last) {
            return 1;
        }
    }
    return 0;
}

static apr_size_t escape(char *out, apr_uint32_t point)
{
    static const char hex[] = "0123456789abcdef";

    if (point > 0xffff) {
        apr_size_t len = escape(out, 0xd800 + ((point - 0x10000) >> 10));

        return len + escape(out + len, 0xdc00 + (point & 0x3ff));
    }
    *out++ = '\\';
    *out++ = 'u';
    *out++ = hex[point >> 12];
    *out++ = hex[point >> 8 & 15];
    *out++ = hex[point >> 4 & 15];
    *out = hex[point & 15];
    return 6;
}

/* Write one character as a string of JSON holds it. @return bytes, at most LONGEST */
static apr_size_t encode(char *out, apr_uint32_t point, const unsigned char *text, apr_size_t len)
{
    if (is_hidden(point)) {
        return escape(out, point);
    }
    if (point == REPLACEMENT) {
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    if (point == '"' || point == '\\') {
        out[0] = '\\';
        out[1] = (char)point;
        return 2;
    }
    memcpy(out, text, len);
    return len;
}

/* @return bytes of what looks like a token, 0: nothing does */
static apr_size_t token_at(const char *text)
{
    if (strncmp(text, TOKEN_BEGIN, strlen(TOKEN_BEGIN)) || strspn(text, BASE64URL) < TOKEN_LEAST) {
        return 0;
    }
    return strspn(text, BASE64URL ".");
}

/* Write as much of the text as fits. @return bytes, at most `most` */
static apr_size_t put(char *out, apr_size_t most, const char *text)
{
    apr_size_t used = 0, whole = 0, len;
    char piece[LONGEST];
    apr_uint32_t point;

    while (*text) {
        apr_size_t taken = token_at(text);

        if (taken) {
            len = strlen(INSTEAD_OF_TOKEN);
            memcpy(piece, INSTEAD_OF_TOKEN, len);
        }
        else {
            taken = decode((const unsigned char *)text, &point);
            len = encode(piece, point, (const unsigned char *)text, taken);
        }
        if (used + len > most) {
            memcpy(out + whole, CUT, strlen(CUT));
            return whole + strlen(CUT);
        }
        memcpy(out + used, piece, len);
        used += len;
        text += taken;
        whole = used + strlen(CUT) <= most ? used : whole;
    }
    return used;
}

void authjwt_audit_line_add(authjwt_audit_line_t *line, const char *name, const char *value, apr_size_t most)
{
    char *end = line->text + line->len;

    if (!value || !*value) {
        return;
    }
    *end++ = line->len ? ',' : '{';
    *end++ = '"';
    end = (char *)memcpy(end, name, strlen(name)) + strlen(name);
    end = (char *)memcpy(end, "\":\"", 3) + 3;
    end += put(end, most, value);
    *end++ = '"';
    line->len = (apr_size_t)(end - line->text);
}

void authjwt_audit_line_end(authjwt_audit_line_t *line)
{
    line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
}

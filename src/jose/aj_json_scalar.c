/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers and words of the reader. */
#include <string.h>

#include "aj_json_read_private.h"

/* Bytes that end the fast way through a string. */
static const unsigned char special[256] = {
    [0 ... 0x1f] = 1,
    ['"'] = 1,
    ['\\'] = 1,
    [0x80 ... 0xff] = 1,
};

int aj_json_fail(aj_json_reader_t *reader, const char *why)
{
    reader->why = why;
    return 0;
}

/* What stands here cannot. At the end something is missing, elsewhere something is wrong. */
int aj_json_fail_here(aj_json_reader_t *reader)
{
    return aj_json_fail(reader, reader->at == reader->end ? "ends too early" : "not JSON");
}

/* --- strings ------------------------------------------------------------------------------------- */

static int is_between(char byte, unsigned low, unsigned high)
{
    return (unsigned char)byte >= low && (unsigned char)byte <= high;
}

/* Length of the UTF-8 sequence here (RFC 3629 section 4). @return 0 when it is none */
static int sequence_length(const char *at)
{
    unsigned char first = (unsigned char)*at;

    if (first >= 0xc2 && first <= 0xdf) {
        return is_between(at[1], 0x80, 0xbf) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;

        return is_between(at[1], low, high) && is_between(at[2], 0x80, 0xbf) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;

        return is_between(at[1], low, high) && is_between(at[2], 0x80, 0xbf) && is_between(at[3], 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits. @return -1 when they are none */
static int read_hex(aj_json_reader_t *reader)
{
    int code = 0, i;

    for (i = 0; i < 4; i++) {
        int value = hex_value(*reader->at);

        if (value < 0) {
            return -1;
        }
        code = code << 4 | value;
        reader->at++;
    }
    return code;
}

static char *write_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    }
    else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        }
        else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* Behind "\u". A surrogate needs its other half (RFC 8259 section 7). */
static int read_code(aj_json_reader_t *reader, char **to)
{
    int code = read_hex(reader), low;

    if (code < 0) {
        return aj_json_fail_here(reader);
    }
    if (code == 0) {
        return aj_json_fail(reader, "a string holds NUL");
    }
    if (code >= 0xd800 && code <= 0xdfff) {
        if (code > 0xdbff || reader->at[0] != '\\' || reader->at[1] != 'u') {
            return aj_json_fail_here(reader);
        }
        reader->at += 2;
        low = read_hex(reader);
        if (low < 0xdc00 || low > 0xdfff) {
            return aj_json_fail_here(reader);
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    *to = write_utf8(*to, (unsigned)code);
    return 1;
}

static int read_escape(aj_json_reader_t *reader, char **to)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char which = *++reader->at;
    const char *found = which ? strchr(escapes, which) : NULL;

    if (which == 'u') {
        reader->at++;
        return read_code(reader, to);
    }
    if (!found) {
        return aj_json_fail_here(reader);
    }
    *(*to)++ = meanings[found - escapes];
    reader->at++;
    return 1;
}

/* One character of a string, any but the quote that ends it. */
static int read_character(aj_json_reader_t *reader, char **to)
{
    int len = 1;

    if (*reader->at == '\\') {
        return read_escape(reader, to);
    }
    if (is_between(*reader->at, 0, 0x1f)) {
        return aj_json_fail_here(reader);
    }
    if (is_between(*reader->at, 0x80, 0xff) && !(len = sequence_length(reader->at))) {
        return aj_json_fail(reader, "not UTF-8");
    }
    while (len-- > 0) {
        *(*to)++ = *reader->at++;
    }
    return 1;
}

/* Decoding never makes a string longer, so what is written stays behind what is read. */
int aj_json_read_string(aj_json_reader_t *reader, aj_json_slice_t *string)
{
    char *from = reader->at + 1, *to = from;

    /* Most strings are read to their end here, in registers. */
    while (!special[(unsigned char)*to]) {
        to++;
    }
    reader->at = to;
    while (*reader->at != '"') {
        if (!read_character(reader, &to)) {
            return 0;
        }
    }
    reader->at++;
    *to = '\0';
    string->at = (apr_uint32_t)(from - reader->text);
    string->len = (apr_uint32_t)(to - from);
    return 1;
}

/* --- numbers, words ------------------------------------------------------------------------------ */

/* One digit at least. */
static int skip_digits(aj_json_reader_t *reader)
{
    char *from = reader->at;

    while (is_between(*reader->at, '0', '9')) {
        reader->at++;
    }
    return reader->at > from || aj_json_fail_here(reader);
}

/* Digits of an integer. @return 0 when it does not fit into 64 bits */
static int to_integer(const char *at, const char *end, apr_int64_t *out)
{
    int negative = *at == '-';
    apr_int64_t value = 0;

    for (at += negative; at < end; at++) {
        int digit = *at - '0';

        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, negative ? -digit : digit, &value)) {
            return 0;
        }
    }
    *out = value;
    return 1;
}

/* By jansson, which knows about locales and rounds as everywhere else. Tokens rarely hold one. */
static int to_real(const char *at, const char *end, double *out)
{
    json_t *json = json_loadb(at, (size_t)(end - at), JSON_DECODE_ANY, NULL);
    int ok = json_is_real(json);

    *out = ok ? json_real_value(json) : 0;
    json_decref(json);
    return ok;
}

/* RFC 8259 section 6. */
int aj_json_read_number(aj_json_reader_t *reader, aj_node_t *node)
{
    char *from = reader->at;
    int fits;

    reader->at += *from == '-';
    if (*reader->at == '0') {
        reader->at++;
    }
    else if (!skip_digits(reader)) {
        return 0;
    }
    node->type = AJ_NODE_INTEGER;
    if (*reader->at == '.') {
        node->type = AJ_NODE_REAL;
        reader->at++;
        if (!skip_digits(reader)) {
            return 0;
        }
    }
    if (*reader->at == 'e' || *reader->at == 'E') {
        node->type = AJ_NODE_REAL;
        reader->at++;
        reader->at += *reader->at == '+' || *reader->at == '-';
        if (!skip_digits(reader)) {
            return 0;
        }
    }
    fits = node->type == AJ_NODE_INTEGER ? to_integer(from, reader->at, &node->value.integer)
                                         : to_real(from, reader->at, &node->value.real);
    return fits || aj_json_fail(reader, "a number is out of range");
}

int aj_json_read_word(aj_json_reader_t *reader, aj_node_t *node, const char *word, aj_node_type_e type)
{
    for (; *word; word++, reader->at++) {
        if (*reader->at != *word) {
            return aj_json_fail_here(reader);
        }
    }
    node->type = type;
    return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Strict base64url: each value has exactly one text, so that nobody can write a token in two ways. */
#include <apr_strings.h>

#include "aj_base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value of a character plus one: what is not listed is 0 and therefore refused. */
static const unsigned char value_plus_1[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* The two or three characters of the last turn; none encodes nothing. @return 0 when one is foreign or a bit is left
   over that is not zero */
static int decode_rest(const unsigned char *in, apr_size_t in_len, unsigned char *out)
{
    unsigned values[3] = { 1, 1, 1 };
    unsigned bits;
    apr_size_t i;

    for (i = 0; i < in_len; i++) {
        values[i] = value_plus_1[in[i]];
        if (values[i] == 0) {
            return 0;
        }
    }
    bits = (values[0] - 1) << 18 | (values[1] - 1) << 12 | (values[2] - 1) << 6;
    for (i = 0; i + 1 < in_len; i++) {
        *out++ = (unsigned char)(bits >> 16);
        bits = (bits << 8) & 0xffffff;
    }
    return bits == 0;
}

/* Four characters are three bytes. @return 0 when a character is foreign or bits remain that encode nothing */
static int decode(const unsigned char *in, apr_size_t in_len, unsigned char *out)
{
    const unsigned char *end = in + in_len / 4 * 4;

    for (; in < end; in += 4, out += 3) {
        unsigned a = value_plus_1[in[0]], b = value_plus_1[in[1]], c = value_plus_1[in[2]], d = value_plus_1[in[3]];
        unsigned bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);

        /* The values of four characters fill 24 bits; 0 less one fills all of them. */
        if (bits >> 24) {
            return 0;
        }
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
    return decode_rest(in, in_len % 4, out);
}

aj_error_e aj_base64url_decode(const char *in, apr_size_t in_len, apr_pool_t *pool, unsigned char **out,
                               apr_size_t *out_len)
{
    aj_error_e verdict = AJ_E_BASE64URL;

    /* A single character left over holds six bits, too few for a byte. */
    if (in_len % 4 != 1) {
        apr_size_t len = in_len / 4 * 3 + (in_len % 4) * 3 / 4;
        unsigned char *bytes = apr_palloc(pool, len + 1);

        if (decode((const unsigned char *)in, in_len, bytes)) {
            bytes[len] = '\0';
            *out = bytes;
            *out_len = len;
            verdict = AJ_OK;
        }
    }
    return verdict;
}

char *aj_base64url_encode(const unsigned char *in, apr_size_t in_len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, in_len / 3 * 4 + 5);
    char *end = text;
    unsigned bits = 0;
    int pending = 0;
    apr_size_t i;

    for (i = 0; i < in_len; i++) {
        bits = (bits << 8 | in[i]) & 0xffff;
        pending += 8;
        while (pending >= 6) {
            pending -= 6;
            *end++ = alphabet[bits >> pending & 63];
        }
    }
    if (pending > 0) {
        *end++ = alphabet[bits << (6 - pending) & 63];
    }
    *end = '\0';
    return text;
}

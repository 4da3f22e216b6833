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

/* Collect six bits a character and write each byte that is full. @return 0 when a character is foreign
   or bits remain that encode nothing. */
static int decode(const unsigned char *in, apr_size_t in_len, unsigned char *out)
{
    unsigned bits = 0;
    int pending = 0;
    apr_size_t i;

    for (i = 0; i < in_len; i++) {
        unsigned value = value_plus_1[in[i]];

        if (value == 0) {
            return 0;
        }
        bits = (bits << 6 | (value - 1)) & 0xffff;
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            *out++ = (unsigned char)(bits >> pending);
        }
    }
    return (bits & ((1u << pending) - 1)) == 0;
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Strict base64url: each value has exactly one text, so that nobody can write a token in two ways. */
#include <string.h>

#include <arpa/inet.h>

#include <apr_strings.h>

#include "aj_base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* What each character adds as the first, second, third and fourth of a turn, and a mark that it is one: what is not
   listed is 0 and therefore refused. */
#define CHARACTERS(V)                                                                                               \
    ['A'] = V(0), ['B'] = V(1), ['C'] = V(2), ['D'] = V(3), ['E'] = V(4), ['F'] = V(5), ['G'] = V(6), ['H'] = V(7), \
    ['I'] = V(8), ['J'] = V(9), ['K'] = V(10), ['L'] = V(11), ['M'] = V(12), ['N'] = V(13), ['O'] = V(14),          \
    ['P'] = V(15), ['Q'] = V(16), ['R'] = V(17), ['S'] = V(18), ['T'] = V(19), ['U'] = V(20), ['V'] = V(21),        \
    ['W'] = V(22), ['X'] = V(23), ['Y'] = V(24), ['Z'] = V(25), ['a'] = V(26), ['b'] = V(27), ['c'] = V(28),        \
    ['d'] = V(29), ['e'] = V(30), ['f'] = V(31), ['g'] = V(32), ['h'] = V(33), ['i'] = V(34), ['j'] = V(35),        \
    ['k'] = V(36), ['l'] = V(37), ['m'] = V(38), ['n'] = V(39), ['o'] = V(40), ['p'] = V(41), ['q'] = V(42),        \
    ['r'] = V(43), ['s'] = V(44), ['t'] = V(45), ['u'] = V(46), ['v'] = V(47), ['w'] = V(48), ['x'] = V(49),        \
    ['y'] = V(50), ['z'] = V(51), ['0'] = V(52), ['1'] = V(53), ['2'] = V(54), ['3'] = V(55), ['4'] = V(56),        \
    ['5'] = V(57), ['6'] = V(58), ['7'] = V(59), ['8'] = V(60), ['9'] = V(61), ['-'] = V(62), ['_'] = V(63)
#define IN_FIRST(value)  ((value) << 18 | 1U << 24)
#define IN_SECOND(value) ((value) << 12 | 1U << 25)
#define IN_THIRD(value)  ((value) << 6 | 1U << 26)
#define IN_FOURTH(value) ((value) | 1U << 27)
#define ALL_MARKS        15

static const apr_uint32_t first[256] = { CHARACTERS(IN_FIRST) };
static const apr_uint32_t second[256] = { CHARACTERS(IN_SECOND) };
static const apr_uint32_t third[256] = { CHARACTERS(IN_THIRD) };
static const apr_uint32_t fourth[256] = { CHARACTERS(IN_FOURTH) };

/* The two or three characters of the last turn; none encodes nothing. @return 0 when one is foreign or a bit is left
   over that is not zero */
static int decode_rest(const unsigned char *in, apr_size_t in_len, unsigned char *out)
{
    apr_uint32_t bits = first[in_len > 0 ? in[0] : 'A'] | second[in_len > 1 ? in[1] : 'A']
                      | third[in_len > 2 ? in[2] : 'A'] | fourth['A'];
    apr_size_t i;

    if (bits >> 24 != ALL_MARKS) {
        return 0;
    }
    bits &= 0xffffff;
    for (i = 0; i + 1 < in_len; i++) {
        *out++ = (unsigned char)(bits >> 16);
        bits = (bits << 8) & 0xffffff;
    }
    return bits == 0;
}

/* Four characters are three bytes. @param out  written to one byte beyond what is decoded
   @return 0 when a character is foreign or bits remain that encode nothing */
static int decode(const unsigned char *in, apr_size_t in_len, unsigned char *out)
{
    const unsigned char *end = in + in_len / 4 * 4;

    for (; in < end; in += 4, out += 3) {
        apr_uint32_t bits = first[in[0]] | second[in[1]] | third[in[2]] | fourth[in[3]];

        if (bits >> 24 != ALL_MARKS) {
            return 0;
        }
        bits = htonl(bits << 8);
        memcpy(out, &bits, sizeof(bits));
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

/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4, 128 bits. Its own code, because OpenSSL's takes longer to begin than to hash a token. */
#include <string.h>

#include "aj_siphash.h"

typedef struct {
    apr_uint64_t a, b, c, d;
} state_t;

static apr_uint64_t rotated(apr_uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void turn(state_t *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotated(s->b, 13) ^ s->a;
    s->d = rotated(s->d, 16) ^ s->c;
    s->a = rotated(s->a, 32) + s->d;
    s->c += s->b;
    s->d = rotated(s->d, 21) ^ s->a;
    s->b = rotated(s->b, 17) ^ s->c;
    s->c = rotated(s->c, 32);
}

static inline void absorb(state_t *s, apr_uint64_t word)
{
    s->d ^= word;
    turn(s);
    turn(s);
    s->a ^= word;
}

static inline apr_uint64_t word_at(const unsigned char *from)
{
    apr_uint64_t word;

    memcpy(&word, from, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The bytes behind the last whole word, and the length in the highest byte. */
static apr_uint64_t last_word(const unsigned char *from, apr_size_t len)
{
    apr_uint64_t word = (apr_uint64_t)len << 56;
    apr_size_t i;

    for (i = 0; i < len % 8; i++) {
        word |= (apr_uint64_t)from[i] << 8 * i;
    }
    return word;
}

static apr_uint64_t finish(state_t *s)
{
    int i;

    for (i = 0; i < 4; i++) {
        turn(s);
    }
    return s->a ^ s->b ^ s->c ^ s->d;
}

void aj_siphash(const apr_uint64_t key[2], const void *in, apr_size_t len, apr_uint64_t out[2])
{
    const unsigned char *from = in, *end = from + len - len % 8;
    state_t s = { key[0] ^ APR_UINT64_C(0x736f6d6570736575), key[1] ^ APR_UINT64_C(0x646f72616e646f6d) ^ 0xee,
                  key[0] ^ APR_UINT64_C(0x6c7967656e657261), key[1] ^ APR_UINT64_C(0x7465646279746573) };

    for (; from < end; from += 8) {
        absorb(&s, word_at(from));
    }
    absorb(&s, last_word(from, len));
    s.c ^= 0xee;
    out[0] = finish(&s);
    s.b ^= 0xdd;
    out[1] = finish(&s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Eight threads on one small ring, built with ThreadSanitizer: no data race, and what is found is whole and is what was
 * put under that name. Each block holds its name's number in every word, mixed with the word's place. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../src/state/authjwt_cache_ring_private.h"

#define THREADS 8
#define NAMES   40
#define LONGEST 512 /* words */

static authjwt_ring_t *ring;
static unsigned long rounds;
static unsigned long hits, late, wrong; /* atomics */

static apr_uint64_t mixed(apr_uint64_t number, apr_uint64_t place)
{
    return (number * 1000003 + place) * APR_UINT64_C(0x9E3779B97F4A7C15);
}

/* The size depends on the number, and on a version that changes. */
static apr_uint32_t fill(apr_uint64_t *block, apr_uint64_t number, unsigned version)
{
    apr_uint32_t words = (apr_uint32_t)(2 + (number * 37 + version * 11) % (LONGEST - 2)), i;

    for (i = 0; i < words; i++) {
        block[i] = mixed(number, i) + words;
    }
    return words * 8;
}

static int is_right(const apr_uint64_t *block, apr_uint64_t number, const authjwt_ring_place_t *place)
{
    apr_uint32_t words = place->size / 8, i;

    for (i = 0; i < words; i++) {
        if (block[i] != mixed(number, i) + words) {
            return 0;
        }
    }
    /* A note belongs to its name too. */
    return place->note.snapshot % NAMES == number;
}

static void look(const authjwt_ring_name_t *name, apr_uint64_t number, unsigned random)
{
    apr_uint64_t block[LONGEST];
    authjwt_ring_place_t place;
    int way = 0;

    while (authjwt_ring_find(ring, name, &way, &place)) {
        if (place.size > sizeof(block)) {
            __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
            return;
        }
        if (!authjwt_ring_read(ring, &place, block)) {
            __atomic_add_fetch(&late, 1, __ATOMIC_RELAXED);
            continue;
        }
        __atomic_add_fetch(is_right(block, number, &place) ? &hits : &wrong, 1, __ATOMIC_RELAXED);
        if (random % 8 == 0) {
            authjwt_ring_note_t note = { place.note.snapshot + NAMES, place.note.flags ^ 1 };

            authjwt_ring_set_note(&place, &note);
        }
        else if (random % 64 == 1) {
            authjwt_ring_drop(&place);
        }
    }
}

static void *hammer(void *data)
{
    apr_uint64_t state = (apr_uint64_t)(apr_uintptr_t)data * 88172645463325252u + 1, block[LONGEST];
    unsigned long i;

    for (i = 0; i < rounds; i++) {
        authjwt_ring_name_t name = { { 0, 0 }, 1, 2 };
        apr_uint64_t number;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        number = state % NAMES;
        /* Few sets, so that slots are fought for. */
        name.hash[0] = number % 5;
        name.hash[1] = number;
        if (state >> 32 & 1) {
            authjwt_ring_note_t note = { number, 0 };
            apr_uint32_t size = fill(block, number, (unsigned)(state >> 40));

            authjwt_ring_put(ring, &name, block, size, &note);
        }
        look(&name, number, (unsigned)(state >> 48));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    long i;

    rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    ring = authjwt_ring_make(16);
    for (i = 0; ring && i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, hammer, (void *)(i + 1))) {
            return EXIT_FAILURE;
        }
    }
    for (i = 0; ring && i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%lu hits, %lu overwritten while they were read, %lu wrong\n", hits, late, wrong);
    /* How often a block is found depends on how the threads run; that it is found, on nothing. */
    return ring && hits > rounds / 100 && late && !wrong ? EXIT_SUCCESS : EXIT_FAILURE;
}

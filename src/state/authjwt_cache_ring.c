/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of the cache, and its index.
 *
 * Positions count words since the ring was made, so they never repeat: a block at `at` is whole as long as the head is
 * no more than a ring's length ahead of it. The head moves before words are overwritten.
 *
 * A slot has a sequence lock: its turn is odd while it is written. Words that are read without a lock are loaded with
 * acquire and stored with release order. Whoever sees a new word sees the turn, or the head, that was stored before it
 * too, and knows that what it has copied is mixed. So no fence is needed, which ThreadSanitizer would not understand.
 */
#include <string.h>
#include <sys/mman.h>

#include "authjwt_cache_ring_private.h"

#define WAYS 4
#define LINE 64 /* bytes, of a processor's cache */
#define WORD sizeof(apr_uint64_t)
/* A small ring still takes a token of ordinary size. */
#define SMALL_MOST ((apr_size_t)4096)
/* Of the ring that one block may take. */
#define SHARE 64

/* One line of a processor's cache. */
typedef struct authjwt_ring_slot_t {
    apr_uint64_t turn;
    authjwt_ring_name_t name;
    apr_uint64_t at;
    apr_uint64_t size_and_flags; /* size above, flags below; 0: nothing here */
    apr_uint64_t snapshot;
} slot_t;

struct authjwt_ring_t {
    apr_uint64_t *words;
    apr_uint64_t length; /* number of words */
    slot_t *slots;
    apr_size_t sets; /* a power of two */
    apr_uint64_t head __attribute__((aligned(LINE)));
    int busy; /* a thread puts */
};

static apr_uint64_t load(const apr_uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(apr_uint64_t *word, apr_uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Whole pages, so that a slot never lies on two lines; zero, and without memory until they are written to. */
static void *pages(apr_size_t size)
{
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return room == MAP_FAILED ? NULL : room;
}

authjwt_ring_t *authjwt_ring_make(apr_size_t entries)
{
    authjwt_ring_t *ring = pages(sizeof(*ring));

    if (!ring) {
        return NULL;
    }
    ring->length = entries * AUTHJWT_RING_ENTRY / WORD;
    /* Twice as many slots as entries, so that a set is seldom full before its blocks are overwritten. */
    for (ring->sets = 1; ring->sets * WAYS < 2 * entries; ring->sets *= 2) {
        ;
    }
    ring->words = pages(ring->length * WORD);
    ring->slots = pages(ring->sets * WAYS * sizeof(slot_t));
    return ring->words && ring->slots ? ring : NULL;
}

apr_size_t authjwt_ring_most(const authjwt_ring_t *ring)
{
    apr_size_t most = (apr_size_t)ring->length * WORD / SHARE;

    return most > SMALL_MOST ? most : SMALL_MOST;
}

/* ---- the index ---- */

static slot_t *set_of(const authjwt_ring_t *ring, const authjwt_ring_name_t *name)
{
    return &ring->slots[(name->hash[0] & (ring->sets - 1)) * WAYS];
}

static int has_name(const slot_t *slot, const authjwt_ring_name_t *name)
{
    return load(&slot->name.hash[0]) == name->hash[0] && load(&slot->name.hash[1]) == name->hash[1]
        && load(&slot->name.server) == name->server && load(&slot->name.keys) == name->keys;
}

static int is_whole(const authjwt_ring_t *ring, apr_uint64_t at)
{
    return __atomic_load_n(&ring->head, __ATOMIC_RELAXED) - at <= ring->length;
}

static int look(slot_t *slot, const authjwt_ring_name_t *name, authjwt_ring_place_t *place)
{
    apr_uint64_t turn = load(&slot->turn), size_and_flags;

    if (turn % 2 || !has_name(slot, name)) {
        return 0;
    }
    place->slot = slot;
    place->turn = turn;
    place->at = load(&slot->at);
    size_and_flags = load(&slot->size_and_flags);
    place->size = (apr_uint32_t)(size_and_flags >> 32);
    place->note.flags = (apr_uint32_t)size_and_flags;
    place->note.snapshot = load(&slot->snapshot);
    return place->size && __atomic_load_n(&slot->turn, __ATOMIC_RELAXED) == turn;
}

int authjwt_ring_find(const authjwt_ring_t *ring, const authjwt_ring_name_t *name, int *way,
                      authjwt_ring_place_t *place)
{
    slot_t *set = set_of(ring, name);

    while (*way < WAYS) {
        if (look(&set[(*way)++], name, place) && is_whole(ring, place->at)) {
            return 1;
        }
    }
    return 0;
}

/* @return 0 when another thread writes the slot, or has since the turn */
static int begin_turn(slot_t *slot, apr_uint64_t turn)
{
    return turn % 2 == 0
        && __atomic_compare_exchange_n(&slot->turn, &turn, turn + 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void end_turn(slot_t *slot, apr_uint64_t turn)
{
    store(&slot->turn, turn + 2);
}

static apr_uint64_t size_and_flags(apr_uint32_t size, apr_uint32_t flags)
{
    return (apr_uint64_t)size << 32 | flags;
}

void authjwt_ring_set_note(const authjwt_ring_place_t *place, const authjwt_ring_note_t *note)
{
    if (begin_turn(place->slot, place->turn)) {
        store(&place->slot->snapshot, note->snapshot);
        store(&place->slot->size_and_flags, size_and_flags(place->size, note->flags));
        end_turn(place->slot, place->turn);
    }
}

void authjwt_ring_drop(const authjwt_ring_place_t *place)
{
    if (begin_turn(place->slot, place->turn)) {
        store(&place->slot->size_and_flags, 0);
        end_turn(place->slot, place->turn);
    }
}

/* ---- the words ---- */

/* Compilers do not join atomic words into larger pieces; so at least the loop is unrolled. */
static void copy_out(const apr_uint64_t *from, unsigned char *to, apr_size_t words)
{
    apr_size_t i;

#pragma GCC unroll 8
    for (i = 0; i < words; i++) {
        apr_uint64_t word = load(&from[i]);

        memcpy(to + i * WORD, &word, WORD);
    }
}

static void copy_in(apr_uint64_t *to, const unsigned char *from, apr_size_t words)
{
    apr_size_t i;

#pragma GCC unroll 8
    for (i = 0; i < words; i++) {
        apr_uint64_t word;

        memcpy(&word, from + i * WORD, WORD);
        store(&to[i], word);
    }
}

/* How many of the words lie before the end of the ring; the others are at its beginning. */
static apr_size_t before_end(const authjwt_ring_t *ring, apr_uint64_t at, apr_size_t words)
{
    apr_uint64_t left = ring->length - at % ring->length;

    return words < left ? words : (apr_size_t)left;
}

int authjwt_ring_read(const authjwt_ring_t *ring, const authjwt_ring_place_t *place, void *to)
{
    apr_size_t words = place->size / WORD, first = before_end(ring, place->at, words);

    copy_out(ring->words + place->at % ring->length, to, first);
    copy_out(ring->words, (unsigned char *)to + first * WORD, words - first);
    return is_whole(ring, place->at);
}

/* ---- putting ---- */

/* One that is free or whose block is gone, else that of the oldest block. */
static slot_t *choose(const authjwt_ring_t *ring, const authjwt_ring_name_t *name)
{
    slot_t *set = set_of(ring, name), *oldest = set;
    int i;

    for (i = 0; i < WAYS; i++) {
        if (!load(&set[i].size_and_flags) || !is_whole(ring, load(&set[i].at))) {
            return &set[i];
        }
        if (load(&set[i].at) < load(&oldest->at)) {
            oldest = &set[i];
        }
    }
    return oldest;
}

static void fill(slot_t *slot, const authjwt_ring_name_t *name, apr_uint64_t at, apr_uint32_t size,
                 const authjwt_ring_note_t *note)
{
    apr_uint64_t turn = load(&slot->turn);

    if (begin_turn(slot, turn)) {
        store(&slot->name.hash[0], name->hash[0]);
        store(&slot->name.hash[1], name->hash[1]);
        store(&slot->name.server, name->server);
        store(&slot->name.keys, name->keys);
        store(&slot->at, at);
        store(&slot->snapshot, note->snapshot);
        store(&slot->size_and_flags, size_and_flags(size, note->flags));
        end_turn(slot, turn);
    }
}

void authjwt_ring_put(authjwt_ring_t *ring, const authjwt_ring_name_t *name, const void *from, apr_uint32_t size,
                      const authjwt_ring_note_t *note)
{
    apr_size_t words = size / WORD, first;
    apr_uint64_t at;

    if (size > authjwt_ring_most(ring) || __atomic_exchange_n(&ring->busy, 1, __ATOMIC_ACQUIRE)) {
        return;
    }
    at = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
    store(&ring->head, at + words);
    first = before_end(ring, at, words);
    copy_in(ring->words + at % ring->length, from, first);
    copy_in(ring->words, (const unsigned char *)from + first * WORD, words - first);
    fill(choose(ring, name), name, at, size, note);
    __atomic_store_n(&ring->busy, 0, __ATOMIC_RELEASE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cache_ring_private: blocks of bytes under a name, for the threads of one process; the oldest are overwritten.
 * Knows nothing of tokens and httpd.
 *
 * Blocks lie one behind the other in a ring of words. An index of sets of four slots says where. A reader copies out,
 * writes nothing, and then looks whether what it copied was still whole. One thread at a time puts; whoever comes
 * meanwhile goes without, so nobody ever waits. */
#ifndef AUTHJWT_CACHE_RING_PRIVATE_H
#define AUTHJWT_CACHE_RING_PRIVATE_H

#include <apr.h>

/** Bytes of the ring for each entry asked for. */
#define AUTHJWT_RING_ENTRY 2048

typedef struct authjwt_ring_t authjwt_ring_t;

/** What a block is found by. All words must be equal. */
typedef struct {
    apr_uint64_t hash[2];
    apr_uint64_t server; /**< what it was judged under */
    apr_uint64_t keys;   /**< with which keys */
} authjwt_ring_name_t;

/** A word and flags that may change while a block lies where it is. */
typedef struct {
    apr_uint64_t snapshot;
    apr_uint32_t flags;
} authjwt_ring_note_t;

/** Where a block was found. */
typedef struct {
    struct authjwt_ring_slot_t *slot;
    apr_uint64_t turn; /**< of the slot's lock */
    apr_uint64_t at;
    apr_uint32_t size; /**< bytes, a multiple of eight */
    authjwt_ring_note_t note;
} authjwt_ring_place_t;

/**
 * Make a ring of so many entries of AUTHJWT_RING_ENTRY bytes, and its index. It is never freed; pages that were never
 * written to take no memory.
 * @return NULL without memory
 */
authjwt_ring_t *authjwt_ring_make(apr_size_t entries);

/** Bytes of the largest block that is taken: 1/64 of the ring, but 4 KB of a small one. */
apr_size_t authjwt_ring_most(const authjwt_ring_t *ring);

/**
 * Find a block of that name. Names may be there twice.
 * @param way    0 to begin with; set to where to go on, for the next of that name
 * @param place  set when there is one
 * @return non-zero when there is one
 */
int authjwt_ring_find(const authjwt_ring_t *ring, const authjwt_ring_name_t *name, int *way,
                      authjwt_ring_place_t *place);

/**
 * Copy a block out.
 * @param to  place->size bytes
 * @return 0 when it has been overwritten since: to holds junk
 */
int authjwt_ring_read(const authjwt_ring_t *ring, const authjwt_ring_place_t *place, void *to);

/**
 * Keep a block, if nobody else is putting now and it is not too large.
 * @param size  bytes, a multiple of eight
 */
void authjwt_ring_put(authjwt_ring_t *ring, const authjwt_ring_name_t *name, const void *from, apr_uint32_t size,
                      const authjwt_ring_note_t *note);

/** Change the note of a block, unless the slot has changed since it was found. */
void authjwt_ring_set_note(const authjwt_ring_place_t *place, const authjwt_ring_note_t *note);

/** Let nobody find it any more, unless the slot has changed since. */
void authjwt_ring_drop(const authjwt_ring_place_t *place);

#endif

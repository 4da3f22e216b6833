/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of the cache, used by one thread; tests/tsan has eight. */
#include "../../src/state/authjwt_cache_ring_private.h"
#include "unit.h"

#define ENTRIES 16
#define BYTES   (ENTRIES * AUTHJWT_RING_ENTRY)

static unsigned char room[65536];

static authjwt_ring_name_t name_of(apr_uint64_t number)
{
    /* Spread as a hash is. */
    return (authjwt_ring_name_t){ { number * APR_UINT64_C(0x9E3779B97F4A7C15), ~number }, 1, 2 };
}

static void put_note(authjwt_ring_t *ring, apr_uint64_t number, apr_uint32_t size, apr_uint64_t snapshot)
{
    authjwt_ring_name_t name = name_of(number);
    authjwt_ring_note_t note = { snapshot, 0 };

    memset(room, (int)number, sizeof(room));
    memcpy(room, &number, sizeof(number));
    authjwt_ring_put(ring, &name, room, size, &note);
}

static void put(authjwt_ring_t *ring, apr_uint64_t number, apr_uint32_t size)
{
    put_note(ring, number, size, 0);
}

/* @return 0 when it is not there; if it is, it is what was put */
static int get(const authjwt_ring_t *ring, apr_uint64_t number, apr_uint32_t size, authjwt_ring_place_t *place)
{
    authjwt_ring_name_t name = name_of(number);
    unsigned char found[sizeof(room)], want[sizeof(room)];
    int way = 0;

    if (!authjwt_ring_find(ring, &name, &way, place)) {
        return 0;
    }
    ck_assert_uint_eq(place->size, size);
    ck_assert(authjwt_ring_read(ring, place, found));
    memset(want, (int)number, size);
    memcpy(want, &number, sizeof(number));
    ck_assert_mem_eq(found, want, size);
    return 1;
}

START_TEST(what_was_put_is_found)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    authjwt_ring_place_t place;

    ck_assert(!get(ring, 1, 800, &place));
    put(ring, 1, 800);
    put(ring, 2, 1600);
    ck_assert(get(ring, 1, 800, &place));
    ck_assert(get(ring, 2, 1600, &place));
    ck_assert(!get(ring, 3, 800, &place));
}
END_TEST

START_TEST(every_word_of_the_name_counts)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    authjwt_ring_name_t names[5] = { name_of(1), name_of(1), name_of(1), name_of(1), name_of(1) };
    authjwt_ring_place_t place;
    int i;

    names[1].hash[0] ^= APR_UINT64_C(1) << 63;
    names[2].hash[1] ^= 1;
    names[3].server ^= 1;
    names[4].keys ^= 1;
    put(ring, 1, 800);
    for (i = 0; i < ROWS(names); i++) {
        int way = 0;

        ck_assert_int_eq(authjwt_ring_find(ring, &names[i], &way, &place), i == 0);
    }
}
END_TEST

START_TEST(all_blocks_of_one_name_are_found)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    authjwt_ring_name_t name = name_of(1);
    authjwt_ring_place_t place;
    int way = 0, found = 0, i;

    for (i = 0; i < 3; i++) {
        put_note(ring, 1, 64, (apr_uint64_t)i + 1);
    }
    while (authjwt_ring_find(ring, &name, &way, &place)) {
        found |= 1 << (place.note.snapshot - 1);
    }
    ck_assert_int_eq(found, 7);
}
END_TEST

/* Sizes that do not divide the ring's: blocks lie across its end. */
START_TEST(the_oldest_are_overwritten)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    authjwt_ring_place_t place;
    apr_uint64_t number;
    int lost = 0;

    for (number = 1; number <= 2000; number++) {
        apr_uint32_t size = 1000 + 8 * (number % 7);
        apr_uint64_t older;

        put(ring, number, size);
        ck_assert(get(ring, number, size, &place));
        for (older = number > 30 ? number - 30 : 1; older < number; older++) {
            lost += !get(ring, older, 1000 + 8 * (older % 7), &place);
        }
        /* So many can be whole, and no more. */
        ck_assert(number < 33 || !get(ring, number - 33, 1000 + 8 * ((number - 33) % 7), &place));
    }
    /* Of the last thirty nearly all are there: a set is seldom full. */
    ck_assert_int_lt(lost, 2000 * 30 / 10);
}
END_TEST

START_TEST(a_reader_notices_that_it_came_late)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    unsigned char found[1024];
    authjwt_ring_place_t place;
    apr_uint64_t number;

    put(ring, 1, 1024);
    ck_assert(get(ring, 1, 1024, &place));
    for (number = 2; number <= 32; number++) {
        put(ring, number, 1024);
        ck_assert(authjwt_ring_read(ring, &place, found));
    }
    put(ring, 33, 8);
    ck_assert(!authjwt_ring_read(ring, &place, found));
}
END_TEST

START_TEST(a_block_may_take_its_share)
{
    authjwt_ring_t *small = authjwt_ring_make(ENTRIES), *large = authjwt_ring_make(1024);
    authjwt_ring_place_t place;

    ck_assert_uint_eq(authjwt_ring_most(small), 4096);
    ck_assert_uint_eq(authjwt_ring_most(large), 1024 * AUTHJWT_RING_ENTRY / 64);
    put(small, 1, 4096);
    put(small, 2, 4096 + 8);
    put(large, 2, 1024 * AUTHJWT_RING_ENTRY / 64);
    put(large, 3, 1024 * AUTHJWT_RING_ENTRY / 64 + 8);
    ck_assert(get(small, 1, 4096, &place));
    ck_assert(!get(small, 2, 4096 + 8, &place));
    ck_assert(get(large, 2, 1024 * AUTHJWT_RING_ENTRY / 64, &place));
    ck_assert(!get(large, 3, 1024 * AUTHJWT_RING_ENTRY / 64 + 8, &place));
}
END_TEST

START_TEST(notes_change_and_blocks_are_dropped)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    authjwt_ring_note_t note = { 9, 1 };
    authjwt_ring_place_t place, again;

    put_note(ring, 1, 800, 5);
    ck_assert(get(ring, 1, 800, &place));
    ck_assert_uint_eq(place.note.snapshot, 5);
    ck_assert_uint_eq(place.note.flags, 0);
    authjwt_ring_set_note(&place, &note);
    ck_assert(get(ring, 1, 800, &again));
    ck_assert_uint_eq(again.note.snapshot, 9);
    ck_assert_uint_eq(again.note.flags, 1);
    /* Found before the note was changed: it is not this one's to change or drop any more. */
    note.snapshot = 4;
    authjwt_ring_set_note(&place, &note);
    authjwt_ring_drop(&place);
    ck_assert(get(ring, 1, 800, &again));
    ck_assert_uint_eq(again.note.snapshot, 9);
    authjwt_ring_drop(&again);
    ck_assert(!get(ring, 1, 800, &again));
}
END_TEST

/* What was found of one block says nothing about the block that has its slot now. */
START_TEST(a_note_never_reaches_another_block)
{
    authjwt_ring_t *ring = authjwt_ring_make(ENTRIES);
    authjwt_ring_note_t note = { 9, 1 };
    authjwt_ring_place_t place, other;
    apr_uint64_t number;

    put(ring, 1, 800);
    ck_assert(get(ring, 1, 800, &place));
    for (number = 2; number <= 500; number++) {
        put_note(ring, number, 800, 3);
    }
    authjwt_ring_set_note(&place, &note);
    for (number = 450; number <= 500; number++) {
        ck_assert(!get(ring, number, 800, &other) || other.note.snapshot == 3);
    }
}
END_TEST

Suite *suite_cache_ring(void)
{
    Suite *suite = suite_create("cache_ring");
    TCase *tcase = unit_case(suite, "cache_ring");

    tcase_add_test(tcase, what_was_put_is_found);
    tcase_add_test(tcase, every_word_of_the_name_counts);
    tcase_add_test(tcase, all_blocks_of_one_name_are_found);
    tcase_add_test(tcase, the_oldest_are_overwritten);
    tcase_add_test(tcase, a_reader_notices_that_it_came_late);
    tcase_add_test(tcase, a_block_may_take_its_share);
    tcase_add_test(tcase, notes_change_and_blocks_are_dropped);
    tcase_add_test(tcase, a_note_never_reaches_another_block);
    return suite;
}

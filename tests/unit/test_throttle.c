/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of failed logins: two that one attempt needs, and a full bucket. */
#include "../../src/state/authjwt_throttle_private.h"
#include "unit.h"

#define MINUTE apr_time_from_sec(60)
#define NOW    apr_time_from_sec(1000)

static authjwt_throttle_table_t *table;

static void make_table(void)
{
    table = calloc(1, sizeof(*table));
    ck_assert_ptr_nonnull(table);
}

static void free_table(void)
{
    free(table);
}

/* Keys of one bucket, all different. */
static apr_uint64_t key(int number)
{
    return 5 + (apr_uint64_t)number * AUTHJWT_THROTTLE_BUCKETS;
}

/* @return failures that count for a user and an address after so many attempts */
static void attempt(apr_uint64_t user, apr_uint64_t address, int times, double *of_user, double *of_address)
{
    int i;

    for (i = 0; i <= times; i++) {
        authjwt_counter_t *pair = authjwt_throttle_counter(table, user, NOW + i, MINUTE, NULL);
        authjwt_counter_t *all = authjwt_throttle_counter(table, address, NOW + i, MINUTE, pair);

        ck_assert_uint_eq(pair->key, user);
        ck_assert_uint_eq(all->key, address);
        *of_user = pair->now;
        *of_address = all->now;
        pair->now++;
        all->now++;
    }
}

START_TEST(two_of_one_bucket_both_count)
{
    double user, address;

    attempt(key(1), key(2), 3, &user, &address);
    ck_assert_double_eq(user, 3);
    ck_assert_double_eq(address, 3);
}
END_TEST

START_TEST(two_of_two_buckets_both_count)
{
    double user, address;

    attempt(key(1), key(2) + 1, 3, &user, &address);
    ck_assert_double_eq(user, 3);
    ck_assert_double_eq(address, 3);
}
END_TEST

START_TEST(in_a_full_bucket_the_one_that_counts_least_makes_room)
{
    double user, address;
    int i;

    for (i = 0; i < AUTHJWT_THROTTLE_WAYS; i++) {
        authjwt_throttle_counter(table, key(10 + i), NOW, MINUTE, NULL)->now = 5 + (unsigned)i;
    }
    attempt(key(1), key(2), 3, &user, &address);
    ck_assert_double_eq(user, 3);
    ck_assert_double_eq(address, 3);
    ck_assert_uint_eq(authjwt_throttle_counter(table, key(10 + i - 1), NOW + 9, MINUTE, NULL)->now,
                      5 + (unsigned)i - 1);
}
END_TEST

Suite *suite_throttle(void)
{
    Suite *suite = suite_create("throttle");
    TCase *tcase = unit_case(suite, "counters");

    tcase_add_checked_fixture(tcase, make_table, free_table);
    tcase_add_test(tcase, two_of_one_bucket_both_count);
    tcase_add_test(tcase, two_of_two_buckets_both_count);
    tcase_add_test(tcase, in_a_full_bucket_the_one_that_counts_least_makes_room);
    return suite;
}

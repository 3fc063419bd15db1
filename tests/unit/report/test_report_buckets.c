/* Buckets of durations, against the exact nearest-rank percentiles of the same numbers. */
#include "services/report/report_buckets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#define VALUES 20000
#define ARENA_BYTES (1 << 20)

/* A seeded sequence (xorshift64*, Vigna 2016), so that a failure comes again. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

/* Durations as cities have them: evenly spread over their orders of magnitude, from seconds to 30
 * years. */
static int64_t random_duration(uint64_t *seed)
{
    uint64_t bits = next_random(seed) % 31;
    int64_t duration = (int64_t)(next_random(seed) & ((UINT64_C(1) << bits) - 1));
    return duration <= REPORT_BUCKETS_SECONDS_MAX ? duration : REPORT_BUCKETS_SECONDS_MAX;
}

static int compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void count(struct report_buckets *buckets, struct arena *arena, int64_t seconds, int64_t by)
{
    assert_int_equal(report_buckets_add(buckets, arena, report_buckets_of(seconds), by), STATUS_OK);
}

static void assert_within_1_percent(double actual, int64_t exact)
{
    if (fabs(actual - (double)exact) > 0.01 * (double)exact) {
        fail_msg("%f is not within 1 %% of %lld", actual, (long long)exact);
    }
}

static void gives_every_value_back_within_1_percent(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int64_t value = 0; value < 1000000; value++) {
        assert_within_1_percent(report_buckets_seconds(report_buckets_of(value)), value);
    }
    for (int i = 0; i < 1000000; i++) {
        int64_t value = random_duration(&seed);
        assert_within_1_percent(report_buckets_seconds(report_buckets_of(value)), value);
    }
}

static void is_exact_up_to_two_minutes(void **state)
{
    (void)state;
    for (int64_t value = 0; value < 128; value++) {
        assert_true(report_buckets_seconds(report_buckets_of(value)) == (double)value);
    }
}

static void puts_the_documented_values_into_the_documented_buckets(void **state)
{
    (void)state;
    const struct {
        int64_t seconds;
        uint32_t bucket;
    } cases[] = {
        {0, 0},       {127, 127},      {128, 128},
        {129, 128},   {130, 129},      {255, 191},
        {256, 192},   {4096, 448},     {8191, 511},
        {12600, 546}, {1 << 29, 1536}, {REPORT_BUCKETS_SECONDS_MAX, REPORT_BUCKETS_COUNT - 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(report_buckets_of(cases[i].seconds), cases[i].bucket);
    }
}

static void rises_with_the_value_and_leaves_no_bucket_out(void **state)
{
    (void)state;
    uint32_t before = 0;
    for (int64_t value = 1; value < 1 << 22; value++) {
        uint32_t bucket = report_buckets_of(value);
        assert_true(bucket == before || bucket == before + 1);
        before = bucket;
    }
}

static void counts_what_is_out_of_range_as_the_nearest_that_is_not(void **state)
{
    (void)state;
    assert_int_equal(report_buckets_of(-1), 0);
    assert_int_equal(report_buckets_of(INT64_MIN), 0);
    assert_int_equal(report_buckets_of(INT64_MAX), REPORT_BUCKETS_COUNT - 1);
}

static void finds_every_percentile_within_1_percent_of_the_nearest_rank(void **state)
{
    (void)state;
    static int64_t values[VALUES];
    uint32_t every_percent[100];
    for (uint32_t i = 0; i < 100; i++) {
        every_percent[i] = i + 1;
    }
    for (uint64_t round = 1; round <= 5; round++) {
        size_t n = round == 1 ? 1 : round == 2 ? 7 : VALUES;
        uint64_t seed = round;
        struct arena *arena = arena_new(ARENA_BYTES);
        struct report_buckets buckets = {0};
        for (size_t i = 0; i < n; i++) {
            values[i] = random_duration(&seed);
            count(&buckets, arena, values[i], 1);
        }
        qsort(values, n, sizeof(values[0]), compare_int64);
        double actual[100];
        assert_true(report_buckets_percentiles(&buckets, every_percent, 100, actual));
        for (size_t i = 0; i < 100; i++) {
            size_t rank = (size_t)ceil(every_percent[i] / 100.0 * (double)n - 1e-9);
            assert_within_1_percent(actual[i], values[rank - 1]);
        }
        arena_free(arena);
    }
}

static void takes_the_smallest_value_with_enough_at_or_below_it(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct report_buckets buckets = {0};
    const int64_t values[] = {15, 20, 35, 40, 50}; /* the usual textbook example of nearest rank */
    const uint32_t percents[] = {5, 20, 21, 30, 40, 50, 99, 100};
    const double expected[] = {15, 15, 20, 20, 20, 35, 50, 50};
    double seconds[8];
    for (size_t i = 0; i < 5; i++) {
        count(&buckets, arena, values[i], 1);
    }
    assert_true(report_buckets_percentiles(&buckets, percents, 8, seconds));
    for (size_t i = 0; i < 8; i++) {
        assert_true(seconds[i] == expected[i]);
    }
    arena_free(arena);
}

static void has_no_percentile_of_nothing(void **state)
{
    (void)state;
    struct report_buckets buckets = {0};
    const uint32_t median = 50;
    double seconds = -1;
    assert_false(report_buckets_percentiles(&buckets, &median, 1, &seconds));
    assert_true(seconds == -1);
}

static bool same(const struct report_buckets *a, const struct report_buckets *b)
{
    uint32_t i = 0;
    uint32_t j = 0;
    uint32_t m;
    uint32_t n;
    while (report_buckets_next(a, &i, &m)) {
        if (!report_buckets_next(b, &j, &n) || i != j || m != n) {
            return false;
        }
        i++;
        j++;
    }
    return !report_buckets_next(b, &j, &n);
}

static void is_as_before_when_what_was_counted_up_is_counted_down(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct report_buckets kept = {0};
    struct report_buckets moved = {0};
    uint64_t seed = 11;
    for (int i = 0; i < VALUES; i++) {
        int64_t value = random_duration(&seed);
        int64_t passing = random_duration(&seed);
        count(&kept, arena, value, 1);
        count(&moved, arena, passing, 1);
        count(&moved, arena, value, 1);
        count(&moved, arena, passing, -1);
    }
    assert_true(same(&kept, &moved));
    assert_int_equal(report_buckets_total(&moved), VALUES);
    arena_free(arena);
}

static void refuses_to_count_below_zero_or_beyond_its_width(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct report_buckets buckets = {0};
    assert_int_equal(report_buckets_add(&buckets, arena, 3, -1), STATUS_DATA_LOSS);
    assert_int_equal(report_buckets_add(&buckets, arena, REPORT_BUCKETS_COUNT, 1),
                     STATUS_DATA_LOSS);
    assert_int_equal(report_buckets_add(&buckets, arena, 3, UINT32_MAX), STATUS_OK);
    assert_int_equal(report_buckets_add(&buckets, arena, 3, 1), STATUS_DATA_LOSS);
    assert_int_equal(report_buckets_total(&buckets), UINT32_MAX);
    arena_free(arena);
}

static void says_so_when_memory_is_gone(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024); /* room for four octaves */
    struct report_buckets buckets = {0};
    for (uint32_t octave = 0; octave < 4; octave++) {
        uint32_t bucket = octave * REPORT_BUCKETS_OCTAVE;
        assert_int_equal(report_buckets_add(&buckets, arena, bucket, 1), STATUS_OK);
    }
    assert_int_equal(report_buckets_add(&buckets, arena, 1000, 1), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(report_buckets_total(&buckets), 4);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_every_value_back_within_1_percent),
        cmocka_unit_test(is_exact_up_to_two_minutes),
        cmocka_unit_test(puts_the_documented_values_into_the_documented_buckets),
        cmocka_unit_test(rises_with_the_value_and_leaves_no_bucket_out),
        cmocka_unit_test(counts_what_is_out_of_range_as_the_nearest_that_is_not),
        cmocka_unit_test(finds_every_percentile_within_1_percent_of_the_nearest_rank),
        cmocka_unit_test(takes_the_smallest_value_with_enough_at_or_below_it),
        cmocka_unit_test(has_no_percentile_of_nothing),
        cmocka_unit_test(is_as_before_when_what_was_counted_up_is_counted_down),
        cmocka_unit_test(refuses_to_count_below_zero_or_beyond_its_width),
        cmocka_unit_test(says_so_when_memory_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

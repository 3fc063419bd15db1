/* The machine's clocks, and sums of times that a damaged row may have made of anything. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void the_wall_clock_is_the_machines_in_microseconds(void **state)
{
    (void)state;
    int64_t before_us = (int64_t)time(NULL) * SECOND_US;
    int64_t now_us = clock_wall_us(clock_system());
    int64_t after_us = ((int64_t)time(NULL) + 1) * SECOND_US;
    /* time() may lag behind the clock it rounds down by a tick of the kernel. */
    assert_true(now_us >= before_us - SECOND_US && now_us <= after_us + SECOND_US);
}

static void the_other_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last_us = clock_mono_us(clock_system());
    for (int i = 0; i < 10000; i++) {
        int64_t now_us = clock_mono_us(clock_system());
        assert_true(now_us >= last_us);
        last_us = now_us;
    }
}

static void sums_of_ordinary_times_are_sums(void **state)
{
    (void)state;
    assert_int_equal(us_add(DAY_US, -HOUR_US), 23 * HOUR_US);
    assert_int_equal(us_sub(DAY_US, HOUR_US), 23 * HOUR_US);
    assert_int_equal(us_sub(-DAY_US, -HOUR_US), -23 * HOUR_US);
}

static void sums_stop_at_the_ends(void **state)
{
    (void)state;
    assert_true(us_add(INT64_MAX, 1) == INT64_MAX);
    assert_true(us_add(1, INT64_MAX) == INT64_MAX);
    assert_true(us_add(INT64_MIN, -1) == INT64_MIN);
    assert_true(us_add(INT64_MIN, INT64_MIN) == INT64_MIN);
    assert_true(us_sub(INT64_MIN, 1) == INT64_MIN);
    assert_true(us_sub(-2, INT64_MAX) == INT64_MIN);
    assert_true(us_sub(INT64_MAX, -1) == INT64_MAX);
    assert_true(us_sub(0, INT64_MIN) == INT64_MAX);
    assert_true(us_add(INT64_MAX, INT64_MIN) == -1); /* no end is reached */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_the_machines_in_microseconds),
        cmocka_unit_test(the_other_clock_never_goes_back),
        cmocka_unit_test(sums_of_ordinary_times_are_sums),
        cmocka_unit_test(sums_stop_at_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

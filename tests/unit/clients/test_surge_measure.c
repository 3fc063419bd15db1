/* Measuring surges on a history made so that every count is known. */
#include "clients/vafa/surge_measure.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY_US (24 * HOUR_US)
#define START_US (3000 * DAY_US) /* a midnight */
#define WEEKS 4

static const struct city_surge limits = {.requests = 10, .weeks = 3, .one_in = 1000000};

static void add(struct surge_measure *measure, int64_t at_us, const char *topic, const char *area)
{
    struct error err = ERROR_NONE;
    assert_int_equal(
        surge_measure_add(measure, at_us, (int32_t)(at_us / HOUR_US), topic, area, &err),
        STATUS_OK);
}

/* One request about something else each noon. */
static struct surge_measure *begin(void)
{
    struct surge_measure *measure = surge_measure_new();
    for (int64_t day = 0; day < WEEKS * 7 + 2; day++) {
        add(measure, START_US + day * DAY_US + 12 * HOUR_US, "noise", "");
    }
    return measure;
}

/* So many, a minute apart, from 13:00 on the day behind four weeks. */
static void add_many(struct surge_measure *measure, int64_t count, const char *topic,
                     const char *area)
{
    for (int64_t i = 0; i < count; i++) {
        add(measure, START_US + WEEKS * 7 * DAY_US + 13 * HOUR_US + i * MINUTE_US, topic, area);
    }
}

static void tells_when_one_began_what_came_and_when_it_ended(void **state)
{
    struct surge_measure *measure = begin();
    struct surge_result result;
    (void)state;
    add_many(measure, 25, "tree", "5");
    surge_measure_run(measure, &limits, &result);
    assert_int_equal(result.days, WEEKS * 7 + 2);
    assert_int_equal(result.judged_days, 9); /* three weeks are known from the fourth on */
    assert_int_equal(result.count, 1);
    assert_int_equal(result.surge_days, 1);
    const struct surge_measured *surge = &result.surges[0];
    assert_string_equal(surge->topic, "tree");
    assert_string_equal(surge->area, "5");
    assert_int_equal(surge->began_us, START_US + WEEKS * 7 * DAY_US + 13 * HOUR_US + 9 * MINUTE_US);
    assert_int_equal(surge->until_us, surge->began_us + 2 * HOUR_US);
    assert_int_equal(surge->count.now, 10);
    assert_int_equal(surge->count.weeks, 4);
    assert_int_equal(surge->came, 25);
    assert_true(surge_measure_went_on(surge));
    surge_measure_free(measure);
}

static void one_behind_which_nothing_comes_did_not_go_on(void **state)
{
    struct surge_measure *measure = begin();
    struct surge_result result;
    (void)state;
    add_many(measure, 12, "tree", "");
    surge_measure_run(measure, &limits, &result);
    assert_int_equal(result.count, 1);
    assert_null(result.surges[0].area);
    assert_int_equal(result.surges[0].came, 12);
    assert_false(surge_measure_went_on(&result.surges[0]));
    surge_measure_free(measure);
}

static void rows_may_come_in_any_order_and_be_measured_again(void **state)
{
    struct surge_measure *measure = surge_measure_new();
    struct surge_result result;
    const struct city_surge more = {.requests = 20, .weeks = 3, .one_in = 1000000};
    (void)state;
    add_many(measure, 12, "tree", "5");
    for (int64_t day = WEEKS * 7; day >= 0; day--) {
        add(measure, START_US + day * DAY_US + 12 * HOUR_US, "noise", "");
    }
    surge_measure_run(measure, &limits, &result);
    assert_int_equal(result.count, 1);
    surge_measure_run(measure, &more, &result);
    assert_int_equal(result.count, 0);
    surge_measure_run(measure, &limits, &result);
    assert_int_equal(result.count, 1);
    surge_measure_free(measure);
}

static void an_empty_file_has_none(void **state)
{
    struct surge_measure *measure = surge_measure_new();
    struct surge_result result;
    (void)state;
    surge_measure_run(measure, &limits, &result);
    assert_int_equal(result.count, 0);
    assert_int_equal(result.days, 0);
    surge_measure_free(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_when_one_began_what_came_and_when_it_ended),
        cmocka_unit_test(one_behind_which_nothing_comes_did_not_go_on),
        cmocka_unit_test(rows_may_come_in_any_order_and_be_measured_again),
        cmocka_unit_test(an_empty_file_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

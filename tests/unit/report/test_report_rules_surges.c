/* When a surge begins, goes on and ends: the arithmetic, and what a request does. */
#include "services/report/report_rules_surges.h"

#include "base/clock.h"

#include "vafa/common/v1/common.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static const struct city_surge limits = {.requests = 10, .weeks = 3, .one_in = 1000000};

/* --- the arithmetic --- */

static double chance(uint64_t now, uint64_t before, uint32_t weeks)
{
    const struct report_surge_count count = {.now = now, .before = before, .weeks = weeks};
    return report_surge_chance(&count);
}

/* The negative binomial's tail, by its probabilities one by one. */
static double slow_chance(uint64_t now, uint64_t before, uint32_t weeks)
{
    double size = (double)before + 0.5;
    double p = weeks / (weeks + 1.0);
    double below = 0;
    for (uint64_t k = 0; k < now; k++) {
        double n = (double)k;
        below +=
            exp(lgamma(size + n) - lgamma(size) - lgamma(n + 1) + size * log(p) + n * log1p(-p));
    }
    return 1 - below;
}

static void the_chance_is_the_tail_of_the_negative_binomial(void **state)
{
    (void)state;
    for (uint32_t weeks = 1; weeks <= REPORT_SURGE_WEEKS; weeks++) {
        for (uint64_t before = 0; before < 40; before += 3) {
            for (uint64_t now = 1; now < 30; now++) {
                double slow = slow_chance(now, before, weeks);
                if ((double)now * weeks > (double)before + 0.5 && slow > 1e-9) {
                    assert_true(fabs(chance(now, before, weeks) - slow) < 1e-5 * slow + 1e-12);
                }
            }
        }
    }
}

static void what_is_not_more_than_usual_is_certain_to_come(void **state)
{
    (void)state;
    assert_true(chance(10, 80, 8) >= 1);
    assert_true(chance(0, 0, 8) >= 1);
    assert_true(chance(100, 0, 0) >= 1); /* nothing is known */
}

static void many_where_many_are_usual_are_judged_too(void **state)
{
    (void)state;
    assert_true(chance(11000, 80000, 8) < 1e-6);
    assert_true(chance(10100, 80000, 8) > 0.05);
    assert_true(chance(1000000, 8, 8) >= 0);
    assert_true(chance(1000000, 8, 8) < 1e-100);
}

static void fewer_weeks_known_make_it_careful(void **state)
{
    (void)state;
    for (uint32_t weeks = 1; weeks < REPORT_SURGE_WEEKS; weeks++) { /* one a week */
        assert_true(chance(10, weeks, weeks) > chance(10, weeks + 1, weeks + 1));
    }
}

static void counts_what_citizens_asked_themselves(void **state)
{
    (void)state;
    assert_true(report_surge_counts(COMMON__CHANNEL__CHANNEL_PHONE));
    assert_true(report_surge_counts(COMMON__CHANNEL__CHANNEL_WALK_IN));
    assert_false(report_surge_counts(COMMON__CHANNEL__CHANNEL_STAFF));
    assert_false(report_surge_counts(COMMON__CHANNEL__CHANNEL_IMPORT));
    assert_false(report_surge_counts(COMMON__CHANNEL__CHANNEL_SESSION));
    assert_false(report_surge_counts(COMMON__CHANNEL__CHANNEL_UNSPECIFIED));
    assert_false(report_surge_counts(200));
}

/* --- a request --- */

struct told {
    int64_t lasts[REPORT_SURGE_SCOPES];
    uint64_t now[REPORT_SURGE_SCOPES];
    uint64_t in_surges;
    uint64_t before[REPORT_SURGE_SCOPES];
    uint32_t weeks;
};

static int64_t lasts(void *context, enum report_surge_scope scope)
{
    return ((struct told *)context)->lasts[scope];
}

static uint64_t now(void *context, enum report_surge_scope scope)
{
    return ((struct told *)context)->now[scope];
}

static uint64_t in_surges(void *context, int64_t at_us)
{
    (void)at_us;
    return ((struct told *)context)->in_surges;
}

static void before(void *context, enum report_surge_scope scope, struct report_surge_count *count)
{
    const struct told *told = context;
    count->before = told->before[scope];
    count->weeks = told->weeks;
}

#define AT_US (1000 * HOUR_US)

static struct report_surge_outcome outcomes[REPORT_SURGE_SCOPES];
static struct report_surge_outcome *const area = &outcomes[REPORT_SURGE_AREA];
static struct report_surge_outcome *const city = &outcomes[REPORT_SURGE_CITY];

static void follow(struct told told, bool has_area)
{
    const struct report_surge_facts facts = {&told, lasts, now, in_surges, before};
    report_surge_follow(&limits, AT_US, has_area, &facts, outcomes);
}

static void assert_nothing(const struct report_surge_outcome *outcome)
{
    assert_false(outcome->ends);
    assert_int_equal(outcome->step, REPORT_SURGE_NOTHING);
}

static void three_calls_instead_of_none_are_no_surge(void **state)
{
    (void)state;
    follow((struct told){.now = {3, 3}, .weeks = 8}, true);
    assert_nothing(area);
    assert_nothing(city);
    follow((struct told){.now = {9, 9}, .weeks = 8}, true);
    assert_nothing(area);
    assert_nothing(city);
}

static void ten_instead_of_none_are_one_of_the_area(void **state)
{
    (void)state;
    follow((struct told){.now = {10, 10}, .weeks = 8}, true);
    assert_int_equal(area->step, REPORT_SURGE_BEGINS);
    assert_int_equal(area->count.now, 10);
    assert_nothing(city);
}

static void ten_over_many_areas_are_one_of_the_city(void **state)
{
    (void)state;
    follow((struct told){.now = {2, 10}, .weeks = 8, .before = {0, 1}}, true);
    assert_nothing(area);
    assert_int_equal(city->step, REPORT_SURGE_BEGINS);
    assert_int_equal(city->count.now, 10);
    assert_int_equal(city->count.before, 1);
    follow((struct told){.now = {0, 10}, .weeks = 8}, false);
    assert_nothing(area);
    assert_int_equal(city->step, REPORT_SURGE_BEGINS);
}

static void ten_where_eight_are_usual_are_none(void **state)
{
    (void)state;
    follow((struct told){.now = {10, 10}, .weeks = 8, .before = {64, 64}}, true);
    assert_nothing(area);
    assert_nothing(city);
}

static void two_weeks_are_too_few_to_judge(void **state)
{
    (void)state;
    follow((struct told){.now = {500, 500}, .weeks = 2}, true);
    assert_nothing(area);
    assert_nothing(city);
}

static void what_an_area_s_own_surge_has_told_is_not_the_city_s(void **state)
{
    (void)state;
    struct told told = {
        .lasts = {AT_US + 2 * HOUR_US}, .now = {30, 35}, .in_surges = 30, .weeks = 8};
    follow(told, true);
    assert_nothing(area);
    assert_nothing(city);
    told.now[REPORT_SURGE_CITY] = 40;
    follow(told, true);
    assert_int_equal(city->step, REPORT_SURGE_BEGINS);
    assert_int_equal(city->count.now, 10);
}

static void while_the_city_s_lasts_areas_begin_none(void **state)
{
    (void)state;
    follow((struct told){.lasts = {0, AT_US + 2 * HOUR_US}, .now = {50, 50}, .weeks = 8}, true);
    assert_nothing(area);
    assert_nothing(city);
}

static void goes_on_once_an_hour_while_more_than_usual_comes(void **state)
{
    (void)state;
    struct told told = {.lasts = {0, AT_US + HOUR_US}, .now = {1, 5}, .weeks = 8};
    follow(told, true);
    assert_int_equal(city->step, REPORT_SURGE_GOES_ON);
    assert_int_equal(city->count.now, 5);
    told.now[REPORT_SURGE_CITY] = 4;
    follow(told, true);
    assert_nothing(city);
    told.now[REPORT_SURGE_CITY] = 50;
    told.lasts[REPORT_SURGE_CITY]++;
    follow(told, true);
    assert_nothing(city);
}

static void ends_when_its_time_is_over_and_may_begin_anew(void **state)
{
    (void)state;
    struct told told = {.lasts = {AT_US, AT_US - 1}, .now = {1, 4}, .weeks = 8};
    follow(told, true);
    assert_true(area->ends);
    assert_true(city->ends);
    assert_int_equal(area->step, REPORT_SURGE_NOTHING);
    assert_int_equal(city->step, REPORT_SURGE_NOTHING);
    told.now[REPORT_SURGE_CITY] = 12;
    follow(told, true);
    assert_true(city->ends);
    assert_int_equal(city->step, REPORT_SURGE_BEGINS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chance_is_the_tail_of_the_negative_binomial),
        cmocka_unit_test(what_is_not_more_than_usual_is_certain_to_come),
        cmocka_unit_test(many_where_many_are_usual_are_judged_too),
        cmocka_unit_test(fewer_weeks_known_make_it_careful),
        cmocka_unit_test(counts_what_citizens_asked_themselves),
        cmocka_unit_test(three_calls_instead_of_none_are_no_surge),
        cmocka_unit_test(ten_instead_of_none_are_one_of_the_area),
        cmocka_unit_test(ten_over_many_areas_are_one_of_the_city),
        cmocka_unit_test(ten_where_eight_are_usual_are_none),
        cmocka_unit_test(two_weeks_are_too_few_to_judge),
        cmocka_unit_test(what_an_area_s_own_surge_has_told_is_not_the_city_s),
        cmocka_unit_test(while_the_city_s_lasts_areas_begin_none),
        cmocka_unit_test(goes_on_once_an_hour_while_more_than_usual_comes),
        cmocka_unit_test(ends_when_its_time_is_over_and_may_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

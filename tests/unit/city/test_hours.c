/* Working hours of a pack: what its files say, what is refused in them, and sums one can do by hand. */
#include "base/clock.h"
#include "city/city_route.h"
#include "city/hours.h"
#include "tests/unit/city/pack_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct pack_rig rig;
static struct city *city;

static const char hours_csv[] = "schedule,valid_from,valid_to,days,hours\n"
                                "default,,,saturday-wednesday,07:00-13:00 14:00-16:00\n"
                                "default,,,thursday,07:00-12:00\n"
                                "default,1404-12-01,1404-12-10,saturday-wednesday,09:00-13:00\n"
                                "always,,,all holidays,00:00-24:00\n"
                                "night,,,all,00:00-06:00 22:00-24:00\n";

static const char units_csv[] = "key,kind,name_fa,name_en,parent,hours\n"
                                "centre,centre,مرکز,Centre,,always\n"
                                "district-1,district,منطقه ۱,District 1,,night\n"
                                "district-2,district,منطقه ۲,District 2,,\n"
                                "district-1-civil,office,عمران ۱,Civil 1,district-1,\n"
                                "district-2-civil,office,عمران ۲,Civil 2,district-2,\n"
                                "bus,company,اتوبوس,Bus,,\n";

static int set_up(void **state)
{
    (void)state;
    pack_rig_init(&rig);
    pack_rig_write(&rig, "hours.csv", hours_csv);
    pack_rig_write(&rig, "holidays.csv",
                   "date,kind,name_fa,name_en\n1404-12-29,solar,ملی شدن نفت,Oil\n"
                   "1404-12-20,lunar,شهادت,Martyrdom\n");
    pack_rig_write(&rig, "units.csv", units_csv);
    city = pack_rig_load(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    city_free(city);
    pack_rig_fini(&rig);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t us;
    assert_int_equal(civil_parse(city_civil(city), text, 0, "time", &us, NULL), STATUS_OK);
    return us;
}

static void expect_due(const char *unit, const char *from, int64_t minutes, const char *due)
{
    int64_t us;
    char text[32];
    struct error err = ERROR_NONE;
    if (hours_add(city_hours(city, unit), at(from), minutes * MINUTE_US, NULL, &us, &err) !=
        STATUS_OK) {
        fail_msg("%s", err.message);
    }
    civil_format(city_civil(city), us, text);
    assert_string_equal(text, due);
}

/* 1404-11-04 is a Saturday. */
static void hours_of_a_day_are_counted_with_their_break(void **state)
{
    (void)state;
    expect_due("bus", "1404-11-04 06:00", 60, "1404-11-04 08:00");
    expect_due("bus", "1404-11-04 08:00", 6 * 60, "1404-11-04 15:00");
    expect_due("bus", "1404-11-04 12:30", 0, "1404-11-04 12:30");
    expect_due("bus", "1404-11-04 20:00", 1, "1404-11-05 07:01");
}

static void time_is_up_at_the_end_of_a_day_not_in_the_morning_after(void **state)
{
    (void)state;
    expect_due("bus", "1404-11-04 07:00", 8 * 60, "1404-11-04 16:00");
    expect_due("bus", "1404-11-04 07:00", 8 * 60 + 1, "1404-11-05 07:01");
}

static void thursday_is_a_half_day_and_friday_none(void **state)
{
    (void)state;
    expect_due("bus", "1404-11-08 15:00", 60 + 5 * 60, "1404-11-09 12:00");
    expect_due("bus", "1404-11-08 15:00", 60 + 5 * 60 + 30, "1404-11-11 07:30");
}

static void holiday_does_not_count_and_hours_with_dates_go_first(void **state)
{
    (void)state;
    expect_due("bus", "1404-12-19 15:00", 120, "1404-12-21 08:00"); /* the 20th is a holiday */
    expect_due("bus", "1404-12-02 07:00", 4 * 60, "1404-12-02 13:00");
    expect_due("bus", "1404-12-02 07:00", 4 * 60 + 1, "1404-12-03 09:01");
    /* a day that the row with dates does not name */
    expect_due("bus", "1404-12-07 06:00", 60, "1404-12-07 08:00");
}

static void unit_without_hours_has_those_above_it_else_the_default(void **state)
{
    (void)state;
    assert_string_equal(city_hours(city, "district-1-civil")->key, "night");
    assert_string_equal(city_hours(city, "district-2-civil")->key, "default");
    assert_string_equal(city_hours(city, "unheard-of")->key, "default");
    assert_string_equal(city_hours(city, "centre")->key, "always");
    expect_due("district-1-civil", "1404-11-04 21:00", 3 * 60, "1404-11-05 01:00");
}

static void pack_without_hours_knows_the_wall_clock_only(void **state)
{
    (void)state;
    struct pack_rig plain;
    int64_t us;
    pack_rig_init(&plain);
    struct city *other = pack_rig_load(&plain);
    assert_null(city_hours(other, "bus"));
    assert_null(city_hours(other, "unheard-of"));
    assert_int_equal(hours_add(NULL, 5, HOUR_US, NULL, &us, NULL), STATUS_OK);
    assert_int_equal(us, 5 + HOUR_US);
    city_free(other);
    pack_rig_fini(&plain);
}

static void pauses_and_closures_do_not_count(void **state)
{
    (void)state;
    struct hours_gaps gaps = {0};
    int64_t us;
    assert_int_equal(hours_gaps_add(&gaps, at("1404-11-05 00:00"), at("1404-11-06 00:00"), NULL),
                     STATUS_OK);
    assert_int_equal(hours_gaps_add(&gaps, at("1404-11-04 09:00"), at("1404-11-04 10:00"), NULL),
                     STATUS_OK);
    assert_int_equal(hours_gaps_add(&gaps, at("1404-11-04 09:30"), at("1404-11-04 11:00"), NULL),
                     STATUS_OK);
    assert_int_equal(gaps.count, 2);
    assert_int_equal(
        hours_add(city_hours(city, "bus"), at("1404-11-04 08:00"), 7 * HOUR_US, &gaps, &us, NULL),
        STATUS_OK);
    assert_int_equal(us, at("1404-11-06 09:00"));
    int64_t between_us;
    assert_int_equal(hours_between(city_hours(city, "bus"), at("1404-11-04 08:00"),
                                   at("1404-11-06 09:00"), &gaps, &between_us, NULL),
                     STATUS_OK);
    assert_int_equal(between_us, 7 * HOUR_US);
}

static void too_many_gaps_are_refused_and_those_that_touch_are_one(void **state)
{
    (void)state;
    static struct hours_gaps gaps;
    gaps.count = 0;
    for (int i = 0; i < HOURS_GAPS_MAX; i++) {
        assert_int_equal(hours_gaps_add(&gaps, i * 10, i * 10 + 5, NULL), STATUS_OK);
    }
    struct error err = ERROR_NONE;
    assert_int_equal(hours_gaps_add(&gaps, -10, -5, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(err.field, "gaps");
    assert_int_equal(gaps.count, HOURS_GAPS_MAX);
    assert_int_equal(hours_gaps_add(&gaps, 5, 10, NULL), STATUS_OK);
    assert_int_equal(gaps.count, HOURS_GAPS_MAX - 1);
    assert_int_equal(hours_gaps_add(&gaps, 7, 7, NULL), STATUS_OK);
    assert_int_equal(gaps.count, HOURS_GAPS_MAX - 1);
}

static void what_is_never_done_is_out_of_range(void **state)
{
    (void)state;
    pack_rig_write(&rig, "hours.csv",
                   "schedule,valid_from,valid_to,days,hours\n"
                   "default,,,friday,closed\nalways,,,all,00:00-24:00\nnight,,,all,closed\n");
    struct city *closed = pack_rig_load(&rig);
    struct error err = ERROR_NONE;
    int64_t us = 77;
    assert_int_equal(hours_add(city_hours(closed, "bus"), at("1404-11-04"), 1, NULL, &us, &err),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(us, 77);
    assert_int_equal(hours_between(NULL, 0, INT64_MAX, NULL, &us, NULL), STATUS_OUT_OF_RANGE);
    assert_int_equal(hours_add(NULL, INT64_MAX - 5, 10, NULL, &us, NULL), STATUS_OUT_OF_RANGE);
    assert_int_equal(hours_add(NULL, 0, -1, NULL, &us, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(hours_add(city_hours(closed, "bus"), INT64_MIN, 10, NULL, &us, NULL),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(us, 77);
    assert_int_equal(hours_between(NULL, 10, 5, NULL, &us, NULL), STATUS_OK);
    assert_int_equal(us, 0);
    city_free(closed);
}

static void expect_hours_error(const char *row, const char *part)
{
    char text[1024];
    snprintf(text, sizeof(text), "%s%s\n", hours_csv, row);
    pack_rig_write(&rig, "hours.csv", text);
    pack_rig_expect_error(&rig, "hours.csv", 7, part);
}

static void mistakes_in_hours_are_told_with_their_line(void **state)
{
    (void)state;
    expect_hours_error("default,,,friday,7-13", "no span such as");
    expect_hours_error("default,,,friday,13:00-07:00", "no span such as");
    expect_hours_error("default,,,friday,22:00-24:01", "no span such as");
    expect_hours_error("default,,,friday,", "no hours are given");
    expect_hours_error("default,,,friday,07:00-09:00 08:00-10:00", "does not begin after");
    expect_hours_error("default,,,,closed", "no days are given");
    expect_hours_error("default,,,someday,closed", "none of saturday");
    expect_hours_error("default,,,thursday-friday,closed", "line 3 gives hours");
    expect_hours_error("default,1404-12-10,1404-12-20,sunday,closed", "line 4 gives hours");
    expect_hours_error("default,1404-12-10,,sunday,closed", "both given");
    expect_hours_error("default,1404-12-30,1405-01-02,sunday,closed", "is no date");
    expect_hours_error("default,today,1405-01-02,sunday,closed", "is no date");
    expect_hours_error("default,1405-01-02,1405-01-01,sunday,closed", "before valid_from");
    expect_hours_error(",,,friday,closed", "the key is empty");
    expect_hours_error("default,,,friday,01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00 "
                       "09:00-10:00 11:00-12:00 13:00-14:00",
                       "more than 6 spans");
}

static void schedule_that_is_missing_or_not_used_is_told(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "units.csv", "Bus,,", "Bus,,day");
    pack_rig_expect_error(&rig, "units.csv", 7, "\"day\" are no schedule");
    pack_rig_write(&rig, "units.csv", units_csv);
    pack_rig_replace(&rig, "units.csv", "night", "");
    pack_rig_expect_warning(&rig, "hours.csv", 6, "no unit and no rule has the hours \"night\"");
    pack_rig_write(&rig, "units.csv", units_csv);
    pack_rig_write(&rig, "hours.csv",
                   "schedule,valid_from,valid_to,days,hours\nalways,,,all,00:00-24:00\n"
                   "night,,,all,closed\n");
    pack_rig_expect_error(&rig, "hours.csv", 0, "no schedule \"default\"");
}

static void mistakes_in_holidays_are_told_with_their_line(void **state)
{
    (void)state;
    static const char head[] = "date,kind,name_fa,name_en\n";
    char text[256];
    snprintf(text, sizeof(text), "%s1404-13-01,solar,عید,\n", head);
    pack_rig_write(&rig, "holidays.csv", text);
    pack_rig_expect_error(&rig, "holidays.csv", 2, "is no date");
    snprintf(text, sizeof(text), "%s1404-12-01,civil,عید,\n", head);
    pack_rig_write(&rig, "holidays.csv", text);
    pack_rig_expect_error(&rig, "holidays.csv", 2, "none of solar");
    snprintf(text, sizeof(text), "%s1404-12-01,solar,,x\n", head);
    pack_rig_write(&rig, "holidays.csv", text);
    pack_rig_expect_error(&rig, "holidays.csv", 2, "name_fa is empty");
    snprintf(text, sizeof(text), "%s1404-12-01,solar,یک,\n1404-12-01,solar,دو,\n", head);
    pack_rig_write(&rig, "holidays.csv", text);
    pack_rig_expect_error(&rig, "holidays.csv", 0, "two rows have the date");
}

static void holidays_without_hours_are_told(void **state)
{
    (void)state;
    pack_rig_remove(&rig, "hours.csv");
    pack_rig_expect_error(&rig, "units.csv", 2, "no schedule of hours.csv");
    pack_rig_write(&rig, "units.csv",
                   "key,kind,name_fa,name_en,parent\ncentre,centre,مرکز,Centre,\n"
                   "district-1,district,منطقه ۱,District 1,\ndistrict-2,district,منطقه ۲,,\n"
                   "district-1-civil,office,عمران ۱,Civil 1,district-1\n"
                   "district-2-civil,office,عمران ۲,Civil 2,district-2\nbus,company,اتوبوس,,\n");
    pack_rig_expect_warning(&rig, "holidays.csv", 0, "has no effect");
}

/* --- levels and the ladder --- */

static const char levels_csv[] = "key,due_hours,urgent_hours,respond_hours,warn_share,clock\n"
                                 "normal,16,4,8,75,working\ndanger,4,2,,,wall\nslow,360,,,,\n";

static const char ladder_csv[] = "level,kind,step,after_percent,after_hours,role,name_fa,name_en\n"
                                 "danger,*,1,,1,duty,کشیک,Duty\n"
                                 "*,office,1,100,,head,رئیس,Head\n"
                                 "*,office,2,150,,district,مدیر,District\n"
                                 "*,*,1,200,,inspection,بازرسی,Inspection\n";

static void level_says_which_hours_count_and_when_the_unit_is_warned(void **state)
{
    (void)state;
    struct city_route route;
    struct city_request request = {.topic = "asphalt", .area = "1", .neighbourhood = ""};
    pack_rig_write(&rig, "levels.csv", levels_csv);
    struct city *other = pack_rig_load(&rig);
    city_route(other, &request, &route);
    assert_true(route.working);
    assert_int_equal(route.due_hours, 16);
    assert_int_equal(route.respond_hours, 8);
    assert_int_equal(route.warn_percent, 75);
    request.urgent = true;
    city_route(other, &request, &route);
    assert_false(route.working); /* urgent: every hour */
    assert_int_equal(route.due_hours, 4);
    assert_int_equal(route.respond_hours, 4); /* not later than it is due */
    city_free(other);
}

static void mistakes_in_levels_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *row, *part;
    } wrong[] = {
        {"x,16,,,,office", "none of working, wall"},  {"x,9000,,,,working", "working hours"},
        {"x,16,,17,,working", "more than due_hours"}, {"x,16,,,100,working", "warn_share"},
        {"x,16,,many,,working", "respond_hours"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s%s\n", levels_csv, wrong[i].row);
        pack_rig_write(&rig, "levels.csv", text);
        pack_rig_expect_error(&rig, "levels.csv", 5, wrong[i].part);
    }
    struct pack_rig plain;
    pack_rig_init(&plain);
    pack_rig_write(&plain, "levels.csv", levels_csv);
    pack_rig_expect_error(&plain, "levels.csv", 2, "has no hours.csv");
    pack_rig_fini(&plain);
}

static void ladder_is_that_of_the_first_row_that_fits(void **state)
{
    (void)state;
    pack_rig_remove(&rig, "ladder.csv");
    struct city *other = pack_rig_load(&rig);
    assert_null(city_ladder(other, "normal", "bus", 1));
    city_free(other);
    pack_rig_write(&rig, "ladder.csv", ladder_csv);
    other = pack_rig_load(&rig);
    assert_string_equal(city_ladder(other, "normal", "district-1-civil", 1)->role, "head");
    assert_int_equal(city_ladder(other, "normal", "district-1-civil", 2)->after_percent, 150);
    assert_null(city_ladder(other, "normal", "district-1-civil", 3));
    assert_string_equal(city_ladder(other, "normal", "bus", 1)->role, "inspection");
    assert_null(city_ladder(other, "normal", "bus", 2));
    assert_int_equal(city_ladder(other, "danger", "district-1-civil", 1)->after_hours, 1);
    assert_null(city_ladder(other, "danger", "district-1-civil", 2));
    assert_string_equal(city_ladder(other, "normal", "unheard-of", 1)->role, "inspection");
    assert_string_equal(city_role(other, "head", "district-1-civil")->name_en, "Head");
    assert_string_equal(city_role(other, "duty", "unheard-of")->name_fa, "کشیک");
    assert_null(city_role(other, "mayor", "bus"));
    city_free(other);
}

/* The unit that the ladder names, else the nearest from the task's own upward that the role leads. */
static void a_step_is_told_to_the_unit_of_whose_role_it_is(void **state)
{
    (void)state;
    static const char units[] = "key,kind,name_fa,name_en,parent,leader\n"
                                "centre,centre,مرکز,Centre,,\n"
                                "district-1,district,منطقه ۱,District 1,,district\n"
                                "district-2,district,منطقه ۲,District 2,,\n"
                                "district-1-civil,office,عمران ۱,Civil 1,district-1,head\n"
                                "district-2-civil,office,عمران ۲,Civil 2,district-2,head\n"
                                "bus,company,اتوبوس,Buses,,\n"
                                "power,outside,برق,Power,,\n";
    static const char ladder[] =
        "level,kind,step,after_percent,after_hours,role,name_fa,name_en,unit\n"
        "*,office,1,100,,head,رئیس,Head,\n"
        "*,office,2,150,,district,مدیر,District,\n"
        "*,office,3,200,,mayor,شهردار,Mayor,centre\n"
        "*,office,4,250,,council,شورا,Council,\n";
    static const struct {
        uint32_t step;
        const char *unit, *told;
    } steps[] = {
        {1, "district-1-civil", "district-1-civil"},
        {2, "district-1-civil", "district-1"},
        {2, "district-2-civil", ""},
        {3, "district-2-civil", "centre"},
        {4, "district-1-civil", ""},
    };
    pack_rig_write(&rig, "units.csv", units);
    pack_rig_write(&rig, "ladder.csv", ladder);
    struct city *other = pack_rig_load(&rig);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const struct city_step *step = city_ladder(other, "normal", steps[i].unit, steps[i].step);
        assert_non_null(step);
        assert_string_equal(city_step_unit(other, step, steps[i].unit, 0), steps[i].told);
    }
    city_free(other);
    char text[1024];
    snprintf(text, sizeof(text), "%s%s\n", ladder, "*,*,1,100,,head,رئیس,,nowhere");
    pack_rig_write(&rig, "ladder.csv", text);
    pack_rig_expect_error(&rig, "ladder.csv", 6, "not in units.csv");
    snprintf(text, sizeof(text), "%s%s\n", ladder, "*,*,1,100,,head,رئیس,,power");
    pack_rig_write(&rig, "ladder.csv", text);
    pack_rig_expect_error(&rig, "ladder.csv", 6, "outside the city");
}

static void mistakes_in_the_ladder_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *row, *part;
    } wrong[] = {
        {"nothing,*,1,100,,head,رئیس,", "not in levels.csv"},
        {"slow,desk,1,100,,head,رئیس,", "no kind of a unit"},
        {"slow,*,1,,,head,رئیس,", "one of the two"},
        {"slow,*,1,100,2,head,رئیس,", "one of the two"},
        {"slow,*,2,100,,head,رئیس,", "numbered 1, 2, 3"},
        {"*,office,1,100,,head,رئیس,", "have steps on line 3"},
        {"*,*,2,200,,head,رئیس,", "comes later"},
        {"*,*,2,,9,head,رئیس,", "all steps of a ladder"},
        {"slow,*,1,99,,head,رئیس,", "after_percent"},
        {"slow,*,1,100,,head,,", "name_fa is empty"},
        {"slow,*,1,100,,,رئیس,", "the key is empty"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "%s%s\n", ladder_csv, wrong[i].row);
        pack_rig_write(&rig, "ladder.csv", text);
        pack_rig_expect_error(&rig, "ladder.csv", 6, wrong[i].part);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(hours_of_a_day_are_counted_with_their_break),
        TEST(time_is_up_at_the_end_of_a_day_not_in_the_morning_after),
        TEST(thursday_is_a_half_day_and_friday_none),
        TEST(holiday_does_not_count_and_hours_with_dates_go_first),
        TEST(unit_without_hours_has_those_above_it_else_the_default),
        TEST(pack_without_hours_knows_the_wall_clock_only),
        TEST(pauses_and_closures_do_not_count),
        TEST(too_many_gaps_are_refused_and_those_that_touch_are_one),
        TEST(what_is_never_done_is_out_of_range),
        TEST(mistakes_in_hours_are_told_with_their_line),
        TEST(schedule_that_is_missing_or_not_used_is_told),
        TEST(mistakes_in_holidays_are_told_with_their_line),
        TEST(holidays_without_hours_are_told),
        TEST(level_says_which_hours_count_and_when_the_unit_is_warned),
        TEST(mistakes_in_levels_are_told_with_their_line),
        TEST(ladder_is_that_of_the_first_row_that_fits),
        TEST(a_step_is_told_to_the_unit_of_whose_role_it_is),
        TEST(mistakes_in_the_ladder_are_told_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The directory of bodies through time. */
#include "tests/unit/city/pack_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "key,kind,name_fa,name_en,parent,valid_from,valid_to,leader,stand_in\n"
#define REST                                                                                       \
    "district-1,district,منطقه ۱,District 1,,,,district-mayor,\n"                            \
    "district-2,district,منطقه ۲,District 2,,,,,\n"                                          \
    "district-1-civil,office,عمران ۱,Civil 1,district-1,,,,\n"                               \
    "district-2-civil,office,عمران ۲,Civil 2,district-2,,,,\n"

static struct pack_rig rig;

static int set_up(void **state)
{
    (void)state;
    pack_rig_init(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pack_rig_fini(&rig);
    return 0;
}

/* Behind line 1 and the centre: lines 7 and 8 are the test's. */
static void write_units(const char *bus, const char *other)
{
    char text[2048];
    snprintf(text, sizeof(text), "%scentre,centre,مرکز,Centre,,,,,\n%s%s%s", HEAD, REST, bus,
             other);
    pack_rig_write(&rig, "units.csv", text);
}

static int64_t at(const struct city *city, const char *text)
{
    int64_t us = 0;
    struct error err;
    if (civil_parse(city_civil(city), text, 0, "at", &us, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return us;
}

static void expect_charge(const struct city *city, const char *unit, const char *time,
                          const char *expected)
{
    assert_string_equal(city_unit_in_charge(city, unit, at(city, time)), expected);
}

static void a_unit_has_its_work_between_its_days_and_the_stand_in_has_it_else(void **state)
{
    (void)state;
    write_units("bus,company,اتوبوس,Bus,,1404-01-01,1405-06-31,,metro\n",
                "metro,company,مترو,Metro,,,2027-03-20,head-of-metro,district-1\n");
    struct city *city = pack_rig_load(&rig);
    expect_charge(city, "bus", "1403-12-30 23:59", "metro");
    expect_charge(city, "bus", "1404-01-01 00:00", "bus");
    expect_charge(city, "bus", "1405-06-31 23:59", "bus"); /* the last day is one, too */
    expect_charge(city, "bus", "1405-07-01 00:00", "metro");
    expect_charge(city, "bus", "2027-03-21 12:00", "district-1");
    expect_charge(city, "district-2", "1405-07-01 00:00", "district-2");
    expect_charge(city, "nobody-knows-it", "1405-07-01 00:00", "nobody-knows-it");
    assert_string_equal(city_unit(city, "metro")->leader, "head-of-metro");
    assert_string_equal(city_unit(city, "district-1")->leader, "district-mayor");
    city_free(city);
}

static void without_a_stand_in_the_coordinator_has_the_work(void **state)
{
    (void)state;
    write_units("bus,company,اتوبوس,Bus,,,1405-06-31,,\n", "");
    struct city *city = pack_rig_load(&rig);
    expect_charge(city, "bus", "1405-06-30 10:00", "bus");
    expect_charge(city, "bus", "1405-07-01 10:00", "centre");
    city_free(city);
}

static void older_packs_have_units_without_dates(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    expect_charge(city, "bus", "1300-01-01 10:00", "bus");
    assert_string_equal(city_unit(city, "bus")->leader, "");
    city_free(city);
}

static void what_cannot_be_is_told_by_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *bus, *other;
        int line;
        const char *part;
    } cases[] = {
        {"bus,company,اتوبوس,Bus,,,1405-06-31,,nobody\n", "", 7, "\"nobody\" is not a unit"},
        {"bus,company,اتوبوس,Bus,,,1405-06-31,,bus\n", "", 7, "circle"},
        {"bus,company,اتوبوس,Bus,,,1405-06-31,,metro\n",
         "metro,company,مترو,Metro,,,1405-06-31,,bus\n", 8, "circle"},
        {"bus,company,اتوبوس,Bus,,1405-06-31,1405-06-30,,\n", "", 7, "before valid_from"},
        {"bus,company,اتوبوس,Bus,,1405-13-01,,,\n", "", 7, "no date"},
        {"bus,outside,اتوبوس,Bus,,,1405-06-31,,\n", "", 7, "outside the city has no dates"},
        {"bus,company,اتوبوس,Bus,,,1405-06-31,,power\n", "power,outside,برق,Power,,,,,\n", 7,
         "nobody's stand-in"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_units(cases[i].bus, cases[i].other);
        pack_rig_expect_error(&rig, "units.csv", cases[i].line, cases[i].part);
    }
    write_units("bus,company,اتوبوس,Bus,,,,,\n", "");
    pack_rig_replace(&rig, "units.csv", "centre,centre,مرکز,Centre,,,,,",
                     "centre,centre,مرکز,Centre,,1405-01-01,,,");
    pack_rig_expect_error(&rig, "units.csv", 2, "the coordinator has no dates");
}

/* It is named long before the unit gets dates: nothing is wrong then. */
static void a_stand_in_may_be_named_before_there_are_dates(void **state)
{
    (void)state;
    write_units("bus,company,اتوبوس,Bus,,,,,district-1\n", "");
    pack_rig_check(&rig);
    assert_int_equal(rig.found, 1); /* this pack has no urgent desks */
    struct city *city = pack_rig_load(&rig);
    expect_charge(city, "bus", "1405-07-01 10:00", "bus");
    city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_unit_has_its_work_between_its_days_and_the_stand_in_has_it_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stand_in_may_be_named_before_there_are_dates, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_stand_in_the_coordinator_has_the_work, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(older_packs_have_units_without_dates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_told_by_its_line, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

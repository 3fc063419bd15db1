/* Look-ups, routing and the digest of a loaded pack. */
#include "tests/unit/city/pack_rig.h"

#include "city/city_route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

static void expect_route(const struct city *city, const char *topic, const char *area, bool urgent,
                         const char *unit, const char *level, uint32_t due_hours, int rule_line)
{
    struct city_request request = {
        .topic = topic, .area = area, .neighbourhood = "", .urgent = urgent};
    struct city_route route;
    city_route(city, &request, &route);
    assert_string_equal(route.unit, unit);
    assert_string_equal(route.level, level);
    assert_int_equal(route.due_hours, due_hours);
    assert_int_equal(route.rule_line, rule_line);
}

static void gives_what_the_settings_say(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_string_equal(city_key(city), "small");
    assert_string_equal(city_name(city, "fa"), "شهر کوچک");
    assert_string_equal(city_name(city, "en"), "Small town");
    assert_string_equal(city_language(city), "fa");
    assert_string_equal(city_coordinator(city), "centre");
    assert_non_null(city_civil(city));
    assert_string_equal(city_phone_plan(city)->country, "98");
    assert_string_equal(city_phone_plan(city)->mobile[0], "9");
    assert_int_equal(city_phone_plan(city)->local_digits, 8);
    assert_int_equal(city_callback(city)->first_delay_minutes, 60);
    assert_int_equal(city_callback(city)->lease_minutes, 10);
    assert_int_equal(city_life(city)->reopens_max, 2); /* nothing said */
    assert_int_equal(city_life(city)->returns_max, 3);
    assert_int_equal(city_life(city)->pause_days_max, 366);
    city_free(city);
}

static void reads_how_often_a_task_comes_back(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "city.ini", "[callback]",
                     "[routing]\nreturns_max = 7\nreopens_max = 0\n\n[callback]");
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_life(city)->reopens_max, 0);
    assert_int_equal(city_life(city)->returns_max, 7);
    city_free(city);
}

static void reads_how_long_a_task_may_wait(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "city.ini", "[callback]",
                     "[routing]\npause_days_max = 14\n\n[callback]");
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_life(city)->pause_days_max, 14);
    assert_int_equal(city_life(city)->returns_max, 3); /* nothing said */
    city_free(city);
    pack_rig_replace(&rig, "city.ini", "= 14", "= 0");
    pack_rig_expect_error(&rig, "city.ini", 19, "\"pause_days_max\"");
    pack_rig_replace(&rig, "city.ini", "pause_days_max = 0", "pause_days_max = 367");
    pack_rig_expect_error(&rig, "city.ini", 19, "\"pause_days_max\"");
}

static void reads_how_much_a_storm_allows(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_storm(city)->due_percent, CITY_STORM_PERCENT); /* nothing said */
    assert_int_equal(city_storm(city)->respond_percent, CITY_STORM_PERCENT);
    city_free(city);
    pack_rig_replace(&rig, "city.ini", "[callback]", "[storm]\ndue_percent = 350\n\n[callback]");
    city = pack_rig_load(&rig);
    assert_int_equal(city_storm(city)->due_percent, 350);
    assert_int_equal(city_storm(city)->respond_percent, CITY_STORM_PERCENT);
    city_free(city);
    pack_rig_replace(&rig, "city.ini", "due_percent = 350", "due_percent = 99");
    pack_rig_expect_error(&rig, "city.ini", 19, "\"due_percent\"");
}

static void reads_when_more_is_asked_for_than_is_usual(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_surge(city)->requests, CITY_SURGE_REQUESTS); /* nothing said */
    assert_int_equal(city_surge(city)->weeks, CITY_SURGE_WEEKS);
    assert_int_equal(city_surge(city)->one_in, CITY_SURGE_ONE_IN);
    city_free(city);
    pack_rig_replace(&rig, "city.ini", "[callback]",
                     "[surge]\nrequests = 25\none_in = 1000\n\n[callback]");
    city = pack_rig_load(&rig);
    assert_int_equal(city_surge(city)->requests, 25);
    assert_int_equal(city_surge(city)->weeks, CITY_SURGE_WEEKS);
    assert_int_equal(city_surge(city)->one_in, 1000);
    city_free(city);
    pack_rig_replace(&rig, "city.ini", "requests = 25", "requests = 1");
    pack_rig_expect_error(&rig, "city.ini", 19, "\"requests\"");
}

static void knows_who_is_told_of_danger_where_the_pack_says_so(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "city.ini", "[urgent]\nack_minutes = 10\n", "");
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_acknowledge_minutes(city), 0);
    assert_string_equal(city_unit(city, "bus")->urgent_desk, "");
    assert_string_equal(city_topic(city, "collapse")->emergency, "");
    city_free(city);
    pack_rig_replace(&rig, "city.ini", "[callback]", "[urgent]\nack_minutes = 7\n\n[callback]");
    pack_rig_write(&rig, "units.csv",
                   "key,kind,name_fa,name_en,parent,urgent_desk\n"
                   "centre,centre,مرکز,Centre,,\n"
                   "district-1,district,منطقه ۱,District 1,,کشیک\n"
                   "district-2,district,منطقه ۲,District 2,,\n"
                   "district-1-civil,office,عمران ۱,Civil 1,,\n"
                   "bus,company,اتوبوس,Bus,,\n");
    pack_rig_write(&rig, "topics.csv",
                   "key,name_fa,name_en,group,level,urgent,emergency\n"
                   "asphalt,آسفالت,Asphalt,civil,normal,no,\n"
                   "bus-headway,سرفاصله,Headway,bus,normal,no,\n"
                   "collapse,فروریزش,Collapse,civil,danger,yes,125\n");
    city = pack_rig_load(&rig);
    assert_int_equal(city_acknowledge_minutes(city), 7);
    assert_string_equal(city_unit(city, "district-1")->urgent_desk, "کشیک");
    assert_string_equal(city_unit(city, "bus")->urgent_desk, "");
    assert_string_equal(city_topic(city, "collapse")->emergency, "125");
    assert_string_equal(city_topic(city, "asphalt")->emergency, "");
    city_free(city);
}

static void finds_listed_keys_and_no_others(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_unit_count(city), 6);
    assert_int_equal(city_topic_count(city), 3);
    assert_int_equal(city_area_count(city), 2);
    for (size_t i = 0; i < city_unit_count(city); i++) {
        assert_ptr_equal(city_unit(city, city_unit_at(city, i)->key), city_unit_at(city, i));
    }
    for (size_t i = 0; i < city_topic_count(city); i++) {
        assert_ptr_equal(city_topic(city, city_topic_at(city, i)->key), city_topic_at(city, i));
    }
    for (size_t i = 0; i < city_area_count(city); i++) {
        assert_ptr_equal(city_area(city, city_area_at(city, i)->key), city_area_at(city, i));
    }
    assert_string_equal(city_unit(city, "district-2-civil")->parent, "district-2");
    assert_string_equal(city_unit(city, "bus")->kind, "company");
    assert_true(city_topic(city, "collapse")->urgent);
    assert_string_equal(city_topic(city, "asphalt")->group, "civil");
    assert_int_equal(city_level(city, "danger")->urgent_hours, 2);
    assert_null(city_unit(city, ""));
    assert_null(city_unit(city, "district-3"));
    assert_null(city_topic(city, "Asphalt"));
    assert_null(city_area(city, "01"));
    assert_null(city_level(city, "none"));
    city_free(city);
}

static void routes_by_the_first_rule_that_matches(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    expect_route(city, "bus-headway", "1", false, "bus", "slow", 360, 2);
    expect_route(city, "asphalt", "2", true, "district-2", "normal", 4, 3);
    expect_route(city, "asphalt", "2", false, "district-2-civil", "normal", 168, 4);
    expect_route(city, "unheard-of", "1", false, "district-1", "", 0, 6);
    expect_route(city, "unheard-of", "", false, "centre", "normal", 168, 7);
    city_free(city);
}

static void area_in_a_unit_matches_only_where_that_unit_exists(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    expect_route(city, "asphalt", "1", false, "district-1-civil", "normal", 168, 4);
    expect_route(city, "asphalt", "", false, "centre", "normal", 168, 7);
    expect_route(city, "asphalt", "99", false, "centre", "normal", 168, 7);
    char long_area[200];
    memset(long_area, '1', sizeof(long_area) - 1);
    long_area[sizeof(long_area) - 1] = '\0';
    expect_route(city, "asphalt", long_area, false, "centre", "normal", 168, 7);
    city_free(city);
}

static void topic_that_is_always_urgent_is_urgent_whatever_the_caller_says(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    expect_route(city, "collapse", "2", false, "district-2-civil", "danger", 2, 5);
    city_free(city);
}

static void urgent_hours_that_are_not_given_are_the_due_hours(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    expect_route(city, "bus-headway", "", true, "bus", "slow", 360, 2);
    city_free(city);
}

static void digest_changes_with_any_file_and_only_then(void **state)
{
    (void)state;
    struct city *first = pack_rig_load(&rig);
    struct city *again = pack_rig_load(&rig);
    assert_int_equal(city_digest(first).size, 32);
    assert_true(bytes_equal(city_digest(first), city_digest(again)));
    city_free(again);

    pack_rig_write(&rig, "README.md", "for people");
    again = pack_rig_load(&rig);
    assert_true(bytes_equal(city_digest(first), city_digest(again)));
    city_free(again);

    pack_rig_replace(&rig, "imports/export.ini", "oldsystem", "othersystem");
    again = pack_rig_load(&rig);
    assert_false(bytes_equal(city_digest(first), city_digest(again)));
    city_free(again);
    city_free(first);
}

static void keys_may_be_any_text(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "topics.csv", "asphalt,", "\"Trash, Bulk & \"\"Other\"\" / آشغال\",");
    pack_rig_write(&rig, "rules.csv",
                   "topic,area,urgent,unit,level\n"
                   "\"Trash, Bulk & \"\"Other\"\" / آشغال\",*,*,bus,\n*,*,*,centre,\n");
    struct city *city = pack_rig_load(&rig);
    expect_route(city, "Trash, Bulk & \"Other\" / آشغال", "", false, "bus", "normal", 168, 2);
    city_free(city);
}

static void name_in_the_other_language_stands_in_for_an_empty_one(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "units.csv", "اتوبوس,Bus", "اتوبوس,");
    struct city *city = pack_rig_load(&rig);
    assert_string_equal(city_unit(city, "bus")->name_en, "اتوبوس");
    city_free(city);
}

static void folder_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    assert_int_equal(city_load(&city, "/tmp/vafa-no-such-pack", &err), STATUS_NOT_FOUND);
    assert_null(city);
    assert_non_null(strstr(err.message, "/tmp/vafa-no-such-pack"));
    struct city_finding finding;
    assert_int_equal(city_check("/tmp/vafa-no-such-pack", &finding, 1), 1);
    assert_true(finding.is_error);
    city_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_what_the_settings_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_how_often_a_task_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_how_long_a_task_may_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_how_much_a_storm_allows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_when_more_is_asked_for_than_is_usual, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(knows_who_is_told_of_danger_where_the_pack_says_so, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(finds_listed_keys_and_no_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(routes_by_the_first_rule_that_matches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(area_in_a_unit_matches_only_where_that_unit_exists, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            topic_that_is_always_urgent_is_urgent_whatever_the_caller_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(urgent_hours_that_are_not_given_are_the_due_hours, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(digest_changes_with_any_file_and_only_then, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys_may_be_any_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(name_in_the_other_language_stands_in_for_an_empty_one,
                                        set_up, tear_down),
        cmocka_unit_test(folder_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

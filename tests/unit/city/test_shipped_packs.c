/* The packs of deploy/cities are free of errors and route as their pages say. */
#include "city/city_route.h"
#include "city/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PACKS VAFA_SOURCE_DIR "/deploy/cities/"

static struct city *load(const char *folder)
{
    struct city_finding findings[64];
    size_t found = city_check(folder, findings, 64);
    for (size_t i = 0; i < found && i < 64; i++) {
        if (findings[i].is_error) {
            fail_msg("%s:%d: %s", findings[i].file, findings[i].line, findings[i].message);
        }
    }
    assert_true(found <= 64);
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    if (city_load(&city, folder, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return city;
}

static void expect_unit(const struct city *city, const char *topic, const char *area, bool urgent,
                        const char *unit, uint32_t due_hours)
{
    struct city_request request = {
        .topic = topic, .area = area, .neighbourhood = "", .urgent = urgent};
    struct city_route route;
    city_route(city, &request, &route);
    assert_string_equal(route.unit, unit);
    assert_int_equal(route.due_hours, due_hours);
}

static void isfahan_routes_to_desks_companies_and_the_centre(void **state)
{
    (void)state;
    struct city *city = load(PACKS "isfahan");
    assert_string_equal(city_key(city), "isfahan");
    assert_string_equal(city_coordinator(city), "centre-137");
    assert_int_equal(city_area_count(city), 15);
    expect_unit(city, "asphalt", "5", false, "district-5-civil", 42);
    expect_unit(city, "asphalt", "", false, "deputy-civil", 42);
    expect_unit(city, "cleaning", "15", false, "district-15-urban-services", 15);
    expect_unit(city, "broken-branch", "3", false, "district-3-green-space", 2);
    expect_unit(city, "bus-headway", "5", false, "bus-company", 15);
    expect_unit(city, "bus-condition", "", false, "bus-company", 15);
    expect_unit(city, "blocked-pavement", "7", false, "district-7-enforcement", 15);
    expect_unit(city, "water-cut", "1", false, "water-company", 0);
    expect_unit(city, "unheard-of", "9", false, "district-9", 15);
    expect_unit(city, "unheard-of", "9", true, "district-9-urban-services", 2);
    expect_unit(city, "unheard-of", "", true, "deputy-urban-services", 2);
    expect_unit(city, "unheard-of", "", false, "centre-137", 15);
    assert_non_null(city_topic(city, "lighting"));
    assert_true(city_topic(city, "flooding")->urgent);
    assert_string_equal(city_unit(city, "district-15-civil")->parent, "district-15");
    city_free(city);
}

static void isfahan_s_phone_numbers_are_those_of_iran(void **state)
{
    (void)state;
    struct city *city = load(PACKS "isfahan");
    const struct phone_plan *plan = city_phone_plan(city);
    struct phone_plan iran = phone_plan_iran();
    assert_string_equal(plan->country, iran.country);
    assert_string_equal(plan->trunk, iran.trunk);
    assert_string_equal(plan->area, iran.area);
    assert_int_equal(plan->local_digits, iran.local_digits);
    assert_int_equal(plan->national_digits_min, iran.national_digits_min);
    assert_int_equal(plan->national_digits_max, iran.national_digits_max);
    assert_int_equal(plan->mobile_count, iran.mobile_count);
    assert_int_equal(plan->refused_count, iran.refused_count);
    assert_memory_equal(plan->mobile, iran.mobile, sizeof(iran.mobile));
    assert_memory_equal(plan->refused, iran.refused, sizeof(iran.refused));
    city_free(city);
}

static int32_t day_of(const struct city *city, const char *date)
{
    int64_t us = 0;
    struct error err = ERROR_NONE;
    assert_int_equal(civil_parse(city_civil(city), date, 0, "date", &us, &err), STATUS_OK);
    return civil_day(city_civil(city), us);
}

static void isfahan_s_holidays_of_1405_are_those_of_the_published_calendar(void **state)
{
    (void)state;
    static const struct {
        const char *date, *name_en;
    } published[] = {
        {"1405-01-01", "Nowruz; Eid al-Fitr"},
        {"1405-01-25", "Martyrdom of Imam Sadiq"},
        {"1405-03-06", "Eid al-Adha"},
        {"1405-03-14", "Demise of Imam Khomeini; Eid al-Ghadir"},
        {"1405-03-15", "15 Khordad uprising"},
        {"1405-04-03", "Tasua"},
        {"1405-04-04", "Ashura"},
        {"1405-05-13", "Arbaeen"},
        {"1405-05-21", "Demise of the Prophet; martyrdom of Imam Hasan"},
        {"1405-05-22", "Martyrdom of Imam Reza"},
        {"1405-05-30", "Martyrdom of Imam Hasan Askari"},
        {"1405-06-08", "Birth of the Prophet and of Imam Sadiq"},
        {"1405-08-22", "Martyrdom of Fatima"},
        {"1405-10-02", "Birth of Imam Ali; Father's Day"},
        {"1405-10-16", "Mabath"},
        {"1405-11-04", "Mid-Shaban"},
        {"1405-12-09", "Martyrdom of Imam Ali"},
        {"1405-12-19", "Eid al-Fitr"},
    };
    struct city *city = load(PACKS "isfahan");
    const struct hours *hours = city_hours(city, "district-5-civil");
    int32_t first = day_of(city, "1405-01-01"), last = day_of(city, "1405-12-29");
    size_t days = 0;
    for (size_t i = 0; i < hours->holiday_count; i++) {
        days += hours->holidays[i].day >= first && hours->holidays[i].day <= last;
    }
    assert_int_equal(days, 26);
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        int32_t day = day_of(city, published[i].date);
        size_t j = 0;
        while (j < hours->holiday_count && hours->holidays[j].day != day) {
            j++;
        }
        if (j == hours->holiday_count) {
            fail_msg("%s is no holiday", published[i].date);
        }
        assert_string_equal(hours->holidays[j].name_en, published[i].name_en);
    }
    city_free(city);
}

static void isfahan_s_lunar_holidays_are_predictions_only_while_no_calendar_is_out(void **state)
{
    (void)state;
    struct city *city = load(PACKS "isfahan");
    const struct hours *hours = city_hours(city, "district-5-civil");
    int32_t first_unpublished = day_of(city, "1406-01-01");
    size_t predicted = 0;
    for (size_t i = 0; i < hours->holiday_count; i++) {
        const struct hours_holiday *holiday = &hours->holidays[i];
        bool published = holiday->day < first_unpublished;
        assert_string_not_equal(holiday->kind, published ? "predicted" : "lunar");
        predicted += strcmp(holiday->kind, "predicted") == 0;
    }
    assert_true(predicted > 0);
    city_free(city);
}

static void every_topic_of_isfahan_has_a_unit_in_every_district(void **state)
{
    (void)state;
    struct city *city = load(PACKS "isfahan");
    for (size_t t = 0; t < city_topic_count(city); t++) {
        const struct city_topic *topic = city_topic_at(city, t);
        for (size_t a = 0; a < city_area_count(city); a++) {
            struct city_request request = {
                .topic = topic->key, .area = city_area_at(city, a)->key, .neighbourhood = ""};
            struct city_route route;
            city_route(city, &request, &route);
            const struct city_unit *unit = city_unit(city, route.unit);
            assert_non_null(unit);
            if (strcmp(unit->kind, "office") == 0) {
                char district[32];
                snprintf(district, sizeof(district), "district-%s", city_area_at(city, a)->key);
                assert_string_equal(unit->parent, district);
            }
        }
    }
    city_free(city);
}

static bool is_expected(const struct city_finding *finding)
{
    static const char *const files[] = {"areas.geojson",
                                        "neighbourhoods.csv"}; /* README.md of the pack */
    static const char *const parts[] = {"\"deputy-human-resources\", and it is no parent",
                                        "\"works-organisation\", and it is no parent"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        found = found || strcmp(finding->file, files[i]) == 0 ||
                strstr(finding->message, parts[i]) != NULL;
    }
    return found;
}

static void isfahan_has_no_warnings_but_those_its_page_tells(void **state)
{
    (void)state;
    struct city_finding findings[64];
    size_t found = city_check(PACKS "isfahan", findings, 64);
    assert_int_equal(found, 8);
    for (size_t i = 0; i < found; i++) {
        if (!is_expected(&findings[i])) {
            fail_msg("%s:%d: %s", findings[i].file, findings[i].line, findings[i].message);
        }
    }
}

/* By role; only who is outside the city is led by nobody here. */
static void every_body_of_isfahan_has_a_leader_and_every_desk_a_stand_in(void **state)
{
    (void)state;
    struct city *city = load(PACKS "isfahan");
    for (size_t i = 0; i < city_unit_count(city); i++) {
        const struct city_unit *unit = city_unit_at(city, i);
        bool is_outside = strcmp(unit->kind, "outside") == 0;
        assert_int_equal(unit->leader[0] == '\0', is_outside);
        if (strcmp(unit->kind, "office") == 0) {
            assert_string_equal(unit->stand_in, unit->parent);
        } else if (strcmp(unit->kind, "district") == 0) {
            assert_string_equal(unit->stand_in, "deputy-urban-services");
        }
    }
    city_free(city);
}

static void boston_routes_each_type_as_its_departments_did(void **state)
{
    (void)state;
    struct city *city = load(PACKS "boston-2011");
    assert_int_equal(city_topic_count(city), 129);
    assert_int_equal(city_unit_count(city), 11);
    assert_int_equal(city_area_count(city), 22);
    expect_unit(city, "Tree Emergencies", "17", true, "PARK", 24);
    expect_unit(city, "Schedule a Bulk Item Pickup", "", false, "PWDx", 48);
    expect_unit(city, "Unsatisfactory Living Conditions", "3", false, "ISD", 2880);
    expect_unit(city, "Heat - Excessive  Insufficient", "", false, "ISD", 720);
    expect_unit(city, "Missed Trash/Recycling/Yard Waste/Bulk Item", "", false, "PWDx", 48);
    expect_unit(city, "Something New", "1", false, "INFO", 0);
    assert_string_equal(city_name(city, "fa"), "Boston (2011)");
    city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isfahan_routes_to_desks_companies_and_the_centre),
        cmocka_unit_test(isfahan_s_phone_numbers_are_those_of_iran),
        cmocka_unit_test(isfahan_s_holidays_of_1405_are_those_of_the_published_calendar),
        cmocka_unit_test(isfahan_s_lunar_holidays_are_predictions_only_while_no_calendar_is_out),
        cmocka_unit_test(every_topic_of_isfahan_has_a_unit_in_every_district),
        cmocka_unit_test(isfahan_has_no_warnings_but_those_its_page_tells),
        cmocka_unit_test(every_body_of_isfahan_has_a_leader_and_every_desk_a_stand_in),
        cmocka_unit_test(boston_routes_each_type_as_its_departments_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

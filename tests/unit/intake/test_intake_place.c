/* The area of a request: given, by its point, by its neighbourhood; and what the log tells of it. */
#include "intake_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A place of Isfahan's pack. */
struct given {
    const char *area;
    double latitude; /* 0: no point */
    double longitude;
    const char *neighbourhood;
};

static const Intake__RequestRegistered *register_at(struct rig *rig, const struct given *given)
{
    Intake__RegisterCaseRequest request = desk_request();
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    point.latitude = given->latitude;
    point.longitude = given->longitude;
    place.point = given->latitude != 0 ? &point : NULL;
    place.area = (char *)(uintptr_t)given->area;
    place.neighbourhood = (char *)(uintptr_t)given->neighbourhood;
    place.landmark = "روبه‌روی مسجد";
    request.place = &place;
    (void)desk_register(rig, &request);
    return desk_registered(rig, rig_event_count(rig));
}

static void decides_an_empty_area_and_tells_how(void **state)
{
    static const struct {
        struct given given;
        const char *area;
        Intake__PlaceFound found;
        const char *point_area;
    } cases[] = {
        {{"5", 0, 0, ""}, "5", INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN, ""},
        {{"1", 32.65792, 51.65637, ""}, "1", INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN, ""},
        {{"5", 32.65792, 51.65637, ""}, "5", INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN, "1"},
        {{"5", 35.7, 51.4, ""}, "5", INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN, ""},
        {{"", 32.65792, 51.65637, ""}, "1", INTAKE__PLACE_FOUND__PLACE_FOUND_POINT, ""},
        {{"", 32.65792, 51.65637, "خوراسگان"}, "1", INTAKE__PLACE_FOUND__PLACE_FOUND_POINT, ""},
        {{"", 32.66274, 51.70175, ""}, "4", INTAKE__PLACE_FOUND__PLACE_FOUND_NEAR, ""},
        /* near a border the given one is not contradicted */
        {{"10", 32.66274, 51.70175, ""}, "10", INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN, ""},
        {{"", 0, 0, "خوراسگان"}, "15", INTAKE__PLACE_FOUND__PLACE_FOUND_NEIGHBOURHOOD, ""},
        {{"", 32.65, 51.94, "خوراسگان"}, "15", INTAKE__PLACE_FOUND__PLACE_FOUND_NEIGHBOURHOOD, ""},
        {{"", 35.7, 51.4, "ناکجا"}, "", INTAKE__PLACE_FOUND__PLACE_FOUND_NONE, ""},
        {{"", 0, 0, ""}, "", INTAKE__PLACE_FOUND__PLACE_FOUND_NONE, ""},
    };
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Intake__RequestRegistered *registered = register_at(rig, &cases[i].given);
        assert_string_equal(registered->place->area, cases[i].area);
        assert_int_equal(registered->place_found, cases[i].found);
        assert_string_equal(registered->point_area, cases[i].point_area);
        assert_string_equal(registered->place->landmark, "روبه‌روی مسجد");
        assert_string_equal(registered->place->neighbourhood, cases[i].given.neighbourhood);
    }
    rig_free(rig);
}

static void a_request_without_a_place_has_none(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    (void)desk_register(rig, &request);
    assert_null(desk_registered(rig, 1)->place);
    assert_int_equal(desk_registered(rig, 1)->place_found, INTAKE__PLACE_FOUND__PLACE_FOUND_NONE);
    rig_free(rig);
}

static void a_history_s_area_is_decided_too(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    (void)state;
    point.latitude = 32.65792;
    point.longitude = 51.65637;
    place.point = &point;
    history.occurred_at_us = rig_now_us(rig) - HOUR_US;
    request.history = &history;
    request.place = &place;
    (void)desk_import(rig, &request);
    assert_string_equal(desk_registered(rig, 1)->place->area, "1");
    place.area = "a ward of the past";
    request.idempotency_key = (ProtobufCBinaryData){0};
    (void)desk_import(rig, &request);
    assert_string_equal(desk_registered(rig, 2)->place->area, "a ward of the past");
    assert_string_equal(desk_registered(rig, 2)->point_area, "1");
    rig_free(rig);
}

static void keeps_line_stop_and_pole_as_they_were_given(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    place.line = "۱۲";
    place.direction = "میدان آزادی";
    place.stop = "دروازه شیراز";
    place.pole = "۱۷-ب";
    place.vehicle = "۴۰۵";
    request.place = &place;
    const Common__Place *kept = desk_get(rig, desk_register(rig, &request)->code)->case_data->place;
    assert_string_equal(kept->line, "۱۲");
    assert_string_equal(kept->direction, "میدان آزادی");
    assert_string_equal(kept->stop, "دروازه شیراز");
    assert_string_equal(kept->pole, "۱۷-ب");
    assert_string_equal(kept->vehicle, "۴۰۵");
    place.pole = "12345678901234567890123456789012345678901";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "pole");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_an_empty_area_and_tells_how),
        cmocka_unit_test(a_request_without_a_place_has_none),
        cmocka_unit_test(a_history_s_area_is_decided_too),
        cmocka_unit_test(keeps_line_stop_and_pole_as_they_were_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

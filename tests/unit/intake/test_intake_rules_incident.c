/* When two requests are about the same thing: places, times, and the cells that find them. */
#include "services/intake/intake_rules_incident.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct city_same usual = {.topic = "*", .metres = 50, .hours = 24, .kin = ""};

static struct incident_spot spot_at(double latitude, double longitude)
{
    return (struct incident_spot){.has_point = true, .latitude = latitude, .longitude = longitude};
}

/* Texts; NULL for none. */
static struct incident_spot spot_named(const char *thing, const char *street,
                                       const char *neighbourhood, const char *area)
{
    struct incident_spot spot;
    Common__Place place = COMMON__PLACE__INIT;
    place.thing = (char *)(uintptr_t)(thing != NULL ? thing : "");
    place.street = (char *)(uintptr_t)(street != NULL ? street : "");
    place.neighbourhood = (char *)(uintptr_t)(neighbourhood != NULL ? neighbourhood : "");
    place.area = (char *)(uintptr_t)(area != NULL ? area : "");
    assert_int_equal(incident_spot_of(&place, &spot, NULL), STATUS_OK);
    return spot;
}

static bool is_candidate(const struct incident_spot *a, const struct incident_spot *b)
{
    struct incident_likeness likeness;
    return incident_is_candidate(&usual, a, 0, b, 0, &likeness);
}

static void measures_along_the_surface(void **state)
{
    double degree = INCIDENT_EARTH_RADIUS_M * acos(-1.0) / 180;
    (void)state;
    assert_true(fabs(incident_distance_m(32, 51, 33, 51) - degree) < 1e-3);
    assert_true(fabs(incident_distance_m(0, 51, 0, 52) - degree) < 1e-3);
    assert_true(fabs(incident_distance_m(60, 0, 60, 1) - degree / 2) < 10);
    assert_true(fabs(incident_distance_m(0, 0, 0, 180) - degree * 180) < 1e-3);
    assert_true(incident_distance_m(32.65, 51.67, 32.65, 51.67) == 0);
    assert_true(fabs(incident_distance_m(10, 179.9999, 10, -179.9999) -
                     incident_distance_m(10, 0, 10, 0.0002)) < 1e-6);
}

static void compares_points_by_the_radius(void **state)
{
    struct incident_spot here = spot_at(32.65, 51.67);
    struct incident_spot near = spot_at(32.65 + 49 / 111195.0, 51.67);
    struct incident_spot far = spot_at(32.65 + 51 / 111195.0, 51.67);
    (void)state;
    assert_true(is_candidate(&here, &near));
    assert_false(is_candidate(&here, &far));
}

static void compares_times_by_the_window_in_both_directions(void **state)
{
    struct incident_spot here = spot_at(32.65, 51.67);
    struct incident_likeness likeness;
    int64_t now = 100 * 24 * HOUR_US;
    (void)state;
    assert_true(incident_is_candidate(&usual, &here, now, &here, now - 24 * HOUR_US, &likeness));
    assert_false(
        incident_is_candidate(&usual, &here, now, &here, now - 24 * HOUR_US - 1, &likeness));
    assert_true(incident_is_candidate(&usual, &here, now, &here, now + HOUR_US, &likeness));
    assert_false(incident_is_candidate(&usual, &here, now, &here, now + 25 * HOUR_US, &likeness));
}

static void a_topic_without_radius_or_window_has_no_candidates(void **state)
{
    struct incident_spot pole = spot_named("pole 12", NULL, NULL, NULL);
    struct incident_likeness likeness;
    struct city_same never = usual;
    (void)state;
    never.metres = 0;
    assert_false(incident_is_candidate(&never, &pole, 0, &pole, 0, &likeness));
    never = usual;
    never.hours = 0;
    assert_false(incident_is_candidate(&never, &pole, 0, &pole, 0, &likeness));
}

static void finds_the_same_thing_in_other_letters_and_digits(void **state)
{
    struct incident_spot persian = spot_named("تیر چراغ ۱۲", NULL, NULL, NULL);
    struct incident_spot arabic = spot_named(" تير  چراغ ١٢", NULL, NULL, NULL);
    struct incident_spot other = spot_named("تیر چراغ ۱۳", NULL, NULL, NULL);
    (void)state;
    assert_true(is_candidate(&persian, &arabic));
    assert_false(is_candidate(&persian, &other));
}

static void tells_poles_vehicles_lines_and_stops_apart(void **state)
{
    Common__Place places[6];
    struct incident_spot spots[6];
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        common__place__init(&places[i]);
    }
    places[0].pole = "۱۲";
    places[1].vehicle = "12";
    places[2].line = "12";
    places[3].stop = "12";
    places[4].thing = "12";
    places[5].pole = "12";
    places[5].thing = "the lamp at the corner"; /* the pole says more */
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(incident_spot_of(&places[i], &spots[i], NULL), STATUS_OK);
        assert_true(incident_spot_is_known(&spots[i]));
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(is_candidate(&spots[i], &spots[j]), i == 5 && j == 0);
        }
    }
}

static void a_direction_need_not_be_told_but_two_are_two_things(void **state)
{
    static const char *const directions[] = {"شمال", "شمال", "", "جنوب"};
    struct incident_spot spots[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        Common__Place place = COMMON__PLACE__INIT;
        place.line = "91";
        place.stop = "ایستگاه نمونه";
        place.direction = (char *)(uintptr_t)directions[i];
        assert_int_equal(incident_spot_of(&place, &spots[i], NULL), STATUS_OK);
        spots[i].has_point = true; /* the stop across the street is near, too */
    }
    assert_true(is_candidate(&spots[0], &spots[1]));
    assert_true(is_candidate(&spots[0], &spots[2]));
    assert_true(is_candidate(&spots[2], &spots[0]));
    assert_true(is_candidate(&spots[2], &spots[3]));
    assert_false(is_candidate(&spots[0], &spots[3]));
}

static void a_name_is_its_area_s_and_a_pole_the_city_s(void **state)
{
    struct incident_spot one = spot_named("کیوسک سر کوچه", NULL, NULL, "1");
    struct incident_spot nine = spot_named("کیوسک سر کوچه", NULL, NULL, "9");
    struct incident_spot untold = spot_named("کیوسک سر کوچه", NULL, NULL, NULL);
    struct incident_spot poles[2];
    static const char *const areas[] = {"1", "9"};
    (void)state;
    assert_false(is_candidate(&one, &nine));
    assert_true(is_candidate(&one, &untold));
    assert_true(is_candidate(&one, &one));
    for (size_t i = 0; i < 2; i++) {
        Common__Place place = COMMON__PLACE__INIT;
        place.pole = "12";
        place.direction = i == 0 ? "شمال" : "جنوب"; /* that of who looks at it */
        place.area = (char *)(uintptr_t)areas[i];
        assert_int_equal(incident_spot_of(&place, &poles[i], NULL), STATUS_OK);
    }
    assert_true(is_candidate(&poles[0], &poles[1]));
}

static void the_same_thing_needs_no_point(void **state)
{
    struct incident_spot near = spot_named("line 91, stop 4", NULL, NULL, NULL);
    struct incident_spot far = near;
    struct incident_likeness likeness;
    (void)state;
    near.has_point = far.has_point = true;
    far.latitude = 1;
    assert_true(incident_is_candidate(&usual, &near, 0, &far, 0, &likeness));
    assert_int_equal(likeness.by, INTAKE__SAME_BY__SAME_BY_THING);
}

static void compares_streets_only_where_a_point_is_missing(void **state)
{
    struct incident_spot here = spot_named(NULL, "خیابان نمونه", NULL, NULL);
    struct incident_spot there = spot_named(NULL, "خيابان‌نمونه", "محلهٔ نمونه", "5");
    struct incident_spot elsewhere = spot_named(NULL, "خیابان نمونه", "محلهٔ دیگر", NULL);
    struct incident_spot district = spot_named(NULL, "خیابان نمونه", NULL, "6");
    (void)state;
    assert_true(is_candidate(&here, &there));
    assert_true(is_candidate(&here, &elsewhere));
    assert_false(is_candidate(&there, &elsewhere));
    assert_false(is_candidate(&there, &district));
    here.has_point = true;
    assert_true(is_candidate(&here, &there));
    there.has_point = true;
    there.latitude = 1; /* a long street */
    assert_false(is_candidate(&here, &there));
}

static void nothing_is_like_a_place_nobody_knows(void **state)
{
    struct incident_spot nowhere = {0};
    (void)state;
    assert_false(is_candidate(&nowhere, &nowhere));
    assert_false(incident_spot_is_known(&nowhere));
}

static void the_closer_and_newer_comes_first(void **state)
{
    struct incident_spot here = spot_at(32.65, 51.67);
    struct incident_spot near = spot_at(32.65 + 10 / 111195.0, 51.67);
    struct incident_likeness same, old, away;
    (void)state;
    assert_true(incident_is_candidate(&usual, &here, 0, &here, 0, &same));
    assert_true(incident_is_candidate(&usual, &here, 0, &here, -12 * HOUR_US, &old));
    assert_true(incident_is_candidate(&usual, &here, 0, &near, 0, &away));
    assert_true(incident_compare(&same, 9, &old, 1) < 0);
    assert_true(incident_compare(&away, 9, &old, 1) < 0); /* a fifth of the way, half of the time */
    assert_true(incident_compare(&same, 2, &same, 1) > 0);
    assert_int_equal(incident_compare(&same, 1, &same, 1), 0);
}

/* Any numbers do (Marsaglia's xorshift): the same in each run. */
static double any_below(uint64_t *state, double bound)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return bound * ((double)(*state >> 11) / (double)(UINT64_C(1) << 53));
}

/* Every point within the radius lies in one of the cells. */
static void cells_around_hold_the_circle(void **state)
{
    uint64_t any = 7;
    size_t inside = 0;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double latitude = any_below(&any, 160) - 80;
        double longitude = any_below(&any, 350) - 175;
        uint32_t metres = 1 + (uint32_t)any_below(&any, CITY_SAME_METRES_MAX);
        double reach = metres / 111195.0;
        double other_latitude = latitude + reach * (any_below(&any, 2) - 1);
        double other_longitude =
            longitude + reach / cos(latitude * acos(-1.0) / 180) * 1.01 * (any_below(&any, 2) - 1);
        struct incident_cells cells = incident_cells_around(latitude, longitude, metres);
        struct incident_cell cell = incident_cell_of(other_latitude, other_longitude);
        if (incident_distance_m(latitude, longitude, other_latitude, other_longitude) <= metres) {
            inside++;
            assert_in_range(cell.row, cells.from.row, cells.to.row);
            assert_in_range(cell.column, cells.from.column, cells.to.column);
        }
    }
    assert_true(inside > 5000);
}

static void cells_end_at_the_poles_and_at_half_a_turn(void **state)
{
    (void)state;
    assert_int_equal(incident_cell_of(90, 180).row, INCIDENT_ROWS - 1);
    assert_int_equal(incident_cell_of(90, 180).column, INCIDENT_COLUMNS - 1);
    assert_int_equal(incident_cell_of(-90, -180).row, 0);
    struct incident_cells cells = incident_cells_around(90, 0, 1000);
    assert_int_equal(cells.from.column, 0);
    assert_int_equal(cells.to.column, INCIDENT_COLUMNS - 1);
    assert_int_equal(cells.to.row, INCIDENT_ROWS - 1);
}

static void a_damaged_point_has_a_cell_all_the_same(void **state)
{
    static const double strange[] = {NAN, -NAN, INFINITY, -INFINITY, 1e300, -1e300};
    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct incident_cell cell = incident_cell_of(strange[i], strange[i]);
        assert_in_range(cell.row, 0, INCIDENT_ROWS - 1);
        assert_in_range(cell.column, 0, INCIDENT_COLUMNS - 1);
        struct incident_cells cells = incident_cells_around(strange[i], strange[i], 1000);
        assert_in_range(cells.to.row, cells.from.row, INCIDENT_ROWS - 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_along_the_surface),
        cmocka_unit_test(compares_points_by_the_radius),
        cmocka_unit_test(compares_times_by_the_window_in_both_directions),
        cmocka_unit_test(a_topic_without_radius_or_window_has_no_candidates),
        cmocka_unit_test(finds_the_same_thing_in_other_letters_and_digits),
        cmocka_unit_test(tells_poles_vehicles_lines_and_stops_apart),
        cmocka_unit_test(a_direction_need_not_be_told_but_two_are_two_things),
        cmocka_unit_test(a_name_is_its_area_s_and_a_pole_the_city_s),
        cmocka_unit_test(the_same_thing_needs_no_point),
        cmocka_unit_test(compares_streets_only_where_a_point_is_missing),
        cmocka_unit_test(nothing_is_like_a_place_nobody_knows),
        cmocka_unit_test(the_closer_and_newer_comes_first),
        cmocka_unit_test(cells_around_hold_the_circle),
        cmocka_unit_test(cells_end_at_the_poles_and_at_half_a_turn),
        cmocka_unit_test(a_damaged_point_has_a_cell_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

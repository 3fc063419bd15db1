/* Measuring "the same thing again" on a history made so that every count is known. */
#include "clients/vafa/same_measure.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct city *city;

static int load_city(void **state)
{
    (void)state;
    return city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/boston-2011", NULL) == STATUS_OK ? 0
                                                                                             : -1;
}

static int free_city(void **state)
{
    (void)state;
    city_free(city);
    return 0;
}

/* Hours after the beginning; closed 0: still open. A street instead of a point when metres < 0. */
static void add(struct same_measure *measure, char *id, double opened_h, double closed_h,
                double metres, char *note)
{
    struct import_row row = {0};
    struct error err = ERROR_NONE;
    int64_t start_us = 365 * 24 * HOUR_US;
    intake__register_case_request__init(&row.request);
    intake__history__init(&row.history);
    common__place__init(&row.place);
    common__geo_point__init(&row.point);
    row.request.external_id = id;
    row.request.topic = "Graffiti Removal";
    row.request.place = &row.place;
    row.history.occurred_at_us = start_us + (int64_t)(opened_h * (double)HOUR_US);
    row.closed_us = closed_h == 0 ? 0 : start_us + (int64_t)(closed_h * (double)HOUR_US);
    if (metres >= 0) {
        row.point.latitude = 42 + metres / 111195.0;
        row.point.longitude = -71;
        row.place.point = &row.point;
    } else {
        row.place.street = "1 Sample St";
    }
    row.note = note;
    assert_int_equal(same_measure_add(measure, &row, &err), STATUS_OK);
}

static void counts_what_was_open_near_and_before(void **state)
{
    struct same_measure *measure = same_measure_new(city, "duplicate");
    struct same_result result;
    (void)state;
    add(measure, "100000", 0, 10, 0, "");
    add(measure, "100001", 1, 10, 20, "Duplicate of existing case 100000."); /* found, named */
    add(measure, "100002", 2, 10, 400, "a duplicate");                       /* too far */
    add(measure, "100003", 20, 0, 0, "DUPLICATE of 100000");                 /* closed by then */
    add(measure, "100004", 21, 0, 1, "done");                                /* a hit, unmarked */
    add(measure, "100005", 22, 0, -1, "");
    add(measure, "100006", 23, 0, -1, "see duplicate case # 100005"); /* found by the street */
    same_measure_run(measure, 50, 24, &result);
    assert_int_equal(result.rows, 7);
    assert_int_equal(result.comparable, 7);
    assert_int_equal(result.marked, 4);
    assert_int_equal(result.chosen.hits, 3);
    assert_int_equal(result.chosen.marked_hits, 2);
    assert_int_equal(result.marked_nothing, 1);
    assert_int_equal(result.marked_only_closed, 1);
    assert_int_equal(result.marked_no_place, 0);
    assert_int_equal(result.named, 3);
    assert_int_equal(result.named_open, 2);
    assert_int_equal(result.named_first, 2);
    assert_int_equal(result.named_shown, 2);
    assert_int_equal(result.topic_count, 1);
    assert_string_equal(result.topics[0].topic, "Graffiti Removal");
    assert_int_equal(result.topics[0].unmarked_hits, 1);
    same_measure_free(measure);
}

static void the_curve_rises_with_radius_and_window(void **state)
{
    struct same_measure *measure = same_measure_new(city, "duplicate");
    struct same_result result;
    (void)state;
    add(measure, "a", 0, 0, 0, "");
    add(measure, "b", 1, 0, 9, "duplicate");    /* 9 m, 1 h */
    add(measure, "c", 100, 0, 45, "duplicate"); /* 36 m of b after 99 h, 45 m of a */
    same_measure_run(measure, 0, 0, &result);
    assert_int_equal(result.curve[0][0].hits, 1);        /* 10 m, 24 h */
    assert_int_equal(result.curve[1][5].marked_hits, 1); /* 30 m */
    assert_int_equal(result.curve[2][1].hits, 1);        /* 50 m, 72 h */
    assert_int_equal(result.curve[2][2].marked_hits, 2); /* 50 m, 168 h */
    assert_int_equal(result.curve[5][5].hits, 2);
    same_measure_free(measure);
}

static void an_empty_file_measures_nothing(void **state)
{
    struct same_measure *measure = same_measure_new(city, "duplicate");
    struct same_result result;
    (void)state;
    same_measure_run(measure, 0, 0, &result);
    assert_int_equal(result.rows, 0);
    assert_int_equal(result.topic_count, 0);
    same_measure_free(measure);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_was_open_near_and_before),
        cmocka_unit_test(the_curve_rises_with_radius_and_window),
        cmocka_unit_test(an_empty_file_measures_nothing),
    };
    return cmocka_run_group_tests(tests, load_city, free_city);
}

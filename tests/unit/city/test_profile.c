/* Import profiles on the values real exports hold. */
#include "tests/unit/city/pack_rig.h"

#include <csv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define BOSTON VAFA_SOURCE_DIR "/deploy/cities/boston-2011"
#define BOSTON_ROWS VAFA_SOURCE_DIR "/tests/data/boston311_2011Q3.csv.gz"

static struct city *city;
static struct city_profile *profile;

static int set_up(void **state)
{
    (void)state;
    struct error err = ERROR_NONE;
    if (city_load(&city, BOSTON, &err) != STATUS_OK ||
        city_profile_load(&profile, city, "boston311", &err) != STATUS_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    city_profile_free(profile);
    city_free(city);
    return 0;
}

static void assert_becomes(enum city_field field, const char *value, const char *expected)
{
    char out[256];
    city_profile_value(profile, field, value, out, sizeof(out));
    assert_string_equal(out, expected);
}

static void maps_columns_of_the_export(void **state)
{
    (void)state;
    assert_string_equal(city_profile_source(profile), "boston311");
    assert_string_equal(city_profile_time_format(profile), "%Y-%m-%d %H:%M:%S");
    assert_string_equal(city_profile_column(profile, CITY_FIELD_EXTERNAL_ID), "case_enquiry_id");
    assert_string_equal(city_profile_column(profile, CITY_FIELD_UNIT), "department");
    assert_string_equal(city_profile_column(profile, CITY_FIELD_NOTE), "closure_reason");
    assert_null(city_profile_column(profile, CITY_FIELD_PHONE));
    assert_null(city_profile_column(profile, CITY_FIELD_WORDS));
}

static void one_ward_is_one_area_however_it_is_written(void **state)
{
    (void)state;
    assert_becomes(CITY_FIELD_AREA, "Ward 17", "17");
    assert_becomes(CITY_FIELD_AREA, "14", "14");
    assert_becomes(CITY_FIELD_AREA, "01", "1");
    assert_becomes(CITY_FIELD_AREA, "Ward 3", "3");
    assert_becomes(CITY_FIELD_AREA, "Ward 03", "3");
    assert_becomes(CITY_FIELD_AREA, "Ward17", "17");
    assert_becomes(CITY_FIELD_AREA, " ", "");
    assert_becomes(CITY_FIELD_AREA, "", "");
    assert_becomes(CITY_FIELD_AREA, "0", "0");
    assert_becomes(CITY_FIELD_AREA, "Wardens", "Wardens");
}

static void channels_become_ours(void **state)
{
    (void)state;
    assert_becomes(CITY_FIELD_CHANNEL, "Constituent Call", "phone");
    assert_becomes(CITY_FIELD_CHANNEL, " Self Service ", "web");
    assert_becomes(CITY_FIELD_CHANNEL, "Citizens Connect App", "app");
    assert_becomes(CITY_FIELD_CHANNEL, "Employee Generated", "staff");
    assert_becomes(CITY_FIELD_CHANNEL, "Carrier Pigeon", "import");
    assert_becomes(CITY_FIELD_CHANNEL, "", "");
}

static void values_without_a_map_are_only_trimmed(void **state)
{
    (void)state;
    assert_becomes(CITY_FIELD_TOPIC, " Heat - Excessive  Insufficient ",
                   "Heat - Excessive  Insufficient");
    assert_becomes(CITY_FIELD_EXTERNAL_ID, "00012", "00012");
}

static void long_value_is_cut_between_characters(void **state)
{
    (void)state;
    char out[8];
    city_profile_value(profile, CITY_FIELD_ADDRESS, "خیابان چهارباغ", out, sizeof(out));
    assert_string_equal(out, "خیا");
    city_profile_value(profile, CITY_FIELD_ADDRESS, "abc", out, 1);
    assert_string_equal(out, "");
}

static void default_point_stands_for_no_place(void **state)
{
    (void)state;
    assert_true(city_profile_is_default_point(profile, 42.3594, -71.0587));
    assert_true(city_profile_is_default_point(profile, 42.359400, -71.058700));
    assert_false(city_profile_is_default_point(profile, 42.3595, -71.0587));
    assert_false(city_profile_is_default_point(profile, 42.3594, 71.0587));
    assert_false(city_profile_is_default_point(profile, 0.0, 0.0));
}

static void profile_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct city_profile *other = NULL;
    struct error err = ERROR_NONE;
    assert_int_equal(city_profile_load(&other, city, "../city", &err), STATUS_NOT_FOUND);
    assert_int_equal(city_profile_load(&other, city, "", &err), STATUS_NOT_FOUND);
    assert_null(other);
    city_profile_free(NULL);
}

static void profile_without_zone_has_that_of_the_city(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *small = pack_rig_load(&rig);
    struct city_profile *other = NULL;
    assert_int_equal(city_profile_load(&other, small, "export", NULL), STATUS_OK);
    city_free(small); /* a profile stands on its own */
    int64_t us = 0;
    assert_int_equal(civil_parse_format(city_profile_civil(other), "2011-08-28 00:00",
                                        city_profile_time_format(other), "opened", &us, NULL),
                     STATUS_OK);
    assert_int_equal(us, INT64_C(1314473400) * 1000000); /* +04:30 */
    assert_false(city_profile_is_default_point(other, 42.3594, -71.0587));
    city_profile_free(other);
    pack_rig_fini(&rig);
}

/* The published rows, read with the profile. */
struct rows {
    int columns[CITY_FIELD_COUNT]; /* place in the file */
    size_t column, row;
    char cells[CITY_FIELD_COUNT][1024];
    size_t unlisted_topics, unlisted_units, unlisted_areas, blank_areas, bad_times,
        strange_channels;
    size_t default_points, no_due, no_close;
};

static void on_cell(void *data, size_t size, void *context)
{
    struct rows *rows = context;
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        const char *column = city_profile_column(profile, (enum city_field)field);
        if (rows->row == 0) {
            if (column != NULL && strlen(column) == size && memcmp(column, data, size) == 0) {
                rows->columns[field] = (int)rows->column;
            }
        } else if (rows->columns[field] == (int)rows->column) {
            snprintf(rows->cells[field], sizeof(rows->cells[field]), "%.*s", (int)size,
                     (const char *)data);
        }
    }
    rows->column++;
}

static void on_row(int terminator, void *context)
{
    (void)terminator;
    struct rows *rows = context;
    rows->column = 0;
    if (rows->row++ == 0) {
        return;
    }
    char values[CITY_FIELD_COUNT][1024];
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        city_profile_value(profile, (enum city_field)field, rows->cells[field], values[field],
                           sizeof(values[field]));
    }
    rows->unlisted_topics += city_topic(city, values[CITY_FIELD_TOPIC]) == NULL;
    rows->unlisted_units += city_unit(city, values[CITY_FIELD_UNIT]) == NULL;
    rows->blank_areas += values[CITY_FIELD_AREA][0] == '\0';
    rows->unlisted_areas +=
        values[CITY_FIELD_AREA][0] != '\0' && city_area(city, values[CITY_FIELD_AREA]) == NULL;
    rows->no_due += values[CITY_FIELD_DUE][0] == '\0';
    rows->no_close += values[CITY_FIELD_CLOSED][0] == '\0';
    rows->strange_channels += strcmp(values[CITY_FIELD_CHANNEL], "import") == 0;
    rows->default_points += city_profile_is_default_point(
        profile, atof(values[CITY_FIELD_LATITUDE]), atof(values[CITY_FIELD_LONGITUDE]));
    int64_t us = 0;
    rows->bad_times +=
        civil_parse_format(city_profile_civil(profile), values[CITY_FIELD_OPENED],
                           city_profile_time_format(profile), "opened", &us, NULL) != STATUS_OK;
}

static void every_published_row_of_boston_is_understood(void **state)
{
    (void)state;
    static struct rows rows;
    memset(&rows, 0, sizeof(rows));
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        rows.columns[field] = -1;
    }
    gzFile file = gzopen(BOSTON_ROWS, "rb");
    assert_non_null(file);
    struct csv_parser parser;
    assert_int_equal(csv_init(&parser, 0), 0);
    static char block[65536];
    int got = 0;
    while ((got = gzread(file, block, sizeof(block))) > 0) {
        assert_int_equal(csv_parse(&parser, block, (size_t)got, on_cell, on_row, &rows), got);
    }
    assert_int_equal(got, 0);
    csv_fini(&parser, on_cell, on_row, &rows);
    csv_free(&parser);
    gzclose(file);

    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        bool mapped = city_profile_column(profile, (enum city_field)field) != NULL;
        assert_int_equal(rows.columns[field] >= 0, mapped);
    }
    assert_int_equal(rows.row - 1, 31828);
    assert_int_equal(rows.unlisted_topics, 0);
    assert_int_equal(rows.unlisted_units, 0);
    assert_int_equal(rows.unlisted_areas, 0);
    assert_int_equal(rows.blank_areas, 1379 + 11);
    assert_int_equal(rows.bad_times, 0);
    assert_int_equal(rows.strange_channels, 0);
    assert_int_equal(rows.no_due, 5013);
    assert_int_equal(rows.no_close, 1747);
    assert_int_equal(rows.default_points, 1375 + 1087);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_columns_of_the_export),
        cmocka_unit_test(one_ward_is_one_area_however_it_is_written),
        cmocka_unit_test(channels_become_ours),
        cmocka_unit_test(values_without_a_map_are_only_trimmed),
        cmocka_unit_test(long_value_is_cut_between_characters),
        cmocka_unit_test(default_point_stands_for_no_place),
        cmocka_unit_test(profile_that_is_not_there_is_not_found),
        cmocka_unit_test(profile_without_zone_has_that_of_the_city),
        cmocka_unit_test(every_published_row_of_boston_is_understood),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

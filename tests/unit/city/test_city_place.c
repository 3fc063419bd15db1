/* The place files of a pack: areas.geojson and neighbourhoods.csv, and what is found by them. */
#include "city/city_place.h"
#include "tests/unit/city/pack_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHAPES "areas.geojson"
#define NAMES "neighbourhoods.csv"

#define SQUARE(west, east)                                                                         \
    "[[[" west ",32.6],[" east ",32.6],[" east ",32.61],[" west ",32.61],[" west ",32.6]]]"
#define FEATURE(key, type, coordinates)                                                            \
    "{\"type\":\"Feature\",\"properties\":{\"key\":" key "},\"geometry\":{\"type\":\"" type        \
    "\",\"coordinates\":" coordinates "}}"
#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"

#define ONE FEATURE("\"1\"", "Polygon", SQUARE("51.60", "51.61"))
#define TWO FEATURE("2", "MultiPolygon", "[" SQUARE("51.61", "51.62") "]")

static struct city *load(struct pack_rig *rig, const char *shapes, const char *names)
{
    if (shapes != NULL) {
        pack_rig_write(rig, SHAPES, shapes);
    }
    if (names != NULL) {
        pack_rig_write(rig, NAMES, names);
    }
    return pack_rig_load(rig);
}

static void expect(struct city_place place, enum city_place_found found, const char *area)
{
    assert_int_equal(place.found, found);
    if (area == NULL) {
        assert_null(place.area);
    } else {
        assert_string_equal(place.area->key, area);
    }
}

static void a_pack_without_the_files_finds_nothing(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *city = load(&rig, NULL, NULL);
    expect(city_place_of_point(city, 32.605, 51.605), CITY_PLACE_NONE, NULL);
    expect(city_place_nearest(city, 32.605, 51.605), CITY_PLACE_NONE, NULL);
    expect(city_place_of_neighbourhood(city, "جلفا"), CITY_PLACE_NONE, NULL);
    assert_int_equal(city_place_shape_count(city), 0);
    assert_int_equal(city_place_tolerance_m(city), 0);
    city_free(city);
    pack_rig_fini(&rig);
}

static void a_point_belongs_to_the_area_whose_polygon_holds_it(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *city = load(&rig, COLLECTION(ONE "," TWO), NULL);
    assert_int_equal(city_place_shape_count(city), 2);
    assert_true(city_place_shape_m2(city, city_area(city, "1")) > 1e6);
    expect(city_place_of_point(city, 32.605, 51.605), CITY_PLACE_INSIDE, "1");
    expect(city_place_of_point(city, 32.605, 51.615), CITY_PLACE_INSIDE, "2");
    expect(city_place_of_point(city, 32.605, 51.61), CITY_PLACE_INSIDE, "1");
    expect(city_place_of_point(city, 32.611, 51.615), CITY_PLACE_NONE, NULL);
    expect(city_place_nearest(city, 32.611, 51.615), CITY_PLACE_NEAR, "2");
    expect(city_place_of_point(city, -90, -180), CITY_PLACE_NONE, NULL);
    city_free(city);
    pack_rig_fini(&rig);
}

static void a_point_beside_the_polygons_is_near_within_the_pack_s_tolerance(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_replace(&rig, "city.ini", "[callback]", "[places]\ntolerance_m = 120\n[callback]");
    struct city *city = load(&rig, COLLECTION(ONE "," TWO), NULL);
    assert_int_equal(city_place_tolerance_m(city), 120);
    struct city_place near = city_place_of_point(city, 32.611, 51.615);
    expect(near, CITY_PLACE_NEAR, "2");
    assert_true(fabs(near.distance_m - 111.2) < 0.5);
    expect(city_place_of_point(city, 32.612, 51.615), CITY_PLACE_NONE, NULL);
    city_free(city);
    pack_rig_fini(&rig);
}

static void neighbourhoods_are_found_however_they_are_spelt(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *city = load(&rig, NULL,
                             "name,area\n"
                             "ملک‌شهر,2\n"
                             "کوی امام,1\n"
                             "جلفا,\n"
                             "مهر,1\n"
                             "مهر,2\n");
    expect(city_place_of_neighbourhood(city, "ملک‌شهر"), CITY_PLACE_NEIGHBOURHOOD, "2");
    expect(city_place_of_neighbourhood(city, "ملك شهر"), CITY_PLACE_NEIGHBOURHOOD, "2");
    expect(city_place_of_neighbourhood(city, " ملکشهر "), CITY_PLACE_NEIGHBOURHOOD, "2");
    expect(city_place_of_neighbourhood(city, "كوي إمام"), CITY_PLACE_NEIGHBOURHOOD, "1");
    expect(city_place_of_neighbourhood(city, "جلفا"), CITY_PLACE_NONE, NULL);
    expect(city_place_of_neighbourhood(city, "مهر"), CITY_PLACE_NONE, NULL);
    expect(city_place_of_neighbourhood(city, "ناکجا"), CITY_PLACE_NONE, NULL);
    expect(city_place_of_neighbourhood(city, ""), CITY_PLACE_NONE, NULL);
    expect(city_place_of_neighbourhood(city, "\xD9"), CITY_PLACE_NONE, NULL);
    city_free(city);
    pack_rig_check(&rig);
    pack_rig_expect_warning(&rig, NAMES, 6, "same name is on line 5 with another area");
    pack_rig_expect_warning(&rig, NAMES, 0, "1 of 5 neighbourhoods have no area");
    pack_rig_fini(&rig);
}

static void mistakes_in_neighbourhoods_are_told(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_write(&rig, NAMES, "name,area\nجلفا,9\n");
    pack_rig_expect_error(&rig, NAMES, 2, "area \"9\" is not in areas.csv");
    pack_rig_write(&rig, NAMES, "name,area\n,1\n");
    pack_rig_expect_error(&rig, NAMES, 2, "name");
    pack_rig_write(&rig, NAMES, "name\nجلفا\n");
    pack_rig_expect_error(&rig, NAMES, 1, "\"area\" is missing");
    pack_rig_remove(&rig, NAMES);
    pack_rig_replace(&rig, "city.ini", "[callback]", "[places]\ntolerance_m = 5001\n[callback]");
    pack_rig_expect_error(&rig, "city.ini", 19, "\"tolerance_m\"");
    pack_rig_fini(&rig);
}

static void mistakes_in_shapes_are_told_by_feature(void **state)
{
    static const struct {
        const char *text;
        const char *part;
        int line;
    } mistakes[] = {
        {"", "is not JSON", 1},
        {"{\n\"type\":", "is not JSON", 2},
        {"[]", "FeatureCollection", 0},
        {"{\"type\":\"FeatureCollection\",\"features\":{}}", "FeatureCollection", 0},
        {COLLECTION("7"), "feature 1: is no object of the type Feature", 0},
        {COLLECTION("{\"type\":\"Feature\"}"), "feature 1: its properties have no \"key\"", 0},
        {COLLECTION(ONE "," FEATURE("\"9\"", "Polygon", SQUARE("51.6", "51.7"))),
         "feature 2 (key \"9\"): there is no such area", 0},
        {COLLECTION(ONE "," ONE), "feature 2 (key \"1\"): the area has a feature already", 0},
        {COLLECTION(FEATURE("1", "Point", "[51.6,32.6]")), "must be a Polygon or a MultiPolygon",
         0},
        {COLLECTION(FEATURE("1", "Polygon", "7")), "a list of rings", 0},
        {COLLECTION(FEATURE("1", "MultiPolygon", "[]")), "no coordinates", 0},
        {COLLECTION(FEATURE("1", "Polygon", "[[[1,1],[1,2],[1,1]]]")), "at least 4 positions", 0},
        {COLLECTION(FEATURE("1", "Polygon", "[[[1,1],[1,2],[2,2],[2,1]]]")),
         "does not end where it begins", 0},
        {COLLECTION(FEATURE("1", "Polygon", "[[[1],[1,2],[2,2],[1]]]")),
         "a position is [longitude, latitude]", 0},
        {COLLECTION(FEATURE("1", "Polygon", "[[[\"1\",1],[1,2],[2,2],[1,1]]]")),
         "a position is [longitude, latitude]", 0},
        {COLLECTION(FEATURE("1", "Polygon", "[[[565000,3610000],[1,2],[2,2],[1,1]]]")),
         "off the earth", 0},
        {COLLECTION(ONE "," FEATURE("2", "Polygon",
                                    "[[[32.6,51.6],[32.6,51.7],[32.7,51.7],[32.6,51.6]]]")),
         "longitude comes first", 0},
        {COLLECTION(FEATURE("1", "Polygon", "[[[1,1],[1.1,1.1],[1.1,1],[1,1.1],[1,1]]]")),
         "Self-intersection at longitude 1.05", 0},
    };
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        pack_rig_write(&rig, SHAPES, mistakes[i].text);
        pack_rig_expect_error(&rig, SHAPES, mistakes[i].line, mistakes[i].part);
    }
    pack_rig_fini(&rig);
}

static void overlaps_gaps_and_areas_without_a_polygon_are_warned_of(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_write(&rig, SHAPES, COLLECTION(ONE));
    pack_rig_check(&rig);
    assert_int_equal(pack_rig_errors(&rig), 0);
    pack_rig_expect_warning(&rig, SHAPES, 0,
                            "1 of 2 areas have no polygon, the first of them \"2\"");
    pack_rig_write(&rig, SHAPES,
                   COLLECTION(ONE "," FEATURE("2", "Polygon", SQUARE("51.605", "51.62"))));
    pack_rig_check(&rig);
    pack_rig_expect_warning(&rig, SHAPES, 0, "\"1\" and \"2\" overlap by 0.52 km2");
    pack_rig_write(&rig, SHAPES,
                   COLLECTION(ONE "," FEATURE("2", "Polygon",
                                              "[[[51.61,32.6],[51.63,32.6],[51.63,32.63],"
                                              "[51.61,32.63],[51.61,32.6]],[[51.612,32.602],"
                                              "[51.613,32.602],[51.613,32.6025],[51.612,32.6025],"
                                              "[51.612,32.602]]]")));
    pack_rig_check(&rig);
    pack_rig_expect_warning(&rig, SHAPES, 0, "1 gap between the areas, 5208 m2 together");
    pack_rig_fini(&rig);
}

static void isfahan_s_points_are_found_in_its_districts(void **state)
{
    (void)state;
    struct city *city = NULL;
    assert_int_equal(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL), STATUS_OK);
    assert_int_equal(city_place_shape_count(city), 14);
    /* centroids of the source's list, moved as the polygons are */
    expect(city_place_of_point(city, 32.65792, 51.65637), CITY_PLACE_INSIDE, "1");
    expect(city_place_of_point(city, 32.74, 51.5616), CITY_PLACE_INSIDE, "2"); /* its second part */
    expect(city_place_of_point(city, 32.65759, 51.68305), CITY_PLACE_INSIDE, "3");
    expect(city_place_of_point(city, 32.57471, 51.65272), CITY_PLACE_INSIDE, "5");
    expect(city_place_of_point(city, 32.71235, 51.71931), CITY_PLACE_INSIDE, "14");
    expect(city_place_of_point(city, 35.7, 51.4), CITY_PLACE_NONE, NULL); /* Tehran */
    expect(city_place_of_neighbourhood(city, "خوراسگان"), CITY_PLACE_NEIGHBOURHOOD, "15");
    expect(city_place_of_neighbourhood(city, "جلفا"), CITY_PLACE_NONE, NULL);
    city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pack_without_the_files_finds_nothing),
        cmocka_unit_test(a_point_belongs_to_the_area_whose_polygon_holds_it),
        cmocka_unit_test(a_point_beside_the_polygons_is_near_within_the_pack_s_tolerance),
        cmocka_unit_test(neighbourhoods_are_found_however_they_are_spelt),
        cmocka_unit_test(mistakes_in_neighbourhoods_are_told),
        cmocka_unit_test(mistakes_in_shapes_are_told_by_feature),
        cmocka_unit_test(overlaps_gaps_and_areas_without_a_polygon_are_warned_of),
        cmocka_unit_test(isfahan_s_points_are_found_in_its_districts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Shapes: what holds a point, what is near it, what is no shape; asked by many at once. */
#include "city/geo.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ORIGIN ((struct geo_position){51.6, 32.6})
/* Of the sphere of geo.h: a degree of latitude, and of longitude at 32.6 north. */
#define NORTH_M 111195.08
#define EAST_M (NORTH_M * 0.842452)

/* A square of degrees: its south-west corner and its side. */
struct square {
    struct geo_position corners[5];
};

static struct square square_of(double longitude, double latitude, double side)
{
    return (struct square){{{longitude, latitude},
                            {longitude + side, latitude},
                            {longitude + side, latitude + side},
                            {longitude, latitude + side},
                            {longitude, latitude}}};
}

static struct geo_ring ring_of(const struct square *square)
{
    return (struct geo_ring){square->corners, 5};
}

static void add_square(struct geo *geo, int32_t tag, double longitude, double latitude, double side)
{
    struct square square = square_of(longitude, latitude, side);
    struct geo_ring ring = ring_of(&square);
    struct geo_part part = {&ring, 1};
    struct error err = ERROR_NONE;
    if (geo_add(geo, tag, &part, 1, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static void expect_at(const struct geo *geo, double longitude, double latitude, double tolerance_m,
                      int32_t tag, double distance_m)
{
    double got_m = -1;
    struct geo_position at = {longitude, latitude};
    assert_int_equal(geo_find(geo, at, tolerance_m, &got_m), tag);
    if (tag == GEO_NONE) {
        assert_true(got_m < 0); /* untouched */
    } else {
        assert_true(fabs(got_m - distance_m) < 0.5);
    }
}

static void finds_the_shape_that_holds_a_point(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    add_square(geo, 0, 51.60, 32.60, 0.01);
    add_square(geo, 7, 51.62, 32.60, 0.01);
    geo_seal(geo);
    expect_at(geo, 51.605, 32.605, 0, 0, 0);
    expect_at(geo, 51.625, 32.605, 0, 7, 0);
    expect_at(geo, 51.615, 32.605, 0, GEO_NONE, 0);
    assert_int_equal(geo_count(geo), 2);
    assert_true(fabs(geo_area_m2(geo, 7) / (1e-4 * NORTH_M * EAST_M) - 1) < 1e-4);
    assert_true(geo_area_m2(geo, 3) <= 0);
    geo_free(geo);
}

static void a_point_on_a_common_border_belongs_to_the_lower_tag(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    add_square(geo, 5, 51.60, 32.60, 0.01);
    add_square(geo, 2, 51.61, 32.60, 0.01);
    geo_seal(geo);
    expect_at(geo, 51.61, 32.605, 100, 2, 0);
    expect_at(geo, 51.60, 32.60, 0, 5, 0);
    geo_free(geo);
}

static void finds_the_nearest_within_the_tolerance_and_no_farther(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    add_square(geo, 0, 51.60, 32.60, 0.01);
    add_square(geo, 1, 51.60, 32.62, 0.01);
    geo_seal(geo);
    /* 0.004 degrees north of the one and 0.006 south of the other */
    expect_at(geo, 51.605, 32.614, 0.0045 * NORTH_M, 0, 0.004 * NORTH_M);
    expect_at(geo, 51.605, 32.614, 0.0035 * NORTH_M, GEO_NONE, 0);
    expect_at(geo, 51.605, 32.614, 0.0070 * NORTH_M, 0, 0.004 * NORTH_M);
    expect_at(geo, 51.605, 32.616, 0.0070 * NORTH_M, 1, 0.004 * NORTH_M);
    double distance_m = 0;
    assert_int_equal(geo_nearest(geo, (struct geo_position){51.605, 32.70}, &distance_m), 1);
    assert_true(fabs(distance_m - 0.07 * NORTH_M) < 1);
    /* the corner of the box of the tolerance is farther than the tolerance */
    expect_at(geo, 51.611, 32.611, 0.0011 * NORTH_M, GEO_NONE, 0);
    geo_free(geo);
}

static void a_hole_is_outside_and_so_is_what_lies_between_the_parts(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    struct square outer = square_of(51.60, 32.60, 0.03);
    struct square hole = square_of(51.61, 32.61, 0.01);
    struct square apart = square_of(51.70, 32.70, 0.01);
    struct geo_ring rings[2] = {ring_of(&outer), ring_of(&hole)};
    struct geo_ring other = ring_of(&apart);
    struct geo_part parts[2] = {{rings, 2}, {&other, 1}};
    assert_int_equal(geo_add(geo, 4, parts, 2, NULL), STATUS_OK);
    geo_seal(geo);
    expect_at(geo, 51.605, 32.605, 0, 4, 0);
    expect_at(geo, 51.705, 32.705, 0, 4, 0);
    expect_at(geo, 51.615, 32.615, 0, GEO_NONE, 0);
    expect_at(geo, 51.615, 32.615, 1000, 4, 0.005 * EAST_M);
    expect_at(geo, 51.650, 32.650, 0, GEO_NONE, 0);
    geo_free(geo);
}

static void refuses_what_is_no_area_and_says_where(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    struct error err = ERROR_NONE;
    struct geo_position bow[5] = {
        {51.6, 32.6}, {51.61, 32.61}, {51.61, 32.6}, {51.6, 32.61}, {51.6, 32.6}};
    struct geo_ring ring = {bow, 5};
    struct geo_part part = {&ring, 1};
    assert_int_equal(geo_add(geo, 0, &part, 1, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "Self-intersection at longitude 51.605"));
    ring.count = 4; /* its end is not its beginning */
    assert_int_equal(geo_add(geo, 0, &part, 1, &err), STATUS_INVALID_ARGUMENT);
    ring.count = 3;
    assert_int_equal(geo_add(geo, 0, &part, 1, &err), STATUS_INVALID_ARGUMENT);
    struct square outer = square_of(51.6, 32.6, 0.01);
    struct square outside = square_of(51.7, 32.7, 0.01);
    struct geo_ring rings[2] = {ring_of(&outer), ring_of(&outside)};
    part = (struct geo_part){rings, 2};
    assert_int_equal(geo_add(geo, 0, &part, 1, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "Hole"));
    assert_int_equal(geo_count(geo), 0);
    geo_seal(geo);
    expect_at(geo, 51.605, 32.605, 1000, GEO_NONE, 0);
    double distance_m = 0;
    assert_int_equal(geo_nearest(geo, ORIGIN, &distance_m), GEO_NONE);
    geo_free(geo);
    geo_free(NULL);
}

struct overlaps {
    size_t count;
    int32_t a;
    int32_t b;
    double shared_m2;
};

static void note_overlap(void *context, int32_t a, int32_t b, double shared_m2)
{
    struct overlaps *overlaps = context;
    overlaps->count++;
    overlaps->a = a;
    overlaps->b = b;
    overlaps->shared_m2 = shared_m2;
}

static void tells_overlaps_and_gaps(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    struct overlaps overlaps = {0};
    struct geo_gaps gaps = {0};
    add_square(geo, 0, 51.60, 32.60, 0.011);
    add_square(geo, 1, 51.61, 32.61, 0.01); /* they share a corner */
    struct geo_position frame[9] = {{51.73, 32.60}, {51.76, 32.60}, {51.76, 32.63},
                                    {51.73, 32.63}, {51.73, 32.62}, {51.75, 32.62},
                                    {51.75, 32.61}, {51.73, 32.61}, {51.73, 32.60}};
    struct geo_ring ring = {frame, 9};
    struct geo_part part = {&ring, 1};
    assert_int_equal(geo_add(geo, 2, &part, 1, NULL), STATUS_OK);
    add_square(geo, 3, 51.71, 32.605, 0.02); /* closes the bay between the frame's arms */
    geo_seal(geo);
    assert_true(geo_each_overlap(geo, 0.005, 100, note_overlap, &overlaps));
    assert_int_equal(overlaps.count, 1);
    assert_int_equal(overlaps.a, 0);
    assert_int_equal(overlaps.b, 1);
    assert_true(fabs(overlaps.shared_m2 / (1e-6 * NORTH_M * EAST_M) - 1) < 1e-3);
    assert_true(geo_each_overlap(geo, 0.02, 100, note_overlap, &overlaps));
    assert_int_equal(overlaps.count, 1); /* a hundredth of the smaller is less than 0.02 */
    assert_false(geo_each_overlap(geo, 0.02, 1, note_overlap, &overlaps));
    assert_true(geo_gaps(geo, 1, &gaps));
    assert_int_equal(gaps.count, 1);
    assert_true(fabs(gaps.total_m2 / (2e-4 * NORTH_M * EAST_M) - 1) < 1e-3);
    assert_true(fabs(gaps.largest_m2 - gaps.total_m2) < 1e-6);
    assert_true(gaps.largest_at.longitude > 51.72 && gaps.largest_at.latitude > 32.60);
    assert_true(geo_gaps(geo, 1e9, &gaps));
    assert_int_equal(gaps.count, 0);
    geo_free(geo);
}

/* --- many readers --- */

#define GRID 12
#define READERS 8
#define ROUNDS 40

static void *read_grid(void *context)
{
    const struct geo *geo = context;
    for (int round = 0; round < ROUNDS; round++) {
        for (int32_t i = 0; i < GRID * GRID; i++) {
            double distance_m = -1;
            struct geo_position at = {51.6 + 0.01 * (i % GRID) + 0.005,
                                      32.6 + 0.01 * (i / GRID) + 0.0085};
            /* squares of 0.008 leave lanes; every second point lies in one, 0.5 to the south */
            double up = i % 2 == 0 ? 0 : 0.004;
            at.latitude -= up;
            int32_t found = geo_find(geo, at, 1000, &distance_m);
            bool inside = i % 2 != 0;
            if (found != i || (distance_m > 0) == inside) {
                return context;
            }
        }
    }
    return NULL;
}

static void many_threads_ask_at_once(void **state)
{
    (void)state;
    struct geo *geo = geo_new(ORIGIN);
    for (int32_t i = 0; i < GRID * GRID; i++) {
        add_square(geo, i, 51.6 + 0.01 * (i % GRID), 32.6 + 0.01 * (i / GRID), 0.008);
    }
    geo_seal(geo);
    pthread_t readers[READERS];
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_grid, geo), 0);
    }
    for (size_t i = 0; i < READERS; i++) {
        void *failed = geo;
        assert_int_equal(pthread_join(readers[i], &failed), 0);
        assert_null(failed);
    }
    geo_free(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_shape_that_holds_a_point),
        cmocka_unit_test(a_point_on_a_common_border_belongs_to_the_lower_tag),
        cmocka_unit_test(finds_the_nearest_within_the_tolerance_and_no_farther),
        cmocka_unit_test(a_hole_is_outside_and_so_is_what_lies_between_the_parts),
        cmocka_unit_test(refuses_what_is_no_area_and_says_where),
        cmocka_unit_test(tells_overlaps_and_gaps),
        cmocka_unit_test(many_threads_ask_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

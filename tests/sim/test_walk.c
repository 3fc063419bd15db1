/* One request walks through all five services in one thread on virtual time, with a crash in the
 * middle. */
#include "tests/sim/walk.h"
#include "tests/support/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define SEEDS (TEST_SANITIZED ? 10 : 30)
#define TWICE_EVERY 10 /* seeds */

static void end_well(struct walk *walk)
{
    world_quiesce(walk->world, HOUR_US);
    walk_check_story(walk);
    world_verify(walk->world);
}

/* The walk of a seed: who crashes, when, at which point and for how long are drawn from it. */
static void walk_of_seed(uint64_t seed, uint8_t ret_digest[WORLD_DIGEST_BYTES])
{
    struct walk walk;
    struct world *world = world_new(seed, &world_faults_usual, walk_services);
    walk_begin(&walk, world);
    enum walk_step crash_step = (enum walk_step)world_draw(world, WALK_STEP_COUNT - 1);
    for (enum walk_step step = 0; step < WALK_STEP_COUNT; step++) {
        if (step == crash_step) {
            Common__ServiceId victim =
                (Common__ServiceId)(1 +
                                    world_draw(world, SERVICE_COUNT -
                                                          1)); /* report may write nothing more */
            enum world_crash_point point =
                (enum world_crash_point)world_draw(world, WORLD_CRASH_POINT_COUNT);
            world_plan_crash(world, victim, point, (int64_t)world_draw(world, 2 * MINUTE_US));
        }
        walk_take(&walk, step);
    }
    end_well(&walk);
    world_digest(world, ret_digest);
    world_free(world);
}

static void walks_through_all_five_in_a_perfect_world(void **state)
{
    struct walk walk;
    struct world *world = world_new(1, &world_faults_none, walk_services);
    (void)state;
    walk_begin(&walk, world);
    for (enum walk_step step = 0; step < WALK_STEP_COUNT; step++) {
        walk_take(&walk, step);
    }
    end_well(&walk);
    assert_int_equal(world_crashes(world), 0);
    world_free(world);
}

/* *state is the seed. */
static void tells_the_same_story_whoever_crashed_and_whatever_was_lost(void **state)
{
    uint8_t digest[WORLD_DIGEST_BYTES];
    walk_of_seed(*(const uint64_t *)*state, digest);
}

static void gives_the_same_logs_to_the_same_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed += TWICE_EVERY) {
        uint8_t first[WORLD_DIGEST_BYTES], second[WORLD_DIGEST_BYTES], other[WORLD_DIGEST_BYTES];
        walk_of_seed(seed, first);
        walk_of_seed(seed, second);
        walk_of_seed(seed + 1, other);
        assert_memory_equal(first, second, WORLD_DIGEST_BYTES);
        assert_memory_not_equal(first, other, WORLD_DIGEST_BYTES);
    }
}

static void survives_a_crash_of_every_service_at_every_point(void **state)
{
    unsigned crashes[WORLD_CRASH_POINT_COUNT] = {0};
    (void)state;
    for (unsigned service = 1; service <= SERVICE_COUNT; service++) {
        for (int point = 0; point < WORLD_CRASH_POINT_COUNT; point++) {
            struct walk walk;
            struct world *world = world_new(100 + service, &world_faults_none, walk_services);
            walk_begin(&walk, world);
            for (enum walk_step step = 0; step < WALK_STEP_COUNT; step++) {
                if (step == WALK_REGISTER) { /* which makes every service write sooner or later */
                    world_plan_crash(world, (Common__ServiceId)service,
                                     (enum world_crash_point)point, 5 * SECOND_US);
                }
                walk_take(&walk, step);
            }
            end_well(&walk);
            crashes[point] += world_crashes(world);
            world_free(world);
        }
    }
    for (int point = 0; point < WORLD_CRASH_POINT_COUNT; point++) {
        bool journals = point == WORLD_CRASH_BEFORE_JOURNAL || point == WORLD_CRASH_AFTER_JOURNAL;
        assert_in_range(crashes[point], journals ? 1 : SERVICE_COUNT,
                        SERVICE_COUNT); /* not all do */
    }
}

static void goes_on_when_all_were_switched_off_for_a_night_and_the_clock_went_back(void **state)
{
    struct walk walk;
    struct world *world = world_new(7, &world_faults_none, walk_services);
    (void)state;
    walk_begin(&walk, world);
    for (enum walk_step step = 0; step < WALK_STEP_COUNT; step++) {
        if (step == WALK_FINISH) {
            for (unsigned service = 1; service <= SERVICE_COUNT; service++) {
                world_crash(world, (Common__ServiceId)service);
            }
            (void)world_run_until(world, NULL, NULL, 10 * HOUR_US);
            world_jump_clock(world, -HOUR_US);
            for (unsigned service = SERVICE_COUNT; service >= 1; service--) {
                world_restart(world, (Common__ServiceId)service);
            }
        }
        walk_take(&walk, step);
    }
    end_well(&walk);
    world_free(world);
}

/* A test for each seed, named after it: "test_walk 17" runs that one alone. */
static int run_seeds(uint64_t first, uint64_t last)
{
    static uint64_t seeds[SEEDS];
    static char names[SEEDS][64];
    struct CMUnitTest tests[SEEDS];
    size_t count = 0;
    for (uint64_t seed = first; seed <= last && count < SEEDS; seed++, count++) {
        seeds[count] = seed;
        (void)snprintf(names[count], sizeof names[count], "tells_the_same_story_with_seed_%llu",
                       (unsigned long long)seed);
        tests[count] = (struct CMUnitTest){
            .name = names[count],
            .test_func = tells_the_same_story_whoever_crashed_and_whatever_was_lost,
            .initial_state = &seeds[count]};
    }
    return _cmocka_run_group_tests("seeds", tests, count, NULL, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_through_all_five_in_a_perfect_world),
        cmocka_unit_test(survives_a_crash_of_every_service_at_every_point),
        cmocka_unit_test(goes_on_when_all_were_switched_off_for_a_night_and_the_clock_went_back),
        cmocka_unit_test(gives_the_same_logs_to_the_same_seed),
    };
    if (argc > 1) {
        uint64_t seed = strtoull(argv[1], NULL, 10);
        return run_seeds(seed, seed);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + run_seeds(1, SEEDS);
}

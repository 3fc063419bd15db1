/* A service's memory: taken in step by step, and in the way of nobody who calls. */
#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct toy toy;
static unsigned lessons, learnt;
static int64_t lesson_us; /* how long each takes */

static void *make(const struct city *city)
{
    (void)city;
    return &lessons;
}

static void drop(void *memory)
{
    assert_ptr_equal(memory, &lessons);
}

static bool catch_up(struct read *r)
{
    assert_ptr_equal(r->memory, &lessons);
    if (lessons == 0) {
        return false;
    }
    lessons--;
    learnt++;
    toy.now_us += lesson_us;
    return true;
}

static void begin(unsigned count, int64_t each_us)
{
    static const struct service_memory memory = {.make = make, .drop = drop, .catch_up = catch_up};
    static struct service_def def;
    def = toy_def;
    def.memory = &memory;
    lessons = count;
    lesson_us = each_us;
    learnt = 0;
    toy_init_as(&toy, &def);
}

static void is_taken_in_at_once_when_that_takes_no_time(void **state)
{
    (void)state;
    begin(100, 0);
    assert_int_equal(learnt, 100);
    toy_fini(&toy);
}

/* So that whoever calls on a machine of few cores is not kept waiting. */
static void rests_seven_times_as_long_as_a_step_took(void **state)
{
    (void)state;
    begin(3, MS_US);
    assert_int_equal(learnt, 1);
    toy_advance(&toy, 7 * MS_US - 1);
    assert_int_equal(learnt, 1);
    toy_advance(&toy, 1);
    assert_int_equal(learnt, 2);
    toy_advance(&toy, 7 * MS_US);
    assert_int_equal(learnt, 3);
    toy_fini(&toy);
}

static void does_not_rest_long_after_a_step_that_was_held_up(void **state)
{
    (void)state;
    begin(2, MINUTE_US);
    toy_advance(&toy, 100 * MS_US - 1);
    assert_int_equal(learnt, 1);
    toy_advance(&toy, 1);
    assert_int_equal(learnt, 2);
    toy_fini(&toy);
}

static void is_looked_at_again_after_a_commit(void **state)
{
    struct error err;
    (void)state;
    begin(0, 0);
    lessons = 2;
    toy_advance(&toy, HOUR_US);
    assert_int_equal(learnt, 0);
    assert_int_equal(toy_add_note(&toy, "a note", 0, NULL, &err), STATUS_OK);
    toy_advance(&toy, SECOND_US);
    assert_int_equal(learnt, 2);
    toy_fini(&toy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_taken_in_at_once_when_that_takes_no_time),
        cmocka_unit_test(rests_seven_times_as_long_as_a_step_took),
        cmocka_unit_test(does_not_rest_long_after_a_step_that_was_held_up),
        cmocka_unit_test(is_looked_at_again_after_a_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

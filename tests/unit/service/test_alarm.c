/* Durable timers in the running skeleton: when they fire, and what becomes of one that cannot. */
#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RINGS = 1, DOES_NOTHING, NEVER_ENDS }; /* toy.h */

#define MANY 70 /* more than one operation fires */

static struct toy toy;

static int set_up(void **state)
{
    (void)state;
    toy_init(&toy);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    toy_fini(&toy);
    return 0;
}

static void add(uint32_t timer_kind)
{
    assert_int_equal(toy_add_note(&toy, "a note", timer_kind, NULL, NULL), STATUS_OK);
}

static void fires_when_due_and_once(void **state)
{
    (void)state;
    add(RINGS);
    toy_advance(&toy, MINUTE_US - 1);
    assert_int_equal(toy_notes(&toy), 1);
    toy_advance(&toy, 1);
    assert_int_equal(toy_notes(&toy), 2);
    toy_advance(&toy, DAY_US);
    assert_int_equal(toy_notes(&toy), 2);
    assert_int_equal(toy_trouble(&toy), STATUS_OK);
}

static void fires_all_that_are_due_together(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++) {
        add(RINGS);
    }
    toy_advance(&toy, MINUTE_US);
    assert_int_equal(toy_notes(&toy), 2 * MANY);
}

static void fires_what_became_due_while_it_was_down(void **state)
{
    (void)state;
    add(RINGS);
    toy.now_us += HOUR_US;
    toy_restart(&toy);
    assert_int_equal(toy_notes(&toy), 2);
}

static void notices_soon_that_the_clock_was_set_ahead(void **state)
{
    (void)state;
    add(RINGS);
    toy_advance(&toy, SECOND_US);
    toy.wall_ahead_us = HOUR_US;
    toy_advance(&toy, 10 * SECOND_US);
    assert_int_equal(toy_notes(&toy), 2);
}

/* Recorded time stands still until the wall clock has caught up, and the timer waits with it. */
static void waits_for_a_clock_that_was_set_back(void **state)
{
    (void)state;
    add(RINGS);
    toy.wall_ahead_us = -HOUR_US;
    toy_advance(&toy, HOUR_US + MINUTE_US - SECOND_US);
    assert_int_equal(toy_notes(&toy), 1);
    toy_advance(&toy, 10 * SECOND_US);
    assert_int_equal(toy_notes(&toy), 2);
}

/* Due a moment after the last event, which was recorded before the clock went back. */
static void sleeps_while_a_clock_that_was_set_back_catches_up(void **state)
{
    (void)state;
    add(RINGS);
    toy_advance(&toy, MINUTE_US - 2);
    add(0);
    toy.wall_ahead_us = -HOUR_US;
    toy_advance(&toy, 10 * SECOND_US);
    toy.wakes = 0;
    toy_advance(&toy, MINUTE_US);
    assert_in_range(toy.wakes, 1, 60);
    assert_int_equal(toy_notes(&toy), 2);
    toy_advance(&toy, HOUR_US);
    assert_int_equal(toy_notes(&toy), 3);
}

static void waits_while_the_disk_is_full(void **state)
{
    (void)state;
    add(RINGS);
    toy.full = true;
    toy_advance(&toy, HOUR_US);
    assert_int_equal(toy_notes(&toy), 1);
    assert_int_equal(toy_trouble(&toy), STATUS_OK); /* it passes */
    toy.full = false;
    toy_advance(&toy, SECOND_US);
    assert_int_equal(toy_notes(&toy), 2);
}

/* Going on would pass over a duty in silence; calls are another matter. */
static void stops_at_a_timer_of_which_nothing_follows(void **state)
{
    (void)state;
    add(RINGS);
    toy_advance(&toy, SECOND_US);
    add(DOES_NOTHING);
    toy_advance(&toy, SECOND_US);
    add(RINGS);
    toy_advance(&toy, HOUR_US);
    assert_int_equal(toy_notes(&toy), 3 + 1); /* what was due before it has fired */
    assert_int_equal(toy_trouble(&toy), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(node_trouble(toy.node)->message, "timers have stopped"));
    add(0);
    toy_restart(&toy);
    assert_int_equal(toy_trouble(&toy), STATUS_FAILED_PRECONDITION); /* it is still there */
    assert_int_equal(toy_notes(&toy), 3 + 1 + 1);
}

static void stops_at_a_timer_that_would_fire_for_ever(void **state)
{
    (void)state;
    add(NEVER_ENDS);
    toy_advance(&toy, HOUR_US);
    assert_int_equal(toy_trouble(&toy), STATUS_INTERNAL);
    assert_int_equal(toy_notes(&toy), 1); /* not even once */
}

#define ON_A_TOY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TOY(fires_when_due_and_once),
        ON_A_TOY(fires_all_that_are_due_together),
        ON_A_TOY(fires_what_became_due_while_it_was_down),
        ON_A_TOY(notices_soon_that_the_clock_was_set_ahead),
        ON_A_TOY(waits_for_a_clock_that_was_set_back),
        ON_A_TOY(sleeps_while_a_clock_that_was_set_back_catches_up),
        ON_A_TOY(waits_while_the_disk_is_full),
        ON_A_TOY(stops_at_a_timer_of_which_nothing_follows),
        ON_A_TOY(stops_at_a_timer_that_would_fire_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

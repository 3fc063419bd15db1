/* The writer when commits would come too close to each other: what it acknowledged is in the journal,
 * and readers see it soon, or when they ask. */
#include "writer_rig.h"

#include <sched.h>

/* A clock that moves when it is told to. */
struct still_clock {
    struct clock clock;
    int64_t now_us;
};

static int64_t read_still(struct clock *clock)
{
    return ((struct still_clock *)clock)->now_us;
}

static int64_t journal_writes(struct writer_rig *fixture)
{
    return rig_metric(fixture->registry, "vafa_store_journal_writes_total{service=\"intake\"}");
}

static void init_with_clock(struct writer_rig *fixture, void **state, struct still_clock *clock)
{
    *clock = (struct still_clock){.clock = {.wall_us = read_still, .mono_us = read_still},
                                  .now_us = HOUR_US};
    writer_rig_init_with_clock(fixture, state, &clock->clock, 0, 0);
}

/* One operation whose end does not read: true when readers see it. */
static bool step_one(struct writer_rig *fixture, uint64_t number, struct put_op *ret_put)
{
    *ret_put = writer_rig_put(fixture, number);
    ret_put->op.shown = false;
    writer_rig_submit(fixture, ret_put);
    assert_true(writer_step(fixture->writer));
    assert_int_equal(ret_put->op.error.status, STATUS_OK);
    return ret_put->visible;
}

static void journals_what_comes_soon_after_a_commit(void **state)
{
    struct writer_rig fixture;
    struct still_clock clock;
    struct put_op puts[5];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0])); /* after a rest */
    uint64_t mark = writer_mark(fixture.writer);
    assert_true(writer_is_visible(fixture.writer, mark));
    assert_false(step_one(&fixture, 2, &puts[1]));
    assert_false(step_one(&fixture, 3, &puts[2]));
    mark = writer_mark(fixture.writer);
    assert_false(writer_is_visible(fixture.writer, mark));
    clock.now_us += PUBLISH_WAIT_US_MAX;
    assert_true(step_one(&fixture, 4, &puts[3]));
    assert_true(rig_has(fixture.rig->store, 2) && rig_has(fixture.rig->store, 3));
    assert_true(writer_is_visible(fixture.writer, mark));
    assert_int_equal(atomic_load(&fixture.committed), 2);
    writer_rig_fini(&fixture);
}

static void commits_what_was_journaled_when_nothing_else_waits(void **state)
{
    struct writer_rig fixture;
    struct still_clock clock;
    struct put_op puts[2];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0]));
    assert_false(step_one(&fixture, 2, &puts[1]));
    assert_true(writer_step(fixture.writer));
    assert_true(rig_has(fixture.rig->store, 2));
    assert_false(writer_step(fixture.writer));
    writer_rig_fini(&fixture);
}

static void commits_a_batch_whose_end_reads_what_it_wrote(void **state)
{
    struct writer_rig fixture;
    struct still_clock clock;
    struct put_op puts[2];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0]));
    puts[1] = writer_rig_put(&fixture, 2);
    writer_rig_submit(&fixture, &puts[1]);
    assert_true(writer_step(fixture.writer));
    assert_true(puts[1].visible);
    writer_rig_fini(&fixture);
}

static void journals_nothing_for_refusals(void **state)
{
    struct writer_rig fixture;
    struct still_clock clock;
    struct put_op put;
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &put));
    put = writer_rig_put(&fixture, 2);
    put.op.shown = false;
    put.refuse = STATUS_NOT_FOUND;
    writer_rig_submit(&fixture, &put);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(put.op.error.status, STATUS_NOT_FOUND);
    assert_false(writer_step(fixture.writer));
    assert_int_equal(atomic_load(&fixture.committed), 1);
    writer_rig_fini(&fixture);
}

static void keeps_what_was_journaled_when_a_later_operation_fails(void **state)
{
    struct writer_rig fixture;
    struct still_clock clock;
    struct put_op puts[4];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0]));
    assert_false(step_one(&fixture, 2, &puts[1]));
    for (uint64_t i = 2; i < 4; i++) {
        puts[i] = writer_rig_put(&fixture, i + 1);
        puts[i].op.shown = false;
        puts[i].oversize = i == 2;
        writer_rig_submit(&fixture, &puts[i]);
    }
    while (writer_step(fixture.writer)) {
    }
    assert_int_equal(puts[2].op.error.status, STATUS_INTERNAL);
    assert_int_equal(puts[3].op.error.status, STATUS_OK);
    assert_true(rig_has(fixture.rig->store, 1) && rig_has(fixture.rig->store, 2));
    assert_true(rig_has(fixture.rig->store, 4) && !rig_has(fixture.rig->store, 3));
    writer_rig_fini(&fixture);
}

/* On a thread, with operations so close to each other that most are journaled. */
static void journal_many(struct writer_rig *fixture, struct put_op *puts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        puts[i] = writer_rig_put(fixture, i);
        puts[i].op.shown = false;
        writer_rig_submit(fixture, &puts[i]);
        rig_count_wait(&fixture->ended, i + 1);
    }
}

static void shows_all_that_was_acknowledged_once_a_reader_asks(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[200];
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    journal_many(&fixture, puts, 200);
    assert_true(journal_writes(&fixture) > 0);
    uint64_t mark = writer_mark(fixture.writer);
    writer_publish_soon(fixture.writer);
    while (!writer_is_visible(fixture.writer, mark)) { /* the test's time-out ends it */
        (void)sched_yield();
    }
    for (uint64_t i = 0; i < 200; i++) {
        assert_true(rig_has(fixture.rig->store, i));
    }
    writer_rig_fini(&fixture);
}

static void shows_all_that_was_acknowledged_without_being_asked(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[200];
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    journal_many(&fixture, puts, 200);
    while (!rig_has(fixture.rig->store, 199)) {
        (void)sched_yield();
    }
    writer_rig_fini(&fixture);
}

static void shows_all_that_was_acknowledged_once_held_and_once_stopped(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[200];
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    journal_many(&fixture, puts, 100);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    assert_true(rig_has(fixture.rig->store, 99));
    assert_true(writer_release(fixture.writer));
    fixture.ended.value = 0;
    journal_many(&fixture, puts, 200);
    writer_stop(fixture.writer);
    assert_true(rig_has(fixture.rig->store, 199));
    writer_rig_fini(&fixture);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(journals_what_comes_soon_after_a_commit),
        WITH_STORE(commits_what_was_journaled_when_nothing_else_waits),
        WITH_STORE(commits_a_batch_whose_end_reads_what_it_wrote),
        WITH_STORE(journals_nothing_for_refusals),
        WITH_STORE(keeps_what_was_journaled_when_a_later_operation_fails),
        WITH_STORE(shows_all_that_was_acknowledged_once_a_reader_asks),
        WITH_STORE(shows_all_that_was_acknowledged_without_being_asked),
        WITH_STORE(shows_all_that_was_acknowledged_once_held_and_once_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

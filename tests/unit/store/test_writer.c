/* The writer: answers after the commit, batches, refusals, lanes, stopping, holding, the
 * single-threaded driver. */
#include "writer_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- batches --- */

static void answers_only_after_the_commit(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    for (uint64_t i = 1; i <= 50; i++) {
        struct put_op put = writer_rig_put(&fixture, i);
        writer_rig_submit(&fixture, &put);
        rig_count_wait(&fixture.ended, (unsigned)i);
        assert_int_equal(put.op.error.status, STATUS_OK);
        assert_true(put.visible);
    }
    assert_int_equal(writer_rig_commits(&fixture), 50);
    assert_int_equal(atomic_load(&fixture.committed), 50);
    writer_rig_fini(&fixture);
}

static void commits_all_that_waits_at_once(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[100];
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    for (uint64_t i = 0; i < 100; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        writer_rig_submit(&fixture, &puts[i]);
    }
    assert_int_equal(
        rig_metric(fixture.registry, "vafa_store_queue_depth{service=\"intake\",lane=\"calls\"}"),
        100);
    assert_true(writer_release(fixture.writer));
    rig_count_wait(&fixture.ended, 100);
    assert_int_equal(writer_rig_commits(&fixture), 1);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(puts[i].visible);
        assert_int_equal(puts[i].order, i + 1);
    }
    assert_int_equal(rig_metric(fixture.registry,
                                "vafa_store_operations_total{service=\"intake\",lane=\"calls\"}"),
                     100);
    assert_int_equal(rig_metric(fixture.registry, "vafa_store_map_bytes{service=\"intake\"}"),
                     RIG_MAP_BYTES);
    assert_true(rig_metric(fixture.registry, "vafa_store_map_used_bytes{service=\"intake\"}") > 0);
    writer_rig_fini(&fixture);
}

static void takes_at_most_a_batch(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[10];
    writer_rig_init(&fixture, state, 0, 4);
    for (uint64_t i = 0; i < 10; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        writer_rig_submit(&fixture, &puts[i]);
    }
    assert_true(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 4);
    assert_true(writer_step(fixture.writer));
    assert_true(writer_step(fixture.writer));
    assert_false(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 10);
    assert_int_equal(writer_rig_commits(&fixture), 3);
    writer_rig_fini(&fixture);
}

static void leaves_no_trace_of_a_refusal(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[5];
    writer_rig_init(&fixture, state, 0, 0);
    for (uint64_t i = 0; i < 5; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        puts[i].refuse = i == 2 ? STATUS_NOT_FOUND : STATUS_OK;
        writer_rig_submit(&fixture, &puts[i]);
    }
    while (writer_step(fixture.writer)) {
    }
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(puts[i].op.error.status, i == 2 ? STATUS_NOT_FOUND : STATUS_OK);
        assert_int_equal(puts[i].visible, i != 2);
        assert_int_equal(puts[i].runs, 1);
    }
    assert_string_equal(puts[2].op.error.message, "refused 2");
    assert_string_equal(puts[2].op.error.field, "number");
    assert_int_equal(writer_rig_commits(&fixture), 1);
    assert_int_equal(writer_rig_aborts(&fixture), 0);
    writer_rig_fini(&fixture);
}

static void commits_nothing_for_refusals_alone(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    struct put_op put = writer_rig_put(&fixture, 1);
    put.refuse = STATUS_FAILED_PRECONDITION;
    writer_rig_submit(&fixture, &put);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(put.op.error.status, STATUS_FAILED_PRECONDITION);
    assert_int_equal(writer_rig_commits(&fixture), 0);
    assert_int_equal(atomic_load(&fixture.committed), 0);
    writer_rig_fini(&fixture);
}

static void fails_only_the_operation_with_the_error(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[64];
    writer_rig_init(&fixture, state, 0, 0);
    for (uint64_t i = 0; i < 64; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        puts[i].oversize = i == 0 || i == 20 || i == 21 || i == 63;
        writer_rig_submit(&fixture, &puts[i]);
    }
    while (writer_step(fixture.writer)) {
    }
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(puts[i].op.error.status, puts[i].oversize ? STATUS_INTERNAL : STATUS_OK);
        assert_int_equal(puts[i].visible, !puts[i].oversize);
        assert_int_equal(puts[i].order, i + 1);
    }
    assert_true(writer_rig_commits(&fixture) <= 3);
    assert_true(writer_rig_aborts(&fixture) >= 4);
    writer_rig_fini(&fixture);
}

/* --- queues --- */

static void refuses_when_the_queue_is_full(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[6];
    writer_rig_init(&fixture, state, 4, 2);
    for (uint64_t i = 0; i < 6; i++) {
        puts[i] = writer_rig_put(&fixture, i);
    }
    for (int i = 0; i < 4; i++) {
        writer_rig_submit(&fixture, &puts[i]);
    }
    struct error err;
    assert_int_equal(writer_submit(fixture.writer, &puts[4].op, &err), STATUS_RESOURCE_EXHAUSTED);
    puts[5].op.lane = WRITER_FEEDS; /* another lane has its own */
    writer_rig_submit(&fixture, &puts[5]);
    assert_true(writer_step(fixture.writer)); /* one call, one feed */
    writer_rig_submit(&fixture, &puts[4]);
    while (writer_step(fixture.writer)) {
    }
    assert_int_equal(rig_count_get(&fixture.ended), 6);
    writer_rig_fini(&fixture);
}

static void takes_turns_between_the_lanes(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[40];
    writer_rig_init(&fixture, state, 0, 6);
    for (uint64_t i = 0; i < 40; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        puts[i].op.lane = i < 30 ? WRITER_CALLS : i < 38 ? WRITER_FEEDS : WRITER_TIMERS;
        writer_rig_submit(&fixture, &puts[i]);
    }
    assert_true(writer_step(fixture.writer));
    assert_true(puts[1].order > 0 && puts[2].order == 0);   /* two calls */
    assert_true(puts[31].order > 0 && puts[32].order == 0); /* two feeds */
    assert_true(puts[39].order > 0);                        /* two timers */
    assert_true(writer_step(fixture.writer));
    assert_true(puts[4].order > 0 && puts[5].order == 0); /* now three of each that waits */
    assert_true(puts[34].order > 0 && puts[35].order == 0);
    while (writer_step(fixture.writer)) {
    }
    for (unsigned i = 1; i < 30; i++) { /* each lane keeps its order */
        assert_true(puts[i].order > puts[i - 1].order);
    }
    writer_rig_fini(&fixture);
}

static void lets_an_ended_operation_submit(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    struct put_op second = writer_rig_put(&fixture, 2);
    struct put_op first = writer_rig_put(&fixture, 1);
    first.submit = &second;
    writer_rig_submit(&fixture, &first);
    assert_int_equal(fixture.wakes, 1);
    assert_true(writer_step(fixture.writer));
    assert_true(first.resubmitted);
    assert_int_equal(fixture.wakes, 1); /* the driver steps until there is nothing */
    assert_true(writer_step(fixture.writer));
    assert_true(second.visible);
    assert_false(writer_step(fixture.writer));
    writer_rig_fini(&fixture);
}

static void wakes_the_driver_when_there_is_something_again(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    struct put_op puts[3];
    for (uint64_t i = 0; i < 3; i++) {
        puts[i] = writer_rig_put(&fixture, i);
    }
    assert_false(writer_step(fixture.writer));
    writer_rig_submit(&fixture, &puts[0]);
    writer_rig_submit(&fixture, &puts[1]);
    assert_int_equal(fixture.wakes, 1);
    while (writer_step(fixture.writer)) {
    }
    writer_rig_submit(&fixture, &puts[2]);
    assert_int_equal(fixture.wakes, 2);
    while (writer_step(fixture.writer)) {
    }
    assert_int_equal(rig_count_get(&fixture.ended), 3);
    writer_rig_fini(&fixture);
}

/* --- stopping --- */

static void runs_what_waits_before_it_stops(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[50];
    writer_rig_init(&fixture, state, 0, 8);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    for (uint64_t i = 0; i < 50; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        writer_rig_submit(&fixture, &puts[i]);
    }
    writer_stop(fixture.writer); /* a hold does not keep it */
    assert_int_equal(rig_count_get(&fixture.ended), 50);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(puts[i].op.error.status, STATUS_OK);
        assert_true(puts[i].visible);
    }
    struct put_op late = writer_rig_put(&fixture, 99);
    assert_int_equal(writer_submit(fixture.writer, &late.op, NULL), STATUS_UNAVAILABLE);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_FAILED_PRECONDITION);
    assert_false(writer_release(fixture.writer));
    writer_stop(fixture.writer);
    writer_rig_fini(&fixture);
}

static void ends_what_still_waits_when_freed(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    struct put_op second = writer_rig_put(&fixture, 2);
    struct put_op first = writer_rig_put(&fixture, 1);
    first.submit = &second; /* is refused */
    writer_rig_submit(&fixture, &first);
    writer_rig_fini(&fixture);
    assert_int_equal(rig_count_get(&fixture.ended), 1);
    assert_int_equal(first.op.error.status, STATUS_UNAVAILABLE);
    assert_false(first.resubmitted);
    assert_false(first.visible);
    writer_free(NULL);
}

/* --- holding --- */

static void runs_nothing_while_held(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_hold(fixture.writer, SECOND_US, NULL),
                     STATUS_FAILED_PRECONDITION); /* no thread */
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    struct put_op before = writer_rig_put(&fixture, 1);
    writer_rig_submit(&fixture, &before);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, SECOND_US, NULL),
                     STATUS_FAILED_PRECONDITION); /* held already */
    unsigned ended = rig_count_get(&fixture.ended);
    struct put_op during = writer_rig_put(&fixture, 2);
    writer_rig_submit(&fixture, &during);
    /* The writer is between batches: the store's own write transaction is free. */
    struct store_txn *txn = rig_write(fixture.rig->store);
    store_write_abort(txn);
    assert_int_equal(rig_count_get(&fixture.ended), ended);
    assert_true(writer_release(fixture.writer));
    assert_false(writer_release(fixture.writer));
    rig_count_wait(&fixture.ended, 2);
    assert_true(during.visible);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK); /* again */
    assert_true(writer_release(fixture.writer));
    writer_rig_fini(&fixture);
}

/* The writer may not have looked since the release: what is asked anew must not be taken for it. */
static void is_held_again_at_once_after_a_release(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
        assert_true(writer_release(fixture.writer));
    }
    writer_rig_fini(&fixture);
}

static void goes_on_when_the_hold_is_over(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, 2 * MS_US, NULL), STATUS_OK);
    struct put_op put = writer_rig_put(&fixture, 1);
    writer_rig_submit(&fixture, &put);
    rig_count_wait(&fixture.ended, 1); /* nobody releases */
    assert_true(put.visible);
    assert_false(writer_release(fixture.writer));
    writer_rig_fini(&fixture);
}

/* --- many threads --- */

struct caller {
    struct writer_rig *fixture;
    uint64_t first;
};

static void *call_often(void *context)
{
    struct caller *caller = context;
    for (uint64_t i = 0; i < 100; i++) {
        struct rig_count ended = RIG_COUNT_INIT;
        struct put_op put = writer_rig_put(caller->fixture, caller->first + i);
        put.ended = &ended;
        put.op.lane = (enum writer_lane)(i % WRITER_LANE_COUNT);
        put.refuse = i % 10 == 9 ? STATUS_NOT_FOUND : STATUS_OK;
        if (writer_submit(caller->fixture->writer, &put.op, NULL) != STATUS_OK) {
            return "not submitted";
        }
        rig_count_wait(&ended, 1);
        pthread_mutex_lock(&ended.lock); /* `ended` has let go of it */
        pthread_mutex_unlock(&ended.lock);
        if (put.op.error.status != put.refuse || put.visible != (put.refuse == STATUS_OK)) {
            return "wrong answer";
        }
    }
    return NULL;
}

static void serves_many_threads(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    pthread_t threads[8];
    struct caller callers[8];
    for (uint64_t i = 0; i < 8; i++) {
        callers[i] = (struct caller){&fixture, i * 1000};
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    writer_rig_fini(&fixture);
}

/* --- large operations --- */

static enum status run_large(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    (void)err;
    static const uint8_t value[1 << 20];
    struct put_op *put = (struct put_op *)op;
    struct key key = rig_key(1, put->number % 2); /* over and over, so that the map holds them */
    put->runs++;
    txn_put(txn, STORE_STATE, &key, bytes_of(value, sizeof(value)));
    return STATUS_OK;
}

static void splits_a_batch_of_very_large_operations(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[80];
    writer_rig_init(&fixture, state, 0, 0);
    for (uint64_t i = 0; i < 80; i++) {
        puts[i] = writer_rig_put(&fixture, i);
        puts[i].op.run = run_large;
        writer_rig_submit(&fixture, &puts[i]);
    }
    assert_true(writer_step(fixture.writer));
    for (int i = 0; i < 80; i++) {
        assert_int_equal(puts[i].op.error.status, STATUS_OK);
        assert_int_equal(puts[i].runs, 1);
    }
    assert_int_equal(writer_rig_commits(&fixture), 3); /* 32 MiB each */
    writer_rig_fini(&fixture);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

static void takes_in_what_comes_while_a_batch_runs(void **state)
{
    struct writer_rig fixture;
    writer_rig_init(&fixture, state, 0, 3);
    struct put_op puts[4];
    for (uint64_t i = 4; i > 0; i--) {
        puts[i - 1] = writer_rig_put(&fixture, i);
        puts[i - 1].follow = i < 4 ? &puts[i] : NULL;
    }
    assert_int_equal(writer_submit(fixture.writer, &puts[0].op, NULL), STATUS_OK);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 3); /* as many as a batch may have */
    assert_int_equal(writer_rig_commits(&fixture), 1);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 4);
    assert_int_equal(writer_rig_commits(&fixture), 2);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(puts[i].visible);
        assert_int_equal(puts[i].order, i + 1);
    }
    writer_rig_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(answers_only_after_the_commit),
        WITH_STORE(commits_all_that_waits_at_once),
        WITH_STORE(takes_at_most_a_batch),
        WITH_STORE(takes_in_what_comes_while_a_batch_runs),
        WITH_STORE(leaves_no_trace_of_a_refusal),
        WITH_STORE(commits_nothing_for_refusals_alone),
        WITH_STORE(fails_only_the_operation_with_the_error),
        WITH_STORE(splits_a_batch_of_very_large_operations),
        WITH_STORE(refuses_when_the_queue_is_full),
        WITH_STORE(takes_turns_between_the_lanes),
        WITH_STORE(lets_an_ended_operation_submit),
        WITH_STORE(wakes_the_driver_when_there_is_something_again),
        WITH_STORE(runs_what_waits_before_it_stops),
        WITH_STORE(ends_what_still_waits_when_freed),
        WITH_STORE(runs_nothing_while_held),
        WITH_STORE(is_held_again_at_once_after_a_release),
        WITH_STORE(goes_on_when_the_hold_is_over),
        WITH_STORE(serves_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The writer: answers after the commit, batches, refusals, lanes, stopping, holding, the
 * single-threaded driver. */
#include "store_rig.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An operation that puts the row {1, number} of the state. */
struct put_op {
    struct writer_op op;
    struct store *store;
    struct writer *writer;
    uint64_t number;
    struct rig_count *ended;
    enum status refuse;    /* refuse instead */
    bool oversize;         /* LMDB's error instead */
    unsigned runs;         /* how often it ran */
    bool visible;          /* the row could be read when it ended */
    unsigned order;        /* which one it was to end, from 1 */
    struct put_op *submit; /* submits this when it ends */
    struct put_op *follow; /* submits this while it runs, once */
    bool resubmitted;
};

static enum status run_put(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    struct put_op *put = (struct put_op *)op;
    put->runs++;
    if (put->follow != NULL) {
        assert_int_equal(writer_submit(put->writer, &put->follow->op, NULL), STATUS_OK);
        put->follow = NULL;
    }
    if (put->refuse != STATUS_OK) {
        return error_set(err, put->refuse, "number", "refused %llu",
                         (unsigned long long)put->number);
    }
    struct key key = rig_key(1, put->number);
    rig_put_text(txn, &key, "row");
    if (put->oversize) {
        for (int i = 0; i < 100; i++) {
            key_add_u64(&key, 1);
        }
        rig_put_text(txn, &key, "row");
    }
    return STATUS_OK;
}

static void end_put(struct writer_op *op)
{
    struct put_op *put = (struct put_op *)op;
    struct store_txn *txn;
    if (store_read_begin(put->store, &txn, NULL) == STATUS_OK) {
        struct key key = rig_key(1, put->number);
        struct bytes value;
        put->visible = txn_get(txn, STORE_STATE, &key, &value);
        store_read_end(txn);
    }
    if (put->submit != NULL) {
        put->resubmitted = writer_submit(put->writer, &put->submit->op, NULL) == STATUS_OK;
    }
    put->order = rig_count_get(put->ended) + 1;
    rig_count_add(put->ended);
}

struct fixture {
    struct rig *rig;
    struct metric_registry *registry;
    struct writer *writer;
    struct rig_count ended;
    unsigned wakes;
    atomic_uint committed;
};

static void note_wake(void *context)
{
    ((struct fixture *)context)->wakes++;
}

static void note_committed(void *context)
{
    atomic_fetch_add(&((struct fixture *)context)->committed, 1);
}

static void init(struct fixture *fixture, void **state, uint32_t queue_max, uint32_t batch_max)
{
    *fixture = (struct fixture){.rig = *state, .ended = RIG_COUNT_INIT};
    fixture->registry = metric_registry_new();
    struct writer_options options = {.store = fixture->rig->store,
                                     .clock = clock_system(),
                                     .queue_max = queue_max,
                                     .batch_max = batch_max,
                                     .metrics = fixture->registry,
                                     .name = "intake",
                                     .wake = note_wake,
                                     .committed = note_committed,
                                     .context = fixture};
    fixture->writer = writer_new(&options);
}

static void fini(struct fixture *fixture)
{
    writer_free(fixture->writer);
    metric_registry_free(fixture->registry);
}

static int64_t commits(struct fixture *fixture)
{
    return rig_metric(fixture->registry, "vafa_store_commits_total{service=\"intake\"}");
}

static int64_t aborts(struct fixture *fixture)
{
    return rig_metric(fixture->registry, "vafa_store_batch_aborts_total{service=\"intake\"}");
}

static struct put_op make_put(struct fixture *fixture, uint64_t number)
{
    return (struct put_op){.op = {.run = run_put, .ended = end_put, .shown = true},
                           .store = fixture->rig->store,
                           .writer = fixture->writer,
                           .number = number,
                           .ended = &fixture->ended};
}

static void submit(struct fixture *fixture, struct put_op *put)
{
    assert_int_equal(writer_submit(fixture->writer, &put->op, NULL), STATUS_OK);
}

/* --- batches --- */

static void answers_only_after_the_commit(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    for (uint64_t i = 1; i <= 50; i++) {
        struct put_op put = make_put(&fixture, i);
        submit(&fixture, &put);
        rig_count_wait(&fixture.ended, (unsigned)i);
        assert_int_equal(put.op.error.status, STATUS_OK);
        assert_true(put.visible);
    }
    assert_int_equal(commits(&fixture), 50);
    assert_int_equal(atomic_load(&fixture.committed), 50);
    fini(&fixture);
}

static void commits_all_that_waits_at_once(void **state)
{
    struct fixture fixture;
    struct put_op puts[100];
    init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    for (uint64_t i = 0; i < 100; i++) {
        puts[i] = make_put(&fixture, i);
        submit(&fixture, &puts[i]);
    }
    assert_int_equal(
        rig_metric(fixture.registry, "vafa_store_queue_depth{service=\"intake\",lane=\"calls\"}"),
        100);
    assert_true(writer_release(fixture.writer));
    rig_count_wait(&fixture.ended, 100);
    assert_int_equal(commits(&fixture), 1);
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
    fini(&fixture);
}

static void takes_at_most_a_batch(void **state)
{
    struct fixture fixture;
    struct put_op puts[10];
    init(&fixture, state, 0, 4);
    for (uint64_t i = 0; i < 10; i++) {
        puts[i] = make_put(&fixture, i);
        submit(&fixture, &puts[i]);
    }
    assert_true(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 4);
    assert_true(writer_step(fixture.writer));
    assert_true(writer_step(fixture.writer));
    assert_false(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 10);
    assert_int_equal(commits(&fixture), 3);
    fini(&fixture);
}

static void leaves_no_trace_of_a_refusal(void **state)
{
    struct fixture fixture;
    struct put_op puts[5];
    init(&fixture, state, 0, 0);
    for (uint64_t i = 0; i < 5; i++) {
        puts[i] = make_put(&fixture, i);
        puts[i].refuse = i == 2 ? STATUS_NOT_FOUND : STATUS_OK;
        submit(&fixture, &puts[i]);
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
    assert_int_equal(commits(&fixture), 1);
    assert_int_equal(aborts(&fixture), 0);
    fini(&fixture);
}

static void commits_nothing_for_refusals_alone(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    struct put_op put = make_put(&fixture, 1);
    put.refuse = STATUS_FAILED_PRECONDITION;
    submit(&fixture, &put);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(put.op.error.status, STATUS_FAILED_PRECONDITION);
    assert_int_equal(commits(&fixture), 0);
    assert_int_equal(atomic_load(&fixture.committed), 0);
    fini(&fixture);
}

static void fails_only_the_operation_with_the_error(void **state)
{
    struct fixture fixture;
    struct put_op puts[64];
    init(&fixture, state, 0, 0);
    for (uint64_t i = 0; i < 64; i++) {
        puts[i] = make_put(&fixture, i);
        puts[i].oversize = i == 0 || i == 20 || i == 21 || i == 63;
        submit(&fixture, &puts[i]);
    }
    while (writer_step(fixture.writer)) {
    }
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(puts[i].op.error.status, puts[i].oversize ? STATUS_INTERNAL : STATUS_OK);
        assert_int_equal(puts[i].visible, !puts[i].oversize);
        assert_int_equal(puts[i].order, i + 1);
    }
    assert_true(commits(&fixture) <= 3);
    assert_true(aborts(&fixture) >= 4);
    fini(&fixture);
}

/* --- queues --- */

static void refuses_when_the_queue_is_full(void **state)
{
    struct fixture fixture;
    struct put_op puts[6];
    init(&fixture, state, 4, 2);
    for (uint64_t i = 0; i < 6; i++) {
        puts[i] = make_put(&fixture, i);
    }
    for (int i = 0; i < 4; i++) {
        submit(&fixture, &puts[i]);
    }
    struct error err;
    assert_int_equal(writer_submit(fixture.writer, &puts[4].op, &err), STATUS_RESOURCE_EXHAUSTED);
    puts[5].op.lane = WRITER_FEEDS; /* another lane has its own */
    submit(&fixture, &puts[5]);
    assert_true(writer_step(fixture.writer)); /* one call, one feed */
    submit(&fixture, &puts[4]);
    while (writer_step(fixture.writer)) {
    }
    assert_int_equal(rig_count_get(&fixture.ended), 6);
    fini(&fixture);
}

static void takes_turns_between_the_lanes(void **state)
{
    struct fixture fixture;
    struct put_op puts[40];
    init(&fixture, state, 0, 6);
    for (uint64_t i = 0; i < 40; i++) {
        puts[i] = make_put(&fixture, i);
        puts[i].op.lane = i < 30 ? WRITER_CALLS : i < 38 ? WRITER_FEEDS : WRITER_TIMERS;
        submit(&fixture, &puts[i]);
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
    fini(&fixture);
}

static void lets_an_ended_operation_submit(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    struct put_op second = make_put(&fixture, 2);
    struct put_op first = make_put(&fixture, 1);
    first.submit = &second;
    submit(&fixture, &first);
    assert_int_equal(fixture.wakes, 1);
    assert_true(writer_step(fixture.writer));
    assert_true(first.resubmitted);
    assert_int_equal(fixture.wakes, 1); /* the driver steps until there is nothing */
    assert_true(writer_step(fixture.writer));
    assert_true(second.visible);
    assert_false(writer_step(fixture.writer));
    fini(&fixture);
}

static void wakes_the_driver_when_there_is_something_again(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    struct put_op puts[3];
    for (uint64_t i = 0; i < 3; i++) {
        puts[i] = make_put(&fixture, i);
    }
    assert_false(writer_step(fixture.writer));
    submit(&fixture, &puts[0]);
    submit(&fixture, &puts[1]);
    assert_int_equal(fixture.wakes, 1);
    while (writer_step(fixture.writer)) {
    }
    submit(&fixture, &puts[2]);
    assert_int_equal(fixture.wakes, 2);
    while (writer_step(fixture.writer)) {
    }
    assert_int_equal(rig_count_get(&fixture.ended), 3);
    fini(&fixture);
}

/* --- stopping --- */

static void runs_what_waits_before_it_stops(void **state)
{
    struct fixture fixture;
    struct put_op puts[50];
    init(&fixture, state, 0, 8);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    for (uint64_t i = 0; i < 50; i++) {
        puts[i] = make_put(&fixture, i);
        submit(&fixture, &puts[i]);
    }
    writer_stop(fixture.writer); /* a hold does not keep it */
    assert_int_equal(rig_count_get(&fixture.ended), 50);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(puts[i].op.error.status, STATUS_OK);
        assert_true(puts[i].visible);
    }
    struct put_op late = make_put(&fixture, 99);
    assert_int_equal(writer_submit(fixture.writer, &late.op, NULL), STATUS_UNAVAILABLE);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_FAILED_PRECONDITION);
    assert_false(writer_release(fixture.writer));
    writer_stop(fixture.writer);
    fini(&fixture);
}

static void ends_what_still_waits_when_freed(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    struct put_op second = make_put(&fixture, 2);
    struct put_op first = make_put(&fixture, 1);
    first.submit = &second; /* is refused */
    submit(&fixture, &first);
    fini(&fixture);
    assert_int_equal(rig_count_get(&fixture.ended), 1);
    assert_int_equal(first.op.error.status, STATUS_UNAVAILABLE);
    assert_false(first.resubmitted);
    assert_false(first.visible);
    writer_free(NULL);
}

/* --- the journal --- */

/* A clock that moves when it is told to. */
struct still_clock {
    struct clock clock;
    int64_t now_us;
};

static int64_t read_still(struct clock *clock)
{
    return ((struct still_clock *)clock)->now_us;
}

static int64_t journal_writes(struct fixture *fixture)
{
    return rig_metric(fixture->registry, "vafa_store_journal_writes_total{service=\"intake\"}");
}

static void init_with_clock(struct fixture *fixture, void **state, struct still_clock *clock)
{
    init(fixture, state, 0, 0);
    writer_free(fixture->writer);
    *clock = (struct still_clock){.clock = {.wall_us = read_still, .mono_us = read_still},
                                  .now_us = HOUR_US};
    struct writer_options options = {.store = fixture->rig->store,
                                     .clock = &clock->clock,
                                     .metrics = fixture->registry,
                                     .name = "journaling",
                                     .committed = note_committed,
                                     .context = fixture};
    fixture->writer = writer_new(&options);
}

/* One operation whose end does not read: true when readers see it. */
static bool step_one(struct fixture *fixture, uint64_t number, struct put_op *ret_put)
{
    *ret_put = make_put(fixture, number);
    ret_put->op.shown = false;
    submit(fixture, ret_put);
    assert_true(writer_step(fixture->writer));
    assert_int_equal(ret_put->op.error.status, STATUS_OK);
    return ret_put->visible;
}

static void journals_what_comes_soon_after_a_commit(void **state)
{
    struct fixture fixture;
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
    fini(&fixture);
}

static void commits_what_was_journaled_when_nothing_else_waits(void **state)
{
    struct fixture fixture;
    struct still_clock clock;
    struct put_op puts[2];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0]));
    assert_false(step_one(&fixture, 2, &puts[1]));
    assert_true(writer_step(fixture.writer));
    assert_true(rig_has(fixture.rig->store, 2));
    assert_false(writer_step(fixture.writer));
    fini(&fixture);
}

static void commits_a_batch_whose_end_reads_what_it_wrote(void **state)
{
    struct fixture fixture;
    struct still_clock clock;
    struct put_op puts[2];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0]));
    puts[1] = make_put(&fixture, 2);
    submit(&fixture, &puts[1]);
    assert_true(writer_step(fixture.writer));
    assert_true(puts[1].visible);
    fini(&fixture);
}

static void journals_nothing_for_refusals(void **state)
{
    struct fixture fixture;
    struct still_clock clock;
    struct put_op put;
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &put));
    put = make_put(&fixture, 2);
    put.op.shown = false;
    put.refuse = STATUS_NOT_FOUND;
    submit(&fixture, &put);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(put.op.error.status, STATUS_NOT_FOUND);
    assert_false(writer_step(fixture.writer));
    assert_int_equal(atomic_load(&fixture.committed), 1);
    fini(&fixture);
}

static void keeps_what_was_journaled_when_a_later_operation_fails(void **state)
{
    struct fixture fixture;
    struct still_clock clock;
    struct put_op puts[4];
    init_with_clock(&fixture, state, &clock);
    assert_true(step_one(&fixture, 1, &puts[0]));
    assert_false(step_one(&fixture, 2, &puts[1]));
    for (uint64_t i = 2; i < 4; i++) {
        puts[i] = make_put(&fixture, i + 1);
        puts[i].op.shown = false;
        puts[i].oversize = i == 2;
        submit(&fixture, &puts[i]);
    }
    while (writer_step(fixture.writer)) {
    }
    assert_int_equal(puts[2].op.error.status, STATUS_INTERNAL);
    assert_int_equal(puts[3].op.error.status, STATUS_OK);
    assert_true(rig_has(fixture.rig->store, 1) && rig_has(fixture.rig->store, 2));
    assert_true(rig_has(fixture.rig->store, 4) && !rig_has(fixture.rig->store, 3));
    fini(&fixture);
}

/* On a thread, with operations so close to each other that most are journaled. */
static void journal_many(struct fixture *fixture, struct put_op *puts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        puts[i] = make_put(fixture, i);
        puts[i].op.shown = false;
        submit(fixture, &puts[i]);
        rig_count_wait(&fixture->ended, i + 1);
    }
}

static void shows_all_that_was_acknowledged_once_a_reader_asks(void **state)
{
    struct fixture fixture;
    struct put_op puts[200];
    init(&fixture, state, 0, 0);
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
    fini(&fixture);
}

static void shows_all_that_was_acknowledged_without_being_asked(void **state)
{
    struct fixture fixture;
    struct put_op puts[200];
    init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    journal_many(&fixture, puts, 200);
    while (!rig_has(fixture.rig->store, 199)) {
        (void)sched_yield();
    }
    fini(&fixture);
}

static void shows_all_that_was_acknowledged_once_held_and_once_stopped(void **state)
{
    struct fixture fixture;
    struct put_op puts[200];
    init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    journal_many(&fixture, puts, 100);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    assert_true(rig_has(fixture.rig->store, 99));
    assert_true(writer_release(fixture.writer));
    fixture.ended.value = 0;
    journal_many(&fixture, puts, 200);
    writer_stop(fixture.writer);
    assert_true(rig_has(fixture.rig->store, 199));
    fini(&fixture);
}

/* --- holding --- */

static void runs_nothing_while_held(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    assert_int_equal(writer_hold(fixture.writer, SECOND_US, NULL),
                     STATUS_FAILED_PRECONDITION); /* no thread */
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    struct put_op before = make_put(&fixture, 1);
    submit(&fixture, &before);
    assert_int_equal(writer_hold(fixture.writer, 60 * SECOND_US, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, SECOND_US, NULL),
                     STATUS_FAILED_PRECONDITION); /* held already */
    unsigned ended = rig_count_get(&fixture.ended);
    struct put_op during = make_put(&fixture, 2);
    submit(&fixture, &during);
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
    fini(&fixture);
}

static void goes_on_when_the_hold_is_over(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 0);
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_hold(fixture.writer, 2 * MS_US, NULL), STATUS_OK);
    struct put_op put = make_put(&fixture, 1);
    submit(&fixture, &put);
    rig_count_wait(&fixture.ended, 1); /* nobody releases */
    assert_true(put.visible);
    assert_false(writer_release(fixture.writer));
    fini(&fixture);
}

/* --- many threads --- */

struct caller {
    struct fixture *fixture;
    uint64_t first;
};

static void *call_often(void *context)
{
    struct caller *caller = context;
    for (uint64_t i = 0; i < 100; i++) {
        struct rig_count ended = RIG_COUNT_INIT;
        struct put_op put = make_put(caller->fixture, caller->first + i);
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
    struct fixture fixture;
    init(&fixture, state, 0, 0);
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
    fini(&fixture);
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
    struct fixture fixture;
    struct put_op puts[80];
    init(&fixture, state, 0, 0);
    for (uint64_t i = 0; i < 80; i++) {
        puts[i] = make_put(&fixture, i);
        puts[i].op.run = run_large;
        submit(&fixture, &puts[i]);
    }
    assert_true(writer_step(fixture.writer));
    for (int i = 0; i < 80; i++) {
        assert_int_equal(puts[i].op.error.status, STATUS_OK);
        assert_int_equal(puts[i].runs, 1);
    }
    assert_int_equal(commits(&fixture), 3); /* 32 MiB each */
    fini(&fixture);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

static void takes_in_what_comes_while_a_batch_runs(void **state)
{
    struct fixture fixture;
    init(&fixture, state, 0, 3);
    struct put_op puts[4];
    for (uint64_t i = 4; i > 0; i--) {
        puts[i - 1] = make_put(&fixture, i);
        puts[i - 1].follow = i < 4 ? &puts[i] : NULL;
    }
    assert_int_equal(writer_submit(fixture.writer, &puts[0].op, NULL), STATUS_OK);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 3); /* as many as a batch may have */
    assert_int_equal(commits(&fixture), 1);
    assert_true(writer_step(fixture.writer));
    assert_int_equal(rig_count_get(&fixture.ended), 4);
    assert_int_equal(commits(&fixture), 2);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(puts[i].visible);
        assert_int_equal(puts[i].order, i + 1);
    }
    fini(&fixture);
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
        WITH_STORE(journals_what_comes_soon_after_a_commit),
        WITH_STORE(commits_what_was_journaled_when_nothing_else_waits),
        WITH_STORE(commits_a_batch_whose_end_reads_what_it_wrote),
        WITH_STORE(journals_nothing_for_refusals),
        WITH_STORE(keeps_what_was_journaled_when_a_later_operation_fails),
        WITH_STORE(shows_all_that_was_acknowledged_once_a_reader_asks),
        WITH_STORE(shows_all_that_was_acknowledged_without_being_asked),
        WITH_STORE(shows_all_that_was_acknowledged_once_held_and_once_stopped),
        WITH_STORE(runs_nothing_while_held),
        WITH_STORE(goes_on_when_the_hold_is_over),
        WITH_STORE(serves_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The writer when commits would come too close to each other: what it acknowledged is in the journal,
 * and readers see it soon, or when they ask. */
#include "writer_rig.h"

#include "base/fault.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

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

/* --- whatever comes meanwhile --- */

/* One that is refused, again and again. */
struct refused_op {
    struct writer_op op;
    struct writer *writer;
    atomic_bool stops;
    struct rig_count over;
};

static enum status run_refused(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    (void)op;
    (void)txn;
    return error_set(err, STATUS_NOT_FOUND, NULL, "refused");
}

static void end_refused(struct writer_op *op)
{
    struct refused_op *refused = (struct refused_op *)op;
    if (atomic_load(&refused->stops)) {
        rig_count_add(&refused->over);
    } else {
        assert_int_equal(writer_submit(refused->writer, op, NULL), STATUS_OK);
    }
}

static void shows_what_was_acknowledged_though_refusals_keep_coming(void **state)
{
    struct writer_rig fixture;
    struct put_op puts[50];
    writer_rig_init(&fixture, state, 0, 0);
    struct refused_op refused = {.op = {.run = run_refused, .ended = end_refused},
                                 .writer = fixture.writer,
                                 .over = RIG_COUNT_INIT};
    assert_int_equal(writer_start(fixture.writer, NULL), STATUS_OK);
    assert_int_equal(writer_submit(fixture.writer, &refused.op, NULL), STATUS_OK);
    journal_many(&fixture, puts, 50);
    uint64_t mark = writer_mark(fixture.writer);
    writer_publish_soon(fixture.writer);
    while (!writer_is_visible(fixture.writer, mark)) { /* the test's time-out ends it */
        (void)sched_yield();
    }
    atomic_store(&refused.stops, true);
    rig_count_wait(&refused.over, 1);
    writer_rig_fini(&fixture);
}

/* --- little room --- */

/* Files of this process may not grow beyond so much. */
static rlim_t limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

static struct store *open_synced(const char *folder)
{
    struct store *store = NULL;
    struct store_options options = {
        .folder = folder, .service = "intake", .map_bytes = UINT64_C(1) << 30};
    assert_int_equal(store_open(&store, &options, NULL), STATUS_OK);
    return store;
}

static rlim_t size_of(const char *folder)
{
    struct stat info;
    char *path = rig_path(folder, "data.mdb");
    assert_int_equal(stat(path, &info), 0);
    free(path);
    return (rlim_t)info.st_size;
}

static enum status run_small(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    (void)err;
    struct key key = rig_key(1, ((struct put_op *)op)->number);
    rig_put_text(txn, &key, "row");
    return STATUS_OK;
}

static enum status run_large(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    static const uint8_t large[8000];
    for (uint64_t i = 0; i < 32; i++) {
        struct key key = rig_key(2, ((struct put_op *)op)->number * 32 + i);
        txn_put(txn, STORE_STATE, &key, bytes_of(large, sizeof(large)));
    }
    return run_small(op, txn, err);
}

static enum status step_put(struct writer *writer, struct put_op *put)
{
    assert_int_equal(writer_submit(writer, &put->op, NULL), STATUS_OK);
    assert_true(writer_step(writer));
    return put->op.error.status;
}

#define SPREAD_ROWS 200000

static void fill_rows(struct store *store)
{
    for (uint64_t row = 0; row < SPREAD_ROWS;) {
        struct store_txn *txn = rig_write(store);
        for (int i = 0; i < 20000; i++, row++) {
            struct key key = rig_key(1, row);
            rig_put_text(txn, &key, "a row that others of its kind lie around");
        }
        rig_commit(txn);
    }
}

/* Touches twenty leaves. */
static enum status run_spread(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    (void)err;
    struct put_op *put = (struct put_op *)op;
    for (uint64_t i = 0; i < 20; i++) {
        struct key key = rig_key(1, (put->number * 20 + i) * 7919 % SPREAD_ROWS);
        rig_put_text(txn, &key, "another row of the same kind and length ");
    }
    return STATUS_OK;
}

static void refuses_nothing_while_there_is_room_for_it_alone(void **state)
{
    (void)state;
    char *folder = rig_folder_new();
    struct store *store = open_synced(folder);
    struct rig_count ended = RIG_COUNT_INIT;
    fill_rows(store);
    rlim_t before = limit_files(size_of(folder) + (12 << 20));
    struct writer_options options = {.store = store, .clock = clock_system()};
    struct writer *writer = writer_new(&options);
    for (uint64_t i = 0; i < 1000; i++) {
        struct put_op put = {.op = {.run = run_spread, .ended = writer_rig_end_put},
                             .store = store,
                             .number = i,
                             .ended = &ended};
        assert_int_equal(store_room(store, false, NULL), STATUS_OK);
        assert_int_equal(step_put(writer, &put), STATUS_OK);
    }
    (void)limit_files(before);
    writer_free(writer);
    store_free(store);
    rig_folder_remove(folder);
}

static void opens_with_what_was_journaled_on_a_full_disk(void **state)
{
    (void)state;
    char *folder = rig_folder_new();
    struct store *store = open_synced(folder);
    struct rig_count ended = RIG_COUNT_INIT;
    struct still_clock clock = {.clock = {.wall_us = read_still, .mono_us = read_still},
                                .now_us = HOUR_US};
    rlim_t before = limit_files(size_of(folder) + (10 << 20));
    struct writer_options options = {.store = store, .clock = &clock.clock};
    struct writer *writer = writer_new(&options);
    struct put_op put = {.op = {.run = run_large, .ended = writer_rig_end_put, .shown = true},
                         .store = store,
                         .ended = &ended};
    while (step_put(writer, &put) == STATUS_OK) { /* calls, until they are refused */
        put.number++;
    }
    assert_int_equal(put.op.error.status, STATUS_RESOURCE_EXHAUSTED);
    put.op.reserve = true; /* feeds and timers go on in the reserve */
    for (int i = 0; i < 12; i++, put.number++) {
        assert_int_equal(step_put(writer, &put), STATUS_OK);
    }
    put.op.run = run_small;
    put.op.shown = false;
    assert_int_equal(step_put(writer, &put), STATUS_OK);
    assert_true(store_has_unseen(store) && !rig_has(store, put.number));
    writer_free(writer);
    store_free(store);
    store = open_synced(folder);
    assert_true(rig_has(store, put.number));
    (void)limit_files(before);
    store_free(store);
    rig_folder_remove(folder);
}

/* --- a journal that cannot be written --- */

static bool fail_journal(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "store.journal.before") == 0;
}

static void note_failed(void *context, const struct error *why)
{
    assert_int_equal(why->status, STATUS_DATA_LOSS);
    (*(unsigned *)context)++;
}

static void tells_once_that_the_store_failed_and_never_that_what_is_missing_is_visible(void **state)
{
    struct rig *rig = *state;
    struct still_clock clock = {.clock = {.wall_us = read_still, .mono_us = read_still},
                                .now_us = HOUR_US};
    struct rig_count ended = RIG_COUNT_INIT;
    unsigned failures = 0;
    struct writer_options options = {
        .store = rig->store, .clock = &clock.clock, .failed = note_failed, .context = &failures};
    struct writer *writer = writer_new(&options);
    for (uint64_t i = 0; i < 4; i++) {
        struct put_op put = {.op = {.run = run_small, .ended = writer_rig_end_put},
                             .store = rig->store,
                             .number = i,
                             .ended = &ended};
        if (i == 2) {
            fault_set_hook(fail_journal, NULL);
        }
        assert_int_equal(step_put(writer, &put), i < 2 ? STATUS_OK : STATUS_DATA_LOSS);
    }
    fault_set_hook(NULL, NULL);
    assert_int_equal(failures, 1);
    assert_true(store_has_failed(rig->store));
    assert_false(rig_has(rig->store, 1));
    assert_false(writer_is_visible(writer, writer_mark(writer)));
    writer_free(writer);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, as on a full disk */
    const struct CMUnitTest tests[] = {
        WITH_STORE(journals_what_comes_soon_after_a_commit),
        WITH_STORE(commits_what_was_journaled_when_nothing_else_waits),
        WITH_STORE(commits_a_batch_whose_end_reads_what_it_wrote),
        WITH_STORE(journals_nothing_for_refusals),
        WITH_STORE(keeps_what_was_journaled_when_a_later_operation_fails),
        WITH_STORE(shows_all_that_was_acknowledged_once_a_reader_asks),
        WITH_STORE(shows_all_that_was_acknowledged_without_being_asked),
        WITH_STORE(shows_all_that_was_acknowledged_once_held_and_once_stopped),
        WITH_STORE(shows_what_was_acknowledged_though_refusals_keep_coming),
        cmocka_unit_test(refuses_nothing_while_there_is_room_for_it_alone),
        cmocka_unit_test(opens_with_what_was_journaled_on_a_full_disk),
        WITH_STORE(tells_once_that_the_store_failed_and_never_that_what_is_missing_is_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The writer when the process dies or the disk fails: what was acknowledged is there, and nothing
 * is acknowledged that may not be. */
#include "store_rig.h"

#include "base/check.h"
#include "base/fault.h"
#include "store/event_log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the disk: LMDB's fdatasync comes here --- */

static atomic_int sync_fails;
static atomic_int syncs;

int fdatasync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    if (atomic_load(&sync_fails) != 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* --- operations: a row and an event each --- */

struct put_op {
    struct writer_op op;
    uint64_t number;
    int report_fd; /* the number is written here when it ended well */
    int syncs_before;
    bool synced;
};

static enum status run_put(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    (void)err;
    struct put_op *put = (struct put_op *)op;
    struct key key;
    key_begin(&key, 1);
    key_add_u64(&key, put->number);
    txn_put(txn, STORE_STATE, &key, bytes_of_text("row"));
    struct log_position position;
    log_append(txn, bytes_of(&put->number, sizeof(put->number)), &position);
    put->syncs_before = atomic_load(&syncs);
    return STATUS_OK;
}

static void end_put(struct writer_op *op)
{
    struct put_op *put = (struct put_op *)op;
    put->synced = atomic_load(&syncs) > put->syncs_before;
    if (put->report_fd >= 0 && op->error.status == STATUS_OK) {
        CHECK(write(put->report_fd, &put->number, sizeof(put->number)) == sizeof(put->number));
    }
}

static struct store *open_synced(const char *folder)
{
    struct store *store = NULL;
    struct store_options options = {
        .folder = folder, .service = "intake", .map_bytes = RIG_MAP_BYTES};
    CHECK(store_open(&store, &options, NULL) == STATUS_OK);
    return store;
}

/* --- killed --- */

#define BATCHES 6
#define BATCH 10

/* Time stands still: all that follows the first commit is due for the journal. */
static int64_t still_us(struct clock *clock)
{
    (void)clock;
    return HOUR_US;
}

static struct clock still_clock = {.wall_us = still_us, .mono_us = still_us};

/* The child: batches of ten until something kills it. Durable by commits, or, but for the first, by
 * the journal. */
static int child(const char *folder, const char *fd, bool commits)
{
    struct store *store = open_synced(folder);
    struct writer_options options = {.store = store, .clock = &still_clock};
    struct writer *writer = writer_new(&options);
    struct put_op puts[BATCHES * BATCH];
    for (uint64_t i = 0; i < BATCHES * BATCH; i++) {
        puts[i] = (struct put_op){.op = {.run = run_put, .ended = end_put, .shown = commits},
                                  .number = i,
                                  .report_fd = (int)strtol(fd, NULL, 10)};
        CHECK(writer_submit(writer, &puts[i].op, NULL) == STATUS_OK);
        if (i % BATCH == BATCH - 1) {
            CHECK(writer_step(writer));
        }
    }
    writer_free(writer);
    store_free(store);
    return 0;
}

/* Runs the child under a fault; marks what it acknowledged and returns whether it was killed. */
static bool run_child(const char *folder, const char *fault, const char *way, bool *acknowledged)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char fd[16];
        close(pipes[0]);
        (void)snprintf(fd, sizeof(fd), "%d", pipes[1]);
        setenv("VAFA_FAULT", fault, 1);
        execl("/proc/self/exe", "test_writer_faults", folder, fd, way, (char *)NULL);
        _exit(126);
    }
    close(pipes[1]);
    uint64_t number;
    while (read(pipes[0], &number, sizeof(number)) == sizeof(number)) {
        assert_in_range(number, 0, BATCHES * BATCH - 1);
        acknowledged[number] = true;
    }
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status)) {
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return WIFSIGNALED(status);
}

/* Whole batches are there or not; row and event agree. */
static unsigned count_batches(struct store *store)
{
    struct store_txn *txn = rig_read(store);
    struct log_position head;
    uint64_t bad;
    log_head(txn, &head);
    assert_int_equal(head.offset % BATCH, 0);
    assert_int_equal(log_verify(txn, 1, head.offset, &bad, NULL), STATUS_OK);
    store_read_end(txn);
    for (uint64_t i = 0; i < BATCHES * BATCH; i++) {
        assert_int_equal(rig_has(store, i), i < head.offset);
    }
    return (unsigned)(head.offset / BATCH);
}

static void check_kill(const char *way, const char *fault, unsigned batches_stored,
                       unsigned batches_acknowledged)
{
    char *folder = rig_folder_new();
    bool acknowledged[BATCHES * BATCH] = {false};
    bool killed = run_child(folder, fault, way, acknowledged);
    assert_int_equal(killed, batches_acknowledged < BATCHES);
    struct store *store = open_synced(folder);
    assert_int_equal(count_batches(store), batches_stored);
    for (unsigned i = 0; i < BATCHES * BATCH; i++) {
        assert_int_equal(acknowledged[i], i < batches_acknowledged * BATCH);
    }
    store_free(store);
    rig_folder_remove(folder);
}

static void keeps_what_it_acknowledged_when_killed_before_a_commit(void **state)
{
    (void)state;
    check_kill("commit", "store.commit.before=kill@1", 0, 0);
    check_kill("commit", "store.commit.before=kill@4", 3, 3);
    check_kill("commit", "store.commit.before=kill@100", BATCHES, BATCHES);
}

static void keeps_what_it_acknowledged_when_killed_after_a_commit(void **state)
{
    (void)state;
    check_kill("commit", "store.commit.after=kill@1", 1, 0);
    check_kill("commit", "store.commit.after=kill@4", 4, 3);
}

static void keeps_what_it_acknowledged_when_killed_around_a_journal_write(void **state)
{
    (void)state;
    check_kill("journal", "store.journal.before=kill@1", 1, 1); /* the first was a commit */
    check_kill("journal", "store.journal.before=kill@4", 4, 4);
    check_kill("journal", "store.journal.after=kill@1", 2, 1);
    check_kill("journal", "store.journal.after=kill@4", 5, 4);
}

static void keeps_what_it_acknowledged_when_nothing_was_committed_after_it(void **state)
{
    (void)state;
    check_kill("journal", "store.commit.before=kill@2", BATCHES, BATCHES);
}

/* --- a commit that fails --- */

struct fixture {
    char *folder;
    struct store *store;
    struct writer *writer;
    bool journals; /* what the writer may */
    struct put_op puts[5];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    CHECK(fixture != NULL);
    fixture->folder = rig_folder_new();
    fixture->store = open_synced(fixture->folder);
    struct writer_options options = {.store = fixture->store, .clock = clock_system()};
    fixture->writer = writer_new(&options);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    fault_set_hook(NULL, NULL);
    atomic_store(&sync_fails, 0);
    writer_free(fixture->writer);
    store_free(fixture->store);
    rig_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void run_batch(struct fixture *fixture, uint64_t first)
{
    for (uint64_t i = 0; i < 5; i++) {
        fixture->puts[i] =
            (struct put_op){.op = {.run = run_put, .ended = end_put, .shown = !fixture->journals},
                            .number = first + i,
                            .report_fd = -1};
        assert_int_equal(writer_submit(fixture->writer, &fixture->puts[i].op, NULL), STATUS_OK);
    }
    while (writer_step(fixture->writer)) {
    }
}

static void assert_ended(struct fixture *fixture, enum status status, const char *text)
{
    for (int i = 0; i < 5; i++) {
        const struct error *error = &fixture->puts[i].op.error;
        assert_int_equal(error->status, status);
        if (strstr(error->message, text) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error->message, text);
        }
    }
}

/* No writing, and whoever asks for room is told why, though what was there can be read; all is well
 * after a restart. */
static void assert_stopped(struct fixture *fixture, uint64_t known, uint64_t lost)
{
    run_batch(fixture, 50);
    assert_ended(fixture, STATUS_DATA_LOSS, "restart");
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn, NULL), STATUS_DATA_LOSS);
    assert_int_equal(store_room(fixture->store, false, NULL), STATUS_DATA_LOSS);
    assert_true(rig_has(fixture->store, known));
    assert_false(rig_has(fixture->store, 50));
    if (lost != 0) {
        assert_false(rig_has(fixture->store, lost));
    }
    fault_set_hook(NULL, NULL);
    atomic_store(&sync_fails, 0);
    writer_free(fixture->writer);
    fixture->writer = NULL;
    store_free(fixture->store);
    fixture->store = open_synced(fixture->folder);
    assert_true(rig_has(fixture->store, known));
    assert_false(rig_has(fixture->store, 50));
    struct writer_options options = {.store = fixture->store, .clock = clock_system()};
    fixture->writer = writer_new(&options);
    run_batch(fixture, 60);
    assert_ended(fixture, STATUS_OK, "");
}

static void syncs_before_it_answers(void **state)
{
    struct fixture *fixture = *state;
    run_batch(fixture, 1);
    assert_ended(fixture, STATUS_OK, "");
    for (int i = 0; i < 5; i++) {
        assert_true(fixture->puts[i].synced);
    }
}

static void acknowledges_nothing_when_the_sync_fails(void **state)
{
    struct fixture *fixture = *state;
    run_batch(fixture, 1);
    assert_ended(fixture, STATUS_OK, "");
    atomic_store(&sync_fails, 1);
    run_batch(fixture, 10);
    assert_ended(fixture, STATUS_DATA_LOSS, "inspect");
    atomic_store(&sync_fails, 0); /* it is not trusted again by itself */
    assert_stopped(fixture, 1, 10);
}

static bool fail_commit(void *context, const char *name)
{
    return strcmp(name, context) == 0;
}

/* The journal's write failed, or its answer was lost: the disk is not trusted either. */
static void check_journal_failure(struct fixture *fixture, const char *point, uint64_t lost)
{
    run_batch(fixture, 1);
    assert_ended(fixture, STATUS_OK, "");
    fixture->journals = true;
    run_batch(fixture, 10);
    assert_ended(fixture, STATUS_OK, "");
    fault_set_hook(fail_commit, (void *)(uintptr_t)point);
    writer_free(fixture->writer);
    struct writer_options options = {.store = fixture->store, .clock = &still_clock};
    fixture->writer = writer_new(&options);
    run_batch(fixture, 20); /* a commit, since the writer is new */
    assert_ended(fixture, STATUS_OK, "");
    run_batch(fixture, 30);
    assert_ended(fixture, STATUS_DATA_LOSS, "journal");
    assert_stopped(fixture, 20, lost);
    assert_true(rig_has(fixture->store, 10));
}

static void acknowledges_nothing_when_the_journal_cannot_be_written(void **state)
{
    check_journal_failure(*state, "store.journal.before", 30);
}

static void acknowledges_nothing_when_the_journals_answer_is_lost(void **state)
{
    check_journal_failure(*state, "store.journal.after", 0);
}

static char before_point[] = "store.commit.before";
static char after_point[] = "store.commit.after";

static void acknowledges_nothing_when_the_commit_fails(void **state)
{
    struct fixture *fixture = *state;
    run_batch(fixture, 1);
    fault_set_hook(fail_commit, before_point);
    run_batch(fixture, 10);
    assert_ended(fixture, STATUS_DATA_LOSS, "inspect");
    assert_stopped(fixture, 1, 10);
}

/* The commit reached the disk and its answer was lost: not acknowledged either, and may be there.
 */
static void acknowledges_nothing_when_the_commits_answer_is_lost(void **state)
{
    struct fixture *fixture = *state;
    run_batch(fixture, 1);
    fault_set_hook(fail_commit, after_point);
    run_batch(fixture, 10);
    assert_ended(fixture, STATUS_DATA_LOSS, "inspect");
    assert_stopped(fixture, 1, 0);
}

#define WITH_WRITER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
    if (argc == 4) {
        return child(argv[1], argv[2], strcmp(argv[3], "commit") == 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_it_acknowledged_when_killed_before_a_commit),
        cmocka_unit_test(keeps_what_it_acknowledged_when_killed_after_a_commit),
        cmocka_unit_test(keeps_what_it_acknowledged_when_killed_around_a_journal_write),
        cmocka_unit_test(keeps_what_it_acknowledged_when_nothing_was_committed_after_it),
        WITH_WRITER(syncs_before_it_answers),
        WITH_WRITER(acknowledges_nothing_when_the_sync_fails),
        WITH_WRITER(acknowledges_nothing_when_the_commit_fails),
        WITH_WRITER(acknowledges_nothing_when_the_commits_answer_is_lost),
        WITH_WRITER(acknowledges_nothing_when_the_journal_cannot_be_written),
        WITH_WRITER(acknowledges_nothing_when_the_journals_answer_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

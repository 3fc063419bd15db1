/* A full map and a full disk: refused clearly, reads go on, the reserve serves, and it recovers by
 * itself. */
#include "store_rig.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUE_BYTES 8000

struct row_op {
    struct writer_op op;
    uint64_t number;
    size_t size;
    bool delete;
};

static enum status run_row(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    (void)err;
    static const uint8_t value[1 << 20];
    struct row_op *row = (struct row_op *)op;
    struct key key = rig_key(1, row->number);
    if (row->delete) {
        txn_delete(txn, STORE_STATE, &key);
    } else {
        txn_put(txn, STORE_STATE, &key, bytes_of(value, row->size));
    }
    return STATUS_OK;
}

static void end_row(struct writer_op *op)
{
    (void)op;
}

struct fixture {
    char *folder;
    struct store *store;
    struct writer *writer;
    uint64_t next; /* the number of the next row */
};

static void open_fixture(struct fixture *fixture, const char *folder, uint64_t map_bytes,
                         bool no_sync)
{
    struct store_options options = {
        .folder = folder, .service = "intake", .map_bytes = map_bytes, .no_sync = no_sync};
    struct error err = ERROR_NONE;
    if (store_open(&fixture->store, &options, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    struct writer_options writer_options = {.store = fixture->store, .clock = clock_system()};
    fixture->writer = writer_new(&writer_options);
}

static void close_fixture(struct fixture *fixture)
{
    writer_free(fixture->writer);
    store_free(fixture->store);
}

#define BATCH 32

/* A batch of puts (or deletes) from `first` on; the worst status. */
static enum status run_rows(struct fixture *fixture, uint64_t first, size_t size, bool delete,
                            bool reserve, struct error *ret_err)
{
    struct row_op rows[BATCH];
    enum status worst = STATUS_OK;
    for (uint64_t i = 0; i < BATCH; i++) {
        rows[i] = (struct row_op){.op = {.run = run_row, .ended = end_row, .reserve = reserve},
                                  .number = first + i,
                                  .size = size,
                                  .delete = delete};
        assert_int_equal(writer_submit(fixture->writer, &rows[i].op, NULL), STATUS_OK);
    }
    while (writer_step(fixture->writer)) {
    }
    for (uint64_t i = 0; i < BATCH; i++) {
        enum status status = rows[i].op.error.status;
        /* What was said is what is. */
        assert_int_equal(rig_has(fixture->store, first + i),
                         delete ? status != STATUS_OK : status == STATUS_OK);
        if (status != STATUS_OK) {
            worst = status;
            *ret_err = rows[i].op.error;
        }
    }
    return worst;
}

/* Writes until refused. */
static void fill(struct fixture *fixture, struct error *ret_err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = run_rows(fixture, fixture->next, VALUE_BYTES, false, false, ret_err);
        fixture->next += BATCH;
        assert_true(fixture->next < 1000000);
    }
    assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
}

static void assert_says(const struct error *err, const char *text)
{
    if (strstr(err->message, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err->message, text);
    }
}

/* --- the map --- */

static void refuses_when_the_map_is_full_and_lets_deletes_make_room(void **state)
{
    (void)state;
    struct fixture fixture = {.folder = rig_folder_new()};
    struct error err;
    open_fixture(&fixture, fixture.folder, UINT64_C(16) << 20, true);
    fill(&fixture, &err);
    assert_true(fixture.next * VALUE_BYTES > 8 << 20); /* most of the map was used */
    assert_true(rig_has(fixture.store, 0));            /* reads go on */
    assert_int_equal(run_rows(&fixture, 2000000, VALUE_BYTES, false, false, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_says(&err, "map");
    assert_int_equal(run_rows(&fixture, 3000000, 100, false, true, &err),
                     STATUS_OK); /* an acknowledgement */
    for (uint64_t i = 0; i < 12; i++) {
        assert_int_equal(run_rows(&fixture, i * BATCH, 0, true, true, &err), STATUS_OK);
    }
    assert_int_equal(run_rows(&fixture, 2000000, VALUE_BYTES, false, false, &err),
                     STATUS_OK); /* there is room */
    close_fixture(&fixture);
    rig_folder_remove(fixture.folder);
}

static void rolls_back_a_batch_that_fills_the_map(void **state)
{
    (void)state;
    struct fixture fixture = {.folder = rig_folder_new()};
    struct error err;
    open_fixture(&fixture, fixture.folder, UINT64_C(16) << 20, true);
    /* 32 MiB at once into 16: some go in, the others are refused, each is told the truth (run_rows
     * looks). */
    assert_int_equal(run_rows(&fixture, 0, 1 << 20, false, false, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_true(rig_has(fixture.store, 0));
    assert_false(rig_has(fixture.store, BATCH - 1));
    /* Though full of large rows, it has kept room to delete them. */
    assert_int_equal(run_rows(&fixture, 0, 0, true, true, &err), STATUS_OK);
    assert_int_equal(run_rows(&fixture, 0, VALUE_BYTES, false, false, &err), STATUS_OK);
    close_fixture(&fixture);
    rig_folder_remove(fixture.folder);
}

/* --- the disk --- */

static uint64_t file_size(const char *folder)
{
    char *path = rig_path(folder, "data.mdb");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    free(path);
    return (uint64_t)info.st_size;
}

static void set_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void refuses_when_the_file_may_not_grow_and_recovers(void **state)
{
    (void)state;
    struct fixture fixture = {.folder = rig_folder_new()};
    struct error err;
    open_fixture(&fixture, fixture.folder, UINT64_C(256) << 20, false);
    assert_int_equal(run_rows(&fixture, 1000000, 100, false, false, &err), STATUS_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    set_limit(file_size(fixture.folder) + (10 << 20));
    fill(&fixture, &err);
    assert_says(&err, "disk");
    assert_true(fixture.next * VALUE_BYTES > 2 << 20);
    assert_true(rig_has(fixture.store, 0));
    assert_int_equal(run_rows(&fixture, 3000000, 100, false, true, &err),
                     STATUS_OK); /* from the reserve */
    assert_int_equal(run_rows(&fixture, 2000000, VALUE_BYTES, false, false, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    set_limit(RLIM_INFINITY);
    assert_int_equal(run_rows(&fixture, 2000000, VALUE_BYTES, false, false, &err), STATUS_OK);
    close_fixture(&fixture);
    struct store *store = NULL; /* and the file is sound */
    struct store_options options = {.folder = fixture.folder, .service = "intake"};
    assert_int_equal(store_open(&store, &options, NULL), STATUS_OK);
    assert_true(rig_has(store, 2000000));
    store_free(store);
    rig_folder_remove(fixture.folder);
}

static void refuses_when_the_disk_is_full_and_recovers(void **state)
{
    (void)state;
    struct fixture fixture = {.folder = rig_folder_new()};
    struct error err;
    char *folder = rig_path(fixture.folder, "disk");
    assert_int_equal(mkdir(folder, 0700), 0);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=48m") != 0) {
        print_message("no small disk can be mounted here: %s\n", strerror(errno));
        free(folder);
        rig_folder_remove(fixture.folder);
        skip();
    }
    char *store_path = rig_path(folder, "store");
    char *ballast = rig_path(folder, "ballast");
    int fd = open(ballast, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(posix_fallocate(fd, 0, 20 << 20), 0);
    close(fd);
    open_fixture(&fixture, store_path, UINT64_C(256) << 20, false);
    fill(&fixture, &err);
    assert_says(&err, "disk");
    assert_true(rig_has(fixture.store, 0));
    /* Others fill what is left; the reserve is the store's all the same. */
    char *rest = rig_path(folder, "rest");
    fd = open(rest, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    static const char zeros[4096];
    while (write(fd, zeros, sizeof(zeros)) > 0) {
    }
    close(fd);
    assert_int_equal(run_rows(&fixture, 3000000, 100, false, true, &err), STATUS_OK);
    assert_int_equal(run_rows(&fixture, 2000000, VALUE_BYTES, false, false, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(unlink(ballast), 0);
    assert_int_equal(run_rows(&fixture, 2000000, VALUE_BYTES, false, false, &err), STATUS_OK);
    close_fixture(&fixture);
    assert_int_equal(umount(folder), 0);
    free(store_path);
    free(ballast);
    free(rest);
    free(folder);
    rig_folder_remove(fixture.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_when_the_map_is_full_and_lets_deletes_make_room),
        cmocka_unit_test(rolls_back_a_batch_that_fills_the_map),
        cmocka_unit_test(refuses_when_the_file_may_not_grow_and_recovers),
        cmocka_unit_test(refuses_when_the_disk_is_full_and_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

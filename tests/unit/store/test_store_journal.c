/* The journal: what was written there is in the store after a crash, whatever came before and after
 * it, and a journal that lost something is refused. */
#include "store_rig.h"

#include "base/check.h"
#include "base/fault.h"
#include "store/event_log.h"
#include "store/idempotency.h"
#include "store/store_copy.h"
#include "store/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096

static void put_row(struct store_txn *txn, uint64_t number)
{
    struct key key = rig_key(1, number);
    rig_put_text(txn, &key, "row");
}

static void journal(struct store_txn *txn)
{
    struct error err = ERROR_NONE;
    assert_true(store_fits_journal(txn_store(txn)));
    enum status status = store_write_journal(txn, &err);
    if (status != STATUS_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, STATUS_OK);
}

static void journal_row(struct store *store, uint64_t number)
{
    struct store_txn *txn = rig_write(store);
    put_row(txn, number);
    journal(txn);
}

static void commit_row(struct store *store, uint64_t number)
{
    struct store_txn *txn = rig_write(store);
    put_row(txn, number);
    rig_commit(txn);
}

/* What is not committed is left to the journal. */
static void crash(struct rig *rig)
{
    store_free(rig->store);
    rig->store = NULL;
}

static void restart(struct rig *rig)
{
    crash(rig);
    rig->store = rig_open(rig->folder);
}

/* --- what it is for --- */

static void shows_changes_to_readers_after_the_next_commit(void **state)
{
    struct rig *rig = *state;
    journal_row(rig->store, 1);
    assert_true(store_has_unseen(rig->store));
    assert_false(rig_has(rig->store, 1));
    commit_row(rig->store, 2);
    assert_false(store_has_unseen(rig->store));
    assert_true(rig_has(rig->store, 1) && rig_has(rig->store, 2));
}

static void has_its_changes_after_a_crash(void **state)
{
    struct rig *rig = *state;
    journal_row(rig->store, 1);
    journal_row(rig->store, 2);
    struct store_txn *txn = rig_write(rig->store);
    put_row(txn, 3); /* nobody was told */
    store_write_abort(txn);
    restart(rig);
    assert_true(rig_has(rig->store, 1) && rig_has(rig->store, 2));
    assert_false(rig_has(rig->store, 3));
    assert_false(store_has_unseen(rig->store));
}

static void keeps_its_changes_when_what_came_after_is_rolled_back(void **state)
{
    struct rig *rig = *state;
    journal_row(rig->store, 1);
    struct store_txn *txn = rig_write(rig->store);
    put_row(txn, 2);
    store_write_abort(txn);
    commit_row(rig->store, 3);
    assert_true(rig_has(rig->store, 1) && rig_has(rig->store, 3));
    assert_false(rig_has(rig->store, 2));
}

static bool no_room(void *context, const char *name)
{
    (void)context;
    return strncmp(name, "store.room", 10) == 0;
}

/* Its room was made before it was acknowledged: refusing now would say that the store has failed. */
static void commits_what_was_journaled_on_a_disk_that_has_become_full(void **state)
{
    struct rig *rig = *state;
    struct error err = ERROR_NONE;
    journal_row(rig->store, 1);
    fault_set_hook(no_room, NULL);
    enum status status = store_write_commit(rig_write(rig->store), &err);
    fault_set_hook(NULL, NULL);
    assert_int_equal(status, STATUS_OK);
    assert_true(rig_has(rig->store, 1));
    assert_false(store_has_failed(rig->store));
}

static void leaves_to_a_commit_what_does_not_fit(void **state)
{
    struct rig *rig = *state;
    static const uint8_t large[1 << 20];
    struct store_txn *txn = rig_write(rig->store);
    for (uint64_t i = 0; i < 6; i++) {
        struct key key = rig_key(2, i);
        txn_put(txn, STORE_VIEW, &key, bytes_of(large, sizeof(large)));
    }
    assert_false(store_fits_journal(txn_store(txn)));
    rig_commit(txn);
    journal_row(rig->store, 1); /* and then it is used again */
    restart(rig);
    assert_true(rig_has(rig->store, 1));
}

/* Every way a transaction changes a store. */
static void change_everything(struct store *store, uint64_t round)
{
    struct store_txn *txn = rig_write(store);
    static const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES] = {7};
    uint8_t uuid[UUID_BYTES] = {0};
    struct log_position position;
    log_append(txn, bytes_of(&round, sizeof(round)), &position);
    log_append(txn, bytes_of(NULL, 0), &position);
    for (int space = 0; space < STORE_SPACE_COUNT; space++) {
        struct key key = rig_key(3, round % 5);
        txn_put(txn, (enum store_space)space, &key, bytes_of(&round, sizeof(round)));
        key = rig_key(3, (round + 2) % 5);
        txn_delete(txn, (enum store_space)space, &key);
    }
    cursor_put(txn, "routing", &position);
    meta_put_u64(txn, "round", round);
    timer_set(txn, &(struct timer){.due_us = (int64_t)(100 - round), .kind = 1, .subject = 1});
    if (round % 3 == 0) {
        timer_clear(txn, 1, 1);
    }
    /* A key of each day: in the end the first ones are dropped. */
    int64_t now_us = (20000 + (int64_t)round) * DAY_US;
    be64_put(uuid, (uint64_t)(now_us / MS_US) << 16);
    uuid[6] = 0x70;
    uuid[8] = 0x80;
    struct idempotency_answer answer = {bytes_of(&round, sizeof(round)), round};
    idempotency_keep(txn, bytes_of(uuid, sizeof(uuid)), digest, &answer, now_us);
    journal(txn);
}

static void assert_same_answers(struct store *a, struct store *b, uint64_t rounds)
{
    static const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES] = {7};
    struct store *stores[2] = {a, b};
    for (uint64_t round = 0; round < rounds; round++) {
        enum status status[2];
        bool known[2] = {false, false};
        int64_t now_us = (20000 + (int64_t)round) * DAY_US;
        uint8_t uuid[UUID_BYTES] = {0};
        be64_put(uuid, (uint64_t)(now_us / MS_US) << 16);
        uuid[6] = 0x70;
        uuid[8] = 0x80;
        for (int i = 0; i < 2; i++) {
            struct store_txn *txn = rig_read(stores[i]);
            struct idempotency_answer answer;
            status[i] = idempotency_find(txn, bytes_of(uuid, sizeof(uuid)), digest, now_us,
                                         &known[i], &answer, NULL);
            store_read_end(txn);
        }
        assert_int_equal(status[0], status[1]);
        assert_int_equal(known[0], known[1]);
    }
}

static void assert_same(struct store *a, struct store *b)
{
    struct store_txn *left = rig_read(a);
    struct store_txn *right = rig_read(b);
    struct log_position left_head, right_head, left_cursor, right_cursor;
    log_head(left, &left_head);
    log_head(right, &right_head);
    assert_int_equal(left_head.offset, right_head.offset);
    assert_memory_equal(left_head.hash, right_head.hash, STORE_HASH_BYTES);
    for (int space = 0; space < STORE_SPACE_COUNT; space++) {
        bool is_same = false;
        struct store_difference difference;
        assert_int_equal(
            store_compare(left, right, (enum store_space)space, &is_same, &difference, NULL),
            STATUS_OK);
        assert_true(is_same);
    }
    assert_int_equal(meta_get_u64(left, "round"), meta_get_u64(right, "round"));
    assert_true(cursor_get(left, "routing", &left_cursor));
    assert_true(cursor_get(right, "routing", &right_cursor));
    assert_int_equal(left_cursor.offset, right_cursor.offset);
    store_read_end(left);
    store_read_end(right);
}

static void replays_every_kind_of_change(void **state)
{
    enum { ROUNDS = 20 };
    struct rig *rig = *state;
    char *folder = rig_folder_new();
    struct store *other = rig_open(folder); /* where all is committed at the end, without a crash */
    for (uint64_t round = 0; round < ROUNDS; round++) {
        change_everything(rig->store, round);
        change_everything(other, round);
    }
    rig_commit(rig_write(other));
    restart(rig);
    assert_same(rig->store, other);
    assert_same_answers(rig->store, other, ROUNDS);
    store_free(other);
    rig_folder_remove(folder);
}

/* --- any order of things --- */

#define ROWS 40

static void check_rows(struct store *store, const bool *rows)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        assert_int_equal(rig_has(store, i), rows[i]);
    }
}

static void agrees_with_a_model_after_any_order_of_journal_commit_rollback_and_crash(void **state)
{
    struct rig *rig = *state;
    bool rows[ROWS] = {false};
    srand(1); /* NOLINT(cert-msc*): the same steps every time */
    for (int step = 0; step < 3000; step++) {
        bool now[ROWS];
        memcpy(now, rows, sizeof(now));
        struct store_txn *txn = rig_write(rig->store);
        for (int i = rand() % 5; i >= 0; i--) {          /* NOLINT(cert-msc*) */
            uint64_t number = (uint64_t)(rand() % ROWS); /* NOLINT(cert-msc*) */
            struct key key = rig_key(1, number);
            now[number] = !now[number];
            if (now[number]) {
                rig_put_text(txn, &key, "row");
            } else {
                txn_delete(txn, STORE_STATE, &key);
            }
        }
        int what = rand() % 20; /* NOLINT(cert-msc*) */
        if (what == 0) {
            store_write_abort(txn);
            restart(rig);
            check_rows(rig->store, rows);
        } else if (what == 1) {
            store_write_abort(txn);
        } else if (what < 5 || !store_fits_journal(txn_store(txn))) {
            rig_commit(txn);
            memcpy(rows, now, sizeof(rows));
            check_rows(rig->store, rows);
        } else {
            journal(txn);
            memcpy(rows, now, sizeof(rows));
        }
    }
}

/* --- damage --- */

static void with_file(const char *folder, long at, uint8_t mask)
{
    char *path = rig_path(folder, "journal");
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ mask, file), byte ^ mask);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static void assert_refused(struct rig *rig, const char *text)
{
    struct store *store = NULL;
    struct error err = ERROR_NONE;
    assert_int_equal(rig_try_open(rig->folder, &store, &err), STATUS_DATA_LOSS);
    if (strstr(err.message, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, text);
    }
}

static void drops_a_last_record_that_was_cut(void **state)
{
    struct rig *rig = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        journal_row(rig->store, i);
    }
    crash(rig);
    with_file(rig->folder, 2 * BLOCK + 50, 0x10);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 1) && rig_has(rig->store, 2));
    assert_false(rig_has(rig->store, 3));
    journal_row(rig->store, 4); /* takes its place */
    restart(rig);
    assert_true(rig_has(rig->store, 4));
    assert_false(rig_has(rig->store, 3));
}

static void refuses_a_record_that_was_damaged_afterwards(void **state)
{
    struct rig *rig = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        journal_row(rig->store, i);
    }
    crash(rig);
    with_file(rig->folder, BLOCK + 50, 0x10);
    assert_refused(rig, "damaged");
    with_file(rig->folder, BLOCK + 50, 0x10);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 3));
}

static void copy_file(const char *folder, const char *from, const char *to)
{
    char *source = rig_path(folder, from);
    char *target = rig_path(folder, to);
    FILE *in = fopen(source, "rb");
    FILE *out = fopen(target, "wb");
    static char block[BLOCK];
    size_t size;
    assert_true(in != NULL && out != NULL);
    while ((size = fread(block, 1, sizeof(block), in)) > 0) {
        assert_int_equal(fwrite(block, 1, size, out), size);
    }
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
    free(source);
    free(target);
}

/* However what came between was made durable. */
static void refuses_an_older_copy_of_the_tables(void **state)
{
    struct rig *rig = *state;
    for (int way = 0; way < 2; way++) {
        commit_row(rig->store, 1);
        crash(rig);
        copy_file(rig->folder, "data.mdb", "old.mdb");
        rig->store = rig_open(rig->folder);
        if (way == 0) {
            journal_row(rig->store, 2);
        }
        commit_row(rig->store, 3);
        journal_row(rig->store, 4);
        crash(rig);
        copy_file(rig->folder, "data.mdb", "new.mdb");
        copy_file(rig->folder, "old.mdb", "data.mdb");
        assert_refused(rig, "older copy");
        copy_file(rig->folder, "new.mdb", "data.mdb");
        rig->store = rig_open(rig->folder);
        assert_true(rig_has(rig->store, 3) && rig_has(rig->store, 4));
    }
}

static void has_its_changes_though_the_lock_file_is_gone(void **state)
{
    struct rig *rig = *state;
    journal_row(rig->store, 1);
    crash(rig);
    char *path = rig_path(rig->folder, "store.lock");
    assert_int_equal(unlink(path), 0);
    free(path);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 1));
}

static void goes_on_making_a_file_that_was_made_in_part(void **state)
{
    struct rig *rig = *state;
    commit_row(rig->store, 1);
    crash(rig);
    char *path = rig_path(rig->folder, "journal");
    assert_int_equal(truncate(path, 0), 0); /* as a restore leaves it */
    assert_int_equal(truncate(path, 5 * BLOCK), 0);
    rig->store = rig_open(rig->folder);
    journal_row(rig->store, 2);
    restart(rig);
    assert_true(rig_has(rig->store, 1) && rig_has(rig->store, 2));
    free(path);
}

/* --- read-only --- */

static struct store *open_read_only(struct rig *rig, enum status expected)
{
    struct store *store = NULL;
    struct store_options options = {.folder = rig->folder, .service = "intake", .read_only = true};
    assert_int_equal(store_open(&store, &options, NULL), expected);
    return store;
}

static void tells_who_only_reads_what_the_next_start_will_add(void **state)
{
    struct rig *rig = *state;
    journal_row(rig->store, 1);
    journal_row(rig->store, 2);
    crash(rig);
    struct store *store = open_read_only(rig, STATUS_OK);
    assert_int_equal(store_records_to_add(store), 2);
    store_free(store);
    with_file(rig->folder, 50, 0x10);
    assert_null(open_read_only(rig, STATUS_DATA_LOSS));
    with_file(rig->folder, 50, 0x10);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 2));
    crash(rig);
    store = open_read_only(rig, STATUS_OK);
    assert_int_equal(store_records_to_add(store), 0);
    store_free(store);
}

static void refuses_to_go_on_without_its_file(void **state)
{
    struct rig *rig = *state;
    struct stat info;
    journal_row(rig->store, 1);
    crash(rig);
    char *path = rig_path(rig->folder, "journal");
    assert_int_equal(truncate(path, 5 * BLOCK), 0);
    assert_refused(rig, "bytes of");
    assert_int_equal(truncate(path, 8 << 20), 0);
    assert_refused(rig, "bytes of");
    assert_int_equal(unlink(path), 0);
    assert_refused(rig, "make it an empty file");
    FILE *file = fopen(path, "wb"); /* as the message says */
    assert_true(file != NULL && fclose(file) == 0);
    rig->store = rig_open(rig->folder);
    assert_false(rig_has(rig->store, 1));
    journal_row(rig->store, 2);
    restart(rig);
    assert_true(rig_has(rig->store, 2));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 4 << 20);
    free(path);
}

static void ignores_records_of_another_store(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_folder_new();
    struct store *other = rig_open(folder);
    journal_row(other, 9);
    store_free(other);
    crash(rig);
    char *from = rig_path(folder, "journal");
    char *to = rig_path(rig->folder, "journal");
    assert_int_equal(rename(from, to), 0);
    free(from);
    free(to);
    rig->store = rig_open(rig->folder);
    assert_false(rig_has(rig->store, 9));
    rig_folder_remove(folder);
}

static void begins_empty_after_a_restore(void **state)
{
    struct rig *rig = *state;
    commit_row(rig->store, 1);
    char *copy = rig_path(rig->folder, "copy");
    struct store_txn *txn = rig_read(rig->store);
    assert_int_equal(store_copy(txn, copy, NULL, NULL), STATUS_OK);
    store_read_end(txn);
    journal_row(rig->store, 2); /* of the time after the copy, which is given up */
    crash(rig);
    char *data = rig_path(rig->folder, "data.mdb");
    assert_int_equal(unlink(data), 0);
    assert_int_equal(store_restore(copy, rig->folder, "intake", NULL), STATUS_OK);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 1));
    assert_false(rig_has(rig->store, 2));
    free(copy);
    free(data);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(shows_changes_to_readers_after_the_next_commit),
        WITH_STORE(has_its_changes_after_a_crash),
        WITH_STORE(keeps_its_changes_when_what_came_after_is_rolled_back),
        WITH_STORE(commits_what_was_journaled_on_a_disk_that_has_become_full),
        WITH_STORE(leaves_to_a_commit_what_does_not_fit),
        WITH_STORE(replays_every_kind_of_change),
        WITH_STORE(agrees_with_a_model_after_any_order_of_journal_commit_rollback_and_crash),
        WITH_STORE(drops_a_last_record_that_was_cut),
        WITH_STORE(refuses_a_record_that_was_damaged_afterwards),
        WITH_STORE(refuses_an_older_copy_of_the_tables),
        WITH_STORE(has_its_changes_though_the_lock_file_is_gone),
        WITH_STORE(goes_on_making_a_file_that_was_made_in_part),
        WITH_STORE(tells_who_only_reads_what_the_next_start_will_add),
        WITH_STORE(refuses_to_go_on_without_its_file),
        WITH_STORE(ignores_records_of_another_store),
        WITH_STORE(begins_empty_after_a_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Copies: a copy and its restore give an equal store; comparing finds each kind of difference. */
#include "store_rig.h"

#include "base/check.h"
#include "store/event_log.h"
#include "store/idempotency.h"
#include "store/store_copy.h"
#include "store/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill(struct store *store)
{
    static uint8_t value[9000];
    uint8_t uuid[UUID_BYTES];
    uint8_t digest[IDEMPOTENCY_DIGEST_BYTES] = {1};
    memset(value, 'v', sizeof(value));
    struct store_txn *txn = rig_write(store);
    for (uint64_t i = 0; i < 3000; i++) {
        struct key key = rig_key((uint8_t)(1 + i % 3), i * 7919 % 3001);
        txn_put(txn, (enum store_space)(i % STORE_SPACE_COUNT), &key,
                bytes_of(value, i * 31 % sizeof(value)));
        struct log_position position;
        log_append(txn, bytes_of(value, i % 300), &position);
    }
    struct timer timer = {5, 1, 1};
    timer_set(txn, &timer);
    struct log_position position = {.offset = 9};
    cursor_put(txn, "routing", &position);
    meta_put_u64(txn, "recorded_at_us", 12345);
    struct idempotency_answer answer = {bytes_of_text("answer"), 1};
    uuid7_make(random_system(), 20000 * DAY_US, uuid);
    memset(uuid + 7, 1, 1);
    idempotency_keep(txn, bytes_of(uuid, sizeof(uuid)), digest, &answer, 20000 * DAY_US);
    rig_commit(txn);
}

static enum status copy(struct store *store, const char *folder, struct error *err)
{
    struct store_txn *txn = rig_read(store);
    enum status status = store_copy(txn, folder, NULL, err);
    store_read_end(txn);
    return status;
}

static bool same(struct store *a, struct store *b, enum store_space space,
                 struct store_difference *ret_difference)
{
    struct store_txn *left = rig_read(a);
    struct store_txn *right = rig_read(b);
    bool is_same = false;
    assert_int_equal(store_compare(left, right, space, &is_same, ret_difference, NULL), STATUS_OK);
    store_read_end(left);
    store_read_end(right);
    return is_same;
}

static void assert_equal_stores(struct store *a, struct store *b)
{
    struct store_difference difference;
    for (int space = 0; space < STORE_SPACE_COUNT; space++) {
        assert_true(same(a, b, (enum store_space)space, &difference));
    }
    assert_memory_equal(store_log_id(a), store_log_id(b), STORE_LOG_ID_BYTES);
    assert_memory_equal(store_secret(a), store_secret(b), STORE_SECRET_BYTES);
    struct store_txn *left = rig_read(a);
    struct store_txn *right = rig_read(b);
    struct log_position head_a, head_b;
    uint64_t bad;
    log_head(left, &head_a);
    log_head(right, &head_b);
    assert_memory_equal(&head_a, &head_b, sizeof(head_a));
    assert_int_equal(log_verify(right, 1, head_b.offset, &bad, NULL), STATUS_OK);
    assert_true(cursor_get(right, "routing", &head_b));
    assert_int_equal(head_b.offset, 9);
    assert_int_equal(meta_get_u64(right, "recorded_at_us"), 12345);
    struct timer timer;
    assert_true(timer_first(right, &timer));
    store_read_end(left);
    store_read_end(right);
}

static void gives_an_equal_store(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "copy");
    char *restored = rig_path(rig->folder, "restored");
    fill(rig->store);
    assert_int_equal(copy(rig->store, folder, NULL), STATUS_OK);
    assert_int_equal(store_restore(folder, restored, "intake", NULL), STATUS_OK);
    struct store *store = rig_open(restored);
    assert_equal_stores(rig->store, store);
    struct store_txn *txn = rig_write(store); /* and can be written */
    struct log_position position;
    log_append(txn, bytes_of_text("next"), &position);
    assert_int_equal(position.offset, 3001);
    rig_commit(txn);
    store_free(store);
    store = rig_open(restored);
    store_free(store);
    free(folder);
    free(restored);
}

static void copies_an_empty_store(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "copy");
    char *restored = rig_path(rig->folder, "restored");
    assert_int_equal(copy(rig->store, folder, NULL), STATUS_OK);
    assert_int_equal(store_restore(folder, restored, "intake", NULL), STATUS_OK);
    struct store *store = rig_open(restored);
    assert_memory_equal(store_log_id(rig->store), store_log_id(store), STORE_LOG_ID_BYTES);
    store_free(store);
    free(folder);
    free(restored);
}

static void copies_the_snapshot_not_what_came_after(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "copy");
    char *restored = rig_path(rig->folder, "restored");
    struct store_txn *snapshot = rig_read(rig->store);
    fill(rig->store);
    assert_int_equal(store_copy(snapshot, folder, NULL, NULL), STATUS_OK);
    store_read_end(snapshot);
    assert_int_equal(store_restore(folder, restored, "intake", NULL), STATUS_OK);
    struct store *store = rig_open(restored);
    struct store_txn *txn = rig_read(store);
    struct log_position head;
    log_head(txn, &head);
    assert_int_equal(head.offset, 0);
    store_read_end(txn);
    store_free(store);
    free(folder);
    free(restored);
}

static bool file_holds(const char *path, const char *text)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static char content[8 << 20];
    size_t size = fread(content, 1, sizeof(content), file);
    fclose(file);
    return memmem(content, size, text, strlen(text)) != NULL;
}

static void keeps_the_keys_apart(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct key key = rig_key(1, 1);
    txn_put(txn, STORE_KEYS, &key, bytes_of_text("a citizen's sealing key"));
    txn_put(txn, STORE_STATE, &key, bytes_of_text("an open row of the state"));
    rig_commit(txn);
    char *folder = rig_path(rig->folder, "copy");
    char *data = rig_path(rig->folder, "copy/data.mdb");
    char *keys = rig_path(rig->folder, "copy/keys.mdb");
    assert_int_equal(copy(rig->store, folder, NULL), STATUS_OK);
    assert_false(file_holds(data, "a citizen's sealing key"));
    assert_true(file_holds(data, "an open row of the state"));
    assert_true(file_holds(keys, "a citizen's sealing key"));
    assert_false(file_holds(keys, "an open row of the state"));
    struct stat info;
    assert_int_equal(stat(keys, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    free(folder);
    free(data);
    free(keys);
}

static void refuses_what_it_would_overwrite(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "copy");
    assert_int_equal(copy(rig->store, folder, NULL), STATUS_OK);
    assert_int_equal(copy(rig->store, folder, NULL), STATUS_ALREADY_EXISTS);
    assert_int_equal(store_restore(folder, rig->folder, "intake", NULL),
                     STATUS_FAILED_PRECONDITION); /* open */
    store_free(rig->store);
    rig->store = NULL;
    assert_int_equal(store_restore(folder, rig->folder, "intake", NULL), STATUS_ALREADY_EXISTS);
    free(folder);
}

static void restores_what_was_lost(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "copy");
    char *data = rig_path(rig->folder, "data.mdb");
    fill(rig->store);
    assert_int_equal(copy(rig->store, folder, NULL), STATUS_OK);
    store_free(rig->store);
    assert_int_equal(unlink(data), 0);
    assert_int_equal(store_restore(folder, rig->folder, "intake", NULL), STATUS_OK);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 0));
    free(folder);
    free(data);
}

static void refuses_copies_that_do_not_belong(void **state)
{
    struct rig *rig = *state;
    char *copy_a = rig_path(rig->folder, "copy_a");
    char *copy_b = rig_path(rig->folder, "copy_b");
    char *other_folder = rig_path(rig->folder, "other");
    char *restored = rig_path(rig->folder, "restored");
    char *keys_a = rig_path(rig->folder, "copy_a/keys.mdb");
    char *keys_b = rig_path(rig->folder, "copy_b/keys.mdb");
    char *data_a = rig_path(rig->folder, "copy_a/data.mdb");
    struct store *other = rig_open(other_folder);
    fill(rig->store);
    assert_int_equal(copy(rig->store, copy_a, NULL), STATUS_OK);
    assert_int_equal(copy(other, copy_b, NULL), STATUS_OK);
    store_free(other);
    assert_int_equal(store_restore(copy_a, restored, "routing", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(rename(keys_b, keys_a), 0);
    struct error err;
    assert_int_equal(store_restore(copy_a, restored, "intake", &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, "different stores"));
    assert_int_equal(unlink(keys_a), 0);
    assert_int_equal(store_restore(copy_a, restored, "intake", NULL), STATUS_NOT_FOUND);
    struct stat info;
    assert_int_equal(stat(data_a, &info), 0);
    assert_int_equal(truncate(data_a, info.st_size - 4096), 0);
    assert_int_equal(store_restore(copy_a, restored, "intake", NULL), STATUS_DATA_LOSS);
    struct store *store = NULL; /* none of these left a store */
    struct store_options options = {.folder = restored, .service = "intake", .read_only = true};
    assert_int_equal(store_open(&store, &options, NULL), STATUS_NOT_FOUND);
    free(copy_a);
    free(copy_b);
    free(other_folder);
    free(restored);
    free(keys_a);
    free(keys_b);
    free(data_a);
}

static void finds_what_differs(void **state)
{
    struct rig *rig = *state;
    char *other_folder = rig_path(rig->folder, "other");
    struct store *other = rig_open(other_folder);
    struct store *both[] = {rig->store, other};
    for (int i = 0; i < 2; i++) {
        struct store_txn *txn = rig_write(both[i]);
        for (uint64_t n = 0; n < 1000; n++) {
            struct key key = rig_key(1, n);
            rig_put_text(txn, &key, "row");
        }
        rig_commit(txn);
    }
    struct store_difference difference;
    struct key at = rig_key(1, 500);
    assert_true(same(rig->store, other, STORE_STATE, &difference));

    struct store_txn *txn = rig_write(other);
    rig_put_text(txn, &at, "other");
    rig_commit(txn);
    assert_false(same(rig->store, other, STORE_STATE, &difference));
    assert_string_equal(difference.kind, "different");
    assert_int_equal(difference.space, STORE_STATE);
    assert_true(bytes_equal(key_bytes(&difference.key), key_bytes(&at)));
    assert_true(same(rig->store, other, STORE_VIEW, &difference));

    txn = rig_write(other);
    txn_delete(txn, STORE_STATE, &at);
    rig_commit(txn);
    assert_false(same(rig->store, other, STORE_STATE, &difference));
    assert_string_equal(difference.kind, "missing");
    assert_true(bytes_equal(key_bytes(&difference.key), key_bytes(&at)));
    assert_false(same(other, rig->store, STORE_STATE, &difference));
    assert_string_equal(difference.kind, "extra");
    assert_true(bytes_equal(key_bytes(&difference.key), key_bytes(&at)));

    at = rig_key(1, 1000); /* behind the end of the one */
    txn = rig_write(other);
    struct key again = rig_key(1, 500);
    rig_put_text(txn, &again, "row");
    rig_put_text(txn, &at, "row");
    rig_commit(txn);
    assert_false(same(rig->store, other, STORE_STATE, &difference));
    assert_string_equal(difference.kind, "extra");
    assert_false(same(other, rig->store, STORE_STATE, &difference));
    assert_string_equal(difference.kind, "missing");
    assert_true(bytes_equal(key_bytes(&difference.key), key_bytes(&at)));
    store_free(other);
    free(other_folder);
}

static void digests_a_file(void **state)
{
    struct rig *rig = *state;
    char *path = rig_path(rig->folder, "file");
    FILE *file = fopen(path, "w");
    fputs("abc", file);
    fclose(file);
    uint8_t digest[32], expected[32];
    uint64_t size;
    assert_int_equal(file_digest(path, NULL, digest, &size, NULL), STATUS_OK);
    assert_int_equal(size, 3);
    /* BLAKE2b-256("abc"), from another implementation (b2sum -l 256). */
    assert_true(hex_decode("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
                           expected, 32));
    assert_memory_equal(digest, expected, 32);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_digest(path, NULL, digest, &size, NULL), STATUS_NOT_FOUND);
    free(path);
}

static void gives_up_when_it_is_told_to_stop(void **state)
{
    struct rig *rig = *state;
    const atomic_bool stop = true;
    struct error err = ERROR_NONE;
    uint8_t digest[32];
    uint64_t size;
    char *folder = rig_path(rig->folder, "copy");
    char *data = rig_path(rig->folder, "copy/data.mdb");
    char *restored = rig_path(rig->folder, "restored");
    fill(rig->store);
    struct store_txn *snapshot = rig_read(rig->store);
    assert_int_equal(store_copy(snapshot, folder, &stop, &err), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.message, "not whole"));
    store_read_end(snapshot);
    assert_int_equal(file_digest(data, &stop, digest, &size, NULL), STATUS_UNAVAILABLE);
    assert_int_not_equal(store_restore(folder, restored, "intake", NULL), STATUS_OK);
    free(folder);
    free(data);
    free(restored);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(gives_an_equal_store),
        WITH_STORE(copies_an_empty_store),
        WITH_STORE(copies_the_snapshot_not_what_came_after),
        WITH_STORE(keeps_the_keys_apart),
        WITH_STORE(refuses_what_it_would_overwrite),
        WITH_STORE(restores_what_was_lost),
        WITH_STORE(refuses_copies_that_do_not_belong),
        WITH_STORE(finds_what_differs),
        WITH_STORE(digests_a_file),
        WITH_STORE(gives_up_when_it_is_told_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Transactions: values, scans, the sticky error, snapshots. */
#include "store_rig.h"

#include <string.h>

static struct key text_key(const char *a, const char *b)
{
    struct key key;
    key_begin(&key, 5);
    key_add_bytes(&key, a, strlen(a));
    if (b != NULL) {
        key_add_bytes(&key, b, strlen(b));
    }
    return key;
}

static void put_all(struct store *store, const char *const *names)
{
    struct store_txn *txn = rig_write(store);
    for (; *names != NULL; names++) {
        struct key key = text_key(*names, NULL);
        rig_put_text(txn, &key, *names);
    }
    rig_commit(txn);
}

/* The scan's values, with spaces between. */
static void assert_scan(struct store *store, const char *prefix, const char *from, bool backwards,
                        const char *expected)
{
    struct store_txn *txn = rig_read(store);
    struct key prefix_key = text_key(prefix, NULL);
    struct key from_key;
    if (from != NULL) {
        from_key = text_key(from, NULL);
    }
    struct txn_scan scan;
    struct buffer out = BUFFER_EMPTY;
    struct bytes key, value;
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix_key, from != NULL ? &from_key : NULL,
                   backwards);
    while (txn_scan_next(&scan, &key, &value)) {
        buffer_append_bytes(&out, value);
        buffer_append_text(&out, " ");
    }
    assert_false(txn_scan_next(&scan, &key, &value));
    txn_scan_end(&scan);
    txn_scan_end(&scan); /* twice does no harm */
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    store_read_end(txn);
    assert_string_equal(buffer_text(&out), expected);
    buffer_fini(&out);
}

static void keeps_values_of_any_size(void **state)
{
    struct rig *rig = *state;
    static uint8_t big[STORE_VALUE_BYTES_MAX];
    memset(big, 'x', sizeof(big));
    static const size_t sizes[] = {0, 1, 100, 2030, 2040, 4096, 5000, STORE_VALUE_BYTES_MAX};
    struct store_txn *txn = rig_write(rig->store);
    for (size_t i = 0; i < 8; i++) {
        struct key key = rig_key(1, i);
        txn_put(txn, STORE_VIEW, &key, bytes_of(big, sizes[i]));
    }
    assert_int_equal(txn_changes(txn), 8);
    rig_commit(txn);
    txn = rig_read(rig->store);
    for (size_t i = 0; i < 8; i++) {
        struct key key = rig_key(1, i);
        struct bytes value;
        assert_true(txn_get(txn, STORE_VIEW, &key, &value));
        assert_int_equal(value.size, sizes[i]);
        assert_memory_equal(value.data, big, value.size);
        assert_false(txn_get(txn, STORE_STATE, &key, &value)); /* spaces are apart */
        assert_false(txn_get(txn, STORE_KEYS, &key, &value));
    }
    store_read_end(txn);
}

static void refuses_a_value_too_large(void **state)
{
    struct rig *rig = *state;
    static uint8_t big[STORE_VALUE_BYTES_MAX + 1];
    struct store_txn *txn = rig_write(rig->store);
    struct key key = rig_key(1, 1);
    txn_put(txn, STORE_STATE, &key, bytes_of(big, sizeof(big)));
    assert_int_equal(store_write_commit(txn, NULL), STATUS_RESOURCE_EXHAUSTED);
}

static void deletes_and_counts_changes(void **state)
{
    struct rig *rig = *state;
    struct key key = rig_key(1, 1);
    struct store_txn *txn = rig_write(rig->store);
    txn_delete(txn, STORE_STATE, &key);
    assert_int_equal(txn_changes(txn), 0); /* nothing was there */
    rig_put_text(txn, &key, "x");
    assert_int_equal(txn_changes(txn), 1);
    rig_commit(txn);
    assert_true(rig_has(rig->store, 1));
    txn = rig_write(rig->store);
    txn_delete(txn, STORE_STATE, &key);
    assert_int_equal(txn_changes(txn), 1);
    rig_commit(txn);
    assert_false(rig_has(rig->store, 1));
}

static void scans_both_ways(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"a", "b1", "b3", "b5", "c", NULL};
    put_all(rig->store, names);
    struct store_txn *txn = rig_write(rig->store); /* neighbours of other classes */
    struct key key = rig_key(4, 1);
    rig_put_text(txn, &key, "before");
    key = rig_key(6, 1);
    rig_put_text(txn, &key, "behind");
    rig_commit(txn);

    assert_scan(rig->store, "", NULL, false, "a b1 b3 b5 c ");
    assert_scan(rig->store, "", NULL, true, "c b5 b3 b1 a ");
    assert_scan(rig->store, "b", NULL, false, "b1 b3 b5 ");
    assert_scan(rig->store, "b", NULL, true, "b5 b3 b1 ");
    assert_scan(rig->store, "d", NULL, false, "");
    assert_scan(rig->store, "d", NULL, true, "");
    assert_scan(rig->store, "b", "b3", false, "b3 b5 ");
    assert_scan(rig->store, "b", "b2", false, "b3 b5 ");
    assert_scan(rig->store, "b", "b6", false, "");
    assert_scan(rig->store, "b", "a", false, "b1 b3 b5 ");
    assert_scan(rig->store, "b", "c", false, "");
    assert_scan(rig->store, "b", "b3", true, "b3 b1 ");
    assert_scan(rig->store, "b", "b4", true, "b3 b1 ");
    assert_scan(rig->store, "b", "b0", true, "");
    assert_scan(rig->store, "b", "b9", true, "b5 b3 b1 ");
    assert_scan(rig->store, "b", "c", true, "b5 b3 b1 ");
    assert_scan(rig->store, "b", "a", true, "");
    assert_scan(rig->store, "c", NULL, true, "c ");
}

static void scans_backwards_from_a_prefix_of_all_ones(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"\xfe", "\xff\xff",
                                        "\xff\xff"
                                        "a",
                                        NULL};
    put_all(rig->store, names);
    assert_scan(rig->store, "\xff\xff", NULL, true,
                "\xff\xff"
                "a "
                "\xff\xff ");
    struct store_txn *txn = rig_read(rig->store);
    struct key prefix;
    struct bytes k, v;
    key_begin(&prefix, 255);
    struct txn_scan scan;
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, true);
    assert_false(txn_scan_next(&scan, &k, &v));
    txn_scan_end(&scan);
    store_read_end(txn);
}

static void scans_an_empty_space(void **state)
{
    struct rig *rig = *state;
    assert_scan(rig->store, "", NULL, false, "");
    assert_scan(rig->store, "", NULL, true, "");
    struct store_txn *txn = rig_read(rig->store);
    struct txn_scan scan;
    struct bytes k, v;
    txn_scan_begin_all(&scan, txn, STORE_KEYS);
    assert_false(txn_scan_next(&scan, &k, &v));
    txn_scan_end(&scan);
    store_read_end(txn);
}

static void keeps_the_first_error(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"a", NULL};
    put_all(rig->store, names);
    struct store_txn *txn = rig_write(rig->store);
    struct key good = rig_key(1, 1);
    rig_put_text(txn, &good, "x");
    struct key bad = rig_key(1, 1);
    for (int i = 0; i < 100; i++) {
        key_add_u64(&bad, 1);
    }
    rig_put_text(txn, &bad, "x");
    assert_int_equal(txn_error(txn, NULL), STATUS_INTERNAL);
    txn_fail(txn, STATUS_NOT_FOUND, "the second");
    struct key name = text_key("a", NULL);
    struct bytes key, value;
    assert_false(txn_get(txn, STORE_STATE, &name, &value)); /* nothing happens any more */
    uint64_t changes = txn_changes(txn);
    rig_put_text(txn, &name, "y");
    txn_delete(txn, STORE_STATE, &name);
    assert_int_equal(txn_changes(txn), changes);
    struct txn_scan scan;
    txn_scan_begin_all(&scan, txn, STORE_STATE);
    assert_false(txn_scan_next(&scan, &key, &value));
    txn_scan_end(&scan);
    struct error err;
    assert_int_equal(store_write_commit(txn, &err), STATUS_INTERNAL);
    assert_non_null(strstr(err.message, "key"));
    assert_false(rig_has(rig->store, 1));
    assert_scan(rig->store, "", NULL, false, "a ");
}

static void forgets_the_error_of_a_read_that_ended(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_read(rig->store);
    txn_fail(txn, STATUS_DATA_LOSS, "bad row %d", 7);
    struct error err;
    assert_int_equal(txn_error(txn, &err), STATUS_DATA_LOSS);
    assert_string_equal(err.message, "bad row 7");
    store_read_end(txn);
    txn = rig_read(rig->store); /* the same one, from the pool */
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    store_read_end(txn);
    store_read_end(NULL);
    store_write_abort(NULL);
}

static void reads_a_snapshot(void **state)
{
    struct rig *rig = *state;
    struct store_txn *before = rig_read(rig->store);
    struct store_txn *txn = rig_write(rig->store);
    struct key key = rig_key(1, 1);
    rig_put_text(txn, &key, "x");
    struct bytes value;
    assert_true(txn_get(txn, STORE_STATE, &key, &value)); /* its own change */
    assert_false(txn_get(before, STORE_STATE, &key, &value));
    rig_commit(txn);
    assert_false(txn_get(before, STORE_STATE, &key, &value));
    struct store_txn *after = rig_read(rig->store);
    assert_true(txn_get(after, STORE_STATE, &key, &value));
    store_read_end(before);
    store_read_end(after);
}

static void leaves_nothing_when_aborted(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    assert_ptr_equal(txn_store(txn), rig->store);
    struct key key = rig_key(1, 1);
    rig_put_text(txn, &key, "x");
    store_write_abort(txn);
    assert_false(rig_has(rig->store, 1));
}

static void *read_often(void *context)
{
    struct store *store = context;
    for (int i = 0; i < 500; i++) {
        struct store_txn *txn;
        if (store_read_begin(store, &txn, NULL) != STATUS_OK) {
            return "refused";
        }
        struct key a = rig_key(1, 1);
        struct key b = rig_key(1, 2);
        struct bytes left, right;
        /* Both rows change together. */
        if (txn_get(txn, STORE_STATE, &a, &left) != txn_get(txn, STORE_STATE, &b, &right) ||
            (txn_get(txn, STORE_STATE, &a, &left) && !bytes_equal(left, right))) {
            store_read_end(txn);
            return "torn";
        }
        store_read_end(txn);
    }
    return NULL;
}

static void reads_from_many_threads_while_writing(void **state)
{
    struct rig *rig = *state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, rig->store), 0);
    }
    for (uint64_t i = 0; i < 300; i++) {
        struct store_txn *txn = rig_write(rig->store);
        struct key a = rig_key(1, 1);
        struct key b = rig_key(1, 2);
        txn_put(txn, STORE_STATE, &a, bytes_of(&i, sizeof(i)));
        txn_put(txn, STORE_STATE, &b, bytes_of(&i, sizeof(i)));
        rig_commit(txn);
    }
    for (int i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

static void says_when_there_are_too_many_readers(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "few");
    struct store_options options = {.folder = folder,
                                    .service = "intake",
                                    .map_bytes = RIG_MAP_BYTES,
                                    .readers_max = 2,
                                    .no_sync = true};
    struct store *store;
    assert_int_equal(store_open(&store, &options, NULL), STATUS_OK);
    struct store_txn *a = rig_read(store);
    struct store_txn *b = rig_read(store);
    struct store_txn *c = NULL;
    assert_int_equal(store_read_begin(store, &c, NULL), STATUS_RESOURCE_EXHAUSTED);
    assert_null(c);
    store_read_end(a);
    c = rig_read(store);
    store_read_end(c);
    store_read_end(b);
    store_free(store);
    rig_folder_remove(folder);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(keeps_values_of_any_size),
        WITH_STORE(refuses_a_value_too_large),
        WITH_STORE(deletes_and_counts_changes),
        WITH_STORE(scans_both_ways),
        WITH_STORE(scans_backwards_from_a_prefix_of_all_ones),
        WITH_STORE(scans_an_empty_space),
        WITH_STORE(keeps_the_first_error),
        WITH_STORE(forgets_the_error_of_a_read_that_ended),
        WITH_STORE(reads_a_snapshot),
        WITH_STORE(leaves_nothing_when_aborted),
        WITH_STORE(reads_from_many_threads_while_writing),
        WITH_STORE(says_when_there_are_too_many_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

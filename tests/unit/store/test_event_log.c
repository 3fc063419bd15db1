/* The log: offsets, the chain, positions; cursors and numbers. */
#include "store/event_log.h"
#include "store_rig.h"

#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static struct log_position append(struct store_txn *txn, const char *text)
{
    struct log_position position;
    log_append(txn, bytes_of_text(text), &position);
    return position;
}

static void fill(struct store *store, unsigned count)
{
    struct store_txn *txn = rig_write(store);
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "event %u", i + 1);
        append(txn, text);
    }
    rig_commit(txn);
}

static void appends_under_sequential_offsets(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct log_position head;
    log_head(txn, &head);
    static const uint8_t zero[STORE_HASH_BYTES];
    assert_int_equal(head.offset, 0);
    assert_memory_equal(head.hash, zero, STORE_HASH_BYTES);
    assert_memory_equal(head.log_id, store_log_id(rig->store), STORE_LOG_ID_BYTES);
    assert_int_equal(append(txn, "one").offset, 1);
    struct log_position two = append(txn, "");
    assert_int_equal(two.offset, 2);
    assert_int_equal(txn_changes(txn), 2);
    rig_commit(txn);
    txn = rig_write(rig->store); /* goes on where the last transaction ended */
    log_head(txn, &head);
    assert_memory_equal(&head, &two, sizeof(head));
    assert_int_equal(append(txn, "three").offset, 3);
    rig_commit(txn);
    txn = rig_read(rig->store);
    struct bytes record;
    assert_true(log_get(txn, 1, &record, NULL));
    assert_true(bytes_equal(record, bytes_of_text("one")));
    assert_true(log_get(txn, 2, &record, NULL));
    assert_int_equal(record.size, 0);
    assert_false(log_get(txn, 0, &record, NULL));
    assert_false(log_get(txn, 4, &record, NULL));
    store_read_end(txn);
}

static void chains_by_the_documented_formula(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct log_position one = append(txn, "one");
    struct log_position two = append(txn, "two");
    rig_commit(txn);
    uint8_t input[STORE_HASH_BYTES + 3] = {0};
    uint8_t hash[STORE_HASH_BYTES];
    memcpy(input + STORE_HASH_BYTES, "one", 3);
    crypto_generichash(hash, sizeof(hash), input, sizeof(input), NULL, 0);
    assert_memory_equal(one.hash, hash, sizeof(hash));
    memcpy(input, hash, sizeof(hash));
    memcpy(input + STORE_HASH_BYTES, "two", 3);
    crypto_generichash(hash, sizeof(hash), input, sizeof(input), NULL, 0);
    assert_memory_equal(two.hash, hash, sizeof(hash));
}

static void scans_from_any_offset(void **state)
{
    struct rig *rig = *state;
    fill(rig->store, 500);
    struct store_txn *txn = rig_read(rig->store);
    for (uint64_t first = 0; first <= 502; first += 83) {
        struct log_scan scan;
        struct bytes record;
        uint64_t offset;
        uint64_t expected = first == 0 ? 1 : first;
        log_scan_begin(&scan, txn, first);
        while (log_scan_next(&scan, &offset, &record)) {
            char text[32];
            (void)snprintf(text, sizeof(text), "event %u", (unsigned)offset);
            assert_int_equal(offset, expected++);
            assert_true(bytes_equal(record, bytes_of_text(text)));
        }
        assert_false(log_scan_next(&scan, &offset, &record)); /* and stays at the end */
        assert_int_equal(expected, first > 501 ? first : 501);
        log_scan_end(&scan);
    }
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    store_read_end(txn);
}

static void scans_an_empty_log(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_read(rig->store);
    struct log_scan scan;
    struct bytes record;
    uint64_t offset;
    uint64_t bad = 0;
    log_scan_begin(&scan, txn, 1);
    assert_false(log_scan_next(&scan, &offset, &record));
    assert_false(log_scan_next(&scan, &offset, &record));
    log_scan_end(&scan);
    assert_int_equal(log_verify(txn, 1, 0, &bad, NULL), STATUS_OK);
    store_read_end(txn);
}

static void refuses_a_record_too_large(void **state)
{
    struct rig *rig = *state;
    static uint8_t big[STORE_VALUE_BYTES_MAX];
    struct log_position position;
    struct store_txn *txn = rig_write(rig->store);
    log_append(txn, bytes_of(big, STORE_VALUE_BYTES_MAX - STORE_HASH_BYTES), &position);
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    log_append(txn, bytes_of(big, STORE_VALUE_BYTES_MAX), &position);
    assert_int_equal(position.offset, 1); /* the head stays */
    assert_int_equal(store_write_commit(txn, NULL), STATUS_RESOURCE_EXHAUSTED);
}

/* --- positions --- */

static void accepts_positions_it_contains(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct log_position start, one;
    log_head(txn, &start);
    assert_int_equal(log_check_position(txn, &start, NULL), STATUS_OK);
    one = append(txn, "one");
    append(txn, "two");
    assert_int_equal(log_check_position(txn, &start, NULL), STATUS_OK);
    assert_int_equal(log_check_position(txn, &one, NULL), STATUS_OK);
    rig_commit(txn);
}

static void refuses_positions_of_another_history(void **state)
{
    struct rig *rig = *state;
    fill(rig->store, 3);
    struct store_txn *txn = rig_read(rig->store);
    struct log_position head, bad;
    struct error err;
    log_head(txn, &head);
    bad = head;
    bad.log_id[0] ^= 1;
    assert_int_equal(log_check_position(txn, &bad, &err), STATUS_DATA_LOSS);
    assert_non_null(strstr(err.message, "another log"));
    bad = head;
    bad.offset = 4;
    assert_int_equal(log_check_position(txn, &bad, &err), STATUS_DATA_LOSS);
    assert_non_null(strstr(err.message, "ends at 3"));
    bad = head;
    bad.hash[31] ^= 1;
    assert_int_equal(log_check_position(txn, &bad, &err), STATUS_DATA_LOSS);
    assert_non_null(strstr(err.message, "at position 3"));
    bad = head;
    bad.offset = 0; /* the beginning has its hash too */
    assert_int_equal(log_check_position(txn, &bad, &err), STATUS_DATA_LOSS);
    store_read_end(txn);
}

/* --- damage --- */

/* Changes the log past the store. */
static void damage(struct rig *rig, size_t offset, int byte)
{
    store_free(rig->store);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {sizeof(offset), &offset};
    MDB_val value;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_open(env, rig->folder, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "log", MDB_INTEGERKEY, &dbi), 0);
    assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
    if (byte < 0) {
        assert_int_equal(mdb_del(txn, dbi, &key, NULL), 0);
    } else {
        uint8_t row[256];
        assert_true(value.mv_size <= sizeof(row));
        memcpy(row, value.mv_data, value.mv_size);
        row[byte] ^= 0x10;
        value.mv_data = row;
        assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    rig->store = rig_open(rig->folder);
}

static void finds_a_changed_byte(void **state)
{
    struct rig *rig = *state;
    fill(rig->store, 100);
    struct store_txn *txn = rig_read(rig->store);
    uint64_t bad = 0;
    assert_int_equal(log_verify(txn, 1, 100, &bad, NULL), STATUS_OK);
    assert_int_equal(log_verify(txn, 50, 100, &bad, NULL), STATUS_OK);
    assert_int_equal(bad, 0);
    store_read_end(txn);

    damage(rig, 42, STORE_HASH_BYTES + 3); /* in the record */
    txn = rig_read(rig->store);
    struct error err;
    assert_int_equal(log_verify(txn, 1, 100, &bad, &err), STATUS_DATA_LOSS);
    assert_int_equal(bad, 42);
    assert_non_null(strstr(err.message, "42"));
    assert_int_equal(log_verify(txn, 43, 100, &bad, NULL), STATUS_OK);
    store_read_end(txn);

    damage(rig, 70, 5); /* in the hash: the row is not its own, nor the next one's */
    txn = rig_read(rig->store);
    assert_int_equal(log_verify(txn, 43, 100, &bad, NULL), STATUS_DATA_LOSS);
    assert_int_equal(bad, 70);
    assert_int_equal(log_verify(txn, 71, 100, &bad, NULL), STATUS_DATA_LOSS);
    assert_int_equal(bad, 71);
    store_read_end(txn);
}

static void finds_a_missing_record(void **state)
{
    struct rig *rig = *state;
    fill(rig->store, 100);
    damage(rig, 42, -1);
    struct store_txn *txn = rig_read(rig->store);
    uint64_t bad = 0;
    assert_int_equal(log_verify(txn, 1, 100, &bad, NULL), STATUS_DATA_LOSS);
    assert_int_equal(bad, 42);
    struct log_scan scan;
    struct bytes record;
    uint64_t offset = 0;
    log_scan_begin(&scan, txn, 40);
    while (log_scan_next(&scan, &offset, &record)) {
    }
    log_scan_end(&scan);
    assert_int_equal(offset, 41);
    assert_int_equal(txn_error(txn, NULL), STATUS_DATA_LOSS);
    store_read_end(txn);
}

/* --- cursors and numbers --- */

static void keeps_cursors_and_numbers(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct log_position in = {.offset = UINT64_C(1) << 40};
    struct log_position out;
    memset(in.log_id, 3, sizeof(in.log_id));
    memset(in.hash, 9, sizeof(in.hash));
    assert_false(cursor_get(txn, "routing", &out));
    assert_int_equal(meta_get_u64(txn, "recorded_at_us"), 0);
    cursor_put(txn, "routing", &in);
    meta_put_u64(txn, "recorded_at_us", UINT64_MAX - 1);
    meta_put_u64(txn, "routing", 5); /* another name space */
    rig_commit(txn);
    txn = rig_read(rig->store);
    assert_true(cursor_get(txn, "routing", &out));
    assert_memory_equal(&in, &out, sizeof(in));
    assert_true(meta_get_u64(txn, "recorded_at_us") == UINT64_MAX - 1);
    assert_int_equal(meta_get_u64(txn, "routing"), 5);
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    store_read_end(txn);
    txn = rig_write(rig->store);
    meta_put_u64(txn, "a name that has many more than thirty-two characters", 1);
    assert_int_equal(store_write_commit(txn, NULL), STATUS_INTERNAL);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(appends_under_sequential_offsets),
        WITH_STORE(chains_by_the_documented_formula),
        WITH_STORE(scans_from_any_offset),
        WITH_STORE(scans_an_empty_log),
        WITH_STORE(refuses_a_record_too_large),
        WITH_STORE(accepts_positions_it_contains),
        WITH_STORE(refuses_positions_of_another_history),
        WITH_STORE(finds_a_changed_byte),
        WITH_STORE(finds_a_missing_record),
        WITH_STORE(keeps_cursors_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

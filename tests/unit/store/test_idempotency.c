/* Idempotency keys: the first answer again, other content refused, old and future keys refused,
 * rows bounded. */
#include "store/idempotency.h"
#include "store_rig.h"

#include <lmdb.h>
#include <string.h>

#define NOW_US (20000 * DAY_US)

static struct bytes make_key(uint8_t out[UUID_BYTES], int64_t at_us)
{
    uuid7_make(random_system(), at_us, out);
    return bytes_of(out, UUID_BYTES);
}

static void keep(struct store *store, struct bytes key, uint8_t digest_byte, const char *response,
                 int64_t now_us)
{
    uint8_t digest[IDEMPOTENCY_DIGEST_BYTES];
    memset(digest, digest_byte, sizeof(digest));
    struct idempotency_answer answer = {bytes_of_text(response), 77};
    struct store_txn *txn = rig_write(store);
    idempotency_keep(txn, key, digest, &answer, now_us);
    rig_commit(txn);
}

static enum status find(struct store *store, struct bytes key, uint8_t digest_byte, int64_t now_us,
                        bool *ret_known, struct error *err)
{
    uint8_t digest[IDEMPOTENCY_DIGEST_BYTES];
    memset(digest, digest_byte, sizeof(digest));
    struct idempotency_answer answer;
    struct store_txn *txn = rig_read(store);
    enum status status = idempotency_find(txn, key, digest, now_us, ret_known, &answer, err);
    if (status == STATUS_OK && *ret_known) {
        assert_true(bytes_equal(answer.response, bytes_of_text("answer")));
        assert_int_equal(answer.offset, 77);
    }
    store_read_end(txn);
    return status;
}

static void gives_the_first_answer_again(void **state)
{
    struct rig *rig = *state;
    uint8_t uuid[UUID_BYTES];
    struct bytes key = make_key(uuid, NOW_US);
    bool known = true;
    assert_int_equal(find(rig->store, key, 1, NOW_US, &known, NULL), STATUS_OK);
    assert_false(known);
    keep(rig->store, key, 1, "answer", NOW_US);
    assert_int_equal(find(rig->store, key, 1, NOW_US, &known, NULL), STATUS_OK);
    assert_true(known);
    known = false; /* as long as it may be known */
    assert_int_equal(
        find(rig->store, key, 1, NOW_US + IDEMPOTENCY_RETENTION_US - SECOND_US, &known, NULL),
        STATUS_OK);
    assert_true(known);
}

static void refuses_the_key_with_another_content(void **state)
{
    struct rig *rig = *state;
    uint8_t uuid[UUID_BYTES];
    struct bytes key = make_key(uuid, NOW_US);
    keep(rig->store, key, 1, "answer", NOW_US);
    bool known = false;
    struct error err;
    assert_int_equal(find(rig->store, key, 2, NOW_US, &known, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "idempotency_key");
    assert_false(known);
}

static void refuses_keys_too_old(void **state)
{
    struct rig *rig = *state;
    uint8_t uuid[UUID_BYTES];
    struct bytes key = make_key(uuid, NOW_US);
    keep(rig->store, key, 1, "answer", NOW_US);
    bool known;
    struct error err;
    int64_t later_us = NOW_US + IDEMPOTENCY_RETENTION_US + SECOND_US;
    assert_int_equal(find(rig->store, key, 1, later_us, &known, &err), STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "idempotency_key");
}

static void refuses_keys_of_the_future(void **state)
{
    struct rig *rig = *state;
    uint8_t uuid[UUID_BYTES];
    bool known = true;
    struct bytes key = make_key(uuid, NOW_US + DAY_US + SECOND_US);
    assert_int_equal(find(rig->store, key, 1, NOW_US, &known, NULL), STATUS_INVALID_ARGUMENT);
    key = make_key(uuid, NOW_US + DAY_US - SECOND_US); /* a clock somewhat ahead is forgiven */
    assert_int_equal(find(rig->store, key, 1, NOW_US, &known, NULL), STATUS_OK);
    assert_false(known);
}

static void refuses_what_is_no_uuid7(void **state)
{
    struct rig *rig = *state;
    uint8_t uuid[UUID_BYTES];
    bool known;
    struct bytes key = make_key(uuid, NOW_US);
    uuid[6] = 0x40; /* version 4 */
    assert_int_equal(find(rig->store, key, 1, NOW_US, &known, NULL), STATUS_INVALID_ARGUMENT);
    key.size = 15;
    assert_int_equal(find(rig->store, key, 1, NOW_US, &known, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(find(rig->store, bytes_of(NULL, 0), 1, NOW_US, &known, NULL),
                     STATUS_INVALID_ARGUMENT);
}

static size_t count_rows(struct rig *rig)
{
    store_free(rig->store);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_stat stat;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_open(env, rig->folder, MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "idem", 0, &dbi), 0);
    assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    rig->store = rig_open(rig->folder);
    return stat.ms_entries;
}

static void keeps_a_bounded_number_of_rows(void **state)
{
    struct rig *rig = *state;
    uint8_t uuid[UUID_BYTES];
    uint8_t digest[IDEMPOTENCY_DIGEST_BYTES] = {0};
    struct idempotency_answer answer = {bytes_of_text("answer"), 1};
    /* A key an hour for thirty days: seven days' worth stays. */
    for (int64_t hour = 0; hour < 30 * 24; hour += 24) {
        struct store_txn *txn = rig_write(rig->store);
        for (int64_t i = 0; i < 24; i++) {
            int64_t now_us = NOW_US + (hour + i) * HOUR_US;
            idempotency_keep(txn, make_key(uuid, now_us), digest, &answer, now_us);
        }
        rig_commit(txn);
    }
    assert_in_range(count_rows(rig), 7 * 24, 7 * 24 + 1);
    /* After a long pause each new key takes four old ones away. */
    int64_t later_us = NOW_US + 100 * DAY_US;
    for (int i = 0; i < 10; i++) {
        struct store_txn *txn = rig_write(rig->store);
        idempotency_keep(txn, make_key(uuid, later_us), digest, &answer, later_us);
        rig_commit(txn);
    }
    assert_in_range(count_rows(rig), 7 * 24 - 30, 7 * 24 - 29);
}

/* The clock was far ahead for a while, and the rows of young keys went. */
static void refuses_a_young_key_whose_row_was_dropped(void **state)
{
    struct rig *rig = *state;
    uint8_t young[UUID_BYTES], newer[UUID_BYTES], later[UUID_BYTES];
    bool known = true;
    keep(rig->store, make_key(young, NOW_US), 1, "answer", NOW_US);
    keep(rig->store, make_key(later, NOW_US + 100 * DAY_US), 1, "answer", NOW_US + 100 * DAY_US);
    assert_int_equal(find(rig->store, bytes_of(young, UUID_BYTES), 1, NOW_US, &known, NULL),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(find(rig->store, make_key(newer, NOW_US + SECOND_US), 1, NOW_US, &known, NULL),
                     STATUS_OK);
    assert_false(known);
}

static void digests_method_and_content_under_the_stores_secret(void **state)
{
    struct rig *rig = *state;
    uint8_t a[IDEMPOTENCY_DIGEST_BYTES], b[IDEMPOTENCY_DIGEST_BYTES];
    idempotency_digest(rig->store, "RegisterCase", bytes_of_text("x"), a);
    idempotency_digest(rig->store, "RegisterCase", bytes_of_text("x"), b);
    assert_memory_equal(a, b, sizeof(a));
    idempotency_digest(rig->store, "RegisterCase", bytes_of_text("y"), b);
    assert_memory_not_equal(a, b, sizeof(a));
    idempotency_digest(rig->store, "RegisterCas", bytes_of_text("ex"), b);
    assert_memory_not_equal(a, b, sizeof(a));
    char *folder = rig_path(rig->folder, "other");
    struct store *other = rig_open(folder);
    idempotency_digest(other, "RegisterCase", bytes_of_text("x"), b);
    assert_memory_not_equal(a, b, sizeof(a));
    store_free(other);
    rig_folder_remove(folder);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(gives_the_first_answer_again),
        WITH_STORE(refuses_the_key_with_another_content),
        WITH_STORE(refuses_keys_too_old),
        WITH_STORE(refuses_keys_of_the_future),
        WITH_STORE(refuses_what_is_no_uuid7),
        WITH_STORE(keeps_a_bounded_number_of_rows),
        WITH_STORE(refuses_a_young_key_whose_row_was_dropped),
        WITH_STORE(digests_method_and_content_under_the_stores_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

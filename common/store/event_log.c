/*
 * The log's rows: key is the offset (LMDB's integer key, in the machine's byte order), value is the
 * chain's hash (32 bytes) and behind it the record as it was given.
 */
#include "store/store_internal.h"

#include "base/check.h"
#include "base/plant.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "LMDB's integer keys are size_t");

static void chain_hash(const uint8_t previous[STORE_HASH_BYTES], struct bytes record,
                       uint8_t ret_hash[STORE_HASH_BYTES])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, NULL, 0, STORE_HASH_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, previous, STORE_HASH_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, record.data, record.size) == 0);
    CHECK(crypto_generichash_final(&state, ret_hash, STORE_HASH_BYTES) == 0);
}

/* Splits a row; a row too short is damage. */
static bool split(struct store_txn *txn, uint64_t offset, struct bytes row,
                  struct bytes *ret_record, const uint8_t **ret_hash)
{
    if (row.size < STORE_HASH_BYTES) {
        txn_fail(txn, STATUS_DATA_LOSS, "the log's row %llu has %zu bytes",
                 (unsigned long long)offset, row.size);
        return false;
    }
    *ret_record = bytes_of(row.data + STORE_HASH_BYTES, row.size - STORE_HASH_BYTES);
    if (ret_hash != NULL) {
        *ret_hash = row.data;
    }
    return true;
}

static bool read_offset(struct store_txn *txn, MDB_val key, uint64_t *ret_offset)
{
    if (key.mv_size != sizeof(*ret_offset)) {
        txn_fail(txn, STATUS_DATA_LOSS, "a key of the log has %zu bytes", key.mv_size);
        return false;
    }
    memcpy(ret_offset, key.mv_data, sizeof(*ret_offset));
    return true;
}

/* --- the head --- */

static void load_head(struct store_txn *txn)
{
    struct log_position head = {0};
    memcpy(head.log_id, txn->store->log_id, STORE_LOG_ID_BYTES);
    MDB_cursor *cursor = txn->log_cursor != NULL ? txn->log_cursor : txn_cursor_open(txn, DB_LOG);
    if (cursor == NULL) {
        txn->head = head;
        return;
    }
    MDB_val key, value;
    struct bytes record;
    const uint8_t *hash;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (rc == 0 && read_offset(txn, key, &head.offset) &&
        split(txn, head.offset, bytes_of_mdb(value), &record, &hash)) {
        memcpy(head.hash, hash, STORE_HASH_BYTES);
    } else if (rc != 0 && rc != MDB_NOTFOUND) {
        txn_fail_lmdb(txn, rc, "reading the log's end");
    }
    if (txn->write) {
        txn->log_cursor = cursor; /* for appending */
    } else {
        mdb_cursor_close(cursor);
    }
    txn->head = head;
    txn->head_known = true;
}

void log_head(struct store_txn *txn, struct log_position *ret_head)
{
    if (!txn->head_known) {
        load_head(txn);
    }
    *ret_head = txn->head;
}

void log_append(struct store_txn *txn, struct bytes record, struct log_position *ret_position)
{
    if (!txn->head_known) {
        load_head(txn);
    }
    *ret_position = txn->head;
    if (txn->error.status != STATUS_OK) {
        return;
    }
    if (record.size > STORE_VALUE_BYTES_MAX - STORE_HASH_BYTES) {
        txn_fail(txn, STATUS_RESOURCE_EXHAUSTED, "a record of %zu bytes: at most %d", record.size,
                 STORE_VALUE_BYTES_MAX - STORE_HASH_BYTES);
        return;
    }
    uint8_t hash[STORE_HASH_BYTES];
    chain_hash(txn->head.hash, PLANTED("record_not_in_hash") ? bytes_of_text("") : record, hash);
    uint64_t offset = txn->head.offset + 1;
    MDB_val key = {.mv_size = sizeof(offset), .mv_data = &offset};
    MDB_val value = {.mv_size = STORE_HASH_BYTES + record.size};
    int rc = mdb_cursor_put(txn->log_cursor, &key, &value, MDB_APPEND | MDB_RESERVE);
    if (rc != 0) {
        txn_fail_lmdb(txn, rc, "appending to the log");
        return;
    }
    memcpy(value.mv_data, hash, STORE_HASH_BYTES);
    if (record.size > 0) {
        memcpy((uint8_t *)value.mv_data + STORE_HASH_BYTES, record.data, record.size);
    }
    txn_count_change(txn, sizeof(offset), value.mv_size);
    store_journal_add(txn, JOURNAL_PUT, DB_LOG, bytes_of(&offset, sizeof(offset)),
                      bytes_of_mdb(value));
    txn->head.offset = offset;
    if (!PLANTED("chain_head_not_moved")) {
        memcpy(txn->head.hash, hash, STORE_HASH_BYTES);
    }
    *ret_position = txn->head;
}

/* --- reading --- */

bool log_get(struct store_txn *txn, uint64_t offset, struct bytes *ret_record,
             const uint8_t **ret_hash)
{
    struct bytes row;
    return txn_get_db(txn, DB_LOG, bytes_of(&offset, sizeof(offset)), &row) &&
           split(txn, offset, row, ret_record, ret_hash);
}

enum status log_check_position(struct store_txn *txn, const struct log_position *position,
                               struct error *err)
{
    struct log_position head;
    log_head(txn, &head);
    static const uint8_t zero[STORE_HASH_BYTES];
    struct bytes record;
    const uint8_t *hash = zero;
    bool found = position->offset == 0 || log_get(txn, position->offset, &record, &hash);
    if (txn_error(txn, err) != STATUS_OK) {
        return txn->error.status;
    }
    if (memcmp(position->log_id, head.log_id, STORE_LOG_ID_BYTES) != 0) {
        return error_set(err, STATUS_DATA_LOSS, NULL, "the position is of another log than %s's",
                         txn->store->service);
    }
    if (!found) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "the log of %s ends at %llu, before position %llu: either that is none of "
                         "its positions, or it was restored from an older copy",
                         txn->store->service, (unsigned long long)head.offset,
                         (unsigned long long)position->offset);
    }
    if (memcmp(position->hash, hash, STORE_HASH_BYTES) != 0) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "the log of %s is another at position %llu: it was restored from an older "
                         "copy, and went on differently",
                         txn->store->service, (unsigned long long)position->offset);
    }
    return STATUS_OK;
}

enum status log_verify(struct store_txn *txn, uint64_t first, uint64_t last, uint64_t *ret_bad,
                       struct error *err)
{
    uint8_t expected[STORE_HASH_BYTES] = {0};
    struct bytes record;
    const uint8_t *hash;
    uint64_t at = first == 0 ? 1 : first;
    bool good = true;
    if (at > 1) {
        good = log_get(txn, at - 1, &record, &hash);
        if (good) {
            memcpy(expected, hash, STORE_HASH_BYTES);
        }
    }
    for (; good && at <= last; at++) {
        good = log_get(txn, at, &record, &hash);
        if (good) {
            chain_hash(expected, record, expected);
            good = memcmp(expected, hash, STORE_HASH_BYTES) == 0;
        }
        if (!good || at == last) {
            break;
        }
    }
    if (good) {
        return STATUS_OK;
    }
    *ret_bad = at;
    if (txn_error(txn, err) != STATUS_OK) {
        return txn->error.status;
    }
    return error_set(err, STATUS_DATA_LOSS, NULL, "the log of %s is damaged at %llu",
                     txn->store->service, (unsigned long long)at);
}

void log_scan_begin(struct log_scan *scan, struct store_txn *txn, uint64_t first)
{
    scan->txn = txn;
    scan->cursor = NULL;
    scan->next = first == 0 ? 1 : first;
}

bool log_scan_next(struct log_scan *scan, uint64_t *ret_offset, struct bytes *ret_record)
{
    if (scan->txn->error.status != STATUS_OK) {
        return false;
    }
    MDB_val key = {.mv_size = sizeof(scan->next), .mv_data = &scan->next};
    MDB_val value;
    MDB_cursor_op move = MDB_NEXT;
    if (scan->cursor == NULL) {
        scan->cursor = txn_cursor_open(scan->txn, DB_LOG);
        move = MDB_SET_RANGE;
        if (scan->cursor == NULL) {
            return false;
        }
    }
    uint64_t offset;
    struct bytes record;
    int rc = mdb_cursor_get(scan->cursor, &key, &value, move);
    if (rc != 0) {
        if (rc != MDB_NOTFOUND) {
            txn_fail_lmdb(scan->txn, rc, "reading the log");
        }
        log_scan_end(scan); /* an unplaced cursor's "next" would be the first */
        return false;
    }
    if (!read_offset(scan->txn, key, &offset) ||
        !split(scan->txn, offset, bytes_of_mdb(value), &record, NULL)) {
        return false;
    }
    if (offset != scan->next) {
        txn_fail(scan->txn, STATUS_DATA_LOSS, "the log of %s lacks %llu", scan->txn->store->service,
                 (unsigned long long)scan->next);
        return false;
    }
    scan->next++;
    *ret_offset = offset;
    *ret_record = record;
    return true;
}

void log_scan_end(struct log_scan *scan)
{
    if (scan->cursor != NULL) {
        mdb_cursor_close(scan->cursor);
        scan->cursor = NULL;
    }
}

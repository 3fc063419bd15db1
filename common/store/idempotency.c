/* Rows: key (UUIDv7) -> digest (16), offset (8, big-endian), response. They lie in the order of the
 * keys' times. */
#include "store/idempotency.h"

#include "store/store_internal.h"

#include "base/check.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIELD "idempotency_key"
#define HEAD_BYTES (IDEMPOTENCY_DIGEST_BYTES + 8)
#define DROP_MAX 4
#define DROPPED "idem.dropped" /* time of the newest key whose row was dropped */

_Static_assert(IDEMPOTENCY_KEY_BYTES == UUID_BYTES, "keys are UUIDs");

static enum status refuse_old(struct error *err)
{
    return error_set(err, STATUS_FAILED_PRECONDITION, FIELD,
                     "the key is older than seven days: nobody knows any more whether it was used");
}

enum status idempotency_find(struct store_txn *txn, struct bytes key,
                             const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES], int64_t now_us,
                             bool *ret_known, struct idempotency_answer *ret_answer,
                             struct error *err)
{
    int64_t made_us = key.size == IDEMPOTENCY_KEY_BYTES ? uuid7_time_us(key.data) : -1;
    if (made_us < 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, FIELD, "the key is a UUIDv7 of 16 bytes");
    }
    if (made_us > now_us + IDEMPOTENCY_FUTURE_US) {
        return error_set(err, STATUS_INVALID_ARGUMENT, FIELD,
                         "the key's time is more than a day ahead: is the caller's clock right?");
    }
    if (made_us < now_us - IDEMPOTENCY_RETENTION_US) {
        return refuse_old(err);
    }
    struct bytes row;
    if (!txn_get_db(txn, DB_IDEM, key, &row)) {
        /* After a clock that was wrong, a key may be young enough and its row dropped all the same.
         */
        bool dropped = made_us <= (int64_t)meta_get_u64(txn, DROPPED);
        if (txn_error(txn, err) != STATUS_OK) {
            return txn->error.status;
        }
        if (dropped) {
            return refuse_old(err);
        }
        *ret_known = false;
        return STATUS_OK;
    }
    if (row.size < HEAD_BYTES) {
        txn_fail(txn, STATUS_DATA_LOSS, "an idempotency row has %zu bytes", row.size);
        return txn_error(txn, err);
    }
    if (sodium_memcmp(row.data, digest, IDEMPOTENCY_DIGEST_BYTES) != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, FIELD,
                         "the key was used for another request");
    }
    *ret_known = true;
    ret_answer->offset = be64_get(row.data + IDEMPOTENCY_DIGEST_BYTES);
    ret_answer->response = bytes_of(row.data + HEAD_BYTES, row.size - HEAD_BYTES);
    return STATUS_OK;
}

/* The time of the first row as it is now, and its key; INT64_MAX when there is none. */
static int64_t load_first(struct store_txn *txn, MDB_cursor *cursor, struct bytes *ret_key)
{
    MDB_val key, value;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc != 0) {
        if (rc != MDB_NOTFOUND) {
            txn_fail_lmdb(txn, rc, "reading the idempotency rows");
        }
        return INT64_MAX;
    }
    *ret_key = bytes_of_mdb(key);
    int64_t made_us = key.mv_size == UUID_BYTES ? uuid7_time_us(key.mv_data) : -1;
    return made_us; /* -1, which cannot be, is dropped like the old */
}

static void drop_expired(struct store_txn *txn, int64_t before_us)
{
    if (txn->idem_first_known && txn->idem_first_us >= before_us) {
        return; /* as it was for the one before in this batch */
    }
    MDB_cursor *cursor = txn_cursor_open(txn, DB_IDEM);
    if (cursor == NULL) {
        return;
    }
    struct bytes first;
    int64_t first_us = load_first(txn, cursor, &first);
    int64_t dropped_us = -1;
    for (int i = 0; i < DROP_MAX && first_us < before_us && txn->error.status == STATUS_OK; i++) {
        store_journal_add(txn, JOURNAL_DELETE, DB_IDEM, first, bytes_of(NULL, 0));
        int rc = mdb_cursor_del(cursor, 0);
        if (rc != 0) {
            txn_fail_lmdb(txn, rc, "dropping an idempotency row");
            break;
        }
        txn_count_change(txn, 0, 0);
        dropped_us = first_us;
        first_us = load_first(txn, cursor, &first);
    }
    mdb_cursor_close(cursor);
    if (dropped_us > (int64_t)meta_get_u64(txn, DROPPED)) {
        meta_put_u64(txn, DROPPED, (uint64_t)dropped_us);
    }
    txn->idem_first_us = first_us;
    txn->idem_first_known = true;
}

void idempotency_keep(struct store_txn *txn, struct bytes key,
                      const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES],
                      const struct idempotency_answer *answer, int64_t now_us)
{
    if (txn->error.status != STATUS_OK) {
        return;
    }
    int64_t made_us = key.size == IDEMPOTENCY_KEY_BYTES ? uuid7_time_us(key.data) : -1;
    size_t size = HEAD_BYTES + answer->response.size;
    if (made_us < 0 || size > STORE_VALUE_BYTES_MAX) {
        txn_fail(txn, made_us < 0 ? STATUS_INTERNAL : STATUS_RESOURCE_EXHAUSTED,
                 "an answer that cannot be kept: a key of %zu bytes, %zu bytes of answer", key.size,
                 answer->response.size);
        return;
    }
    MDB_val mdb_key = mdb_val_of(key);
    MDB_val value = {.mv_size = size};
    int rc = mdb_put(txn->mdb, txn->store->dbi[DB_IDEM], &mdb_key, &value, MDB_RESERVE);
    if (rc != 0) {
        txn_fail_lmdb(txn, rc, "keeping an answer");
        return;
    }
    uint8_t *row = value.mv_data;
    memcpy(row, digest, IDEMPOTENCY_DIGEST_BYTES);
    be64_put(row + IDEMPOTENCY_DIGEST_BYTES, answer->offset);
    if (answer->response.size > 0) {
        memcpy(row + HEAD_BYTES, answer->response.data, answer->response.size);
    }
    txn_count_change(txn, key.size, size);
    store_journal_add(txn, JOURNAL_PUT, DB_IDEM, key, bytes_of_mdb(value));
    drop_expired(txn, now_us - IDEMPOTENCY_RETENTION_US);
}

void idempotency_digest(const struct store *store, const char *method, struct bytes request,
                        uint8_t ret_digest[IDEMPOTENCY_DIGEST_BYTES])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, store->secret, STORE_SECRET_BYTES,
                                  IDEMPOTENCY_DIGEST_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, (const uint8_t *)method, strlen(method) + 1) == 0);
    CHECK(crypto_generichash_update(&state, request.data, request.size) == 0);
    CHECK(crypto_generichash_final(&state, ret_digest, IDEMPOTENCY_DIGEST_BYTES) == 0);
}

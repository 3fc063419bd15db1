/* Transactions: a sticky error, a pool of readers, and get, put and delete. */
#include "store/store_internal.h"

#include "base/check.h"
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- read transactions --- */

static int reader_begin(struct store *store, struct store_txn *txn)
{
    return txn->mdb != NULL ? mdb_txn_renew(txn->mdb)
                            : mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
}

enum status store_read_begin(struct store *store, struct store_txn **ret_txn, struct error *err)
{
    pthread_mutex_lock(&store->pool_lock);
    struct store_txn *txn = store->pool;
    if (txn != NULL) {
        store->pool = txn->next;
    }
    store->open_count++;
    pthread_mutex_unlock(&store->pool_lock);

    if (txn == NULL) {
        txn = calloc(1, sizeof(*txn));
        CHECK(txn != NULL);
        txn->store = store;
    }
    int rc = reader_begin(store, txn);
    if (rc == MDB_READERS_FULL) { /* perhaps of processes that died */
        int dead = 0;
        if (mdb_reader_check(store->env, &dead) == 0 && dead > 0) {
            rc = reader_begin(store, txn);
        }
    }
    if (rc != 0) {
        mdb_txn_abort(txn->mdb);
        free(txn);
        pthread_mutex_lock(&store->pool_lock);
        store->open_count--;
        pthread_mutex_unlock(&store->pool_lock);
        return store_lmdb_error(err, rc, "beginning to read the store");
    }
    txn->error.status = STATUS_OK;
    txn->head_known = false;
    txn->idem_first_known = false;
    *ret_txn = txn;
    return STATUS_OK;
}

void store_read_end(struct store_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    CHECK(!txn->write);
    struct store *store = txn->store;
    mdb_txn_reset(txn->mdb);
    pthread_mutex_lock(&store->pool_lock);
    txn->next = store->pool;
    store->pool = txn;
    store->open_count--;
    pthread_mutex_unlock(&store->pool_lock);
}

/* --- the write transaction --- */

enum status store_check_failed(const struct store *store, struct error *err)
{
    if (!atomic_load(&store->failed)) {
        return STATUS_OK;
    }
    return error_set(
        err, STATUS_DATA_LOSS, NULL,
        "a commit of this store failed and it writes no more: inspect the disk, then restart");
}

enum status store_write_begin(struct store *store, struct store_txn **ret_txn, struct error *err)
{
    if (store->read_only) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the store in %s is open read-only",
                         store->folder);
    }
    enum status status = store_check_failed(store, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct store_txn *txn = store->open_write;
    if (txn != NULL) {
        txn->idem_first_known = false;
        *ret_txn = txn;
        return STATUS_OK;
    }
    txn = calloc(1, sizeof(*txn));
    CHECK(txn != NULL);
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn->mdb);
    if (rc != 0) {
        free(txn);
        return store_lmdb_error(err, rc, "beginning to write the store");
    }
    txn->store = store;
    txn->write = true;
    pthread_mutex_lock(&store->pool_lock);
    store->open_count++;
    pthread_mutex_unlock(&store->pool_lock);
    if (store->journal.behind) {
        store_journal_replay(txn);
        status = txn_error(txn, err);
        if (status != STATUS_OK) {
            atomic_store(&store->failed, status == STATUS_DATA_LOSS);
            store_write_abort(txn);
            return status;
        }
    }
    *ret_txn = txn;
    return STATUS_OK;
}

static void write_end(struct store_txn *txn)
{
    if (txn->store->open_write == txn) {
        txn->store->open_write = NULL;
    }
    pthread_mutex_lock(&txn->store->pool_lock);
    txn->store->open_count--;
    pthread_mutex_unlock(&txn->store->pool_lock);
    free(txn);
}

void store_write_abort(struct store_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    CHECK(txn->write);
    mdb_txn_abort(txn->mdb);
    store_journal_aborted(txn->store);
    write_end(txn);
}

/* LMDB's handle is gone after this, whatever it returns. */
static int commit_mdb(struct store *store, MDB_txn *mdb)
{
    if (fault_point("store.commit.before")) {
        mdb_txn_abort(mdb);
        return EIO;
    }
    int rc = mdb_txn_commit(mdb);
    if (rc == 0) {
        if (fault_point("store.commit.after")) {
            return EIO;
        }
        store_room_committed(store);
    }
    return rc;
}

static enum status write_failed(struct store *store, int rc, const char *what, struct error *err)
{
    atomic_store(&store->failed, true);
    return error_set(err, STATUS_DATA_LOSS, NULL,
                     "%s: %s; this store writes no more: inspect the disk, then restart", what,
                     mdb_strerror(rc));
}

enum status store_write_commit(struct store_txn *txn, struct error *err)
{
    CHECK(txn->write);
    enum status status = txn_error(txn, err);
    if (status == STATUS_OK && (txn->changes > 0 || store_journal_has_unseen(txn->store))) {
        store_journal_keep_number(txn);
        status = txn_error(txn, err);
    }
    if (status == STATUS_OK && txn->changes > 0) {
        status = store_room_commit(txn, err);
    }
    if (status != STATUS_OK || txn->changes == 0) {
        store_write_abort(txn);
        return status;
    }
    int rc = commit_mdb(txn->store, txn->mdb);
    if (rc == 0) {
        store_journal_committed(txn->store);
    } else {
        store_journal_aborted(txn->store);
    }
    if (rc == MDB_BAD_TXN) {
        status = error_set(err, STATUS_INTERNAL, NULL,
                           "a change failed without a word, and the commit with it");
    } else if (store_lmdb_error_is_room(rc)) {
        status = store_lmdb_error(err, rc, "committing");
    } else if (rc != 0) {
        status = write_failed(txn->store, rc, "committing", err);
    }
    write_end(txn);
    return status;
}

bool store_write_fits_journal(const struct store_txn *txn)
{
    return store_journal_fits(txn->store);
}

enum status store_write_journal(struct store_txn *txn, struct error *err)
{
    struct store *store = txn->store;
    CHECK(txn->write && store_journal_fits(store));
    enum status status = txn_error(txn, err);
    if (status == STATUS_OK && txn->changes > 0) {
        status = store_room_commit(txn, err);
    }
    if (status != STATUS_OK || txn->changes == 0) {
        store_write_abort(txn);
        return status;
    }
    int rc = store_journal_write(store);
    if (rc != 0) {
        status = write_failed(store, rc, "writing the journal", err);
        store_write_abort(txn);
        return status;
    }
    store->open_write = txn;
    return STATUS_OK;
}

bool store_has_unseen(const struct store *store)
{
    return store_journal_has_unseen(store);
}

/* --- the sticky error --- */

struct store *txn_store(struct store_txn *txn)
{
    return txn->store;
}

enum status txn_error(const struct store_txn *txn, struct error *err)
{
    if (txn->error.status != STATUS_OK && err != NULL) {
        *err = txn->error;
    }
    return txn->error.status;
}

void txn_fail(struct store_txn *txn, enum status status, const char *format, ...)
{
    CHECK(status != STATUS_OK);
    if (txn->error.status != STATUS_OK) {
        return;
    }
    char message[sizeof(txn->error.message)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    (void)error_set(&txn->error, status, NULL, "%s", message);
}

void txn_fail_lmdb(struct store_txn *txn, int rc, const char *what)
{
    if (txn->error.status == STATUS_OK) {
        (void)store_lmdb_error(&txn->error, rc, what);
    }
}

/* --- changes --- */

uint64_t txn_changes(const struct store_txn *txn)
{
    return txn->changes;
}

uint64_t txn_bytes(const struct store_txn *txn)
{
    return txn->inline_bytes + txn->overflow_pages * txn->store->page_bytes;
}

void txn_set_reserve(struct store_txn *txn, bool reserve)
{
    txn->reserve = reserve;
}

void txn_count_change(struct store_txn *txn, size_t key_size, size_t value_size)
{
    uint64_t page = txn->store->page_bytes;
    uint64_t node = key_size + value_size + 16;
    txn->changes++;
    if (node > page / 2) { /* LMDB puts the value on pages of its own */
        txn->overflow_pages += (value_size + 16 + page - 1) / page;
        node = key_size + 32;
    }
    txn->inline_bytes += node;
}

bool txn_get_db(struct store_txn *txn, enum store_db db, struct bytes key, struct bytes *ret_value)
{
    if (txn->error.status != STATUS_OK) {
        return false;
    }
    MDB_val mdb_key = mdb_val_of(key);
    MDB_val value;
    int rc = mdb_get(txn->mdb, txn->store->dbi[db], &mdb_key, &value);
    if (rc != 0) {
        if (rc != MDB_NOTFOUND) {
            txn_fail_lmdb(txn, rc, "reading a row");
        }
        return false;
    }
    *ret_value = bytes_of_mdb(value);
    return true;
}

void txn_put_db(struct store_txn *txn, enum store_db db, struct bytes key, struct bytes value)
{
    if (txn->error.status != STATUS_OK) {
        return;
    }
    if (value.size > STORE_VALUE_BYTES_MAX) {
        txn_fail(txn, STATUS_RESOURCE_EXHAUSTED, "a value of %zu bytes: at most %d", value.size,
                 STORE_VALUE_BYTES_MAX);
        return;
    }
    MDB_val mdb_key = mdb_val_of(key);
    MDB_val mdb_value = mdb_val_of(value);
    int rc = mdb_put(txn->mdb, txn->store->dbi[db], &mdb_key, &mdb_value, 0);
    if (rc != 0) {
        txn_fail_lmdb(txn, rc, "writing a row");
        return;
    }
    txn_count_change(txn, key.size, value.size);
    store_journal_add(txn, JOURNAL_PUT, db, key, value);
}

void txn_delete_db(struct store_txn *txn, enum store_db db, struct bytes key)
{
    if (txn->error.status != STATUS_OK) {
        return;
    }
    MDB_val mdb_key = mdb_val_of(key);
    int rc = mdb_del(txn->mdb, txn->store->dbi[db], &mdb_key, NULL);
    if (rc == 0) {
        txn_count_change(txn, 0, 0);
        store_journal_add(txn, JOURNAL_DELETE, db, key, bytes_of(NULL, 0));
    } else if (rc != MDB_NOTFOUND) {
        txn_fail_lmdb(txn, rc, "deleting a row");
    }
}

/* --- by space and key --- */

static bool key_is_good(struct store_txn *txn, const struct key *key)
{
    if (key->overflow) {
        txn_fail(txn, STATUS_INTERNAL, "a key of more than %d bytes", KEY_BYTES_MAX);
    }
    return txn->error.status == STATUS_OK;
}

bool txn_get(struct store_txn *txn, enum store_space space, const struct key *key,
             struct bytes *ret_value)
{
    return key_is_good(txn, key) &&
           txn_get_db(txn, (enum store_db)space, key_bytes(key), ret_value);
}

void txn_put(struct store_txn *txn, enum store_space space, const struct key *key,
             struct bytes value)
{
    if (key_is_good(txn, key)) {
        txn_put_db(txn, (enum store_db)space, key_bytes(key), value);
    }
}

void txn_delete(struct store_txn *txn, enum store_space space, const struct key *key)
{
    if (key_is_good(txn, key)) {
        txn_delete_db(txn, (enum store_db)space, key_bytes(key));
    }
}

/* Scans: a cursor over the rows of a prefix, forwards or backwards. */
#include "store/store_internal.h"

#include <string.h>

MDB_cursor *txn_cursor_open(struct store_txn *txn, enum store_db db)
{
    MDB_cursor *cursor = NULL;
    if (txn->error.status == STATUS_OK) {
        int rc = mdb_cursor_open(txn->mdb, txn->store->dbi[db], &cursor);
        if (rc != 0) {
            txn_fail_lmdb(txn, rc, "opening a cursor");
            return NULL;
        }
    }
    return cursor;
}

static void key_copy(struct key *to, const struct key *from)
{
    to->size = from->size;
    to->overflow = from->overflow;
    memcpy(to->data, from->data, from->size);
}

static bool has_prefix(const struct key *prefix, struct bytes key)
{
    return key.size >= prefix->size && memcmp(key.data, prefix->data, prefix->size) == 0;
}

void txn_scan_begin(struct txn_scan *scan, struct store_txn *txn, enum store_space space,
                    const struct key *prefix, const struct key *from, bool backwards)
{
    scan->txn = txn;
    scan->space = space;
    scan->backwards = backwards;
    scan->started = false;
    scan->prefix.size = 0;
    scan->from.size = 0;
    if (prefix != NULL) {
        key_copy(&scan->prefix, prefix);
    }
    if (from != NULL) {
        key_copy(&scan->from, from);
    }
    if ((prefix != NULL && prefix->overflow) || (from != NULL && from->overflow)) {
        txn_fail(txn, STATUS_INTERNAL, "a key of more than %d bytes", KEY_BYTES_MAX);
    }
    scan->cursor = txn_cursor_open(txn, (enum store_db)space);
}

void txn_scan_begin_all(struct txn_scan *scan, struct store_txn *txn, enum store_space space)
{
    txn_scan_begin(scan, txn, space, NULL, NULL, false);
}

static int start_forwards(struct txn_scan *scan, MDB_val *key, MDB_val *value)
{
    struct bytes first = key_bytes(&scan->prefix);
    if (scan->from.size > 0 && bytes_compare(key_bytes(&scan->from), first) > 0) {
        first = key_bytes(&scan->from);
    }
    if (first.size == 0) {
        return mdb_cursor_get(scan->cursor, key, value, MDB_FIRST);
    }
    *key = mdb_val_of(first);
    return mdb_cursor_get(scan->cursor, key, value, MDB_SET_RANGE);
}

/* The last key before `bound`, or at it when `with_bound`. */
static int seek_before(struct txn_scan *scan, struct bytes bound, bool with_bound, MDB_val *key,
                       MDB_val *value)
{
    *key = mdb_val_of(bound);
    int rc = mdb_cursor_get(scan->cursor, key, value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND) {
        return mdb_cursor_get(scan->cursor, key, value, MDB_LAST);
    }
    if (rc == 0 && !(with_bound && bytes_equal(bytes_of_mdb(*key), bound))) {
        rc = mdb_cursor_get(scan->cursor, key, value, MDB_PREV);
    }
    return rc;
}

static int start_backwards(struct txn_scan *scan, MDB_val *key, MDB_val *value)
{
    struct bytes from = key_bytes(&scan->from);
    if (from.size > 0 &&
        (has_prefix(&scan->prefix, from) || bytes_compare(from, key_bytes(&scan->prefix)) < 0)) {
        return seek_before(scan, from, true, key, value);
    }
    /* The first key behind all that have the prefix: its last byte below 0xff, plus one. */
    size_t size = scan->prefix.size;
    while (size > 0 && scan->prefix.data[size - 1] == 0xff) {
        size--;
    }
    if (size == 0) {
        return mdb_cursor_get(scan->cursor, key, value, MDB_LAST);
    }
    uint8_t bound[KEY_BYTES_MAX];
    memcpy(bound, scan->prefix.data, size);
    bound[size - 1]++;
    return seek_before(scan, bytes_of(bound, size), false, key, value);
}

bool txn_scan_next(struct txn_scan *scan, struct bytes *ret_key, struct bytes *ret_value)
{
    if (scan->cursor == NULL || scan->txn->error.status != STATUS_OK) {
        return false;
    }
    MDB_val key, value;
    int rc;
    if (scan->started) {
        rc = mdb_cursor_get(scan->cursor, &key, &value, scan->backwards ? MDB_PREV : MDB_NEXT);
    } else {
        rc = scan->backwards ? start_backwards(scan, &key, &value)
                             : start_forwards(scan, &key, &value);
        scan->started = true;
    }
    if (rc != 0) {
        if (rc != MDB_NOTFOUND) {
            txn_fail_lmdb(scan->txn, rc, "reading rows");
        }
        txn_scan_end(scan);
        return false;
    }
    if (!has_prefix(&scan->prefix, bytes_of_mdb(key))) {
        txn_scan_end(scan);
        return false;
    }
    *ret_key = bytes_of_mdb(key);
    *ret_value = bytes_of_mdb(value);
    return true;
}

void txn_scan_end(struct txn_scan *scan)
{
    if (scan->cursor != NULL) {
        mdb_cursor_close(scan->cursor);
        scan->cursor = NULL;
    }
}

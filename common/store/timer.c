/*
 * Timers: rows {250, due_us, kind, subject} without a value, in order of due; and {251, kind,
 * subject} -> due_us, which finds them.
 */
#include "store/timer.h"

#include "store/store_internal.h"

static void row_key(struct key *key, const struct timer *timer)
{
    key_begin(key, STORE_CLASS_TIMER);
    key_add_i64(key, timer->due_us);
    key_add_u8(key, timer->kind);
    key_add_u64(key, timer->subject);
}

static void finder_key(struct key *key, uint8_t kind, uint64_t subject)
{
    key_begin(key, STORE_CLASS_TIMER_OF);
    key_add_u8(key, kind);
    key_add_u64(key, subject);
}

static bool find_due(struct store_txn *txn, const struct key *finder, int64_t *ret_due_us)
{
    struct bytes value;
    if (!txn_get(txn, STORE_STATE, finder, &value)) {
        return false;
    }
    if (value.size != 8) {
        txn_fail(txn, STATUS_DATA_LOSS, "a timer's row has %zu bytes", value.size);
        return false;
    }
    *ret_due_us = (int64_t)be64_get(value.data);
    return true;
}

void timer_set(struct store_txn *txn, const struct timer *timer)
{
    struct key finder, row;
    struct timer old = *timer;
    finder_key(&finder, timer->kind, timer->subject);
    if (find_due(txn, &finder, &old.due_us)) {
        if (old.due_us == timer->due_us) {
            return;
        }
        row_key(&row, &old);
        txn_delete(txn, STORE_STATE, &row);
    }
    uint8_t due[8];
    be64_put(due, (uint64_t)timer->due_us);
    row_key(&row, timer);
    txn_put(txn, STORE_STATE, &row, bytes_of(NULL, 0));
    txn_put(txn, STORE_STATE, &finder, bytes_of(due, sizeof(due)));
}

void timer_clear(struct store_txn *txn, uint8_t kind, uint64_t subject)
{
    struct key finder, row;
    struct timer old = {.kind = kind, .subject = subject};
    finder_key(&finder, kind, subject);
    if (find_due(txn, &finder, &old.due_us)) {
        row_key(&row, &old);
        txn_delete(txn, STORE_STATE, &row);
        txn_delete(txn, STORE_STATE, &finder);
    }
}

static bool first_from(struct store_txn *txn, const struct key *from, struct timer *ret_timer)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    bool found = false;
    key_begin(&prefix, STORE_CLASS_TIMER);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, from, false);
    while (!found && txn_scan_next(&scan, &key, &value)) {
        if (from != NULL && bytes_equal(key, key_bytes(from))) {
            continue; /* those after it are asked for */
        }
        struct key_reader reader = key_read(key);
        struct timer timer = {.due_us = key_read_i64(&reader)};
        timer.kind = key_read_u8(&reader);
        timer.subject = key_read_u64(&reader);
        if (!reader.ok) {
            txn_fail(txn, STATUS_DATA_LOSS, "a timer's key has %zu bytes", key.size);
            break;
        }
        *ret_timer = timer;
        found = true;
    }
    txn_scan_end(&scan);
    return found;
}

bool timer_first(struct store_txn *txn, struct timer *ret_timer)
{
    return first_from(txn, NULL, ret_timer);
}

bool timer_next(struct store_txn *txn, const struct timer *previous, struct timer *ret_timer)
{
    struct key from;
    row_key(&from, previous);
    return first_from(txn, &from, ret_timer);
}

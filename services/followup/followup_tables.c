/* Keys and reading of follow-up's tables; see the header. */
#include "services/followup/followup_tables.h"

#include <inttypes.h>

void followup_tables_call_key(struct key *key, uint64_t call_number)
{
    key_begin(key, FOLLOWUP_CLASS_CALL);
    key_add_u64(key, call_number);
}

void followup_tables_queue_key(struct key *key, int64_t due_us, uint64_t call_number)
{
    key_begin(key, FOLLOWUP_CLASS_QUEUE);
    key_add_i64(key, due_us);
    key_add_u64(key, call_number);
}

static void state_prefix(struct key *key, Followup__CallState state)
{
    key_begin(key, FOLLOWUP_CLASS_STATE);
    key_add_u8(key, (uint8_t)state);
}

void followup_tables_state_key(struct key *key, Followup__CallState state, uint64_t call_number)
{
    state_prefix(key, state);
    key_add_u64(key, call_number);
}

void followup_tables_task_key(struct key *key, uint64_t task_number, uint64_t case_number)
{
    key_begin(key, FOLLOWUP_CLASS_TASK);
    key_add_u64(key, task_number);
    key_add_u64(key, case_number);
}

Followup__CallRecord *followup_tables_call(struct store_txn *txn, uint64_t call_number,
                                           struct arena *arena)
{
    struct key key;
    followup_tables_call_key(&key, call_number);
    Followup__CallRecord *record = (Followup__CallRecord *)table_get(
        txn, STORE_STATE, &key, &followup__call_record__descriptor, arena);
    if (record != NULL && record->call == NULL) {
        txn_fail(txn, STATUS_DATA_LOSS, "the row of call %" PRIu64 " is empty", call_number);
        return NULL;
    }
    return record;
}

static const Followup__TaskRecord *task_record(struct store_txn *txn, uint64_t task_number,
                                               uint64_t case_number, struct arena *arena)
{
    struct key key;
    followup_tables_task_key(&key, task_number, case_number);
    return (const Followup__TaskRecord *)table_get(txn, STORE_STATE, &key,
                                                   &followup__task_record__descriptor, arena);
}

uint64_t followup_tables_call_of_task(struct store_txn *txn, uint64_t task_number,
                                      uint64_t case_number, struct arena *arena)
{
    const Followup__TaskRecord *record = task_record(txn, task_number, case_number, arena);
    return record == NULL ? 0 : record->call_number;
}

uint32_t followup_tables_last_finish(struct store_txn *txn, uint64_t task_number,
                                     uint64_t case_number, struct arena *arena)
{
    const Followup__TaskRecord *record = task_record(txn, task_number, case_number, arena);
    return record == NULL ? 0 : record->finish;
}

void followup_tables_open_key(struct key *key, uint64_t citizen, uint64_t call_number)
{
    key_begin(key, FOLLOWUP_CLASS_OPEN_OF);
    key_add_u64(key, citizen);
    key_add_u64(key, call_number);
}

size_t followup_tables_open_of(struct store_txn *txn, uint64_t citizen, uint64_t *ret_numbers,
                               size_t max)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    key_begin(&prefix, FOLLOWUP_CLASS_OPEN_OF);
    key_add_u64(&prefix, citizen);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        (void)key_read_u64(&reader); /* the citizen */
        ret_numbers[count++] = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return count;
}

void followup_tables_forgotten_key(struct key *key, uint64_t citizen)
{
    key_begin(key, FOLLOWUP_CLASS_FORGOTTEN);
    key_add_u64(key, citizen);
}

bool followup_tables_is_forgotten(struct store_txn *txn, uint64_t citizen)
{
    struct key key;
    struct bytes value;
    followup_tables_forgotten_key(&key, citizen);
    return txn_get(txn, STORE_STATE, &key, &value);
}

size_t followup_tables_queue_head(struct store_txn *txn, struct followup_queued *ret_rows,
                                  size_t max)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    key_begin(&prefix, FOLLOWUP_CLASS_QUEUE);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        ret_rows[count].due_us = key_read_i64(&reader);
        ret_rows[count].call_number = key_read_u64(&reader);
        count++;
    }
    txn_scan_end(&scan);
    return count;
}

size_t followup_tables_list(struct store_txn *txn, Followup__CallState state, uint64_t after,
                            uint64_t *ret_numbers, size_t max)
{
    bool any = state == FOLLOWUP__CALL_STATE__CALL_STATE_UNSPECIFIED;
    struct key prefix;
    struct key from;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    if (any) {
        key_begin(&prefix, FOLLOWUP_CLASS_CALL);
        followup_tables_call_key(&from, after);
    } else {
        state_prefix(&prefix, state);
        followup_tables_state_key(&from, state, after);
    }
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        if (!any) {
            key_read_u8(&reader);
        }
        uint64_t number = key_read_u64(&reader);
        if (number > after) {
            ret_numbers[count++] = number;
        }
    }
    txn_scan_end(&scan);
    return count;
}

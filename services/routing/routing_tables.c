/* Keys and records of routing's tables: the one place that knows their bytes. */
#include "services/routing/routing_tables.h"

static const struct bytes no_value = {.data = (const uint8_t *)"", .size = 0};

static void number_key(struct key *key, enum routing_class class, uint64_t number)
{
    key_begin(key, (uint8_t) class);
    key_add_u64(key, number);
}

static bool is_done(const Routing__Task *task)
{
    return task->state == ROUTING__TASK_STATE__TASK_STATE_DONE;
}

/* --- tasks --- */

Routing__Task *routing_tables_task(struct store_txn *txn, uint64_t number, struct arena *arena)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_TASK, number);
    const Routing__TaskRecord *record = (const Routing__TaskRecord *)table_get(
        txn, STORE_STATE, &key, &routing__task_record__descriptor, arena);
    return record == NULL ? NULL : record->task;
}

void routing_tables_put_task(struct store_txn *txn, Routing__Task *task)
{
    Routing__TaskRecord record = ROUTING__TASK_RECORD__INIT;
    record.task = task;
    struct key key;
    number_key(&key, ROUTING_CLASS_TASK, task->number);
    table_put(txn, STORE_STATE, &key, &record.base);
}

uint64_t routing_tables_last_task(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, ROUTING_CLASS_TASK);
}

/* --- cases --- */

uint64_t routing_tables_task_of_case(struct store_txn *txn, uint64_t case_number,
                                     struct arena *arena)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_CASE, case_number);
    const Routing__CaseRecord *record = (const Routing__CaseRecord *)table_get(
        txn, STORE_STATE, &key, &routing__case_record__descriptor, arena);
    return record == NULL ? 0 : record->task_number;
}

void routing_tables_put_case(struct store_txn *txn, uint64_t case_number, uint64_t task_number)
{
    Routing__CaseRecord record = ROUTING__CASE_RECORD__INIT;
    record.task_number = task_number;
    struct key key;
    number_key(&key, ROUTING_CLASS_CASE, case_number);
    table_put(txn, STORE_STATE, &key, &record.base);
}

/* --- a unit's tasks --- */

void routing_tables_unit_prefix(struct key *key, const char *unit, bool done)
{
    key_begin(key, ROUTING_CLASS_UNIT);
    key_add_text(key, unit);
    key_add_u8(key, done);
}

void routing_tables_unit_key(struct key *key, const char *unit, bool done, uint64_t task_number)
{
    routing_tables_unit_prefix(key, unit, done);
    key_add_u64(key, task_number);
}

uint64_t routing_tables_unit_key_task(struct bytes key)
{
    struct key_reader reader = key_read(key);
    key_read_text(&reader);
    key_read_u8(&reader);
    return key_read_u64(&reader);
}

void routing_tables_put_unit_task(struct store_txn *txn, const Routing__Task *task)
{
    struct key key;
    routing_tables_unit_key(&key, task->unit, is_done(task), task->number);
    txn_put(txn, STORE_STATE, &key, no_value);
}

void routing_tables_delete_unit_task(struct store_txn *txn, const Routing__Task *task)
{
    struct key key;
    routing_tables_unit_key(&key, task->unit, is_done(task), task->number);
    txn_delete(txn, STORE_STATE, &key);
}

/* --- a unit's feed --- */

void routing_tables_feed_prefix(struct key *key, const char *unit)
{
    key_begin(key, ROUTING_CLASS_FEED);
    key_add_text(key, unit);
}

void routing_tables_feed_key(struct key *key, const char *unit, uint64_t offset)
{
    routing_tables_feed_prefix(key, unit);
    key_add_u64(key, offset);
}

uint64_t routing_tables_feed_key_offset(struct bytes key)
{
    struct key_reader reader = key_read(key);
    key_read_text(&reader);
    return key_read_u64(&reader);
}

void routing_tables_put_feed(struct store_txn *txn, const char *unit, uint64_t offset)
{
    struct key key;
    routing_tables_feed_key(&key, unit, offset);
    txn_put(txn, STORE_STATE, &key, no_value);
}

uint64_t routing_tables_feed_last(struct store_txn *txn, const char *unit)
{
    struct key prefix;
    routing_tables_feed_prefix(&prefix, unit);
    struct txn_scan scan;
    struct bytes key, value;
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, true);
    uint64_t last = txn_scan_next(&scan, &key, &value) ? routing_tables_feed_key_offset(key) : 0;
    txn_scan_end(&scan);
    return last;
}

/* --- what offices have acknowledged --- */

static void office_key(struct key *key, const char *unit)
{
    key_begin(key, ROUTING_CLASS_OFFICE);
    key_add_text(key, unit);
}

uint64_t routing_tables_acknowledged(struct store_txn *txn, const char *unit, struct arena *arena)
{
    struct key key;
    office_key(&key, unit);
    const Routing__OfficeRecord *record = (const Routing__OfficeRecord *)table_get(
        txn, STORE_STATE, &key, &routing__office_record__descriptor, arena);
    return record == NULL ? 0 : record->acknowledged;
}

void routing_tables_put_acknowledged(struct store_txn *txn, const char *unit, uint64_t sequence)
{
    Routing__OfficeRecord record = ROUTING__OFFICE_RECORD__INIT;
    record.acknowledged = sequence;
    struct key key;
    office_key(&key, unit);
    table_put(txn, STORE_STATE, &key, &record.base);
}

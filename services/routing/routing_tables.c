/* Keys and records of routing's tables: the one place that knows their bytes. */
#include "services/routing/routing_tables.h"

#include "services/routing/routing_rules.h"

#include <string.h>

static const struct bytes no_value = {.data = (const uint8_t *)"", .size = 0};

static void number_key(struct key *key, enum routing_class class, uint64_t number)
{
    key_begin(key, (uint8_t) class);
    key_add_u64(key, number);
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

Routing__CaseRecord *routing_tables_case(struct store_txn *txn, uint64_t case_number,
                                         struct arena *arena)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_CASE, case_number);
    return (Routing__CaseRecord *)(uintptr_t)table_get(txn, STORE_STATE, &key,
                                                       &routing__case_record__descriptor, arena);
}

uint64_t routing_tables_task_of_case(struct store_txn *txn, uint64_t case_number,
                                     struct arena *arena)
{
    const Routing__CaseRecord *record = routing_tables_case(txn, case_number, arena);
    return record == NULL ? 0 : record->task_number;
}

uint32_t routing_tables_case_chases(struct store_txn *txn, uint64_t case_number,
                                    struct arena *arena)
{
    const Routing__CaseRecord *record = routing_tables_case(txn, case_number, arena);
    return record == NULL ? 0 : record->chases;
}

void routing_tables_put_case(struct store_txn *txn, uint64_t case_number,
                             const Routing__CaseRecord *record)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_CASE, case_number);
    table_put(txn, STORE_STATE, &key, &record->base);
}

/* --- a unit's tasks --- */

void routing_tables_unit_prefix(struct key *key, const char *unit, bool closed)
{
    key_begin(key, ROUTING_CLASS_UNIT);
    key_add_text(key, unit);
    key_add_u8(key, closed);
}

void routing_tables_unit_key(struct key *key, const char *unit, bool closed, uint64_t task_number)
{
    routing_tables_unit_prefix(key, unit, closed);
    key_add_u64(key, task_number);
}

uint64_t routing_tables_unit_key_task(struct bytes key)
{
    struct key_reader reader = key_read(key);
    key_read_text(&reader);
    key_read_u8(&reader);
    return key_read_u64(&reader);
}

/* A due date that is none comes after all others. */
#define NO_DUE_US INT64_MAX

void routing_tables_due_prefix(struct key *key, const char *unit)
{
    key_begin(key, ROUTING_CLASS_DUE);
    key_add_text(key, unit);
}

void routing_tables_free_prefix(struct key *key, const char *unit)
{
    key_begin(key, ROUTING_CLASS_FREE);
    key_add_text(key, unit);
}

/* Behind the unit. */
static void add_order(struct key *key, const Routing__Task *task)
{
    key_add_u8(key, task->urgency != COMMON__URGENCY__URGENCY_URGENT);
    key_add_u8(key, (uint8_t)(ROUTING_CHASE_STEPS_MAX - routing_rules_chase_steps(task)));
    key_add_i64(key, task->due_at_us != 0 ? task->due_at_us : NO_DUE_US);
    key_add_u64(key, task->number);
}

uint64_t routing_tables_free_key_task(struct bytes key, bool *ret_urgent)
{
    struct key_reader reader = key_read(key);
    key_read_text(&reader);
    *ret_urgent = key_read_u8(&reader) == 0; /* urgent first */
    key_read_u8(&reader);                    /* chased most first */
    key_read_i64(&reader);
    return key_read_u64(&reader);
}

uint64_t routing_tables_due_key_task(struct bytes key)
{
    bool is_urgent;
    return routing_tables_free_key_task(key, &is_urgent);
}

static void change_rows(struct store_txn *txn, const Routing__Task *task, const char *unit,
                        void (*change)(struct store_txn *txn, const struct key *key))
{
    struct key key;
    bool closed = routing_rules_is_closed(task->state);
    routing_tables_unit_key(&key, unit, closed, task->number);
    change(txn, &key);
    if (!closed) {
        routing_tables_due_prefix(&key, unit);
        add_order(&key, task);
        change(txn, &key);
    }
}

static bool is_free(const Routing__Task *task)
{
    return task->desk[0] == '\0' && !routing_rules_is_closed(task->state);
}

static struct key free_key(const Routing__Task *task)
{
    struct key key;
    routing_tables_free_prefix(&key, task->unit);
    add_order(&key, task);
    return key;
}

static void change_all_rows(struct store_txn *txn, const Routing__Task *task,
                            void (*change)(struct store_txn *txn, const struct key *key))
{
    change_rows(txn, task, task->unit, change);
    if (is_free(task)) {
        struct key key = free_key(task);
        change(txn, &key);
    }
    for (size_t i = 0; i < task->n_helps; i++) {
        /* A unit that was asked may have been given the task since: it has it once. */
        const Routing__TaskHelp *help = task->helps[i];
        if (help->ended_at_us == 0 && strcmp(help->unit, task->unit) != 0) {
            change_rows(txn, task, help->unit, change);
        }
    }
}

static void put_row(struct store_txn *txn, const struct key *key)
{
    txn_put(txn, STORE_STATE, key, no_value);
}

static void delete_row(struct store_txn *txn, const struct key *key)
{
    txn_delete(txn, STORE_STATE, key);
}

void routing_tables_put_unit_task(struct store_txn *txn, const Routing__Task *task)
{
    change_all_rows(txn, task, put_row);
}

void routing_tables_delete_unit_task(struct store_txn *txn, const Routing__Task *task)
{
    change_all_rows(txn, task, delete_row);
}

void routing_tables_follow_free(struct store_txn *txn, const Routing__Task *task)
{
    struct key key = free_key(task);
    if (is_free(task)) {
        put_row(txn, &key);
    } else {
        delete_row(txn, &key);
    }
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

/* --- the clock --- */

Routing__HoldsRecord *routing_tables_holds(struct store_txn *txn, uint64_t task,
                                           struct arena *arena)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_HOLDS, task);
    return (Routing__HoldsRecord *)(uintptr_t)table_get(txn, STORE_STATE, &key,
                                                        &routing__holds_record__descriptor, arena);
}

void routing_tables_put_holds(struct store_txn *txn, uint64_t task, Routing__HoldsRecord *record)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_HOLDS, task);
    table_put(txn, STORE_STATE, &key, &record->base);
}

bool routing_tables_running(struct store_txn *txn, uint64_t task, struct arena *arena,
                            uint64_t *ret_closure)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_RUNNING, task);
    const Routing__RunningRecord *record = (const Routing__RunningRecord *)table_get(
        txn, STORE_STATE, &key, &routing__running_record__descriptor, arena);
    if (record == NULL) {
        return false;
    }
    *ret_closure = record->closure_number;
    return true;
}

void routing_tables_put_running(struct store_txn *txn, uint64_t task, uint64_t closure)
{
    Routing__RunningRecord record = ROUTING__RUNNING_RECORD__INIT;
    record.closure_number = closure;
    struct key key;
    number_key(&key, ROUTING_CLASS_RUNNING, task);
    table_put(txn, STORE_STATE, &key, &record.base);
}

void routing_tables_delete_running(struct store_txn *txn, uint64_t task)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_RUNNING, task);
    txn_delete(txn, STORE_STATE, &key);
}

size_t routing_tables_running_after(struct store_txn *txn, uint64_t after, uint64_t *ret_tasks,
                                    size_t max)
{
    struct key prefix, from;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    key_begin(&prefix, ROUTING_CLASS_RUNNING);
    number_key(&from, ROUTING_CLASS_RUNNING, after + 1);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        ret_tasks[count++] = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return count;
}

Routing__ClosureRecord *routing_tables_closure(struct store_txn *txn, uint64_t number,
                                               struct arena *arena)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_CLOSURE, number);
    return (Routing__ClosureRecord *)(uintptr_t)table_get(
        txn, STORE_STATE, &key, &routing__closure_record__descriptor, arena);
}

void routing_tables_put_closure(struct store_txn *txn, uint64_t number,
                                Routing__ClosureRecord *record)
{
    struct key key;
    number_key(&key, ROUTING_CLASS_CLOSURE, number);
    table_put(txn, STORE_STATE, &key, &record->base);
}

uint64_t routing_tables_last_closure(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, ROUTING_CLASS_CLOSURE);
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

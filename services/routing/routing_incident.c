/* The rows of joined requests; see the header. */
#include "services/routing/routing_incident.h"

static struct key incident_key(uint64_t task_number, uint64_t case_number)
{
    struct key key;
    key_begin(&key, ROUTING_CLASS_INCIDENT);
    key_add_u64(&key, task_number);
    key_add_u64(&key, case_number);
    return key;
}

bool routing_incident_has(struct store_txn *txn, uint64_t task_number, uint64_t case_number)
{
    struct key key = incident_key(task_number, case_number);
    struct bytes value;
    return txn_get(txn, STORE_STATE, &key, &value);
}

/* NULL: the row cannot be read, or the arena is full; both fail the transaction. */
static Routing__JoinedCase *read_joined(struct store_txn *txn, struct bytes value,
                                        struct arena *arena)
{
    const Routing__JoinedRecord *record = (const Routing__JoinedRecord *)table_unpack(
        txn, value, &routing__joined_record__descriptor, arena);
    if (record != NULL && record->joined == NULL) {
        txn_fail(txn, STATUS_DATA_LOSS, "the row of a joined request is empty");
    }
    return record == NULL ? NULL : record->joined;
}

/* NULL: it is not joined to the task. */
static Routing__JoinedRecord *find_record(struct store_txn *txn, uint64_t task_number,
                                          uint64_t case_number, struct arena *arena)
{
    struct key key = incident_key(task_number, case_number);
    return (Routing__JoinedRecord *)(uintptr_t)table_get(
        txn, STORE_STATE, &key, &routing__joined_record__descriptor, arena);
}

uint32_t routing_incident_urgent_joined(struct store_txn *txn, const Routing__Task *task,
                                        uint64_t case_number, bool urgent, struct arena *arena)
{
    const Routing__JoinedRecord *record = find_record(txn, task->number, case_number, arena);
    uint32_t count = task->urgent_joined;
    if (record == NULL || (record->urgent != 0) == urgent) {
        return count;
    }
    return urgent ? count + 1 : count > 0 ? count - 1 : 0;
}

Routing__JoinedCase *routing_incident_find(struct store_txn *txn, uint64_t task_number,
                                           uint64_t case_number, struct arena *arena)
{
    struct key key = incident_key(task_number, case_number);
    struct bytes value;
    return txn_get(txn, STORE_STATE, &key, &value) ? read_joined(txn, value, arena) : NULL;
}

size_t routing_incident_list(struct store_txn *txn, uint64_t task_number, uint64_t after,
                             struct arena *arena, Routing__JoinedCase ***ret_cases)
{
    struct key from = incident_key(task_number, after + 1);
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    Routing__JoinedCase **cases = arena_alloc(arena, ROUTING_JOINED_AN_EVENT * sizeof(*cases));
    if (cases == NULL) {
        txn_fail(txn, STATUS_RESOURCE_EXHAUSTED, "the call needs more memory than a call may have");
        return 0;
    }
    key_begin(&prefix, ROUTING_CLASS_INCIDENT);
    key_add_u64(&prefix, task_number);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, false);
    while (count < ROUTING_JOINED_AN_EVENT && txn_scan_next(&scan, &key, &value)) {
        cases[count] = read_joined(txn, value, arena);
        if (cases[count] == NULL) {
            count = 0;
            break;
        }
        count++;
    }
    txn_scan_end(&scan);
    *ret_cases = cases;
    return count;
}

void routing_incident_put(struct store_txn *txn, const Routing__CaseJoined *joined)
{
    struct key key = incident_key(joined->task_number, joined->case_number);
    Routing__JoinedCase told = ROUTING__JOINED_CASE__INIT;
    Routing__JoinedRecord record = ROUTING__JOINED_RECORD__INIT;
    told.case_number = joined->case_number;
    told.code = joined->code;
    told.citizen = joined->citizen;
    record.joined = &told;
    record.chases = joined->case_chases;
    record.urgent = joined->case_urgency == COMMON__URGENCY__URGENCY_URGENT;
    table_put(txn, STORE_STATE, &key, &record.base);
}

uint32_t routing_incident_chases(struct store_txn *txn, uint64_t task_number, uint64_t case_number,
                                 struct arena *arena)
{
    const Routing__JoinedRecord *record = find_record(txn, task_number, case_number, arena);
    return record == NULL ? 0 : record->chases;
}

void routing_incident_put_chased(struct store_txn *txn, const Routing__TaskChased *chased,
                                 struct arena *arena)
{
    struct key key = incident_key(chased->task_number, chased->case_number);
    Routing__JoinedRecord *record =
        find_record(txn, chased->task_number, chased->case_number, arena);
    if (record != NULL) {
        record->chases++;
        table_put(txn, STORE_STATE, &key, &record->base);
    }
}

void routing_incident_put_urgent(struct store_txn *txn, const Routing__TaskAmended *amended,
                                 struct arena *arena)
{
    struct key key = incident_key(amended->task_number, amended->case_number);
    Routing__JoinedRecord *record =
        find_record(txn, amended->task_number, amended->case_number, arena);
    if (record != NULL) {
        record->urgent = amended->case_urgency == COMMON__URGENCY__URGENCY_URGENT;
        table_put(txn, STORE_STATE, &key, &record->base);
    }
}

void routing_incident_delete(struct store_txn *txn, uint64_t task_number, uint64_t case_number)
{
    struct key key = incident_key(task_number, case_number);
    txn_delete(txn, STORE_STATE, &key);
}

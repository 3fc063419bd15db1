/* The one place that knows how a call's row looks. */
#include "services/intake/intake_calls.h"
#include "services/intake/intake_tables.h"

static struct key call_key(uint64_t number)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_CALL);
    key_add_u64(&key, number);
    return key;
}

uint64_t intake_tables_last_call(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, INTAKE_CLASS_CALL);
}

Intake__CallRecord *intake_tables_call(struct store_txn *txn, uint64_t number, struct arena *arena)
{
    struct key key = call_key(number);
    return (Intake__CallRecord *)(uintptr_t)table_get(txn, STORE_STATE, &key,
                                                      &intake__call_record__descriptor, arena);
}

void intake_tables_call_put(struct store_txn *txn, uint64_t number,
                            const Intake__CallRecord *record)
{
    struct key key = call_key(number);
    table_put(txn, STORE_STATE, &key, &record->base);
}

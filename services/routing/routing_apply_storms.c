/* What events about storms change: their rows, and the timer of the next step. */
#include "services/routing/routing_storms.h"

#include "services/routing/routing_tables.h"

#include "base/clock.h"

#include <inttypes.h>

static struct key storm_key(uint64_t number)
{
    struct key key;
    key_begin(&key, ROUTING_CLASS_STORM);
    key_add_u64(&key, number);
    return key;
}

Routing__StormRecord *routing_tables_storm(struct store_txn *txn, uint64_t number,
                                           struct arena *arena)
{
    struct key key = storm_key(number);
    return (Routing__StormRecord *)(uintptr_t)table_get(txn, STORE_STATE, &key,
                                                        &routing__storm_record__descriptor, arena);
}

void routing_tables_put_storm(struct store_txn *txn, uint64_t number, Routing__StormRecord *record)
{
    struct key key = storm_key(number);
    table_put(txn, STORE_STATE, &key, &record->base);
}

uint64_t routing_tables_last_storm(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, ROUTING_CLASS_STORM);
}

static void set_timer(struct apply *a, uint64_t number, int64_t due_us)
{
    const struct timer timer = {
        .due_us = due_us,
        .kind = ROUTING_TIMER_STORM,
        .subject = number,
    };
    timer_set(a->txn, &timer);
}

void routing_apply_storm_taken(struct apply *a, const struct event *event,
                               Routing__StormTaken *taken)
{
    Routing__StormRecord record = ROUTING__STORM_RECORD__INIT;
    record.taken = taken;
    routing_tables_put_storm(a->txn, taken->storm_number, &record);
    set_timer(a, taken->storm_number, event->recorded_at_us);
}

void routing_apply_storm_applied(struct apply *a, const struct event *event,
                                 const Routing__StormApplied *applied)
{
    Routing__StormRecord *record = routing_tables_storm(a->txn, applied->storm_number, a->arena);
    if (record == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of storm %" PRIu64 ", which is missing",
                 applied->storm_number);
        return;
    }
    record->task_number = applied->task_number;
    record->finished = applied->finished;
    routing_tables_put_storm(a->txn, applied->storm_number, record);
    if (applied->finished) {
        timer_clear(a->txn, ROUTING_TIMER_STORM, applied->storm_number);
    } else {
        set_timer(a, applied->storm_number, us_add(event->recorded_at_us, ROUTING_STORM_STEP_US));
    }
}

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

size_t routing_tables_looking_storms(struct store_txn *txn, struct arena *arena,
                                     uint64_t ret_numbers[ROUTING_STORMS_LOOKING_MAX])
{
    struct key key = storm_key(0);
    const Routing__LookingStormsRecord *record = (const Routing__LookingStormsRecord *)table_get(
        txn, STORE_STATE, &key, &routing__looking_storms_record__descriptor, arena);
    size_t count = 0;
    while (record != NULL && count < record->n_numbers && count < ROUTING_STORMS_LOOKING_MAX) {
        ret_numbers[count] = record->numbers[count];
        count++;
    }
    return count;
}

static void put_looking(struct apply *a, uint64_t *numbers, size_t count)
{
    struct key key = storm_key(0);
    Routing__LookingStormsRecord record = ROUTING__LOOKING_STORMS_RECORD__INIT;
    record.numbers = numbers;
    record.n_numbers = count;
    if (count == 0) {
        txn_delete(a->txn, STORE_STATE, &key);
    } else {
        table_put(a->txn, STORE_STATE, &key, &record.base);
    }
}

/* Of too many the oldest goes, and moves no more of what was open when it began. */
static void add_looking(struct apply *a, uint64_t number)
{
    uint64_t numbers[ROUTING_STORMS_LOOKING_MAX + 1];
    size_t count = routing_tables_looking_storms(a->txn, a->arena, numbers);
    size_t skip = count == ROUTING_STORMS_LOOKING_MAX;
    numbers[count++] = number;
    put_looking(a, numbers + skip, count - skip);
}

static void drop_looking(struct apply *a, uint64_t number)
{
    uint64_t numbers[ROUTING_STORMS_LOOKING_MAX];
    size_t count = routing_tables_looking_storms(a->txn, a->arena, numbers);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] != number) {
            numbers[left++] = numbers[i];
        }
    }
    put_looking(a, numbers, left);
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
    add_looking(a, taken->storm_number);
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
        drop_looking(a, applied->storm_number);
    } else {
        set_timer(a, applied->storm_number, us_add(event->recorded_at_us, ROUTING_STORM_STEP_US));
    }
}

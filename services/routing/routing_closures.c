/* Closures of the city's offices, as time that does not count. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_tables.h"

#define RECORD_ARENA_BYTES 1024

void routing_closures_read(struct store_txn *txn, uint64_t first, uint64_t last, int64_t since_us,
                           struct hours_gaps *ret_gaps)
{
    struct arena *arena = arena_new_for(RECORD_ARENA_BYTES, RECORD_ARENA_BYTES);
    bool has_room = true;
    ret_gaps->count = 0;
    /* From the last on: should there be more than a sum can hold, it lacks the oldest. */
    for (uint64_t number = last; number >= first && number > 0 && has_room; number--) {
        arena_reset(arena);
        const Routing__ClosureRecord *closure = routing_tables_closure(txn, number, arena);
        if (closure == NULL) {
            break; /* the transaction has failed */
        }
        has_room = closure->to_us <= since_us ||
                   hours_gaps_add(ret_gaps, closure->from_us, closure->to_us, NULL) == STATUS_OK;
    }
    arena_free(arena);
}

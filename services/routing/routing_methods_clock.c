/* Methods about the clock: what of a closure is refused without the tables, and how long each unit
 * has had a task. */
#include "services/routing/routing_clock.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/clock.h"
#include "text/utf8.h"

#include <string.h>

enum status routing_check_closure(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__AnnounceClosureRequest *request =
        (const Routing__AnnounceClosureRequest *)message;
    if (request->from_us < 0 || request->to_us <= request->from_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "to_us", "it ends before it begins");
    }
    return text_require(request->reason, ROUTING_NOTE_MAX, "reason", err);
}

/* --- shares --- */

/* The share of the hold's unit; NULL: no memory. */
static Routing__UnitShare *share_of(struct read *r, Routing__Task *task, const char *unit)
{
    for (size_t i = 0; i < task->n_shares; i++) {
        if (strcmp(task->shares[i]->unit, unit) == 0) {
            return task->shares[i];
        }
    }
    Routing__UnitShare *share = arena_alloc(r->arena, sizeof(*share));
    if (share != NULL) {
        routing__unit_share__init(share);
        share->unit = (char *)(uintptr_t)unit;
        task->shares[task->n_shares++] = share;
    }
    return share;
}

static enum status add_hold(struct read *r, Routing__Task *task, const Routing__Hold *hold,
                            struct hours_gaps *gaps)
{
    Routing__Task holder = *task; /* as its calendar was: that of the unit that had it */
    Routing__UnitShare *share = share_of(r, task, hold->unit);
    int64_t worked_us = 0;
    if (share == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL, "the answer is too large");
    }
    if (hold->to_us == 0) {
        share->since_us = hold->from_us;
        return STATUS_OK;
    }
    holder.unit = hold->unit;
    const struct hours *hours = routing_clock_hours(r->city, &holder);
    routing_closures_read(r->txn, 1, hours == NULL ? 0 : routing_tables_last_closure(r->txn),
                          hold->from_us, gaps);
    if (hours_between(hours, hold->from_us, hold->to_us, gaps, &worked_us, NULL) == STATUS_OK) {
        share->worked_us += worked_us; /* beyond the end of all sums nothing is added */
    }
    return STATUS_OK;
}

enum status routing_read_shares(struct read *r, Routing__Task *task)
{
    Routing__Hold only = ROUTING__HOLD__INIT;
    Routing__Hold *holds[1] = {&only};
    Routing__HoldsRecord one = ROUTING__HOLDS_RECORD__INIT;
    const Routing__HoldsRecord *record = routing_tables_holds(r->txn, task->number, r->arena);
    enum status status = STATUS_OK;
    if (task->historical) {
        return STATUS_OK;
    }
    if (record == NULL) {
        only.unit = task->unit;
        only.from_us = task->routed_at_us;
        one.n_holds = 1;
        one.holds = holds;
        record = &one;
    }
    struct hours_gaps *gaps = arena_alloc(r->arena, sizeof(*gaps));
    task->shares = arena_alloc(r->arena, record->n_holds * sizeof(*task->shares));
    if (gaps == NULL || task->shares == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL, "the answer is too large");
    }
    for (size_t i = 0; i < record->n_holds && status == STATUS_OK; i++) {
        status = add_hold(r, task, record->holds[i], gaps);
    }
    return status;
}

/* What follows from an event for the clock's tables: timers, which tasks closures and storms may move, who had a
 * task when. */
#include "services/routing/routing_clock.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/clock.h"

#include <string.h>

/* --- timers: what is next of a task, at most one each --- */

static void set_timer(struct apply *a, uint8_t kind, uint64_t subject, int64_t due_us)
{
    const struct timer timer = {.due_us = due_us, .kind = kind, .subject = subject};
    timer_set(a->txn, &timer);
}

static void follow_due(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                       int64_t recorded_at_us)
{
    bool was_ahead = was != NULL && routing_clock_is_due_ahead(was);
    bool is_ahead = routing_clock_is_due_ahead(now);
    if (was_ahead && !is_ahead) {
        timer_clear(a->txn, ROUTING_TIMER_OVERDUE, now->number);
    } else if (is_ahead && (!was_ahead || was->due_at_us != now->due_at_us) &&
               routing_rules_is_watched(now->due_at_us, now->historical, recorded_at_us)) {
        set_timer(a, ROUTING_TIMER_OVERDUE, now->number, now->due_at_us);
    }
}

static void follow_moments(struct apply *a, const Routing__Task *was, const Routing__Task *now)
{
    int64_t was_us = 0;
    int64_t now_us = 0;
    enum routing_moment before = ROUTING_MOMENT_NONE;
    enum routing_moment after = routing_clock_next(now, &now_us);
    if (was != NULL) {
        before = routing_clock_next(was, &was_us);
    }
    if (after == ROUTING_MOMENT_NONE && before != ROUTING_MOMENT_NONE) {
        timer_clear(a->txn, ROUTING_TIMER_CLOCK, now->number);
    } else if (after != ROUTING_MOMENT_NONE &&
               (before == ROUTING_MOMENT_NONE || was_us != now_us)) {
        set_timer(a, ROUTING_TIMER_CLOCK, now->number, now_us);
    }
}

/* --- what closures and storms move --- */

/* Closures move nothing of what runs in all hours, storms nothing that is urgent. */
static bool is_movable(const Routing__Task *task)
{
    bool by_closures = task->clock == ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING;
    bool by_storms = task->clock == ROUTING__CLOCK_KIND__CLOCK_KIND_WALL &&
                     task->urgency != COMMON__URGENCY__URGENCY_URGENT;
    return (by_closures || by_storms) && !task->historical && !routing_rules_is_closed(task->state);
}

/* Those announced from here on are not in its dates, should it be reopened. Times do not tell them
 * apart: while the machine's clock is behind, many events are recorded at the same one. */
static void keep_closure(struct apply *a, uint64_t task)
{
    uint64_t last = routing_tables_last_closure(a->txn);
    Routing__HoldsRecord *record = last == 0 ? NULL : routing_tables_holds(a->txn, task, a->arena);
    if (record != NULL) {
        record->closure_number = last;
        routing_tables_put_holds(a->txn, task, record);
    }
}

static void follow_running(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                           const struct event *event)
{
    const Routing__Event *open = (const Routing__Event *)event->open;
    bool before = was != NULL && is_movable(was);
    bool after = is_movable(now);
    if (before && !after) {
        routing_tables_delete_running(a->txn, now->number);
        keep_closure(a, now->number);
    } else if (!before && after) {
        routing_tables_put_running(a->txn, now->number, routing_tables_last_closure(a->txn));
    } else if (after && open->kind_case == ROUTING__EVENT__KIND_TASK_DUE_MOVED) {
        routing_tables_put_running(a->txn, now->number, open->task_due_moved->closure_number);
    } else if (after && open->kind_case == ROUTING__EVENT__KIND_TASK_ESCALATED) {
        /* The step's next date has them all in it, the other dates were asked before. */
        routing_tables_put_running(a->txn, now->number, routing_tables_last_closure(a->txn));
    }
}

/* --- who had it when --- */

/* The record with room for one more; the first hold is that of the unit it was routed to. */
static Routing__HoldsRecord *take_holds(struct apply *a, const Routing__Task *was)
{
    Routing__HoldsRecord *found = routing_tables_holds(a->txn, was->number, a->arena);
    Routing__HoldsRecord *record = arena_alloc(a->arena, sizeof(*record));
    Routing__Hold *hold = arena_alloc(a->arena, sizeof(*hold));
    size_t count = found == NULL ? 0 : found->n_holds;
    Routing__Hold **holds = arena_alloc(a->arena, (count + 2) * sizeof(*holds));
    if (record == NULL || hold == NULL || holds == NULL) {
        txn_fail(a->txn, STATUS_RESOURCE_EXHAUSTED, "who had a task is too long a story");
        return NULL;
    }
    routing__holds_record__init(record);
    record->holds = holds;
    if (found != NULL) {
        memcpy(holds, found->holds, count * sizeof(*holds));
        record->n_holds = count;
        return record;
    }
    routing__hold__init(hold);
    hold->unit = was->unit;
    hold->from_us = was->routed_at_us;
    holds[0] = hold;
    record->n_holds = 1;
    return record;
}

static void follow_holds(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                         int64_t at_us)
{
    bool before = routing_clock_runs(was);
    bool after = routing_clock_runs(now);
    if (now->historical || (before == after && strcmp(was->unit, now->unit) == 0)) {
        return;
    }
    Routing__HoldsRecord *record = take_holds(a, was);
    Routing__Hold *next = arena_alloc(a->arena, sizeof(*next));
    if (record == NULL || next == NULL) {
        return;
    }
    Routing__Hold *last = record->holds[record->n_holds - 1];
    if (after && record->n_holds == ROUTING_HOLDS_MAX) {
        last->to_us = 0; /* told in routing_clock.h */
        last->unit = now->unit;
        routing_tables_put_holds(a->txn, now->number, record);
        return;
    }
    if (last->to_us == 0) {
        last->to_us = at_us > last->from_us ? at_us : last->from_us;
    }
    if (after) {
        routing__hold__init(next);
        next->unit = now->unit;
        next->from_us = at_us;
        record->holds[record->n_holds++] = next;
    }
    routing_tables_put_holds(a->txn, now->number, record);
}

/* --- together --- */

void routing_apply_clock(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                         const struct event *event)
{
    follow_due(a, was, now, event->recorded_at_us);
    follow_moments(a, was, now);
    if (was != NULL) {
        follow_holds(a, was, now, event->occurred_at_us); /* before it is closed with a closure */
    }
    follow_running(a, was, now, event);
}

void routing_apply_closure_announced(struct apply *a, const struct event *event,
                                     const Routing__ClosureAnnounced *announced)
{
    Routing__ClosureRecord record = ROUTING__CLOSURE_RECORD__INIT;
    record.from_us = announced->from_us;
    record.to_us = announced->to_us;
    record.announced_at_us = event->recorded_at_us;
    routing_tables_put_closure(a->txn, announced->closure_number, &record);
    set_timer(a, ROUTING_TIMER_CLOSURE, announced->closure_number, event->recorded_at_us);
}

void routing_apply_closure_applied(struct apply *a, const struct event *event,
                                   const Routing__ClosureApplied *applied)
{
    Routing__ClosureRecord *record =
        routing_tables_closure(a->txn, applied->closure_number, a->arena);
    if (record == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of a closure that is missing");
        return;
    }
    record->task_number = applied->task_number;
    routing_tables_put_closure(a->txn, applied->closure_number, record);
    if (applied->finished) {
        timer_clear(a->txn, ROUTING_TIMER_CLOSURE, applied->closure_number);
    } else {
        set_timer(a, ROUTING_TIMER_CLOSURE, applied->closure_number,
                  us_add(event->recorded_at_us, ROUTING_CLOSURE_STEP_US));
    }
}

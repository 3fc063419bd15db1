/* Events change routing's tables: the only code that writes them, live and on rebuild. Routing has
 * no views. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"

#include <inttypes.h>
#include <string.h>

/* The unit is told; offices that wait for it wake up. */
static void tell(struct apply *a, const char *unit, uint64_t offset)
{
    routing_tables_put_feed(a->txn, unit, offset);
    apply_signal(a, service_signal_key(unit));
}

static void watch(struct apply *a, const Routing__Task *task, int64_t recorded_at_us)
{
    if (!routing_rules_is_watched(task->due_at_us, task->historical, recorded_at_us)) {
        return;
    }
    const struct timer timer = {
        .due_us = task->due_at_us,
        .kind = ROUTING_TIMER_OVERDUE,
        .subject = task->number,
    };
    timer_set(a->txn, &timer);
}

static void apply_routed(struct apply *a, const struct event *event,
                         const Routing__TaskRouted *routed)
{
    Routing__Task task = routing_rules_new_task(routed, event->occurred_at_us, event->historical);
    routing_tables_put_task(a->txn, &task);
    routing_tables_put_case(a->txn, task.case_number, task.number);
    routing_tables_put_unit_task(a->txn, &task);
    watch(a, &task, event->recorded_at_us);
    tell(a, task.unit, event->offset);
}

/* Moves what finds the task where unit or state have changed. */
static void follow_change(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                          uint64_t offset)
{
    bool moved = strcmp(was->unit, now->unit) != 0;
    bool finished = now->state == ROUTING__TASK_STATE__TASK_STATE_DONE;
    if (moved || finished) {
        routing_tables_delete_unit_task(a->txn, was);
        routing_tables_put_unit_task(a->txn, now);
    }
    if (moved && !PLANTED("office_not_told_of_return")) {
        tell(a, was->unit, offset);
    }
    tell(a, now->unit, offset);
    if (now->due_at_us != 0 && (finished || now->overdue != was->overdue)) {
        timer_clear(a->txn, ROUTING_TIMER_OVERDUE, now->number);
    }
}

static void apply_change(struct apply *a, const struct event *event, const Routing__Event *open)
{
    uint64_t number = routing_rules_task_of(open);
    Routing__Task *task = routing_tables_task(a->txn, number, a->arena);
    if (task == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of task %" PRIu64 ", which is missing",
                 number);
        return;
    }
    const Routing__Task was = *task;
    if (!routing_rules_change_task(task, open, event->occurred_at_us)) {
        txn_fail(a->txn, STATUS_DATA_LOSS,
                 "event %" PRIu64 " cannot follow on the state of task %" PRIu64, event->offset,
                 number);
        return;
    }
    routing_tables_put_task(a->txn, task);
    follow_change(a, &was, task, event->offset);
}

void routing_apply(struct apply *a, const struct event *event)
{
    const Routing__Event *open = (const Routing__Event *)event->open;
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASKS_ACKNOWLEDGED:
        routing_tables_put_acknowledged(a->txn, open->tasks_acknowledged->unit,
                                        open->tasks_acknowledged->sequence);
        return;
    case ROUTING__EVENT__KIND_TASK_ROUTED: apply_routed(a, event, open->task_routed); break;
    default: apply_change(a, event, open); break;
    }
    apply_signal(a, service_signal_key(ROUTING_EVERY_UNIT));
}

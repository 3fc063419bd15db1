/* Events change routing's tables: the only code that writes them, live and on rebuild. Routing has
 * no views. */
#include "services/routing/routing_clock.h"
#include "services/routing/routing_incident.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_storms.h"
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

/* What its citizen has done stays counted, whichever task the request has. */
static void put_case(struct apply *a, uint64_t case_number, uint64_t task_number)
{
    Routing__CaseRecord record = ROUTING__CASE_RECORD__INIT;
    const Routing__CaseRecord *known = routing_tables_case(a->txn, case_number, a->arena);
    record = known != NULL ? *known : record;
    record.task_number = task_number;
    routing_tables_put_case(a->txn, case_number, &record);
}

static void apply_routed(struct apply *a, const struct event *event,
                         const Routing__TaskRouted *routed)
{
    Routing__Task task = routing_rules_new_task(routed, event->occurred_at_us, event->historical);
    routing_tables_put_task(a->txn, &task);
    put_case(a, task.case_number, task.number);
    routing_tables_put_unit_task(a->txn, &task);
    routing_apply_clock(a, NULL, &task, event);
    tell(a, task.unit, event->offset);
}

static size_t open_helps(const Routing__Task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->n_helps; i++) {
        count += task->helps[i]->ended_at_us == 0;
    }
    return count;
}

/* Moves what finds the task where any of what it is found by has changed. */
static void index_again(struct apply *a, const Routing__Task *was, const Routing__Task *now)
{
    bool same_desk = (was->desk[0] == '\0') == (now->desk[0] == '\0');
    bool same = strcmp(was->unit, now->unit) == 0 && was->due_at_us == now->due_at_us &&
                was->urgency == now->urgency && open_helps(was) == open_helps(now) &&
                (routing_rules_chase_steps(was) == routing_rules_chase_steps(now) ||
                 PLANTED("chased_left_in_place")) &&
                routing_rules_is_closed(was->state) == routing_rules_is_closed(now->state);
    if (!same) {
        routing_tables_delete_unit_task(a->txn, was);
        routing_tables_put_unit_task(a->txn, now);
    } else if (!same_desk) {
        routing_tables_follow_free(a->txn, now);
    }
}

/* Everyone who has the task or helps with it, or did so until now, and whom it went up to. A row that is put twice is one. */
static void tell_all(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                     uint64_t offset)
{
    tell(a, now->unit, offset);
    if (strcmp(was->unit, now->unit) != 0 && !PLANTED("office_not_told_of_return")) {
        tell(a, was->unit, offset);
    }
    for (size_t i = 0; i < now->n_helps; i++) {
        bool helped = i >= was->n_helps || was->helps[i]->ended_at_us == 0;
        if (helped) {
            tell(a, now->helps[i]->unit, offset);
        }
    }
    for (size_t i = 0; i < now->n_went_up_to && !PLANTED("nobody_hears_of_the_step"); i++) {
        tell(a, now->went_up_to[i], offset);
    }
}

static void follow_waiting(struct apply *a, const Routing__Task *was, const Routing__Task *now)
{
    const struct timer timer = {
        .due_us = now->pause_until_us,
        .kind = ROUTING_TIMER_WAITING,
        .subject = now->number,
    };
    if (now->pause_until_us != 0) {
        timer_set(a->txn, &timer);
    } else if (was->pause_until_us != 0) {
        timer_clear(a->txn, ROUTING_TIMER_WAITING, now->number);
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
    if (!routing_rules_change_task(task, open, event->occurred_at_us, a->arena)) {
        txn_fail(a->txn, STATUS_DATA_LOSS,
                 "event %" PRIu64 " cannot follow on the state of task %" PRIu64, event->offset,
                 number);
        return;
    }
    if (!routing_clock_respond(task, open, (char *)(uintptr_t)event->actor, event->occurred_at_us,
                               a->arena)) {
        txn_fail(a->txn, STATUS_RESOURCE_EXHAUSTED, "a task is too large");
        return;
    }
    routing_tables_put_task(a->txn, task);
    index_again(a, &was, task);
    routing_apply_clock(a, &was, task, event);
    follow_waiting(a, &was, task);
    routing_apply_desk_act(a, event, &was, task);
    tell_all(a, &was, task, event->offset);
}

/* A request that is joined is found at the task of the incident. */
static void follow_joined(struct apply *a, const Routing__Event *open)
{
    if (open->kind_case == ROUTING__EVENT__KIND_CASE_JOINED) {
        const Routing__CaseJoined *joined = open->case_joined;
        routing_incident_put(a->txn, joined);
        put_case(a, joined->case_number, joined->task_number);
    } else if (open->kind_case == ROUTING__EVENT__KIND_CASE_SPLIT) {
        const Routing__CaseSplit *split = open->case_split;
        routing_incident_delete(a->txn, split->task_number, split->case_number);
    }
}

/* What a request's citizen does is counted apart for each, so that what is heard of twice is known. */
static void count_for_case(struct apply *a, const Routing__Event *open)
{
    bool is_chase = open->kind_case == ROUTING__EVENT__KIND_TASK_CHASED;
    uint64_t number = is_chase ? open->task_chased->case_number : open->task_amended->case_number;
    Routing__CaseRecord *record = routing_tables_case(a->txn, number, a->arena);
    if (record == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of case %" PRIu64 ", which is missing",
                 number);
        return;
    }
    if (is_chase) {
        record->chases = open->task_chased->case_chases;
        routing_incident_put_chased(a->txn, open->task_chased, a->arena);
    } else {
        record->amendments = open->task_amended->amendments;
        record->words_added = open->task_amended->words_added;
    }
    routing_tables_put_case(a->txn, number, record);
}

/* How urgent a joined request is, since the task is as long as one of them is. */
static void follow_amended(struct apply *a, const Routing__Event *open)
{
    if (open->kind_case == ROUTING__EVENT__KIND_TASK_AMENDED && open->task_amended->is_joined &&
        open->task_amended->case_urgency != COMMON__URGENCY__URGENCY_UNSPECIFIED) {
        routing_incident_put_urgent(a->txn, open->task_amended, a->arena);
    }
}

void routing_apply(struct apply *a, const struct event *event)
{
    const Routing__Event *open = (const Routing__Event *)event->open;
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASKS_ACKNOWLEDGED:
        routing_tables_put_acknowledged(a->txn, open->tasks_acknowledged->unit,
                                        open->tasks_acknowledged->sequence);
        return;
    case ROUTING__EVENT__KIND_DESK_CLAIMED:
        routing_apply_claimed(a, event, open->desk_claimed);
        return;
    case ROUTING__EVENT__KIND_DESK_SILENT: routing_apply_silent(a, open->desk_silent); return;
    case ROUTING__EVENT__KIND_CLOSURE_ANNOUNCED:
        routing_apply_closure_announced(a, event, open->closure_announced);
        return;
    case ROUTING__EVENT__KIND_CLOSURE_APPLIED:
        routing_apply_closure_applied(a, event, open->closure_applied);
        return;
    case ROUTING__EVENT__KIND_STORM_TAKEN:
        routing_apply_storm_taken(a, event, open->storm_taken);
        return;
    case ROUTING__EVENT__KIND_STORM_APPLIED:
        routing_apply_storm_applied(a, event, open->storm_applied);
        return;
    case ROUTING__EVENT__KIND_TASK_ROUTED: apply_routed(a, event, open->task_routed); break;
    case ROUTING__EVENT__KIND_TASK_CHASED:
    case ROUTING__EVENT__KIND_TASK_AMENDED:
        count_for_case(a, open);
        apply_change(a, event, open);
        follow_amended(a, open);
        break;
    case ROUTING__EVENT__KIND_JOINED_FOLLOWED: return; /* for those who follow this log */
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        if (open->case_split->refused) {
            return; /* it changes nothing here */
        }
        /* fall through */
    default:
        apply_change(a, event, open);
        follow_joined(a, open);
        break;
    }
    apply_signal(a, service_signal_key(ROUTING_EVERY_UNIT));
}

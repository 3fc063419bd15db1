/* What every act begins and ends with; see the header. Reads tables, writes nothing. */
#include "services/routing/routing_acts.h"

#include "services/routing/routing_clock.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_tables.h"

#include <inttypes.h>
#include <string.h>

enum status routing_acts_take(struct decide *d, uint64_t number, enum routing_act act,
                              Routing__Task **ret_task)
{
    Routing__Task *task = routing_tables_task(d->txn, number, d->arena);
    if (task == NULL) {
        return decide_refuse(d, STATUS_NOT_FOUND, "task_number", "there is no task %" PRIu64,
                             number);
    }
    enum status status = routing_rules_check_who(d->caller, task, act, d->city, d->error);
    if (status == STATUS_OK) {
        status = routing_rules_check_act(task, act, d->error);
    }
    if (status == STATUS_OK) {
        status = routing_check_desk(d, task);
    }
    if (status == STATUS_OK) {
        *ret_task = task;
    }
    return status;
}

enum status routing_acts_options(struct decide *d, const Routing__Task *task,
                                 int64_t occurred_at_us, struct event_options *ret_options)
{
    enum status status =
        routing_rules_check_occurred(task, d->caller, occurred_at_us, d->now_us, d->error);
    if (status == STATUS_OK) {
        *ret_options = (struct event_options){
            .occurred_at_us = occurred_at_us,
            .historical = task->historical && d->caller->role == RPC_ROLE_IMPORT,
        };
    }
    return status;
}

enum status routing_acts_change(struct decide *d, const Routing__Event *event, const void *member,
                                const struct event_options *options, Routing__Task *task,
                                Routing__Task **ret_task)
{
    int64_t at_us = options->occurred_at_us == 0 ? d->now_us : options->occurred_at_us;
    enum status status = STATUS_OK;
    if (member != NULL) {
        status = routing_decide_before(d, task, event, at_us);
    }
    if (status == STATUS_OK) {
        status = routing_emit(d, event, member, options);
    }
    if (status == STATUS_OK) {
        status = routing_decide_followed(d, task, event, options);
    }
    if (status == STATUS_OK && !routing_rules_change_task(task, event, at_us, d->arena)) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    if (status == STATUS_OK &&
        !routing_clock_respond(task, event, (char *)(uintptr_t)d->caller->name, at_us, d->arena)) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    if (status == STATUS_OK) {
        status = routing_decide_alarm_behind(d, task, event, at_us);
    }
    if (status == STATUS_OK) {
        *ret_task = task;
    }
    return status;
}

enum status routing_acts_check_unit(struct decide *d, const char *field, const char *unit)
{
    const char *in_charge = city_unit_in_charge(d->city, unit, d->now_us);
    return strcmp(in_charge, unit) == 0
               ? STATUS_OK
               : decide_refuse(d, STATUS_FAILED_PRECONDITION, field,
                               "%s is no unit on this day, and %s has its work: name that one",
                               unit, in_charge);
}

Routing__Event routing_acts_cancelled(struct decide *d, const Routing__Task *task, char *reason)
{
    Routing__TaskCancelled cancelled = ROUTING__TASK_CANCELLED__INIT;
    cancelled.task_number = task->number;
    cancelled.case_number = task->case_number;
    cancelled.unit = task->unit;
    cancelled.reason = reason;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_CANCELLED;
    event.task_cancelled = arena_copy(d->arena, &cancelled, sizeof(cancelled));
    return event;
}

Routing__Event routing_acts_reopened(struct decide *d, const Routing__Task *task,
                                     Routing__ReopenReason reason, char *note, uint64_t call_number)
{
    Routing__TaskReopened reopened = ROUTING__TASK_REOPENED__INIT;
    reopened.task_number = task->number;
    reopened.case_number = task->case_number;
    reopened.unit = task->unit;
    reopened.reason = reason;
    reopened.note = note;
    reopened.finish = task->finishes;
    reopened.call_number = call_number;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_REOPENED;
    event.task_reopened = arena_copy(d->arena, &reopened, sizeof(reopened));
    return event;
}

/* A task goes to another unit, is open again, or nobody wants it any more: what units and those above them decide. Reads tables,
 * writes nothing. */
#include "services/routing/routing_acts.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

#include <inttypes.h>
#include <string.h>

static enum status refuse_same_unit(struct decide *d, const Routing__Task *task)
{
    return decide_refuse(d, STATUS_FAILED_PRECONDITION, "to_unit",
                         "task %" PRIu64 " is with %s already", task->number, task->unit);
}

/* Where a returned task goes: to the unit named, or who has its work, else to the one that decides what nobody takes; also when
 * the unit named is no body of the city. When
 * units have handed it to each other too often, that one decides, whoever is named; what it hands on
 * itself is its decision. */
static enum status return_to(struct decide *d, const Routing__Task *task, char *to_unit,
                             Routing__TaskReturned *returned)
{
    char *coordinator = (char *)city_coordinator(d->city);
    bool decides = strcmp(task->unit, coordinator) == 0;
    bool is_outside = city_unit_is_outside(d->city, to_unit);
    if (decides && is_outside) {
        return routing_decide_refuse_outside(d, "to_unit", to_unit);
    }
    returned->for_decision = !decides && task->returns >= city_life(d->city)->returns_max;
    returned->to_unit = returned->for_decision || is_outside || to_unit[0] == '\0'
                            ? coordinator
                            : (char *)(uintptr_t)city_unit_in_charge(d->city, to_unit, d->now_us);
    if (strcmp(returned->to_unit, to_unit) != 0) {
        returned->suggested_unit = to_unit;
    }
    if (strcmp(returned->to_unit, task->unit) == 0) {
        return refuse_same_unit(d, task);
    }
    return STATUS_OK;
}

enum status routing_decide_return(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ReturnTaskRequest *request = (const Routing__ReturnTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    Routing__TaskReturned returned = ROUTING__TASK_RETURNED__INIT;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_RETURN, &task);
    if (status == STATUS_OK) {
        status = return_to(d, task, request->to_unit, &returned);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    returned.task_number = task->number;
    returned.case_number = task->case_number;
    returned.from_unit = task->unit;
    returned.reason = request->reason;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RETURNED;
    event.task_returned = arena_copy(d->arena, &returned, sizeof(returned));
    return routing_acts_change(d, &event, event.task_returned, &options, task,
                               &((Routing__ReturnTaskResponse *)answer)->task);
}

enum status routing_decide_move(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Routing__MoveTaskRequest *request = (const Routing__MoveTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_MOVE, &task);
    if (status == STATUS_OK && strcmp(request->to_unit, task->unit) == 0) {
        status = refuse_same_unit(d, task);
    }
    if (status == STATUS_OK) {
        status = routing_acts_check_unit(d, "to_unit", request->to_unit);
    }
    if (status == STATUS_OK) {
        status = routing_decide_refuse_outside(d, "to_unit", request->to_unit);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    moved.task_number = task->number;
    moved.case_number = task->case_number;
    moved.from_unit = task->unit;
    moved.to_unit = request->to_unit;
    moved.reason = request->reason;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    event.task_moved = arena_copy(d->arena, &moved, sizeof(moved));
    return routing_acts_change(d, &event, event.task_moved, &options, task,
                               &((Routing__MoveTaskResponse *)answer)->task);
}

enum status routing_decide_reopen(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ReopenTaskRequest *request = (const Routing__ReopenTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_REOPEN, &task);
    if (status == STATUS_OK) {
        status = routing_decide_refuse_outside(d, "task_number", task->unit);
    }
    if (status == STATUS_OK && routing_rules_callers(task) == 0) {
        status =
            decide_refuse(d, STATUS_FAILED_PRECONDITION, "task_number",
                          "whoever wanted task %" PRIu64 " done has taken that back", task->number);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__Event event = routing_acts_reopened(d, task, request->reason, request->note, 0);
    return routing_acts_change(d, &event, event.task_reopened, &options, task,
                               &((Routing__ReopenTaskResponse *)answer)->task);
}

/* Whether it may be cancelled has been asked. */
static enum status cancel(struct decide *d, Routing__Task *task, char *reason,
                          const struct event_options *options, Routing__Task **ret_task)
{
    Routing__Event event = routing_acts_cancelled(d, task, reason);
    return routing_acts_change(d, &event, event.task_cancelled, options, task, ret_task);
}

enum status routing_decide_cancel(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__CancelTaskRequest *request = (const Routing__CancelTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_CANCEL, &task);
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
    }
    return status != STATUS_OK ? status
                               : cancel(d, task, request->reason, &options,
                                        &((Routing__CancelTaskResponse *)answer)->task);
}

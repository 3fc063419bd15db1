/*
 * What routing decides: a registered request becomes a unit's task, offices work on it, a due date
 * passes. Reads tables, writes nothing.
 */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <string.h>

/* Emits the event from the arena; its member was copied there by the caller, NULL when the arena
 * was full. */
static enum status emit(struct decide *d, const Routing__Event *event, const void *member,
                        const struct event_options *options)
{
    const Routing__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    if (kept == NULL || member == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    return decide_emit(d, &kept->base, options);
}

/* --- a request was registered --- */

/* Where the task goes. A history's unit is kept as it came, known to the pack or not. */
static void choose_unit(struct decide *d, const Intake__RequestRegistered *request,
                        const struct event *upstream, Routing__TaskRouted *routed)
{
    struct city_route route;
    city_route(d->city, request->topic, request->place == NULL ? "" : request->place->area,
               request->urgency == COMMON__URGENCY__URGENCY_URGENT, &route);
    bool named = request->unit[0] != '\0';
    routed->unit = named ? request->unit : (char *)route.unit;
    routed->unit_listed = city_unit(d->city, routed->unit) != NULL;
    routed->rule_line = named ? 0 : (uint32_t)route.rule_line;
    routed->due_at_us = routing_rules_due_us(upstream->historical, request->due_at_us,
                                             upstream->occurred_at_us, route.due_hours);
}

static enum status route(struct decide *d, const struct event *upstream,
                         const Intake__RequestRegistered *request)
{
    Routing__TaskRouted routed = ROUTING__TASK_ROUTED__INIT;
    routed.task_number = routing_tables_last_task(d->txn) + 1;
    routed.case_number = request->number;
    routed.code = request->code;
    routed.topic = request->topic;
    routed.place = request->place;
    routed.urgency = request->urgency;
    routed.channel = request->channel;
    routed.registered_at_us = upstream->occurred_at_us;
    routed.source = request->source;
    routed.external_id = request->external_id;
    routed.citizen = request->can_be_called ? request->citizen : 0;
    routed.n_answers = request->n_answers;
    routed.answers = request->answers;
    choose_unit(d, request, upstream, &routed);

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    event.task_routed = arena_copy(d->arena, &routed, sizeof(routed));
    const struct event_options options = {
        .occurred_at_us = upstream->historical ? upstream->occurred_at_us : 0,
        .historical = upstream->historical,
    };
    return emit(d, &event, event.task_routed, &options);
}

enum status routing_decide_intake(struct decide *d, const struct event *event)
{
    const Intake__Event *open = (const Intake__Event *)event->open;
    if (open->kind_case != INTAKE__EVENT__KIND_REQUEST_REGISTERED) {
        return STATUS_OK;
    }
    const Intake__RequestRegistered *request = open->request_registered;
    if (routing_tables_task_of_case(d->txn, request->number, d->arena) != 0) {
        return STATUS_OK; /* a request has one task, however often we hear of it */
    }
    return route(d, event, request);
}

/* --- a due date passed --- */

enum status routing_decide_timer(struct decide *d, const struct timer *timer)
{
    Routing__Task *task = routing_tables_task(d->txn, timer->subject, d->arena);
    if (timer->kind != ROUTING_TIMER_OVERDUE || task == NULL) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer of kind %u is about task %" PRIu64 ", which is missing",
                             timer->kind, timer->subject);
    }
    enum status status = routing_rules_check_act(task, ROUTING_ACT_EXPIRE, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskOverdue overdue = ROUTING__TASK_OVERDUE__INIT;
    overdue.task_number = task->number;
    overdue.case_number = task->case_number;
    overdue.unit = task->unit;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_OVERDUE;
    event.task_overdue = arena_copy(d->arena, &overdue, sizeof(overdue));
    const struct event_options options = {.occurred_at_us = task->due_at_us};
    return emit(d, &event, event.task_overdue, &options);
}

/* --- an office has everything up to here --- */

enum status routing_decide_acknowledge(struct decide *d, const ProtobufCMessage *message,
                                       ProtobufCMessage *answer)
{
    const Routing__AcknowledgeTasksRequest *request =
        (const Routing__AcknowledgeTasksRequest *)message;
    Routing__AcknowledgeTasksResponse *response = (Routing__AcknowledgeTasksResponse *)answer;
    uint64_t before = routing_tables_acknowledged(d->txn, request->unit, d->arena);
    if (request->sequence < before) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "sequence",
                             "%s has acknowledged %" PRIu64 " already", request->unit, before);
    }
    if (request->sequence > routing_tables_feed_last(d->txn, request->unit)) {
        return decide_refuse(d, STATUS_OUT_OF_RANGE, "sequence",
                             "%s has not been given a change %" PRIu64 " yet", request->unit,
                             request->sequence);
    }
    response->acknowledged = request->sequence;
    if (request->sequence == before) {
        return STATUS_OK;
    }
    Routing__TasksAcknowledged acknowledged = ROUTING__TASKS_ACKNOWLEDGED__INIT;
    acknowledged.unit = request->unit;
    acknowledged.sequence = PLANTED("acknowledged_too_far")
                                ? routing_tables_feed_last(d->txn, request->unit)
                                : request->sequence;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASKS_ACKNOWLEDGED;
    event.tasks_acknowledged = arena_copy(d->arena, &acknowledged, sizeof(acknowledged));
    const struct event_options options = {.ignorable = true};
    return emit(d, &event, event.tasks_acknowledged, &options);
}

/* --- an office works on a task --- */

/* The task, if this caller may now do that to it. */
static enum status take_task(struct decide *d, uint64_t number, enum routing_act act,
                             Routing__Task **ret_task)
{
    Routing__Task *task = routing_tables_task(d->txn, number, d->arena);
    if (task == NULL) {
        return decide_refuse(d, STATUS_NOT_FOUND, "task_number", "there is no task %" PRIu64,
                             number);
    }
    enum status status = routing_rules_check_unit(d->caller, task->unit, d->error);
    if (status == STATUS_OK) {
        status = routing_rules_check_act(task, act, d->error);
    }
    if (status == STATUS_OK) {
        *ret_task = task;
    }
    return status;
}

/* What the import tells of a history's task is history; what an office does with one that was still
 * open happens now. */
static enum status options_of(struct decide *d, const Routing__Task *task, int64_t occurred_at_us,
                              struct event_options *ret_options)
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

/* Emits the event and answers with the task as it leaves it. */
static enum status change(struct decide *d, const Routing__Event *event, const void *member,
                          const struct event_options *options, Routing__Task *task,
                          Routing__Task **ret_task)
{
    enum status status = emit(d, event, member, options);
    if (status == STATUS_OK) {
        int64_t at_us = options->occurred_at_us == 0 ? d->now_us : options->occurred_at_us;
        routing_rules_change_task(task, event, at_us);
        *ret_task = task;
    }
    return status;
}

enum status routing_decide_accept(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__AcceptTaskRequest *request = (const Routing__AcceptTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_ACCEPT, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, request->occurred_at_us, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskAccepted accepted = ROUTING__TASK_ACCEPTED__INIT;
    accepted.task_number = task->number;
    accepted.case_number = task->case_number;
    accepted.unit = task->unit;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ACCEPTED;
    event.task_accepted = arena_copy(d->arena, &accepted, sizeof(accepted));
    return change(d, &event, event.task_accepted, &options, task,
                  &((Routing__AcceptTaskResponse *)answer)->task);
}

enum status routing_decide_report(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ReportTaskRequest *request = (const Routing__ReportTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_REPORT, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskReported reported = ROUTING__TASK_REPORTED__INIT;
    reported.task_number = task->number;
    reported.case_number = task->case_number;
    reported.unit = task->unit;
    reported.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_REPORTED;
    event.task_reported = arena_copy(d->arena, &reported, sizeof(reported));
    return change(d, &event, event.task_reported, &options, task,
                  &((Routing__ReportTaskResponse *)answer)->task);
}

enum status routing_decide_finish(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__FinishTaskRequest *request = (const Routing__FinishTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_FINISH, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, request->occurred_at_us, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    done.task_number = task->number;
    done.case_number = task->case_number;
    done.code = task->code;
    done.topic = task->topic;
    done.unit = task->unit;
    done.note = request->note;
    done.citizen = task->citizen;
    done.urgency = task->urgency;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = arena_copy(d->arena, &done, sizeof(done));
    return change(d, &event, event.task_done, &options, task,
                  &((Routing__FinishTaskResponse *)answer)->task);
}

/* Where a returned task goes: to the unit named, else to the one that decides what nobody takes. */
static enum status return_to(struct decide *d, const Routing__Task *task, char *to_unit,
                             char **ret_unit)
{
    char *unit = to_unit[0] != '\0' ? to_unit : (char *)city_coordinator(d->city);
    if (strcmp(unit, task->unit) == 0) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "to_unit",
                             "task %" PRIu64 " is with %s already", task->number, unit);
    }
    *ret_unit = unit;
    return STATUS_OK;
}

enum status routing_decide_return(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ReturnTaskRequest *request = (const Routing__ReturnTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    char *to_unit = NULL;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_RETURN, &task);
    if (status == STATUS_OK) {
        status = return_to(d, task, request->to_unit, &to_unit);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskReturned returned = ROUTING__TASK_RETURNED__INIT;
    returned.task_number = task->number;
    returned.case_number = task->case_number;
    returned.from_unit = task->unit;
    returned.to_unit = to_unit;
    returned.reason = request->reason;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RETURNED;
    event.task_returned = arena_copy(d->arena, &returned, sizeof(returned));
    return change(d, &event, event.task_returned, &options, task,
                  &((Routing__ReturnTaskResponse *)answer)->task);
}

/* What people do to a task: each act becomes an event, if the caller may and the task's state lets
 * it (routing_rules_life.c). Reads tables, writes nothing. */
#include "services/routing/routing_clock.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include <inttypes.h>
#include <string.h>

/* The task, if this caller may now do that to it. */
static enum status take_task(struct decide *d, uint64_t number, enum routing_act act,
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
    accepted.automatic = request->automatic;

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
    reported.n_pictures = request->n_pictures;
    reported.pictures = request->pictures;

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
        status = routing_rules_check_no_help(task, d->error);
    }
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
    done.finish = task->finishes + 1;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = arena_copy(d->arena, &done, sizeof(done));
    return change(d, &event, event.task_done, &options, task,
                  &((Routing__FinishTaskResponse *)answer)->task);
}

static enum status refuse_same_unit(struct decide *d, const Routing__Task *task)
{
    return decide_refuse(d, STATUS_FAILED_PRECONDITION, "to_unit",
                         "task %" PRIu64 " is with %s already", task->number, task->unit);
}

/* A person who hands work on names one that is a unit now. */
static enum status check_unit_is_valid(struct decide *d, const char *field, const char *unit)
{
    const char *in_charge = city_unit_in_charge(d->city, unit, d->now_us);
    return strcmp(in_charge, unit) == 0
               ? STATUS_OK
               : decide_refuse(d, STATUS_FAILED_PRECONDITION, field,
                               "%s is no unit on this day, and %s has its work: name that one",
                               unit, in_charge);
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
    enum status status = take_task(d, request->task_number, ROUTING_ACT_RETURN, &task);
    if (status == STATUS_OK) {
        status = return_to(d, task, request->to_unit, &returned);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
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
    return change(d, &event, event.task_returned, &options, task,
                  &((Routing__ReturnTaskResponse *)answer)->task);
}

enum status routing_decide_see(struct decide *d, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Routing__SeeTaskRequest *request = (const Routing__SeeTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_SEE, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskSeen seen = ROUTING__TASK_SEEN__INIT;
    seen.task_number = task->number;
    seen.case_number = task->case_number;
    seen.unit = task->unit;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_SEEN;
    event.task_seen = arena_copy(d->arena, &seen, sizeof(seen));
    options.ignorable = true;
    return change(d, &event, event.task_seen, &options, task,
                  &((Routing__SeeTaskResponse *)answer)->task);
}

enum status routing_decide_plan(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Routing__PlanTaskRequest *request = (const Routing__PlanTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_PLAN, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_ahead(request->planned_for_us, d->now_us,
                                           ROUTING_PLAN_DAYS_MAX, "planned_for_us", d->error);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskPlanned planned = ROUTING__TASK_PLANNED__INIT;
    planned.task_number = task->number;
    planned.case_number = task->case_number;
    planned.unit = task->unit;
    planned.planned_for_us = request->planned_for_us;
    planned.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_PLANNED;
    event.task_planned = arena_copy(d->arena, &planned, sizeof(planned));
    options.ignorable = true;
    return change(d, &event, event.task_planned, &options, task,
                  &((Routing__PlanTaskResponse *)answer)->task);
}

enum status routing_decide_start(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__StartTaskRequest *request = (const Routing__StartTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_START, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskStarted started = ROUTING__TASK_STARTED__INIT;
    started.task_number = task->number;
    started.case_number = task->case_number;
    started.unit = task->unit;
    started.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_STARTED;
    event.task_started = arena_copy(d->arena, &started, sizeof(started));
    options.ignorable = true;
    return change(d, &event, event.task_started, &options, task,
                  &((Routing__StartTaskResponse *)answer)->task);
}

enum status routing_decide_pause(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__PauseTaskRequest *request = (const Routing__PauseTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_PAUSE, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_ahead(request->until_us, d->now_us, ROUTING_PAUSE_DAYS_MAX,
                                           "until_us", d->error);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskPaused paused = ROUTING__TASK_PAUSED__INIT;
    paused.task_number = task->number;
    paused.case_number = task->case_number;
    paused.unit = task->unit;
    paused.reason = request->reason;
    paused.until_us = request->until_us;
    paused.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_PAUSED;
    event.task_paused = arena_copy(d->arena, &paused, sizeof(paused));
    options.ignorable = true;
    return change(d, &event, event.task_paused, &options, task,
                  &((Routing__PauseTaskResponse *)answer)->task);
}

enum status routing_decide_resume(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ResumeTaskRequest *request = (const Routing__ResumeTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_RESUME, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskResumed resumed = ROUTING__TASK_RESUMED__INIT;
    resumed.task_number = task->number;
    resumed.case_number = task->case_number;
    resumed.unit = task->unit;
    resumed.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RESUMED;
    event.task_resumed = arena_copy(d->arena, &resumed, sizeof(resumed));
    options.ignorable = true;
    return change(d, &event, event.task_resumed, &options, task,
                  &((Routing__ResumeTaskResponse *)answer)->task);
}

enum status routing_decide_close(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__CloseTaskRequest *request = (const Routing__CloseTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_CLOSE, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_no_help(task, d->error);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskClosedUndone closed = ROUTING__TASK_CLOSED_UNDONE__INIT;
    closed.task_number = task->number;
    closed.case_number = task->case_number;
    closed.code = task->code;
    closed.topic = task->topic;
    closed.unit = task->unit;
    closed.reason = request->reason;
    closed.words = request->words;
    closed.citizen = task->citizen;
    closed.urgency = task->urgency;
    closed.finish = task->finishes + 1;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    event.task_closed_undone = arena_copy(d->arena, &closed, sizeof(closed));
    return change(d, &event, event.task_closed_undone, &options, task,
                  &((Routing__CloseTaskResponse *)answer)->task);
}

enum status routing_decide_move(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Routing__MoveTaskRequest *request = (const Routing__MoveTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_MOVE, &task);
    if (status == STATUS_OK && strcmp(request->to_unit, task->unit) == 0) {
        status = refuse_same_unit(d, task);
    }
    if (status == STATUS_OK) {
        status = check_unit_is_valid(d, "to_unit", request->to_unit);
    }
    if (status == STATUS_OK) {
        status = routing_decide_refuse_outside(d, "to_unit", request->to_unit);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
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
    return change(d, &event, event.task_moved, &options, task,
                  &((Routing__MoveTaskResponse *)answer)->task);
}

enum status routing_decide_reopen(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ReopenTaskRequest *request = (const Routing__ReopenTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_REOPEN, &task);
    if (status == STATUS_OK) {
        status = routing_decide_refuse_outside(d, "task_number", task->unit);
    }
    if (status == STATUS_OK && routing_rules_callers(task) == 0) {
        status =
            decide_refuse(d, STATUS_FAILED_PRECONDITION, "task_number",
                          "whoever wanted task %" PRIu64 " done has taken that back", task->number);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskReopened reopened = ROUTING__TASK_REOPENED__INIT;
    reopened.task_number = task->number;
    reopened.case_number = task->case_number;
    reopened.unit = task->unit;
    reopened.reason = request->reason;
    reopened.note = request->note;
    reopened.finish = task->finishes;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_REOPENED;
    event.task_reopened = arena_copy(d->arena, &reopened, sizeof(reopened));
    return change(d, &event, event.task_reopened, &options, task,
                  &((Routing__ReopenTaskResponse *)answer)->task);
}

/* Whether it may be cancelled has been asked. */
static enum status cancel(struct decide *d, Routing__Task *task, char *reason,
                          const struct event_options *options, Routing__Task **ret_task)
{
    Routing__TaskCancelled cancelled = ROUTING__TASK_CANCELLED__INIT;
    cancelled.task_number = task->number;
    cancelled.case_number = task->case_number;
    cancelled.unit = task->unit;
    cancelled.reason = reason;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_CANCELLED;
    event.task_cancelled = arena_copy(d->arena, &cancelled, sizeof(cancelled));
    return change(d, &event, event.task_cancelled, options, task, ret_task);
}

enum status routing_decide_cancel(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__CancelTaskRequest *request = (const Routing__CancelTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_CANCEL, &task);
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    return status != STATUS_OK ? status
                               : cancel(d, task, request->reason, &options,
                                        &((Routing__CancelTaskResponse *)answer)->task);
}

/* --- helping units --- */

enum status routing_decide_ask_help(struct decide *d, const ProtobufCMessage *message,
                                    ProtobufCMessage *answer)
{
    const Routing__AskHelpRequest *request = (const Routing__AskHelpRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, request->task_number, ROUTING_ACT_ASK_HELP, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_ask(task, request->unit, d->error);
    }
    if (status == STATUS_OK) {
        status = check_unit_is_valid(d, "unit", request->unit);
    }
    if (status == STATUS_OK) {
        status = routing_decide_refuse_outside(d, "unit", request->unit);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskHelpAsked asked = ROUTING__TASK_HELP_ASKED__INIT;
    asked.task_number = task->number;
    asked.case_number = task->case_number;
    asked.unit = task->unit;
    asked.helper = request->unit;
    asked.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_ASKED;
    event.task_help_asked = arena_copy(d->arena, &asked, sizeof(asked));
    options.ignorable = true;
    return change(d, &event, event.task_help_asked, &options, task,
                  &((Routing__AskHelpResponse *)answer)->task);
}

static enum status end_help(struct decide *d, uint64_t task_number, enum routing_act act,
                            char *helper, char *note, Routing__Task **ret_task)
{
    Routing__Task *task;
    struct event_options options;
    enum status status = take_task(d, task_number, act, &task);
    if (status == STATUS_OK && routing_rules_open_help(task, helper) == NULL) {
        status = decide_refuse(d, STATUS_FAILED_PRECONDITION, "unit",
                               "%s has no open part of task %" PRIu64, helper, task->number);
    }
    if (status == STATUS_OK) {
        status = options_of(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskHelpFinished finished = ROUTING__TASK_HELP_FINISHED__INIT;
    finished.task_number = task->number;
    finished.case_number = task->case_number;
    finished.unit = task->unit;
    finished.helper = helper;
    finished.note = note;
    finished.withdrawn = act == ROUTING_ACT_WITHDRAW_HELP;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_FINISHED;
    event.task_help_finished = arena_copy(d->arena, &finished, sizeof(finished));
    options.ignorable = true;
    return change(d, &event, event.task_help_finished, &options, task, ret_task);
}

/* Its own part only, whatever other parts there are. */
enum status routing_decide_finish_help(struct decide *d, const ProtobufCMessage *message,
                                       ProtobufCMessage *answer)
{
    const Routing__FinishHelpRequest *request = (const Routing__FinishHelpRequest *)message;
    enum status status = routing_rules_check_unit(d->caller, request->unit, d->error);
    return status != STATUS_OK
               ? status
               : end_help(d, request->task_number, ROUTING_ACT_FINISH_HELP, request->unit,
                          request->note, &((Routing__FinishHelpResponse *)answer)->task);
}

enum status routing_decide_withdraw_help(struct decide *d, const ProtobufCMessage *message,
                                         ProtobufCMessage *answer)
{
    const Routing__WithdrawHelpRequest *request = (const Routing__WithdrawHelpRequest *)message;
    return end_help(d, request->task_number, ROUTING_ACT_WITHDRAW_HELP, request->unit,
                    (char *)protobuf_c_empty_string,
                    &((Routing__WithdrawHelpResponse *)answer)->task);
}

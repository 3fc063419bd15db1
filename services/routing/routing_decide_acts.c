/* What the unit that has a task does about it: each act becomes an event, if the caller may and the task's state lets
 * it (routing_rules_life.c). Reads tables, writes nothing. */
#include "services/routing/routing_acts.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

#include "base/plant.h"

enum status routing_decide_accept(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__AcceptTaskRequest *request = (const Routing__AcceptTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_ACCEPT, &task);
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, request->occurred_at_us, &options);
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
    return routing_acts_change(d, &event, event.task_accepted, &options, task,
                               &((Routing__AcceptTaskResponse *)answer)->task);
}

enum status routing_decide_report(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ReportTaskRequest *request = (const Routing__ReportTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_REPORT, &task);
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_reported, &options, task,
                               &((Routing__ReportTaskResponse *)answer)->task);
}

enum status routing_decide_finish(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__FinishTaskRequest *request = (const Routing__FinishTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_FINISH, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_no_help(task, d->error);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, request->occurred_at_us, &options);
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
    return routing_acts_change(d, &event, event.task_done, &options, task,
                               &((Routing__FinishTaskResponse *)answer)->task);
}

enum status routing_decide_see(struct decide *d, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Routing__SeeTaskRequest *request = (const Routing__SeeTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_SEE, &task);
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_seen, &options, task,
                               &((Routing__SeeTaskResponse *)answer)->task);
}

enum status routing_decide_plan(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Routing__PlanTaskRequest *request = (const Routing__PlanTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_PLAN, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_ahead(request->planned_for_us, d->now_us,
                                           ROUTING_PLAN_DAYS_MAX, "planned_for_us", d->error);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_planned, &options, task,
                               &((Routing__PlanTaskResponse *)answer)->task);
}

enum status routing_decide_start(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__StartTaskRequest *request = (const Routing__StartTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_START, &task);
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_started, &options, task,
                               &((Routing__StartTaskResponse *)answer)->task);
}

enum status routing_decide_pause(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__PauseTaskRequest *request = (const Routing__PauseTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_PAUSE, &task);
    if (status == STATUS_OK && !PLANTED("waits_for_ever")) {
        status = routing_rules_check_ahead(
            request->until_us, d->now_us, city_life(d->city)->pause_days_max, "until_us", d->error);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_paused, &options, task,
                               &((Routing__PauseTaskResponse *)answer)->task);
}

enum status routing_decide_resume(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Routing__ResumeTaskRequest *request = (const Routing__ResumeTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_RESUME, &task);
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_resumed, &options, task,
                               &((Routing__ResumeTaskResponse *)answer)->task);
}

enum status routing_decide_close(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__CloseTaskRequest *request = (const Routing__CloseTaskRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_CLOSE, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_no_help(task, d->error);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
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
    return routing_acts_change(d, &event, event.task_closed_undone, &options, task,
                               &((Routing__CloseTaskResponse *)answer)->task);
}

/*
 * What routing decides by itself: what it hears of requests and of citizens, a due date passes, a
 * waiting ends; and that an office has everything. What people do to a task is in
 * routing_decide_acts.c, routing_decide_hand_on.c and routing_decide_help.c. Reads tables, writes
 * nothing.
 */
#include "services/routing/routing_acts.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_storms.h"
#include "services/routing/routing_tables.h"

#include "base/clock.h"
#include "base/plant.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>

/* --- a request was registered --- */

static enum status take_registered(struct decide *d, const struct event *event,
                                   const Intake__RequestRegistered *request)
{
    if (routing_tables_task_of_case(d->txn, request->number, d->arena) != 0) {
        return STATUS_OK; /* a request has one task, however often we hear of it */
    }
    const struct routing_telling telling = {
        .occurred_at_us = event->occurred_at_us,
        .alarm_us = event->occurred_at_us,
        .historical = event->historical,
        .was_told = true,
    };
    return request->incident != 0 ? routing_decide_register_joined(d, event, request)
                                  : routing_decide_route(d, request, &telling);
}

enum status routing_decide_intake(struct decide *d, const struct event *event)
{
    const Intake__Event *open = (const Intake__Event *)event->open;
    switch (open->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_REGISTERED:
        return take_registered(d, event, open->request_registered);
    case INTAKE__EVENT__KIND_CASE_CHASED: return routing_decide_chased(d, open->case_chased);
    case INTAKE__EVENT__KIND_REQUEST_AMENDED:
        return routing_decide_amended(d, open->request_amended, event->occurred_at_us);
    case INTAKE__EVENT__KIND_REQUEST_WITHDRAWN:
        return routing_decide_withdrawn(d, open->request_withdrawn);
    case INTAKE__EVENT__KIND_WORDS_ADDED: return routing_decide_words_added(d, open->words_added);
    case INTAKE__EVENT__KIND_STORM_STARTED:
        return routing_decide_storm(d, event, open->storm_started);
    default: return routing_decide_incident(d, open);
    }
}

/* --- a citizen was heard --- */

/* The story has the citizen's word before the reopening that it causes, even when the clock of this
 * machine is behind. */
static int64_t after_us(const struct decide *d, int64_t cause_us)
{
    int64_t after = us_add(cause_us, 1);
    return after > d->now_us ? after : d->now_us;
}

enum status routing_decide_followup(struct decide *d, const struct event *event)
{
    const Followup__Event *open = (const Followup__Event *)event->open;
    if (open->kind_case != FOLLOWUP__EVENT__KIND_CALL_COMPLETED) {
        return STATUS_OK;
    }
    const Followup__CallCompleted *call = open->call_completed;
    Routing__Task *task = routing_tables_task(d->txn, call->task_number, d->arena);
    if (task == NULL || !routing_rules_reopens(task, call, city_life(d->city))) {
        return txn_error(d->txn, d->error);
    }
    Routing__Event own =
        routing_acts_reopened(d, task, ROUTING__REOPEN_REASON__REOPEN_REASON_UNSATISFIED,
                              (char *)protobuf_c_empty_string, call->call_number);
    const struct event_options options = {.occurred_at_us = after_us(d, event->occurred_at_us)};
    enum status status = routing_decide_before(d, task, &own, options.occurred_at_us);
    if (status == STATUS_OK) {
        status = routing_emit(d, &own, own.task_reopened, &options);
    }
    if (status == STATUS_OK) {
        status = routing_decide_followed(d, task, &own, &options);
    }
    if (status == STATUS_OK &&
        !routing_rules_change_task(task, &own, options.occurred_at_us, d->arena)) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    if (status == STATUS_OK) {
        status = routing_decide_take_in(d, task, &options);
    }
    return status == STATUS_OK ? routing_decide_alarm_behind(d, task, &own, options.occurred_at_us)
                               : status;
}

/* --- a time came --- */

static enum status decide_overdue(struct decide *d, Routing__Task *task)
{
    int64_t due_us = task->due_at_us;
    enum status status = routing_decide_current(d, task);
    if (status != STATUS_OK || task->due_at_us != due_us) {
        return status; /* it has not come */
    }
    Routing__TaskOverdue overdue = ROUTING__TASK_OVERDUE__INIT;
    overdue.task_number = task->number;
    overdue.case_number = task->case_number;
    overdue.unit = task->unit;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_OVERDUE;
    event.task_overdue = arena_copy(d->arena, &overdue, sizeof(overdue));
    const struct event_options options = {.occurred_at_us = task->due_at_us};
    return routing_emit(d, &event, event.task_overdue, &options);
}

/* It ended at its limit, whenever that is noticed: a night switched off is no waiting. */
static enum status decide_elapsed(struct decide *d, Routing__Task *task)
{
    Routing__TaskResumed resumed = ROUTING__TASK_RESUMED__INIT;
    resumed.task_number = task->number;
    resumed.case_number = task->case_number;
    resumed.unit = task->unit;
    resumed.by_limit = true;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RESUMED;
    event.task_resumed = arena_copy(d->arena, &resumed, sizeof(resumed));
    const struct event_options options = {.occurred_at_us = task->pause_until_us,
                                          .ignorable = true};
    enum status status = routing_decide_before(d, task, &event, options.occurred_at_us);
    return status != STATUS_OK ? status : routing_emit(d, &event, event.task_resumed, &options);
}

enum status routing_decide_timer(struct decide *d, const struct timer *timer)
{
    static const struct {
        enum routing_act act;
        enum status (*decide)(struct decide *d, Routing__Task *task);
    } kinds[] = {
        [ROUTING_TIMER_OVERDUE] = {ROUTING_ACT_EXPIRE, decide_overdue},
        [ROUTING_TIMER_WAITING] = {ROUTING_ACT_ELAPSE, decide_elapsed},
    };
    if (timer->kind == ROUTING_TIMER_DESK) {
        return routing_decide_silent(d, timer->subject);
    }
    bool known =
        timer->kind < sizeof(kinds) / sizeof(kinds[0]) && kinds[timer->kind].decide != NULL;
    if (timer->kind == ROUTING_TIMER_CLOSURE) {
        return routing_decide_closure_step(d, timer->subject);
    }
    if (timer->kind == ROUTING_TIMER_STORM) {
        return routing_decide_storm_step(d, timer->subject);
    }
    Routing__Task *task = routing_tables_task(d->txn, timer->subject, d->arena);
    if (timer->kind == ROUTING_TIMER_CLOCK && task != NULL) {
        return routing_decide_clock(d, task);
    }
    if (timer->kind == ROUTING_TIMER_ALARM && task != NULL) {
        return routing_decide_unacknowledged(d, task);
    }
    if (!known || task == NULL) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer of kind %u is about task %" PRIu64 ", which is missing",
                             timer->kind, timer->subject);
    }
    enum status status = routing_rules_check_act(task, kinds[timer->kind].act, d->error);
    return status == STATUS_OK ? kinds[timer->kind].decide(d, task) : status;
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
    return routing_emit(d, &event, event.tasks_acknowledged, &options);
}

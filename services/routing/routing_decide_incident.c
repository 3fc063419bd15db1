/*
 * Several requests about one thing are one task: what intake's joining and splitting means here, and
 * what becomes of the joined requests when the task ends or is opened again. Reads tables, writes
 * nothing.
 */
#include "services/routing/routing_acts.h"
#include "services/routing/routing_incident.h"

#include "services/routing/routing_alarm.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

#include "base/plant.h"

#include <inttypes.h>

/* --- events --- */

/* A request comes to the task, which is urgent since then if that one is. Changed in `task`. */
static enum status emit_joined(struct decide *d, Routing__Task *task, uint64_t case_number,
                               char *code, uint64_t citizen, Common__Urgency urgency,
                               int64_t since_us)
{
    bool was_urgent = routing_alarm_is_needed(task);
    urgency = PLANTED("urgent_caller_unheard") ? COMMON__URGENCY__URGENCY_NORMAL : urgency;
    Routing__CaseJoined joined = ROUTING__CASE_JOINED__INIT;
    joined.task_number = task->number;
    joined.case_number = case_number;
    joined.code = code;
    joined.incident = task->case_number;
    joined.incident_code = task->code;
    joined.unit = task->unit;
    joined.due_at_us = task->due_at_us;
    joined.citizen = citizen;
    joined.callers = routing_rules_callers(task) + 1;
    joined.case_urgency = urgency;
    joined.case_chases = routing_tables_case_chases(d->txn, case_number, d->arena);
    joined.urgent_joined =
        task->urgent_joined + (urgency == COMMON__URGENCY__URGENCY_URGENT ? 1 : 0);
    joined.urgency =
        routing_rules_urgency(task->own_urgency, task->own_withdrawn, joined.urgent_joined);

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_CASE_JOINED;
    event.case_joined = arena_copy(d->arena, &joined, sizeof(joined));
    enum status status = routing_emit(d, &event, event.case_joined, NULL);
    if (status == STATUS_OK && !routing_rules_change_task(task, &event, d->now_us, d->arena)) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    return status == STATUS_OK && routing_alarm_is_needed(task) && !was_urgent
               ? routing_decide_anew(d, task, was_urgent, NULL, since_us)
               : status;
}

/* `task` NULL: it was refused. Changed in `task`. */
static enum status emit_split(struct decide *d, Routing__Task *task,
                              const Routing__CaseSplit *split)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    event.case_split = arena_copy(d->arena, split, sizeof(*split));
    enum status status = routing_emit(d, &event, event.case_split, NULL);
    if (status == STATUS_OK && task != NULL) {
        (void)routing_rules_change_task(task, &event, d->now_us, d->arena); /* counts only */
    }
    return status;
}

/* It never came to the task. */
static enum status emit_refused(struct decide *d, uint64_t case_number, char *code,
                                uint64_t incident)
{
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    split.case_number = case_number;
    split.code = code;
    split.incident = incident;
    split.refused = true;
    return emit_split(d, NULL, &split);
}

enum status routing_decide_cancelled(struct decide *d, Routing__Task *task, char *reason)
{
    Routing__Event event = routing_acts_cancelled(d, task, reason);
    enum status status = routing_decide_before(d, task, &event, d->now_us);
    return status == STATUS_OK ? routing_emit(d, &event, event.task_cancelled, NULL) : status;
}

enum status routing_decide_leave(struct decide *d, Routing__Task *task, uint64_t case_number,
                                 char *code, bool withdrawn)
{
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    split.task_number = task->number;
    split.case_number = case_number;
    split.code = code;
    split.incident = task->case_number;
    split.unit = task->unit;
    split.withdrawn = withdrawn;
    bool is_own = case_number == task->case_number;
    split.urgent_joined =
        is_own ? task->urgent_joined
               : routing_incident_urgent_joined(d->txn, task, case_number, false, d->arena);
    split.case_chases = is_own
                            ? routing_tables_case_chases(d->txn, case_number, d->arena)
                            : routing_incident_chases(d->txn, task->number, case_number, d->arena);
    bool was_urgent = routing_alarm_is_needed(task);
    bool deserted = routing_rules_callers(task) == 1;
    split.urgency = deserted /* it ends as it was: nobody has said that the danger is over */
                        ? task->urgency
                        : routing_rules_urgency(task->own_urgency, task->own_withdrawn || is_own,
                                                split.urgent_joined);
    enum status status = emit_split(d, task, &split);
    if (status != STATUS_OK || routing_rules_is_closed(task->state)) {
        return status;
    }
    if (deserted) {
        return routing_decide_cancelled(d, task, (char *)protobuf_c_empty_string);
    }
    return was_urgent && !routing_alarm_is_needed(task)
               ? routing_decide_anew(d, task, was_urgent, NULL, d->now_us)
               : STATUS_OK;
}

static enum status emit_given_up(struct decide *d, Routing__Task *own, const Routing__Task *task)
{
    Routing__TaskJoined joined = ROUTING__TASK_JOINED__INIT;
    joined.task_number = own->number;
    joined.case_number = own->case_number;
    joined.unit = own->unit;
    joined.into_task = task->number;
    joined.into_code = task->code;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_JOINED;
    event.task_joined = arena_copy(d->arena, &joined, sizeof(joined));
    enum status status = routing_decide_before(d, own, &event, d->now_us);
    return status == STATUS_OK ? routing_emit(d, &event, event.task_joined, NULL) : status;
}

/* --- joining --- */

static Routing__Task *task_of_case(struct decide *d, uint64_t case_number)
{
    uint64_t number = routing_tables_task_of_case(d->txn, case_number, d->arena);
    return number == 0 ? NULL : routing_tables_task(d->txn, number, d->arena);
}

/* The task to join, when its work is not over and there is room. */
static Routing__Task *open_incident(struct decide *d, uint64_t incident)
{
    Routing__Task *task = task_of_case(d, incident);
    return task != NULL && !routing_rules_is_closed(task->state) &&
                   routing_rules_joined(task) < ROUTING_JOINED_MAX
               ? task
               : NULL;
}

enum status routing_decide_register_joined(struct decide *d, const struct event *upstream,
                                           const Intake__RequestRegistered *request)
{
    Routing__Task *task = open_incident(d, request->incident);
    enum status status = txn_error(d->txn, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (task != NULL) {
        bool is_live = !upstream->historical;
        return emit_joined(d, task, request->number, request->code,
                           request->can_be_called && is_live ? request->citizen : 0,
                           is_live ? request->urgency : COMMON__URGENCY__URGENCY_NORMAL,
                           upstream->occurred_at_us);
    }
    const struct routing_telling telling = {
        .occurred_at_us = upstream->occurred_at_us,
        .alarm_us = upstream->occurred_at_us,
        .historical = upstream->historical,
    };
    status = emit_refused(d, request->number, request->code, request->incident);
    return status == STATUS_OK ? routing_decide_route(d, request, &telling) : status;
}

/* From one incident to another, or out of a task of its own. */
static enum status move(struct decide *d, const Intake__RequestJoined *request, Routing__Task *from,
                        Routing__Task *to)
{
    enum status status;
    if (routing_incident_has(d->txn, from->number, request->number)) {
        status = routing_decide_leave(d, from, request->number, request->code, false);
    } else {
        status = emit_given_up(d, from, to);
    }
    return status == STATUS_OK ? emit_joined(d, to, request->number, request->code,
                                             request->citizen, request->urgency, d->now_us)
                               : status;
}

static enum status join(struct decide *d, const Intake__RequestJoined *request)
{
    Routing__Task *from = task_of_case(d, request->number);
    Routing__Task *to = open_incident(d, request->incident);
    enum status status = txn_error(d->txn, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (from != NULL && to != NULL && from->number == to->number) {
        return STATUS_OK; /* it is there already */
    }
    bool can_leave = from != NULL && !routing_rules_is_closed(from->state);
    return to != NULL && can_leave
               ? move(d, request, from, to)
               : emit_refused(d, request->number, request->code, request->incident);
}

/* --- splitting off --- */

static enum status split(struct decide *d, const Intake__RequestSplit *request)
{
    const Intake__RequestRegistered *registered = request->registered;
    if (registered == NULL) {
        return decide_refuse(d, STATUS_DATA_LOSS, NULL,
                             "intake splits off a request it does not name");
    }
    Routing__Task *task = task_of_case(d, registered->number);
    enum status status = txn_error(d->txn, d->error);
    if (status != STATUS_OK || task == NULL ||
        !routing_incident_has(d->txn, task->number, registered->number)) {
        return status; /* it has a task of its own: we refused to join it */
    }
    const struct routing_telling telling = {
        .occurred_at_us = request->occurred_at_us,
        .alarm_us = d->now_us,
        .historical = request->historical,
    };
    status = routing_decide_leave(d, task, registered->number, registered->code, false);
    return status == STATUS_OK ? routing_decide_route(d, registered, &telling) : status;
}

enum status routing_decide_incident(struct decide *d, const Intake__Event *open)
{
    switch (open->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_JOINED: return join(d, open->request_joined);
    case INTAKE__EVENT__KIND_REQUEST_SPLIT: return split(d, open->request_split);
    default: return STATUS_OK; /* a call as such, and who looked, are no office's business */
    }
}

/* --- what happens to the task happens to all --- */

static enum status emit_followed(struct decide *d, const Routing__JoinedFollowed *followed,
                                 const struct event_options *options)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_JOINED_FOLLOWED;
    event.joined_followed = arena_copy(d->arena, followed, sizeof(*followed));
    return routing_emit(d, &event, event.joined_followed, options);
}

/* What the event means for those who are joined; false: nothing. Its strings are borrowed. */
static bool read_fate(const Routing__Event *event, Routing__JoinedFollowed *followed)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_DONE:
        followed->fate = ROUTING__JOINED_FATE__JOINED_FATE_DONE;
        followed->note = event->task_done->note;
        followed->finish = event->task_done->finish;
        return true;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        followed->fate = ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE;
        followed->note = event->task_closed_undone->words;
        followed->close_reason = event->task_closed_undone->reason;
        followed->finish = event->task_closed_undone->finish;
        return true;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        followed->fate = ROUTING__JOINED_FATE__JOINED_FATE_REOPENED;
        followed->note = event->task_reopened->note;
        followed->finish = event->task_reopened->finish;
        return true;
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
        followed->fate = ROUTING__JOINED_FATE__JOINED_FATE_CANCELLED;
        followed->note = event->task_cancelled->reason;
        return true;
    default: return false;
    }
}

enum status routing_decide_followed(struct decide *d, const Routing__Task *task,
                                    const Routing__Event *event,
                                    const struct event_options *options)
{
    Routing__JoinedFollowed followed = ROUTING__JOINED_FOLLOWED__INIT;
    /* Who joined did so today, even if the task is of the past: they are called. */
    const struct event_options today = {.occurred_at_us = options->occurred_at_us};
    enum status status = STATUS_OK;
    uint64_t after = 0;
    if (routing_rules_joined(task) == 0 || PLANTED("joined_not_told") ||
        !read_fate(event, &followed)) {
        return STATUS_OK;
    }
    followed.task_number = task->number;
    followed.case_number = task->case_number;
    followed.topic = task->topic;
    followed.unit = task->unit;
    followed.due_at_us = task->due_at_us;
    do {
        followed.n_members =
            routing_incident_list(d->txn, task->number, after, d->arena, &followed.members);
        if (followed.n_members == 0) {
            break;
        }
        after = followed.members[followed.n_members - 1]->case_number;
        status = emit_followed(d, &followed, &today);
    } while (status == STATUS_OK && followed.n_members == ROUTING_JOINED_AN_EVENT);
    return status == STATUS_OK ? txn_error(d->txn, d->error) : status;
}

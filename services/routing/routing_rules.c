/* The life of a task, as one table of states and acts, and the checks around it. */
#include "services/routing/routing_rules.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

/* Short names for the table below. */
enum {
    NO = ROUTING__TASK_STATE__TASK_STATE_UNSPECIFIED,
    ROUTED = ROUTING__TASK_STATE__TASK_STATE_ROUTED,
    ACCEPTED = ROUTING__TASK_STATE__TASK_STATE_ACCEPTED,
    DONE = ROUTING__TASK_STATE__TASK_STATE_DONE,
    STATE_COUNT,
};

/* An office need not accept before it reports or finishes: much is done on the way. What is done
 * stays done. */
/* clang-format off */
static const uint8_t next_states[STATE_COUNT][ROUTING_ACT_COUNT] = {
    /*            accept    report    finish  return  expire */
    [ROUTED]   = {ACCEPTED, ROUTED,   DONE,   ROUTED, ROUTED},
    [ACCEPTED] = {NO,       ACCEPTED, DONE,   ROUTED, ACCEPTED},
    [DONE]     = {NO,       NO,       NO,     NO,     NO},
};
/* clang-format on */

static const char *const state_names[STATE_COUNT] = {
    [NO] = "unknown",
    [ROUTED] = "routed",
    [ACCEPTED] = "accepted",
    [DONE] = "done",
};

static const char *const act_names[ROUTING_ACT_COUNT] = {
    [ROUTING_ACT_ACCEPT] = "accepted", [ROUTING_ACT_REPORT] = "reported on",
    [ROUTING_ACT_FINISH] = "finished", [ROUTING_ACT_RETURN] = "returned",
    [ROUTING_ACT_EXPIRE] = "overdue",
};

/* States come from disk, too: a number we do not know allows nothing. */
static unsigned known_state(Routing__TaskState state)
{
    unsigned number = (unsigned)state;
    return number < STATE_COUNT ? number : NO;
}

Routing__TaskState routing_rules_next_state(Routing__TaskState state, enum routing_act act)
{
    return (Routing__TaskState)next_states[known_state(state)][act];
}

enum status routing_rules_check_act(const Routing__Task *task, enum routing_act act,
                                    struct error *err)
{
    if (routing_rules_next_state(task->state, act) != (Routing__TaskState)NO) {
        return STATUS_OK;
    }
    return error_set(err, STATUS_FAILED_PRECONDITION, "task_number",
                     "task %" PRIu64 " is %s already: it cannot be %s", task->number,
                     state_names[known_state(task->state)], act_names[act]);
}

int64_t routing_rules_due_us(bool historical, int64_t history_due_us, int64_t occurred_at_us,
                             uint32_t due_hours)
{
    if (historical) {
        return history_due_us;
    }
    return due_hours == 0 ? 0 : us_add(occurred_at_us, (int64_t)due_hours * HOUR_US);
}

bool routing_rules_is_watched(int64_t due_at_us, bool historical, int64_t recorded_at_us)
{
    return due_at_us != 0 && (!historical || due_at_us > recorded_at_us);
}

/* --- who may --- */

bool routing_rules_sees_every_unit(const struct rpc_caller *caller)
{
    return caller->role == RPC_ROLE_IMPORT || caller->role == RPC_ROLE_ADMIN;
}

enum status routing_rules_check_unit(const struct rpc_caller *caller, const char *unit,
                                     struct error *err)
{
    bool unbound = caller->unit[0] == '\0';
    if (routing_rules_sees_every_unit(caller) || strcmp(caller->unit, unit) == 0 ||
        (unbound && caller->role != RPC_ROLE_OFFICE)) {
        return STATUS_OK;
    }
    if (unbound) {
        return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                         "an office says which unit it speaks for");
    }
    return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                     "this is another unit's: you speak for %s", caller->unit);
}

enum status routing_rules_check_occurred(const Routing__Task *task, const struct rpc_caller *caller,
                                         int64_t occurred_at_us, int64_t now_us, struct error *err)
{
    static const char field[] = "occurred_at_us";
    if (occurred_at_us == 0) {
        return STATUS_OK;
    }
    if (caller->role != RPC_ROLE_IMPORT) {
        return error_set(err, STATUS_PERMISSION_DENIED, field,
                         "only the import of a history may say when something happened");
    }
    if (!task->historical) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field,
                         "task %" PRIu64 " is not of a history: it happens now", task->number);
    }
    if (occurred_at_us < task->registered_at_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field,
                         "this is before the request of task %" PRIu64 " was made", task->number);
    }
    if (occurred_at_us > now_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "this is in the future");
    }
    return STATUS_OK;
}

/* --- what events do --- */

uint64_t routing_rules_task_of(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ROUTED: return event->task_routed->task_number;
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: return event->task_accepted->task_number;
    case ROUTING__EVENT__KIND_TASK_REPORTED: return event->task_reported->task_number;
    case ROUTING__EVENT__KIND_TASK_RETURNED: return event->task_returned->task_number;
    case ROUTING__EVENT__KIND_TASK_DONE: return event->task_done->task_number;
    case ROUTING__EVENT__KIND_TASK_OVERDUE: return event->task_overdue->task_number;
    default: return 0;
    }
}

Routing__ChangeKind routing_rules_change_kind(uint32_t kind)
{
    switch (kind) {
    case ROUTING__EVENT__KIND_TASK_ROUTED: return ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED;
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: return ROUTING__CHANGE_KIND__CHANGE_KIND_ACCEPTED;
    case ROUTING__EVENT__KIND_TASK_REPORTED: return ROUTING__CHANGE_KIND__CHANGE_KIND_REPORTED;
    case ROUTING__EVENT__KIND_TASK_RETURNED: return ROUTING__CHANGE_KIND__CHANGE_KIND_RETURNED;
    case ROUTING__EVENT__KIND_TASK_DONE: return ROUTING__CHANGE_KIND__CHANGE_KIND_DONE;
    case ROUTING__EVENT__KIND_TASK_OVERDUE: return ROUTING__CHANGE_KIND__CHANGE_KIND_OVERDUE;
    default: return ROUTING__CHANGE_KIND__CHANGE_KIND_UNSPECIFIED;
    }
}

Routing__Task routing_rules_new_task(const Routing__TaskRouted *routed, int64_t occurred_at_us,
                                     bool historical)
{
    Routing__Task task = ROUTING__TASK__INIT;
    task.number = routed->task_number;
    task.case_number = routed->case_number;
    task.code = routed->code;
    task.topic = routed->topic;
    task.place = routed->place;
    task.urgency = routed->urgency;
    task.channel = routed->channel;
    task.unit = routed->unit;
    task.state = (Routing__TaskState)ROUTED;
    task.registered_at_us = routed->registered_at_us;
    task.routed_at_us = occurred_at_us;
    task.due_at_us = routed->due_at_us;
    task.historical = historical;
    task.source = routed->source;
    task.external_id = routed->external_id;
    task.citizen = routed->citizen;
    task.n_answers = routed->n_answers;
    task.answers = routed->answers;
    return task;
}

/* Another unit begins afresh, but the citizen has waited all the same: the due date and the overdue
 * mark stay. */
static void hand_over(Routing__Task *task, const Routing__TaskReturned *returned,
                      int64_t occurred_at_us)
{
    task->unit = returned->to_unit;
    task->routed_at_us = occurred_at_us;
    task->accepted_at_us = 0;
    task->returns++;
    task->note = returned->reason;
}

static void finish(Routing__Task *task, const Routing__TaskDone *done, int64_t occurred_at_us)
{
    task->done_at_us = occurred_at_us;
    if (done->note[0] != '\0') {
        task->note = done->note;
    }
}

static bool act_of(const Routing__Event *event, enum routing_act *ret_act)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: *ret_act = ROUTING_ACT_ACCEPT; return true;
    case ROUTING__EVENT__KIND_TASK_REPORTED: *ret_act = ROUTING_ACT_REPORT; return true;
    case ROUTING__EVENT__KIND_TASK_RETURNED: *ret_act = ROUTING_ACT_RETURN; return true;
    case ROUTING__EVENT__KIND_TASK_DONE: *ret_act = ROUTING_ACT_FINISH; return true;
    case ROUTING__EVENT__KIND_TASK_OVERDUE: *ret_act = ROUTING_ACT_EXPIRE; return true;
    default: return false;
    }
}

bool routing_rules_change_task(Routing__Task *task, const Routing__Event *event,
                               int64_t occurred_at_us)
{
    enum routing_act act;
    if (!act_of(event, &act) || routing_rules_check_act(task, act, NULL) != STATUS_OK) {
        return false;
    }
    task->state = routing_rules_next_state(task->state, act);
    switch (act) {
    case ROUTING_ACT_ACCEPT: task->accepted_at_us = occurred_at_us; break;
    case ROUTING_ACT_REPORT: task->note = event->task_reported->note; break;
    case ROUTING_ACT_FINISH: finish(task, event->task_done, occurred_at_us); break;
    case ROUTING_ACT_RETURN: hand_over(task, event->task_returned, occurred_at_us); break;
    case ROUTING_ACT_EXPIRE: task->overdue = true; break;
    case ROUTING_ACT_COUNT: break;
    }
    return true;
}

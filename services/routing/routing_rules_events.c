/* What events do to a task: the same for the answer given and for the table. */
#include "services/routing/routing_alarm.h"
#include "services/routing/routing_clock.h"
#include "services/routing/routing_rules.h"

#include <string.h>

uint64_t routing_rules_task_of(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ROUTED: return event->task_routed->task_number;
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: return event->task_accepted->task_number;
    case ROUTING__EVENT__KIND_TASK_REPORTED: return event->task_reported->task_number;
    case ROUTING__EVENT__KIND_TASK_RETURNED: return event->task_returned->task_number;
    case ROUTING__EVENT__KIND_TASK_DONE: return event->task_done->task_number;
    case ROUTING__EVENT__KIND_TASK_OVERDUE: return event->task_overdue->task_number;
    case ROUTING__EVENT__KIND_TASK_SEEN: return event->task_seen->task_number;
    case ROUTING__EVENT__KIND_TASK_PLANNED: return event->task_planned->task_number;
    case ROUTING__EVENT__KIND_TASK_STARTED: return event->task_started->task_number;
    case ROUTING__EVENT__KIND_TASK_PAUSED: return event->task_paused->task_number;
    case ROUTING__EVENT__KIND_TASK_RESUMED: return event->task_resumed->task_number;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: return event->task_closed_undone->task_number;
    case ROUTING__EVENT__KIND_TASK_MOVED: return event->task_moved->task_number;
    case ROUTING__EVENT__KIND_TASK_REOPENED: return event->task_reopened->task_number;
    case ROUTING__EVENT__KIND_TASK_CANCELLED: return event->task_cancelled->task_number;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED: return event->task_help_asked->task_number;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED: return event->task_help_finished->task_number;
    case ROUTING__EVENT__KIND_TASK_WARNED: return event->task_warned->task_number;
    case ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE:
        return event->task_response_overdue->task_number;
    case ROUTING__EVENT__KIND_TASK_ESCALATED: return event->task_escalated->task_number;
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED: return event->task_due_moved->task_number;
    case ROUTING__EVENT__KIND_CASE_JOINED: return event->case_joined->task_number;
    case ROUTING__EVENT__KIND_CASE_SPLIT: return event->case_split->task_number;
    case ROUTING__EVENT__KIND_TASK_JOINED: return event->task_joined->task_number;
    case ROUTING__EVENT__KIND_TASK_CHASED: return event->task_chased->task_number;
    case ROUTING__EVENT__KIND_TASK_AMENDED: return event->task_amended->task_number;
    case ROUTING__EVENT__KIND_TASK_ALARMED: return event->task_alarmed->task_number;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED: return event->task_unacknowledged->task_number;
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN: return event->task_alarm_given->task_number;
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
    case ROUTING__EVENT__KIND_TASK_SEEN: return ROUTING__CHANGE_KIND__CHANGE_KIND_SEEN;
    case ROUTING__EVENT__KIND_TASK_PLANNED: return ROUTING__CHANGE_KIND__CHANGE_KIND_PLANNED;
    case ROUTING__EVENT__KIND_TASK_STARTED: return ROUTING__CHANGE_KIND__CHANGE_KIND_STARTED;
    case ROUTING__EVENT__KIND_TASK_PAUSED: return ROUTING__CHANGE_KIND__CHANGE_KIND_PAUSED;
    case ROUTING__EVENT__KIND_TASK_RESUMED: return ROUTING__CHANGE_KIND__CHANGE_KIND_RESUMED;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        return ROUTING__CHANGE_KIND__CHANGE_KIND_CLOSED_UNDONE;
    case ROUTING__EVENT__KIND_TASK_MOVED: return ROUTING__CHANGE_KIND__CHANGE_KIND_MOVED;
    case ROUTING__EVENT__KIND_TASK_REOPENED: return ROUTING__CHANGE_KIND__CHANGE_KIND_REOPENED;
    case ROUTING__EVENT__KIND_TASK_CANCELLED: return ROUTING__CHANGE_KIND__CHANGE_KIND_CANCELLED;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED: return ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_ASKED;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED:
        return ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_FINISHED;
    case ROUTING__EVENT__KIND_TASK_WARNED: return ROUTING__CHANGE_KIND__CHANGE_KIND_WARNED;
    case ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE:
        return ROUTING__CHANGE_KIND__CHANGE_KIND_RESPONSE_OVERDUE;
    case ROUTING__EVENT__KIND_TASK_ESCALATED: return ROUTING__CHANGE_KIND__CHANGE_KIND_ESCALATED;
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED: return ROUTING__CHANGE_KIND__CHANGE_KIND_DUE_MOVED;
    case ROUTING__EVENT__KIND_CASE_JOINED:
    case ROUTING__EVENT__KIND_TASK_JOINED: return ROUTING__CHANGE_KIND__CHANGE_KIND_JOINED;
    case ROUTING__EVENT__KIND_CASE_SPLIT: return ROUTING__CHANGE_KIND__CHANGE_KIND_SPLIT;
    case ROUTING__EVENT__KIND_TASK_CHASED: return ROUTING__CHANGE_KIND__CHANGE_KIND_CHASED;
    case ROUTING__EVENT__KIND_TASK_AMENDED: return ROUTING__CHANGE_KIND__CHANGE_KIND_AMENDED;
    case ROUTING__EVENT__KIND_TASK_ALARMED:
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN: return ROUTING__CHANGE_KIND__CHANGE_KIND_ALARMED;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED:
        return ROUTING__CHANGE_KIND__CHANGE_KIND_UNACKNOWLEDGED;
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
    task.state = ROUTING__TASK_STATE__TASK_STATE_ROUTED;
    task.registered_at_us = routed->registered_at_us;
    task.routed_at_us = occurred_at_us;
    task.due_at_us = routed->due_at_us;
    task.historical = historical;
    task.source = routed->source;
    task.external_id = routed->external_id;
    task.citizen = routed->citizen;
    task.n_answers = routed->n_answers;
    task.answers = routed->answers;
    task.level = routed->level;
    task.clock = routed->clock;
    task.respond_at_us = routed->respond_at_us;
    task.warn_at_us = routed->warn_at_us;
    task.escalate_at_us = routed->escalate_at_us;
    task.storm = routed->storm;
    task.by_rule = routed->rule_line != 0;
    task.own_urgency = routed->urgency;
    task.chases = routed->chases;
    task.due_percent = routed->due_percent;
    task.respond_percent = routed->respond_percent;
    return task;
}

static void leave_desk(Routing__Task *task)
{
    task->desk = (char *)protobuf_c_empty_string;
}

/* A unit begins afresh; but the citizen has waited all the same: the due date and the overdue mark
 * stay. */
static void begin_afresh(Routing__Task *task, int64_t occurred_at_us)
{
    leave_desk(task);
    task->routed_at_us = occurred_at_us;
    task->seen_at_us = 0;
    task->accepted_at_us = 0;
    task->planned_for_us = 0;
    task->started_at_us = 0;
}

static void take_note(Routing__Task *task, char *note)
{
    if (note[0] != '\0') {
        task->note = note;
    }
}

static void end_waiting(Routing__Task *task)
{
    task->paused_at_us = 0;
    task->pause_reason = ROUTING__PAUSE_REASON__PAUSE_REASON_UNSPECIFIED;
    task->pause_until_us = 0;
}

/* A list with one more place at its end, copied: the one before may be shared. NULL: no memory. */
static void *longer(struct arena *arena, const void *list, size_t count, size_t size)
{
    char *copy = arena_alloc(arena, (count + 1) * size);
    if (copy != NULL && count > 0) {
        memcpy(copy, list, count * size);
    }
    return copy;
}

/* The unit at the end of the list, where each is once; of too many the oldest goes. */
static bool remember_unit(char ***list, size_t *count, char *unit, struct arena *arena)
{
    char **units = longer(arena, *list, *count, sizeof(*units));
    if (units == NULL) {
        return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(units[i], unit) != 0) {
            units[kept++] = units[i];
        }
    }
    units[kept++] = unit;
    size_t skip = kept > ROUTING_UNITS_KEPT_MAX ? kept - ROUTING_UNITS_KEPT_MAX : 0;
    *list = units + skip;
    *count = kept - skip;
    return true;
}

static bool hand_over(Routing__Task *task, char *to_unit, char *reason, int64_t occurred_at_us,
                      struct arena *arena)
{
    if (!remember_unit(&task->units_before, &task->n_units_before, task->unit, arena)) {
        return false;
    }
    task->unit = to_unit;
    task->note = reason;
    task->for_decision = false;
    task->by_rule = false;
    begin_afresh(task, occurred_at_us);
    return true;
}

static bool take_back(Routing__Task *task, const Routing__TaskReturned *returned,
                      int64_t occurred_at_us, struct arena *arena)
{
    if (!hand_over(task, returned->to_unit, returned->reason, occurred_at_us, arena)) {
        return false;
    }
    task->returns++;
    task->for_decision = returned->for_decision;
    return true;
}

static bool move(Routing__Task *task, const Routing__TaskMoved *moved, int64_t occurred_at_us,
                 struct arena *arena)
{
    if (!hand_over(task, moved->to_unit, moved->reason, occurred_at_us, arena)) {
        return false;
    }
    task->by_rule = moved->by_rule;
    return true;
}

static bool ask_help(Routing__Task *task, const Routing__TaskHelpAsked *asked,
                     int64_t occurred_at_us, struct arena *arena)
{
    Routing__TaskHelp **helps = longer(arena, task->helps, task->n_helps, sizeof(*helps));
    Routing__TaskHelp *help = arena_alloc(arena, sizeof(*help));
    if (helps == NULL || help == NULL) {
        return false;
    }
    routing__task_help__init(help);
    help->unit = asked->helper;
    help->note = asked->note;
    help->asked_at_us = occurred_at_us;
    help->by_rule = asked->by_rule;
    helps[task->n_helps++] = help;
    task->helps = helps;
    return true;
}

/* How a part ends. */
struct help_end {
    bool withdrawn, by_rule;
    char *answer;
};

/* Ends the unit's open part, every open part when `unit` is NULL. Parts are copied: the task as it
 * was keeps its own. */
static bool end_help(Routing__Task *task, const char *unit, const struct help_end *end,
                     int64_t occurred_at_us, struct arena *arena)
{
    Routing__TaskHelp **helps = longer(arena, task->helps, task->n_helps, sizeof(*helps));
    bool found = unit == NULL;
    for (size_t i = 0; helps != NULL && i < task->n_helps; i++) {
        if (helps[i]->ended_at_us != 0 || (unit != NULL && strcmp(helps[i]->unit, unit) != 0)) {
            continue;
        }
        helps[i] = arena_copy(arena, helps[i], sizeof(*helps[i]));
        if (helps[i] == NULL) {
            return false;
        }
        helps[i]->ended_at_us = occurred_at_us;
        helps[i]->withdrawn = end->withdrawn;
        helps[i]->withdrawn_by_rule = end->by_rule;
        helps[i]->answer = end->answer;
        found = true;
    }
    if (helps == NULL || !found) {
        return false;
    }
    task->helps = helps;
    return true;
}

static bool drop_helps(Routing__Task *task, bool by_rule, int64_t occurred_at_us,
                       struct arena *arena)
{
    const struct help_end end = {
        .withdrawn = true, .by_rule = by_rule, .answer = (char *)protobuf_c_empty_string};
    return end_help(task, NULL, &end, occurred_at_us, arena);
}

static bool finish_help(Routing__Task *task, const Routing__TaskHelpFinished *finished,
                        int64_t occurred_at_us, struct arena *arena)
{
    const struct help_end end = {finished->withdrawn, finished->by_rule, finished->note};
    return end_help(task, finished->helper, &end, occurred_at_us, arena);
}

static void pause(Routing__Task *task, const Routing__TaskPaused *paused, int64_t occurred_at_us)
{
    task->paused_at_us = occurred_at_us;
    task->pause_reason = paused->reason;
    task->pause_until_us = paused->until_us;
    task->note = paused->note;
}

static void resume(Routing__Task *task, const Routing__TaskResumed *resumed, int64_t occurred_at_us)
{
    end_waiting(task);
    take_note(task, resumed->note);
    if (!resumed->by_limit && task->started_at_us == 0) {
        task->started_at_us = occurred_at_us;
    }
}

static void finish(Routing__Task *task, const Routing__TaskDone *done, int64_t occurred_at_us)
{
    end_waiting(task);
    leave_desk(task);
    task->done_at_us = occurred_at_us;
    task->finishes++;
    take_note(task, done->note);
}

/* Parts are open only of what an amendment has made none of the city's: the rules may ask for them again. */
static bool close_undone(Routing__Task *task, const Routing__TaskClosedUndone *closed,
                         int64_t occurred_at_us, struct arena *arena)
{
    end_waiting(task);
    leave_desk(task);
    task->closed_at_us = occurred_at_us;
    task->close_reason = closed->reason;
    task->finishes++;
    task->note = closed->words;
    return drop_helps(task, true, occurred_at_us, arena);
}

static void reopen(Routing__Task *task, const Routing__TaskReopened *reopened,
                   int64_t occurred_at_us)
{
    task->done_at_us = 0;
    task->closed_at_us = 0;
    task->close_reason = ROUTING__CLOSE_REASON__CLOSE_REASON_UNSPECIFIED;
    task->reopens += reopened->reason != ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED;
    task->by_rule = false; /* whoever had done it has it */
    take_note(task, reopened->note);
    begin_afresh(task, occurred_at_us);
}

static bool cancel(Routing__Task *task, const Routing__TaskCancelled *cancelled,
                   int64_t occurred_at_us, struct arena *arena)
{
    end_waiting(task);
    leave_desk(task);
    task->closed_at_us = occurred_at_us;
    task->note = cancelled->reason;
    return drop_helps(task, true, occurred_at_us, arena); /* asked again when it comes back */
}

static bool join(Routing__Task *task, const Routing__TaskJoined *joined, int64_t occurred_at_us,
                 struct arena *arena)
{
    end_waiting(task);
    leave_desk(task);
    task->closed_at_us = occurred_at_us;
    task->joined_into = joined->into_task;
    return drop_helps(task, false, occurred_at_us, arena);
}

uint32_t routing_rules_chase_steps(const Routing__Task *task)
{
    return task->chases < ROUTING_CHASE_STEPS_MAX ? task->chases : ROUTING_CHASE_STEPS_MAX;
}

Common__Urgency routing_rules_urgency(Common__Urgency own, bool own_withdrawn,
                                      uint32_t urgent_joined)
{
    if (urgent_joined > 0) {
        return COMMON__URGENCY__URGENCY_URGENT;
    }
    return own_withdrawn && own == COMMON__URGENCY__URGENCY_URGENT ? COMMON__URGENCY__URGENCY_NORMAL
                                                                   : own;
}

/* What is urgent no more, nobody has to acknowledge. Events older than this say nothing. `caller`: how urgent the request is that has
 * come, or was amended. */
static void be_urgent(Routing__Task *task, Common__Urgency urgency, uint32_t urgent_joined,
                      Common__Urgency caller)
{
    if (urgency != COMMON__URGENCY__URGENCY_UNSPECIFIED) {
        task->urgency = urgency;
        task->urgent_joined = urgent_joined;
    }
    if (caller == COMMON__URGENCY__URGENCY_URGENT && task->historical) {
        task->urgent_today = true;
    }
    if (task->urgency != COMMON__URGENCY__URGENCY_URGENT) {
        task->alarm = NULL;
    }
}

/* Its own request may be among those who leave: nobody is called about that one any more. */
static void leave(Routing__Task *task, const Routing__CaseSplit *split)
{
    uint32_t joined = routing_rules_joined(task);
    if (split->case_number == task->case_number) {
        task->own_withdrawn = true;
        task->citizen = 0;
    } else {
        joined = joined > 0 ? joined - 1 : 0;
    }
    task->callers = joined + (task->own_withdrawn ? 0 : 1);
    task->chases -= split->case_chases < task->chases ? split->case_chases : task->chases;
}

/* Others may come and go whatever the task's state: only decide looks at that. */
static bool count_callers(Routing__Task *task, const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_CASE_JOINED:
        task->callers = routing_rules_callers(task) + 1;
        task->chases += event->case_joined->case_chases;
        be_urgent(task, event->case_joined->urgency, event->case_joined->urgent_joined,
                  event->case_joined->case_urgency);
        return true;
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        leave(task, event->case_split);
        be_urgent(task, event->case_split->urgency, event->case_split->urgent_joined,
                  COMMON__URGENCY__URGENCY_UNSPECIFIED);
        return true;
    default: return false;
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
    case ROUTING__EVENT__KIND_TASK_SEEN: *ret_act = ROUTING_ACT_SEE; return true;
    case ROUTING__EVENT__KIND_TASK_PLANNED: *ret_act = ROUTING_ACT_PLAN; return true;
    case ROUTING__EVENT__KIND_TASK_STARTED: *ret_act = ROUTING_ACT_START; return true;
    case ROUTING__EVENT__KIND_TASK_PAUSED: *ret_act = ROUTING_ACT_PAUSE; return true;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: *ret_act = ROUTING_ACT_CLOSE; return true;
    case ROUTING__EVENT__KIND_TASK_MOVED: *ret_act = ROUTING_ACT_MOVE; return true;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        *ret_act = event->task_reopened->reason == ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED
                       ? ROUTING_ACT_BRING_BACK
                       : ROUTING_ACT_REOPEN;
        return true;
    case ROUTING__EVENT__KIND_TASK_CANCELLED: *ret_act = ROUTING_ACT_CANCEL; return true;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED: *ret_act = ROUTING_ACT_ASK_HELP; return true;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED:
        *ret_act = event->task_help_finished->withdrawn ? ROUTING_ACT_WITHDRAW_HELP
                                                        : ROUTING_ACT_FINISH_HELP;
        return true;
    case ROUTING__EVENT__KIND_TASK_JOINED: *ret_act = ROUTING_ACT_JOIN; return true;
    case ROUTING__EVENT__KIND_TASK_RESUMED:
        *ret_act = event->task_resumed->by_limit ? ROUTING_ACT_ELAPSE : ROUTING_ACT_RESUME;
        return true;
    default: return false;
    }
}

static bool do_act(Routing__Task *task, enum routing_act act, const Routing__Event *event,
                   int64_t at_us, struct arena *arena)
{
    switch (act) {
    case ROUTING_ACT_SEE: task->seen_at_us = at_us; break;
    case ROUTING_ACT_ACCEPT: task->accepted_at_us = at_us; break;
    case ROUTING_ACT_PLAN:
        task->planned_for_us = event->task_planned->planned_for_us;
        take_note(task, event->task_planned->note);
        break;
    case ROUTING_ACT_START:
        task->started_at_us = at_us;
        take_note(task, event->task_started->note);
        break;
    case ROUTING_ACT_PAUSE: pause(task, event->task_paused, at_us); break;
    case ROUTING_ACT_RESUME:
    case ROUTING_ACT_ELAPSE: resume(task, event->task_resumed, at_us); break;
    case ROUTING_ACT_REPORT: task->note = event->task_reported->note; break;
    case ROUTING_ACT_FINISH: finish(task, event->task_done, at_us); break;
    case ROUTING_ACT_CLOSE: return close_undone(task, event->task_closed_undone, at_us, arena);
    case ROUTING_ACT_RETURN: return take_back(task, event->task_returned, at_us, arena);
    case ROUTING_ACT_MOVE: return move(task, event->task_moved, at_us, arena);
    case ROUTING_ACT_ASK_HELP: return ask_help(task, event->task_help_asked, at_us, arena);
    case ROUTING_ACT_FINISH_HELP:
    case ROUTING_ACT_WITHDRAW_HELP:
        return finish_help(task, event->task_help_finished, at_us, arena);
    case ROUTING_ACT_REOPEN:
    case ROUTING_ACT_BRING_BACK: reopen(task, event->task_reopened, at_us); break;
    case ROUTING_ACT_CANCEL: return cancel(task, event->task_cancelled, at_us, arena);
    case ROUTING_ACT_EXPIRE: task->overdue = true; break;
    case ROUTING_ACT_JOIN: return join(task, event->task_joined, at_us, arena);
    case ROUTING_ACT_COUNT: break;
    }
    return true;
}

/* What the citizen does changes no state, and comes in any. */
static bool heard_from_citizen(Routing__Task *task, const Routing__Event *event)
{
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_CHASED) {
        task->chases = event->task_chased->chases;
        return true;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_AMENDED) {
        task->topic = event->task_amended->topic;
        task->place = event->task_amended->place;
        be_urgent(task, event->task_amended->urgency, event->task_amended->urgent_joined,
                  event->task_amended->case_urgency);
        if (!event->task_amended->is_joined &&
            event->task_amended->case_urgency != COMMON__URGENCY__URGENCY_UNSPECIFIED) {
            task->own_urgency = event->task_amended->case_urgency;
        }
        task->n_answers = event->task_amended->n_answers;
        task->answers = event->task_amended->answers;
        return true;
    }
    return false;
}

/* Whoever it goes up to hears of it from then on. */
static bool go_up(Routing__Task *task, const Routing__Event *event, struct arena *arena)
{
    char *unit = "";
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_ESCALATED) {
        unit = event->task_escalated->to_unit;
    } else if (event->kind_case == ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED) {
        unit = event->task_unacknowledged->to_unit;
    }
    return unit[0] == '\0' || remember_unit(&task->went_up_to, &task->n_went_up_to, unit, arena);
}

bool routing_rules_change_task(Routing__Task *task, const Routing__Event *event,
                               int64_t occurred_at_us, struct arena *arena)
{
    enum routing_act act;
    if (routing_clock_is_event(event)) {
        return routing_clock_change(task, event) && go_up(task, event, arena);
    }
    if (routing_alarm_is_event(event)) {
        return routing_alarm_change(task, event, arena) && go_up(task, event, arena);
    }
    Routing__Task changed = *task;
    if (count_callers(task, event) || heard_from_citizen(task, event)) {
        return true;
    }
    if (!act_of(event, &act) || routing_rules_check_act(task, act, NULL) != STATUS_OK) {
        return false;
    }
    changed.state = routing_rules_next_state(task->state, act);
    if (!do_act(&changed, act, event, occurred_at_us, arena)) {
        return false;
    }
    *task = changed;
    return true;
}

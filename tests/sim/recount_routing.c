/* Routing's log: a task's life, its table written a second time. */
#include "tests/sim/recount_internal.h"

#include "base/check.h"
#include "city/city.h"

#include <inttypes.h>
#include <string.h>

void recount_concern(struct recount *recount, const char *key, uint64_t offset)
{
    struct recount_unit *unit = recount_unit(recount, key);
    unit->sequences =
        recount_grow(unit->sequences, unit->count, &unit->room, sizeof *unit->sequences);
    unit->sequences[unit->count++] = offset;
}

static void concern_once(struct recount *recount, const char *key, uint64_t offset)
{
    const struct recount_unit *unit = recount_unit(recount, key);
    if (unit->count == 0 || unit->sequences[unit->count - 1] != offset) {
        recount_concern(recount, key, offset);
    }
}

static void take_routed(struct recount *recount, const struct found *found,
                        const Routing__TaskRouted *routed)
{
    struct recount_case *one = recount_case(recount, routed->case_number);
    if (one == NULL) {
        recount_impossible(found, "it routes a request nobody registered");
    }
    if (one->task != 0) {
        recount_impossible(found, "the request has a task already");
    }
    if (((one->answers_told >> routed->n_answers) & 1) == 0) {
        recount_impossible(found, "the answers to the topic's questions did not come along");
    }
    if (routed->task_number != recount->task_count + 1) {
        recount_impossible(found, "tasks are numbered one after another");
    }
    bool is_split_off = one->taken; /* it had been joined */
    if (routed->chases != one->chases_told) {
        recount_impossible(found, "the request was chased more often, or less, than its task");
    }
    recount_take_first(recount, found, routed->case_number);
    recount_pack_routed(recount, found, one, routed->unit);
    one->task = routed->task_number;
    one->urgent = routed->urgency == COMMON__URGENCY__URGENCY_URGENT;
    recount->tasks = recount_grow(recount->tasks, recount->task_count, &recount->task_room,
                                  sizeof *recount->tasks);
    recount->tasks[recount->task_count++] = (struct recount_task){
        .number = routed->task_number,
        .case_number = routed->case_number,
        .unit = recount_text(recount, routed->unit),
        .state = ROUTING__TASK_STATE__TASK_STATE_ROUTED,
        .historical = one->historical,
        .called = !one->historical && one->can_be_called,
        .citizen = routed->citizen,
        .urgent = routed->urgency == COMMON__URGENCY__URGENCY_URGENT,
        .due_at_us = routed->due_at_us,
        .chases = one->chases_told,
        .routed_recorded_us = found->record->recorded_at_us,
    };
    if (routed->storm != one->storm) {
        recount_impossible(found, "the request is of another storm, or of none");
    }
    struct recount_task *task = &recount->tasks[recount->task_count - 1];
    recount_rules_routed(recount, task, routed, one->is_alone && !is_split_off);
    recount_clock_routed(recount, task, found, routed);
    recount_alarm_owe(task,
                      is_split_off ? found->record->recorded_at_us : routed->registered_at_us);
    recount_concern(recount, routed->unit, found->offset);
    recount_note(recount, routed->case_number, found,
                 (struct recount_event){.unit = recount_text(recount, routed->unit),
                                        .due_at_us = routed->due_at_us});
}

/* Each once, at the place where it came last. */
void recount_go_up(struct recount *recount, struct recount_task *task, uint32_t step,
                   const char *to_unit)
{
    const char *due = slow_clock_goes_up_to(recount->slow, task->clock.level, task->unit, step);
    size_t kept = 0;
    if (strcmp(due, to_unit) != 0) {
        invariant_broken(INVARIANT_OFFICES,
                         "task %" PRIu64 " goes up to %s, and the ladder says %s", task->number,
                         to_unit, due);
    }
    if (due[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < task->up_count; i++) {
        if (strcmp(task->up[i], due) != 0) {
            task->up[kept++] = task->up[i];
        }
    }
    CHECK(kept < sizeof(task->up) / sizeof(task->up[0])); /* no ladder here has as many */
    task->up[kept++] = due;
    task->up_count = kept;
}

/* Whoever has the task, who helps, and whom it went up to. */
void recount_concern_all(struct recount *recount, const struct recount_task *task, uint64_t offset)
{
    concern_once(recount, task->unit, offset);
    for (size_t i = 0; i < task->helper_count; i++) {
        concern_once(recount, task->helpers[i], offset);
    }
    for (size_t i = 0; i < task->up_count; i++) {
        concern_once(recount, task->up[i], offset);
    }
}

/* --- the life of a task --- */

/* A letter for each state, in the order of the contract's numbers: routed, accepted, done, seen,
 * planned, working, idle (it waits), undone, cancelled, and joined to another task. */
static const char letters[] = "?radspwiuc???j";

/* What an event makes of a state; '.': it cannot be. Columns: */
static const char columns[] = "rsapwiducj";
static const struct {
    Routing__Event__KindCase kind;
    const char *next;
} life[] = {
    {ROUTING__EVENT__KIND_TASK_SEEN, "s........."},
    {ROUTING__EVENT__KIND_TASK_ACCEPTED, "aa........"},
    {ROUTING__EVENT__KIND_TASK_PLANNED, "ppppp....."},
    {ROUTING__EVENT__KIND_TASK_STARTED, "wwww......"},
    {ROUTING__EVENT__KIND_TASK_PAUSED, "iiiii....."},
    {ROUTING__EVENT__KIND_TASK_RESUMED, ".....w...."},
    {ROUTING__EVENT__KIND_TASK_REPORTED, "rsapwi...."},
    {ROUTING__EVENT__KIND_TASK_DONE, "dddddd...."},
    {ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE, "uuuuuu...."},
    {ROUTING__EVENT__KIND_TASK_RETURNED, "rrrrr....."},
    {ROUTING__EVENT__KIND_TASK_MOVED, "rrrrr....."},
    {ROUTING__EVENT__KIND_TASK_REOPENED, "......rr.."},
    {ROUTING__EVENT__KIND_TASK_CANCELLED, "cccccc...."},
    {ROUTING__EVENT__KIND_TASK_OVERDUE, "rsapw....."},
    {ROUTING__EVENT__KIND_TASK_HELP_ASKED, "rsapwi...."},
    {ROUTING__EVENT__KIND_TASK_HELP_FINISHED, "rsapwi...."},
    {ROUTING__EVENT__KIND_TASK_WARNED, "rsapw....."},
    {ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE, "rsapw....."},
    {ROUTING__EVENT__KIND_TASK_ESCALATED, "rsapw....."},
    {ROUTING__EVENT__KIND_TASK_DUE_MOVED, "rsapwiduc."}, /* what has ended, before it comes back */
    {ROUTING__EVENT__KIND_TASK_JOINED, "jjjjjj...."},
};
static const char after_limit[] = ".....a....";
static const char after_amendment[] = "......rrr."; /* also what was cancelled */

/* What an event says of the task it is about. */
struct about {
    uint64_t number, case_number;
    const char *unit;    /* that has it */
    const char *to_unit; /* that has it from now on */
};

static struct about about(const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
#define ABOUT(kind, member)                                                                        \
    case ROUTING__EVENT__KIND_##kind:                                                              \
        return (struct about)                                                                      \
        {                                                                                          \
            event->member->task_number, event->member->case_number, event->member->unit,           \
                event->member->unit                                                                \
        }
#define ABOUT_TWO(kind, member)                                                                    \
    case ROUTING__EVENT__KIND_##kind:                                                              \
        return (struct about)                                                                      \
        {                                                                                          \
            event->member->task_number, event->member->case_number, event->member->from_unit,      \
                event->member->to_unit                                                             \
        }
    switch (event->kind_case) {
        ABOUT(TASK_ACCEPTED, task_accepted);
        ABOUT(TASK_REPORTED, task_reported);
        ABOUT(TASK_DONE, task_done);
        ABOUT(TASK_OVERDUE, task_overdue);
        ABOUT(TASK_WARNED, task_warned);
        ABOUT(TASK_RESPONSE_OVERDUE, task_response_overdue);
        ABOUT(TASK_ESCALATED, task_escalated);
        ABOUT(TASK_DUE_MOVED, task_due_moved);
        ABOUT(TASK_SEEN, task_seen);
        ABOUT(TASK_PLANNED, task_planned);
        ABOUT(TASK_STARTED, task_started);
        ABOUT(TASK_PAUSED, task_paused);
        ABOUT(TASK_RESUMED, task_resumed);
        ABOUT(TASK_CLOSED_UNDONE, task_closed_undone);
        ABOUT(TASK_REOPENED, task_reopened);
        ABOUT(TASK_CANCELLED, task_cancelled);
        ABOUT(TASK_HELP_ASKED, task_help_asked);
        ABOUT(TASK_HELP_FINISHED, task_help_finished);
        ABOUT(TASK_JOINED, task_joined);
        ABOUT_TWO(TASK_RETURNED, task_returned);
        ABOUT_TWO(TASK_MOVED, task_moved);
    default: recount_impossible(found, "its kind is unknown");
    }
#undef ABOUT
#undef ABOUT_TWO
}

static const char *life_of(const Routing__Event *event)
{
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_RESUMED && event->task_resumed->by_limit) {
        return after_limit;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_REOPENED &&
        event->task_reopened->reason == ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED) {
        return after_amendment;
    }
    size_t at = 0;
    while (life[at].kind != event->kind_case) {
        at++;
    }
    return life[at].next;
}

/* Who joins a planned task is told so. */
static void follow_plan(struct recount_task *task, Routing__Event__KindCase kind)
{
    switch (kind) {
    case ROUTING__EVENT__KIND_TASK_PLANNED: task->is_planned = true; break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
    case ROUTING__EVENT__KIND_TASK_MOVED:
    case ROUTING__EVENT__KIND_TASK_DONE:
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
    case ROUTING__EVENT__KIND_TASK_JOINED: task->is_planned = false; break;
    default: break;
    }
}

/* The task, in its next state. */
static struct recount_task *lead_on(struct recount *recount, const struct found *found,
                                    const struct about *what)
{
    struct recount_task *task = recount_task(recount, what->number);
    if (task == NULL || task->case_number != what->case_number) {
        recount_impossible(found, "there is no such task of that request");
    }
    if (strcmp(task->unit, what->unit) != 0) {
        recount_impossible(found, "another unit has the task");
    }
    const char *next = life_of((const Routing__Event *)found->open);
    char to = next[strchr(columns, letters[task->state]) - columns];
    if (to == '.') {
        recount_impossible(found, "it cannot follow on the state of the task");
    }
    task->state = (Routing__TaskState)(strchr(letters, to) - letters);
    follow_plan(task, ((const Routing__Event *)found->open)->kind_case);
    task->unit = recount_text(recount, what->to_unit);
    if (recount_has_ended(task) &&
        ((const Routing__Event *)found->open)->kind_case != ROUTING__EVENT__KIND_TASK_DUE_MOVED) {
        task->ended_recorded_us = found->record->recorded_at_us;
        task->wait_until_us = 0;
    }
    return task;
}

/* --- what else an event tells --- */

static void take_overdue(struct recount_task *task, const struct found *found)
{
    if (task->overdue) {
        invariant_broken(INVARIANT_TIMERS, "task %" PRIu64 " is overdue twice", task->number);
    }
    if (task->due_at_us == 0 || found->record->recorded_at_us < task->due_at_us ||
        found->record->occurred_at_us != task->due_at_us) {
        invariant_broken(INVARIANT_TIMERS, "task %" PRIu64 " is overdue before it is due",
                         task->number);
    }
    task->overdue = true;
}

static void take_finish(struct recount_task *task, const struct found *found, bool undone,
                        bool referred, uint32_t number)
{
    task->finishes = recount_grow(task->finishes, task->finish_count, &task->finish_room,
                                  sizeof *task->finishes);
    task->finishes[task->finish_count++] = (struct recount_finish){
        .offset = found->offset,
        .undone = undone,
        .at_us = found->record->occurred_at_us,
        .left = task->own_left || referred,
    };
    if (number != task->finish_count) {
        recount_impossible(found, "finishes of a task are numbered one after another");
    }
}

static void take_resumed(struct recount_task *task, const struct found *found, bool by_limit)
{
    if (by_limit && (found->record->recorded_at_us < task->wait_until_us ||
                     found->record->occurred_at_us != task->wait_until_us)) {
        invariant_broken(INVARIANT_TIMERS, "the waiting of task %" PRIu64 " ends before its limit",
                         task->number);
    }
    task->wait_until_us = 0;
}

static void take_reopened(struct recount_task *task, const struct found *found,
                          const Routing__TaskReopened *reopened)
{
    struct recount_finish *finish =
        task->finish_count == 0 ? NULL : &task->finishes[task->finish_count - 1];
    if (reopened->finish != task->finish_count) {
        recount_impossible(found, "it reopens another finish of the task");
    }
    if (reopened->call_number != 0 && finish->undone) {
        recount_impossible(found, "what was closed undone is reopened by a person only");
    }
    if (finish != NULL && finish->reopened_by == 0) { /* it may have been cancelled since */
        finish->reopened_by = reopened->call_number;
    }
    task->reopens += reopened->reason != ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED;
    task->reopened_finishes = task->finish_count;
    task->routed_recorded_us = found->record->recorded_at_us;
}

#define RETURNS_MAX 3 /* of the pack, when it says nothing */
#define HELPS_MAX 8

/* The coordinator's own returns are its decisions. */
static void take_returned(struct recount *recount, struct recount_task *task,
                          const struct found *found, const Routing__TaskReturned *returned)
{
    const char *coordinator = city_coordinator(world_city(recount->world));
    bool decided = strcmp(returned->from_unit, coordinator) == 0;
    bool too_often = !decided && task->returns >= RETURNS_MAX;
    if ((returned->for_decision != 0) != too_often ||
        (too_often && strcmp(returned->to_unit, coordinator) != 0)) {
        recount_impossible(found, "the coordinator decides what is returned too often");
    }
    task->returns++;
}

static size_t helper_at(const struct recount_task *task, const char *unit)
{
    size_t at = 0;
    while (at < task->helper_count && strcmp(task->helpers[at], unit) != 0) {
        at++;
    }
    return at;
}

static void take_help_asked(struct recount *recount, struct recount_task *task,
                            const struct found *found, const Routing__TaskHelpAsked *asked)
{
    if (helper_at(task, asked->helper) < task->helper_count ||
        strcmp(task->unit, asked->helper) == 0 || task->helps >= HELPS_MAX) {
        recount_impossible(found, "the unit helps already, leads, or is one too many");
    }
    task->helpers[task->helper_count++] = recount_text(recount, asked->helper);
    task->helps++;
}

static void take_help_finished(struct recount_task *task, const struct found *found,
                               const Routing__TaskHelpFinished *finished)
{
    size_t at = helper_at(task, finished->helper);
    if (at == task->helper_count) {
        recount_impossible(found, "the unit does not help");
    }
    task->helpers[at] = task->helpers[--task->helper_count];
}

static void take_details(struct recount *recount, struct recount_task *task,
                         const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_OVERDUE: take_overdue(task, found); break;
    case ROUTING__EVENT__KIND_TASK_DONE:
        take_finish(task, found, false, false, event->task_done->finish);
        break;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        take_finish(task, found, true, event->task_closed_undone->referred,
                    event->task_closed_undone->finish);
        if (found->record->actor[0] ==
            '\0') { /* by itself: it is none of the city's, nor are its parts */
            task->helper_count = 0;
        }
        break;
    case ROUTING__EVENT__KIND_TASK_PAUSED:
        if (event->task_paused->until_us - found->record->occurred_at_us >
            RECOUNT_PAUSE_DAYS_MAX * DAY_US) {
            recount_impossible(found, "its limit lies further ahead than the pack allows");
        }
        task->wait_until_us = event->task_paused->until_us;
        break;
    case ROUTING__EVENT__KIND_TASK_RESUMED:
        take_resumed(task, found, event->task_resumed->by_limit);
        break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
        take_returned(recount, task, found, event->task_returned);
        break;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED:
        take_help_asked(recount, task, found, event->task_help_asked);
        break;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED:
        take_help_finished(task, found, event->task_help_finished);
        break;
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
    case ROUTING__EVENT__KIND_TASK_JOINED: task->helper_count = 0; break;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        take_reopened(task, found, event->task_reopened);
        break;
    default: break;
    }
}

static void take_acknowledged(struct recount *recount, const struct found *found,
                              const Routing__TasksAcknowledged *acknowledged)
{
    struct recount_unit *unit = recount_unit(recount, acknowledged->unit);
    if (acknowledged->sequence <= unit->acknowledged) {
        recount_impossible(found, "an acknowledgement goes back");
    }
    unit->acknowledged = acknowledged->sequence;
}

/* The task that the event is about; 0: none, or several. */
static uint64_t take(struct recount *recount, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    if (recount->owed != 0 && event->kind_case != ROUTING__EVENT__KIND_JOINED_FOLLOWED) {
        invariant_broken(INVARIANT_JOINED,
                         "routing's event %" PRIu64
                         ": requests joined to a task were not told of its end before it",
                         found->offset);
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_ROUTED) {
        take_routed(recount, found, event->task_routed);
        return 0;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASKS_ACKNOWLEDGED) {
        take_acknowledged(recount, found, event->tasks_acknowledged);
        return 0;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_CLOSURE_ANNOUNCED) {
        recount_clock_announced(recount, found, event->closure_announced);
        return 0;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_CLOSURE_APPLIED) {
        recount_clock_applied(recount, found, event->closure_applied);
        return 0;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_CHASED) {
        recount_take_task_chased(recount, found, event->task_chased);
        recount_concern_all(recount, recount_task(recount, event->task_chased->task_number),
                            found->offset);
        return 0;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_AMENDED) {
        recount_take_task_amended(recount, found, event->task_amended);
        recount_concern_all(recount, recount_task(recount, event->task_amended->task_number),
                            found->offset);
        return 0;
    }
    if (recount_take_storm_of_routing(recount, found) || recount_take_desks(recount, found) ||
        recount_take_incident(recount, found) || recount_take_alarm(recount, found)) {
        return 0;
    }
    const struct about what = about(found);
    struct recount_task *task = lead_on(recount, found, &what);
    const char *told[20] = {what.unit, what.to_unit}; /* and who helped before it, or does now */
    size_t told_count = 2;
    recount_rules_next(recount, task, event);
    for (size_t i = 0; i < task->helper_count; i++) {
        told[told_count++] = task->helpers[i];
    }
    take_details(recount, task, found);
    recount_clock_take(recount, task, found);
    recount_alarm_follow(task, found);
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_HELP_ASKED) {
        told[told_count++] = event->task_help_asked->helper;
    }
    recount_desk_act(recount, found, task,
                     recount_has_ended(task) || strcmp(what.unit, what.to_unit) != 0);
    for (size_t i = 0; i < task->up_count; i++) {
        told[told_count++] = task->up[i];
    }
    for (size_t i = 0; i < told_count; i++) {
        concern_once(recount, told[i], found->offset);
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_JOINED) {
        recount_give_up(recount, found, task);
        return task->number; /* the joining that follows is what the request's story tells */
    }
    bool ended = event->kind_case == ROUTING__EVENT__KIND_TASK_DONE ||
                 event->kind_case == ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    if (ended && task->helper_count > 0) {
        recount_impossible(found, "a helping unit has not ended its part");
    }
    recount_owe_followed(recount, found, task);
    struct recount_event noted = {
        .unit = task->unit,
        .due_at_us = task->due_at_us,
        .referred = event->kind_case == ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE &&
                    event->task_closed_undone->referred,
        .by_storm = event->kind_case == ROUTING__EVENT__KIND_TASK_DUE_MOVED &&
                    event->task_due_moved->cause == ROUTING__MOVE_CAUSE__MOVE_CAUSE_STORM};
    recount_note_joined(recount, task, found, noted);
    noted.left = task->own_left;
    recount_note(recount, what.case_number, found, noted);
    return what.number;
}

/* Of the alarm events recount_alarm.c finds the task itself. */
static uint64_t alarmed_number(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED: return event->task_unacknowledged->task_number;
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN: return event->task_alarm_given->task_number;
    case ROUTING__EVENT__KIND_CASE_SPLIT: return event->case_split->task_number;
    default: return 0;
    }
}

void recount_take_routing(struct recount *recount, const struct found *found)
{
    uint64_t number = take(recount, found);
    number = number != 0 ? number : alarmed_number((const Routing__Event *)found->open);
    recount_sessions_follow(recount, found, number);
}

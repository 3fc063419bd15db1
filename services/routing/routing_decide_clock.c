/*
 * What the clock decides: the dates of a live request, and what happens when they come; that they
 * move when the clock has stood; closures of the city, applied some tasks at a time. Reads tables,
 * writes nothing.
 */
#include "services/routing/routing_clock.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_storms.h"
#include "services/routing/routing_tables.h"

#include "base/clock.h"
#include "base/plant.h"

#include <inttypes.h>
#include <string.h>

static struct hours_gaps *new_gaps(struct decide *d)
{
    return arena_alloc(d->arena, sizeof(struct hours_gaps));
}

/* What closures take out of time, before and after those that are new; used again for each task. */
struct room {
    struct hours_gaps before, after;
};

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
}

/* --- the dates of a new task --- */

enum status routing_decide_dates(struct decide *d, const struct city_route *route,
                                 struct routing_looseness looseness, Routing__TaskRouted *routed)
{
    struct hours_gaps *gaps = NULL;
    uint64_t last = route->working ? routing_tables_last_closure(d->txn) : 0;
    if (last > 0) {
        gaps = new_gaps(d);
        if (gaps == NULL) {
            return refuse_memory(d);
        }
        routing_closures_read(d->txn, 1, last, routed->registered_at_us, gaps);
    }
    routing_clock_start(d->city, route, looseness, routed, gaps);
    return STATUS_OK;
}

/* --- moving --- */

enum status routing_decide_moved(struct decide *d, Routing__Task *task,
                                 const Routing__TaskDueMoved *moved)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DUE_MOVED;
    event.task_due_moved = arena_copy(d->arena, moved, sizeof(*moved));
    enum status status = routing_emit(d, &event, event.task_due_moved, NULL);
    if (status == STATUS_OK) {
        routing_clock_change(task, &event);
    }
    return status;
}

/* Closures first..last, each from its beginning, take their time out of what is still to come. */
static enum status move_for_closures(struct decide *d, Routing__Task *task, uint64_t first,
                                     uint64_t last, struct room *room, bool *ret_moved)
{
    const struct hours *hours = routing_clock_hours(d->city, task);
    Routing__TaskDueMoved moved =
        routing_clock_unmoved(task, ROUTING__MOVE_CAUSE__MOVE_CAUSE_CLOSURE);
    bool any = false;
    for (uint64_t number = first; number <= last && hours != NULL; number++) {
        const Routing__ClosureRecord *closure = routing_tables_closure(d->txn, number, d->arena);
        if (closure == NULL) {
            return txn_error(d->txn, d->error);
        }
        int64_t stop_us =
            closure->from_us > task->registered_at_us ? closure->from_us : task->registered_at_us;
        routing_closures_read(d->txn, 1, number - 1, stop_us, &room->before);
        routing_closures_read(d->txn, 1, number, stop_us, &room->after);
        any |=
            routing_clock_move(hours, task, stop_us, stop_us, &room->before, &room->after, &moved);
    }
    moved.closure_number = last;
    *ret_moved = any;
    return any && !PLANTED("closure_forgotten") ? routing_decide_moved(d, task, &moved) : STATUS_OK;
}

/* Closures that are not in the task's dates yet. The room is made when it is needed and kept in *ret_room. */
static enum status bring_up_closures(struct decide *d, Routing__Task *task, struct room **ret_room,
                                     bool *ret_moved)
{
    uint64_t seen;
    uint64_t last = routing_tables_last_closure(d->txn);
    *ret_moved = false;
    if (!routing_tables_running(d->txn, task->number, d->arena, &seen) || seen >= last) {
        return STATUS_OK;
    }
    if (*ret_room == NULL) {
        *ret_room = arena_alloc(d->arena, sizeof(**ret_room));
    }
    return *ret_room == NULL ? refuse_memory(d)
                             : move_for_closures(d, task, seen + 1, last, *ret_room, ret_moved);
}

/* As routing_decide_current. *ret_moves: how often it has moved, at most twice. */
static enum status bring_up(struct decide *d, Routing__Task *task, struct room **ret_room,
                            uint32_t *ret_moves)
{
    bool by_closure = false;
    bool by_storm = false;
    enum status status = bring_up_closures(d, task, ret_room, &by_closure);
    if (status == STATUS_OK) {
        status = routing_decide_storms_of(d, task, &by_storm);
    }
    *ret_moves = (uint32_t)by_closure + by_storm;
    return status;
}

enum status routing_decide_current(struct decide *d, Routing__Task *task)
{
    struct room *room = NULL;
    uint32_t moves;
    return bring_up(d, task, &room, &moves);
}

/* The unit has waited until at_us: what had not come when it began to wait moves. */
static enum status move_for_pause(struct decide *d, Routing__Task *task, int64_t at_us)
{
    const struct hours *hours = routing_clock_hours(d->city, task);
    struct hours_gaps *gaps = NULL;
    uint64_t last = routing_tables_last_closure(d->txn);
    if (hours != NULL && last > 0) {
        gaps = new_gaps(d);
        if (gaps == NULL) {
            return refuse_memory(d);
        }
        routing_closures_read(d->txn, 1, last, task->paused_at_us, gaps);
    }
    Routing__TaskDueMoved moved =
        routing_clock_unmoved(task, ROUTING__MOVE_CAUSE__MOVE_CAUSE_PAUSE);
    moved.closure_number = last;
    if (PLANTED("pause_not_counted") ||
        !routing_clock_move(hours, task, task->paused_at_us, at_us, gaps, gaps, &moved)) {
        return STATUS_OK;
    }
    return routing_decide_moved(d, task, &moved);
}

/* It is open again: what was announced since it was closed moves it, too. */
static enum status move_for_reopening(struct decide *d, Routing__Task *task)
{
    const Routing__HoldsRecord *holds = routing_tables_holds(d->txn, task->number, d->arena);
    uint64_t closed_with = holds == NULL ? 0 : holds->closure_number;
    struct room *room = arena_alloc(d->arena, sizeof(*room));
    bool moved;
    return room == NULL ? refuse_memory(d)
                        : move_for_closures(d, task, closed_with + 1,
                                            routing_tables_last_closure(d->txn), room, &moved);
}

static bool ends_waiting(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_RESUMED:
    case ROUTING__EVENT__KIND_TASK_DONE:
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
    case ROUTING__EVENT__KIND_TASK_JOINED:
    case ROUTING__EVENT__KIND_TASK_CANCELLED: return true;
    default: return false;
    }
}

enum status routing_decide_before(struct decide *d, Routing__Task *task,
                                  const Routing__Event *event, int64_t at_us)
{
    if (task->historical) {
        return STATUS_OK;
    }
    enum status status = routing_decide_current(d, task);
    if (status == STATUS_OK && task->state == ROUTING__TASK_STATE__TASK_STATE_WAITING &&
        ends_waiting(event)) {
        status = move_for_pause(d, task, at_us);
    }
    if (status == STATUS_OK && event->kind_case == ROUTING__EVENT__KIND_TASK_REOPENED) {
        status = move_for_reopening(d, task);
    }
    return status;
}

/* --- a date came --- */

/* It occurred then, whenever that is noticed; but not before the unit had it: a task that was
 * reopened after its date begins anew. */
static struct event_options options_at(const Routing__Task *task, int64_t at_us)
{
    return (struct event_options){
        .occurred_at_us = at_us > task->routed_at_us ? at_us : task->routed_at_us,
        .ignorable = true,
    };
}

static enum status tell(struct decide *d, Routing__Task *task, const Routing__Event *event,
                        const void *member, int64_t at_us)
{
    const struct event_options options = options_at(task, at_us);
    enum status status = routing_emit(d, event, member, &options);
    return status != STATUS_OK || routing_rules_change_task(task, event, at_us, d->arena)
               ? status
               : refuse_memory(d);
}

static enum status decide_warned(struct decide *d, Routing__Task *task, int64_t at_us)
{
    Routing__TaskWarned warned = ROUTING__TASK_WARNED__INIT;
    warned.task_number = task->number;
    warned.case_number = task->case_number;
    warned.unit = task->unit;
    warned.due_at_us = task->due_at_us;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_WARNED;
    event.task_warned = arena_copy(d->arena, &warned, sizeof(warned));
    return tell(d, task, &event, event.task_warned, at_us);
}

static enum status decide_response(struct decide *d, Routing__Task *task, int64_t at_us)
{
    Routing__TaskResponseOverdue overdue = ROUTING__TASK_RESPONSE_OVERDUE__INIT;
    overdue.task_number = task->number;
    overdue.case_number = task->case_number;
    overdue.unit = task->unit;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE;
    event.task_response_overdue = arena_copy(d->arena, &overdue, sizeof(overdue));
    return tell(d, task, &event, event.task_response_overdue, at_us);
}

/* When the step after this one comes: as much later as the pack says; 0: there is none. */
static enum status next_step(struct decide *d, const Routing__Task *task, int64_t after_us,
                             int64_t at_us, int64_t *ret_at_us)
{
    const struct city_step *next;
    int64_t next_us;
    *ret_at_us = 0;
    if (!routing_clock_step_after(d->city, task, task->escalations + 2, &next, &next_us)) {
        return STATUS_OK;
    }
    const struct hours *hours = routing_clock_hours(d->city, task);
    struct hours_gaps *gaps = new_gaps(d);
    if (gaps == NULL) {
        return refuse_memory(d);
    }
    routing_closures_read(d->txn, 1, hours == NULL ? 0 : routing_tables_last_closure(d->txn), at_us,
                          gaps);
    *ret_at_us = routing_clock_add(hours, at_us, next_us > after_us ? next_us - after_us : 0, gaps);
    return STATUS_OK;
}

char *routing_decide_goes_up_to(const struct decide *d, const Routing__Task *task,
                                const struct city_step *step)
{
    const char *unit = step == NULL ? "" : city_step_unit(d->city, step, task->unit, d->now_us);
    return (char *)(uintptr_t)(strcmp(unit, task->unit) == 0 ? "" : unit);
}

static enum status decide_escalated(struct decide *d, Routing__Task *task, int64_t at_us)
{
    const struct city_step *step;
    int64_t after_us;
    if (!routing_clock_step_after(d->city, task, task->escalations + 1, &step, &after_us)) {
        Routing__TaskDueMoved moved =
            routing_clock_unmoved(task, ROUTING__MOVE_CAUSE__MOVE_CAUSE_LADDER);
        moved.closure_number = routing_tables_last_closure(d->txn);
        moved.escalate_at_us = 0;
        return routing_decide_moved(d, task, &moved);
    }
    Routing__TaskEscalated escalated = ROUTING__TASK_ESCALATED__INIT;
    escalated.task_number = task->number;
    escalated.case_number = task->case_number;
    escalated.unit = task->unit;
    escalated.step = task->escalations + 1;
    escalated.role = (char *)(uintptr_t)step->role;
    escalated.to_unit = routing_decide_goes_up_to(d, task, step);
    enum status status = next_step(d, task, after_us, at_us, &escalated.next_at_us);
    if (status != STATUS_OK) {
        return status;
    }
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ESCALATED;
    event.task_escalated = arena_copy(d->arena, &escalated, sizeof(escalated));
    return tell(d, task, &event, event.task_escalated, at_us);
}

/* All that comes at that moment. */
enum status routing_decide_clock(struct decide *d, Routing__Task *task)
{
    int64_t at_us;
    int64_t first_us;
    if (routing_clock_next(task, &first_us) == ROUTING_MOMENT_NONE) {
        return decide_refuse(d, STATUS_INTERNAL, NULL, "nothing is to come for task %" PRIu64,
                             task->number);
    }
    enum status status = routing_decide_current(d, task);
    enum routing_moment moment = routing_clock_next(task, &at_us);
    while (status == STATUS_OK && moment != ROUTING_MOMENT_NONE && at_us == first_us) {
        status = moment == ROUTING_MOMENT_WARN      ? decide_warned(d, task, at_us)
                 : moment == ROUTING_MOMENT_RESPOND ? decide_response(d, task, at_us)
                                                    : decide_escalated(d, task, at_us);
        moment = routing_clock_next(task, &at_us);
    }
    return status;
}

/* --- closures --- */

static enum status refuse_many(struct decide *d)
{
    uint64_t recent = 0;
    uint64_t last = routing_tables_last_closure(d->txn);
    for (uint64_t number = last; number > 0 && recent < ROUTING_CLOSURES_A_YEAR_MAX; number--) {
        const Routing__ClosureRecord *closure = routing_tables_closure(d->txn, number, d->arena);
        if (closure == NULL) {
            return txn_error(d->txn, d->error);
        }
        if (closure->announced_at_us < d->now_us - 366 * DAY_US) {
            break;
        }
        recent++;
    }
    return recent < ROUTING_CLOSURES_A_YEAR_MAX
               ? STATUS_OK
               : decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                               "%d closures were announced within a year",
                               ROUTING_CLOSURES_A_YEAR_MAX);
}

enum status routing_decide_closure(struct decide *d, const ProtobufCMessage *message,
                                   ProtobufCMessage *answer)
{
    const Routing__AnnounceClosureRequest *request =
        (const Routing__AnnounceClosureRequest *)message;
    Routing__AnnounceClosureResponse *response = (Routing__AnnounceClosureResponse *)answer;
    int64_t ahead_us = us_add(d->now_us, ROUTING_CLOSURE_AHEAD_DAYS_MAX * DAY_US);
    if (request->to_us <= d->now_us) {
        return decide_refuse(d, STATUS_INVALID_ARGUMENT, "to_us", "this is not in the future");
    }
    if (request->from_us > ahead_us) {
        return decide_refuse(d, STATUS_INVALID_ARGUMENT, "from_us", "at most %d days ahead",
                             ROUTING_CLOSURE_AHEAD_DAYS_MAX);
    }
    int64_t from_us = request->from_us > d->now_us ? request->from_us : d->now_us;
    if (request->to_us - from_us > ROUTING_CLOSURE_DAYS_MAX * DAY_US) {
        return decide_refuse(d, STATUS_INVALID_ARGUMENT, "to_us", "at most %d days",
                             ROUTING_CLOSURE_DAYS_MAX);
    }
    enum status status = refuse_many(d);
    if (status != STATUS_OK) {
        return status;
    }
    Routing__ClosureAnnounced announced = ROUTING__CLOSURE_ANNOUNCED__INIT;
    announced.closure_number = routing_tables_last_closure(d->txn) + 1;
    announced.from_us = from_us;
    announced.to_us = request->to_us;
    announced.reason = request->reason;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_CLOSURE_ANNOUNCED;
    event.closure_announced = arena_copy(d->arena, &announced, sizeof(announced));
    const struct event_options options = {.ignorable = true};
    response->closure_number = announced.closure_number;
    response->from_us = announced.from_us;
    return routing_emit(d, &event, event.closure_announced, &options);
}

/* The task as it stands, with its dates moved; what is told of it lives on, the rest only in `scratch`: a
 * timer has not the memory for what many tasks hold. */
static enum status bring_up_task(struct decide *d, uint64_t number, struct arena *scratch,
                                 struct room **ret_room, uint32_t *ret_moves)
{
    arena_reset(scratch);
    Routing__Task *task = routing_tables_task(d->txn, number, scratch);
    if (task == NULL) {
        return txn_error(d->txn, d->error);
    }
    task->unit = arena_copy_text(d->arena, task->unit);
    return task->unit == NULL ? refuse_memory(d) : bring_up(d, task, ret_room, ret_moves);
}

enum status routing_decide_bring_up(struct decide *d, const uint64_t *tasks, size_t count,
                                    uint32_t moves_max, size_t *ret_looked, uint32_t *ret_moves)
{
    struct room *room = NULL;
    struct arena *scratch = arena_new(ROUTING_TASK_ARENA_BYTES);
    enum status status = STATUS_OK;
    size_t looked = 0;
    uint32_t moves = 0;
    while (looked < count && moves < moves_max && status == STATUS_OK) {
        uint32_t more = 0;
        status = bring_up_task(d, tasks[looked++], scratch, &room, &more);
        moves += more;
    }
    arena_free(scratch);
    *ret_looked = looked;
    *ret_moves = moves;
    return status;
}

/* Looks at the next tasks; ends early when enough have moved. */
enum status routing_decide_closure_step(struct decide *d, uint64_t number)
{
    uint64_t tasks[ROUTING_CLOSURE_TASKS_MAX];
    const Routing__ClosureRecord *closure = routing_tables_closure(d->txn, number, d->arena);
    if (closure == NULL) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer is about closure %" PRIu64 ", which is missing", number);
    }
    Routing__ClosureApplied applied = ROUTING__CLOSURE_APPLIED__INIT;
    applied.closure_number = number;
    applied.task_number = closure->task_number;
    size_t count = routing_tables_running_after(d->txn, closure->task_number, tasks,
                                                ROUTING_CLOSURE_TASKS_MAX);
    size_t looked = 0;
    enum status status = routing_decide_bring_up(d, tasks, count, ROUTING_CLOSURE_MOVED_MAX,
                                                 &looked, &applied.moved);
    if (status != STATUS_OK) {
        return status;
    }
    if (looked > 0) {
        applied.task_number = tasks[looked - 1];
    }
    applied.finished = looked == count && count < ROUTING_CLOSURE_TASKS_MAX;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_CLOSURE_APPLIED;
    event.closure_applied = arena_copy(d->arena, &applied, sizeof(applied));
    const struct event_options options = {.ignorable = true};
    return routing_emit(d, &event, event.closure_applied, &options);
}

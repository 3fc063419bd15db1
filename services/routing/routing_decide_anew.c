/*
 * What a task is about has changed - its request was amended, or an urgent one came to it or left it: the rules
 * are asked again, and what has become urgent is told and timed as that, even where the work was over. Reads
 * tables, writes nothing.
 */
#include "services/routing/routing_acts.h"
#include "services/routing/routing_alarm.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_storms.h"
#include "services/routing/routing_tables.h"

#include "base/clock.h"
#include "base/plant.h"
#include "service/city_request.h"

#include <string.h>

/* Nobody has taken it on, and no person has decided where it goes. */
static bool goes_by_rule(const Routing__Task *task)
{
    bool is_taken = task->state != ROUTING__TASK_STATE__TASK_STATE_ROUTED &&
                    task->state != ROUTING__TASK_STATE__TASK_STATE_SEEN;
    return !is_taken && task->by_rule && !PLANTED("amended_left_in_place");
}

/* As if it were new. */
static struct city_route route_of(const struct decide *d, const Routing__Task *task)
{
    struct city_route route;
    struct city_request asked =
        city_request_of(task->topic, task->place, task->urgency, task->answers, task->n_answers,
                        task->registered_at_us);
    city_route(d->city, &asked, &route);
    route.unit = city_unit_in_charge(d->city, route.unit, d->now_us);
    return route;
}

/* Whoever only shares the task sends it to nobody outside: it stays with its unit, under its own level. False: it may go. */
static bool keep_inside(const struct decide *d, const Routing__Task *task, bool is_amended,
                        struct city_route *route)
{
    if (is_amended || !city_unit_is_outside(d->city, route->unit)) {
        return false;
    }
    route->unit = task->unit;
    route->helper_count = 0;
    city_route_under(city_level(d->city, task->level),
                     routing_clock_is_urgent(d->city, task->topic, task->urgency), route);
    return true;
}

/* Emitted, and changed in `task`. */
static enum status emit(struct decide *d, Routing__Task *task, const Routing__Event *event,
                        const void *member, const struct event_options *options)
{
    int64_t at_us =
        options == NULL || options->occurred_at_us == 0 ? d->now_us : options->occurred_at_us;
    enum status status = routing_emit(d, event, member, options);
    return status == STATUS_OK && !routing_rules_change_task(task, event, at_us, d->arena)
               ? decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large")
               : status;
}

/* --- helping units that the rules asked --- */

static bool is_wanted(const struct decide *d, const struct city_route *route, bool leads,
                      const char *unit)
{
    bool is_lead = strcmp(route->unit, unit) == 0;
    for (size_t i = 0; i < route->helper_count && !is_lead; i++) {
        if (strcmp(city_unit_in_charge(d->city, route->helpers[i], d->now_us), unit) == 0) {
            return true;
        }
    }
    return is_lead && !leads; /* another unit has taken on what would be this one's */
}

/* What a person asked for only a person withdraws. */
static enum status withdraw_helpers(struct decide *d, Routing__Task *task,
                                    const struct city_route *route, bool leads)
{
    const struct event_options options = {.ignorable = true};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < task->n_helps && status == STATUS_OK; i++) {
        const Routing__TaskHelp *help = task->helps[i];
        if (help->ended_at_us != 0 || !help->by_rule || is_wanted(d, route, leads, help->unit)) {
            continue;
        }
        Routing__TaskHelpFinished finished = ROUTING__TASK_HELP_FINISHED__INIT;
        finished.task_number = task->number;
        finished.case_number = task->case_number;
        finished.unit = task->unit;
        finished.helper = help->unit;
        finished.withdrawn = true;
        finished.by_rule = true;

        Routing__Event event = ROUTING__EVENT__INIT;
        event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_FINISHED;
        event.task_help_finished = arena_copy(d->arena, &finished, sizeof(finished));
        status = emit(d, task, &event, event.task_help_finished, &options);
    }
    return status;
}

/* --- the unit --- */

/* Its due date stays, since the citizen has waited. */
static enum status move(struct decide *d, Routing__Task *task, const struct city_route *route,
                        char *reason, const struct event_options *options)
{
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    moved.task_number = task->number;
    moved.case_number = task->case_number;
    moved.from_unit = task->unit;
    moved.to_unit = (char *)(uintptr_t)route->unit;
    moved.reason = reason == NULL ? (char *)protobuf_c_empty_string : reason;
    moved.by_rule = true;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    event.task_moved = arena_copy(d->arena, &moved, sizeof(moved));
    return emit(d, task, &event, event.task_moved, options);
}

/* --- urgent --- */

/* While the unit waits time stands: it is given all of it when it goes on. */
static enum status hasten(struct decide *d, Routing__Task *task, const struct city_route *route,
                          int64_t since_us)
{
    bool stands = task->paused_at_us != 0 && task->paused_at_us < since_us;
    Routing__TaskDueMoved moved =
        routing_clock_unmoved(task, ROUTING__MOVE_CAUSE__MOVE_CAUSE_URGENT);
    moved.closure_number = routing_tables_last_closure(d->txn);
    return routing_clock_hasten(d->city, task, route, stands ? task->paused_at_us : since_us,
                                &moved) &&
                   !PLANTED("urgent_not_hastened")
               ? routing_decide_moved(d, task, &moved)
               : STATUS_OK;
}

enum status routing_decide_urgent_again(struct decide *d, Routing__Task *task, int64_t since_us)
{
    struct city_route route = route_of(d, task);
    return routing_alarm_is_needed(task) && !task->historical ? hasten(d, task, &route, since_us)
                                                              : STATUS_OK;
}

/* --- what was referred by mistake, or is dangerous since it ended --- */

static bool is_referred(const struct decide *d, const Routing__Task *task)
{
    return task->state == ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE && !task->historical &&
           city_unit_is_outside(d->city, task->unit);
}

static enum status reopen(struct decide *d, Routing__Task *task, char *reason,
                          const struct event_options *options)
{
    Routing__Event event =
        routing_acts_reopened(d, task, ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED,
                              reason == NULL ? (char *)protobuf_c_empty_string : reason, 0);
    enum status status = routing_decide_before(d, task, &event, options->occurred_at_us);
    const Routing__Task before = *task;
    if (status == STATUS_OK) {
        status = emit(d, task, &event, event.task_reopened, options);
    }
    return status == STATUS_OK ? routing_decide_followed(d, &before, &event, options) : status;
}

/* The dates of a request made at at_us, with what a storm had allowed it: no office of the city has had it until now, or it has another
 * matter with it than the one it had ended. */
static enum status start_clock(struct decide *d, Routing__Task *task,
                               const struct city_route *route, int64_t at_us)
{
    const struct routing_looseness usual = {.due_percent = 100, .respond_percent = 100};
    bool is_urgent = routing_clock_is_urgent(d->city, task->topic, task->urgency);
    struct routing_looseness looseness = is_urgent ? usual : routing_storm_allowed(task);
    Routing__TaskRouted dates = ROUTING__TASK_ROUTED__INIT;
    dates.topic = task->topic;
    dates.urgency = task->urgency;
    dates.unit = task->unit;
    dates.registered_at_us = at_us;
    enum status status = routing_decide_dates(d, route, looseness, &dates);
    Routing__TaskDueMoved moved =
        routing_clock_unmoved(task, ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED);
    moved.closure_number = routing_tables_last_closure(d->txn);
    moved.due_at_us = dates.due_at_us;
    moved.respond_at_us = dates.respond_at_us;
    moved.warn_at_us = dates.warn_at_us;
    moved.escalate_at_us = dates.escalate_at_us;
    moved.level = dates.level;
    moved.clock = dates.clock;
    return status == STATUS_OK ? routing_decide_moved(d, task, &moved) : status;
}

/* It goes where the rules send it now, be it outside again, unless a person had decided whose it is, or its history; with dates from
 * now on. */
static enum status bring_back(struct decide *d, Routing__Task *task, struct city_route *route,
                              char *reason, int64_t since_us)
{
    bool is_kept = keep_inside(d, task, reason != NULL, route);
    bool is_ruled = (task->by_rule && !task->historical) || is_referred(d, task) ||
                    city_unit(d->city, task->unit) == NULL; /* no office is there */
    bool moves = is_ruled && !is_kept && strcmp(route->unit, task->unit) != 0;
    /* The story has the amendment first, even when the clock of this machine is behind. */
    int64_t at_us = us_add(since_us, 1) > d->now_us ? us_add(since_us, 1) : d->now_us;
    const struct event_options options = {.occurred_at_us = at_us};
    enum status status = reopen(d, task, reason, &options);
    if (status == STATUS_OK) {
        status = moves ? move(d, task, route, reason, &options)
                       : routing_decide_take_in(d, task, &options);
    }
    if (status == STATUS_OK && moves && city_unit_is_outside(d->city, route->unit)) {
        return routing_decide_refer(d, task, false, &options);
    }
    if (status == STATUS_OK && !task->historical) {
        status = start_clock(d, task, route, at_us);
    }
    if (status == STATUS_OK) {
        status = routing_decide_alarm(d, task, at_us);
    }
    return status == STATUS_OK && is_ruled ? routing_decide_helpers(d, task, route) : status;
}

enum status routing_decide_ended_anew(struct decide *d, Routing__Task *task, bool is_danger,
                                      char *reason, int64_t since_us)
{
    struct city_route route = route_of(d, task);
    bool comes_back =
        is_referred(d, task)
            ? reason != NULL && strcmp(route.unit, task->unit) != 0 && !PLANTED("referred_for_good")
            : is_danger && !PLANTED("danger_after_the_end");
    return comes_back ? bring_back(d, task, &route, reason, since_us) : STATUS_OK;
}

enum status routing_decide_take_in(struct decide *d, Routing__Task *task,
                                   const struct event_options *options)
{
    struct city_route route = route_of(d, task);
    if (!city_unit_is_outside(d->city, task->unit)) {
        return STATUS_OK;
    }
    if (city_unit_is_outside(d->city, route.unit)) {
        route.unit = city_coordinator(d->city);
    }
    return move(d, task, &route, NULL, options);
}

/* --- together --- */

enum status routing_decide_anew(struct decide *d, Routing__Task *task, bool was_urgent,
                                char *reason, int64_t since_us)
{
    bool becomes = routing_alarm_is_needed(task) && !was_urgent;
    if (task->historical) { /* it stays where it was, with its own dates */
        return becomes ? routing_decide_alarm(d, task, since_us) : STATUS_OK;
    }
    struct city_route route = route_of(d, task);
    bool is_ruled = goes_by_rule(task);
    bool is_kept = keep_inside(d, task, reason != NULL, &route);
    bool moves = is_ruled && !is_kept && strcmp(route.unit, task->unit) != 0;
    enum status status = is_kept ? STATUS_OK : withdraw_helpers(d, task, &route, is_ruled);
    if (status == STATUS_OK && (moves || becomes)) {
        status = routing_decide_current(d, task);
    }
    if (status == STATUS_OK && moves) {
        status = move(d, task, &route, reason, NULL);
    }
    if (status == STATUS_OK && moves && city_unit_is_outside(d->city, route.unit)) {
        const struct event_options now = {0};
        return routing_decide_refer(d, task, false, &now); /* nobody has told the citizen yet */
    }
    if (status == STATUS_OK && becomes) {
        status = hasten(d, task, &route, since_us);
    }
    if (status == STATUS_OK && (moves || becomes)) {
        status = routing_decide_alarm(d, task, becomes ? since_us : d->now_us);
    }
    return status == STATUS_OK && is_ruled ? routing_decide_helpers(d, task, &route) : status;
}

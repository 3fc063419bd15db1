/* The clock of a task: see routing_clock.h. */
#include "services/routing/routing_clock.h"

#include "services/routing/routing_alarm.h"
#include "services/routing/routing_rules.h"

#include "base/clock.h"
#include "service/person_act.h"

#include <string.h>

bool routing_clock_runs(const Routing__Task *task)
{
    return !routing_rules_is_closed(task->state) &&
           task->state != ROUTING__TASK_STATE__TASK_STATE_WAITING;
}

bool routing_clock_is_due_ahead(const Routing__Task *task)
{
    return task->due_at_us != 0 && !task->overdue && routing_clock_runs(task);
}

static bool awaits_warning(const Routing__Task *task)
{
    return task->warn_at_us != 0 && !task->warned;
}

static bool awaits_response(const Routing__Task *task)
{
    return task->respond_at_us != 0 && !task->response_overdue && task->responded_at_us == 0;
}

enum routing_moment routing_clock_next(const Routing__Task *task, int64_t *ret_at_us)
{
    const struct {
        enum routing_moment moment;
        bool awaited;
        int64_t at_us;
    } all[] = {
        {ROUTING_MOMENT_WARN, awaits_warning(task), task->warn_at_us},
        {ROUTING_MOMENT_RESPOND, awaits_response(task), task->respond_at_us},
        {ROUTING_MOMENT_ESCALATE, task->escalate_at_us != 0, task->escalate_at_us},
    };
    enum routing_moment next = ROUTING_MOMENT_NONE;
    *ret_at_us = 0;
    for (size_t i = 0; i < 3 && !task->historical && routing_clock_runs(task); i++) {
        if (all[i].awaited && (next == ROUTING_MOMENT_NONE || all[i].at_us < *ret_at_us)) {
            next = all[i].moment;
            *ret_at_us = all[i].at_us;
        }
    }
    return next;
}

/* --- sums --- */

const struct hours *routing_clock_hours(const struct city *city, const Routing__Task *task)
{
    return task->clock == ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING ? city_hours(city, task->unit)
                                                                  : NULL;
}

int64_t routing_clock_add(const struct hours *hours, int64_t from_us, int64_t amount_us,
                          const struct hours_gaps *gaps)
{
    int64_t at_us;
    return hours_add(hours, from_us, amount_us, gaps, &at_us, NULL) == STATUS_OK
               ? at_us
               : us_add(from_us, HOURS_YEARS_MAX * 365 * DAY_US);
}

bool routing_clock_is_urgent(const struct city *city, const char *topic, Common__Urgency urgency)
{
    const struct city_topic *listed = city_topic(city, topic);
    return urgency == COMMON__URGENCY__URGENCY_URGENT || (listed != NULL && listed->urgent);
}

bool routing_clock_step_after(const struct city *city, const Routing__Task *task, uint32_t number,
                              const struct city_step **ret_step, int64_t *ret_after_us)
{
    const struct city_level *level = city_level(city, task->level);
    const struct city_step *step =
        level == NULL ? NULL : city_ladder(city, task->level, task->unit, number);
    if (step == NULL) {
        return false;
    }
    bool urgent =
        routing_clock_is_urgent(city, task->topic, task->urgency) && level->urgent_hours > 0;
    int64_t whole_us = (int64_t)(urgent ? level->urgent_hours : level->due_hours) * HOUR_US;
    *ret_step = step;
    *ret_after_us = step->after_hours > 0 ? step->after_hours * HOUR_US
                                          : whole_us / 100 * ((int64_t)step->after_percent - 100);
    return true;
}

/* The time until the first response, which is never later than the due date. */
static int64_t respond_us(uint32_t hours, uint32_t percent, int64_t whole_us)
{
    int64_t us = hours * HOUR_US / 100 * percent;
    return us < whole_us ? us : whole_us;
}

void routing_clock_start(const struct city *city, const struct city_route *route,
                         struct routing_looseness looseness, Routing__TaskRouted *routed,
                         const struct hours_gaps *gaps)
{
    const struct city_step *step;
    int64_t after_us;
    Routing__Task task = routing_rules_new_task(routed, routed->registered_at_us, false);
    if (route->due_hours == 0) {
        return;
    }
    task.level = (char *)route->level;
    task.clock = route->working ? ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING
                                : ROUTING__CLOCK_KIND__CLOCK_KIND_WALL;
    const struct hours *hours = routing_clock_hours(city, &task);
    const struct hours_gaps *counted = hours == NULL ? NULL : gaps;
    int64_t whole_us = route->due_hours * HOUR_US / 100 * looseness.due_percent;
    int64_t from_us = routed->registered_at_us;
    routed->level = task.level;
    routed->clock = task.clock;
    routed->due_at_us = routing_clock_add(hours, from_us, whole_us, counted);
    if (route->respond_hours > 0) {
        routed->respond_at_us = routing_clock_add(
            hours, from_us, respond_us(route->respond_hours, looseness.respond_percent, whole_us),
            counted);
    }
    if (route->warn_percent > 0) {
        routed->warn_at_us =
            routing_clock_add(hours, from_us, whole_us / 100 * route->warn_percent, counted);
    }
    if (routing_clock_step_after(city, &task, 1, &step, &after_us)) {
        routed->escalate_at_us = routing_clock_add(hours, routed->due_at_us, after_us, counted);
    }
}

/* --- moving --- */

Routing__TaskDueMoved routing_clock_unmoved(const Routing__Task *task, Routing__MoveCause cause)
{
    Routing__TaskDueMoved moved = ROUTING__TASK_DUE_MOVED__INIT;
    moved.task_number = task->number;
    moved.case_number = task->case_number;
    moved.unit = task->unit;
    moved.cause = cause;
    moved.due_at_us = task->due_at_us;
    moved.respond_at_us = task->respond_at_us;
    moved.warn_at_us = task->warn_at_us;
    moved.escalate_at_us = task->escalate_at_us;
    return moved;
}

bool routing_clock_move(const struct hours *hours, const Routing__Task *task, int64_t stop_us,
                        int64_t go_us, const struct hours_gaps *before,
                        const struct hours_gaps *after, Routing__TaskDueMoved *moved)
{
    const struct {
        bool awaited;
        int64_t *at_us;
    } dates[] = {
        {task->due_at_us != 0 && !task->overdue, &moved->due_at_us},
        {awaits_response(task), &moved->respond_at_us},
        {awaits_warning(task), &moved->warn_at_us},
        {task->escalate_at_us != 0, &moved->escalate_at_us},
    };
    bool any = false;
    for (size_t i = 0; i < 4; i++) {
        int64_t at_us = *dates[i].at_us;
        int64_t rest_us;
        if (!dates[i].awaited || at_us <= stop_us ||
            hours_between(hours, stop_us, at_us, before, &rest_us, NULL) != STATUS_OK) {
            continue; /* it has come; or it lies at the end of all sums */
        }
        *dates[i].at_us = routing_clock_add(hours, go_us, rest_us, after);
        any = any || *dates[i].at_us != at_us;
    }
    return any;
}

/* --- loosening --- */

struct lengths {
    int64_t due_us, respond_us, warn_us;
};

static struct lengths lengths_of(const struct city_level *level, struct routing_looseness looseness)
{
    int64_t whole_us = level->due_hours * HOUR_US / 100 * looseness.due_percent;
    return (struct lengths){
        .due_us = whole_us,
        .respond_us = respond_us(level->respond_hours, looseness.respond_percent, whole_us),
        .warn_us = whole_us / 100 * level->warn_percent,
    };
}

struct routing_delays routing_clock_delays(const struct city *city, const Routing__Task *task,
                                           struct routing_looseness from,
                                           struct routing_looseness to)
{
    const struct city_level *level = city_level(city, task->level);
    struct routing_delays delays = {0};
    to.due_percent = to.due_percent > from.due_percent ? to.due_percent : from.due_percent;
    to.respond_percent =
        to.respond_percent > from.respond_percent ? to.respond_percent : from.respond_percent;
    if (level != NULL) {
        struct lengths before = lengths_of(level, from);
        struct lengths after = lengths_of(level, to);
        delays = (struct routing_delays){
            .due_us = after.due_us - before.due_us,
            .respond_us = after.respond_us - before.respond_us,
            .warn_us = after.warn_us - before.warn_us,
        };
    }
    return delays;
}

bool routing_clock_delay(const struct hours *hours, const Routing__Task *task, int64_t stop_us,
                         const struct routing_delays *delays, const struct hours_gaps *gaps,
                         Routing__TaskDueMoved *moved)
{
    const struct {
        bool awaited;
        int64_t *at_us;
        int64_t by_us;
    } dates[] = {
        {true, &moved->due_at_us, delays->due_us},
        {awaits_response(task), &moved->respond_at_us, delays->respond_us},
        {awaits_warning(task), &moved->warn_at_us, delays->warn_us},
        {task->escalate_at_us != 0, &moved->escalate_at_us, delays->due_us},
    };
    bool any = false;
    if (task->due_at_us == 0 || task->overdue || task->due_at_us <= stop_us) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        if (dates[i].awaited && *dates[i].at_us > stop_us && dates[i].by_us > 0) {
            *dates[i].at_us = routing_clock_add(hours, *dates[i].at_us, dates[i].by_us, gaps);
            any = true;
        }
    }
    return any;
}

/* --- hastening --- */

static bool take_sooner(bool awaited, int64_t *at_us, int64_t urgent_us)
{
    bool sooner = awaited && urgent_us != 0 && (*at_us == 0 || urgent_us < *at_us);
    if (sooner) {
        *at_us = urgent_us;
    }
    return sooner;
}

bool routing_clock_hasten(const struct city *city, const Routing__Task *task,
                          const struct city_route *route, int64_t from_us,
                          Routing__TaskDueMoved *moved)
{
    const struct routing_looseness usual = {.due_percent = 100, .respond_percent = 100};
    Routing__TaskRouted urgent = ROUTING__TASK_ROUTED__INIT;
    urgent.topic = task->topic;
    urgent.urgency = COMMON__URGENCY__URGENCY_URGENT;
    urgent.unit = task->unit;
    urgent.registered_at_us = from_us;
    routing_clock_start(city, route, usual, &urgent, NULL);
    if (urgent.due_at_us == 0) {
        return false; /* without a level */
    }
    bool any = task->clock != ROUTING__CLOCK_KIND__CLOCK_KIND_WALL ||
               strcmp(task->level, urgent.level) != 0;
    moved->level = urgent.level;
    any |= take_sooner(!task->overdue, &moved->due_at_us, urgent.due_at_us);
    any |= take_sooner(!task->response_overdue && task->responded_at_us == 0, &moved->respond_at_us,
                       urgent.respond_at_us);
    any |= take_sooner(!task->warned, &moved->warn_at_us, urgent.warn_at_us);
    any |= take_sooner(!task->overdue, &moved->escalate_at_us, urgent.escalate_at_us);
    return any;
}

/* --- events --- */

bool routing_clock_is_event(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_WARNED:
    case ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE:
    case ROUTING__EVENT__KIND_TASK_ESCALATED:
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED: return true;
    default: return false;
    }
}

static void start_anew(Routing__Task *task, const Routing__TaskDueMoved *moved)
{
    task->clock = moved->clock;
    task->level = moved->level;
    task->overdue = false;
    task->warned = false;
    task->response_overdue = false;
    task->responded_at_us = 0;
    task->escalations = 0;
}

bool routing_clock_change(Routing__Task *task, const Routing__Event *event)
{
    bool is_closed = routing_rules_is_closed(task->state);
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_WARNED:
        if (is_closed || task->warned) {
            return false;
        }
        task->warned = true;
        return true;
    case ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE:
        if (is_closed || task->response_overdue) {
            return false;
        }
        task->response_overdue = true;
        return true;
    case ROUTING__EVENT__KIND_TASK_ESCALATED:
        if (is_closed || event->task_escalated->step != task->escalations + 1) {
            return false;
        }
        task->escalations = event->task_escalated->step;
        task->escalate_at_us = event->task_escalated->next_at_us;
        return true;
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED:
        task->due_at_us = event->task_due_moved->due_at_us;
        task->respond_at_us = event->task_due_moved->respond_at_us;
        task->warn_at_us = event->task_due_moved->warn_at_us;
        task->escalate_at_us = event->task_due_moved->escalate_at_us;
        if (event->task_due_moved->storm != 0) {
            task->storm = event->task_due_moved->storm;
            task->due_percent = event->task_due_moved->due_percent;
            task->respond_percent = event->task_due_moved->respond_percent;
        }
        if (event->task_due_moved->cause == ROUTING__MOVE_CAUSE__MOVE_CAUSE_URGENT) {
            task->clock = ROUTING__CLOCK_KIND__CLOCK_KIND_WALL;
            task->level = event->task_due_moved->level;
        }
        if (event->task_due_moved->cause == ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED) {
            start_anew(task, event->task_due_moved);
        }
        return true;
    default: return false;
    }
}

bool routing_clock_respond(Routing__Task *task, const Routing__Event *event, char *actor,
                           int64_t occurred_at_us, struct arena *arena)
{
    if (!person_act_is(event, actor)) {
        return true;
    }
    if (!task->historical && task->responded_at_us == 0) {
        task->responded_at_us = occurred_at_us;
    }
    return routing_alarm_acknowledge(task, actor, occurred_at_us, arena);
}

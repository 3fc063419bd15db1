/* Urgent tasks: see routing_alarm.h. */
#include "services/routing/routing_alarm.h"

#include "services/routing/routing_rules.h"

bool routing_alarm_is_needed(const Routing__Task *task)
{
    return task->urgency == COMMON__URGENCY__URGENCY_URGENT &&
           (!task->historical || task->urgent_today) && !routing_rules_is_closed(task->state);
}

int64_t routing_alarm_next(const Routing__Task *task)
{
    const Routing__Alarm *alarm = task->alarm;
    return alarm != NULL && alarm->acknowledged_at_us == 0 && routing_alarm_is_needed(task)
               ? alarm->acknowledge_by_us
               : 0;
}

/* --- events --- */

bool routing_alarm_is_event(const Routing__Event *event)
{
    return event->kind_case == ROUTING__EVENT__KIND_TASK_ALARMED ||
           event->kind_case == ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED ||
           event->kind_case == ROUTING__EVENT__KIND_TASK_ALARM_GIVEN;
}

static bool begin(Routing__Task *task, const Routing__TaskAlarmed *alarmed, struct arena *arena)
{
    Routing__Alarm *alarm = arena_alloc(arena, sizeof(*alarm));
    if (alarm == NULL) {
        return false;
    }
    routing__alarm__init(alarm);
    alarm->since_us = alarmed->since_us;
    alarm->acknowledge_by_us = alarmed->acknowledge_by_us;
    alarm->urgent_desk = alarmed->urgent_desk;
    alarm->given_to = alarmed->desk;
    task->alarm = alarm;
    task->desk = alarmed->desk;
    return true;
}

/* The task's alarm, copied: the task as it was keeps its own. NULL: none, or no memory. */
static Routing__Alarm *copy_alarm(const Routing__Task *task, struct arena *arena)
{
    return task->alarm == NULL ? NULL : arena_copy(arena, task->alarm, sizeof(*task->alarm));
}

static bool go_up(Routing__Task *task, const Routing__TaskUnacknowledged *passed,
                  struct arena *arena)
{
    Routing__Alarm *alarm = copy_alarm(task, arena);
    if (alarm == NULL || alarm->acknowledged_at_us != 0 || passed->step != alarm->steps + 1) {
        return false;
    }
    alarm->steps = passed->step;
    alarm->role = passed->role;
    alarm->acknowledge_by_us = passed->next_at_us;
    task->alarm = alarm;
    return true;
}

static bool give(Routing__Task *task, const Routing__TaskAlarmGiven *given, struct arena *arena)
{
    Routing__Alarm *alarm = copy_alarm(task, arena);
    if (alarm == NULL) {
        return false;
    }
    alarm->given_to = given->desk;
    task->alarm = alarm;
    task->desk = given->desk;
    return true;
}

bool routing_alarm_change(Routing__Task *task, const Routing__Event *event, struct arena *arena)
{
    if (routing_rules_is_closed(task->state)) {
        return false;
    }
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ALARMED: return begin(task, event->task_alarmed, arena);
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED:
        return go_up(task, event->task_unacknowledged, arena);
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN: return give(task, event->task_alarm_given, arena);
    default: return false;
    }
}

bool routing_alarm_acknowledge(Routing__Task *task, char *person, int64_t at_us,
                               struct arena *arena)
{
    if (task->alarm == NULL || task->alarm->acknowledged_at_us != 0) {
        return true;
    }
    Routing__Alarm *alarm = copy_alarm(task, arena);
    if (alarm == NULL) {
        return false;
    }
    alarm->acknowledged_at_us = at_us;
    alarm->acknowledged_by = person;
    task->alarm = alarm;
    return true;
}

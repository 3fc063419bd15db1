/* Urgent tasks, a second time: each unit that gets one is told at once, it goes to the desk the pack says, and to a person
 * or up the ladder, step by step. Nothing of services/routing is in it. */
#include "tests/sim/recount_internal.h"

#include "city/city.h"

#include <inttypes.h>
#include <string.h>

#define HELD_MAX 40

static const struct city *city_of(const struct recount *recount)
{
    return world_city(recount->world);
}

/* Nobody of a body outside the city is awaited. */
static int64_t minutes(const struct recount *recount, const char *key)
{
    const struct city_unit *unit = city_unit(city_of(recount), key);
    if (unit != NULL && strcmp(unit->kind, "outside") == 0) {
        return 0;
    }
    return (int64_t)city_acknowledge_minutes(city_of(recount)) * 60 * 1000000;
}

bool recount_alarm_is_live(const struct recount_task *task)
{
    return task->urgent && (!task->historical || task->urgent_today) && !recount_has_ended(task);
}

/* --- what makes it one --- */

void recount_alarm_owe(struct recount_task *task, int64_t since_us)
{
    if (recount_alarm_is_live(task)) {
        task->alarm.owed = true;
        task->alarm.owed_since_us = since_us;
    }
}

void recount_alarm_calm(struct recount_task *task)
{
    task->alarm = (struct recount_alarm){0};
}

void recount_alarm_follow(struct recount_task *task, const struct found *found)
{
    switch (((const Routing__Event *)found->open)->kind_case) {
    case ROUTING__EVENT__KIND_TASK_RETURNED:
    case ROUTING__EVENT__KIND_TASK_MOVED:
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        /* An amendment that is told and moves it counts from itself. */
        recount_alarm_owe(task, task->alarm.owed ? task->alarm.owed_since_us
                                                 : found->record->occurred_at_us);
        break;
    default:
        if (recount_has_ended(task)) {
            task->alarm.owed = false;
            task->alarm.orphaned = false;
        }
        break;
    }
}

void recount_alarm_person(struct recount_task *task)
{
    task->alarm.acknowledged = true;
}

/* --- to which desk --- */

static bool is_there(const struct recount_desk *desk, const char *unit, int64_t at_us)
{
    return strcmp(desk->unit, unit) == 0 && !desk->silent && desk->until_us > at_us &&
           desk->held < HELD_MAX;
}

/* 0: no desk is there. Of those with the same to do the first by name. */
static uint64_t rightful_desk(const struct recount *recount, const struct recount_task *task,
                              int64_t at_us)
{
    const struct city_unit *unit = city_unit(city_of(recount), task->unit);
    const struct recount_desk *best = NULL;
    for (size_t i = 0; i < recount->desk_count; i++) {
        const struct recount_desk *desk = &recount->desks[i];
        if (!is_there(desk, task->unit, at_us)) {
            continue;
        }
        if (unit != NULL && strcmp(desk->name, unit->urgent_desk) == 0) {
            return i + 1;
        }
        if (best == NULL || desk->held < best->held ||
            (desk->held == best->held && strcmp(desk->name, best->name) < 0)) {
            best = desk;
        }
    }
    if (task->desk != 0) {
        return task->desk;
    }
    return best == NULL ? 0 : (uint64_t)(best - recount->desks) + 1;
}

static void give(struct recount *recount, struct recount_task *task, const struct found *found,
                 const char *name)
{
    uint64_t desk = rightful_desk(recount, task, found->record->recorded_at_us);
    const char *rightful = desk == 0 ? "" : recount->desks[desk - 1].name;
    if (strcmp(name, rightful) != 0) {
        invariant_broken(INVARIANT_URGENT,
                         "urgent task %" PRIu64 " goes to desk \"%s\", not to \"%s\"", task->number,
                         name, rightful);
    }
    if (desk == task->desk) {
        return;
    }
    if (task->desk != 0) {
        recount->desks[task->desk - 1].held--;
    }
    recount->desks[desk - 1].held++;
    task->desk = desk;
}

bool recount_alarm_has_desk(const struct recount *recount, const struct recount_task *task,
                            int64_t at_us)
{
    return rightful_desk(recount, task, at_us) != 0;
}

/* --- events --- */

static void take_alarmed(struct recount *recount, struct recount_task *task,
                         const struct found *found, const Routing__TaskAlarmed *alarmed)
{
    int64_t wait_us = minutes(recount, task->unit);
    int64_t next_us = wait_us == 0 ? 0 : alarmed->since_us + wait_us;
    if (!recount_alarm_is_live(task) || !task->alarm.owed ||
        alarmed->since_us != task->alarm.owed_since_us || alarmed->acknowledge_by_us != next_us) {
        recount_impossible(found, "nothing made it urgent, or since another time");
    }
    recount_clock_hastened(recount, task);
    task->alarm = (struct recount_alarm){.is_on = true, .next_us = next_us};
    give(recount, task, found, alarmed->desk);
}

static void take_unacknowledged(struct recount *recount, struct recount_task *task,
                                const struct found *found,
                                const Routing__TaskUnacknowledged *passed)
{
    struct recount_alarm *alarm = &task->alarm;
    int64_t percent, hours;
    int64_t at_us = alarm->next_us > task->clock.routed_us ? alarm->next_us : task->clock.routed_us;
    bool has_step = slow_clock_step(recount->slow, task->clock.level, task->unit, passed->step,
                                    &percent, &hours);
    bool goes_on = slow_clock_step(recount->slow, task->clock.level, task->unit, passed->step + 1,
                                   &percent, &hours);
    if (!recount_alarm_is_live(task) || !alarm->is_on || alarm->acknowledged ||
        alarm->next_us == 0 || passed->step != alarm->steps + 1) {
        invariant_broken(INVARIANT_URGENT,
                         "urgent task %" PRIu64 " goes up, though a person has it, or again",
                         task->number);
    }
    if (found->record->recorded_at_us < alarm->next_us || found->record->occurred_at_us != at_us) {
        invariant_broken(INVARIANT_TIMERS, "urgent task %" PRIu64 " goes up not at its time",
                         task->number);
    }
    if (has_step != (passed->role[0] != '\0') ||
        passed->next_at_us != (goes_on ? alarm->next_us + minutes(recount, task->unit) : 0)) {
        invariant_broken(INVARIANT_URGENT,
                         "urgent task %" PRIu64 " goes up otherwise than the ladder says",
                         task->number);
    }
    recount_go_up(recount, task, passed->step, passed->to_unit);
    alarm->steps = passed->step;
    alarm->next_us = passed->next_at_us;
}

/* What no desk has room for any more waits for the first that claims. */
static void leave_to_the_next(struct recount *recount, int64_t at_us)
{
    for (size_t i = 0; i < recount->task_count; i++) {
        struct recount_task *task = &recount->tasks[i];
        task->alarm.orphaned = task->alarm.orphaned && recount_alarm_has_desk(recount, task, at_us);
    }
}

static void take_given(struct recount *recount, struct recount_task *task,
                       const struct found *found, const Routing__TaskAlarmGiven *given)
{
    if (!recount_alarm_is_live(task) || !task->alarm.is_on || !task->alarm.orphaned ||
        task->desk != 0) {
        recount_impossible(found, "the task is not urgent, or has a desk");
    }
    task->alarm.orphaned = false;
    give(recount, task, found, given->desk);
    leave_to_the_next(recount, found->record->recorded_at_us);
}

/* The task the event is about, when it is such an event. */
static struct recount_task *alarmed_task(struct recount *recount, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    uint64_t number = 0;
    const char *unit = "";
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ALARMED:
        number = event->task_alarmed->task_number;
        unit = event->task_alarmed->unit;
        break;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED:
        number = event->task_unacknowledged->task_number;
        unit = event->task_unacknowledged->unit;
        break;
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN:
        number = event->task_alarm_given->task_number;
        unit = event->task_alarm_given->unit;
        break;
    default: return NULL;
    }
    struct recount_task *task = recount_task(recount, number);
    if (task == NULL || strcmp(task->unit, unit) != 0) {
        recount_impossible(found, "there is no such task, or another unit has it");
    }
    return task;
}

bool recount_take_alarm(struct recount *recount, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    struct recount_task *task = alarmed_task(recount, found);
    if (task == NULL) {
        return false;
    }
    recount_desk_act(recount, found, task, false);
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ALARMED:
        take_alarmed(recount, task, found, event->task_alarmed);
        break;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED:
        take_unacknowledged(recount, task, found, event->task_unacknowledged);
        break;
    default: take_given(recount, task, found, event->task_alarm_given); break;
    }
    recount_concern_all(recount, task, found->offset);
    struct recount_event noted = {.unit = task->unit, .due_at_us = task->due_at_us};
    recount_note_joined(recount, task, found, noted);
    noted.left = task->own_left;
    recount_note(recount, task->case_number, found, noted);
    return true;
}

/* --- is everyone told? --- */

void recount_alarm_check(const struct recount_task *task, int64_t until_us)
{
    const struct recount_alarm *alarm = &task->alarm;
    if (!recount_alarm_is_live(task)) {
        return;
    }
    if (alarm->owed || !alarm->is_on) {
        invariant_broken(INVARIANT_URGENT, "%s has not been told that task %" PRIu64 " is urgent",
                         task->unit, task->number);
    }
    if (alarm->orphaned) {
        invariant_broken(INVARIANT_URGENT,
                         "the desk of urgent task %" PRIu64 " is silent, and no other was given it",
                         task->number);
    }
    if (!alarm->acknowledged && alarm->next_us != 0 && alarm->next_us < until_us) {
        invariant_broken(INVARIANT_URGENT,
                         "urgent task %" PRIu64 " has reached no person, and has not gone up",
                         task->number);
    }
}

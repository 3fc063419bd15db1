/* Urgent tasks: given to a desk at once, ahead of every queue; up the ladder while nobody acknowledges
 * them. Reads tables, writes nothing. */
#include "services/routing/routing_alarm.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/clock.h"
#include "base/plant.h"

#include <inttypes.h>
#include <string.h>

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
}

/* --- to which desk --- */

/* A unit's desks that are there and have room, by name. What is given to one is counted in its record. */
struct desks {
    Routing__DeskRecord *records[ROUTING_DESKS_MAX];
    size_t count;
};

static bool takes(const struct decide *d, const Routing__DeskRecord *desk)
{
    return desk->until_us > d->now_us && desk->held < ROUTING_DESK_HELD_MAX;
}

static void read_desks(struct decide *d, const char *unit, struct desks *desks)
{
    uint64_t numbers[ROUTING_DESKS_MAX];
    size_t count = routing_tables_desks(d->txn, unit, d->arena, numbers, ROUTING_DESKS_MAX);
    desks->count = 0;
    for (size_t i = 0; i < count; i++) {
        Routing__DeskRecord *desk = routing_tables_desk(d->txn, numbers[i], d->arena);
        if (desk != NULL && takes(d, desk)) {
            desks->records[desks->count++] = desk;
        }
    }
}

/* The unit's desk for urgent tasks; when it is not there, the one that has it already, else the one with
 * the least to do. "": no desk is there. */
static char *choose_desk(struct decide *d, struct desks *desks, const char *urgent_desk,
                         char *has_it)
{
    Routing__DeskRecord *chosen = NULL;
    for (size_t i = 0; i < desks->count; i++) {
        Routing__DeskRecord *desk = desks->records[i];
        if (!takes(d, desk)) {
            continue;
        }
        if (strcmp(desk->name, urgent_desk) == 0) {
            chosen = desk;
            break;
        }
        if (chosen == NULL || desk->held < chosen->held) {
            chosen = desk;
        }
    }
    bool stays = has_it[0] != '\0' && (chosen == NULL || strcmp(chosen->name, urgent_desk) != 0);
    if (stays || chosen == NULL) {
        return has_it;
    }
    chosen->held++;
    return chosen->name;
}

static char *urgent_desk_of(const struct city *city, const char *unit)
{
    const struct city_unit *listed = city_unit(city, unit);
    return (char *)(uintptr_t)(listed == NULL ? "" : listed->urgent_desk);
}

/* --- it is urgent, and a unit's --- */

/* So long after that a person of the unit is to have acknowledged it; 0: nobody is awaited. That is so where the
 * pack says nothing, and with a body outside the city: its people are not here. */
static int64_t acknowledge_by(const struct city *city, const char *unit, int64_t at_us)
{
    uint32_t minutes = city_acknowledge_minutes(city);
    return minutes == 0 || city_unit_is_outside(city, unit) ? 0
                                                            : us_add(at_us, minutes * MINUTE_US);
}

enum status routing_decide_alarm(struct decide *d, Routing__Task *task, int64_t since_us)
{
    struct desks desks;
    if (!routing_alarm_is_needed(task)) {
        return STATUS_OK;
    }
    read_desks(d, task->unit, &desks);
    Routing__TaskAlarmed alarmed = ROUTING__TASK_ALARMED__INIT;
    alarmed.task_number = task->number;
    alarmed.case_number = task->case_number;
    alarmed.unit = task->unit;
    alarmed.code = task->code;
    alarmed.topic = task->topic;
    alarmed.place = task->place;
    alarmed.since_us = since_us;
    alarmed.acknowledge_by_us = acknowledge_by(d->city, task->unit, since_us);
    alarmed.urgent_desk = urgent_desk_of(d->city, task->unit);
    alarmed.desk = choose_desk(d, &desks, alarmed.urgent_desk, task->desk);

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ALARMED;
    event.task_alarmed = arena_copy(d->arena, &alarmed, sizeof(alarmed));
    /* Not before what it comes behind, when the clock of this machine is behind. */
    const struct event_options options = {
        .occurred_at_us = since_us > d->now_us ? since_us : 0,
        .ignorable = true,
    };
    enum status status = routing_emit(d, &event, event.task_alarmed, &options);
    if (status == STATUS_OK && !routing_alarm_change(task, &event, d->arena)) {
        status = refuse_memory(d);
    }
    return status == STATUS_OK ? txn_error(d->txn, d->error) : status;
}

enum status routing_decide_alarm_behind(struct decide *d, Routing__Task *task,
                                        const Routing__Event *event, int64_t at_us)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_RETURNED:
        return PLANTED("returned_alarm_forgotten") ? STATUS_OK
                                                   : routing_decide_alarm(d, task, at_us);
    case ROUTING__EVENT__KIND_TASK_MOVED: return routing_decide_alarm(d, task, at_us);
    case ROUTING__EVENT__KIND_TASK_REOPENED: {
        enum status status = routing_decide_urgent_again(d, task, at_us);
        return status == STATUS_OK ? routing_decide_alarm(d, task, at_us) : status;
    }
    default: return STATUS_OK;
    }
}

/* --- its desk is silent --- */

static enum status give(struct decide *d, const Routing__Task *task, struct desks *desks)
{
    Routing__TaskAlarmGiven given = ROUTING__TASK_ALARM_GIVEN__INIT;
    given.task_number = task->number;
    given.case_number = task->case_number;
    given.unit = task->unit;
    given.desk =
        choose_desk(d, desks, urgent_desk_of(d->city, task->unit), (char *)protobuf_c_empty_string);
    if (given.desk[0] == '\0') {
        return STATUS_OK; /* the first that claims gets it */
    }
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ALARM_GIVEN;
    event.task_alarm_given = arena_copy(d->arena, &given, sizeof(given));
    const struct event_options options = {.ignorable = true};
    return routing_emit(d, &event, event.task_alarm_given, &options);
}

enum status routing_decide_alarms_of_silent(struct decide *d, uint64_t desk_number,
                                            const char *unit)
{
    uint64_t numbers[ROUTING_DESK_HELD_MAX];
    struct desks desks;
    struct arena *scratch = arena_new(ROUTING_TASK_ARENA_BYTES);
    size_t count = routing_tables_claims(d->txn, desk_number, numbers, ROUTING_DESK_HELD_MAX);
    enum status status = STATUS_OK;
    read_desks(d, unit, &desks);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        arena_reset(scratch);
        Routing__Task *task = routing_tables_task(d->txn, numbers[i], scratch);
        if (task != NULL && task->alarm != NULL && routing_alarm_is_needed(task)) {
            task->unit = arena_copy_text(d->arena, task->unit);
            status = task->unit == NULL ? refuse_memory(d) : give(d, task, &desks);
        }
    }
    arena_free(scratch);
    return status == STATUS_OK ? txn_error(d->txn, d->error) : status;
}

/* --- nobody has acknowledged it --- */

enum status routing_decide_unacknowledged(struct decide *d, Routing__Task *task)
{
    int64_t at_us = routing_alarm_next(task);
    if (at_us == 0) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "nobody is awaited to acknowledge task %" PRIu64, task->number);
    }
    uint32_t number = task->alarm->steps + 1;
    const struct city_step *step = city_ladder(d->city, task->level, task->unit, number);
    bool goes_on = city_ladder(d->city, task->level, task->unit, number + 1) != NULL;
    Routing__TaskUnacknowledged passed = ROUTING__TASK_UNACKNOWLEDGED__INIT;
    passed.task_number = task->number;
    passed.case_number = task->case_number;
    passed.unit = task->unit;
    passed.step = number;
    passed.role = (char *)(uintptr_t)(step == NULL ? "" : step->role);
    passed.to_unit = routing_decide_goes_up_to(d, task, step);
    passed.next_at_us = goes_on ? acknowledge_by(d->city, task->unit, at_us) : 0;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED;
    event.task_unacknowledged = arena_copy(d->arena, &passed, sizeof(passed));
    const struct event_options options = {
        .occurred_at_us = at_us > task->routed_at_us ? at_us : task->routed_at_us,
        .ignorable = true,
    };
    return routing_emit(d, &event, event.task_unacknowledged, &options);
}

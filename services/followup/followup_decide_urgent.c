/* What routing tells of urgent tasks, so that sessions are shown it. Reads tables, writes nothing. */
#include "services/followup/followup_sessions.h"

#include "base/plant.h"

#include <string.h>

static enum status tell(struct decide *d, const struct event *event,
                        Followup__UrgentChangeKind kind, const Followup__UrgentTask *task,
                        char *from_unit)
{
    Followup__Event *open = arena_alloc(d->arena, sizeof(*open));
    Followup__UrgentChanged *changed = arena_alloc(d->arena, sizeof(*changed));
    Followup__UrgentTask *kept = arena_copy(d->arena, task, sizeof(*task));
    if (open == NULL || changed == NULL || kept == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the event needs more memory than an event may have");
    }
    followup__urgent_changed__init(changed);
    changed->kind = kind;
    changed->task = kept;
    changed->from_unit = from_unit;
    followup__event__init(open);
    open->kind_case = FOLLOWUP__EVENT__KIND_URGENT_CHANGED;
    open->urgent_changed = changed;
    const struct event_options options = {.occurred_at_us = event->occurred_at_us,
                                          .ignorable = true};
    return decide_emit(d, &open->base, &options);
}

static enum status change_desk(struct decide *d, const struct event *event, uint64_t number,
                               const char *unit, char *desk)
{
    Followup__UrgentTask *task = followup_tables_urgent(d->txn, number, d->arena);
    if (task == NULL || !followup_rules_urgent_desk(task, unit, desk)) {
        return txn_error(d->txn, d->error);
    }
    return tell(d, event, FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_DESK, task,
                (char *)protobuf_c_empty_string);
}

static enum status take_claimed(struct decide *d, const struct event *event,
                                const Routing__DeskClaimed *claimed)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < claimed->n_task_numbers; i++) {
        status = change_desk(d, event, claimed->task_numbers[i], claimed->unit, claimed->desk);
    }
    return status;
}

static enum status take_silent(struct decide *d, const struct event *event,
                               const Routing__DeskSilent *silent)
{
    uint64_t numbers[FOLLOWUP_DESK_HELD_MAX];
    enum status status = STATUS_OK;
    size_t count = followup_tables_of_desk(d->txn, silent->unit, silent->desk, numbers,
                                           FOLLOWUP_DESK_HELD_MAX);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        status = change_desk(d, event, numbers[i], silent->unit, (char *)protobuf_c_empty_string);
    }
    return status == STATUS_OK ? txn_error(d->txn, d->error) : status;
}

static enum status take_change(struct decide *d, const struct event *event,
                               const Routing__Event *routing, uint64_t number)
{
    Followup__UrgentTask *task = followup_tables_urgent(d->txn, number, d->arena);
    if (task == NULL && routing->kind_case != ROUTING__EVENT__KIND_TASK_ALARMED) {
        return txn_error(d->txn, d->error); /* it is not urgent */
    }
    Followup__UrgentTask changed = FOLLOWUP__URGENT_TASK__INIT;
    if (task != NULL) {
        changed = *task;
    }
    Followup__UrgentChangeKind kind = followup_rules_urgent_change(
        &changed, routing, (char *)(uintptr_t)event->actor, event->occurred_at_us);
    if (kind == FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_UNSPECIFIED ||
        (kind == FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_ACKNOWLEDGED &&
         PLANTED("session_not_told_who_has_it"))) {
        return STATUS_OK;
    }
    bool left = kind == FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_LEFT;
    return tell(d, event, kind, &changed, left ? task->unit : (char *)protobuf_c_empty_string);
}

enum status followup_decide_urgent(struct decide *d, const struct event *event)
{
    const Routing__Event *routing = (const Routing__Event *)event->open;
    switch (routing->kind_case) {
    case ROUTING__EVENT__KIND_DESK_CLAIMED: return take_claimed(d, event, routing->desk_claimed);
    case ROUTING__EVENT__KIND_DESK_SILENT: return take_silent(d, event, routing->desk_silent);
    default: break;
    }
    uint64_t number = followup_rules_urgent_number(routing);
    return number == 0 ? STATUS_OK : take_change(d, event, routing, number);
}

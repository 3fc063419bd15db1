/* What citizens do about requests that are with an office already: the office is told. Reads tables,
 * writes nothing. */
#include "services/routing/routing_alarm.h"
#include "services/routing/routing_incident.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <string.h>

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
}

/* The request's row and its task. Its registration came before in the same log, so both are there. */
static enum status find_task(struct decide *d, uint64_t case_number,
                             const Routing__CaseRecord **ret_record, Routing__Task **ret_task)
{
    const Routing__CaseRecord *record = routing_tables_case(d->txn, case_number, d->arena);
    Routing__Task *task =
        record == NULL ? NULL : routing_tables_task(d->txn, record->task_number, d->arena);
    if (task == NULL) {
        return decide_refuse(d, STATUS_DATA_LOSS, NULL, "request %" PRIu64 " has no task",
                             case_number);
    }
    *ret_record = record;
    *ret_task = task;
    return STATUS_OK;
}

/* --- asking again --- */

enum status routing_decide_chased(struct decide *d, const Intake__CaseChased *chased)
{
    const Routing__CaseRecord *record = NULL;
    Routing__Task *task = NULL;
    enum status status = find_task(d, chased->number, &record, &task);
    if (status != STATUS_OK || chased->chases <= record->chases) {
        return status; /* heard of before: counted once */
    }
    Routing__Event *event = arena_alloc(d->arena, sizeof(*event));
    Routing__TaskChased *told = arena_alloc(d->arena, sizeof(*told));
    if (event == NULL || told == NULL) {
        return refuse_memory(d);
    }
    routing__task_chased__init(told);
    told->task_number = task->number;
    told->case_number = chased->number;
    told->unit = task->unit;
    told->note = chased->note;
    told->case_chases = chased->chases;
    told->chases = task->chases + (PLANTED("chase_counted_twice") ? 2 : 1);
    routing__event__init(event);
    event->kind_case = ROUTING__EVENT__KIND_TASK_CHASED;
    event->task_chased = told;
    const struct event_options options = {.ignorable = true};
    return decide_emit(d, &event->base, &options);
}

/* --- amending --- */

/* A task of several requests is about the first of them: the others do not change what it is. */
static bool is_own(const Routing__Task *task, uint64_t case_number)
{
    return task->case_number == case_number;
}

/* Emitted, and changed in `task`. */
static enum status emit_amended(struct decide *d, Routing__Task *task,
                                const Routing__TaskAmended *amended)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    const struct event_options options = {.ignorable = true};
    event.kind_case = ROUTING__EVENT__KIND_TASK_AMENDED;
    event.task_amended = arena_copy(d->arena, amended, sizeof(*amended));
    enum status status = routing_emit(d, &event, event.task_amended, &options);
    return status == STATUS_OK && !routing_rules_change_task(task, &event, d->now_us, d->arena)
               ? refuse_memory(d)
               : status;
}

static Routing__TaskAmended amended_of(const Routing__Task *task, uint64_t case_number,
                                       const Routing__CaseRecord *record)
{
    Routing__TaskAmended amended = ROUTING__TASK_AMENDED__INIT;
    amended.task_number = task->number;
    amended.case_number = case_number;
    amended.unit = task->unit;
    amended.topic = task->topic;
    amended.place = task->place;
    amended.urgency = task->urgency;
    amended.n_answers = task->n_answers;
    amended.answers = task->answers;
    amended.amendments = record->amendments;
    amended.words_added = record->words_added;
    amended.is_open = !routing_rules_is_closed(task->state);
    amended.registered_at_us = task->registered_at_us;
    amended.is_joined = !is_own(task, case_number);
    amended.urgent_joined = task->urgent_joined;
    return amended;
}

enum status routing_decide_amended(struct decide *d, const Intake__RequestAmended *amended,
                                   int64_t occurred_at_us)
{
    const Routing__CaseRecord *record = NULL;
    Routing__Task *task = NULL;
    enum status status = find_task(d, amended->number, &record, &task);
    if (status != STATUS_OK || amended->amendments <= record->amendments) {
        return status;
    }
    Routing__TaskAmended told = amended_of(task, amended->number, record);
    told.amendments = amended->amendments;
    told.case_urgency = amended->urgency;
    if (is_own(task, amended->number)) {
        told.topic = amended->topic;
        told.place = amended->place;
        told.urgency =
            routing_rules_urgency(amended->urgency, task->own_withdrawn, task->urgent_joined);
        told.n_answers = amended->n_answers;
        told.answers = amended->answers;
    } else {
        told.urgent_joined = routing_incident_urgent_joined(
            d->txn, task, amended->number, amended->urgency == COMMON__URGENCY__URGENCY_URGENT,
            d->arena);
        told.urgency =
            routing_rules_urgency(task->own_urgency, task->own_withdrawn, told.urgent_joined);
    }
    bool was_urgent = routing_alarm_is_needed(task);
    bool owns = is_own(task, amended->number);
    bool becomes = owns ? amended->urgency == COMMON__URGENCY__URGENCY_URGENT &&
                              task->own_urgency != COMMON__URGENCY__URGENCY_URGENT
                        : told.urgent_joined > task->urgent_joined;
    status = emit_amended(d, task, &told);
    if (status == STATUS_OK && routing_rules_is_closed(task->state)) {
        return routing_decide_ended_anew(d, task, becomes || amended->urgent_now,
                                         owns ? amended->reason : NULL, occurred_at_us);
    }
    bool is_changed = owns || was_urgent != routing_alarm_is_needed(task);
    return status == STATUS_OK && is_changed
               ? routing_decide_anew(d, task, was_urgent, owns ? amended->reason : NULL,
                                     occurred_at_us)
               : status;
}

enum status routing_decide_words_added(struct decide *d, const Intake__WordsAdded *added)
{
    const Routing__CaseRecord *record = NULL;
    Routing__Task *task = NULL;
    enum status status = find_task(d, added->number, &record, &task);
    if (status != STATUS_OK || added->words_added <= record->words_added) {
        return status;
    }
    Routing__TaskAmended told = amended_of(task, added->number, record);
    told.words_added = added->words_added;
    return emit_amended(d, task, &told);
}

/* --- taking it back --- */

/* What nobody has been, or will be, asked about; but one of several requests may still bring back what was cancelled. */
static bool is_dropped(const Routing__Task *task)
{
    return (task->state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED &&
            routing_rules_joined(task) == 0) ||
           task->state == ROUTING__TASK_STATE__TASK_STATE_JOINED;
}

/* What others share goes on for them. What is finished stays finished, when the unit was quicker than the citizen;
 * but nobody is asked about it any more. */
enum status routing_decide_withdrawn(struct decide *d, const Intake__RequestWithdrawn *withdrawn)
{
    const Routing__CaseRecord *record = NULL;
    Routing__Task *task = NULL;
    enum status status = find_task(d, withdrawn->number, &record, &task);
    if (status != STATUS_OK || is_dropped(task)) {
        return status;
    }
    if (PLANTED("taken_back_not_left") && routing_rules_joined(task) > 0) {
        return STATUS_OK;
    }
    if (!is_own(task, withdrawn->number)) {
        const Routing__JoinedCase *joined =
            routing_incident_find(d->txn, task->number, withdrawn->number, d->arena);
        return joined == NULL
                   ? txn_error(d->txn, d->error) /* it has left already */
                   : routing_decide_leave(d, task, withdrawn->number, joined->code, true);
    }
    if (task->own_withdrawn) {
        return STATUS_OK;
    }
    return routing_rules_joined(task) > 0 || routing_rules_is_closed(task->state)
               ? routing_decide_leave(d, task, task->case_number, task->code, true)
               : routing_decide_cancelled(d, task, withdrawn->reason);
}

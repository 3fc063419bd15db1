/* What citizens do about requests that are with an office already: the office is told. Reads tables,
 * writes nothing. */
#include "services/routing/routing_incident.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"
#include "service/city_request.h"

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

static enum status emit_amended(struct decide *d, const Routing__TaskAmended *amended)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    const struct event_options options = {.ignorable = true};
    event.kind_case = ROUTING__EVENT__KIND_TASK_AMENDED;
    event.task_amended = arena_copy(d->arena, amended, sizeof(*amended));
    return routing_emit(d, &event, event.task_amended, &options);
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
    return amended;
}

/* It is where the rules send what it was: no person has handed it on. */
static bool lies_by_rule(const struct city *city, const Routing__Task *task)
{
    struct city_route route;
    struct city_request asked =
        city_request_of(task->topic, task->place, task->urgency, task->answers, task->n_answers,
                        task->registered_at_us);
    city_route(city, &asked, &route);
    return strcmp(route.unit, task->unit) == 0 ||
           strcmp(city_unit_in_charge(city, route.unit, task->routed_at_us), task->unit) == 0;
}

/* Nobody has taken it on, and no person has decided where it goes. */
static bool goes_by_rule(const struct city *city, const Routing__Task *task)
{
    bool is_taken = task->state != ROUTING__TASK_STATE__TASK_STATE_ROUTED &&
                    task->state != ROUTING__TASK_STATE__TASK_STATE_SEEN;
    return !is_taken && !task->historical && !task->for_decision && lies_by_rule(city, task);
}

/* By the pack's rules, as if it were new; its due date stays, since the citizen has waited. */
static enum status route_anew(struct decide *d, Routing__Task *task,
                              const Intake__RequestAmended *amended, struct city_route *ret_route,
                              const char **ret_unit)
{
    struct city_route route;
    struct city_request asked =
        city_request_of(amended->topic, amended->place, amended->urgency, amended->answers,
                        amended->n_answers, task->registered_at_us);
    city_route(d->city, &asked, &route);
    route.unit = city_unit_in_charge(d->city, route.unit, d->now_us);
    *ret_route = route;
    if (strcmp(route.unit, task->unit) == 0) {
        return STATUS_OK;
    }
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    moved.task_number = task->number;
    moved.case_number = task->case_number;
    moved.from_unit = task->unit;
    moved.to_unit = (char *)(uintptr_t)route.unit;
    moved.reason = amended->reason;
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    event.task_moved = arena_copy(d->arena, &moved, sizeof(moved));
    enum status status = routing_decide_before(d, task, &event, d->now_us);
    *ret_unit = route.unit;
    return status == STATUS_OK ? routing_emit(d, &event, event.task_moved, NULL) : status;
}

/* What is urgent from now on, or another unit's, its unit is told as that. `unit`: where it has been moved to; NULL: it
 * stays. */
static enum status alarm_anew(struct decide *d, Routing__Task *task,
                              const Intake__RequestAmended *amended, const char *unit,
                              int64_t occurred_at_us)
{
    int64_t since_us = task->urgency == amended->urgency ? d->now_us : occurred_at_us;
    if (task->urgency == amended->urgency && unit == NULL) {
        return STATUS_OK;
    }
    task->urgency = amended->urgency;
    if (unit != NULL) {
        task->unit = (char *)(uintptr_t)unit;
        task->desk = (char *)protobuf_c_empty_string;
    }
    return routing_decide_alarm(d, task, since_us);
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
    if (is_own(task, amended->number)) {
        told.topic = amended->topic;
        told.place = amended->place;
        told.urgency = amended->urgency;
        told.n_answers = amended->n_answers;
        told.answers = amended->answers;
    }
    status = emit_amended(d, &told);
    if (status != STATUS_OK || !is_own(task, amended->number)) {
        return status;
    }
    struct city_route route;
    const char *unit = NULL;
    bool is_ruled = goes_by_rule(d->city, task);
    if (is_ruled) {
        status = route_anew(d, task, amended, &route, &unit);
    }
    if (status == STATUS_OK) {
        status = alarm_anew(d, task, amended, unit, occurred_at_us);
    }
    return status == STATUS_OK && is_ruled ? routing_decide_helpers(d, task, &route) : status;
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
    return emit_amended(d, &told);
}

/* --- taking it back --- */

/* What nobody has been, or will be, asked about. */
static bool is_dropped(const Routing__Task *task)
{
    return task->state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED ||
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

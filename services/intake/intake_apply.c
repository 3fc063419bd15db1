/* What events change: own events the state tables, those of others the timeline. */
#include "services/intake/intake_incident_tables.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* --- own events --- */

static void apply_registered(struct apply *a, uint64_t offset,
                             const Intake__RequestRegistered *registered)
{
    intake_tables_case_put(a->txn, registered->number, offset);
    if (registered->citizen != 0) {
        intake_tables_citizen_case_put(a->txn, registered->citizen, registered->number);
    }
    if (registered->source[0] != '\0') {
        intake_tables_external_put(a->txn, registered->source, registered->external_id,
                                   registered->number);
    }
}

static void note_look(struct apply *a, enum store_space space, const struct event *event,
                      uint64_t number, char *purpose)
{
    Intake__LookRecord record = INTAKE__LOOK_RECORD__INIT;
    record.at_us = event->recorded_at_us;
    record.actor = (char *)(uintptr_t)event->actor;
    record.purpose = purpose;
    if (number != 0) {
        intake_tables_look_put(a->txn, space, number, event->offset, &record);
    }
}

void intake_apply(struct apply *a, const struct event *event)
{
    const Intake__Event *open = (const Intake__Event *)event->open;
    switch (open->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_REGISTERED:
        apply_registered(a, event->offset, open->request_registered);
        break;
    case INTAKE__EVENT__KIND_CASE_REVEALED:
        note_look(a, STORE_STATE, event, open->case_revealed->number, open->case_revealed->purpose);
        break;
    case INTAKE__EVENT__KIND_CITIZEN_FORGOTTEN: /* what is gone is no table's */
    default: break;
    }
}

/* --- the timeline --- */

/* Events that concern no request have no number and no row. */
static void show(struct apply *a, Common__ServiceId service, const struct event *event,
                 uint64_t number, Intake__TimelineRecord *record)
{
    if (number != 0) {
        record->at_us = event->occurred_at_us;
        intake_tables_timeline_put(a->txn, number, service, event->offset, record);
    }
}

/* What is open can be joined. History that is over stays over. */
static void follow_incident(struct apply *a, const struct event *event, const Routing__Event *open)
{
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ROUTED:
        intake_incident_open(a->txn, a->arena, open->task_routed->case_number,
                             open->task_routed->topic, open->task_routed->place,
                             open->task_routed->registered_at_us);
        break;
    case ROUTING__EVENT__KIND_TASK_DONE:
        intake_incident_close(a->txn, a->arena, open->task_done->case_number, event->historical);
        break;
    default: break;
    }
}

void intake_apply_view_routing(struct apply *a, const struct event *event)
{
    const Routing__Event *open = (const Routing__Event *)event->open;
    Intake__TimelineRecord record = INTAKE__TIMELINE_RECORD__INIT;
    uint64_t number = 0;
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ROUTED:
        number = open->task_routed->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_ROUTED;
        record.unit = open->task_routed->unit;
        record.due_at_us = open->task_routed->due_at_us;
        break;
    case ROUTING__EVENT__KIND_TASK_ACCEPTED:
        number = open->task_accepted->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_ACCEPTED;
        record.unit = open->task_accepted->unit;
        break;
    case ROUTING__EVENT__KIND_TASK_REPORTED:
        number = open->task_reported->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_REPORTED;
        record.unit = open->task_reported->unit;
        record.note = open->task_reported->note;
        break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
        number = open->task_returned->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_RETURNED;
        record.unit = open->task_returned->to_unit;
        record.note = open->task_returned->reason;
        break;
    case ROUTING__EVENT__KIND_TASK_DONE:
        number = open->task_done->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE;
        record.unit = open->task_done->unit;
        record.note = open->task_done->note;
        break;
    case ROUTING__EVENT__KIND_TASK_OVERDUE:
        number = open->task_overdue->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_OVERDUE;
        record.unit = open->task_overdue->unit;
        break;
    default: break;
    }
    show(a, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, event, number, &record);
    follow_incident(a, event, open);
}

void intake_apply_view_followup(struct apply *a, const struct event *event)
{
    const Followup__Event *open = (const Followup__Event *)event->open;
    Intake__TimelineRecord record = INTAKE__TIMELINE_RECORD__INIT;
    uint64_t number = 0;
    switch (open->kind_case) {
    case FOLLOWUP__EVENT__KIND_CALL_SCHEDULED:
        number = open->call_scheduled->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_SCHEDULED;
        record.unit = open->call_scheduled->unit;
        break;
    case FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED:
        number = open->call_attempted->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_ATTEMPTED;
        record.note = (char *)(uintptr_t)intake_rules_outcome_note(open->call_attempted->outcome);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_COMPLETED:
        number = open->call_completed->case_number;
        record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_COMPLETED;
        record.unit = open->call_completed->unit;
        record.note = (char *)(uintptr_t)intake_rules_outcome_note(open->call_completed->outcome);
        record.score = open->call_completed->score;
        record.verdict = intake_rules_verdict(open->call_completed->resolution);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_REVEALED: /* not for the citizen to see, but for who asks who looked */
        note_look(a, STORE_VIEW, event, open->call_revealed->case_number,
                  open->call_revealed->purpose);
        break;
    default: break;
    }
    show(a, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, event, number, &record);
}

void intake_apply_view_feedback(struct apply *a, const struct event *event)
{
    const Feedback__Event *open = (const Feedback__Event *)event->open;
    if (open->kind_case != FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED) {
        return;
    }
    const Feedback__FeedbackRecorded *recorded = open->feedback_recorded;
    Intake__TimelineRecord record = INTAKE__TIMELINE_RECORD__INIT;
    record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_FEEDBACK_RECORDED;
    record.unit = recorded->unit;
    record.score = recorded->score;
    record.verdict = intake_rules_verdict(recorded->resolution);
    show(a, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, event, recorded->case_number, &record);
}

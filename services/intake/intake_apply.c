/* What events change: own events the state tables, those of others the timeline. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_calls.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_members.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables.h"
#include "services/intake/intake_tables_incident.h"

#include "base/plant.h"
#include "service/close_reason.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* --- own events --- */

/* Of a plant: what is in no table, and so an apply must not know. */
static bool is_remembered(uint64_t number)
{
    static uint64_t newest;
    bool is_known = number <= newest;
    newest = number;
    return is_known;
}

static void apply_registered(struct apply *a, uint64_t offset,
                             const Intake__RequestRegistered *registered)
{
    intake_tables_case_put(a->txn, registered->number, offset);
    if (registered->citizen != 0 &&
        !(PLANTED("apply_remembers") && is_remembered(registered->number))) {
        intake_tables_citizen_case_put(a->txn, registered->citizen, registered->number);
    }
    if (registered->source[0] != '\0' && !PLANTED("external_name_forgotten")) {
        intake_tables_external_put(a->txn, registered->source, registered->external_id,
                                   registered->number);
    }
    if (registered->incident != 0) {
        intake_members_join(a->txn, a->arena, registered->number, registered->incident);
    }
    intake_apply_registered_in_call(a, registered->call_number, registered->number);
    intake_apply_registered_in_storm(a, registered->storm, registered->number);
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

/* Whoever answered a known caller has seen the name on these requests. */
static void note_looks_at_card(struct apply *a, const struct event *event,
                               const Intake__CallOpened *opened)
{
    for (size_t i = PLANTED("card_seen_untold") ? 1 : 0; i < opened->n_shown_cases; i++) {
        note_look(a, STORE_STATE, event, opened->shown_cases[i], opened->purpose);
    }
}

/* Whoever searched knows what these citizens said. */
static void note_found(struct apply *a, const struct event *event,
                       const Intake__WordsSearched *searched)
{
    for (size_t i = 0; i < searched->n_found; i++) {
        note_look(a, STORE_STATE, event, searched->found[i], searched->purpose);
    }
}

void intake_apply(struct apply *a, const struct event *event)
{
    const Intake__Event *open = (const Intake__Event *)event->open;
    switch (open->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_REGISTERED:
        apply_registered(a, event->offset, open->request_registered);
        break;
    case INTAKE__EVENT__KIND_REQUEST_JOINED:
        intake_members_join(a->txn, a->arena, open->request_joined->number,
                            open->request_joined->incident);
        break;
    case INTAKE__EVENT__KIND_REQUEST_SPLIT:
        if (open->request_split->registered != NULL) {
            intake_members_split(a->txn, a->arena, open->request_split->registered->number);
        }
        break;
    case INTAKE__EVENT__KIND_CALL_OPENED:
        intake_apply_call_opened(a, event, open->call_opened);
        note_looks_at_card(a, event, open->call_opened);
        break;
    case INTAKE__EVENT__KIND_CALL_ENDED: intake_apply_call_ended(a, event, open->call_ended); break;
    case INTAKE__EVENT__KIND_CASE_CHASED: intake_apply_chased(a, event, open->case_chased); break;
    case INTAKE__EVENT__KIND_REQUEST_AMENDED:
        intake_apply_amended(a, event, open->request_amended);
        break;
    case INTAKE__EVENT__KIND_REQUEST_WITHDRAWN:
        intake_apply_withdrawn(a, event, open->request_withdrawn);
        break;
    case INTAKE__EVENT__KIND_WORDS_ADDED:
        intake_apply_words_added(a, event, open->words_added);
        break;
    case INTAKE__EVENT__KIND_LOOK_UP_FAILED:
        intake_apply_look_up_failed(a, event, open->look_up_failed);
        break;
    case INTAKE__EVENT__KIND_LOOK_UP_CLEARED:
        intake_apply_look_up_cleared(a, open->look_up_cleared);
        break;
    case INTAKE__EVENT__KIND_CASE_REVEALED:
        note_look(a, STORE_STATE, event, open->case_revealed->number, open->case_revealed->purpose);
        break;
    case INTAKE__EVENT__KIND_WORDS_SEARCHED: note_found(a, event, open->words_searched); break;
    case INTAKE__EVENT__KIND_STORM_STARTED:
        intake_apply_storm_started(a, event, open->storm_started);
        break;
    case INTAKE__EVENT__KIND_STORM_LENGTHENED:
        intake_apply_storm_lengthened(a, open->storm_lengthened);
        break;
    case INTAKE__EVENT__KIND_STORM_ENDED:
        intake_apply_storm_ended(a, event, open->storm_ended);
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
        if (record->person[0] == '\0' && !event->historical) {
            record->actor = (char *)(uintptr_t)event->actor;
        }
        intake_tables_timeline_put(a->txn, number, service, event->offset, record);
    }
}

/* It is found under what it is now, at once or when it is opened again. What is joined is not found. */
static void amend_incident(struct apply *a, const struct event *event,
                           const Routing__TaskAmended *amended)
{
    if (amended->is_joined) {
        return;
    }
    intake_incident_open(a->txn, a->arena, amended->case_number, amended->topic, amended->place,
                         amended->registered_at_us);
    if (!amended->is_open) {
        intake_incident_close(a->txn, a->arena, amended->case_number, event->historical);
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
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        if (!PLANTED("closed_still_found")) {
            intake_incident_close(a->txn, a->arena, open->task_closed_undone->case_number,
                                  event->historical);
        }
        break;
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
        intake_incident_close(a->txn, a->arena, open->task_cancelled->case_number,
                              event->historical);
        break;
    case ROUTING__EVENT__KIND_TASK_AMENDED: amend_incident(a, event, open->task_amended); break;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        intake_incident_reopen(a->txn, a->arena, open->task_reopened->case_number);
        break;
    case ROUTING__EVENT__KIND_CASE_JOINED: /* no thing of its own any more */
        intake_incident_close(a->txn, a->arena, open->case_joined->case_number, true);
        break;
    default: break;
    }
}

/* In a storm those who were told a date are told the new one. */
static void tell_due_moved(const Routing__TaskDueMoved *moved, Intake__TimelineRecord *record)
{
    bool by_storm = moved->cause == ROUTING__MOVE_CAUSE__MOVE_CAUSE_STORM;
    record->kind = by_storm ? INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM_DUE_MOVED
                            : INTAKE__TIMELINE_KIND__TIMELINE_KIND_DUE_MOVED;
    record->unit = moved->unit;
    record->due_at_us = moved->due_at_us;
    record->until_us = moved->due_at_us;
}

/* What the clock does. Returns as tell_more. */
static uint64_t tell_clock(const Routing__Event *open, Intake__TimelineRecord *record)
{
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASK_WARNED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_WARNED;
        record->unit = open->task_warned->unit;
        return open->task_warned->case_number;
    case ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_RESPONSE_OVERDUE;
        record->unit = open->task_response_overdue->unit;
        return open->task_response_overdue->case_number;
    case ROUTING__EVENT__KIND_TASK_ESCALATED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_ESCALATED;
        record->unit = open->task_escalated->unit;
        record->note = open->task_escalated->role;
        return open->task_escalated->case_number;
    case ROUTING__EVENT__KIND_TASK_ALARMED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARMED;
        record->unit = open->task_alarmed->unit;
        record->note = open->task_alarmed->desk;
        return open->task_alarmed->case_number;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_UNACKNOWLEDGED;
        record->unit = open->task_unacknowledged->unit;
        record->note = open->task_unacknowledged->role;
        return open->task_unacknowledged->case_number;
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARM_GIVEN;
        record->unit = open->task_alarm_given->unit;
        record->note = open->task_alarm_given->desk;
        return open->task_alarm_given->case_number;
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED:
        tell_due_moved(open->task_due_moved, record);
        return open->task_due_moved->case_number;
    default: return 0;
    }
}

/* What units do on the way, and how a task may end otherwise than done. Returns the request's
 * number; 0 for an event that is told nobody. */
static uint64_t tell_more(const Routing__Event *open, Intake__TimelineRecord *record)
{
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASK_SEEN:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_SEEN;
        record->unit = open->task_seen->unit;
        return open->task_seen->case_number;
    case ROUTING__EVENT__KIND_TASK_PLANNED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED;
        record->note = open->task_planned->note;
        record->until_us = open->task_planned->planned_for_us;
        record->unit = open->task_planned->unit;
        return open->task_planned->case_number;
    case ROUTING__EVENT__KIND_TASK_STARTED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_STARTED;
        record->note = open->task_started->note;
        record->unit = open->task_started->unit;
        return open->task_started->case_number;
    case ROUTING__EVENT__KIND_TASK_PAUSED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_PAUSED;
        record->note = open->task_paused->note;
        record->until_us = open->task_paused->until_us;
        record->unit = open->task_paused->unit;
        return open->task_paused->case_number;
    case ROUTING__EVENT__KIND_TASK_RESUMED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_RESUMED;
        record->note = open->task_resumed->note;
        record->unit = open->task_resumed->unit;
        return open->task_resumed->case_number;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        record->kind = open->task_closed_undone->referred
                           ? INTAKE__TIMELINE_KIND__TIMELINE_KIND_REFERRED
                           : INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE;
        record->note = open->task_closed_undone->words;
        if (!open->task_closed_undone->referred) { /* of a referral there is but one */
            record->reason =
                (char *)(uintptr_t)close_reason_words(open->task_closed_undone->reason);
        }
        record->unit = open->task_closed_undone->unit;
        return open->task_closed_undone->case_number;
    case ROUTING__EVENT__KIND_TASK_MOVED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_MOVED;
        record->unit = open->task_moved->to_unit;
        record->note = open->task_moved->reason;
        return open->task_moved->case_number;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_REOPENED;
        record->note = open->task_reopened->note;
        record->unit = open->task_reopened->unit;
        return open->task_reopened->case_number;
    case ROUTING__EVENT__KIND_CASE_JOINED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED;
        record->unit = open->case_joined->unit;
        record->note = open->case_joined->incident_code;
        record->due_at_us = open->case_joined->due_at_us;
        record->incident = open->case_joined->incident;
        return open->case_joined->case_number;
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        if (open->case_split->refused) {
            return 0; /* it never was joined */
        }
        record->kind = open->case_split->withdrawn ? INTAKE__TIMELINE_KIND__TIMELINE_KIND_LEFT
                                                   : INTAKE__TIMELINE_KIND__TIMELINE_KIND_SPLIT;
        record->incident = open->case_split->incident;
        return open->case_split->case_number;
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CANCELLED;
        record->note = open->task_cancelled->reason;
        record->unit = open->task_cancelled->unit;
        return open->task_cancelled->case_number;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_HELPER;
        record->unit = open->task_help_asked->helper;
        record->note = open->task_help_asked->note;
        return open->task_help_asked->case_number;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED:
        record->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_HELP_ENDED;
        record->unit = open->task_help_finished->helper;
        record->note = open->task_help_finished->note;
        return open->task_help_finished->case_number;
    default: return tell_clock(open, record);
    }
}

/* Whether a person of the unit has done something about it, as routing counts that for an urgent task but for who returns it. */
static bool is_of_person(const Routing__Event *open)
{
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: return !open->task_accepted->automatic;
    case ROUTING__EVENT__KIND_TASK_SEEN:
    case ROUTING__EVENT__KIND_TASK_PLANNED:
    case ROUTING__EVENT__KIND_TASK_STARTED:
    case ROUTING__EVENT__KIND_TASK_REPORTED:
    case ROUTING__EVENT__KIND_TASK_PAUSED:
    case ROUTING__EVENT__KIND_TASK_DONE:
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: return true;
    default: return false;
    }
}

/* Whoever made it urgent has left the task, or says otherwise. Events of before routing told say nothing. */
static void calm(struct apply *a, const struct event *event, uint64_t task, Common__Urgency urgency,
                 char *unit)
{
    Intake__TimelineRecord record = INTAKE__TIMELINE_RECORD__INIT;
    uint64_t number = urgency == COMMON__URGENCY__URGENCY_NORMAL
                          ? intake_tables_alarm_end(a->txn, a->arena, task)
                          : 0;
    if (number == 0) {
        return;
    }
    record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALMED;
    record.at_us = event->occurred_at_us;
    if (!event->historical) {
        record.actor = (char *)(uintptr_t)event->actor;
    }
    record.unit = unit;
    intake_tables_timeline_put_second(a->txn, number, COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                                      event->offset, &record);
}

/* A task is as urgent as the most urgent of its requests (docs/decisions/0016): routing's log alone tells. */
static void follow_alarm(struct apply *a, const struct event *event, const Routing__Event *open)
{
    switch (open->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ALARMED:
        intake_tables_alarm_put(a->txn, open->task_alarmed->task_number,
                                open->task_alarmed->case_number);
        break;
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        calm(a, event, open->case_split->task_number, open->case_split->urgency,
             open->case_split->unit);
        break;
    case ROUTING__EVENT__KIND_TASK_AMENDED:
        calm(a, event, open->task_amended->task_number, open->task_amended->urgency,
             open->task_amended->unit);
        break;
    case ROUTING__EVENT__KIND_TASK_JOINED: /* it does not come back */
        (void)intake_tables_alarm_end(a->txn, a->arena, open->task_joined->task_number);
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
        record.n_pictures = open->task_reported->n_pictures;
        record.pictures = open->task_reported->pictures;
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
    default: number = tell_more(open, &record); break;
    }
    if (is_of_person(open) && !event->historical) {
        record.person = (char *)(uintptr_t)event->actor;
    }
    show(a, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, event, number, &record);
    follow_incident(a, event, open);
    follow_alarm(a, event, open);
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
        note_look(a, STORE_VIEW, event,
                  PLANTED("answer_seen_untold") ? 0 : open->call_revealed->case_number,
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

/* A request's story: what the other services' logs tell of it, and where it stands. */
#include "intake_desk.h"

#include "text/code.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name
#define STATE(name) INTAKE__CASE_STATE__CASE_STATE_##name
#define SERVICE(name) COMMON__SERVICE_ID__SERVICE_ID_##name

/* --- the other services, as far as their events go --- */

/* An event a minute after the one before, or at a time of its own. */
static void feed_at(struct rig *rig, Common__ServiceId service, const ProtobufCMessage *open,
                    int64_t occurred_at_us)
{
    struct event event = {.open = open, .occurred_at_us = occurred_at_us, .actor = ""};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, service, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static void feed(struct rig *rig, Common__ServiceId service, const ProtobufCMessage *open)
{
    rig_advance(rig, MINUTE_US);
    feed_at(rig, service, open, 0);
}

static void routed(struct rig *rig, uint64_t number, char *unit, int64_t due_at_us)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskRouted body = ROUTING__TASK_ROUTED__INIT;
    body.case_number = number;
    body.task_number = number;
    body.unit = unit;
    body.due_at_us = due_at_us;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    event.task_routed = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void accepted(struct rig *rig, uint64_t number, char *unit)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskAccepted body = ROUTING__TASK_ACCEPTED__INIT;
    body.case_number = number;
    body.unit = unit;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ACCEPTED;
    event.task_accepted = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void reported(struct rig *rig, uint64_t number, char *unit, char *note)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskReported body = ROUTING__TASK_REPORTED__INIT;
    body.case_number = number;
    body.unit = unit;
    body.note = note;
    event.kind_case = ROUTING__EVENT__KIND_TASK_REPORTED;
    event.task_reported = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void returned(struct rig *rig, uint64_t number, char *from, char *to, char *reason)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskReturned body = ROUTING__TASK_RETURNED__INIT;
    body.case_number = number;
    body.from_unit = from;
    body.to_unit = to;
    body.reason = reason;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RETURNED;
    event.task_returned = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void overdue(struct rig *rig, uint64_t number, char *unit)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskOverdue body = ROUTING__TASK_OVERDUE__INIT;
    body.case_number = number;
    body.unit = unit;
    event.kind_case = ROUTING__EVENT__KIND_TASK_OVERDUE;
    event.task_overdue = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void due_moved(struct rig *rig, uint64_t number, char *unit, int64_t due_at_us)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskDueMoved body = ROUTING__TASK_DUE_MOVED__INIT;
    body.case_number = number;
    body.unit = unit;
    body.due_at_us = due_at_us;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DUE_MOVED;
    event.task_due_moved = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void escalated(struct rig *rig, uint64_t number, char *unit, char *role)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskEscalated body = ROUTING__TASK_ESCALATED__INIT;
    body.case_number = number;
    body.unit = unit;
    body.step = 1;
    body.role = role;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ESCALATED;
    event.task_escalated = &body;
    feed(rig, SERVICE(ROUTING), &event.base);
}

static void done_at(struct rig *rig, uint64_t number, char *unit, char *note, int64_t at_us)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskDone body = ROUTING__TASK_DONE__INIT;
    body.case_number = number;
    body.unit = unit;
    body.note = note;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = &body;
    rig_advance(rig, MINUTE_US);
    feed_at(rig, SERVICE(ROUTING), &event.base, at_us);
}

static void done(struct rig *rig, uint64_t number, char *unit, char *note)
{
    done_at(rig, number, unit, note, 0);
}

static void scheduled(struct rig *rig, uint64_t number)
{
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    Followup__CallScheduled body = FOLLOWUP__CALL_SCHEDULED__INIT;
    body.case_number = number;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_SCHEDULED;
    event.call_scheduled = &body;
    feed(rig, SERVICE(FOLLOWUP), &event.base);
}

static void attempted(struct rig *rig, uint64_t number, Followup__CallOutcome outcome)
{
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    Followup__CallAttempted body = FOLLOWUP__CALL_ATTEMPTED__INIT;
    body.case_number = number;
    body.outcome = outcome;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED;
    event.call_attempted = &body;
    feed(rig, SERVICE(FOLLOWUP), &event.base);
}

static void completed(struct rig *rig, uint64_t number, Followup__CallOutcome outcome,
                      Followup__Resolution resolution, uint32_t score)
{
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    Followup__CallCompleted body = FOLLOWUP__CALL_COMPLETED__INIT;
    body.case_number = number;
    body.outcome = outcome;
    body.resolution = resolution;
    body.score = score;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    event.call_completed = &body;
    feed(rig, SERVICE(FOLLOWUP), &event.base);
}

static void recorded(struct rig *rig, uint64_t number, Followup__Resolution resolution,
                     uint32_t score)
{
    Feedback__Event event = FEEDBACK__EVENT__INIT;
    Feedback__FeedbackRecorded body = FEEDBACK__FEEDBACK_RECORDED__INIT;
    body.case_number = number;
    body.resolution = resolution;
    body.score = score;
    event.kind_case = FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED;
    event.feedback_recorded = &body;
    feed(rig, SERVICE(FEEDBACK), &event.base);
}

/* --- what GetCase tells --- */

static void stands(struct rig *rig, const char *code, Intake__CaseState expected, const char *unit)
{
    const Intake__Case *told = desk_get(rig, code)->case_data;
    assert_int_equal(told->state, expected);
    assert_string_equal(told->unit, unit);
}

static void tells_the_whole_story(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "چاله")->code;
    stands(rig, code, STATE(REGISTERED), "");
    routed(rig, 1, "district-3", 5555);
    stands(rig, code, STATE(IN_WORK), "district-3");
    returned(rig, 1, "district-3", "district-5", "آن سوی رودخانه است");
    stands(rig, code, STATE(IN_WORK), "district-5");
    accepted(rig, 1, "district-5");
    reported(rig, 1, "district-5", "مصالح سفارش داده شد");
    overdue(rig, 1, "district-5");
    stands(rig, code, STATE(IN_WORK), "district-5");
    done(rig, 1, "district-5", "لکه‌گیری شد");
    stands(rig, code, STATE(AWAITING_WORD), "district-5");
    scheduled(rig, 1);
    attempted(rig, 1, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER);
    stands(rig, code, STATE(AWAITING_WORD), "district-5");
    completed(rig, 1, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED,
              FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED, 5);
    recorded(rig, 1, FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED, 5);
    stands(rig, code, STATE(CONFIRMED), "district-5");

    static const struct {
        Intake__TimelineKind kind;
        Common__ServiceId service;
        uint64_t offset;
        const char *unit;
        const char *note;
        uint32_t score;
        Intake__CitizenVerdict verdict;
    } expected[] = {
        {KIND(REGISTERED), SERVICE(INTAKE), 1, "", "", 0, 0},
        {KIND(ROUTED), SERVICE(ROUTING), 1, "district-3", "", 0, 0},
        {KIND(RETURNED), SERVICE(ROUTING), 2, "district-5", "آن سوی رودخانه است", 0, 0},
        {KIND(ACCEPTED), SERVICE(ROUTING), 3, "district-5", "", 0, 0},
        {KIND(REPORTED), SERVICE(ROUTING), 4, "district-5", "مصالح سفارش داده شد", 0, 0},
        {KIND(OVERDUE), SERVICE(ROUTING), 5, "district-5", "", 0, 0},
        {KIND(DONE), SERVICE(ROUTING), 6, "district-5", "لکه‌گیری شد", 0, 0},
        {KIND(CALL_SCHEDULED), SERVICE(FOLLOWUP), 1, "", "", 0, 0},
        {KIND(CALL_ATTEMPTED), SERVICE(FOLLOWUP), 2, "", "no answer", 0, 0},
        {KIND(CALL_COMPLETED), SERVICE(FOLLOWUP), 3, "", "answered", 5,
         INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_DONE},
        {KIND(FEEDBACK_RECORDED), SERVICE(FEEDBACK), 1, "", "", 5,
         INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_DONE},
    };
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, sizeof(expected) / sizeof(expected[0]));
    assert_int_equal(response->case_data->due_at_us, 5555);
    for (size_t i = 0; i < response->n_timeline; i++) {
        const Intake__TimelineEntry *entry = response->timeline[i];
        assert_int_equal(entry->kind, expected[i].kind);
        assert_int_equal(entry->at_us, response->timeline[0]->at_us + (int64_t)i * MINUTE_US);
        assert_int_equal(entry->service, expected[i].service);
        assert_int_equal(entry->offset, expected[i].offset);
        assert_string_equal(entry->unit, expected[i].unit);
        assert_string_equal(entry->note, expected[i].note);
        assert_int_equal(entry->score, expected[i].score);
        assert_int_equal(entry->verdict, expected[i].verdict);
    }
    /* None of it made intake say anything. */
    assert_int_equal(rig_event_count(rig), 1);
    rig_free(rig);
}

static void tells_it_again_after_a_restart(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    routed(rig, 1, "district-3", 0);
    rig_restart(rig);
    done(rig, 1, "district-3", "");
    rig_restart(rig);
    stands(rig, code, STATE(AWAITING_WORD), "district-3");
    assert_int_equal(desk_get(rig, code)->n_timeline, 3);
    rig_free(rig);
}

static void hears_the_citizen_out(void **state)
{
    static const struct {
        Followup__CallOutcome outcome;
        Followup__Resolution resolution;
        Intake__CaseState expected;
        const char *note;
    } calls[] = {
        {FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED, FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY,
         STATE(DISPUTED), "answered"},
        {FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED,
         STATE(DISPUTED), "answered"},
        {FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY, 0, STATE(CLOSED_UNCONFIRMED), "busy"},
        {FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED, 0, STATE(CLOSED_UNCONFIRMED), "refused"},
    };
    struct rig *rig = desk_open();
    (void)state;
    for (uint64_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
        done(rig, i + 1, "district-3", "");
        completed(rig, i + 1, calls[i].outcome, calls[i].resolution, 2);
        stands(rig, code, calls[i].expected, "district-3");
        assert_string_equal(desk_get(rig, code)->timeline[2]->note, calls[i].note);
    }
    rig_free(rig);
}

static void closes_what_nobody_can_be_asked_about(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    const char *anonymous = desk_register_from(rig, NULL, "بی‌نام")->code;
    citizen.phone = DESK_PHONE;
    history.occurred_at_us = 1000;
    request.citizen = &citizen;
    request.history = &history;
    const char *past = desk_import(rig, &request)->code;
    done(rig, 1, "district-1", "");
    done_at(rig, 2, "district-1", "", 2000);
    stands(rig, anonymous, STATE(CLOSED_UNCONFIRMED), "district-1");
    stands(rig, past, STATE(CLOSED_UNCONFIRMED), "district-1");
    assert_false(desk_get(rig, anonymous)->case_data->can_be_called);
    assert_true(desk_get(rig, past)->case_data->can_be_called);
    rig_free(rig);
}

/* A history's events arrive in any order of their own times. */
static void tells_the_date_of_a_plan_the_limit_of_a_waiting_and_the_pictures(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    const char *code = desk_register_from(rig, DESK_PHONE, "a hole")->code;
    char *pictures[] = {(char *)"archive/1.jpg", (char *)"archive/2.jpg"};
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskPlanned planned = ROUTING__TASK_PLANNED__INIT;
    Routing__TaskPaused paused = ROUTING__TASK_PAUSED__INIT;
    Routing__TaskReported told = ROUTING__TASK_REPORTED__INIT;
    Routing__TaskClosedUndone closed = ROUTING__TASK_CLOSED_UNDONE__INIT;
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    planned.case_number = paused.case_number = told.case_number = 1;
    closed.case_number = moved.case_number = 1;
    planned.planned_for_us = 700;
    paused.until_us = 800;
    paused.note = (char *)"a permit";
    told.note = (char *)"half done";
    told.n_pictures = 2;
    told.pictures = pictures;
    moved.to_unit = (char *)"district-6";
    closed.unit = (char *)"district-6";
    closed.words = (char *)"next year";
    closed.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NO_BUDGET;
    event.kind_case = ROUTING__EVENT__KIND_TASK_PLANNED;
    event.task_planned = &planned;
    feed(rig, SERVICE(ROUTING), &event.base);
    event.kind_case = ROUTING__EVENT__KIND_TASK_PAUSED;
    event.task_paused = &paused;
    feed(rig, SERVICE(ROUTING), &event.base);
    event.kind_case = ROUTING__EVENT__KIND_TASK_REPORTED;
    event.task_reported = &told;
    feed(rig, SERVICE(ROUTING), &event.base);
    event.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    event.task_moved = &moved;
    feed(rig, SERVICE(ROUTING), &event.base);
    event.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    event.task_closed_undone = &closed;
    feed(rig, SERVICE(ROUTING), &event.base);
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, 6);
    assert_int_equal(response->timeline[1]->kind, KIND(PLANNED));
    assert_int_equal(response->timeline[1]->until_us, 700);
    assert_int_equal(response->timeline[2]->until_us, 800);
    assert_string_equal(response->timeline[2]->note, "a permit");
    assert_int_equal(response->timeline[3]->n_pictures, 2);
    assert_string_equal(response->timeline[3]->pictures[1], "archive/2.jpg");
    assert_string_equal(response->timeline[4]->unit, "district-6");
    assert_string_equal(response->timeline[5]->note, "next year");
    assert_string_equal(response->timeline[5]->reason, "no budget");
    assert_string_equal(response->timeline[4]->reason, "");
    stands(rig, code, STATE(AWAITING_WORD), "district-6");
    rig_free(rig);
}

static void feed_notes(struct rig *rig, Routing__Event__KindCase kind, char *note)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    Routing__TaskReopened reopened = ROUTING__TASK_REOPENED__INIT;
    Routing__TaskHelpAsked asked = ROUTING__TASK_HELP_ASKED__INIT;
    Routing__TaskHelpFinished finished = ROUTING__TASK_HELP_FINISHED__INIT;
    Routing__TaskCancelled cancelled = ROUTING__TASK_CANCELLED__INIT;
    Routing__TaskEscalated up = ROUTING__TASK_ESCALATED__INIT;
    event.kind_case = kind;
    moved.case_number = reopened.case_number = asked.case_number = 1;
    finished.case_number = cancelled.case_number = up.case_number = 1;
    moved.reason = reopened.note = asked.note = finished.note = cancelled.reason = up.role = note;
    switch (kind) {
    case ROUTING__EVENT__KIND_TASK_MOVED: event.task_moved = &moved; break;
    case ROUTING__EVENT__KIND_TASK_REOPENED: event.task_reopened = &reopened; break;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED: event.task_help_asked = &asked; break;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED: event.task_help_finished = &finished; break;
    case ROUTING__EVENT__KIND_TASK_CANCELLED: event.task_cancelled = &cancelled; break;
    default: event.task_escalated = &up; break;
    }
    feed(rig, SERVICE(ROUTING), &event.base);
}

/* Offices write to each other in the same story: staff reads all of it. */
static void a_citizen_reads_only_the_notes_that_are_for_them(void **state)
{
    static const Routing__Event__KindCase inward[] = {
        ROUTING__EVENT__KIND_TASK_MOVED,         ROUTING__EVENT__KIND_TASK_HELP_ASKED,
        ROUTING__EVENT__KIND_TASK_HELP_FINISHED, ROUTING__EVENT__KIND_TASK_ESCALATED,
        ROUTING__EVENT__KIND_TASK_REOPENED,      ROUTING__EVENT__KIND_TASK_CANCELLED,
    };
    struct rig *rig = desk_open();
    Intake__LookUpCaseRequest request = INTAKE__LOOK_UP_CASE_REQUEST__INIT;
    const ProtobufCMessage *answer = NULL;
    (void)state;
    request.code = (char *)(uintptr_t)desk_register_from(rig, DESK_PHONE, "")->code;
    request.phone_digits = (char *)"4567";
    reported(rig, 1, "district-5", "half done");
    returned(rig, 1, "district-5", "district-6", "inward");
    for (size_t i = 0; i < sizeof inward / sizeof inward[0]; i++) {
        feed_notes(rig, inward[i], (char *)"inward");
    }
    done(rig, 1, "district-6", "patched");
    const Intake__GetCaseResponse *all = desk_get(rig, request.code);
    assert_int_equal(all->n_timeline, 10);
    for (size_t i = 2; i < 9; i++) {
        assert_string_equal(all->timeline[i]->note, "inward");
    }
    assert_int_equal(rig_call(rig, RPC_ROLE_NONE, "LookUpCase", &request.base, &answer, NULL),
                     STATUS_OK);
    const Intake__LookUpCaseResponse *told = (const Intake__LookUpCaseResponse *)answer;
    assert_int_equal(told->n_timeline, 10);
    assert_string_equal(told->timeline[1]->note, "half done");
    for (size_t i = 2; i < 9; i++) {
        assert_string_equal(told->timeline[i]->note, "");
    }
    assert_string_equal(told->timeline[9]->note, "patched");
    rig_free(rig);
}

/* Nobody waits for a word about what is none of the city's matters. */
static void what_is_outside_the_city_s_duty_is_referred_and_closed(void **state)
{
    struct rig *rig = desk_open();
    Routing__TaskClosedUndone closed = ROUTING__TASK_CLOSED_UNDONE__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    (void)state;
    char *code =
        (char *)(uintptr_t)desk_register_from(rig, DESK_PHONE, "چراغ کوچه خاموش است")->code;
    routed(rig, 1, "power-company", 0);
    closed.case_number = closed.task_number = 1;
    closed.unit = "power-company";
    closed.words = "شرکت توزیع برق، تلفن ۱۲۱";
    closed.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_OUTSIDE_DUTY;
    closed.referred = true;
    event.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    event.task_closed_undone = &closed;
    feed(rig, SERVICE(ROUTING), &event.base);
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->timeline[2]->kind, KIND(REFERRED));
    assert_string_equal(response->timeline[2]->note, "شرکت توزیع برق، تلفن ۱۲۱");
    assert_string_equal(response->timeline[2]->reason, "");
    stands(rig, code, STATE(REFERRED), "power-company");
    rig_free(rig);
}

static void merges_by_the_time_it_happened(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    history.occurred_at_us = 1000;
    request.history = &history;
    const char *code = desk_import(rig, &request)->code;
    scheduled(rig, 1);
    done_at(rig, 1, "district-1", "", 3000);
    done_at(rig, 1, "district-1", "", 1000); /* with the registration: that comes first */
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, 4);
    assert_int_equal(response->timeline[0]->service, SERVICE(INTAKE));
    assert_int_equal(response->timeline[1]->at_us, 1000);
    assert_int_equal(response->timeline[2]->at_us, 3000);
    assert_int_equal(response->timeline[3]->service, SERVICE(FOLLOWUP));
    rig_free(rig);
}

static void keeps_stories_apart(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *first = desk_register_from(rig, DESK_PHONE, "")->code;
    const char *second = desk_register_from(rig, DESK_PHONE, "")->code;
    routed(rig, 2, "district-2", 0);
    routed(rig, 999, "district-9", 0); /* of another intake's days: nobody asks, nothing breaks */
    stands(rig, first, STATE(REGISTERED), "");
    stands(rig, second, STATE(IN_WORK), "district-2");
    rig_free(rig);
}

static void passes_over_what_concerns_no_request(void **state)
{
    struct rig *rig = desk_open();
    Routing__Event acknowledged = ROUTING__EVENT__INIT;
    Routing__TasksAcknowledged tasks = ROUTING__TASKS_ACKNOWLEDGED__INIT;
    Followup__Event claimed = FOLLOWUP__EVENT__INIT;
    Followup__CallClaimed claim = FOLLOWUP__CALL_CLAIMED__INIT;
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    acknowledged.kind_case = ROUTING__EVENT__KIND_TASKS_ACKNOWLEDGED;
    acknowledged.tasks_acknowledged = &tasks;
    feed(rig, SERVICE(ROUTING), &acknowledged.base);
    claim.call_number = 1;
    claimed.kind_case = FOLLOWUP__EVENT__KIND_CALL_CLAIMED;
    claimed.call_claimed = &claim;
    feed(rig, SERVICE(FOLLOWUP), &claimed.base);
    assert_int_equal(desk_get(rig, code)->n_timeline, 1);
    rig_free(rig);
}

/* --- bounds --- */

static void tells_the_newest_of_a_very_long_story(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    routed(rig, 1, "district-5", 777);
    for (size_t i = 0; i < 700; i++) {
        reported(rig, 1, "district-5", "هنوز در صف");
    }
    done(rig, 1, "district-5", "انجام شد");
    scheduled(rig, 1);
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, 500);
    assert_int_equal(response->case_data->due_at_us, 777);
    assert_int_equal(response->case_data->state, STATE(AWAITING_WORD));
    assert_int_equal(response->timeline[0]->kind, KIND(REGISTERED));
    assert_int_equal(response->timeline[1]->kind, KIND(ROUTED));
    for (size_t i = 2; i < 498; i++) { /* the last 496 reports, in order and without a gap */
        assert_int_equal(response->timeline[i]->offset, 701 - 496 + i - 1);
    }
    assert_int_equal(response->timeline[498]->kind, KIND(DONE));
    assert_int_equal(response->timeline[499]->kind, KIND(CALL_SCHEDULED));
    rig_free(rig);
}

static void fits_long_notes_into_a_message(void **state)
{
    struct rig *rig = desk_open();
    char *note = desk_repeat("\xF0\x9F\x9A\xA7", 1000);
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    routed(rig, 1, "district-5", 0);
    for (size_t i = 0; i < 400; i++) {
        reported(rig, 1, "district-5", note);
    }
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_true(protobuf_c_message_get_packed_size(&response->base) < RPC_MESSAGE_BYTES_MAX);
    assert_in_range(response->n_timeline, 200, 300);
    assert_int_equal(response->timeline[0]->kind, KIND(REGISTERED));
    assert_int_equal(response->timeline[response->n_timeline - 1]->offset, 401);
    assert_int_equal(desk_list(rig, DESK_PHONE, 0, 0)->cases[0]->state, STATE(IN_WORK));
    free(note);
    rig_free(rig);
}

/* --- codes --- */

static void get_is_refused(struct rig *rig, const char *code, enum status status)
{
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    request.code = (char *)(uintptr_t)code;
    desk_refuses(rig, RPC_ROLE_OFFICE, "GetCase", &request.base, status, "code");
}

static void reads_a_code_as_people_type_it(void **state)
{
    struct rig *rig = desk_open();
    char typed[64] = "";
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    for (size_t i = 0; i < CODE_DIGITS; i++) { /* Persian digits, a dash in the middle */
        char digit[4] = "\xDB\xB0";
        digit[1] = (char)(digit[1] + (code[i] - '0'));
        strcat(typed, digit);
        strcat(typed, i == 4 ? " - " : "");
    }
    assert_int_equal(desk_get(rig, typed)->case_data->number, 1);
    rig_free(rig);
}

static void refuses_codes_that_are_none(void **state)
{
    struct rig *rig = desk_open();
    char wrong[CODE_SIZE];
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    get_is_refused(rig, "", STATUS_INVALID_ARGUMENT);
    get_is_refused(rig, "12345", STATUS_INVALID_ARGUMENT);
    get_is_refused(rig, "my request", STATUS_INVALID_ARGUMENT);
    for (size_t i = 0; i < CODE_DIGITS; i++) {
        strcpy(wrong, code);
        wrong[i] = wrong[i] == '9' ? '8' : (char)(wrong[i] + 1);
        get_is_refused(rig, wrong, STATUS_NOT_FOUND);
    }
    /* Ten digits with a right check digit that nobody has been given. */
    snprintf(wrong, sizeof(wrong), "%s",
             strncmp(code, "123456789", 9) == 0 ? "987654321" : "123456789");
    wrong[9] = code_check_digit(wrong);
    wrong[10] = '\0';
    get_is_refused(rig, wrong, STATUS_NOT_FOUND);
    rig_free(rig);
}

static void tells_the_due_date_as_it_was_last_moved_and_to_whom_the_task_went_up(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    routed(rig, 1, "district-5", 777);
    due_moved(rig, 1, "district-5", 888);
    escalated(rig, 1, "district-5", "unit-head");
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, 4);
    assert_int_equal(response->case_data->due_at_us, 888);
    assert_int_equal(response->timeline[2]->kind, KIND(DUE_MOVED));
    assert_int_equal(response->timeline[2]->until_us, 888);
    assert_int_equal(response->timeline[3]->kind, KIND(ESCALATED));
    assert_string_equal(response->timeline[3]->note, "unit-head");
    rig_free(rig);
}

static void tells_a_helping_unit_s_asking_from_its_end_and_who_leads_on(void **state)
{
    struct rig *rig = desk_open();
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskHelpAsked asked = ROUTING__TASK_HELP_ASKED__INIT;
    Routing__TaskHelpFinished finished = ROUTING__TASK_HELP_FINISHED__INIT;
    char helper[] = "bus-company";
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    routed(rig, 1, "district-5", 777);
    asked.case_number = finished.case_number = 1;
    asked.helper = finished.helper = helper;
    event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_ASKED;
    event.task_help_asked = &asked;
    feed(rig, SERVICE(ROUTING), &event.base);
    event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_FINISHED;
    event.task_help_finished = &finished;
    feed(rig, SERVICE(ROUTING), &event.base);
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, 4);
    assert_int_equal(response->timeline[2]->kind, KIND(HELPER));
    assert_int_equal(response->timeline[3]->kind, KIND(HELP_ENDED));
    assert_string_equal(response->timeline[3]->unit, "bus-company");
    assert_string_equal(response->case_data->unit, "district-5");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_due_date_as_it_was_last_moved_and_to_whom_the_task_went_up),
        cmocka_unit_test(tells_a_helping_unit_s_asking_from_its_end_and_who_leads_on),
        cmocka_unit_test(tells_the_whole_story),
        cmocka_unit_test(tells_it_again_after_a_restart),
        cmocka_unit_test(hears_the_citizen_out),
        cmocka_unit_test(closes_what_nobody_can_be_asked_about),
        cmocka_unit_test(tells_the_date_of_a_plan_the_limit_of_a_waiting_and_the_pictures),
        cmocka_unit_test(a_citizen_reads_only_the_notes_that_are_for_them),
        cmocka_unit_test(what_is_outside_the_city_s_duty_is_referred_and_closed),
        cmocka_unit_test(merges_by_the_time_it_happened),
        cmocka_unit_test(keeps_stories_apart),
        cmocka_unit_test(passes_over_what_concerns_no_request),
        cmocka_unit_test(tells_the_newest_of_a_very_long_story),
        cmocka_unit_test(fits_long_notes_into_a_message),
        cmocka_unit_test(reads_a_code_as_people_type_it),
        cmocka_unit_test(refuses_codes_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

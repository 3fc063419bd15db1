/* Calls: the card of who rings, what is done in a call, and how it ends. */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "base/clock.h"
#include "services/intake/intake_calls.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RESULT(name) INTAKE__CALL_RESULT__CALL_RESULT_##name
#define PHONE_CHANNEL COMMON__CHANNEL__CHANNEL_PHONE

static const ProtobufCMessage *must(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, RPC_ROLE_FRONT_END, method, request, &response, &err) != STATUS_OK) {
        fail_msg("%s: field \"%s\": %s", method, err.field, err.message);
    }
    return response;
}

static const Intake__OpenCallResponse *ring(struct rig *rig, const char *phone)
{
    Intake__OpenCallRequest request = INTAKE__OPEN_CALL_REQUEST__INIT;
    request.phone = text(phone);
    request.channel = PHONE_CHANNEL;
    return (const void *)must(rig, "OpenCall", &request.base);
}

static const Intake__Call *hang_up(struct rig *rig, uint64_t number, Intake__CallResult result)
{
    Intake__EndCallRequest request = INTAKE__END_CALL_REQUEST__INIT;
    request.call_number = number;
    request.result = result;
    return ((const Intake__EndCallResponse *)must(rig, "EndCall", &request.base))->call;
}

static const Intake__Call *look(struct rig *rig, uint64_t number)
{
    Intake__GetCallRequest request = INTAKE__GET_CALL_REQUEST__INIT;
    request.call_number = number;
    return ((const Intake__GetCallResponse *)must(rig, "GetCall", &request.base))->call;
}

static uint32_t chase(struct rig *rig, const char *code, uint64_t call_number, const char *note)
{
    Intake__ChaseCaseRequest request = INTAKE__CHASE_CASE_REQUEST__INIT;
    request.code = text(code);
    request.call_number = call_number;
    request.note = text(note);
    return ((const Intake__ChaseCaseResponse *)must(rig, "ChaseCase", &request.base))->chases;
}

static const Intake__RegisterCaseResponse *register_in(struct rig *rig, uint64_t call_number,
                                                       const char *name, const char *topic)
{
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    citizen.phone = text(DESK_PHONE);
    citizen.name = text(name);
    request.citizen = &citizen;
    request.topic = text(topic);
    request.call_number = call_number;
    return desk_register(rig, &request);
}

static const Intake__Event *event_at(struct rig *rig, uint64_t offset)
{
    return (const void *)rig_event(rig, offset)->open;
}

/* --- the card --- */

static void shows_who_calls_and_what_they_asked_before(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *old = register_in(rig, 0, "نمونهٔ پیشین", "garbage")->code;
    const char *young = register_in(rig, 0, "شهروند نمونه", "asphalt")->code;
    const Intake__OpenCallResponse *response = ring(rig, "۰۹۱۳ ۱۲۳ ۴۵۶۷");
    assert_int_equal(response->call_number, 1);
    assert_string_equal(response->phone, DESK_E164);
    assert_non_null(response->card);
    assert_string_equal(response->card->name, "شهروند نمونه");
    assert_int_equal(response->card->n_cases, 2);
    assert_string_equal(response->card->cases[0]->case_data->code, young);
    assert_string_equal(response->card->cases[1]->case_data->code, old);
    assert_int_equal(response->card->cases[0]->case_data->state,
                     INTAKE__CASE_STATE__CASE_STATE_REGISTERED);
    assert_int_equal(response->card->cases[0]->times_called, 1);
    assert_false(response->card->has_more_cases);
    assert_int_equal(response->card->last_score, 0);
    rig_free(rig);
}

/* The next day the unit says for when, then it is another's. */
static void shows_for_when_the_unit_plans_it(void **state)
{
    struct rig *rig = desk_open();
    Routing__TaskPlanned planned = ROUTING__TASK_PLANNED__INIT;
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    struct event event = {.open = &open.base, .occurred_at_us = DAY_US, .actor = ""};
    struct error err = ERROR_NONE;
    (void)state;
    register_in(rig, 0, "شهروند نمونه", "asphalt");
    assert_true(ring(rig, DESK_PHONE)->card->cases[0]->planned_for_us == 0);
    open.kind_case = ROUTING__EVENT__KIND_TASK_PLANNED;
    open.task_planned = &planned;
    planned.task_number = planned.case_number = 1;
    planned.unit = text("district-5-civil");
    planned.planned_for_us = 3 * DAY_US;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
    assert_true(ring(rig, DESK_PHONE)->card->cases[0]->planned_for_us == 3 * DAY_US);
    open.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    open.task_moved = &moved;
    moved.task_number = moved.case_number = 1;
    moved.to_unit = text("district-6-civil");
    event.occurred_at_us = 2 * DAY_US;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
    assert_true(ring(rig, DESK_PHONE)->card->cases[0]->planned_for_us == 0);
    rig_free(rig);
}

static void writes_down_who_was_shown_the_card_and_what_was_on_it(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)register_in(rig, 0, "شهروند نمونه", "asphalt");
    (void)ring(rig, DESK_PHONE);
    const struct event *event = rig_event(rig, 2);
    const Intake__CallOpened *opened = event_at(rig, 2)->call_opened;
    assert_int_equal(event_at(rig, 2)->kind_case, INTAKE__EVENT__KIND_CALL_OPENED);
    assert_string_equal(opened->purpose, "call");
    assert_int_equal(opened->n_shown_cases, 1);
    assert_int_equal(opened->shown_cases[0], 1);
    assert_int_equal(opened->citizen, desk_registered(rig, 1)->citizen);
    assert_string_not_equal(opened->operator_name, "");
    assert_string_not_equal(event->actor, "");
    assert_true(event->sealed.size > strlen(DESK_E164));
    assert_null(memmem(event->sealed.data, event->sealed.size, "9131234567", 10));
    rig_free(rig);
}

static void keeps_nothing_of_a_caller_who_is_not_known(void **state)
{
    static const char *const phones[] = {DESK_PHONE, "", "withheld", "anonymous@invalid", "4021"};
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(phones) / sizeof(phones[0]); i++) {
        const Intake__OpenCallResponse *response = ring(rig, phones[i]);
        const struct event *event = rig_event(rig, i + 1);
        assert_null(response->card);
        assert_int_equal(event->citizen, 0);
        assert_int_equal(event->sealed.size, 0);
        assert_int_equal(event_at(rig, i + 1)->call_opened->citizen, 0);
        assert_string_equal(event_at(rig, i + 1)->call_opened->purpose, "");
    }
    assert_true(look(rig, 1)->has_phone);
    assert_false(look(rig, 3)->has_phone);
    /* The first request makes them a citizen, whom the next call knows. */
    (void)register_in(rig, 1, "شهروند نمونه", "asphalt");
    assert_non_null(ring(rig, DESK_PHONE)->card);
    rig_free(rig);
}

static void shows_five_requests_and_that_there_are_more(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        (void)register_in(rig, 0, "", "asphalt");
    }
    assert_false(ring(rig, DESK_PHONE)->card->has_more_cases);
    (void)register_in(rig, 0, "", "asphalt");
    const Intake__Card *card = ring(rig, DESK_PHONE)->card;
    assert_int_equal(card->n_cases, 5);
    assert_int_equal(card->cases[0]->case_data->number, 6);
    assert_true(card->has_more_cases);
    assert_int_equal(card->cases[4]->times_called, 5);
    rig_free(rig);
}

static void counts_how_often_they_called_about_the_same_open_matter(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *first = register_in(rig, 0, "", "asphalt")->code;
    (void)register_in(rig, 0, "", "garbage");
    (void)register_in(rig, 0, "", "asphalt");
    assert_int_equal(chase(rig, first, 0, ""), 1);
    const Intake__Card *card = ring(rig, DESK_PHONE)->card;
    assert_int_equal(card->cases[0]->times_called, 3);
    assert_int_equal(card->cases[1]->times_called, 1);
    assert_int_equal(card->cases[2]->times_called, 3);
    assert_int_equal(card->cases[2]->case_data->chases, 1);
    rig_free(rig);
}

static void shows_the_last_satisfaction(void **state)
{
    struct rig *rig = desk_open();
    Feedback__Event open = FEEDBACK__EVENT__INIT;
    Feedback__FeedbackRecorded recorded = FEEDBACK__FEEDBACK_RECORDED__INIT;
    const struct event event = {.open = &open.base, .actor = ""};
    (void)state;
    (void)register_in(rig, 0, "", "asphalt");
    (void)register_in(rig, 0, "", "garbage");
    open.kind_case = FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED;
    open.feedback_recorded = &recorded;
    recorded.case_number = 2;
    recorded.score = 5;
    recorded.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, &event, NULL),
                     STATUS_OK);
    rig_advance(rig, MINUTE_US);
    recorded.case_number = 1;
    recorded.score = 2;
    recorded.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, &event, NULL),
                     STATUS_OK);
    const Intake__Card *card = ring(rig, DESK_PHONE)->card;
    assert_int_equal(card->last_score, 2);
    assert_int_equal(card->last_verdict, INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_NOT_DONE);
    assert_true(card->last_heard_at_us > 0);
    /* What was said is done does not count as called about. */
    assert_int_equal(card->cases[0]->times_called, 0);
    assert_int_equal(card->cases[1]->times_called, 1);
    rig_free(rig);
}

static void opens_once_when_the_same_key_is_sent_twice(void **state)
{
    struct rig *rig = desk_open();
    uint8_t key[16];
    Intake__OpenCallRequest request = INTAKE__OPEN_CALL_REQUEST__INIT;
    (void)state;
    (void)register_in(rig, 0, "شهروند نمونه", "asphalt");
    request.idempotency_key = desk_key(rig, key);
    request.phone = text(DESK_PHONE);
    request.channel = PHONE_CHANNEL;
    for (size_t i = 0; i < 2; i++) {
        const Intake__OpenCallResponse *response =
            (const void *)must(rig, "OpenCall", &request.base);
        assert_int_equal(response->call_number, 1);
        assert_string_equal(response->phone, DESK_E164);
        assert_string_equal(response->card->name, "شهروند نمونه");
    }
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

/* --- what is done in a call, and how it ends --- */

static void a_request_is_registered_inside_a_call(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    uint64_t number = ring(rig, DESK_PHONE)->call_number;
    const char *code = register_in(rig, number, "", "asphalt")->code;
    assert_int_equal(desk_registered(rig, 2)->call_number, number);
    assert_int_equal(desk_get(rig, code)->case_data->call_number, number);
    const Intake__Call *call = hang_up(rig, number, RESULT(UNSPECIFIED));
    assert_int_equal(call->result, RESULT(REGISTERED));
    assert_int_equal(call->n_registered_codes, 1);
    assert_string_equal(call->registered_codes[0], code);
    assert_int_equal(call->ended_at_us, rig_now_us(rig));
    rig_free(rig);
}

/* An operator who sees the card does not type the phone again. */
static void a_request_without_a_phone_is_that_of_the_calls_known_caller(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    (void)register_in(rig, 0, "شهروند نمونه", "asphalt");
    request.call_number = ring(rig, DESK_PHONE)->call_number;
    request.words = text("چالهٔ جلوی خانه");
    const Intake__RegisterCaseResponse *response = desk_register(rig, &request);
    assert_true(response->can_be_called);
    char *code = text(response->code);
    assert_int_equal(desk_registered(rig, 3)->citizen, desk_registered(rig, 1)->citizen);
    assert_true(desk_registered(rig, 3)->can_be_called);
    assert_int_equal(desk_list(rig, DESK_PHONE, 0, 0)->n_cases, 2);
    const Intake__RevealCaseResponse *opened = desk_reveal(rig, code);
    assert_string_equal(opened->citizen->phone, DESK_E164);
    assert_string_equal(opened->words, "چالهٔ جلوی خانه");
    rig_free(rig);
}

static void a_request_in_a_call_of_nobody_known_has_no_phone(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.call_number = ring(rig, DESK_PHONE)->call_number;
    assert_false(desk_register(rig, &request)->can_be_called);
    assert_int_equal(desk_registered(rig, 2)->citizen, 0);
    rig_free(rig);
}

static void whoever_is_forgotten_during_the_call_is_nobody_known(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__ForgetCitizenRequest forget = INTAKE__FORGET_CITIZEN_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    (void)state;
    (void)register_in(rig, 0, "شهروند نمونه", "asphalt");
    request.call_number = ring(rig, DESK_PHONE)->call_number;
    forget.phone = text(DESK_PHONE);
    forget.reason = text("asked");
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &forget.base, &response, NULL),
                     STATUS_OK);
    assert_false(desk_register(rig, &request)->can_be_called);
    assert_int_equal(desk_registered(rig, 4)->citizen, 0);
    rig_free(rig);
}

static void a_chase_is_told_in_the_story_and_counted(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "")->code;
    uint64_t number = ring(rig, DESK_PHONE)->call_number;
    rig_advance(rig, MINUTE_US);
    assert_int_equal(chase(rig, code, number, "هنوز کسی نیامده"), 1);
    assert_int_equal(chase(rig, code, number, ""), 2);
    const Intake__CaseChased *chased = event_at(rig, 3)->case_chased;
    assert_int_equal(event_at(rig, 3)->kind_case, INTAKE__EVENT__KIND_CASE_CHASED);
    assert_int_equal(chased->number, 1);
    assert_int_equal(chased->chases, 1);
    assert_int_equal(chased->call_number, number);
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->case_data->chases, 2);
    assert_int_equal(response->case_data->state, INTAKE__CASE_STATE__CASE_STATE_REGISTERED);
    assert_int_equal(response->n_timeline, 3);
    assert_int_equal(response->timeline[1]->kind, INTAKE__TIMELINE_KIND__TIMELINE_KIND_CHASED);
    assert_string_equal(response->timeline[1]->note, "هنوز کسی نیامده");
    const Intake__Call *call = hang_up(rig, number, RESULT(UNSPECIFIED));
    assert_int_equal(call->result, RESULT(CHASED));
    assert_int_equal(call->n_chased_codes, 1);
    assert_string_equal(call->chased_codes[0], code);
    rig_free(rig);
}

static void a_call_ends_as_whoever_answered_says(void **state)
{
    static const Intake__CallResult results[] = {RESULT(INFORMED), RESULT(WRONG_NUMBER),
                                                 RESULT(SILENT), RESULT(ABANDONED)};
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        uint64_t number = ring(rig, "")->call_number;
        assert_int_equal(hang_up(rig, number, results[i])->result, results[i]);
        assert_int_equal(look(rig, number)->result, results[i]);
    }
    Intake__EndCallRequest request = INTAKE__END_CALL_REQUEST__INIT;
    request.call_number = ring(rig, "")->call_number;
    request.result = RESULT(REFERRED);
    request.topic = text("asphalt");
    request.unit = text("شرکت برق");
    const Intake__Call *call =
        ((const Intake__EndCallResponse *)must(rig, "EndCall", &request.base))->call;
    assert_string_equal(call->unit, "شرکت برق");
    assert_string_equal(call->topic, "asphalt");
    rig_free(rig);
}

static void an_end_that_contradicts_the_call_is_refused(void **state)
{
    struct rig *rig = desk_open();
    Intake__EndCallRequest request = INTAKE__END_CALL_REQUEST__INIT;
    (void)state;
    request.call_number = ring(rig, "")->call_number;
    static const Intake__CallResult results[] = {RESULT(UNSPECIFIED), RESULT(REGISTERED),
                                                 RESULT(CHASED)};
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        request.result = results[i];
        desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_FAILED_PRECONDITION,
                     "result");
    }
    (void)register_in(rig, 1, "", "asphalt");
    request.result = RESULT(SILENT);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_FAILED_PRECONDITION,
                 "result");
    request.result = RESULT(LEFT_OPEN);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "result");
    request.result = (Intake__CallResult)77;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "result");
    request.result = RESULT(REFERRED);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "unit");
    request.result = RESULT(INFORMED);
    request.topic = text("no-such-topic");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_NOT_FOUND, "topic");
    request.topic = text("");
    request.unit = text("district-5");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "unit");
    rig_free(rig);
}

static void nothing_is_done_in_a_call_that_has_ended(void **state)
{
    struct rig *rig = desk_open();
    Intake__EndCallRequest end = INTAKE__END_CALL_REQUEST__INIT;
    Intake__ChaseCaseRequest again = INTAKE__CHASE_CASE_REQUEST__INIT;
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    again.code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    uint64_t number = ring(rig, "")->call_number;
    (void)hang_up(rig, number, RESULT(SILENT));
    end.result = RESULT(SILENT);
    for (uint64_t asked = number; asked <= number + 1; asked++) {
        enum status status = asked == number ? STATUS_FAILED_PRECONDITION : STATUS_NOT_FOUND;
        end.call_number = again.call_number = request.call_number = asked;
        desk_refuses(rig, RPC_ROLE_FRONT_END, "EndCall", &end.base, status, "call_number");
        desk_refuses(rig, RPC_ROLE_FRONT_END, "ChaseCase", &again.base, status, "call_number");
        desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, status, "call_number");
    }
    rig_free(rig);
}

static void a_call_that_nobody_ends_is_closed_as_left_open(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    int64_t opened_us = rig_now_us(rig);
    uint64_t number = ring(rig, "")->call_number;
    uint64_t other = ring(rig, "")->call_number;
    (void)hang_up(rig, other, RESULT(INFORMED));
    rig_advance(rig, INTAKE_CALL_OPEN_US_MAX - SECOND_US);
    assert_int_equal(look(rig, number)->result, RESULT(UNSPECIFIED));
    rig_restart(rig);
    rig_advance(rig, SECOND_US);
    const Intake__Call *call = look(rig, number);
    assert_int_equal(call->result, RESULT(LEFT_OPEN));
    assert_true(call->ended_at_us - opened_us >= INTAKE_CALL_OPEN_US_MAX);
    rig_advance(rig, DAY_US);
    assert_int_equal(rig_event_count(rig), 4);
    rig_free(rig);
}

static void a_call_given_up_in_the_queue_is_recorded_in_one_go(void **state)
{
    struct rig *rig = desk_open();
    Intake__RecordCallRequest request = INTAKE__RECORD_CALL_REQUEST__INIT;
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "");
    request.phone = text(DESK_PHONE);
    request.channel = PHONE_CHANNEL;
    request.operator_name = text("exchange");
    request.queued_at_us = rig_now_us(rig) - 3 * MINUTE_US;
    request.ended_at_us = rig_now_us(rig) - MINUTE_US;
    request.result = RESULT(ABANDONED);
    const Intake__Call *call =
        ((const Intake__RecordCallResponse *)must(rig, "RecordCall", &request.base))->call;
    assert_int_equal(call->result, RESULT(ABANDONED));
    assert_int_equal(call->queued_at_us, request.queued_at_us);
    assert_int_equal(call->ended_at_us, request.ended_at_us);
    assert_string_equal(call->operator_name, "exchange");
    assert_true(call->is_known);
    assert_string_equal(event_at(rig, 2)->call_opened->purpose, "");
    assert_int_equal(event_at(rig, 2)->call_opened->n_shown_cases, 0);
    rig_advance(rig, DAY_US);
    assert_int_equal(rig_event_count(rig), 3);
    request.answered_at_us = request.queued_at_us;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RecordCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "answered_at_us");
    request.answered_at_us = 0;
    request.result = RESULT(REGISTERED);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RecordCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "result");
    rig_free(rig);
}

/* --- bounds and bad input --- */

static void names_the_field_of_a_bad_call(void **state)
{
    struct rig *rig = desk_open();
    Intake__OpenCallRequest request = INTAKE__OPEN_CALL_REQUEST__INIT;
    (void)state;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "channel");
    request.channel = COMMON__CHANNEL__CHANNEL_IMPORT;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "channel");
    request.channel = PHONE_CHANNEL;
    request.phone = desk_repeat("9", 41);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "phone");
    free(request.phone);
    request.phone = text("");
    request.operator_name = desk_repeat("ن", 101);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "operator_name");
    free(request.operator_name);
    request.operator_name = text("");
    request.queued_at_us = rig_now_us(rig) + 1;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "queued_at_us");
    request.queued_at_us = rig_now_us(rig);
    request.answered_at_us = rig_now_us(rig) - 1;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "answered_at_us");
    request.queued_at_us = INT64_MIN;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, STATUS_INVALID_ARGUMENT,
                 "queued_at_us");
    rig_free(rig);
}

static void names_the_field_of_a_bad_chase(void **state)
{
    struct rig *rig = desk_open();
    Intake__ChaseCaseRequest request = INTAKE__CHASE_CASE_REQUEST__INIT;
    (void)state;
    request.code = text("123");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ChaseCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "code");
    request.code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    request.note = desk_repeat("چ", 1001);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ChaseCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "note");
    free(request.note);
    rig_free(rig);
}

static void a_call_registers_and_chases_so_many_and_no_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__ChaseCaseRequest again = INTAKE__CHASE_CASE_REQUEST__INIT;
    (void)state;
    uint64_t number = ring(rig, "")->call_number;
    for (size_t i = 0; i < INTAKE_CALL_CASES_MAX; i++) {
        const char *code = register_in(rig, number, "", "asphalt")->code;
        (void)chase(rig, code, number, "");
    }
    request.call_number = number;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_RESOURCE_EXHAUSTED,
                 "call_number");
    again.code = text(desk_register_from(rig, NULL, "")->code);
    again.call_number = number;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ChaseCase", &again.base, STATUS_RESOURCE_EXHAUSTED,
                 "call_number");
    assert_int_equal(look(rig, number)->n_registered_codes, INTAKE_CALL_CASES_MAX);
    rig_free(rig);
}

static void a_request_is_chased_so_often_and_no_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__ChaseCaseRequest again = INTAKE__CHASE_CASE_REQUEST__INIT;
    (void)state;
    again.code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    for (uint32_t i = 1; i <= INTAKE_CHASES_MAX; i++) {
        assert_int_equal(chase(rig, again.code, 0, ""), i);
    }
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ChaseCase", &again.base, STATUS_RESOURCE_EXHAUSTED,
                 "code");
    const Intake__GetCaseResponse *response = desk_get(rig, again.code);
    assert_int_equal(response->case_data->chases, INTAKE_CHASES_MAX);
    assert_int_equal(response->n_timeline, 101);
    rig_free(rig);
}

static void lets_desks_take_calls_and_nobody_else(void **state)
{
    static const enum rpc_role others[] = {RPC_ROLE_NONE, RPC_ROLE_OFFICE, RPC_ROLE_SERVICE,
                                           RPC_ROLE_LEADERSHIP, RPC_ROLE_IMPORT};
    struct rig *rig = desk_open();
    Intake__OpenCallRequest open = INTAKE__OPEN_CALL_REQUEST__INIT;
    Intake__ChaseCaseRequest again = INTAKE__CHASE_CASE_REQUEST__INIT;
    (void)state;
    open.channel = PHONE_CHANNEL;
    again.code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        desk_refuses(rig, others[i], "OpenCall", &open.base, STATUS_PERMISSION_DENIED, "");
        desk_refuses(rig, others[i], "ChaseCase", &again.base, STATUS_PERMISSION_DENIED, "");
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_who_calls_and_what_they_asked_before),
        cmocka_unit_test(shows_for_when_the_unit_plans_it),
        cmocka_unit_test(writes_down_who_was_shown_the_card_and_what_was_on_it),
        cmocka_unit_test(keeps_nothing_of_a_caller_who_is_not_known),
        cmocka_unit_test(shows_five_requests_and_that_there_are_more),
        cmocka_unit_test(counts_how_often_they_called_about_the_same_open_matter),
        cmocka_unit_test(shows_the_last_satisfaction),
        cmocka_unit_test(opens_once_when_the_same_key_is_sent_twice),
        cmocka_unit_test(a_request_is_registered_inside_a_call),
        cmocka_unit_test(a_request_without_a_phone_is_that_of_the_calls_known_caller),
        cmocka_unit_test(a_request_in_a_call_of_nobody_known_has_no_phone),
        cmocka_unit_test(whoever_is_forgotten_during_the_call_is_nobody_known),
        cmocka_unit_test(a_chase_is_told_in_the_story_and_counted),
        cmocka_unit_test(a_call_ends_as_whoever_answered_says),
        cmocka_unit_test(an_end_that_contradicts_the_call_is_refused),
        cmocka_unit_test(nothing_is_done_in_a_call_that_has_ended),
        cmocka_unit_test(a_call_that_nobody_ends_is_closed_as_left_open),
        cmocka_unit_test(a_call_given_up_in_the_queue_is_recorded_in_one_go),
        cmocka_unit_test(names_the_field_of_a_bad_call),
        cmocka_unit_test(names_the_field_of_a_bad_chase),
        cmocka_unit_test(a_call_registers_and_chases_so_many_and_no_more),
        cmocka_unit_test(a_request_is_chased_so_often_and_no_more),
        cmocka_unit_test(lets_desks_take_calls_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

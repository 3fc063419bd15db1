/* What becomes of a request after it was registered: amended, taken back, added to. */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "services/intake/intake_amend.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATE(name) INTAKE__CASE_STATE__CASE_STATE_##name
#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name

static const ProtobufCMessage *must(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, RPC_ROLE_FRONT_END, method, request, &response, &err) != STATUS_OK) {
        fail_msg("%s: field \"%s\": %s", method, err.field, err.message);
    }
    return response;
}

static char *sample(struct rig *rig)
{
    return text(desk_register_from(rig, DESK_PHONE, "چالهٔ جلوی خانه")->code);
}

static void add_words(struct rig *rig, char *code, const char *words)
{
    Intake__AddWordsRequest request = INTAKE__ADD_WORDS_REQUEST__INIT;
    request.code = code;
    request.words = text(words);
    (void)must(rig, "AddWords", &request.base);
}

static void withdraw(struct rig *rig, char *code)
{
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    request.code = code;
    request.reason = text("خودش برطرف شد");
    (void)must(rig, "WithdrawCase", &request.base);
}

/* Routing has finished it. */
static void finish(struct rig *rig, uint64_t number)
{
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    const struct event event = {.open = &open.base, .actor = ""};
    done.case_number = number;
    open.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    open.task_done = &done;
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
}

/* --- amending --- */

static void what_is_amended_takes_the_place_of_what_was_registered(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    request.code = sample(rig);
    request.topic = text("garbage");
    place.area = text("3");
    place.street = text("خیابان نمونه");
    request.place = &place;
    request.reason = text("اشتباه در ثبت");
    rig_advance(rig, MINUTE_US);
    const Intake__AmendCaseResponse *response = (const void *)must(rig, "AmendCase", &request.base);
    assert_int_equal(response->amendments, 1);
    const Intake__GetCaseResponse *told = desk_get(rig, request.code);
    assert_string_equal(told->case_data->topic, "garbage");
    assert_string_equal(told->case_data->place->area, "3");
    assert_string_equal(told->case_data->place->street, "خیابان نمونه");
    assert_int_equal(told->case_data->amended_at_us, rig_now_us(rig));
    assert_int_equal(told->n_timeline, 2);
    assert_int_equal(told->timeline[1]->kind, KIND(AMENDED));
    assert_string_equal(told->timeline[1]->note, "اشتباه در ثبت");
    const Intake__RequestAmended *event =
        ((const Intake__Event *)rig_event(rig, 2)->open)->request_amended;
    assert_int_equal(event->place_found, INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN);
    rig_free(rig);
}

static void what_is_not_given_stays_as_it_was_amended_last(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    (void)state;
    request.code = sample(rig);
    request.reason = text("why");
    request.topic = text("garbage");
    (void)must(rig, "AmendCase", &request.base);
    request.topic = text("");
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    request.urgency = COMMON__URGENCY__URGENCY_URGENT;
    const Intake__AmendCaseResponse *response = (const void *)must(rig, "AmendCase", &request.base);
    assert_int_equal(response->amendments, 2);
    const Intake__Case *told = desk_get(rig, request.code)->case_data;
    assert_string_equal(told->topic, "garbage");
    assert_int_equal(told->urgency, COMMON__URGENCY__URGENCY_URGENT);
    uint64_t last = rig_event_count(rig);
    assert_false(
        ((const Intake__Event *)rig_event(rig, last - 1)->open)->request_amended->urgent_now);
    assert_true(((const Intake__Event *)rig_event(rig, last)->open)->request_amended->urgent_now);
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    request.urgency = COMMON__URGENCY__URGENCY_UNSPECIFIED;
    request.topic = text("asphalt");
    (void)must(rig, "AmendCase", &request.base); /* urgent still, but nobody says so now */
    const Intake__Event *open = (const Intake__Event *)rig_event(rig, last + 1)->open;
    assert_int_equal(open->request_amended->urgency, COMMON__URGENCY__URGENCY_URGENT);
    assert_false(open->request_amended->urgent_now);
    assert_null(told->place);
    rig_free(rig);
}

/* Told by routing of request 1, a minute later. */
static void feed_routing(struct rig *rig, const Routing__Event *open)
{
    const struct event event = {.open = &open->base, .actor = ""};
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
}

/* Its story says so, from the referral by mistake to the office that has it now. */
static void what_was_referred_is_amended_and_comes_back(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    Routing__TaskClosedUndone closed = ROUTING__TASK_CLOSED_UNDONE__INIT;
    Routing__TaskReopened reopened = ROUTING__TASK_REOPENED__INIT;
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    Routing__TaskDueMoved due = ROUTING__TASK_DUE_MOVED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    (void)state;
    request.code = sample(rig);
    request.topic = text("garbage");
    request.reason = text("اشتباه در ثبت");
    closed.case_number = 1;
    closed.unit = text("power-company");
    closed.referred = true;
    open.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    open.task_closed_undone = &closed;
    feed_routing(rig, &open);
    assert_int_equal(desk_get(rig, request.code)->case_data->state,
                     INTAKE__CASE_STATE__CASE_STATE_REFERRED);
    rig_advance(rig, MINUTE_US);
    (void)must(rig, "AmendCase", &request.base);
    assert_string_equal(desk_get(rig, request.code)->case_data->topic, "garbage");
    reopened.case_number = 1;
    reopened.unit = text("power-company");
    reopened.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED;
    reopened.note = request.reason;
    open.kind_case = ROUTING__EVENT__KIND_TASK_REOPENED;
    open.task_reopened = &reopened;
    feed_routing(rig, &open);
    moved.case_number = 1;
    moved.from_unit = text("power-company");
    moved.to_unit = text("district-5-waste");
    moved.reason = request.reason;
    open.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    open.task_moved = &moved;
    feed_routing(rig, &open);
    due.case_number = 1;
    due.unit = text("district-5-waste");
    due.cause = ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED;
    due.due_at_us = 99 * DAY_US;
    open.kind_case = ROUTING__EVENT__KIND_TASK_DUE_MOVED;
    open.task_due_moved = &due;
    feed_routing(rig, &open);
    const Intake__GetCaseResponse *got = desk_get(rig, request.code);
    assert_int_equal(got->case_data->state, INTAKE__CASE_STATE__CASE_STATE_REOPENED);
    assert_string_equal(got->case_data->unit, "district-5-waste");
    assert_int_equal(got->case_data->due_at_us, 99 * DAY_US);
    static const Intake__TimelineKind told[] = {
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_REGISTERED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_REFERRED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_AMENDED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_REOPENED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_MOVED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_DUE_MOVED,
    };
    assert_int_equal(got->n_timeline, sizeof told / sizeof told[0]);
    for (size_t i = 0; i < got->n_timeline; i++) {
        assert_int_equal(got->timeline[i]->kind, told[i]);
    }
    assert_string_equal(got->timeline[3]->note, request.reason);
    rig_free(rig);
}

static void names_the_field_of_a_bad_amendment(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    request.code = sample(rig);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "reason");
    request.reason = text("why"); /* and nothing else: no field is wrong by itself */
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_INVALID_ARGUMENT, "");
    request.topic = text("no-such-topic");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_NOT_FOUND, "topic");
    request.topic = text("");
    place.area = text("99");
    request.place = &place;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_NOT_FOUND, "area");
    request.place = NULL;
    request.urgency = (Common__Urgency)9;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "urgency");
    request.urgency = COMMON__URGENCY__URGENCY_URGENT;
    request.code = text("123");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "code");
    request.code = sample(rig);
    desk_refuses(rig, RPC_ROLE_OFFICE, "AmendCase", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

/* Whoever registered it, amended it, worked on it. */
static void the_story_tells_who_did_what(void **state)
{
    struct rig *rig = desk_open();
    const struct rpc_caller operator= {.name = "سمیه", .role = RPC_ROLE_FRONT_END};
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    const struct event event = {.open = &open.base, .actor = "کاظم"};
    const ProtobufCMessage *response = NULL;
    uint8_t key[16];
    (void)state;
    request.code = sample(rig);
    request.topic = text("garbage");
    request.reason = text("why");
    request.idempotency_key = desk_key(rig, key);
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_call_as(rig, &operator, "AmendCase", &request.base, &response, NULL),
                     STATUS_OK);
    moved.case_number = 1;
    open.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    open.task_moved = &moved;
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
    const Intake__GetCaseResponse *told = desk_get(rig, request.code);
    assert_int_equal(told->n_timeline, 3);
    assert_string_equal(told->timeline[0]->actor, "test");
    assert_string_equal(told->timeline[1]->actor, "سمیه");
    assert_string_equal(told->timeline[2]->actor, "کاظم");
    rig_free(rig);
}

/* A topic of the pack that must be told something, and another that asks nothing of it. */
static void another_topic_asks_its_own_questions(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    Common__Answer answer = COMMON__ANSWER__INIT;
    Common__Answer *answers[] = {&answer};
    char *values[] = {text("۴۰")};
    (void)state;
    request.code = sample(rig);
    request.topic = text("flooding");
    request.reason = text("why");
    answer.question = text("depth");
    answer.n_values = 1;
    answer.values = values;
    request.n_answers = 1;
    request.answers = answers;
    (void)must(rig, "AmendCase", &request.base);
    const Intake__Case *told = desk_get(rig, request.code)->case_data;
    assert_int_equal(told->n_answers, 1);
    assert_string_equal(told->answers[0]->values[0], "40");
    answer.question = text("no-such-question");
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers.no-such-question");
    request.n_answers = 0;
    request.topic = text("asphalt");
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    (void)must(rig, "AmendCase", &request.base);
    assert_int_equal(desk_get(rig, request.code)->case_data->n_answers, 0);
    rig_free(rig);
}

/* As when it is registered: a topic that must be told something is told it. */
static void another_topic_is_told_what_it_must_be_told(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    (void)state;
    request.code = sample(rig);
    request.topic = text("lost-property");
    request.reason = text("why");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers.thing");
    rig_free(rig);
}

/* --- taking it back --- */

static void what_is_taken_back_is_withdrawn_and_closed_to_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    Intake__WithdrawCaseRequest again = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    Intake__AddWordsRequest words = INTAKE__ADD_WORDS_REQUEST__INIT;
    Intake__ChaseCaseRequest chase = INTAKE__CHASE_CASE_REQUEST__INIT;
    (void)state;
    char *code = sample(rig);
    rig_advance(rig, MINUTE_US);
    withdraw(rig, code);
    const Intake__GetCaseResponse *told = desk_get(rig, code);
    assert_int_equal(told->case_data->state, STATE(WITHDRAWN));
    assert_int_equal(told->case_data->withdrawn_at_us, rig_now_us(rig));
    assert_int_equal(told->timeline[1]->kind, KIND(WITHDRAWN));
    amend.code = again.code = words.code = chase.code = code;
    amend.topic = text("garbage");
    amend.reason = again.reason = words.words = text("why");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, STATUS_FAILED_PRECONDITION,
                 "code");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &again.base, STATUS_FAILED_PRECONDITION,
                 "code");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AddWords", &words.base, STATUS_FAILED_PRECONDITION,
                 "code");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ChaseCase", &chase.base, STATUS_FAILED_PRECONDITION,
                 "code");
    finish(rig, 1);
    assert_int_equal(desk_get(rig, code)->case_data->state, STATE(WITHDRAWN));
    rig_free(rig);
}

static void what_is_finished_cannot_be_taken_back(void **state)
{
    struct rig *rig = desk_open();
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    (void)state;
    request.code = sample(rig);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "reason");
    finish(rig, 1);
    request.reason = text("why");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &request.base, STATUS_FAILED_PRECONDITION,
                 "code");
    rig_free(rig);
}

/* --- adding words --- */

static void added_words_are_sealed_and_revealed_with_the_first(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *code = sample(rig);
    add_words(rig, code, "آب هم بالا آمده");
    add_words(rig, code, "ترسیده‌ایم");
    const struct event *event = rig_event(rig, 2);
    assert_null(memmem(event->sealed.data, event->sealed.size, "آب", strlen("آب")));
    assert_int_equal(event->citizen, desk_registered(rig, 1)->citizen);
    const Intake__RevealCaseResponse *opened = desk_reveal(rig, code);
    assert_string_equal(opened->words, "چالهٔ جلوی خانه");
    assert_int_equal(opened->n_added_words, 2);
    assert_string_equal(opened->added_words[0]->words, "آب هم بالا آمده");
    assert_string_equal(opened->added_words[1]->words, "ترسیده‌ایم");
    const Intake__GetCaseResponse *told = desk_get(rig, code);
    assert_int_equal(told->case_data->words_added, 2);
    assert_int_equal(told->timeline[1]->kind, KIND(WORDS_ADDED));
    assert_string_equal(told->timeline[1]->note, "");
    rig_free(rig);
}

static void words_added_to_nobodys_request_lie_under_one_new_key(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *code = text(desk_register_from(rig, NULL, "")->code);
    add_words(rig, code, "یک");
    add_words(rig, code, "دو");
    assert_true(rig_event(rig, 2)->citizen != 0);
    assert_int_equal(rig_event(rig, 3)->citizen, rig_event(rig, 2)->citizen);
    const Intake__RevealCaseResponse *opened = desk_reveal(rig, code);
    assert_null(opened->citizen);
    assert_string_equal(opened->words, "");
    assert_int_equal(opened->n_added_words, 2);
    assert_string_equal(opened->added_words[1]->words, "دو");
    rig_free(rig);
}

static void words_are_added_so_often_and_no_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__AddWordsRequest request = INTAKE__ADD_WORDS_REQUEST__INIT;
    (void)state;
    request.code = sample(rig);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AddWords", &request.base, STATUS_INVALID_ARGUMENT,
                 "words");
    for (size_t i = 0; i < INTAKE_WORDS_ADDED_MAX; i++) {
        add_words(rig, request.code, "باز هم");
    }
    request.words = text("باز هم");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "AddWords", &request.base, STATUS_RESOURCE_EXHAUSTED,
                 "code");
    assert_int_equal(desk_reveal(rig, request.code)->n_added_words, INTAKE_WORDS_ADDED_MAX);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_amended_takes_the_place_of_what_was_registered),
        cmocka_unit_test(the_story_tells_who_did_what),
        cmocka_unit_test(what_is_not_given_stays_as_it_was_amended_last),
        cmocka_unit_test(what_was_referred_is_amended_and_comes_back),
        cmocka_unit_test(names_the_field_of_a_bad_amendment),
        cmocka_unit_test(another_topic_asks_its_own_questions),
        cmocka_unit_test(another_topic_is_told_what_it_must_be_told),
        cmocka_unit_test(what_is_taken_back_is_withdrawn_and_closed_to_more),
        cmocka_unit_test(what_is_finished_cannot_be_taken_back),
        cmocka_unit_test(added_words_are_sealed_and_revealed_with_the_first),
        cmocka_unit_test(words_added_to_nobodys_request_lie_under_one_new_key),
        cmocka_unit_test(words_are_added_so_often_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

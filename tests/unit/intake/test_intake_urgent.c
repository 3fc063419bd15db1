/* Urgent requests: the number to dial where life is in danger, and who has it. Every test ends with a rebuild that must
 * equal (rig_free). */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "base/clock.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name
#define ROUTING_KIND(name) ROUTING__EVENT__KIND_##name

static const char *register_urgent(struct rig *rig)
{
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    citizen.phone = text(DESK_PHONE);
    request.citizen = &citizen;
    request.urgency = COMMON__URGENCY__URGENCY_URGENT;
    return desk_register(rig, &request)->code;
}

/* A minute later, of request 1. */
static void feed(struct rig *rig, Routing__Event *open, const char *actor)
{
    struct event event = {.open = &open->base, .actor = actor};
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
}

static void alarmed(struct rig *rig, const char *desk)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskAlarmed body = ROUTING__TASK_ALARMED__INIT;
    body.task_number = 7;
    body.case_number = 1;
    body.unit = text("district-5-civil");
    body.desk = text(desk);
    event.kind_case = ROUTING_KIND(TASK_ALARMED);
    event.task_alarmed = &body;
    feed(rig, &event, "");
}

static void unacknowledged(struct rig *rig)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskUnacknowledged body = ROUTING__TASK_UNACKNOWLEDGED__INIT;
    body.case_number = 1;
    body.unit = text("district-5-civil");
    body.step = 1;
    body.role = text("unit-head");
    event.kind_case = ROUTING_KIND(TASK_UNACKNOWLEDGED);
    event.task_unacknowledged = &body;
    feed(rig, &event, "");
}

static void given(struct rig *rig, const char *desk)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskAlarmGiven body = ROUTING__TASK_ALARM_GIVEN__INIT;
    body.case_number = 1;
    body.unit = text("district-5-civil");
    body.desk = text(desk);
    event.kind_case = ROUTING_KIND(TASK_ALARM_GIVEN);
    event.task_alarm_given = &body;
    feed(rig, &event, "");
}

static void accepted(struct rig *rig, const char *person, bool automatic)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskAccepted body = ROUTING__TASK_ACCEPTED__INIT;
    body.case_number = 1;
    body.unit = text("district-5-civil");
    body.automatic = automatic;
    event.kind_case = ROUTING_KIND(TASK_ACCEPTED);
    event.task_accepted = &body;
    feed(rig, &event, person);
}

static void seen(struct rig *rig, const char *person)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskSeen body = ROUTING__TASK_SEEN__INIT;
    body.case_number = 1;
    body.unit = text("district-5-civil");
    event.kind_case = ROUTING_KIND(TASK_SEEN);
    event.task_seen = &body;
    feed(rig, &event, person);
}

/* Task 7 is that of request 1. */
static void joined(struct rig *rig, uint64_t number, Common__Urgency urgency)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__CaseJoined body = ROUTING__CASE_JOINED__INIT;
    body.task_number = 7;
    body.case_number = number;
    body.incident = 1;
    body.unit = text("district-5-civil");
    body.urgency = urgency;
    event.kind_case = ROUTING_KIND(CASE_JOINED);
    event.case_joined = &body;
    feed(rig, &event, "");
}

static void left(struct rig *rig, uint64_t number, bool withdrawn, Common__Urgency urgency)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__CaseSplit body = ROUTING__CASE_SPLIT__INIT;
    body.task_number = 7;
    body.case_number = number;
    body.incident = 1;
    body.unit = text("district-5-civil");
    body.withdrawn = withdrawn;
    body.urgency = urgency;
    event.kind_case = ROUTING_KIND(CASE_SPLIT);
    event.case_split = &body;
    feed(rig, &event, "");
}

static void amended(struct rig *rig, uint64_t number, Common__Urgency urgency)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskAmended body = ROUTING__TASK_AMENDED__INIT;
    body.task_number = 7;
    body.case_number = number;
    body.unit = text("district-5-civil");
    body.is_open = true;
    body.is_joined = number != 1;
    body.urgency = urgency;
    event.kind_case = ROUTING_KIND(TASK_AMENDED);
    event.task_amended = &body;
    feed(rig, &event, "");
}

static const char *register_normal(struct rig *rig)
{
    Intake__RegisterCaseRequest request = desk_request();
    return desk_register(rig, &request)->code;
}

/* The last lines of the story are of these kinds, and the alarm is that desk's; NULL: there is none. */
static void expect_told(struct rig *rig, const char *code, Intake__TimelineKind last_but_one,
                        Intake__TimelineKind last, const char *desk)
{
    const Intake__GetCaseResponse *told = desk_get(rig, code);
    assert_true(told->n_timeline >= 2);
    assert_int_equal(told->timeline[told->n_timeline - 2]->kind, last_but_one);
    assert_int_equal(told->timeline[told->n_timeline - 1]->kind, last);
    if (desk == NULL) {
        assert_null(told->case_data->alarm);
    } else {
        assert_non_null(told->case_data->alarm);
        assert_string_equal(told->case_data->alarm->desk, desk);
    }
}

static void the_number_to_dial_is_told_with_the_code_and_with_the_topic(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__GetTopicRequest ask = INTAKE__GET_TOPIC_REQUEST__INIT;
    const ProtobufCMessage *answer;
    (void)state;
    request.topic = text("fire");
    assert_string_equal(desk_register(rig, &request)->emergency_phone, "125");
    request = desk_request();
    assert_string_equal(desk_register(rig, &request)->emergency_phone, "");
    ask.topic = text("medical-emergency");
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTopic", &ask.base, &answer, NULL),
                     STATUS_OK);
    assert_string_equal(((const Intake__GetTopicResponse *)answer)->topic->emergency_phone, "115");
    ask.topic = text("asphalt");
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTopic", &ask.base, &answer, NULL),
                     STATUS_OK);
    assert_string_equal(((const Intake__GetTopicResponse *)answer)->topic->emergency_phone, "");
    rig_free(rig);
}

static void the_number_to_dial_is_told_when_it_becomes_an_emergency(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    const ProtobufCMessage *answer;
    (void)state;
    amend.code = desk_register(rig, &request)->code;
    amend.topic = text("fire");
    amend.reason = text("it burns");
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, NULL),
                     STATUS_OK);
    assert_string_equal(((const Intake__AmendCaseResponse *)answer)->emergency_phone, "125");
    amend.topic = text("asphalt");
    amend.idempotency_key = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, NULL),
                     STATUS_OK);
    assert_string_equal(((const Intake__AmendCaseResponse *)answer)->emergency_phone, "");
    rig_free(rig);
}

/* Nobody has said that the danger is over: that is said with the urgency. */
static void what_was_urgent_stays_so_until_somebody_says_otherwise(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    const ProtobufCMessage *answer;
    (void)state;
    request.topic = text("fire");
    amend.code = desk_register(rig, &request)->code;
    amend.topic = text("asphalt");
    amend.reason = text("it was heard wrongly");
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, NULL),
                     STATUS_OK);
    assert_int_equal(desk_get(rig, amend.code)->case_data->urgency,
                     COMMON__URGENCY__URGENCY_URGENT);
    amend.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    amend.idempotency_key = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, NULL),
                     STATUS_OK);
    assert_int_equal(desk_get(rig, amend.code)->case_data->urgency,
                     COMMON__URGENCY__URGENCY_NORMAL);
    rig_free(rig);
}

static void a_request_is_joined_as_urgent_as_it_is_by_now(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__RegisterCaseRequest other = desk_request();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    Intake__JoinCaseRequest join = INTAKE__JOIN_CASE_REQUEST__INIT;
    const ProtobufCMessage *answer;
    (void)state;
    join.join = desk_register(rig, &request)->code;
    join.code = amend.code = desk_register(rig, &other)->code;
    amend.urgency = COMMON__URGENCY__URGENCY_URGENT;
    amend.reason = text("it gives way");
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, NULL),
                     STATUS_OK);
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "JoinCase", &join.base, &answer, NULL),
                     STATUS_OK);
    const Intake__Event *event = (const void *)rig_event(rig, rig_event_count(rig))->open;
    assert_int_equal(event->request_joined->urgency, COMMON__URGENCY__URGENCY_URGENT);
    rig_free(rig);
}

static void a_history_is_no_emergency(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    history.occurred_at_us = 1000;
    request.history = &history;
    request.topic = text("fire");
    assert_string_equal(desk_import(rig, &request)->emergency_phone, "");
    rig_free(rig);
}

static void everyone_sees_who_has_it_and_how_often_nobody_had(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = register_urgent(rig);
    assert_null(desk_get(rig, code)->case_data->alarm);
    alarmed(rig, "desk 1");
    int64_t since_us = rig_now_us(rig);
    accepted(rig, "a program", true);
    unacknowledged(rig);
    given(rig, "desk 2");
    const Intake__GetCaseResponse *told = desk_get(rig, code);
    assert_string_equal(told->case_data->alarm->desk, "desk 2");
    assert_string_equal(told->case_data->alarm->acknowledged_by, "");
    assert_int_equal(told->case_data->alarm->steps, 1);
    assert_int_equal(told->case_data->alarm->since_us, since_us);
    assert_int_equal(told->n_timeline, 5);
    assert_int_equal(told->timeline[1]->kind, KIND(ALARMED));
    assert_string_equal(told->timeline[1]->note, "desk 1");
    assert_int_equal(told->timeline[3]->kind, KIND(UNACKNOWLEDGED));
    assert_string_equal(told->timeline[3]->note, "unit-head");
    assert_int_equal(told->timeline[4]->kind, KIND(ALARM_GIVEN));
    seen(rig, "Sample person");
    int64_t seen_us = rig_now_us(rig);
    seen(rig, "Another sample");
    told = desk_get(rig, code);
    assert_string_equal(told->case_data->alarm->acknowledged_by, "Sample person");
    assert_int_equal(told->case_data->alarm->acknowledged_at_us, seen_us);
    rig_free(rig);
}

static void told_anew_nobody_has_acknowledged_it(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = register_urgent(rig);
    alarmed(rig, "desk 1");
    unacknowledged(rig);
    seen(rig, "Sample person");
    alarmed(rig, "");
    const Intake__CaseAlarm *alarm = desk_get(rig, code)->case_data->alarm;
    assert_string_equal(alarm->desk, "");
    assert_string_equal(alarm->acknowledged_by, "");
    assert_int_equal(alarm->steps, 0);
    rig_free(rig);
}

static void what_is_not_urgent_any_more_has_no_alarm(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    (void)state;
    const char *code = register_urgent(rig);
    alarmed(rig, "desk 1");
    amend.code = text(code);
    amend.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    amend.reason = text("it can wait");
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, NULL, NULL),
                     STATUS_OK);
    assert_non_null(desk_get(rig, code)->case_data->alarm); /* its unit has not been told yet */
    amended(rig, 1, COMMON__URGENCY__URGENCY_NORMAL);
    expect_told(rig, code, KIND(AMENDED), KIND(CALMED), NULL);
    rig_free(rig);
}

#define URGENT COMMON__URGENCY__URGENCY_URGENT
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL

/* A task is as urgent as the most urgent of its requests (docs/decisions/0016). */
static void who_is_joined_to_an_urgent_task_is_told_who_has_it_until_split_off(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *urgent = strdup(register_urgent(rig));
    char *normal = strdup(register_normal(rig));
    alarmed(rig, "desk 1");
    int64_t since_us = rig_now_us(rig);
    given(rig, "desk 2");
    joined(rig, 2, URGENT);
    expect_told(rig, normal, KIND(JOINED), KIND(ALARMED), "desk 2");
    const Intake__GetCaseResponse *told = desk_get(rig, normal);
    assert_string_equal(told->timeline[told->n_timeline - 1]->note, "desk 2");
    assert_int_equal(told->case_data->alarm->since_us, since_us);
    seen(rig, "Sample person");
    assert_string_equal(desk_get(rig, normal)->case_data->alarm->acknowledged_by, "Sample person");
    left(rig, 2, false, URGENT);
    expect_told(rig, normal, KIND(SEEN), KIND(SPLIT), NULL);
    expect_told(rig, urgent, KIND(ALARM_GIVEN), KIND(SEEN), "desk 2");
    free(urgent);
    free(normal);
    rig_free(rig);
}

static void whom_an_urgent_one_joined_is_told_who_has_it_until_that_one_leaves(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *normal = strdup(register_normal(rig));
    char *urgent = strdup(register_urgent(rig));
    joined(rig, 2, URGENT);
    alarmed(rig, "desk 1");
    expect_told(rig, normal, KIND(REGISTERED), KIND(ALARMED), "desk 1");
    expect_told(rig, urgent, KIND(JOINED), KIND(ALARMED), "desk 1");
    left(rig, 2, false, NORMAL);
    expect_told(rig, normal, KIND(ALARMED), KIND(CALMED), NULL);
    expect_told(rig, urgent, KIND(ALARMED), KIND(SPLIT), NULL);
    joined(rig, 2, NORMAL); /* amended meanwhile */
    expect_told(rig, urgent, KIND(SPLIT), KIND(JOINED), NULL);
    free(urgent);
    free(normal);
    rig_free(rig);
}

static void the_alarm_ends_for_all_when_the_urgent_one_is_amended_or_taken_back(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *head = strdup(register_urgent(rig));
    char *other = strdup(register_urgent(rig));
    alarmed(rig, "desk 1");
    joined(rig, 2, URGENT);
    amended(rig, 2, URGENT); /* its words: the other one is urgent still */
    expect_told(rig, other, KIND(JOINED), KIND(ALARMED), "desk 1");
    left(rig, 1, true, NORMAL);
    expect_told(rig, head, KIND(LEFT), KIND(CALMED), NULL);
    expect_told(rig, other, KIND(ALARMED), KIND(CALMED), NULL);
    alarmed(rig, "desk 3"); /* it says otherwise again */
    expect_told(rig, other, KIND(CALMED), KIND(ALARMED), "desk 3");
    amended(rig, 2, NORMAL);
    expect_told(rig, other, KIND(ALARMED), KIND(CALMED), NULL);
    amended(rig, 2, NORMAL); /* told once */
    expect_told(rig, other, KIND(ALARMED), KIND(CALMED), NULL);
    free(head);
    free(other);
    rig_free(rig);
}

static void a_citizen_who_looks_it_up_is_not_told_who_has_it(void **state)
{
    struct rig *rig = desk_open();
    Intake__LookUpCaseRequest request = INTAKE__LOOK_UP_CASE_REQUEST__INIT;
    const ProtobufCMessage *answer;
    (void)state;
    request.code = text(register_urgent(rig));
    request.phone_digits = text("4567");
    alarmed(rig, "desk 1");
    unacknowledged(rig);
    assert_int_equal(rig_call(rig, RPC_ROLE_NONE, "LookUpCase", &request.base, &answer, NULL),
                     STATUS_OK);
    const Intake__LookUpCaseResponse *told = (const Intake__LookUpCaseResponse *)answer;
    assert_null(told->case_data->alarm);
    assert_int_equal(told->n_timeline, 3);
    assert_int_equal(told->timeline[1]->kind, KIND(ALARMED));
    assert_string_equal(told->timeline[1]->note, "");
    assert_string_equal(told->timeline[2]->note, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_to_dial_is_told_with_the_code_and_with_the_topic),
        cmocka_unit_test(the_number_to_dial_is_told_when_it_becomes_an_emergency),
        cmocka_unit_test(what_was_urgent_stays_so_until_somebody_says_otherwise),
        cmocka_unit_test(a_request_is_joined_as_urgent_as_it_is_by_now),
        cmocka_unit_test(a_history_is_no_emergency),
        cmocka_unit_test(everyone_sees_who_has_it_and_how_often_nobody_had),
        cmocka_unit_test(told_anew_nobody_has_acknowledged_it),
        cmocka_unit_test(what_is_not_urgent_any_more_has_no_alarm),
        cmocka_unit_test(who_is_joined_to_an_urgent_task_is_told_who_has_it_until_split_off),
        cmocka_unit_test(whom_an_urgent_one_joined_is_told_who_has_it_until_that_one_leaves),
        cmocka_unit_test(the_alarm_ends_for_all_when_the_urgent_one_is_amended_or_taken_back),
        cmocka_unit_test(a_citizen_who_looks_it_up_is_not_told_who_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Joining requests about the same thing, and splitting them off: who is joined to whom, what each is
 * told, and what is refused. */
#include "intake_desk.h"

#include "services/intake/intake_members.h"

#include "base/clock.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATE(name) INTAKE__CASE_STATE__CASE_STATE_##name
#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name

/* --- what is asked --- */

static const Intake__RegisterCaseResponse *register_joined(struct rig *rig, char *join)
{
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    citizen.phone = DESK_PHONE;
    request.citizen = &citizen;
    request.join = join;
    return desk_register(rig, &request);
}

static char *code_of(const Intake__RegisterCaseResponse *response)
{
    return response->code;
}

static enum status join(struct rig *rig, char *code, char *with, struct error *err)
{
    Intake__JoinCaseRequest request = INTAKE__JOIN_CASE_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.code = code;
    request.join = with;
    return rig_call(rig, RPC_ROLE_FRONT_END, "JoinCase", &request.base, &response, err);
}

static enum status split(struct rig *rig, char *code, struct error *err)
{
    Intake__SplitCaseRequest request = INTAKE__SPLIT_CASE_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.code = code;
    return rig_call(rig, RPC_ROLE_FRONT_END, "SplitCase", &request.base, &response, err);
}

static const Intake__Case *get(struct rig *rig, const char *code)
{
    return desk_get(rig, code)->case_data;
}

static void expect_incident(struct rig *rig, const char *code, const char *incident,
                            uint32_t callers)
{
    const Intake__Case *found = get(rig, code);
    assert_string_equal(found->incident_code, incident);
    assert_int_equal(found->callers, callers);
}

/* --- what routing tells --- */

static void feed(struct rig *rig, const Routing__Event *open)
{
    struct event event = {.open = &open->base, .actor = ""};
    struct error err = ERROR_NONE;
    rig_advance(rig, MINUTE_US);
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static void routed(struct rig *rig, uint64_t number, char *unit, int64_t due_at_us)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskRouted told = ROUTING__TASK_ROUTED__INIT;
    told.case_number = number;
    told.unit = unit;
    told.due_at_us = due_at_us;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    event.task_routed = &told;
    feed(rig, &event);
}

static void joined(struct rig *rig, uint64_t number, uint64_t incident, char *incident_code,
                   char *unit)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__CaseJoined told = ROUTING__CASE_JOINED__INIT;
    told.case_number = number;
    told.incident = incident;
    told.incident_code = incident_code;
    told.unit = unit;
    told.due_at_us = 77;
    event.kind_case = ROUTING__EVENT__KIND_CASE_JOINED;
    event.case_joined = &told;
    feed(rig, &event);
}

static void parted_as(struct rig *rig, uint64_t number, uint64_t incident, bool refused,
                      bool withdrawn)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__CaseSplit told = ROUTING__CASE_SPLIT__INIT;
    told.case_number = number;
    told.incident = incident;
    told.refused = refused;
    told.withdrawn = withdrawn;
    event.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    event.case_split = &told;
    feed(rig, &event);
}

static void parted(struct rig *rig, uint64_t number, uint64_t incident, bool refused)
{
    parted_as(rig, number, incident, refused, false);
}

static void reported(struct rig *rig, uint64_t number, char *note)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskReported told = ROUTING__TASK_REPORTED__INIT;
    told.case_number = number;
    told.unit = "district-5-civil";
    told.note = note;
    event.kind_case = ROUTING__EVENT__KIND_TASK_REPORTED;
    event.task_reported = &told;
    feed(rig, &event);
}

static void done(struct rig *rig, uint64_t number)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskDone told = ROUTING__TASK_DONE__INIT;
    told.case_number = number;
    told.unit = "district-5-civil";
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = &told;
    feed(rig, &event);
}

static void expect_kinds(struct rig *rig, const char *code, const Intake__TimelineKind *kinds,
                         size_t count)
{
    const Intake__GetCaseResponse *response = desk_get(rig, code);
    assert_int_equal(response->n_timeline, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(response->timeline[i]->kind, kinds[i]);
    }
}

/* --- joining --- */

static void joins_while_registering(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    const Intake__RegisterCaseResponse *second = register_joined(rig, head);
    assert_string_equal(second->incident_code, head);
    assert_int_equal(desk_registered(rig, 2)->incident, 1);
    expect_incident(rig, second->code, head, 2);
    expect_incident(rig, head, "", 2);
    assert_int_equal(get(rig, head)->n_joined_codes, 1);
    assert_string_equal(get(rig, head)->joined_codes[0], second->code);
    rig_free(rig);
}

static const Intake__LookUpCaseResponse *look_up(struct rig *rig, char *code)
{
    Intake__LookUpCaseRequest request = INTAKE__LOOK_UP_CASE_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.code = code;
    request.phone_digits = (char[]){"4567"};
    assert_int_equal(rig_call(rig, RPC_ROLE_NONE, "LookUpCase", &request.base, &response, NULL),
                     STATUS_OK);
    return (const Intake__LookUpCaseResponse *)response;
}

/* A code is half of what opens a request. */
static void tells_a_citizen_no_other_citizens_code(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *second = code_of(register_joined(rig, head));
    joined(rig, 2, 1, head, (char[]){"district-1-civil"});
    const Intake__LookUpCaseResponse *of_head = look_up(rig, head);
    assert_true(of_head->found);
    assert_int_equal(of_head->case_data->callers, 2);
    assert_int_equal(of_head->case_data->n_joined_codes, 0);
    const Intake__LookUpCaseResponse *of_second = look_up(rig, second);
    assert_true(of_second->found);
    assert_string_equal(of_second->case_data->incident_code, "");
    for (size_t i = 0; i < of_second->n_timeline; i++) {
        assert_string_equal(of_second->timeline[i]->note, "");
    }
    assert_int_equal(get(rig, head)->n_joined_codes, 1); /* the operator sees them */
    rig_free(rig);
}

static void joins_to_the_head_of_a_joined_request(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *second = code_of(register_joined(rig, head));
    const Intake__RegisterCaseResponse *third = register_joined(rig, second);
    assert_string_equal(third->incident_code, head);
    expect_incident(rig, head, "", 3);
    rig_free(rig);
}

static void joins_afterwards_and_takes_the_joined_along(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *first = code_of(register_joined(rig, ""));
    char *second = code_of(register_joined(rig, ""));
    char *third = code_of(register_joined(rig, second));
    assert_int_equal(join(rig, second, first, NULL), STATUS_OK);
    assert_int_equal(rig_event_count(rig), 5);
    const Intake__RequestJoined *moved =
        ((const Intake__Event *)rig_event(rig, 4)->open)->request_joined;
    assert_int_equal(moved->number, 3); /* before its head: never without one */
    assert_int_equal(moved->from_incident, 2);
    assert_int_equal(moved->citizen, desk_registered(rig, 3)->citizen);
    expect_incident(rig, first, "", 3);
    expect_incident(rig, second, first, 3);
    expect_incident(rig, third, first, 3);
    assert_int_equal(join(rig, second, third, NULL), STATUS_OK); /* it is there already */
    assert_int_equal(rig_event_count(rig), 5);
    rig_free(rig);
}

static void joins_once_when_the_same_key_is_sent_twice(void **state)
{
    struct rig *rig = desk_open();
    uint8_t storage[16];
    (void)state;
    Intake__JoinCaseRequest request = INTAKE__JOIN_CASE_REQUEST__INIT;
    request.join = code_of(register_joined(rig, ""));
    request.code = code_of(register_joined(rig, ""));
    request.idempotency_key = desk_key(rig, storage);
    for (int i = 0; i < 2; i++) {
        const ProtobufCMessage *response = NULL;
        assert_int_equal(
            rig_call(rig, RPC_ROLE_FRONT_END, "JoinCase", &request.base, &response, NULL),
            STATUS_OK);
        assert_string_equal(((const Intake__JoinCaseResponse *)response)->incident_code,
                            request.join);
    }
    assert_int_equal(rig_event_count(rig), 3);
    rig_free(rig);
}

/* --- what each is told --- */

static void a_joined_request_s_story_is_that_of_the_one_task(void **state)
{
    static const Intake__TimelineKind kinds[] = {KIND(REGISTERED), KIND(JOINED), KIND(REPORTED),
                                                 KIND(DONE)};
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    routed(rig, 1, "district-5-civil", 55);
    reported(rig, 1, "before");
    char *second = code_of(register_joined(rig, head));
    assert_int_equal(get(rig, second)->state, STATE(REGISTERED));
    joined(rig, 2, 1, head, "district-5-civil");
    assert_int_equal(get(rig, second)->state, STATE(IN_WORK));
    assert_int_equal(get(rig, second)->due_at_us, 77);
    assert_string_equal(get(rig, second)->unit, "district-5-civil");
    reported(rig, 1, "after");
    done(rig, 1);
    expect_kinds(rig, second, kinds, 4);
    assert_string_equal(desk_get(rig, second)->timeline[1]->note, head);
    assert_string_equal(desk_get(rig, second)->timeline[2]->note, "after");
    assert_int_equal(get(rig, second)->state, STATE(AWAITING_WORD));
    rig_free(rig);
}

static void planned(struct rig *rig, uint64_t number, int64_t planned_for_us)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskPlanned told = ROUTING__TASK_PLANNED__INIT;
    told.case_number = number;
    told.unit = "district-5-civil";
    told.planned_for_us = planned_for_us;
    event.kind_case = ROUTING__EVENT__KIND_TASK_PLANNED;
    event.task_planned = &told;
    feed(rig, &event);
}

/* Of the newest request on the card of whoever calls from there. */
static int64_t planned_on_card(struct rig *rig)
{
    Intake__OpenCallRequest request = INTAKE__OPEN_CALL_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.phone = (char *)DESK_PHONE;
    request.operator_name = (char *)"Operator 5";
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "OpenCall", &request.base, &response, NULL),
                     STATUS_OK);
    const Intake__OpenCallResponse *opened = (const Intake__OpenCallResponse *)response;
    assert_non_null(opened->card);
    return opened->card->cases[0]->planned_for_us;
}

static void who_joins_later_is_told_for_when_the_task_is_planned(void **state)
{
    static const Intake__TimelineKind kinds[] = {KIND(REGISTERED), KIND(JOINED), KIND(PLANNED)};
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    routed(rig, 1, "district-5-civil", 55);
    planned(rig, 1, DAY_US);
    planned(rig, 1, 2 * DAY_US);
    char *second = code_of(register_joined(rig, head));
    joined(rig, 2, 1, head, "district-5-civil");
    expect_kinds(rig, second, kinds, 3);
    assert_int_equal(desk_get(rig, second)->timeline[2]->until_us, 2 * DAY_US);
    assert_int_equal(planned_on_card(rig), 2 * DAY_US);
    planned(rig, 1, 3 * DAY_US);
    assert_int_equal(planned_on_card(rig), 3 * DAY_US);
    done(rig, 1);
    assert_int_equal(planned_on_card(rig), 0);
    char *third = code_of(register_joined(rig, ""));
    joined(rig, 3, 1, head, "district-5-civil"); /* the plan was over by then */
    expect_kinds(rig, third, kinds, 2);
    rig_free(rig);
}

static void splitting_off_ends_the_common_story(void **state)
{
    static const Intake__TimelineKind kinds[] = {KIND(REGISTERED), KIND(JOINED), KIND(REPORTED),
                                                 KIND(SPLIT), KIND(ROUTED)};
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    routed(rig, 1, "district-5-civil", 55);
    char *second = code_of(register_joined(rig, head));
    joined(rig, 2, 1, head, "district-5-civil");
    reported(rig, 1, "common");
    assert_int_equal(split(rig, second, NULL), STATUS_OK);
    const Intake__RequestSplit *told =
        ((const Intake__Event *)rig_event(rig, rig_event_count(rig))->open)->request_split;
    assert_int_equal(told->registered->number, 2);
    assert_string_equal(told->registered->topic, "asphalt");
    assert_int_equal(told->incident, 1);
    parted(rig, 2, 1, false);
    routed(rig, 2, "district-6-civil", 99);
    done(rig, 1);
    expect_kinds(rig, second, kinds, 5);
    assert_int_equal(get(rig, second)->state, STATE(IN_WORK));
    assert_int_equal(get(rig, second)->due_at_us, 99);
    assert_string_equal(get(rig, second)->unit, "district-6-civil");
    expect_incident(rig, second, "", 1);
    expect_incident(rig, head, "", 1);
    rig_free(rig);
}

static void a_joined_request_is_not_shown_as_an_incident_of_its_own(void **state)
{
    struct rig *rig = desk_open();
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    place.thing = "pole 7";
    request.place = &place;
    for (uint64_t number = 1; number <= 2; number++) {
        (void)desk_register(rig, &request);
        Routing__Event event = ROUTING__EVENT__INIT;
        Routing__TaskRouted told = ROUTING__TASK_ROUTED__INIT;
        told.case_number = number;
        told.topic = "asphalt";
        told.place = &place;
        told.unit = "district-5-civil";
        told.registered_at_us = rig_now_us(rig);
        event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
        event.task_routed = &told;
        feed(rig, &event);
    }
    joined(rig, 2, 1, "1234567890", "district-5-civil");
    Intake__FindSameRequest find = INTAKE__FIND_SAME_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    find.topic = "asphalt";
    find.place = &place;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "FindSame", &find.base, &response, NULL),
                     STATUS_OK);
    const Intake__FindSameResponse *found = (const Intake__FindSameResponse *)response;
    assert_int_equal(found->n_requests, 1);
    assert_int_equal(found->requests[0]->case_data->number, 1);
    rig_free(rig);
}

static void is_on_its_own_again_when_routing_could_not_join_it(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *second = code_of(register_joined(rig, head));
    uint64_t before = rig_event_count(rig);
    parted(rig, 2, 1, true);
    assert_int_equal(rig_event_count(rig), before + 1);
    assert_true(((const Intake__Event *)rig_event(rig, before + 1)->open)->request_split->refused);
    expect_incident(rig, second, "", 1);
    parted(rig, 2, 1, true); /* heard again, or about an older joining */
    assert_int_equal(rig_event_count(rig), before + 1);
    rig_free(rig);
}

/* --- what is refused --- */

static void refuses(struct rig *rig, enum status got, const struct error *err, enum status status,
                    const char *field, uint64_t events)
{
    assert_int_equal(got, status);
    assert_string_equal(err->field, field);
    assert_int_equal(rig_event_count(rig), events);
}

static void refuses_what_is_over_or_unknown_or_itself(void **state)
{
    struct rig *rig = desk_open();
    struct error err = ERROR_NONE;
    (void)state;
    char *over = code_of(register_joined(rig, ""));
    char *open = code_of(register_joined(rig, ""));
    char *member = code_of(register_joined(rig, open));
    routed(rig, 1, "district-5-civil", 0);
    done(rig, 1);
    refuses(rig, join(rig, open, over, &err), &err, STATUS_FAILED_PRECONDITION, "join", 3);
    refuses(rig, join(rig, over, open, &err), &err, STATUS_FAILED_PRECONDITION, "code", 3);
    refuses(rig, join(rig, open, open, &err), &err, STATUS_FAILED_PRECONDITION, "join", 3);
    refuses(rig, join(rig, open, member, &err), &err, STATUS_FAILED_PRECONDITION, "join", 3);
    refuses(rig, join(rig, open, "12", &err), &err, STATUS_INVALID_ARGUMENT, "join", 3);
    refuses(rig, join(rig, open, "1234567890", &err), &err, STATUS_NOT_FOUND, "join", 3);
    refuses(rig, join(rig, "", open, &err), &err, STATUS_INVALID_ARGUMENT, "code", 3);
    refuses(rig, split(rig, open, &err), &err, STATUS_FAILED_PRECONDITION, "code", 3);
    Intake__RegisterCaseRequest request = desk_request();
    request.join = over;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_FAILED_PRECONDITION,
                 "join");
    Intake__History history = INTAKE__HISTORY__INIT;
    request.join = open;
    request.history = &history;
    desk_refuses(rig, RPC_ROLE_IMPORT, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "join");
    rig_free(rig);
}

static void a_joined_request_whose_work_is_over_stays_joined(void **state)
{
    struct rig *rig = desk_open();
    struct error err = ERROR_NONE;
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    routed(rig, 1, "district-5-civil", 0);
    char *second = code_of(register_joined(rig, head));
    joined(rig, 2, 1, head, "district-5-civil");
    done(rig, 1);
    refuses(rig, split(rig, second, &err), &err, STATUS_FAILED_PRECONDITION, "code", 2);
    rig_free(rig);
}

static void holds_so_many_and_lists_some(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    for (int i = 0; i < INTAKE_MEMBERS_MAX; i++) {
        (void)register_joined(rig, head);
    }
    expect_incident(rig, head, "", INTAKE_MEMBERS_MAX + 1);
    assert_int_equal(get(rig, head)->n_joined_codes, INTAKE_MEMBERS_TOLD);
    Intake__RegisterCaseRequest request = desk_request();
    request.join = head;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_RESOURCE_EXHAUSTED,
                 "join");
    struct error err = ERROR_NONE;
    char *other = code_of(register_joined(rig, ""));
    refuses(rig, join(rig, head, other, &err), &err, STATUS_RESOURCE_EXHAUSTED, "join",
            INTAKE_MEMBERS_MAX + 2);
    rig_free(rig);
}

static void a_head_of_many_is_not_moved(void **state)
{
    struct rig *rig = desk_open();
    struct error err = ERROR_NONE;
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *other = code_of(register_joined(rig, ""));
    for (int i = 0; i < INTAKE_MEMBERS_MOVED_MAX; i++) {
        (void)register_joined(rig, head);
    }
    assert_int_equal(join(rig, head, other, NULL), STATUS_OK);
    expect_incident(rig, other, "", INTAKE_MEMBERS_MOVED_MAX + 2);
    char *third = code_of(register_joined(rig, ""));
    refuses(rig, join(rig, other, third, &err), &err, STATUS_FAILED_PRECONDITION, "code",
            rig_event_count(rig));
    assert_int_equal(join(rig, third, other, NULL), STATUS_OK);
    rig_free(rig);
}

/* --- what citizens do about requests that share a task --- */

static void withdraw(struct rig *rig, char *code)
{
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.code = code;
    request.reason = "solved";
    rig_advance(rig, MINUTE_US);
    assert_int_equal(
        rig_call(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &request.base, &response, NULL),
        STATUS_OK);
}

static void reopened(struct rig *rig, uint64_t number)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskReopened told = ROUTING__TASK_REOPENED__INIT;
    told.case_number = number;
    event.kind_case = ROUTING__EVENT__KIND_TASK_REOPENED;
    event.task_reopened = &told;
    feed(rig, &event);
}

static void a_joined_request_that_is_taken_back_shares_nothing_more(void **state)
{
    struct rig *rig = desk_open();
    struct error err = ERROR_NONE;
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *member = code_of(register_joined(rig, head));
    routed(rig, 1, "office-5", 10);
    joined(rig, 2, 1, head, "office-5");
    withdraw(rig, member);
    expect_incident(rig, head, "", 1);
    expect_incident(rig, member, "", 1);
    uint64_t events = rig_event_count(rig);
    refuses(rig, join(rig, member, head, &err), &err, STATUS_FAILED_PRECONDITION, "code", events);
    refuses(rig, split(rig, member, &err), &err, STATUS_FAILED_PRECONDITION, "code", events);
    parted_as(rig, 2, 1, false, true);
    done(rig, 1);
    reopened(rig, 1);
    assert_int_equal(get(rig, member)->state, STATE(WITHDRAWN));
    assert_int_equal(get(rig, head)->state, STATE(REOPENED));
    static const Intake__TimelineKind kinds[] = {KIND(REGISTERED), KIND(JOINED), KIND(WITHDRAWN),
                                                 KIND(LEFT)};
    expect_kinds(rig, member, kinds, 4);
    rig_free(rig);
}

static void others_can_be_joined_to_what_was_taken_back_as_long_as_it_is_shared(void **state)
{
    struct rig *rig = desk_open();
    struct error err = ERROR_NONE;
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *member = code_of(register_joined(rig, head));
    char *third = code_of(register_joined(rig, ""));
    routed(rig, 1, "office-5", 10);
    joined(rig, 2, 1, head, "office-5");
    withdraw(rig, head);
    parted_as(rig, 1, 1, false, true);
    expect_incident(rig, member, head, 1); /* the only one left */
    assert_int_equal(join(rig, third, member, NULL), STATUS_OK);
    expect_incident(rig, third, head, 2);
    expect_incident(rig, head, "", 2);
    assert_int_equal(get(rig, head)->state, STATE(WITHDRAWN));
    done(rig, 1);
    reopened(rig, 1);
    assert_int_equal(get(rig, head)->state, STATE(WITHDRAWN)); /* that is the others' affair */
    assert_int_equal(get(rig, member)->state, STATE(REOPENED));
    withdraw(rig, member);
    withdraw(rig, third);
    char *last = code_of(register_joined(rig, ""));
    refuses(rig, join(rig, last, head, &err), &err, STATUS_FAILED_PRECONDITION, "join",
            rig_event_count(rig));
    rig_free(rig);
}

static void splits_off_with_what_was_amended_while_it_was_joined(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    (void)state;
    char *head = code_of(register_joined(rig, ""));
    char *member = code_of(register_joined(rig, head));
    request.code = member;
    request.topic = "pavement";
    request.reason = "it is the pavement";
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &request.base, &response, NULL),
                     STATUS_OK);
    assert_int_equal(split(rig, member, NULL), STATUS_OK);
    const Intake__Event *told = (const Intake__Event *)rig_event(rig, rig_event_count(rig))->open;
    assert_string_equal(told->request_split->registered->topic, "pavement");
    assert_string_equal(get(rig, head)->topic, "asphalt");
    rig_free(rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_while_registering),
        cmocka_unit_test(tells_a_citizen_no_other_citizens_code),
        cmocka_unit_test(joins_to_the_head_of_a_joined_request),
        cmocka_unit_test(joins_afterwards_and_takes_the_joined_along),
        cmocka_unit_test(joins_once_when_the_same_key_is_sent_twice),
        cmocka_unit_test(a_joined_request_s_story_is_that_of_the_one_task),
        cmocka_unit_test(who_joins_later_is_told_for_when_the_task_is_planned),
        cmocka_unit_test(splitting_off_ends_the_common_story),
        cmocka_unit_test(a_joined_request_is_not_shown_as_an_incident_of_its_own),
        cmocka_unit_test(is_on_its_own_again_when_routing_could_not_join_it),
        cmocka_unit_test(refuses_what_is_over_or_unknown_or_itself),
        cmocka_unit_test(a_joined_request_whose_work_is_over_stays_joined),
        cmocka_unit_test(holds_so_many_and_lists_some),
        cmocka_unit_test(a_head_of_many_is_not_moved),
        cmocka_unit_test(a_joined_request_that_is_taken_back_shares_nothing_more),
        cmocka_unit_test(others_can_be_joined_to_what_was_taken_back_as_long_as_it_is_shared),
        cmocka_unit_test(splits_off_with_what_was_amended_while_it_was_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is no body of the city's: requests that go there end at once, and nobody hands work there. Every test ends with a
 * rebuild that must equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/routing/scene_callers.h"

#include "services/routing/routing.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define CENTRE "centre-137"
#define POWER "power-company"
#define KIND(name) ROUTING__EVENT__KIND_##name
#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name

static const Routing__TaskClosedUndone *closed_by(struct rig *rig, uint64_t offset)
{
    const Routing__Event *event = scene_event(rig, offset);
    assert_int_equal(event->kind_case, KIND(TASK_CLOSED_UNDONE));
    return event->task_closed_undone;
}

static void a_request_outside_the_city_s_duty_ends_at_once_and_nobody_is_called(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .topic = "lighting", .area = "5"});
    assert_int_equal(rig_event_count(rig), 2);
    const Routing__TaskClosedUndone *closed = closed_by(rig, 2);
    assert_true(closed->referred);
    assert_int_equal(closed->citizen, 0);
    assert_int_equal(closed->reason, ROUTING__CLOSE_REASON__CLOSE_REASON_OUTSIDE_DUTY);
    assert_non_null(strstr(closed->words, "شرکت توزیع برق"));
    assert_non_null(strstr(closed->words, "تلفن 121"));
    assert_int_equal(scene_task(rig, 1)->state, STATE(CLOSED_UNDONE));
    rig_free(rig);
}

/* Its emergency number was told with the code; nobody of this city is to be woken. */
static void an_urgent_one_alarms_nobody(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .topic = "gas-leak", .urgent = true});
    assert_int_equal(rig_event_count(rig), 2);
    assert_true(closed_by(rig, 2)->referred);
    rig_advance(rig, 2 * DAY_US);
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

static void a_history_keeps_its_own_end(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){
                            .number = 1, .topic = "lighting", .historical = true, .at_us = DAY_US});
    assert_int_equal(rig_event_count(rig), 1);
    assert_int_equal(scene_task(rig, 1)->state, STATE(ROUTED));
    rig_free(rig);
}

static void it_has_no_office_that_could_be_behind(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    const ProtobufCMessage *answer = NULL;
    struct error err = ERROR_NONE;
    Routing__ListOfficesRequest request = ROUTING__LIST_OFFICES_REQUEST__INIT;
    scene_register(rig, (struct scene_request){.number = 1, .topic = "lighting", .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    assert_int_equal(
        scene_call(rig, RPC_ROLE_ADMIN, "", "ListOffices", &request.base, &answer, &err),
        STATUS_OK);
    const Routing__ListOfficesResponse *offices = (const Routing__ListOfficesResponse *)answer;
    assert_int_equal(offices->n_offices, 1);
    assert_string_equal(offices->offices[0]->unit, CIVIL_5);
    rig_free(rig);
}

static void nobody_hands_work_there(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    const Routing__Task *task = NULL;
    Routing__MoveTaskRequest move = ROUTING__MOVE_TASK_REQUEST__INIT;
    Routing__AskHelpRequest ask = ROUTING__ASK_HELP_REQUEST__INIT;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    move.task_number = ask.task_number = 1;
    move.to_unit = ask.unit = text(POWER);
    move.reason = ask.note = text("a wire");
    assert_int_equal(scene_call(rig, RPC_ROLE_OFFICE, CENTRE, "MoveTask", &move.base, NULL, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "to_unit");
    assert_int_equal(scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "AskHelp", &ask.base, NULL, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "unit");
    assert_int_equal(rig_event_count(rig), 1);
    /* "Theirs, not ours" is for the coordinator to say. */
    assert_int_equal(scene_return(rig, 1, POWER, &task), STATUS_OK);
    assert_string_equal(task->unit, CENTRE);
    assert_int_equal(scene_event(rig, 2)->kind_case, KIND(TASK_RETURNED));
    assert_string_equal(scene_event(rig, 2)->task_returned->suggested_unit, POWER);
    rig_free(rig);
}

static void what_was_referred_is_not_reopened_where_nobody_would_see_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    Routing__ReopenTaskRequest reopen = ROUTING__REOPEN_TASK_REQUEST__INIT;
    scene_register(rig, (struct scene_request){.number = 1, .topic = "lighting", .area = "5"});
    reopen.task_number = 1;
    reopen.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    reopen.note = text("it is ours");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CENTRE, "ReopenTask", &reopen.base, NULL, &err),
        STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "task_number");
    assert_int_equal(scene_task(rig, 1)->state, STATE(CLOSED_UNDONE));
    rig_free(rig);
}

/* --- amended, split off --- */

static void feed(struct rig *rig, const Intake__Event *open)
{
    const struct event event = {.open = &open->base, .actor = "operator"};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static Intake__RequestRegistered lamp(uint64_t number, char code[16])
{
    Intake__RequestRegistered registered = INTAKE__REQUEST_REGISTERED__INIT;
    (void)snprintf(code, 16, "%010llu", (unsigned long long)number);
    registered.number = number;
    registered.code = code;
    registered.topic = text("lighting");
    registered.topic_listed = true;
    registered.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    registered.can_be_called = true;
    registered.citizen = 70 + number;
    return registered;
}

/* What is joined is another's business, whatever it is about: nobody has said whose it is. */
static void what_is_split_off_to_go_there_ends_and_its_citizen_is_called(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    char code[16];
    Intake__RequestRegistered registered = lamp(2, code);
    Intake__RequestSplit split = INTAKE__REQUEST_SPLIT__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    registered.incident = 1;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    feed(rig, &open);
    split.registered = &registered;
    split.incident = 1;
    split.occurred_at_us = rig_now_us(rig);
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_SPLIT;
    open.request_split = &split;
    feed(rig, &open);
    const Routing__TaskClosedUndone *closed = closed_by(rig, rig_event_count(rig));
    assert_int_equal(closed->case_number, 2);
    assert_false(closed->referred);
    assert_int_equal(closed->citizen, 72);
    rig_free(rig);
}

static void so_does_what_could_not_be_joined(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    char code[16];
    Intake__RequestRegistered registered = lamp(2, code);
    Intake__Event open = INTAKE__EVENT__INIT;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    assert_int_equal(scene_finish(rig, 1, "done", NULL), STATUS_OK);
    registered.incident = 1;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    feed(rig, &open);
    const Routing__TaskClosedUndone *closed = closed_by(rig, rig_event_count(rig));
    assert_int_equal(closed->case_number, 2);
    assert_false(closed->referred);
    assert_int_equal(closed->citizen, 72);
    rig_free(rig);
}

/* Only who registered it was told whose it is: an amendment that sends it there is followed by a call. */
static void what_an_amendment_sends_there_ends_and_its_citizen_is_called(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_amend(rig,
                (struct scene_amendment){.number = 1, .nth = 1, .topic = "lighting", .area = "5"});
    assert_int_equal(rig_event_count(rig), 4); /* routed, amended, moved, closed */
    const Routing__TaskClosedUndone *closed = closed_by(rig, 4);
    assert_false(closed->referred);
    assert_int_equal(closed->citizen, scene_task(rig, 1)->citizen);
    assert_true(closed->citizen != 0);
    assert_string_equal(closed->unit, POWER);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_outside_the_city_s_duty_ends_at_once_and_nobody_is_called),
        cmocka_unit_test(an_urgent_one_alarms_nobody),
        cmocka_unit_test(a_history_keeps_its_own_end),
        cmocka_unit_test(it_has_no_office_that_could_be_behind),
        cmocka_unit_test(nobody_hands_work_there),
        cmocka_unit_test(what_was_referred_is_not_reopened_where_nobody_would_see_it),
        cmocka_unit_test(what_is_split_off_to_go_there_ends_and_its_citizen_is_called),
        cmocka_unit_test(so_does_what_could_not_be_joined),
        cmocka_unit_test(what_an_amendment_sends_there_ends_and_its_citizen_is_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

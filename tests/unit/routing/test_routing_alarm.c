/* Urgent tasks: to a desk at once, to a person within minutes, else up the ladder. Every test ends with a rebuild that
 * must equal (rig_free). */
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
#define CIVIL_3 "district-3-civil"
#define WATCH "کشیک" /* the pack's urgent desk of both */
#define ACK_US (10 * MINUTE_US)
#define KIND(name) ROUTING__EVENT__KIND_##name
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL
#define URGENT COMMON__URGENCY__URGENCY_URGENT

static void register_urgent(struct rig *rig, uint64_t number)
{
    scene_register(rig, (struct scene_request){.number = number, .area = "5", .urgent = true});
}

/* The desk says that it is there, and takes so many tasks. */
static const Routing__ClaimTasksResponse *claim(struct rig *rig, const char *unit, const char *desk,
                                                uint32_t tasks_max)
{
    struct rpc_caller caller = {.role = RPC_ROLE_OFFICE};
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    snprintf(caller.name, sizeof(caller.name), "%s", desk);
    snprintf(caller.unit, sizeof(caller.unit), "%s", unit);
    request.unit = text(unit);
    request.desk = text(desk);
    request.tasks_max = tasks_max;
    assert_int_equal(rig_call_as(rig, &caller, "ClaimTasks", &request.base, &response, NULL),
                     STATUS_OK);
    return (const Routing__ClaimTasksResponse *)response;
}

static enum status see(struct rig *rig, const char *unit, const char *person, uint64_t task)
{
    struct rpc_caller caller = {.role = RPC_ROLE_OFFICE};
    Routing__SeeTaskRequest request = ROUTING__SEE_TASK_REQUEST__INIT;
    snprintf(caller.name, sizeof(caller.name), "%s", person);
    snprintf(caller.unit, sizeof(caller.unit), "%s", unit);
    request.task_number = task;
    return rig_call_as(rig, &caller, "SeeTask", &request.base, NULL, NULL);
}

static enum status accept_automatically(struct rig *rig, uint64_t task)
{
    Routing__AcceptTaskRequest request = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    request.task_number = task;
    request.automatic = true;
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "AcceptTask", &request.base, NULL, NULL);
}

static void amend(struct rig *rig, uint32_t nth, Common__Urgency urgency, const char *area)
{
    scene_amend(
        rig, (struct scene_amendment){.number = 1, .nth = nth, .area = area, .urgency = urgency});
}

/* Events of a kind; the last of them in *ret_event. */
static unsigned events_of(struct rig *rig, Routing__Event__KindCase kind,
                          const struct event **ret_event)
{
    unsigned count = 0;
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        const struct event *event = rig_event(rig, offset);
        if (((const Routing__Event *)event->open)->kind_case == kind) {
            *ret_event = event;
            count++;
        }
    }
    return count;
}

static unsigned times_up(struct rig *rig)
{
    const struct event *event;
    return events_of(rig, KIND(TASK_UNACKNOWLEDGED), &event);
}

/* --- to a desk --- */

static void an_urgent_task_goes_to_the_unit_s_urgent_desk_at_once(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 2);
    (void)claim(rig, CIVIL_5, "ali", 0);
    (void)claim(rig, CIVIL_5, WATCH, 1); /* it has more to do */
    register_urgent(rig, 3);
    const Routing__Task *task = scene_task(rig, 3);
    assert_string_equal(task->desk, WATCH);
    assert_string_equal(task->alarm->given_to, WATCH);
    assert_string_equal(task->alarm->urgent_desk, WATCH);
    assert_int_equal(task->alarm->since_us, rig_now_us(rig));
    assert_int_equal(task->alarm->acknowledge_by_us, rig_now_us(rig) + ACK_US);
    assert_int_equal(task->alarm->acknowledged_at_us, 0);
    assert_int_equal(claim(rig, CIVIL_5, WATCH, 0)->held, 2);
    assert_null(scene_task(rig, 1)->alarm);
    const Routing__FollowTasksResponse *page = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 4, 10);
    assert_int_equal(page->n_changes, 2);
    assert_int_equal(page->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED);
    assert_int_equal(page->changes[1]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_ALARMED);
    rig_free(rig);
}

static void when_that_desk_is_silent_it_goes_to_the_one_with_the_least_to_do(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 3);
    (void)claim(rig, CIVIL_5, WATCH, 0);
    rig_advance(rig, 11 * MINUTE_US);
    (void)claim(rig, CIVIL_5, "ali", 2);
    (void)claim(rig, CIVIL_5, "maryam", 1);
    register_urgent(rig, 4);
    const Routing__Task *task = scene_task(rig, 4);
    assert_string_equal(task->desk, "maryam");
    assert_string_equal(task->alarm->given_to, "maryam");
    assert_string_equal(task->alarm->urgent_desk, WATCH); /* so it shows */
    rig_free(rig);
}

static void without_a_desk_the_first_that_claims_gets_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 2);
    register_urgent(rig, 3);
    assert_string_equal(scene_task(rig, 3)->desk, "");
    assert_string_equal(scene_task(rig, 3)->alarm->given_to, "");
    assert_int_equal(claim(rig, CIVIL_5, "ali", 1)->claimed[0], 3);
    rig_free(rig);
}

/* However little that one asks for: it is there. */
static void a_desk_that_claims_nothing_is_given_what_is_urgent(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 2);
    register_urgent(rig, 3);
    const Routing__ClaimTasksResponse *told = claim(rig, CIVIL_5, WATCH, 0);
    assert_int_equal(told->n_claimed, 1);
    assert_int_equal(told->claimed[0], 3);
    assert_int_equal(told->held, 1);
    assert_string_equal(scene_task(rig, 3)->desk, WATCH);
    assert_int_equal(claim(rig, CIVIL_5, WATCH, 0)->n_claimed, 0);
    rig_free(rig);
}

static void it_is_given_beyond_what_a_desk_claims_until_no_desk_has_room(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 25);
    assert_int_equal(claim(rig, CIVIL_5, WATCH, 20)->n_claimed, 20);
    for (uint64_t number = 26; number <= 45; number++) {
        register_urgent(rig, number);
        assert_string_equal(scene_task(rig, number)->desk, WATCH);
    }
    assert_int_equal(claim(rig, CIVIL_5, WATCH, 5)->held, 40);
    register_urgent(rig, 46);
    assert_string_equal(scene_task(rig, 46)->desk, "");
    (void)claim(rig, CIVIL_5, "ali", 0);
    register_urgent(rig, 47);
    assert_string_equal(scene_task(rig, 47)->desk, "ali");
    rig_free(rig);
}

static void when_its_desk_falls_silent_another_is_given_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    scene_register_many(rig, 2);
    (void)claim(rig, CIVIL_5, WATCH, 1);
    register_urgent(rig, 3);
    rig_advance(rig, 6 * MINUTE_US);
    (void)claim(rig, CIVIL_5, "ali", 0);
    rig_advance(rig, 5 * MINUTE_US);
    assert_string_equal(scene_task(rig, 1)->desk, ""); /* not urgent */
    assert_string_equal(scene_task(rig, 3)->desk, "ali");
    assert_int_equal(events_of(rig, KIND(TASK_ALARM_GIVEN), &event), 1);
    rig_advance(rig, 10 * MINUTE_US); /* nobody is there now */
    assert_string_equal(scene_task(rig, 3)->desk, "");
    assert_string_equal(scene_task(rig, 3)->alarm->given_to, "ali");
    assert_int_equal(events_of(rig, KIND(TASK_ALARM_GIVEN), &event), 1);
    rig_free(rig);
}

/* --- to a person --- */

static void what_nobody_acknowledges_goes_up_the_ladder_each_step_once(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    scene_register(rig, (struct scene_request){
                            .number = 1, .topic = "subsidence", .area = "5", .urgent = true});
    int64_t since_us = rig_now_us(rig);
    rig_advance(rig, ACK_US - SECOND_US);
    assert_int_equal(times_up(rig), 0);
    rig_restart(rig);
    rig_advance(rig, 2 * SECOND_US);
    assert_int_equal(events_of(rig, KIND(TASK_UNACKNOWLEDGED), &event), 1);
    assert_int_equal(event->occurred_at_us, since_us + ACK_US);
    assert_string_equal(((const Routing__Event *)event->open)->task_unacknowledged->role,
                        "deputy-urban-services");
    const Routing__FollowTasksResponse *page = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 2, 10);
    assert_int_equal(page->n_changes, 1);
    assert_int_equal(page->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_UNACKNOWLEDGED);
    rig_advance(rig, 9 * HOUR_US); /* switched off over night: all is late, and exact */
    assert_int_equal(events_of(rig, KIND(TASK_UNACKNOWLEDGED), &event), 3);
    assert_int_equal(event->occurred_at_us, since_us + 3 * ACK_US);
    const Routing__Alarm *alarm = scene_task(rig, 1)->alarm;
    assert_int_equal(alarm->steps, 3);
    assert_string_equal(alarm->role, "mayor");
    assert_int_equal(alarm->acknowledge_by_us, 0);
    rig_free(rig);
}

/* The deputy's desk is told of the step, sees the task from then on, and hears the rest. */
static void whom_it_goes_up_to_hears_of_it_from_then_on(void **state)
{
    (void)state;
    static const char deputy[] = "deputy-urban-services";
    struct rig *rig = scene_new_clocked();
    Routing__GetTaskRequest get = ROUTING__GET_TASK_REQUEST__INIT;
    get.task_number = 1;
    scene_register(rig, (struct scene_request){
                            .number = 1, .topic = "subsidence", .area = "5", .urgent = true});
    assert_int_equal(scene_call(rig, RPC_ROLE_OFFICE, deputy, "GetTask", &get.base, NULL, NULL),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(scene_follow(rig, RPC_ROLE_OFFICE, deputy, 0, 10)->n_changes, 0);
    rig_advance(rig, ACK_US + SECOND_US);
    const Routing__FollowTasksResponse *page = scene_follow(rig, RPC_ROLE_OFFICE, deputy, 0, 10);
    assert_int_equal(page->n_changes, 1);
    assert_int_equal(page->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_UNACKNOWLEDGED);
    assert_string_equal(page->changes[0]->note, deputy);
    assert_string_equal(page->changes[0]->task->went_up_to[0], deputy);
    assert_int_equal(page->changes[0]->task->alarm->steps, 1);
    uint64_t next = page->next;
    assert_int_equal(scene_call(rig, RPC_ROLE_OFFICE, deputy, "GetTask", &get.base, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(scene_report(rig, 1, "we are there", NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 1, "made safe", NULL), STATUS_OK);
    page = scene_follow(rig, RPC_ROLE_OFFICE, deputy, next, 10);
    assert_int_equal(page->n_changes, 2);
    assert_string_equal(page->changes[1]->note, "made safe");
    rig_free(rig);
}

/* Which desk has it in its own unit is nothing to them. */
static void so_does_one_of_several_desks_that_it_goes_up_to(void **state)
{
    (void)state;
    static const char deputy[] = "deputy-urban-services";
    struct rig *rig = scene_new_clocked();
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    (void)claim(rig, CIVIL_5, WATCH, 0);
    scene_register(rig, (struct scene_request){
                            .number = 1, .topic = "subsidence", .area = "5", .urgent = true});
    assert_string_equal(scene_task(rig, 1)->desk, WATCH);
    for (int minute = 0; minute <= 10; minute++) {
        (void)claim(rig, CIVIL_5, WATCH, 0); /* it is there, and acknowledges nothing */
        rig_advance(rig, MINUTE_US);
    }
    request.unit = text(deputy);
    request.desk = text("desk 2");
    request.after = 1;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, deputy, "FollowTasks", &request.base, &response, NULL),
        STATUS_OK);
    const Routing__FollowTasksResponse *page = (const Routing__FollowTasksResponse *)response;
    assert_int_equal(page->n_changes, 1);
    assert_int_equal(page->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_UNACKNOWLEDGED);
    rig_free(rig);
}

static void a_person_acknowledges_and_a_program_does_not(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    register_urgent(rig, 1);
    register_urgent(rig, 2);
    assert_int_equal(accept_automatically(rig, 1), STATUS_OK);
    rig_advance(rig, MINUTE_US);
    assert_int_equal(see(rig, CIVIL_5, "Sample person", 2), STATUS_OK);
    const Routing__Alarm *alarm = scene_task(rig, 2)->alarm;
    assert_int_equal(alarm->acknowledged_at_us, rig_now_us(rig));
    assert_string_equal(alarm->acknowledged_by, "Sample person");
    assert_int_equal(scene_task(rig, 1)->alarm->acknowledged_at_us, 0);
    rig_advance(rig, ACK_US);
    assert_int_equal(times_up(rig), 1);
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
    assert_int_equal(scene_report(rig, 1, "we are there", NULL), STATUS_OK);
    assert_int_equal(scene_report(rig, 2, "so are we", NULL), STATUS_OK);
    assert_string_equal(scene_task(rig, 1)->alarm->acknowledged_by, "test");
    assert_string_equal(scene_task(rig, 2)->alarm->acknowledged_by, "Sample person");
    rig_advance(rig, HOUR_US);
    assert_int_equal(times_up(rig), 1);
    rig_free(rig);
}

static void the_unit_it_is_returned_to_is_told_anew(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const Routing__Task *returned = NULL;
    (void)claim(rig, CIVIL_3, WATCH, 0);
    register_urgent(rig, 1);
    assert_int_equal(see(rig, CIVIL_5, "Sample person", 1), STATUS_OK);
    rig_advance(rig, 5 * MINUTE_US);
    assert_int_equal(scene_return(rig, 1, CIVIL_3, &returned), STATUS_OK);
    assert_string_equal(returned->desk, WATCH);
    assert_int_equal(returned->alarm->acknowledged_at_us, 0);
    assert_int_equal(returned->alarm->acknowledge_by_us, rig_now_us(rig) + ACK_US);
    assert_string_equal(scene_task(rig, 1)->desk, WATCH);
    rig_advance(rig, ACK_US + SECOND_US);
    assert_int_equal(times_up(rig), 1);
    rig_free(rig);
}

static void
it_is_told_anew_when_it_is_opened_again_and_nobody_is_awaited_when_it_is_closed(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Routing__CancelTaskRequest cancel = ROUTING__CANCEL_TASK_REQUEST__INIT;
    Routing__ReopenTaskRequest again = ROUTING__REOPEN_TASK_REQUEST__INIT;
    register_urgent(rig, 1);
    register_urgent(rig, 2);
    cancel.task_number = 1;
    cancel.reason = text("a mistake");
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "CancelTask", &cancel.base, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_OK);
    rig_advance(rig, HOUR_US);
    assert_int_equal(times_up(rig), 0);
    again.task_number = 2;
    again.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    again.note = text("look again");
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ReopenTask", &again.base, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(scene_task(rig, 2)->alarm->since_us, rig_now_us(rig));
    assert_int_equal(scene_task(rig, 2)->alarm->acknowledged_at_us, 0);
    rig_advance(rig, ACK_US);
    assert_int_equal(times_up(rig), 1);
    rig_free(rig);
}

/* --- amended --- */

static void amended_to_be_urgent_its_clock_starts_from_the_amendment(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    (void)claim(rig, CIVIL_5, WATCH, 0);
    scene_register_many(rig, 1);
    assert_int_equal(see(rig, CIVIL_5, "Sample person", 1), STATUS_OK); /* before: that is none */
    rig_advance(rig, 5 * MINUTE_US);
    amend(rig, 1, URGENT, "5");
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->desk, WATCH);
    assert_int_equal(task->alarm->acknowledge_by_us, rig_now_us(rig) + ACK_US);
    assert_int_equal(task->alarm->acknowledged_at_us, 0);
    rig_advance(rig, ACK_US);
    assert_int_equal(times_up(rig), 1);
    amend(rig, 2, URGENT, "5"); /* it was urgent already */
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
    amend(rig, 3, NORMAL, "5");
    assert_null(scene_task(rig, 1)->alarm);
    rig_advance(rig, HOUR_US);
    assert_int_equal(times_up(rig), 1);
    rig_free(rig);
}

static void amended_and_moved_by_that_the_new_unit_is_told_once(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    (void)claim(rig, CIVIL_5, WATCH, 0);
    (void)claim(rig, CIVIL_3, WATCH, 0);
    scene_register_many(rig, 1);
    (void)claim(rig, CIVIL_5, WATCH, 1);
    amend(rig, 1, URGENT, "3");
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, CIVIL_3);
    assert_string_equal(task->desk, WATCH);
    assert_int_equal(events_of(rig, KIND(TASK_ALARMED), &event), 1);
    const Routing__TaskAlarmed *told = ((const Routing__Event *)event->open)->task_alarmed;
    assert_string_equal(told->code, task->code);
    assert_string_equal(told->topic, "asphalt");
    assert_string_equal(told->place->area, "3"); /* as it is amended */
    assert_int_equal(claim(rig, CIVIL_5, WATCH, 0)->held, 0);
    assert_int_equal(claim(rig, CIVIL_3, WATCH, 0)->held, 1);
    rig_free(rig);
}

static void a_task_goes_from_the_desk_that_has_it_to_the_urgent_one_if_that_is_there(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    (void)claim(rig, CIVIL_5, "ali", 1);
    amend(rig, 1, URGENT, "5");
    assert_string_equal(scene_task(rig, 1)->desk, "ali");
    amend(rig, 2, NORMAL, "5");
    (void)claim(rig, CIVIL_5, WATCH, 0);
    amend(rig, 3, URGENT, "5");
    assert_string_equal(scene_task(rig, 1)->desk, WATCH);
    assert_int_equal(claim(rig, CIVIL_5, "ali", 0)->held, 0);
    assert_int_equal(claim(rig, CIVIL_5, WATCH, 0)->held, 1);
    rig_free(rig);
}

static void its_clock_runs_while_it_waits(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Routing__PauseTaskRequest pause = ROUTING__PAUSE_TASK_REQUEST__INIT;
    scene_register_many(rig, 1);
    pause.task_number = 1;
    pause.reason = ROUTING__PAUSE_REASON__PAUSE_REASON_BODY;
    pause.until_us = rig_now_us(rig) + DAY_US;
    pause.note = text("the gas company");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "PauseTask", &pause.base, NULL, NULL), STATUS_OK);
    amend(rig, 1, URGENT, "5");
    rig_advance(rig, ACK_US);
    assert_int_equal(times_up(rig), 1);
    rig_free(rig);
}

/* --- where there is nothing to tell --- */

static void nobody_of_a_body_outside_the_city_is_awaited(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .topic = "gas-leak", .urgent = true});
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, "gas-company");
    assert_null(task->alarm); /* it has ended, referred */
    rig_advance(rig, DAY_US);
    assert_int_equal(times_up(rig), 0);
    rig_free(rig);
}

static void a_history_is_nobody_s_alarm(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .urgent = true,
                                               .historical = true,
                                               .at_us = rig_now_us(rig) - DAY_US});
    assert_null(scene_task(rig, 1)->alarm);
    assert_int_equal(rig_event_count(rig), 1);
    rig_free(rig);
}

static void a_pack_that_waits_for_nobody_still_shows_who_has_it(void **state)
{
    (void)state;
    struct rig *rig = rig_new(&routing_service, "boston-2011");
    register_urgent(rig, 1);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->alarm->acknowledge_by_us, 0);
    assert_string_equal(task->alarm->urgent_desk, "");
    assert_int_equal(see(rig, task->unit, "Sample person", 1), STATUS_OK);
    assert_string_equal(scene_task(rig, 1)->alarm->acknowledged_by, "Sample person");
    rig_advance(rig, DAY_US);
    assert_int_equal(times_up(rig), 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_urgent_task_goes_to_the_unit_s_urgent_desk_at_once),
        cmocka_unit_test(when_that_desk_is_silent_it_goes_to_the_one_with_the_least_to_do),
        cmocka_unit_test(without_a_desk_the_first_that_claims_gets_it),
        cmocka_unit_test(a_desk_that_claims_nothing_is_given_what_is_urgent),
        cmocka_unit_test(it_is_given_beyond_what_a_desk_claims_until_no_desk_has_room),
        cmocka_unit_test(when_its_desk_falls_silent_another_is_given_it),
        cmocka_unit_test(what_nobody_acknowledges_goes_up_the_ladder_each_step_once),
        cmocka_unit_test(whom_it_goes_up_to_hears_of_it_from_then_on),
        cmocka_unit_test(so_does_one_of_several_desks_that_it_goes_up_to),
        cmocka_unit_test(a_person_acknowledges_and_a_program_does_not),
        cmocka_unit_test(the_unit_it_is_returned_to_is_told_anew),
        cmocka_unit_test(
            it_is_told_anew_when_it_is_opened_again_and_nobody_is_awaited_when_it_is_closed),
        cmocka_unit_test(amended_to_be_urgent_its_clock_starts_from_the_amendment),
        cmocka_unit_test(amended_and_moved_by_that_the_new_unit_is_told_once),
        cmocka_unit_test(a_task_goes_from_the_desk_that_has_it_to_the_urgent_one_if_that_is_there),
        cmocka_unit_test(its_clock_runs_while_it_waits),
        cmocka_unit_test(nobody_of_a_body_outside_the_city_is_awaited),
        cmocka_unit_test(a_history_is_nobody_s_alarm),
        cmocka_unit_test(a_pack_that_waits_for_nobody_still_shows_who_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

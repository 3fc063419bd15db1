/* Several desks of one unit, and how far behind offices are. Every test ends with a rebuild that must
 * equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define CENTRE "centre-137"
#define LEASE_US (10 * MINUTE_US)

/* A call of a desk under its own name. */
static enum status desk_call(struct rig *rig, const char *desk, const char *method,
                             ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                             struct error *err)
{
    struct rpc_caller caller = {.role = RPC_ROLE_OFFICE};
    snprintf(caller.name, sizeof(caller.name), "%s", desk);
    snprintf(caller.unit, sizeof(caller.unit), "%s", CIVIL_5);
    return rig_call_as(rig, &caller, method, request, ret_response, err);
}

static enum status try_claim(struct rig *rig, const char *desk, uint32_t tasks_max,
                             const Routing__ClaimTasksResponse **ret_response, struct error *err)
{
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.unit = text(CIVIL_5);
    request.desk = text(desk);
    request.tasks_max = tasks_max;
    enum status status = desk_call(rig, desk, "ClaimTasks", &request.base, &response, err);
    if (status == STATUS_OK) {
        *ret_response = (const Routing__ClaimTasksResponse *)response;
    }
    return status;
}

static const Routing__ClaimTasksResponse *claim(struct rig *rig, const char *desk,
                                                uint32_t tasks_max)
{
    const Routing__ClaimTasksResponse *response = NULL;
    struct error err = ERROR_NONE;
    if (try_claim(rig, desk, tasks_max, &response, &err) != STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return response;
}

static enum status report(struct rig *rig, const char *desk, uint64_t task)
{
    Routing__ReportTaskRequest request = ROUTING__REPORT_TASK_REQUEST__INIT;
    request.task_number = task;
    request.note = text("on the way");
    return desk_call(rig, desk, "ReportTask", &request.base, NULL, NULL);
}

static const Routing__ListOfficesResponse *offices(struct rig *rig, uint32_t page_size,
                                                   const char *after)
{
    Routing__ListOfficesRequest request = ROUTING__LIST_OFFICES_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.page_size = page_size;
    request.page_token = text(after);
    assert_int_equal(
        rig_call(rig, RPC_ROLE_LEADERSHIP, "ListOffices", &request.base, &response, NULL),
        STATUS_OK);
    return (const Routing__ListOfficesResponse *)response;
}

/* --- sharing --- */

/* However much lies before it that no desk can claim: only what nobody has is looked at. */
static void what_the_unit_helps_with_hides_nothing_of_its_own(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    Routing__AskHelpRequest ask = ROUTING__ASK_HELP_REQUEST__INIT;
    const uint64_t helped = 2001;
    ask.unit = text(CIVIL_5);
    ask.note = text("a digger");
    for (uint64_t number = 1; number <= helped; number++) {
        scene_register(rig, (struct scene_request){
                                .number = number, .topic = "garbage", .area = "5", .urgent = true});
        ask.task_number = number;
        ask.idempotency_key = (ProtobufCBinaryData){0, NULL};
        assert_int_equal(
            scene_call(rig, RPC_ROLE_OFFICE, "district-5-waste", "AskHelp", &ask.base, NULL, NULL),
            STATUS_OK);
    }
    scene_register(rig, (struct scene_request){.number = helped + 1, .area = "5"});
    const Routing__ClaimTasksResponse *claimed = claim(rig, "ali", 1);
    assert_int_equal(claimed->n_claimed, 1);
    assert_int_equal(claimed->claimed[0], helped + 1);
    rig_free(rig);
}

static void each_task_goes_to_one_desk_what_is_to_be_done_first_coming_first(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 4);
    scene_register(rig, (struct scene_request){.number = 5, .area = "5", .urgent = true});
    const Routing__ClaimTasksResponse *first = claim(rig, "ali", 2);
    assert_int_equal(first->n_claimed, 2);
    assert_int_equal(first->claimed[0], 5); /* urgent */
    assert_int_equal(first->claimed[1], 1);
    assert_int_equal(first->held, 2);
    assert_int_equal(first->until_us, rig_now_us(rig) + LEASE_US);
    assert_string_equal(scene_task(rig, 5)->desk, "ali");
    const Routing__ClaimTasksResponse *second = claim(rig, "maryam", 20);
    assert_int_equal(second->n_claimed, 3);
    assert_int_equal(second->claimed[0], 2);
    assert_int_equal(claim(rig, "ali", 20)->n_claimed, 0);
    Routing__ListTasksRequest list = ROUTING__LIST_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    list.unit = text(CIVIL_5);
    list.desk = text("maryam");
    assert_int_equal(desk_call(rig, "maryam", "ListTasks", &list.base, &response, NULL), STATUS_OK);
    assert_int_equal(((const Routing__ListTasksResponse *)response)->n_tasks, 3);
    list.order = ROUTING__TASK_ORDER__TASK_ORDER_DUE;
    assert_int_equal(desk_call(rig, "maryam", "ListTasks", &list.base, &response, NULL), STATUS_OK);
    assert_int_equal(((const Routing__ListTasksResponse *)response)->n_tasks, 3);
    rig_free(rig);
}

static void a_desk_is_given_what_was_chased_before_what_is_due_earlier(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 3);
    assert_int_equal(scene_chase(rig, 3, 1, ""), STATUS_OK);
    const Routing__ClaimTasksResponse *first = claim(rig, "ali", 2);
    assert_int_equal(first->claimed[0], 3);
    assert_int_equal(first->claimed[1], 1);
    rig_free(rig);
}

static void a_silent_desk_loses_what_it_had_and_another_takes_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 3);
    (void)claim(rig, "ali", 3);
    assert_int_equal(claim(rig, "maryam", 5)->n_claimed, 0);
    rig_advance(rig, LEASE_US - SECOND_US);
    rig_restart(rig);
    assert_int_equal(claim(rig, "maryam", 5)->n_claimed, 0);
    rig_advance(rig, 2 * SECOND_US);
    assert_string_equal(scene_task(rig, 1)->desk, "");
    assert_int_equal(claim(rig, "maryam", 2)->n_claimed, 2);
    /* What it does late is told, and is not done twice. */
    assert_int_equal(report(rig, "ali", 1), STATUS_FAILED_PRECONDITION);
    assert_int_equal(report(rig, "maryam", 1), STATUS_OK);
    assert_int_equal(report(rig, "ali", 3), STATUS_OK);      /* nobody's */
    assert_int_equal(report(rig, "the head", 1), STATUS_OK); /* no desk */
    const Routing__ClaimTasksResponse *back = claim(rig, "ali", 5);
    assert_int_equal(back->n_claimed, 1);
    assert_int_equal(back->claimed[0], 3);
    rig_free(rig);
}

static void a_claim_or_an_act_says_that_the_desk_is_there(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    (void)claim(rig, "ali", 1);
    (void)claim(rig, "maryam", 1);
    uint64_t events = rig_event_count(rig);
    (void)claim(rig, "ali", 0); /* just said: nothing is written */
    assert_int_equal(rig_event_count(rig), events);
    rig_advance(rig, 6 * MINUTE_US);
    assert_int_equal(claim(rig, "ali", 0)->until_us, rig_now_us(rig) + LEASE_US);
    assert_int_equal(report(rig, "maryam", 2), STATUS_OK);
    rig_advance(rig, 9 * MINUTE_US);
    assert_string_equal(scene_task(rig, 1)->desk, "ali");
    assert_string_equal(scene_task(rig, 2)->desk, "maryam");
    rig_advance(rig, 2 * MINUTE_US);
    assert_string_equal(scene_task(rig, 1)->desk, "");
    assert_string_equal(scene_task(rig, 2)->desk, "");
    rig_advance(rig, DAY_US); /* silent once */
    assert_int_equal(rig_event_count(rig), events + 4);
    rig_free(rig);
}

static void what_ends_or_leaves_the_unit_leaves_the_desk(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 3);
    (void)claim(rig, "ali", 3);
    Routing__FinishTaskRequest finish = ROUTING__FINISH_TASK_REQUEST__INIT;
    Routing__ReopenTaskRequest again = ROUTING__REOPEN_TASK_REQUEST__INIT;
    finish.task_number = again.task_number = 1;
    assert_int_equal(desk_call(rig, "ali", "FinishTask", &finish.base, NULL, NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 2, "bus-company", NULL), STATUS_OK);
    assert_string_equal(scene_task(rig, 1)->desk, "");
    assert_string_equal(scene_task(rig, 2)->desk, "");
    assert_int_equal(claim(rig, "ali", 0)->held, 1);
    again.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    again.note = text("look again");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CENTRE, "ReopenTask", &again.base, NULL, NULL), STATUS_OK);
    assert_int_equal(claim(rig, "maryam", 5)->claimed[0], 1);
    rig_free(rig);
}

static void a_desk_follows_what_is_its_own_and_what_nobody_has(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 3); /* changes 1 to 3 */
    (void)claim(rig, "ali", 1);
    (void)claim(rig, "maryam", 1);
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.unit = text(CIVIL_5);
    request.desk = text("maryam");
    assert_int_equal(desk_call(rig, "maryam", "FollowTasks", &request.base, &response, NULL),
                     STATUS_OK);
    const Routing__FollowTasksResponse *page = (const Routing__FollowTasksResponse *)response;
    assert_int_equal(page->n_changes, 2);
    assert_int_equal(page->changes[0]->task->number, 2);
    assert_int_equal(page->changes[1]->task->number, 3);
    assert_int_equal(page->next, 3);
    rig_free(rig);
}

static void a_unit_has_at_most_so_many_desks_and_silent_ones_make_room(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    char name[16];
    const Routing__ClaimTasksResponse *response = NULL;
    scene_register_many(rig, 40);
    for (int i = 0; i < 32; i++) {
        snprintf(name, sizeof(name), "desk %d", i);
        (void)claim(rig, name, 1);
        rig_advance(rig, SECOND_US);
    }
    assert_int_equal(try_claim(rig, "one more", 1, &response, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(err.field, "desk");
    rig_advance(rig, LEASE_US - 30 * SECOND_US); /* the first three are silent */
    assert_int_equal(claim(rig, "one more", 20)->n_claimed, 11);
    assert_int_equal(report(rig, "desk 0", 9), STATUS_OK); /* it is no desk any more */
    assert_int_equal(claim(rig, "desk 0", 1)->n_claimed, 0);
    rig_free(rig);
}

static void mistakes_of_a_claim_are_named(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    const Routing__ClaimTasksResponse *response = NULL;
    assert_int_equal(try_claim(rig, "", 1, &response, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "desk");
    assert_int_equal(try_claim(rig, "ali", 21, &response, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "tasks_max");
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    request.unit = text("bus-company");
    request.desk = text("ali");
    assert_int_equal(desk_call(rig, "ali", "ClaimTasks", &request.base, NULL, &err),
                     STATUS_PERMISSION_DENIED);
    request.unit = text("nobody");
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ClaimTasks", &request.base, NULL, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(rig_event_count(rig), 0);
    rig_free(rig);
}

/* --- behind --- */

static void a_slow_office_is_seen_and_since_when(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 3);
    int64_t since_us = rig_now_us(rig);
    scene_register(rig, (struct scene_request){.number = 4, .topic = "bus-stop", .area = "3"});
    rig_advance(rig, HOUR_US);
    assert_int_equal(scene_report(rig, 2, "on the way", NULL), STATUS_OK);
    assert_int_equal(scene_acknowledge(rig, "bus-company", 4), STATUS_OK);
    (void)claim(rig, "ali", 2);
    const Routing__ListOfficesResponse *page = offices(rig, 0, "");
    assert_int_equal(page->n_offices, 2);
    assert_string_equal(page->offices[0]->unit, "bus-company");
    assert_int_equal(page->offices[0]->behind, 0);
    assert_int_equal(page->offices[0]->behind_since_us, 0);
    assert_int_equal(page->offices[0]->acknowledged, 4);
    const Routing__Office *civil = page->offices[1];
    assert_string_equal(civil->unit, CIVIL_5);
    assert_int_equal(civil->behind, 4);
    assert_int_equal(civil->behind_since_us, since_us);
    assert_int_equal(civil->last, 5);
    assert_int_equal(civil->n_desks, 1);
    assert_string_equal(civil->desks[0]->name, "ali");
    assert_int_equal(civil->desks[0]->held, 2);
    page = offices(rig, 1, "");
    assert_int_equal(page->n_offices, 1);
    assert_string_equal(page->next_page_token, "bus-company");
    page = offices(rig, 1, page->next_page_token);
    assert_string_equal(page->offices[0]->unit, CIVIL_5);
    assert_string_equal(page->next_page_token, "");
    assert_int_equal(offices(rig, 1, "zzz")->n_offices, 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_unit_helps_with_hides_nothing_of_its_own),
        cmocka_unit_test(each_task_goes_to_one_desk_what_is_to_be_done_first_coming_first),
        cmocka_unit_test(a_desk_is_given_what_was_chased_before_what_is_due_earlier),
        cmocka_unit_test(a_silent_desk_loses_what_it_had_and_another_takes_it),
        cmocka_unit_test(a_claim_or_an_act_says_that_the_desk_is_there),
        cmocka_unit_test(what_ends_or_leaves_the_unit_leaves_the_desk),
        cmocka_unit_test(a_desk_follows_what_is_its_own_and_what_nobody_has),
        cmocka_unit_test(a_unit_has_at_most_so_many_desks_and_silent_ones_make_room),
        cmocka_unit_test(mistakes_of_a_claim_are_named),
        cmocka_unit_test(a_slow_office_is_seen_and_since_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

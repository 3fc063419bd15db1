/* Units together: helping ones with parts of their own, and what is returned too often. Every test ends
 * with a rebuild that must equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name
#define CIVIL_5 "district-5-civil"
#define BUSES "bus-company"
#define PARKS "district-6"
#define CENTRE "centre-137" /* the pack's coordinator */

/* --- acts in short: of task 1 --- */

static enum status ask(struct rig *rig, const char *by, const char *unit, struct error *err)
{
    Routing__AskHelpRequest request = ROUTING__ASK_HELP_REQUEST__INIT;
    request.task_number = 1;
    request.unit = text(unit);
    request.note = text("move the pole");
    return scene_call(rig, RPC_ROLE_OFFICE, by, "AskHelp", &request.base, NULL, err);
}

static enum status end_part(struct rig *rig, const char *by, const char *unit, struct error *err)
{
    Routing__FinishHelpRequest request = ROUTING__FINISH_HELP_REQUEST__INIT;
    request.task_number = 1;
    request.unit = text(unit);
    request.note = text("moved");
    return scene_call(rig, RPC_ROLE_OFFICE, by, "FinishHelp", &request.base, NULL, err);
}

static enum status withdraw(struct rig *rig, const char *by, const char *unit, struct error *err)
{
    Routing__WithdrawHelpRequest request = ROUTING__WITHDRAW_HELP_REQUEST__INIT;
    request.task_number = 1;
    request.unit = text(unit);
    return scene_call(rig, RPC_ROLE_OFFICE, by, "WithdrawHelp", &request.base, NULL, err);
}

static enum status move(struct rig *rig, const char *by, const char *to)
{
    Routing__MoveTaskRequest request = ROUTING__MOVE_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.to_unit = text(to);
    request.reason = text("decided");
    return scene_call(rig, RPC_ROLE_OFFICE, by, "MoveTask", &request.base, NULL, NULL);
}

static size_t listed(struct rig *rig, const char *unit, Routing__TaskOrder order)
{
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.unit = text(unit);
    request.order = order;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, unit, "ListTasks", &request.base, &response, NULL),
        STATUS_OK);
    return ((const Routing__ListTasksResponse *)response)->n_tasks;
}

/* --- helping --- */

static void a_helping_unit_sees_the_task_does_its_part_and_the_lead_closes(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    Routing__GetTaskRequest get = ROUTING__GET_TASK_REQUEST__INIT;
    get.task_number = 1;
    assert_int_equal(scene_call(rig, RPC_ROLE_OFFICE, BUSES, "GetTask", &get.base, NULL, NULL),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_OK);
    assert_int_equal(scene_call(rig, RPC_ROLE_OFFICE, BUSES, "GetTask", &get.base, NULL, NULL),
                     STATUS_OK);
    const Routing__TaskHelp *help = scene_task(rig, 1)->helps[0];
    assert_string_equal(help->unit, BUSES);
    assert_string_equal(help->note, "move the pole");
    assert_int_equal(help->asked_at_us, rig_now_us(rig));
    assert_int_equal(help->ended_at_us, 0);

    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(end_part(rig, BUSES, BUSES, NULL), STATUS_OK);
    assert_int_equal(end_part(rig, BUSES, BUSES, &err), STATUS_PERMISSION_DENIED);
    help = scene_task(rig, 1)->helps[0];
    assert_int_equal(help->ended_at_us, rig_now_us(rig));
    assert_false(help->withdrawn);
    assert_string_equal(help->answer, "moved");
    assert_int_equal(scene_task(rig, 1)->state, STATE(ROUTED)); /* the lead's own part is its own */
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    rig_free(rig);
}

static void what_still_keeps_a_task_open_is_named(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_OK);
    Routing__CloseTaskRequest request = ROUTING__CLOSE_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NOT_FOUND;
    request.words = text("not there");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &request.base, NULL, &err),
        STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, BUSES));
    assert_int_equal(withdraw(rig, BUSES, BUSES, NULL), STATUS_PERMISSION_DENIED);
    assert_int_equal(withdraw(rig, CIVIL_5, PARKS, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(withdraw(rig, CIVIL_5, BUSES, NULL), STATUS_OK);
    assert_true(scene_task(rig, 1)->helps[0]->withdrawn);
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &request.base, NULL, &err),
        STATUS_OK);
    rig_free(rig);
}

static void whom_a_unit_may_ask_is_checked(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    assert_int_equal(ask(rig, BUSES, PARKS, NULL), STATUS_PERMISSION_DENIED);
    assert_int_equal(ask(rig, CIVIL_5, "nobody", &err), STATUS_NOT_FOUND);
    assert_string_equal(err.field, "unit");
    assert_int_equal(ask(rig, CIVIL_5, CIVIL_5, NULL), STATUS_FAILED_PRECONDITION);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_OK);
        assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_FAILED_PRECONDITION);
        assert_int_equal(ask(rig, CIVIL_5, PARKS, NULL), STATUS_OK);
        assert_int_equal(end_part(rig, BUSES, PARKS, NULL), STATUS_PERMISSION_DENIED);
        assert_int_equal(end_part(rig, BUSES, BUSES, NULL), STATUS_OK);
        assert_int_equal(end_part(rig, PARKS, PARKS, NULL), STATUS_OK);
    }
    assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_RESOURCE_EXHAUSTED);
    rig_free(rig);
}

static void a_helper_has_the_task_in_its_feed_and_lists_until_its_part_ends(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_OK);          /* 3 */
    assert_int_equal(scene_report(rig, 1, "half done", NULL), STATUS_OK); /* 4 */
    assert_int_equal(listed(rig, BUSES, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 1);
    assert_int_equal(listed(rig, BUSES, ROUTING__TASK_ORDER__TASK_ORDER_UNSPECIFIED), 1);
    const Routing__FollowTasksResponse *told = scene_follow(rig, RPC_ROLE_OFFICE, BUSES, 0, 100);
    assert_int_equal(told->n_changes, 2);
    assert_int_equal(told->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_ASKED);
    assert_int_equal(told->changes[1]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_REPORTED);
    assert_string_equal(told->changes[1]->task->note, "half done");  /* all of the task */
    assert_int_equal(end_part(rig, BUSES, BUSES, NULL), STATUS_OK);  /* 5 */
    assert_int_equal(scene_report(rig, 1, "more", NULL), STATUS_OK); /* 6 */
    told = scene_follow(rig, RPC_ROLE_OFFICE, BUSES, 4, 100);
    assert_int_equal(told->n_changes, 1);
    assert_int_equal(told->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_FINISHED);
    assert_string_equal(told->changes[0]->task->note, ""); /* no longer all of it */
    assert_int_equal(scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 2, 100)->n_changes, 4);
    assert_int_equal(listed(rig, BUSES, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 0);
    assert_int_equal(listed(rig, CIVIL_5, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 2);
    rig_free(rig);
}

static void a_cancelled_task_ends_its_parts_and_a_moved_one_keeps_them(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(ask(rig, CIVIL_5, BUSES, NULL), STATUS_OK);
    assert_int_equal(ask(rig, CIVIL_5, PARKS, NULL), STATUS_OK);
    assert_int_equal(move(rig, CENTRE, BUSES), STATUS_OK); /* a helper becomes the lead */
    assert_int_equal(listed(rig, BUSES, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 1);
    assert_int_equal(listed(rig, PARKS, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 1);
    assert_int_equal(end_part(rig, BUSES, BUSES, NULL), STATUS_OK);
    assert_int_equal(listed(rig, BUSES, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 1);
    Routing__CancelTaskRequest request = ROUTING__CANCEL_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = text("taken back");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CENTRE, "CancelTask", &request.base, NULL, NULL),
        STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->n_helps, 2);
    assert_false(task->helps[0]->withdrawn);
    assert_true(task->helps[1]->withdrawn);
    assert_int_equal(task->helps[1]->ended_at_us, rig_now_us(rig));
    const Routing__FollowTasksResponse *told = scene_follow(rig, RPC_ROLE_OFFICE, PARKS, 0, 100);
    assert_int_equal(told->changes[told->n_changes - 1]->kind,
                     ROUTING__CHANGE_KIND__CHANGE_KIND_CANCELLED);
    assert_int_equal(listed(rig, PARKS, ROUTING__TASK_ORDER__TASK_ORDER_DUE), 0);
    rig_free(rig);
}

/* --- returned too often --- */

static void what_is_returned_too_often_goes_to_the_coordinator_who_alone_decides(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_return(rig, 1, BUSES, NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 1, CIVIL_5, NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 1, BUSES, NULL), STATUS_OK);
    assert_string_equal(scene_task(rig, 1)->unit, BUSES); /* three times, as the pack says */
    assert_false(scene_task(rig, 1)->for_decision);
    assert_int_equal(scene_return(rig, 1, CIVIL_5, NULL), STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, CENTRE);
    assert_true(task->for_decision);
    assert_int_equal(task->returns, 4);
    assert_int_equal(task->n_units_before, 2); /* who had it, for who decides */
    assert_string_equal(task->units_before[0], CIVIL_5);
    assert_string_equal(task->units_before[1], BUSES);
    const Routing__TaskReturned *returned = scene_event(rig, 5)->task_returned;
    assert_true(returned->for_decision);
    assert_string_equal(returned->suggested_unit, CIVIL_5);
    assert_string_equal(returned->to_unit, CENTRE);
    assert_int_equal(move(rig, "deputy-services", CIVIL_5), STATUS_PERMISSION_DENIED);
    assert_int_equal(move(rig, CENTRE, PARKS), STATUS_OK);
    assert_false(scene_task(rig, 1)->for_decision);
    /* Whoever has it by that decision does not hand it on, but back. */
    assert_int_equal(scene_return(rig, 1, BUSES, NULL), STATUS_OK);
    assert_string_equal(scene_task(rig, 1)->unit, CENTRE);
    assert_int_equal(scene_return(rig, 1, BUSES, NULL), STATUS_OK); /* its own decision */
    assert_string_equal(scene_task(rig, 1)->unit, BUSES);
    assert_false(scene_task(rig, 1)->for_decision);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_helping_unit_sees_the_task_does_its_part_and_the_lead_closes),
        cmocka_unit_test(what_still_keeps_a_task_open_is_named),
        cmocka_unit_test(whom_a_unit_may_ask_is_checked),
        cmocka_unit_test(a_helper_has_the_task_in_its_feed_and_lists_until_its_part_ends),
        cmocka_unit_test(a_cancelled_task_ends_its_parts_and_a_moved_one_keeps_them),
        cmocka_unit_test(what_is_returned_too_often_goes_to_the_coordinator_who_alone_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

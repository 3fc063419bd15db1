/* Several requests about one thing: one task, the number of callers, and what befalls it befalls all. */
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/routing/scene_callers.h"

#include "services/routing/routing_incident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name
#define KIND(name) ROUTING__EVENT__KIND_##name
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL

/* --- looking --- */

static const Routing__Task *task_of_case(struct rig *rig, uint64_t number)
{
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.case_number = number;
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "GetTask", &request.base, &response, NULL),
                     STATUS_OK);
    return ((const Routing__GetTaskResponse *)response)->task;
}

static const Routing__Event *last_event(struct rig *rig)
{
    return scene_event(rig, rig_event_count(rig));
}

static size_t count_of(struct rig *rig, Routing__Event__KindCase kind)
{
    size_t count = 0;
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        count += scene_event(rig, offset)->kind_case == kind;
    }
    return count;
}

/* --- joining --- */

static void a_request_registered_to_another_gets_no_second_task(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_int_equal(count_of(rig, KIND(TASK_ROUTED)), 1);
    const Routing__Task *task = task_of_case(rig, 2);
    assert_int_equal(task->case_number, 1);
    assert_int_equal(task->callers, 2);
    assert_int_equal(task->n_joined_codes, 1);
    assert_string_equal(task->joined_codes[0], "0000000002");
    const Routing__CaseJoined *joined = last_event(rig)->case_joined;
    assert_int_equal(joined->task_number, 1);
    assert_int_equal(joined->incident, 1);
    assert_string_equal(joined->incident_code, "0000000001");
    assert_string_equal(joined->unit, "district-5-civil");
    assert_int_equal(joined->due_at_us, task->due_at_us);
    assert_int_equal(joined->citizen, 42);
    rig_free(rig);
}

static void the_office_is_told(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    uint64_t after = rig_event_count(rig);
    scene_register_joined(rig, 2, 1, NORMAL);
    const Routing__FollowTasksResponse *changes =
        scene_follow(rig, RPC_ROLE_OFFICE, "district-5-civil", after, 10);
    assert_int_equal(changes->n_changes, 1);
    assert_int_equal(changes->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_JOINED);
    assert_int_equal(changes->changes[0]->task->callers, 2);
    assert_string_equal(changes->changes[0]->other_code, "0000000002");
    rig_free(rig);
}

static void hears_of_a_joined_request_once(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_join(rig, 2, 1, NORMAL);
    assert_int_equal(task_of_case(rig, 1)->callers, 2);
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

static void joining_afterwards_ends_the_second_task_undone(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "6"});
    uint64_t after = rig_event_count(rig);
    scene_join(rig, 2, 1, NORMAL);
    const Routing__Task *own = scene_task(rig, 2);
    assert_int_equal(own->state, STATE(JOINED));
    assert_int_equal(own->joined_into, 1);
    assert_int_equal(own->done_at_us, 0);
    assert_int_equal(task_of_case(rig, 2)->number, 1);
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_FAILED_PRECONDITION);
    const Routing__FollowTasksResponse *changes =
        scene_follow(rig, RPC_ROLE_OFFICE, "district-6-civil", after, 10);
    assert_int_equal(changes->n_changes, 1);
    assert_int_equal(changes->changes[0]->task->state, STATE(JOINED));
    rig_advance(rig, 400 * 24 * HOUR_US); /* no due date of a task that ended so passes */
    assert_int_equal(count_of(rig, KIND(TASK_OVERDUE)), 1);
    rig_free(rig);
}

static uint64_t only_listed(struct rig *rig, Routing__TaskState task_state,
                            Routing__TaskOrder order)
{
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response;
    request.unit = (char *)(uintptr_t) "district-6-civil";
    request.state = task_state;
    request.order = order;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, request.unit, "ListTasks", &request.base, &response, NULL),
        STATUS_OK);
    const Routing__ListTasksResponse *list = (const Routing__ListTasksResponse *)response;
    assert_true(list->n_tasks <= 1);
    return list->n_tasks == 1 ? list->tasks[0]->number : 0;
}

static void the_task_of_a_joined_request_is_listed_among_those_joined(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "6"});
    scene_join(rig, 2, 1, NORMAL);
    for (int order = 0; order <= ROUTING__TASK_ORDER__TASK_ORDER_DUE; order++) {
        assert_int_equal(only_listed(rig, STATE(JOINED), (Routing__TaskOrder)order), 2);
        assert_int_equal(only_listed(rig, STATE(ROUTED), (Routing__TaskOrder)order), 0);
        assert_int_equal(only_listed(rig, STATE(DONE), (Routing__TaskOrder)order), 0);
    }
    rig_free(rig);
}

static void moves_from_one_incident_to_another(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "6"});
    scene_register_joined(rig, 3, 1, NORMAL);
    scene_join(rig, 3, 2, NORMAL);
    assert_int_equal(scene_task(rig, 1)->callers, 1);
    assert_int_equal(scene_task(rig, 2)->callers, 2);
    assert_int_equal(task_of_case(rig, 3)->number, 2);
    assert_int_equal(count_of(rig, KIND(TASK_ROUTED)), 2);
    rig_free(rig);
}

static void what_is_over_is_not_joined(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 3, .area = "5"});
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_int_equal(task_of_case(rig, 2)->case_number, 2); /* a task of its own */
    assert_int_equal(task_of_case(rig, 1)->callers, 0);
    scene_join(rig, 3, 1, NORMAL);
    assert_int_equal(task_of_case(rig, 3)->case_number, 3);
    assert_true(last_event(rig)->case_split->refused);
    assert_int_equal(last_event(rig)->case_split->incident, 1);
    assert_int_equal(count_of(rig, KIND(CASE_JOINED)), 0);
    assert_int_equal(scene_follow(rig, RPC_ROLE_ADMIN, "*", 0, 100)->n_changes, 4);
    rig_free(rig);
}

/* --- splitting off --- */

static void splitting_off_makes_a_task_due_by_the_request_s_own_time(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    int64_t made_us = rig_now_us(rig);
    scene_register_joined(rig, 2, 1, NORMAL);
    rig_advance(rig, 10 * HOUR_US);
    uint64_t after = rig_event_count(rig);
    scene_split(rig, 2, 1, NORMAL, made_us);
    const Routing__Task *own = task_of_case(rig, 2);
    assert_int_equal(own->case_number, 2);
    assert_int_equal(own->citizen, 42);
    assert_int_equal(own->due_at_us, scene_task(rig, 1)->due_at_us);
    assert_int_equal(scene_task(rig, 1)->callers, 1);
    assert_int_equal(scene_task(rig, 1)->n_joined_codes, 0);
    const Routing__FollowTasksResponse *changes =
        scene_follow(rig, RPC_ROLE_OFFICE, "district-5-civil", after, 10);
    assert_int_equal(changes->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_SPLIT);
    scene_split(rig, 2, 1, NORMAL, made_us); /* heard again */
    assert_int_equal(count_of(rig, KIND(TASK_ROUTED)), 2);
    rig_free(rig);
}

static void a_request_that_went_round_has_a_task_in_the_end(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    for (int round = 0; round < 3; round++) {
        scene_join(rig, 2, 1, NORMAL);
        scene_split(rig, 2, 1, NORMAL, 0);
    }
    assert_int_equal(task_of_case(rig, 2)->number, 5);
    assert_int_equal(task_of_case(rig, 2)->state, STATE(ROUTED));
    assert_int_equal(scene_task(rig, 1)->callers, 1);
    rig_free(rig);
}

/* --- the end --- */

static void the_end_of_the_task_is_told_of_every_caller(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    for (uint64_t number = 2; number <= 2 + ROUTING_JOINED_AN_EVENT; number++) {
        scene_register_joined(rig, number, 1, NORMAL);
    }
    assert_int_equal(scene_task(rig, 1)->n_joined_codes, ROUTING_JOINED_CODES_MAX);
    uint64_t before = rig_event_count(rig);
    assert_int_equal(scene_finish(rig, 1, "patched", NULL), STATUS_OK);
    assert_int_equal(rig_event_count(rig), before + 3);
    const Routing__JoinedFollowed *first = scene_event(rig, before + 2)->joined_followed;
    const Routing__JoinedFollowed *second = scene_event(rig, before + 3)->joined_followed;
    assert_int_equal(first->fate, ROUTING__JOINED_FATE__JOINED_FATE_DONE);
    assert_int_equal(first->n_members, ROUTING_JOINED_AN_EVENT);
    assert_int_equal(first->members[0]->case_number, 2);
    assert_int_equal(first->members[0]->citizen, 42);
    assert_string_equal(first->note, "patched");
    assert_string_equal(first->unit, "district-5-civil");
    assert_int_equal(first->finish, 1);
    assert_int_equal(second->n_members, 1);
    assert_int_equal(second->members[0]->case_number, 2 + ROUTING_JOINED_AN_EVENT);
    rig_free(rig);
}

static void takes_no_more_callers_than_one_decision_can_tell_of(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    for (uint64_t number = 2; number <= 2 + ROUTING_JOINED_MAX; number++) {
        scene_register_joined(rig, number, 1, NORMAL);
    }
    assert_int_equal(scene_task(rig, 1)->callers, 1 + ROUTING_JOINED_MAX);
    assert_int_equal(task_of_case(rig, 2 + ROUTING_JOINED_MAX)->case_number,
                     2 + ROUTING_JOINED_MAX);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(count_of(rig, KIND(JOINED_FOLLOWED)),
                     ROUTING_JOINED_MAX / ROUTING_JOINED_AN_EVENT);
    rig_free(rig);
}

/* --- what citizens do about requests that share a task --- */

static void a_chase_of_a_joined_request_is_one_of_the_task(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_OK);
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_OK); /* heard again */
    const Routing__TaskChased *told = last_event(rig)->task_chased;
    assert_int_equal(told->task_number, 1);
    assert_int_equal(told->case_number, 2);
    assert_int_equal(told->case_chases, 1);
    assert_int_equal(scene_task(rig, 1)->chases, 2);
    rig_free(rig);
}

static void what_was_heard_of_a_request_is_known_after_it_was_split_off(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_OK);
    scene_split(rig, 2, 1, NORMAL, 0);
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_OK);
    assert_int_equal(task_of_case(rig, 2)->chases, 1);
    assert_int_equal(scene_chase(rig, 2, 2, ""), STATUS_OK);
    assert_int_equal(task_of_case(rig, 2)->chases, 2);
    rig_free(rig);
}

/* So the office's order does not forget who has asked for long. */
static void a_task_s_chases_are_those_of_all_who_share_it_now(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_OK);
    assert_int_equal(scene_chase(rig, 2, 2, ""), STATUS_OK);
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    scene_join(rig, 2, 1, NORMAL);
    assert_int_equal(last_event(rig)->case_joined->case_chases, 2);
    assert_int_equal(scene_task(rig, 1)->chases, 3);
    assert_int_equal(scene_chase(rig, 2, 3, ""), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->chases, 4);
    scene_register_joined(rig, 3, 1, NORMAL);
    scene_split(rig, 2, 1, NORMAL, 0);
    assert_int_equal(scene_task(rig, 1)->chases, 1);
    assert_int_equal(task_of_case(rig, 2)->chases, 3);
    scene_join(rig, 2, 1, NORMAL);
    assert_int_equal(scene_task(rig, 1)->chases, 4);
    scene_withdraw(rig, 1); /* its own goes, too */
    assert_int_equal(scene_task(rig, 1)->chases, 3);
    scene_withdraw(rig, 2);
    assert_int_equal(scene_task(rig, 1)->chases, 0);
    rig_free(rig);
}

static void amending_a_joined_request_leaves_the_task_as_it_is(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_amend(rig, (struct scene_amendment){.number = 2, .nth = 1, .topic = "broken-branch"});
    assert_true(last_event(rig)->task_amended->is_joined);
    assert_string_equal(last_event(rig)->task_amended->topic, "asphalt");
    assert_string_equal(scene_task(rig, 1)->topic, "asphalt");
    assert_int_equal(count_of(rig, KIND(TASK_MOVED)), 0);
    scene_amend(rig, (struct scene_amendment){.number = 1, .nth = 1, .topic = "broken-branch"});
    assert_false(last_event(rig)->kind_case == KIND(TASK_AMENDED) &&
                 last_event(rig)->task_amended->is_joined);
    assert_string_equal(scene_task(rig, 1)->topic, "broken-branch");
    rig_free(rig);
}

static void a_joined_request_that_is_taken_back_leaves_the_task(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_register_joined(rig, 3, 1, NORMAL);
    scene_withdraw(rig, 2);
    scene_withdraw(rig, 2); /* heard again */
    const Routing__CaseSplit *told = last_event(rig)->case_split;
    assert_int_equal(rig_event_count(rig), 4);
    assert_true(told->withdrawn);
    assert_int_equal(told->case_number, 2);
    assert_string_equal(told->code, "0000000002");
    assert_int_equal(scene_task(rig, 1)->callers, 2);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(last_event(rig)->joined_followed->n_members, 1);
    assert_int_equal(last_event(rig)->joined_followed->members[0]->case_number, 3);
    assert_int_equal(count_of(rig, KIND(TASK_ROUTED)), 1);
    rig_free(rig);
}

static void a_shared_task_goes_on_when_its_own_request_is_taken_back(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_withdraw(rig, 1);
    scene_withdraw(rig, 1); /* heard again */
    assert_int_equal(rig_event_count(rig), 3);
    assert_int_equal(last_event(rig)->case_split->incident, 1);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(ROUTED));
    assert_true(task->own_withdrawn);
    assert_int_equal(task->callers, 1);
    assert_int_equal(task->n_joined_codes, 1);
    scene_register_joined(rig, 3, 1, NORMAL); /* there is room for more */
    assert_int_equal(scene_task(rig, 1)->callers, 2);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(scene_event(rig, rig_event_count(rig) - 1)->task_done->citizen, 0);
    assert_int_equal(last_event(rig)->joined_followed->n_members, 2);
    rig_free(rig);
}

static void expect_deserted(struct rig *rig)
{
    assert_int_equal(scene_task(rig, 1)->state, STATE(CANCELLED));
    assert_int_equal(scene_task(rig, 1)->callers, 0);
    assert_int_equal(count_of(rig, KIND(TASK_CANCELLED)), 1);
    rig_free(rig);
}

static void a_task_that_nobody_is_left_of_is_cancelled(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct rig *rig = scene_new();
        scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
        scene_register(rig, (struct scene_request){.number = 3, .area = "5"});
        scene_register_joined(rig, 2, 1, NORMAL);
        scene_withdraw(rig, 1);
        if (way == 0) {
            scene_withdraw(rig, 2);
        } else if (way == 1) {
            scene_split(rig, 2, 1, NORMAL, 0);
            assert_int_equal(task_of_case(rig, 2)->state, STATE(ROUTED));
        } else {
            scene_join(rig, 2, 3, NORMAL);
            assert_int_equal(scene_task(rig, 2)->callers, 2);
        }
        expect_deserted(rig);
    }
}

static void who_takes_back_what_is_finished_leaves_it_unasked(void **state)
{
    struct rig *rig = scene_new();
    (void)state;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    scene_withdraw(rig, 2);
    assert_true(last_event(rig)->case_split->withdrawn);
    assert_int_equal(scene_task(rig, 1)->callers, 1);
    scene_withdraw(rig, 1);
    assert_int_equal(scene_task(rig, 1)->callers, 0);
    assert_int_equal(scene_task(rig, 1)->state, STATE(DONE));
    uint64_t events = rig_event_count(rig);
    scene_withdraw(rig, 2);
    scene_withdraw(rig, 1);
    assert_int_equal(rig_event_count(rig), events);
    rig_free(rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_registered_to_another_gets_no_second_task),
        cmocka_unit_test(the_office_is_told),
        cmocka_unit_test(hears_of_a_joined_request_once),
        cmocka_unit_test(joining_afterwards_ends_the_second_task_undone),
        cmocka_unit_test(the_task_of_a_joined_request_is_listed_among_those_joined),
        cmocka_unit_test(moves_from_one_incident_to_another),
        cmocka_unit_test(what_is_over_is_not_joined),
        cmocka_unit_test(splitting_off_makes_a_task_due_by_the_request_s_own_time),
        cmocka_unit_test(a_request_that_went_round_has_a_task_in_the_end),
        cmocka_unit_test(the_end_of_the_task_is_told_of_every_caller),
        cmocka_unit_test(takes_no_more_callers_than_one_decision_can_tell_of),
        cmocka_unit_test(a_chase_of_a_joined_request_is_one_of_the_task),
        cmocka_unit_test(a_task_s_chases_are_those_of_all_who_share_it_now),
        cmocka_unit_test(what_was_heard_of_a_request_is_known_after_it_was_split_off),
        cmocka_unit_test(amending_a_joined_request_leaves_the_task_as_it_is),
        cmocka_unit_test(a_joined_request_that_is_taken_back_leaves_the_task),
        cmocka_unit_test(a_shared_task_goes_on_when_its_own_request_is_taken_back),
        cmocka_unit_test(a_task_that_nobody_is_left_of_is_cancelled),
        cmocka_unit_test(who_takes_back_what_is_finished_leaves_it_unasked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

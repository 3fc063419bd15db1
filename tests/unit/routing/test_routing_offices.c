/* What offices see of their tasks: following, acknowledging, getting, listing. */
#include "tests/unit/routing/routing_scene.h"

#include "rpc/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define BUSES "bus-company"

#define KIND(name) ROUTING__CHANGE_KIND__CHANGE_KIND_##name
#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name

static enum status follow_status(struct rig *rig, enum rpc_role role, const char *unit,
                                 uint64_t after, struct error *err)
{
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    request.unit = (char *)(uintptr_t)unit;
    request.after = after;
    return scene_call(rig, role, unit, "FollowTasks", &request.base, NULL, err);
}

/* --- following --- */

static void an_office_is_told_everything_about_its_tasks_in_order(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "6"}); /* another's */
    int64_t routed_us = rig_now_us(rig);
    rig_advance(rig, HOUR_US);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    assert_int_equal(scene_report(rig, 1, "soon", NULL), STATUS_OK);
    rig_advance(rig, 30 * DAY_US);
    assert_int_equal(scene_finish(rig, 1, "done", NULL), STATUS_OK);

    static const Routing__ChangeKind kinds[] = {KIND(ROUTED), KIND(ACCEPTED), KIND(REPORTED),
                                                KIND(OVERDUE), KIND(DONE)};
    const Routing__FollowTasksResponse *seen = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 0, 0);
    assert_int_equal(seen->n_changes, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(seen->changes[i]->kind, kinds[i]);
        assert_true(i == 0 || seen->changes[i]->sequence > seen->changes[i - 1]->sequence);
        /* As it is now, not as it was then. */
        assert_int_equal(seen->changes[i]->task->state, STATE(DONE));
        assert_string_equal(seen->changes[i]->task->note, "done");
    }
    assert_int_equal(seen->changes[0]->at_us, routed_us);
    assert_int_equal(seen->changes[1]->at_us, routed_us + HOUR_US);
    assert_int_equal(seen->next, seen->changes[4]->sequence);
    rig_free(rig);
}

static void following_goes_on_behind_what_was_given(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    uint64_t after = 0;
    scene_register_many(rig, 7);
    for (uint64_t expected = 1; expected <= 7;) {
        const Routing__FollowTasksResponse *page =
            scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, after, 3);
        assert_in_range(page->n_changes, 1, 3);
        for (size_t i = 0; i < page->n_changes; i++) {
            assert_int_equal(page->changes[i]->task->number, expected++);
        }
        after = page->next;
    }
    const Routing__FollowTasksResponse *none =
        scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, after, 3);
    assert_int_equal(none->n_changes, 0);
    assert_int_equal(none->next, after);
    rig_free(rig);
}

static void both_offices_are_told_of_a_return_and_only_one_sees_on(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_return(rig, 1, BUSES, NULL), STATUS_OK);
    assert_int_equal(scene_report(rig, 1, "for the buses' eyes", NULL), STATUS_OK);

    const Routing__FollowTasksResponse *left = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 0, 0);
    assert_int_equal(left->n_changes, 2);
    assert_int_equal(left->changes[1]->kind, KIND(RETURNED));
    for (size_t i = 0; i < 2; i++) {
        const Routing__Task *task = left->changes[i]->task;
        assert_int_equal(task->number, 1);
        assert_int_equal(task->case_number, 1);
        assert_string_equal(task->unit, BUSES);
        assert_string_equal(task->note, "");
        assert_null(task->place);
        assert_int_equal(task->citizen, 0);
    }
    const Routing__FollowTasksResponse *came = scene_follow(rig, RPC_ROLE_OFFICE, BUSES, 0, 0);
    assert_int_equal(came->n_changes, 2);
    assert_int_equal(came->changes[0]->kind, KIND(RETURNED));
    assert_int_equal(came->changes[0]->sequence, left->changes[1]->sequence);
    assert_string_equal(came->changes[0]->task->note, "for the buses' eyes");
    assert_non_null(came->changes[0]->task->place);
    rig_free(rig);
}

static void every_unit_is_for_the_import_and_the_admin_only(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "6"});
    assert_int_equal(follow_status(rig, RPC_ROLE_OFFICE, "*", 0, &err), STATUS_PERMISSION_DENIED);
    assert_string_equal(err.field, "unit");
    assert_int_equal(follow_status(rig, RPC_ROLE_FRONT_END, CIVIL_5, 0, &err),
                     STATUS_PERMISSION_DENIED);
    static const enum rpc_role roles[] = {RPC_ROLE_IMPORT, RPC_ROLE_ADMIN};
    for (size_t i = 0; i < 2; i++) {
        const Routing__FollowTasksResponse *seen = scene_follow(rig, roles[i], "*", 0, 0);
        assert_int_equal(seen->n_changes, 2);
        assert_string_equal(seen->changes[0]->task->unit, CIVIL_5);
        assert_string_equal(seen->changes[1]->task->unit, "district-6-civil");
    }
    rig_free(rig);
}

static void following_every_unit_passes_over_acknowledgements(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 3);
    for (uint64_t sequence = 1; sequence <= 3; sequence++) {
        assert_int_equal(scene_acknowledge(rig, CIVIL_5, sequence), STATUS_OK);
    }
    const Routing__FollowTasksResponse *all = scene_follow(rig, RPC_ROLE_ADMIN, "*", 0, 0);
    assert_int_equal(all->n_changes, 3);
    assert_int_equal(all->next, 6);
    const Routing__FollowTasksResponse *none = scene_follow(rig, RPC_ROLE_ADMIN, "*", 3, 0);
    assert_int_equal(none->n_changes, 0);
    assert_int_equal(none->next, 6);
    rig_free(rig);
}

/* Long notes in every script: pages end early, nothing is left out. */
static void an_answer_stays_below_the_limit_of_a_message(void **state)
{
    (void)state;
    enum { TASKS = 300, NOTE_CHARACTERS = 1000 };
    static char note[NOTE_CHARACTERS * 4 + 1];
    for (size_t i = 0; i < NOTE_CHARACTERS; i++) {
        memcpy(note + 4 * i, "𐎠", 4); /* Old Persian a: four bytes */
    }
    struct rig *rig = scene_new();
    scene_register_many(rig, TASKS);
    for (uint64_t number = 1; number <= TASKS; number++) {
        assert_int_equal(scene_report(rig, number, note, NULL), STATUS_OK);
    }
    static const char *const units[] = {CIVIL_5, "*"};
    for (size_t i = 0; i < 2; i++) {
        uint64_t after = 0;
        size_t changes = 0;
        while (changes < 2 * TASKS) {
            const Routing__FollowTasksResponse *page =
                scene_follow(rig, RPC_ROLE_ADMIN, units[i], after, 500);
            assert_in_range(page->n_changes, 1, 499);
            assert_in_range(protobuf_c_message_get_packed_size(&page->base), 1,
                            RPC_MESSAGE_BYTES_MAX - 1);
            changes += page->n_changes;
            after = page->next;
        }
        assert_int_equal(changes, 2 * TASKS);
    }
    rig_free(rig);
}

static void mistakes_of_a_follower_are_named(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    assert_int_equal(follow_status(rig, RPC_ROLE_OFFICE, "", 0, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(follow_status(rig, RPC_ROLE_OFFICE, "distrikt-5", 0, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.field, "unit");
    assert_int_equal(follow_status(rig, RPC_ROLE_OFFICE, CIVIL_5, 9, &err), STATUS_DATA_LOSS);
    assert_int_equal(follow_status(rig, RPC_ROLE_OFFICE, CIVIL_5, UINT64_MAX, &err),
                     STATUS_DATA_LOSS);
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    request.unit = (char *)(uintptr_t)CIVIL_5;
    request.changes_max = 501;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "FollowTasks", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "changes_max");
    request.changes_max = 0;
    request.wait_ms = 30001;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "FollowTasks", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "wait_ms");
    rig_free(rig);
}

/* A unit the pack does not know is one once a history has named it. */
static void an_unlisted_unit_can_be_followed_once_it_has_a_task(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    assert_int_equal(follow_status(rig, RPC_ROLE_OFFICE, "PWDx", 0, NULL), STATUS_NOT_FOUND);
    scene_register(rig, (struct scene_request){.number = 1,
                                               .unit = "PWDx",
                                               .historical = true,
                                               .at_us = rig_now_us(rig) - DAY_US});
    assert_int_equal(scene_follow(rig, RPC_ROLE_OFFICE, "PWDx", 0, 0)->n_changes, 1);
    rig_free(rig);
}

/* --- acknowledging --- */

static void what_an_office_has_acknowledged_outlives_a_restart(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 4);
    assert_int_equal(scene_acknowledge(rig, CIVIL_5, 3), STATUS_OK);
    rig_restart(rig);
    const Routing__FollowTasksResponse *seen = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 0, 0);
    assert_int_equal(seen->acknowledged, 3);
    assert_int_equal(seen->n_changes, 1);
    assert_int_equal(seen->changes[0]->sequence, 4);
    /* Who asks for more is given it again. */
    assert_int_equal(scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 1, 0)->n_changes, 3);
    rig_free(rig);
}

static void acknowledging_goes_neither_back_nor_ahead(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    scene_register(rig, (struct scene_request){.number = 3, .area = "6"});
    assert_int_equal(scene_acknowledge(rig, CIVIL_5, 0), STATUS_INVALID_ARGUMENT);
    assert_int_equal(scene_acknowledge(rig, "*", 1), STATUS_INVALID_ARGUMENT);
    assert_int_equal(scene_acknowledge(rig, CIVIL_5, 2), STATUS_OK);
    assert_int_equal(scene_acknowledge(rig, CIVIL_5, 1), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_acknowledge(rig, CIVIL_5, 3), STATUS_OUT_OF_RANGE); /* another's */
    uint64_t events = rig_event_count(rig);
    assert_int_equal(scene_acknowledge(rig, CIVIL_5, 2), STATUS_OK);
    assert_int_equal(rig_event_count(rig), events);
    rig_free(rig);
}

/* --- getting and listing --- */

static void a_task_is_found_by_its_own_number_or_its_case_s(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 70, .area = "5"});
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTask", &request.base, NULL, NULL),
                     STATUS_INVALID_ARGUMENT);
    request.case_number = 70;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTask", &request.base, &response, NULL),
                     STATUS_OK);
    assert_int_equal(((const Routing__GetTaskResponse *)response)->task->number, 1);
    request.task_number = 1;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTask", &request.base, NULL, NULL),
                     STATUS_INVALID_ARGUMENT);
    request.case_number = 0;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTask", &request.base, NULL, NULL),
                     STATUS_OK);
    request.task_number = 2;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTask", &request.base, NULL, NULL),
                     STATUS_NOT_FOUND);
    request.task_number = 0;
    request.case_number = 71;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTask", &request.base, NULL, NULL),
                     STATUS_NOT_FOUND);
    rig_free(rig);
}

static enum status list(struct rig *rig, const char *unit, Routing__TaskState task_state,
                        uint32_t page_size, uint64_t page_token,
                        const Routing__ListTasksResponse **ret_page)
{
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.unit = (char *)(uintptr_t)unit;
    request.state = task_state;
    request.page_size = page_size;
    request.page_token = page_token;
    enum status status =
        scene_call(rig, RPC_ROLE_OFFICE, unit, "ListTasks", &request.base, &response, NULL);
    if (status == STATUS_OK && ret_page != NULL) {
        *ret_page = (const Routing__ListTasksResponse *)response;
    }
    return status;
}

/* The numbers of all pages, told as text: "1 4 6 ". */
static void list_all(struct rig *rig, const char *unit, Routing__TaskState task_state,
                     uint32_t page_size, char out[256])
{
    uint64_t token = 0;
    out[0] = '\0';
    do {
        const Routing__ListTasksResponse *page = NULL;
        assert_int_equal(list(rig, unit, task_state, page_size, token, &page), STATUS_OK);
        assert_in_range(page->n_tasks, 0, page_size);
        for (size_t i = 0; i < page->n_tasks; i++) {
            size_t used = strlen(out);
            snprintf(out + used, 256 - used, "%llu ", (unsigned long long)page->tasks[i]->number);
        }
        token = page->next_page_token;
    } while (token != 0);
}

static void a_unit_s_tasks_are_listed_by_number_and_state_in_pages(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    char numbers[256];
    scene_register_many(rig, 8);
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 5, "", NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 8, "", NULL), STATUS_OK);
    assert_int_equal(scene_accept(rig, 3, NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 4, BUSES, NULL), STATUS_OK);
    const Routing__ListTasksResponse *whole = NULL;
    assert_int_equal(list(rig, CIVIL_5, STATE(UNSPECIFIED), 7, 0, &whole), STATUS_OK);
    assert_int_equal(whole->n_tasks, 7);
    assert_int_equal(whole->next_page_token, 0);
    for (uint32_t page_size = 1; page_size <= 9; page_size++) {
        list_all(rig, CIVIL_5, STATE(UNSPECIFIED), page_size, numbers);
        assert_string_equal(numbers, "1 2 3 5 6 7 8 ");
        list_all(rig, CIVIL_5, STATE(ROUTED), page_size, numbers);
        assert_string_equal(numbers, "1 6 7 ");
        list_all(rig, CIVIL_5, STATE(ACCEPTED), page_size, numbers);
        assert_string_equal(numbers, "3 ");
        list_all(rig, CIVIL_5, STATE(DONE), page_size, numbers);
        assert_string_equal(numbers, "2 5 8 ");
        list_all(rig, BUSES, STATE(UNSPECIFIED), page_size, numbers);
        assert_string_equal(numbers, "4 ");
    }
    rig_free(rig);
}

static void mistakes_in_a_list_are_refused(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    assert_int_equal(list(rig, "distrikt-5", STATE(ROUTED), 0, 0, NULL), STATUS_NOT_FOUND);
    assert_int_equal(list(rig, CIVIL_5, STATE(ROUTED), 101, 0, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(list(rig, CIVIL_5, (Routing__TaskState)10, 0, 0, NULL),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(list(rig, CIVIL_5, STATE(ROUTED), 0, UINT64_MAX, NULL),
                     STATUS_INVALID_ARGUMENT);
    const Routing__ListTasksResponse *page = NULL;
    assert_int_equal(list(rig, CIVIL_5, STATE(ROUTED), 0, 0, &page), STATUS_OK);
    assert_int_equal(page->n_tasks, 0);
    assert_int_equal(page->next_page_token, 0);
    rig_free(rig);
}

/* The task is told as it is now; the words are those of the change. */
static void each_change_has_the_words_that_were_said_with_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    assert_int_equal(scene_report(rig, 1, "اکیپ رفت", NULL), STATUS_OK);
    assert_int_equal(scene_chase(rig, 1, 1, "هنوز کسی نیامده"), STATUS_OK);
    assert_int_equal(scene_finish(rig, 1, "پر شد", NULL), STATUS_OK);
    const Routing__FollowTasksResponse *page = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 0, 10);
    assert_int_equal(page->n_changes, 4);
    assert_string_equal(page->changes[0]->note, "");
    assert_string_equal(page->changes[1]->note, "اکیپ رفت");
    assert_string_equal(page->changes[2]->note, "هنوز کسی نیامده");
    assert_string_equal(page->changes[3]->note, "پر شد");
    rig_free(rig);
}

static void whoever_has_the_task_no_more_is_not_told_what_was_said(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    assert_int_equal(scene_report(rig, 1, "اکیپ رفت", NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 1, BUSES, NULL), STATUS_OK);
    const Routing__FollowTasksResponse *page = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 0, 10);
    for (size_t i = 0; i < page->n_changes; i++) {
        assert_string_equal(page->changes[i]->note, "");
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_office_is_told_everything_about_its_tasks_in_order),
        cmocka_unit_test(following_goes_on_behind_what_was_given),
        cmocka_unit_test(both_offices_are_told_of_a_return_and_only_one_sees_on),
        cmocka_unit_test(every_unit_is_for_the_import_and_the_admin_only),
        cmocka_unit_test(following_every_unit_passes_over_acknowledgements),
        cmocka_unit_test(an_answer_stays_below_the_limit_of_a_message),
        cmocka_unit_test(mistakes_of_a_follower_are_named),
        cmocka_unit_test(an_unlisted_unit_can_be_followed_once_it_has_a_task),
        cmocka_unit_test(what_an_office_has_acknowledged_outlives_a_restart),
        cmocka_unit_test(acknowledging_goes_neither_back_nor_ahead),
        cmocka_unit_test(a_task_is_found_by_its_own_number_or_its_case_s),
        cmocka_unit_test(a_unit_s_tasks_are_listed_by_number_and_state_in_pages),
        cmocka_unit_test(mistakes_in_a_list_are_refused),
        cmocka_unit_test(each_change_has_the_words_that_were_said_with_it),
        cmocka_unit_test(whoever_has_the_task_no_more_is_not_told_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

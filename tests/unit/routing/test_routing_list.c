/* Lists by due time: what is to be done first comes first, in pages that are stable. */
#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name
#define UNIT "PWDx"

/* A history's tasks, whose due dates are chosen; task 1 is due last, and two have no due date. */
static struct rig *scene_with_dates(void)
{
    static const struct {
        int64_t due_days; /* 0: none */
        bool urgent;
    } tasks[] = {{90, false}, {30, false}, {0, false}, {60, true}, {30, false}, {0, true}};
    struct rig *rig = scene_new();
    int64_t now_us = rig_now_us(rig);
    for (uint64_t i = 0; i < 6; i++) {
        int64_t due_us = tasks[i].due_days == 0 ? 0 : now_us + tasks[i].due_days * DAY_US;
        scene_register(rig, (struct scene_request){.number = i + 1,
                                                   .unit = UNIT,
                                                   .urgent = tasks[i].urgent,
                                                   .due_us = due_us,
                                                   .historical = true,
                                                   .at_us = now_us - DAY_US});
    }
    return rig;
}

static Routing__ListTasksRequest by_due(void)
{
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    request.unit = (char *)(uintptr_t)UNIT;
    request.order = ROUTING__TASK_ORDER__TASK_ORDER_DUE;
    return request;
}

static const Routing__ListTasksResponse *page_of(struct rig *rig,
                                                 Routing__ListTasksRequest *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (scene_call(rig, RPC_ROLE_OFFICE, UNIT, "ListTasks", &request->base, &response, &err) !=
        STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return (const Routing__ListTasksResponse *)response;
}

static void add_numbers(const Routing__ListTasksResponse *page, char out[256])
{
    for (size_t i = 0; i < page->n_tasks; i++) {
        size_t used = strlen(out);
        snprintf(out + used, 256 - used, "%llu ", (unsigned long long)page->tasks[i]->number);
    }
}

static void list_all(struct rig *rig, Routing__ListTasksRequest request, char out[256])
{
    out[0] = '\0';
    do {
        const Routing__ListTasksResponse *page = page_of(rig, &request);
        assert_in_range(page->n_tasks, 0, request.page_size);
        add_numbers(page, out);
        request.page = page->next_page;
    } while (request.page.len != 0);
}

static void urgent_ones_come_first_then_by_due_time_and_those_without_one_last(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256];
    for (uint32_t page_size = 1; page_size <= 7; page_size++) {
        Routing__ListTasksRequest request = by_due();
        request.page_size = page_size;
        list_all(rig, request, numbers);
        assert_string_equal(numbers, "4 6 2 5 1 3 ");
    }
    rig_free(rig);
}

static void ended_ones_come_after_open_ones_and_states_are_chosen(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256];
    Routing__TaskState states[] = {STATE(DONE), STATE(ACCEPTED)};
    assert_int_equal(scene_finish(rig, 4, "", NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_OK);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    for (uint32_t page_size = 1; page_size <= 7; page_size++) {
        Routing__ListTasksRequest request = by_due();
        request.page_size = page_size;
        list_all(rig, request, numbers);
        assert_string_equal(numbers, "6 5 1 3 2 4 ");
        request.states = states;
        request.n_states = 2;
        list_all(rig, request, numbers);
        assert_string_equal(numbers, "1 2 4 ");
        request.n_states = 1;
        list_all(rig, request, numbers);
        assert_string_equal(numbers, "2 4 ");
        request.n_states = 0;
        request.state = STATE(ROUTED);
        list_all(rig, request, numbers);
        assert_string_equal(numbers, "6 5 3 ");
    }
    rig_free(rig);
}

static void what_comes_and_goes_meanwhile_does_not_disturb_the_rest(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256] = "";
    Routing__ListTasksRequest request = by_due();
    request.page_size = 3;
    const Routing__ListTasksResponse *page = page_of(rig, &request);
    add_numbers(page, numbers);
    assert_string_equal(numbers, "4 6 2 ");
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_OK); /* the last one shown goes */
    scene_register(rig, (struct scene_request){.number = 7,
                                               .unit = UNIT,
                                               .urgent = true,
                                               .due_us = rig_now_us(rig) + DAY_US,
                                               .historical = true,
                                               .at_us = rig_now_us(rig) - DAY_US});
    request.page = page->next_page;
    numbers[0] = '\0';
    add_numbers(page_of(rig, &request), numbers);
    assert_string_equal(numbers, "5 1 3 ");
    rig_free(rig);
}

static void a_chased_task_comes_before_one_that_is_due_earlier(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256];
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    assert_int_equal(scene_chase(rig, 3, 1, ""), STATUS_OK);
    assert_int_equal(scene_chase(rig, 3, 2, ""), STATUS_OK);
    for (uint32_t page_size = 1; page_size <= 7; page_size++) {
        Routing__ListTasksRequest request = by_due();
        request.page_size = page_size;
        list_all(rig, request, numbers);
        assert_string_equal(numbers, "4 6 3 1 2 5 ");
    }
    rig_free(rig);
}

static void
an_urgent_task_comes_before_one_that_is_chased_and_among_urgent_ones_chases_count(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256];
    Routing__ListTasksRequest request = by_due();
    request.page_size = 6;
    for (uint32_t chases = 1; chases <= 3; chases++) {
        assert_int_equal(scene_chase(rig, 5, chases, ""), STATUS_OK);
    }
    assert_int_equal(scene_chase(rig, 6, 1, ""), STATUS_OK);
    list_all(rig, request, numbers);
    assert_string_equal(numbers, "6 4 5 2 1 3 ");
    rig_free(rig);
}

static void a_fourth_chase_moves_a_task_no_further(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256];
    Routing__ListTasksRequest request = by_due();
    request.page_size = 6;
    for (uint32_t chases = 1; chases <= 3; chases++) {
        assert_int_equal(scene_chase(rig, 5, chases, ""), STATUS_OK);
    }
    for (uint32_t chases = 1; chases <= 9; chases++) {
        assert_int_equal(scene_chase(rig, 1, chases, ""), STATUS_OK);
    }
    list_all(rig, request, numbers);
    assert_string_equal(numbers, "4 6 5 1 2 3 "); /* 5 is due before 1 */
    rig_free(rig);
}

static void a_task_chased_while_it_is_closed_comes_early_when_it_is_open_again(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256];
    Routing__ListTasksRequest request = by_due();
    Routing__ReopenTaskRequest again = ROUTING__REOPEN_TASK_REQUEST__INIT;
    request.page_size = 6;
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    again.task_number = 1;
    again.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    again.note = (char *)(uintptr_t) "look again";
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ReopenTask", &again.base, NULL, NULL),
                     STATUS_OK);
    list_all(rig, request, numbers);
    assert_string_equal(numbers, "4 6 1 2 5 3 ");
    rig_free(rig);
}

static void a_chase_meanwhile_does_not_disturb_the_rest(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    char numbers[256] = "";
    Routing__ListTasksRequest request = by_due();
    request.page_size = 3;
    const Routing__ListTasksResponse *page = page_of(rig, &request);
    add_numbers(page, numbers);
    assert_string_equal(numbers, "4 6 2 ");
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_OK); /* the last one shown moves */
    request.page = page->next_page;
    numbers[0] = '\0';
    add_numbers(page_of(rig, &request), numbers);
    assert_string_equal(numbers, "5 1 3 ");
    rig_free(rig);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    struct rig *rig = scene_with_dates();
    struct error err = ERROR_NONE;
    uint8_t junk[40] = {9, 1, 2, 3};
    Routing__TaskState states[] = {STATE(DONE), STATE(UNSPECIFIED)};
    Routing__ListTasksRequest request = by_due();
#define REFUSED(name)                                                                              \
    assert_int_equal(                                                                              \
        scene_call(rig, RPC_ROLE_OFFICE, UNIT, "ListTasks", &request.base, NULL, &err),            \
        STATUS_INVALID_ARGUMENT);                                                                  \
    assert_string_equal(err.field, name);                                                          \
    request = by_due()
    request.page_token = 3;
    REFUSED("page_token");
    request.page = (ProtobufCBinaryData){33, junk};
    REFUSED("page");
    request.order = ROUTING__TASK_ORDER__TASK_ORDER_UNSPECIFIED;
    request.page = (ProtobufCBinaryData){5, junk};
    REFUSED("page");
    request.order = (Routing__TaskOrder)7;
    REFUSED("order");
    request.states = states;
    request.n_states = 2;
    REFUSED("states");
    request.states = states;
    request.n_states = 1;
    request.state = STATE(DONE);
    REFUSED("states");
#undef REFUSED
    /* A page that nobody gave is somewhere in the list, or behind it: never a fault. */
    for (size_t size = 1; size <= 32; size++) {
        request.page = (ProtobufCBinaryData){size, junk};
        (void)page_of(rig, &request);
        junk[0] = (uint8_t)(size % 2 == 0 ? 0 : 255);
        memset(junk + 1, (int)(size * 37), 31);
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_ones_come_first_then_by_due_time_and_those_without_one_last),
        cmocka_unit_test(ended_ones_come_after_open_ones_and_states_are_chosen),
        cmocka_unit_test(what_comes_and_goes_meanwhile_does_not_disturb_the_rest),
        cmocka_unit_test(a_chased_task_comes_before_one_that_is_due_earlier),
        cmocka_unit_test(
            an_urgent_task_comes_before_one_that_is_chased_and_among_urgent_ones_chases_count),
        cmocka_unit_test(a_fourth_chase_moves_a_task_no_further),
        cmocka_unit_test(a_task_chased_while_it_is_closed_comes_early_when_it_is_open_again),
        cmocka_unit_test(a_chase_meanwhile_does_not_disturb_the_rest),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

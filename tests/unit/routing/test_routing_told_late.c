/* Danger that is told after the work was over opens it again. Every test ends with a rebuild that must equal (rig_free). */
#include "services/routing/routing.h"
#include "services/routing/routing_incident.h"
#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/routing/scene_callers.h"
#include "tests/unit/routing/scene_urgent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL
#define URGENT COMMON__URGENCY__URGENCY_URGENT

static void amend(struct rig *rig, uint64_t number, uint32_t nth, const char *topic,
                  Common__Urgency urgency)
{
    scene_amend(rig,
                (struct scene_amendment){
                    .number = number, .nth = nth, .topic = topic, .area = "5", .urgency = urgency});
}

/* The danger is told anew. */
static void amend_again(struct rig *rig, uint64_t number, uint32_t nth, const char *topic)
{
    scene_amend(rig, (struct scene_amendment){.number = number,
                                              .nth = nth,
                                              .topic = topic,
                                              .area = "5",
                                              .urgency = URGENT,
                                              .urgent_now = true});
}

/* The last event is the alarm, behind those that open the task again with the dates of an emergency made now. */
static void expect_back(struct rig *rig, uint64_t offset, uint32_t finish)
{
    const Routing__Event *reopened = scene_event(rig, offset);
    const Routing__Event *moved = scene_event(rig, rig_event_count(rig) - 1);
    assert_int_equal(reopened->kind_case, ROUTING__EVENT__KIND_TASK_REOPENED);
    assert_int_equal(reopened->task_reopened->reason,
                     ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED);
    assert_int_equal(reopened->task_reopened->finish, finish);
    assert_int_equal(moved->kind_case, ROUTING__EVENT__KIND_TASK_DUE_MOVED);
    const Routing__Task *task = scene_task(rig, 1);
    scene_expect_urgent(rig, task->routed_at_us);
    assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_ROUTED);
    assert_int_equal(task->reopens, 0); /* nobody has said that anything was badly done */
    assert_false(task->overdue);
    rig_advance(rig, SCENE_ACK_US + MINUTE_US);
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
}

static void danger_told_after_it_was_done_is_an_emergency_of_now(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    rig_advance(rig, 40 * DAY_US); /* its dates are long past */
    scene_watch(rig);
    uint64_t count = rig_event_count(rig);
    int64_t now_us = rig_now_us(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    expect_back(rig, count + 2, 1);
    assert_string_equal(scene_event(rig, count + 2)->task_reopened->note,
                        "it was registered wrongly");
    assert_in_range(scene_task(rig, 1)->due_at_us, now_us + 2 * HOUR_US, now_us + 2 * HOUR_US + 1);
    assert_string_equal(scene_task(rig, 1)->level, "danger");
    assert_int_equal(scene_finish(rig, 1, "supported", NULL), STATUS_OK);
    count = rig_event_count(rig);
    amend(rig, 1, 2, "subsidence", URGENT); /* another place, say: no danger is told anew */
    assert_int_equal(rig_event_count(rig), count + 1);
    scene_watch(rig);
    count = rig_event_count(rig);
    amend_again(rig, 1, 3, "subsidence");
    expect_back(rig, count + 2, 2);
    rig_free(rig);
}

static void danger_told_by_a_joined_one_opens_it_again_for_all(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    uint64_t count = rig_event_count(rig);
    amend(rig, 2, 1, "subsidence", URGENT);
    expect_back(rig, count + 2, 1);
    const Routing__Event *told = scene_event(rig, count + 3);
    assert_int_equal(told->kind_case, ROUTING__EVENT__KIND_JOINED_FOLLOWED);
    assert_int_equal(told->joined_followed->fate, ROUTING__JOINED_FATE__JOINED_FATE_REOPENED);
    assert_string_equal(scene_task(rig, 1)->topic, "asphalt");
    assert_int_equal(scene_finish(rig, 1, "supported", NULL), STATUS_OK);
    scene_watch(rig);
    count = rig_event_count(rig);
    amend_again(rig, 2, 2, "subsidence");
    expect_back(rig, count + 2, 2);
    rig_free(rig);
}

/* What comes back, and goes to a body outside at once, is told of all of them twice, in one decision. */
static void as_many_as_may_share_it_go_with_it(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    for (uint64_t number = 2; number <= 1 + ROUTING_JOINED_MAX; number++) {
        scene_register_joined(rig, number, 1, NORMAL);
    }
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    amend(rig, 1, 1, "fallen-wire", URGENT);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, "power-company");
    assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE);
    assert_int_equal(task->callers, 1 + ROUTING_JOINED_MAX);
    const Routing__Event *last = scene_event(rig, rig_event_count(rig));
    assert_int_equal(last->kind_case, ROUTING__EVENT__KIND_JOINED_FOLLOWED);
    rig_free(rig);
}

static void also_of_what_was_closed_undone(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    Routing__CloseTaskRequest close = ROUTING__CLOSE_TASK_REQUEST__INIT;
    close.task_number = 1;
    close.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NO_BUDGET;
    close.words = text("not this year");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &close.base, NULL, NULL), STATUS_OK);
    uint64_t count = rig_event_count(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    expect_back(rig, count + 2, 1);
    rig_free(rig);
}

static void cancel(struct rig *rig)
{
    Routing__CancelTaskRequest request = ROUTING__CANCEL_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = text("nobody wants it");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, "centre-137", "CancelTask", &request.base, NULL, NULL),
        STATUS_OK);
}

static void also_of_what_was_cancelled_and_only_so(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    Routing__ReopenTaskRequest reopen = ROUTING__REOPEN_TASK_REQUEST__INIT;
    reopen.task_number = 1;
    reopen.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    reopen.note = text("why not");
    cancel(rig);
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, "centre-137", "ReopenTask", &reopen.base, NULL, NULL),
        STATUS_FAILED_PRECONDITION);
    uint64_t count = rig_event_count(rig);
    amend(rig, 1, 1, "asphalt", NORMAL);
    assert_int_equal(rig_event_count(rig), count + 1);
    amend(rig, 1, 2, "subsidence", URGENT);
    expect_back(rig, count + 3, 0);
    rig_free(rig);
}

/* What one of several has taken back after it was cancelled is not brought back for that one. */
static void who_has_left_what_was_cancelled_does_not_come_back_with_it(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    scene_register_joined(rig, 2, 1, NORMAL);
    cancel(rig);
    scene_withdraw(rig, 1);
    amend(rig, 2, 1, "subsidence", URGENT);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_ROUTED);
    assert_true(task->own_withdrawn);
    assert_int_equal(task->citizen, 0);
    assert_non_null(task->alarm);
    rig_free(rig);
}

static void also_of_what_was_done_in_the_past(void **state)
{
    (void)state;
    struct rig *rig = scene_watched_history(NORMAL);
    struct error err = ERROR_NONE;
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, 2 * DAY_US, &err), STATUS_OK);
    uint64_t count = rig_event_count(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    assert_int_equal(scene_event(rig, count + 2)->kind_case, ROUTING__EVENT__KIND_TASK_REOPENED);
    scene_expect_told(rig, scene_task(rig, 1)->routed_at_us);
    rig_free(rig);
}

/* A past of which the city has no desk any more goes to whose such things are. */
static void what_had_no_unit_of_today_comes_back_to_the_rules_unit(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct error err = ERROR_NONE;
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .historical = true,
                                               .at_us = DAY_US,
                                               .unit = "old-roads-bureau"});
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, 2 * DAY_US, &err), STATUS_OK);
    amend(rig, 1, 1, "asphalt", URGENT);
    assert_string_equal(scene_task(rig, 1)->unit, CIVIL_5);
    rig_free(rig);
}

/* Whose rule it is then is of the first request's matter, which a caller more does not end. */
static void a_caller_more_brings_no_level_and_no_helpers_from_outside(void **state)
{
    static const char head[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n";
    static const char changed[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n"
                                  "asphalt,5,yes,power-company,complex,,,centre-137,call them\n";
    char folder[SCRATCH_SIZE];
    (void)state;
    scratch_new(folder);
    pack_copy("isfahan", folder, "rules.csv", head, changed);
    struct rig *rig = rig_new_in(&routing_service, folder);
    scratch_remove(folder);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    char *level = strdup(scene_task(rig, 1)->level);
    assert_non_null(level);
    assert_string_not_equal(level, "complex");
    scene_register_joined(rig, 2, 1, URGENT);
    assert_int_equal(scene_task(rig, 1)->urgency, URGENT);
    assert_string_equal(scene_task(rig, 1)->unit, CIVIL_5);
    assert_string_equal(scene_task(rig, 1)->level, level);
    assert_int_equal(scene_task(rig, 1)->due_at_us, rig_now_us(rig) + 4 * HOUR_US);
    assert_int_equal(scene_task(rig, 1)->n_helps, 0);
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    amend_again(rig, 2, 1, "asphalt");
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_ROUTED);
    assert_string_equal(scene_task(rig, 1)->level, level);
    assert_int_equal(scene_task(rig, 1)->n_helps, 0);
    free(level);
    rig_free(rig);
}

/* A person has decided whose it is; what the rules say of it now is no reason to move it. */
static void it_comes_back_to_whom_a_person_had_given_it(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    assert_int_equal(scene_return(rig, 1, "district-3-civil", NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    amend(rig, 1, 1, "subsidence", URGENT);
    assert_string_equal(scene_task(rig, 1)->unit, "district-3-civil");
    assert_non_null(scene_task(rig, 1)->alarm);
    rig_free(rig);
}

/* A pack whose first rule sends asphalt of district 5 to the power company, which is outside the city. */
static struct rig *with_one_sent_outside(void)
{
    static const char head[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n";
    static const char changed[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n"
                                  "asphalt,5,*,power-company,,,,,\n";
    char folder[SCRATCH_SIZE];
    scratch_new(folder);
    pack_copy("isfahan", folder, "rules.csv", head, changed);
    struct rig *rig = rig_new_in(&routing_service, folder);
    scratch_remove(folder);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    return rig;
}

/* Another pack, to which the power company is the city's. */
static struct city *take_power_company_in(struct rig *rig)
{
    char folder[SCRATCH_SIZE];
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    scratch_new(folder);
    pack_copy("isfahan", folder, "units.csv", "power-company,outside,", "power-company,company,");
    if (city_load(&city, folder, &err) != STATUS_OK ||
        rig_try_restart(rig, city, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    scratch_remove(folder);
    return city;
}

/* It became urgent while it was over, and nobody's: a person opens it again. */
static void what_is_opened_again_is_timed_as_urgent_when_it_is_so_by_then(void **state)
{
    (void)state;
    struct rig *rig = with_one_sent_outside();
    Routing__ReopenTaskRequest reopen = ROUTING__REOPEN_TASK_REQUEST__INIT;
    amend(rig, 1, 1, "asphalt", URGENT);
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE);
    assert_int_equal(scene_task(rig, 1)->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING);
    struct city *city = take_power_company_in(rig);
    reopen.task_number = 1;
    reopen.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    reopen.note = text("it is ours now");
    int64_t now_us = rig_now_us(rig);
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, "centre-137", "ReopenTask", &reopen.base, NULL, NULL),
        STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_non_null(task->alarm);
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
    assert_int_equal(task->due_at_us, now_us + 4 * HOUR_US);
    rig_free(rig);
    city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(danger_told_after_it_was_done_is_an_emergency_of_now),
        cmocka_unit_test(danger_told_by_a_joined_one_opens_it_again_for_all),
        cmocka_unit_test(as_many_as_may_share_it_go_with_it),
        cmocka_unit_test(also_of_what_was_closed_undone),
        cmocka_unit_test(also_of_what_was_cancelled_and_only_so),
        cmocka_unit_test(who_has_left_what_was_cancelled_does_not_come_back_with_it),
        cmocka_unit_test(also_of_what_was_done_in_the_past),
        cmocka_unit_test(what_had_no_unit_of_today_comes_back_to_the_rules_unit),
        cmocka_unit_test(a_caller_more_brings_no_level_and_no_helpers_from_outside),
        cmocka_unit_test(it_comes_back_to_whom_a_person_had_given_it),
        cmocka_unit_test(what_is_opened_again_is_timed_as_urgent_when_it_is_so_by_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

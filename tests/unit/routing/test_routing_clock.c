/* The clock of tasks: what comes by itself and when, what moves it, and closures of the city. The rig
 * begins on Thursday 1404-10-11 at 11:30; offices end at 12:30, and begin on Saturday at 07:00. */
#include "base/clock.h"
#include "tests/support/rig.h"
#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"

static int64_t at(struct rig *rig, const char *text)
{
    int64_t us;
    assert_int_equal(civil_parse(city_civil(rig_city(rig)), text, 0, "time", &us, NULL), STATUS_OK);
    return us;
}

static void advance_to(struct rig *rig, const char *text)
{
    rig_advance(rig, at(rig, text) - rig_now_us(rig));
}

/* Events of a kind in the log; the last of them in *ret_event. */
static unsigned events_of(struct rig *rig, uint32_t kind, const struct event **ret_event)
{
    unsigned count = 0;
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        const struct event *event = rig_event(rig, offset);
        if (((const Routing__Event *)event->open)->kind_case == (Routing__Event__KindCase)kind) {
            *ret_event = event;
            count++;
        }
    }
    return count;
}

static enum status announce(struct rig *rig, enum rpc_role role, int64_t from_us, int64_t to_us,
                            struct error *err)
{
    Routing__AnnounceClosureRequest request = ROUTING__ANNOUNCE_CLOSURE_REQUEST__INIT;
    request.from_us = from_us;
    request.to_us = to_us;
    request.reason = (char *)(uintptr_t) "برف";
    return scene_call(rig, role, CIVIL_5, "AnnounceClosure", &request.base, NULL, err);
}

static enum status pause(struct rig *rig, uint64_t task, const char *until)
{
    Routing__PauseTaskRequest request = ROUTING__PAUSE_TASK_REQUEST__INIT;
    request.task_number = task;
    request.reason = ROUTING__PAUSE_REASON__PAUSE_REASON_CITIZEN;
    request.until_us = at(rig, until);
    request.note = (char *)(uintptr_t) "a key";
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "PauseTask", &request.base, NULL, NULL);
}

static enum status resume(struct rig *rig, uint64_t task)
{
    Routing__ResumeTaskRequest request = ROUTING__RESUME_TASK_REQUEST__INIT;
    request.task_number = task;
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "ResumeTask", &request.base, NULL, NULL);
}

/* 42 hours: 1 on Thursday, none on Friday and on Saturday the 13th (a holiday), 34:30 from Sunday to the
 * next Thursday, and the rest on Saturday the 20th. */
static void a_task_s_dates_are_in_the_unit_s_working_hours(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->level, "works");
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING);
    assert_int_equal(task->respond_at_us, at(rig, "1404-10-14 13:00"));
    assert_int_equal(task->due_at_us, at(rig, "1404-10-20 13:30"));
    const Routing__TaskRouted *routed = scene_event(rig, 1)->task_routed;
    assert_int_equal(routed->due_at_us, task->due_at_us);
    assert_int_equal(routed->respond_at_us, task->respond_at_us);
    assert_int_equal(routed->warn_at_us, task->warn_at_us);
    assert_int_equal(routed->escalate_at_us, task->due_at_us); /* the first step: 100 percent */
    rig_free(rig);
}

static void an_urgent_request_runs_on_the_wall_clock(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .urgent = true});
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
    assert_int_equal(task->due_at_us, rig_now_us(rig) + 4 * HOUR_US);
    assert_int_equal(task->respond_at_us, task->due_at_us); /* never later than that */
    assert_int_equal(task->warn_at_us, rig_now_us(rig) + 3 * HOUR_US);
    rig_free(rig);
}

static void what_comes_comes_once_and_at_its_time_after_a_week_switched_off(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    const Routing__Task *task = scene_task(rig, 1);
    int64_t warn_us = task->warn_at_us, respond_us = task->respond_at_us, due_us = task->due_at_us;
    rig_restart(rig);
    rig_advance(rig, 40 * DAY_US); /* one jump: all is late */
    const struct event *event = NULL;
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE, &event), 1);
    assert_int_equal(event->occurred_at_us, respond_us);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_WARNED, &event), 1);
    assert_int_equal(event->occurred_at_us, warn_us);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_OVERDUE, &event), 1);
    assert_int_equal(event->occurred_at_us, due_us);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_ESCALATED, &event), 3);
    const Routing__TaskEscalated *last = ((const Routing__Event *)event->open)->task_escalated;
    assert_int_equal(last->step, 3);
    assert_string_equal(last->role, "inspection");
    assert_int_equal(last->next_at_us, 0);
    task = scene_task(rig, 1);
    assert_true(task->warned && task->response_overdue && task->overdue);
    assert_int_equal(task->escalations, 3);
    uint64_t events = rig_event_count(rig);
    rig_advance(rig, 400 * DAY_US);
    assert_int_equal(rig_event_count(rig), events);
    rig_free(rig);
}

static void an_act_of_a_person_is_a_response_and_an_automatic_acceptance_is_none(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    scene_register_many(rig, 2);
    for (uint64_t number = 1; number <= 2; number++) {
        Routing__AcceptTaskRequest request = ROUTING__ACCEPT_TASK_REQUEST__INIT;
        request.task_number = number;
        request.automatic = number == 1;
        assert_int_equal(
            scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "AcceptTask", &request.base, NULL, NULL),
            STATUS_OK);
    }
    assert_int_equal(scene_task(rig, 1)->responded_at_us, 0);
    assert_int_equal(scene_task(rig, 2)->responded_at_us, rig_now_us(rig));
    rig_advance(rig, 6 * DAY_US);
    assert_true(scene_task(rig, 1)->response_overdue);
    assert_false(scene_task(rig, 2)->response_overdue);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE, &event), 1);
    const Routing__Task *task;
    assert_int_equal(scene_report(rig, 1, "on the way", &task), STATUS_OK);
    assert_int_equal(task->responded_at_us, rig_now_us(rig));
    assert_true(task->response_overdue);
    rig_free(rig);
}

static void returning_does_not_reset_the_date_and_keeps_each_unit_s_share(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    advance_to(rig, "1404-10-14 09:00"); /* 1 hour on Thursday, 2 on Sunday */
    assert_int_equal(scene_return(rig, 1, "bus-company", NULL), STATUS_OK);
    advance_to(rig, "1404-10-15 06:00"); /* its hours: 06:00-22:00 every day */
    assert_int_equal(scene_return(rig, 1, CIVIL_5, NULL), STATUS_OK);
    advance_to(rig, "1404-10-15 10:00");
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->due_at_us, due_us);
    assert_int_equal(task->n_shares, 2);
    assert_string_equal(task->shares[0]->unit, CIVIL_5);
    assert_int_equal(task->shares[0]->worked_us, 3 * HOUR_US);
    assert_int_equal(task->shares[0]->since_us, at(rig, "1404-10-15 06:00"));
    assert_string_equal(task->shares[1]->unit, "bus-company");
    assert_int_equal(task->shares[1]->worked_us, 13 * HOUR_US);
    assert_int_equal(task->shares[1]->since_us, 0);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    task = scene_task(rig, 1);
    assert_int_equal(task->shares[0]->worked_us, 6 * HOUR_US);
    assert_int_equal(task->shares[0]->since_us, 0);
    rig_free(rig);
}

static void waiting_moves_what_is_still_to_come_by_the_working_time_waited(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    scene_register_many(rig, 1);
    int64_t respond_us = scene_task(rig, 1)->respond_at_us;
    advance_to(rig, "1404-10-14 09:00");
    assert_int_equal(pause(rig, 1, "1404-11-10"), STATUS_OK);
    advance_to(rig, "1404-11-04 09:00"); /* long after it would have been due */
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_OVERDUE, &event), 0);
    assert_int_equal(resume(rig, 1), STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    /* 39 hours were left: 5:15 on that Saturday, four whole days, and 4:45 on Thursday. */
    assert_int_equal(task->due_at_us, at(rig, "1404-11-09 11:45"));
    assert_int_equal(task->respond_at_us, respond_us); /* answered before */
    assert_int_equal(task->n_shares, 1);
    assert_int_equal(task->shares[0]->worked_us, 3 * HOUR_US);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_DUE_MOVED, &event), 1);
    advance_to(rig, "1404-11-09 11:46");
    assert_true(scene_task(rig, 1)->overdue);
    rig_free(rig);
}

static void waiting_that_begins_after_the_due_date_moves_nothing_but_the_ladder(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    advance_to(rig, "1404-10-22 09:00");
    int64_t step_us = scene_task(rig, 1)->escalate_at_us;
    assert_int_equal(pause(rig, 1, "1404-11-10"), STATUS_OK);
    advance_to(rig, "1404-10-23 09:00");
    assert_int_equal(resume(rig, 1), STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->due_at_us, due_us);
    assert_true(task->escalate_at_us > step_us);
    rig_free(rig);
}

static void what_is_finished_while_it_waits_is_on_time(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    assert_int_equal(pause(rig, 1, "1404-11-10"), STATUS_OK);
    rig_advance(rig, 20 * DAY_US);
    const Routing__Task *task;
    assert_int_equal(scene_finish(rig, 1, "", &task), STATUS_OK);
    assert_true(task->due_at_us > task->done_at_us);
    assert_false(task->overdue);
    rig_free(rig);
}

static void closure_moves_open_deadlines_and_never_past_ones(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    scene_register_many(rig, 1);
    advance_to(rig, "1404-10-22 10:00"); /* the first is overdue */
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 3, .area = "5", .urgent = true});
    scene_register(rig, (struct scene_request){.number = 4, .area = "5"});
    assert_int_equal(scene_finish(rig, 4, "", NULL), STATUS_OK);
    int64_t due_us[5];
    for (uint64_t number = 1; number <= 4; number++) {
        due_us[number] = scene_task(rig, number)->due_at_us;
    }
    assert_int_equal(
        announce(rig, RPC_ROLE_ADMIN, at(rig, "1404-10-23"), at(rig, "1404-10-24"), NULL),
        STATUS_OK);
    rig_advance(rig, SECOND_US);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us[1]);
    assert_int_equal(scene_task(rig, 3)->due_at_us, due_us[3]); /* every hour counts */
    assert_int_equal(scene_task(rig, 4)->due_at_us, due_us[4]);
    int64_t moved_us = scene_task(rig, 2)->due_at_us;
    assert_true(moved_us > due_us[2]);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_DUE_MOVED, &event),
                     2); /* ladder of 1 */
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_CLOSURE_APPLIED, &event), 1);
    /* What is registered now has it in its date from the first. */
    scene_register(rig, (struct scene_request){
                            .number = 5, .area = "5", .at_us = at(rig, "1404-10-22 10:00")});
    assert_int_equal(scene_task(rig, 5)->due_at_us, moved_us);
    rig_free(rig);
}

static void closure_is_applied_some_tasks_at_a_time(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    scene_register_many(rig, 200);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, 0, at(rig, "1404-10-12"), NULL), STATUS_OK);
    rig_advance(rig, 0);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_CLOSURE_APPLIED, &event), 1);
    assert_int_equal(scene_task(rig, 200)->due_at_us, due_us);
    rig_restart(rig);
    rig_advance(rig, SECOND_US);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_CLOSURE_APPLIED, &event), 4);
    assert_true(((const Routing__Event *)event->open)->closure_applied->finished);
    assert_int_equal(events_of(rig, ROUTING__EVENT__KIND_TASK_DUE_MOVED, &event), 200);
    assert_true(scene_task(rig, 1)->due_at_us > due_us);
    assert_int_equal(scene_task(rig, 1)->due_at_us, scene_task(rig, 200)->due_at_us);
    rig_free(rig);
}

/* Each task's dates are asked of all of them. */
static void closure_is_applied_behind_those_of_years(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    const struct event *event = NULL;
    int64_t now_us = rig_now_us(rig);
    for (unsigned i = 0; i < 190; i++) {
        assert_int_equal(
            announce(rig, RPC_ROLE_ADMIN, now_us + i * DAY_US, now_us + i * DAY_US + HOUR_US, NULL),
            STATUS_OK);
    }
    rig_advance(rig, MINUTE_US);
    scene_register_many(rig, 100);
    int64_t due_us = scene_task(rig, 100)->due_at_us;
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, 0, at(rig, "1404-10-15"), NULL), STATUS_OK);
    rig_advance(rig, SECOND_US);
    (void)events_of(rig, ROUTING__EVENT__KIND_CLOSURE_APPLIED, &event);
    const Routing__Event *last = (const Routing__Event *)event->open;
    assert_int_equal(last->closure_applied->closure_number, 191);
    assert_true(last->closure_applied->finished);
    assert_true(scene_task(rig, 100)->due_at_us > due_us);
    rig_free(rig);
}

static void closure_is_for_admins_and_has_its_bounds(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct error err = ERROR_NONE;
    int64_t now_us = rig_now_us(rig);
    assert_int_equal(announce(rig, RPC_ROLE_OFFICE, 0, now_us + DAY_US, &err),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, now_us + DAY_US, now_us, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "to_us");
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, 0, now_us, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, now_us + DAY_US, now_us + 62 * DAY_US, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        announce(rig, RPC_ROLE_ADMIN, now_us + 400 * DAY_US, now_us + 401 * DAY_US, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "from_us");
    static const int64_t from_us[] = {0, 1, DAY_US}; /* each means: from now on */
    for (size_t i = 0; i < sizeof(from_us) / sizeof(from_us[0]); i++) {
        assert_int_equal(announce(rig, RPC_ROLE_ADMIN, from_us[i], now_us + 61 * DAY_US, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "to_us");
    }
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, 0, INT64_MAX, &err), STATUS_INVALID_ARGUMENT);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(announce(rig, RPC_ROLE_ADMIN, 0, now_us + HOUR_US, NULL), STATUS_OK);
    }
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, 0, now_us + HOUR_US, NULL),
                     STATUS_RESOURCE_EXHAUSTED);
    rig_free(rig);
}

/* While the machine's clock is behind, all of this is recorded at one time. */
static void closure_announced_while_a_task_was_closed_moves_it_when_it_is_reopened(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 2);
    int64_t from_us = at(rig, "1404-10-14");
    int64_t to_us = at(rig, "1404-10-15");
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    assert_int_equal(announce(rig, RPC_ROLE_ADMIN, from_us, to_us, NULL), STATUS_OK);
    rig_advance(rig, 0);
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_OK);
    int64_t moved_us = scene_task(rig, 2)->due_at_us;
    assert_true(moved_us > due_us);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    for (uint64_t number = 1; number <= 2; number++) {
        Routing__ReopenTaskRequest reopen = ROUTING__REOPEN_TASK_REQUEST__INIT;
        reopen.task_number = number;
        reopen.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
        reopen.note = (char *)(uintptr_t) "again";
        assert_int_equal(
            scene_call(rig, RPC_ROLE_ADMIN, "", "ReopenTask", &reopen.base, NULL, NULL), STATUS_OK);
        assert_int_equal(scene_task(rig, number)->due_at_us, moved_us);
    }
    rig_free(rig);
}

static void history_has_no_clock_but_its_own_due_date(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .historical = true,
                                               .at_us = rig_now_us(rig) - DAY_US,
                                               .due_us = rig_now_us(rig) + DAY_US});
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->level, "");
    assert_int_equal(task->respond_at_us, 0);
    assert_int_equal(task->n_shares, 0);
    rig_advance(rig, 60 * DAY_US);
    task = scene_task(rig, 1);
    assert_true(task->overdue);
    assert_int_equal(task->escalations, 0);
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_s_dates_are_in_the_unit_s_working_hours),
        cmocka_unit_test(an_urgent_request_runs_on_the_wall_clock),
        cmocka_unit_test(what_comes_comes_once_and_at_its_time_after_a_week_switched_off),
        cmocka_unit_test(an_act_of_a_person_is_a_response_and_an_automatic_acceptance_is_none),
        cmocka_unit_test(returning_does_not_reset_the_date_and_keeps_each_unit_s_share),
        cmocka_unit_test(waiting_moves_what_is_still_to_come_by_the_working_time_waited),
        cmocka_unit_test(waiting_that_begins_after_the_due_date_moves_nothing_but_the_ladder),
        cmocka_unit_test(what_is_finished_while_it_waits_is_on_time),
        cmocka_unit_test(closure_moves_open_deadlines_and_never_past_ones),
        cmocka_unit_test(closure_is_applied_some_tasks_at_a_time),
        cmocka_unit_test(closure_is_applied_behind_those_of_years),
        cmocka_unit_test(closure_is_for_admins_and_has_its_bounds),
        cmocka_unit_test(closure_announced_while_a_task_was_closed_moves_it_when_it_is_reopened),
        cmocka_unit_test(history_has_no_clock_but_its_own_due_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

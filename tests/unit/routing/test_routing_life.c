/* A task's life beyond accepting and finishing: seen, planned, begun, waiting, closed undone, moved,
 * reopened, cancelled. Every test ends with a rebuild that must equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"

#include "vafa/followup/v1/followup.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name
#define CIVIL_5 "district-5-civil"
#define CENTRE "centre-137" /* the pack's coordinator */

/* --- acts in short: of task 1 --- */

static enum status see(struct rig *rig)
{
    Routing__SeeTaskRequest request = ROUTING__SEE_TASK_REQUEST__INIT;
    request.task_number = 1;
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "SeeTask", &request.base, NULL, NULL);
}

static enum status plan_for(struct rig *rig, int64_t at_us, struct error *err)
{
    Routing__PlanTaskRequest request = ROUTING__PLAN_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.planned_for_us = at_us;
    request.note = text("on Saturday");
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "PlanTask", &request.base, NULL, err);
}

static enum status start(struct rig *rig)
{
    Routing__StartTaskRequest request = ROUTING__START_TASK_REQUEST__INIT;
    request.task_number = 1;
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "StartTask", &request.base, NULL, NULL);
}

static enum status pause_until(struct rig *rig, int64_t until_us, struct error *err)
{
    Routing__PauseTaskRequest request = ROUTING__PAUSE_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = ROUTING__PAUSE_REASON__PAUSE_REASON_BODY;
    request.until_us = until_us;
    request.note = text("a permit");
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "PauseTask", &request.base, NULL, err);
}

static enum status resume(struct rig *rig, const char *unit)
{
    Routing__ResumeTaskRequest request = ROUTING__RESUME_TASK_REQUEST__INIT;
    request.task_number = 1;
    return scene_call(rig, RPC_ROLE_OFFICE, unit, "ResumeTask", &request.base, NULL, NULL);
}

static enum status close_undone(struct rig *rig)
{
    Routing__CloseTaskRequest request = ROUTING__CLOSE_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NO_BUDGET;
    request.words = text("no money this year");
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &request.base, NULL, NULL);
}

static enum status move(struct rig *rig, const char *by, const char *to, struct error *err)
{
    Routing__MoveTaskRequest request = ROUTING__MOVE_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.to_unit = text(to);
    request.reason = text("a bus stop");
    return scene_call(rig, RPC_ROLE_OFFICE, by, "MoveTask", &request.base, NULL, err);
}

static enum status reopen(struct rig *rig, const char *by, struct error *err)
{
    Routing__ReopenTaskRequest request = ROUTING__REOPEN_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_BROKEN_PROMISE;
    request.note = text("look again");
    return scene_call(rig, RPC_ROLE_OFFICE, by, "ReopenTask", &request.base, NULL, err);
}

static enum status cancel(struct rig *rig, const char *by, struct error *err)
{
    Routing__CancelTaskRequest request = ROUTING__CANCEL_TASK_REQUEST__INIT;
    request.task_number = 1;
    request.reason = text("the citizen took it back");
    return scene_call(rig, RPC_ROLE_OFFICE, by, "CancelTask", &request.base, NULL, err);
}

/* The citizen was heard about a finish of task 1. */
static void hear(struct rig *rig, uint32_t finish, Followup__Resolution resolution)
{
    Followup__CallCompleted call = FOLLOWUP__CALL_COMPLETED__INIT;
    call.call_number = 70 + finish;
    call.case_number = 1;
    call.task_number = 1;
    call.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    call.resolution = resolution;
    call.score = 1;
    call.finish = finish;
    Followup__Event open = FOLLOWUP__EVENT__INIT;
    open.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    open.call_completed = &call;
    const struct event event = {.open = &open.base};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static int64_t due_timer_events(struct rig *rig, int64_t us)
{
    uint64_t before = rig_event_count(rig);
    rig_advance(rig, us);
    return (int64_t)(rig_event_count(rig) - before);
}

static size_t listed(struct rig *rig, const char *unit, Routing__TaskState state)
{
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.unit = text(unit);
    request.state = state;
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ListTasks", &request.base, &response, NULL),
                     STATUS_OK);
    return ((const Routing__ListTasksResponse *)response)->n_tasks;
}

/* --- on the way --- */

static void a_task_is_seen_planned_begun_and_each_is_told(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    int64_t now_us = rig_now_us(rig);
    assert_int_equal(see(rig), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->state, STATE(SEEN));
    assert_int_equal(scene_task(rig, 1)->seen_at_us, now_us);
    assert_int_equal(see(rig), STATUS_FAILED_PRECONDITION);
    assert_int_equal(plan_for(rig, now_us + 2 * DAY_US, NULL), STATUS_OK);
    assert_int_equal(plan_for(rig, now_us + 3 * DAY_US, NULL), STATUS_OK); /* again */
    assert_int_equal(scene_task(rig, 1)->state, STATE(PLANNED));
    assert_int_equal(scene_task(rig, 1)->planned_for_us, now_us + 3 * DAY_US);
    assert_string_equal(scene_task(rig, 1)->note, "on Saturday");
    assert_int_equal(start(rig), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->state, STATE(WORKING));
    assert_int_equal(scene_task(rig, 1)->started_at_us, now_us);
    const Routing__FollowTasksResponse *told = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 1, 100);
    static const Routing__ChangeKind kinds[] = {
        ROUTING__CHANGE_KIND__CHANGE_KIND_SEEN, ROUTING__CHANGE_KIND__CHANGE_KIND_PLANNED,
        ROUTING__CHANGE_KIND__CHANGE_KIND_PLANNED, ROUTING__CHANGE_KIND__CHANGE_KIND_STARTED};
    assert_int_equal(told->n_changes, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(told->changes[i]->kind, kinds[i]);
    }
    rig_free(rig);
}

static void a_date_must_lie_ahead_and_not_too_far(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    int64_t now_us = rig_now_us(rig);
    assert_int_equal(plan_for(rig, now_us, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "planned_for_us");
    assert_int_equal(plan_for(rig, now_us + 800 * DAY_US, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(pause_until(rig, now_us - 1, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "until_us");
    assert_int_equal(pause_until(rig, INT64_MAX, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rig_event_count(rig), 1);
    rig_free(rig);
}

static void a_report_carries_references_to_pictures_within_bounds(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    char *pictures[11];
    Routing__ReportTaskRequest request = ROUTING__REPORT_TASK_REQUEST__INIT;
    scene_register_many(rig, 1);
    for (size_t i = 0; i < 11; i++) {
        pictures[i] = text("archive/1.jpg");
    }
    request.task_number = 1;
    request.note = text("half done");
    request.pictures = pictures;
    request.n_pictures = 11;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "ReportTask", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "pictures");
    request.n_pictures = 10;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "ReportTask", &request.base, NULL, &err),
        STATUS_OK);
    assert_int_equal(scene_event(rig, 2)->task_reported->n_pictures, 10);
    assert_string_equal(scene_event(rig, 2)->task_reported->pictures[9], "archive/1.jpg");
    pictures[3] = text("");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "ReportTask", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    rig_free(rig);
}

/* --- waiting --- */

static void each_waiting_ends_within_the_days_of_the_pack(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    int64_t limit_us = rig_now_us(rig) + 30 * DAY_US; /* Isfahan's pause_days_max */
    assert_int_equal(pause_until(rig, limit_us + 1, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "until_us");
    assert_string_equal(err.message, "at most 30 days ahead");
    assert_int_equal(pause_until(rig, limit_us, NULL), STATUS_OK);
    assert_int_equal(resume(rig, CIVIL_5), STATUS_OK);
    assert_int_equal(pause_until(rig, limit_us, NULL), STATUS_OK); /* each alone */
    rig_free(rig);
}

static void a_waiting_ends_by_itself_at_its_limit_and_after_a_night_switched_off(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    int64_t until_us = rig_now_us(rig) + 2 * DAY_US;
    assert_int_equal(pause_until(rig, until_us, NULL), STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(WAITING));
    assert_int_equal(task->paused_at_us, rig_now_us(rig));
    assert_int_equal(task->pause_reason, ROUTING__PAUSE_REASON__PAUSE_REASON_BODY);
    assert_int_equal(task->pause_until_us, until_us);
    assert_int_equal(due_timer_events(rig, 2 * DAY_US - SECOND_US), 0);
    rig_restart(rig);
    assert_int_equal(due_timer_events(rig, 9 * HOUR_US), 2); /* the due date moved, too */
    const struct event *event = rig_event(rig, 4);
    const Routing__TaskResumed *resumed = ((const Routing__Event *)event->open)->task_resumed;
    assert_true(resumed->by_limit);
    assert_int_equal(event->occurred_at_us, until_us);
    task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(ACCEPTED));
    assert_int_equal(task->paused_at_us, 0);
    assert_int_equal(task->pause_until_us, 0);
    assert_int_equal(due_timer_events(rig, 3 * DAY_US), 0);
    rig_free(rig);
}

static void a_waiting_that_was_ended_or_overtaken_does_not_end_again(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    int64_t until_us = rig_now_us(rig) + DAY_US;
    assert_int_equal(pause_until(rig, until_us, NULL), STATUS_OK);
    assert_int_equal(pause_until(rig, until_us, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(resume(rig, CIVIL_5), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->state, STATE(WORKING));
    assert_int_equal(resume(rig, CIVIL_5), STATUS_FAILED_PRECONDITION);
    assert_int_equal(due_timer_events(rig, 2 * DAY_US), 0);
    assert_int_equal(pause_until(rig, rig_now_us(rig) + DAY_US, NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK); /* what was waited for came */
    assert_int_equal(scene_task(rig, 1)->pause_until_us, 0);
    assert_int_equal(due_timer_events(rig, 30 * DAY_US), 0);
    rig_free(rig);
}

static void what_waits_is_not_handed_on_until_the_coordinator_ends_the_waiting(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    assert_int_equal(pause_until(rig, rig_now_us(rig) + DAY_US, NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 1, "bus-company", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(move(rig, CENTRE, "bus-company", &err), STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.message, "task 1 is waiting: it cannot be moved");
    assert_int_equal(resume(rig, "bus-company"), STATUS_PERMISSION_DENIED);
    assert_int_equal(resume(rig, CENTRE), STATUS_OK);
    assert_int_equal(move(rig, CENTRE, "bus-company", NULL), STATUS_OK);
    rig_free(rig);
}

/* --- ends --- */

static void what_is_closed_undone_tells_why_and_is_not_done(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    assert_int_equal(close_undone(rig), STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(CLOSED_UNDONE));
    assert_int_equal(task->close_reason, ROUTING__CLOSE_REASON__CLOSE_REASON_NO_BUDGET);
    assert_int_equal(task->closed_at_us, rig_now_us(rig));
    assert_int_equal(task->done_at_us, 0);
    assert_int_equal(task->finishes, 1);
    const Routing__TaskClosedUndone *closed = scene_event(rig, 3)->task_closed_undone;
    assert_string_equal(closed->words, "no money this year");
    assert_string_equal(closed->code, "0000000001");
    assert_int_equal(closed->citizen, 41);
    assert_int_equal(closed->finish, 1);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(listed(rig, CIVIL_5, STATE(CLOSED_UNDONE)), 1);
    assert_int_equal(listed(rig, CIVIL_5, STATE(ROUTED)), 1);
    assert_int_equal(listed(rig, CIVIL_5, STATE(DONE)), 0);
    /* The due date passes for the other one only. */
    assert_int_equal(due_timer_events(rig, 30 * DAY_US), 1);
    rig_free(rig);
}

static void closing_needs_a_reason_and_words(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    Routing__CloseTaskRequest request = ROUTING__CLOSE_TASK_REQUEST__INIT;
    scene_register_many(rig, 1);
    request.task_number = 1;
    request.words = text("no");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "reason");
    request.reason = (Routing__CloseReason)77;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    request.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NOT_FOUND;
    request.words = text("");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "CloseTask", &request.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "words");
    rig_free(rig);
}

static void a_cancelled_task_stays_so_and_nothing_comes_of_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    assert_int_equal(cancel(rig, CIVIL_5, &err), STATUS_PERMISSION_DENIED);
    assert_string_equal(err.message, "only centre-137 may do that: you speak for district-5-civil");
    assert_int_equal(cancel(rig, CENTRE, NULL), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->state, STATE(CANCELLED));
    assert_string_equal(scene_task(rig, 1)->note, "the citizen took it back");
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(due_timer_events(rig, 30 * DAY_US), 0);
    rig_free(rig);
}

/* --- from above --- */

static void only_the_coordinator_and_units_above_move_a_task(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    assert_int_equal(move(rig, CIVIL_5, "bus-company", &err), STATUS_PERMISSION_DENIED);
    assert_int_equal(move(rig, "district-6", "bus-company", &err), STATUS_PERMISSION_DENIED);
    assert_int_equal(move(rig, CENTRE, "nobody", &err), STATUS_NOT_FOUND);
    assert_string_equal(err.field, "to_unit");
    assert_int_equal(move(rig, CENTRE, CIVIL_5, &err), STATUS_FAILED_PRECONDITION);
    assert_int_equal(move(rig, "district-5", "bus-company", NULL), STATUS_OK);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, "bus-company");
    assert_int_equal(task->state, STATE(ROUTED));
    assert_int_equal(task->accepted_at_us, 0);
    assert_int_equal(task->due_at_us, due_us);
    assert_int_equal(task->returns, 0);
    /* Both offices are told. */
    const Routing__FollowTasksResponse *told = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 2, 100);
    assert_int_equal(told->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_MOVED);
    assert_string_equal(told->changes[0]->task->unit, "bus-company");
    assert_string_equal(told->changes[0]->task->note, ""); /* no more of it than where it went */
    told = scene_follow(rig, RPC_ROLE_OFFICE, "bus-company", 0, 100);
    assert_int_equal(told->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_MOVED);
    assert_int_equal(listed(rig, CIVIL_5, STATE(ROUTED)), 0);
    assert_int_equal(listed(rig, "bus-company", STATE(ROUTED)), 1);
    rig_free(rig);
}

static void the_coordinator_looks_at_every_unit_s_tasks_and_others_do_not(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    Routing__GetTaskRequest get = ROUTING__GET_TASK_REQUEST__INIT;
    Routing__ListTasksRequest list = ROUTING__LIST_TASKS_REQUEST__INIT;
    get.task_number = 1;
    list.unit = text(CIVIL_5);
    static const struct {
        const char *unit;
        enum status status;
    } looks[] = {{CENTRE, STATUS_OK},
                 {"district-5", STATUS_OK},
                 {CIVIL_5, STATUS_OK},
                 {"bus-company", STATUS_PERMISSION_DENIED}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            scene_call(rig, RPC_ROLE_OFFICE, looks[i].unit, "GetTask", &get.base, NULL, NULL),
            looks[i].status);
        assert_int_equal(
            scene_call(rig, RPC_ROLE_OFFICE, looks[i].unit, "ListTasks", &list.base, NULL, NULL),
            looks[i].status);
    }
    rig_free(rig);
}

/* --- open again --- */

static void a_reopened_task_is_open_with_its_unit_and_its_due_date_and_watched_again(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    assert_int_equal(reopen(rig, CIVIL_5, NULL), STATUS_PERMISSION_DENIED);
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_OK);
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_FAILED_PRECONDITION);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(ROUTED));
    assert_string_equal(task->unit, CIVIL_5);
    assert_int_equal(task->due_at_us, due_us);
    assert_int_equal(task->done_at_us, 0);
    assert_int_equal(task->reopens, 1);
    assert_int_equal(scene_event(rig, 3)->task_reopened->finish, 1);
    assert_int_equal(listed(rig, CIVIL_5, STATE(ROUTED)), 1);
    assert_int_equal(due_timer_events(rig, 8 * DAY_US), 1); /* overdue after all */
    assert_int_equal(scene_finish(rig, 1, "filled again", NULL), STATUS_OK);
    assert_int_equal(scene_event(rig, 5)->task_done->finish, 2);
    assert_int_equal(scene_task(rig, 1)->finishes, 2);
    assert_true(scene_task(rig, 1)->overdue);
    rig_free(rig);
}

static void a_task_reopened_after_its_due_date_is_overdue_at_once(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(due_timer_events(rig, 10 * DAY_US), 0);
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_OK);
    rig_advance(rig, SECOND_US);
    assert_int_equal(rig_event_count(rig), 4);
    assert_true(scene_task(rig, 1)->overdue);
    rig_free(rig);
}

static void the_citizen_s_no_opens_it_again_twice_and_then_a_person_decides(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    for (uint32_t finish = 1; finish <= 3; finish++) {
        assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
        hear(rig, finish, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
        hear(rig, finish, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED); /* heard of twice */
    }
    assert_int_equal(rig_event_count(rig), 1 + 3 + 2);
    const Routing__TaskReopened *reopened = scene_event(rig, 3)->task_reopened;
    assert_int_equal(reopened->reason, ROUTING__REOPEN_REASON__REOPEN_REASON_UNSATISFIED);
    assert_int_equal(reopened->finish, 1);
    assert_int_equal(reopened->call_number, 71);
    assert_string_equal(reopened->unit, CIVIL_5);
    /* The story has the citizen's word before what it caused. */
    assert_true(rig_event(rig, 3)->occurred_at_us > rig_event(rig, 2)->occurred_at_us);
    assert_int_equal(scene_task(rig, 1)->state, STATE(DONE));
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_OK);
    rig_free(rig);
}

static void a_yes_a_stale_no_and_a_no_to_what_was_closed_undone_open_nothing(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    hear(rig, 1, FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED);
    hear(rig, 1, FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY);
    assert_int_equal(rig_event_count(rig), 2);
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_OK);
    hear(rig, 1, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED); /* it is open already */
    assert_int_equal(close_undone(rig), STATUS_OK);
    hear(rig, 1, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    hear(rig, 2, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    assert_int_equal(rig_event_count(rig), 4);
    assert_int_equal(scene_task(rig, 1)->state, STATE(CLOSED_UNDONE));
    assert_int_equal(reopen(rig, CENTRE, NULL), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->close_reason, 0);
    assert_int_equal(scene_task(rig, 1)->closed_at_us, 0);
    rig_free(rig);
}

static void an_answer_about_a_task_nobody_knows_is_passed_over(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    hear(rig, 1, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    assert_int_equal(rig_event_count(rig), 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_seen_planned_begun_and_each_is_told),
        cmocka_unit_test(a_date_must_lie_ahead_and_not_too_far),
        cmocka_unit_test(a_report_carries_references_to_pictures_within_bounds),
        cmocka_unit_test(each_waiting_ends_within_the_days_of_the_pack),
        cmocka_unit_test(a_waiting_ends_by_itself_at_its_limit_and_after_a_night_switched_off),
        cmocka_unit_test(a_waiting_that_was_ended_or_overtaken_does_not_end_again),
        cmocka_unit_test(what_waits_is_not_handed_on_until_the_coordinator_ends_the_waiting),
        cmocka_unit_test(what_is_closed_undone_tells_why_and_is_not_done),
        cmocka_unit_test(closing_needs_a_reason_and_words),
        cmocka_unit_test(a_cancelled_task_stays_so_and_nothing_comes_of_it),
        cmocka_unit_test(only_the_coordinator_and_units_above_move_a_task),
        cmocka_unit_test(the_coordinator_looks_at_every_unit_s_tasks_and_others_do_not),
        cmocka_unit_test(a_reopened_task_is_open_with_its_unit_and_its_due_date_and_watched_again),
        cmocka_unit_test(a_task_reopened_after_its_due_date_is_overdue_at_once),
        cmocka_unit_test(the_citizen_s_no_opens_it_again_twice_and_then_a_person_decides),
        cmocka_unit_test(a_yes_a_stale_no_and_a_no_to_what_was_closed_undone_open_nothing),
        cmocka_unit_test(an_answer_about_a_task_nobody_knows_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

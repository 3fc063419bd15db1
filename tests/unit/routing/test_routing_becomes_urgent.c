/* What has become urgent: its request was amended, or an urgent one was joined to it. Every test ends with a rebuild that
 * must equal (rig_free). */
#include "services/routing/routing.h"
#include "services/routing/routing_incident.h"
#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"
#include "tests/unit/routing/routing_scene.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define WATCH "کشیک" /* the pack's urgent desk */
#define ACK_US (10 * MINUTE_US)
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL
#define URGENT COMMON__URGENCY__URGENCY_URGENT

static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static void feed(struct rig *rig, const Intake__Event *open)
{
    const struct event event = {.open = &open->base, .actor = "operator"};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static Intake__RequestRegistered request_of(uint64_t number, Common__Urgency urgency, char code[16])
{
    Intake__RequestRegistered registered = INTAKE__REQUEST_REGISTERED__INIT;
    (void)snprintf(code, 16, "%010llu", (unsigned long long)number);
    registered.number = number;
    registered.code = code;
    registered.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    registered.topic = text("asphalt");
    registered.topic_listed = true;
    registered.urgency = urgency;
    return registered;
}

static void register_joined(struct rig *rig, uint64_t number, Common__Urgency urgency)
{
    char code[16];
    Intake__RequestRegistered registered = request_of(number, urgency, code);
    Intake__Event open = INTAKE__EVENT__INIT;
    registered.incident = 1;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    feed(rig, &open);
}

static void join(struct rig *rig, uint64_t number, Common__Urgency urgency)
{
    char code[16];
    Intake__RequestJoined joined = INTAKE__REQUEST_JOINED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    (void)snprintf(code, sizeof(code), "%010llu", (unsigned long long)number);
    joined.number = number;
    joined.code = code;
    joined.incident = 1;
    joined.urgency = urgency;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_JOINED;
    open.request_joined = &joined;
    feed(rig, &open);
}

static void split(struct rig *rig, uint64_t number, Common__Urgency urgency)
{
    char code[16];
    Intake__RequestRegistered registered = request_of(number, urgency, code);
    Intake__RequestSplit told = INTAKE__REQUEST_SPLIT__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    told.registered = &registered;
    told.incident = 1;
    told.occurred_at_us = rig_now_us(rig);
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_SPLIT;
    open.request_split = &told;
    feed(rig, &open);
}

static void amend_saying(struct rig *rig, uint64_t number, uint32_t amendments, const char *topic,
                         Common__Urgency urgency, bool urgent_now)
{
    Intake__RequestAmended amended = INTAKE__REQUEST_AMENDED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    place.area = text("5");
    amended.number = number;
    amended.amendments = amendments;
    amended.topic = text(topic);
    amended.place = &place;
    amended.urgency = urgency;
    amended.reason = text("it gives way");
    amended.urgent_now = urgent_now;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_AMENDED;
    open.request_amended = &amended;
    feed(rig, &open);
}

static void amend(struct rig *rig, uint64_t number, uint32_t amendments, const char *topic,
                  Common__Urgency urgency)
{
    amend_saying(rig, number, amendments, topic, urgency, false);
}

static void withdraw(struct rig *rig, uint64_t number)
{
    Intake__RequestWithdrawn withdrawn = INTAKE__REQUEST_WITHDRAWN__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    withdrawn.number = number;
    withdrawn.reason = text("solved");
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_WITHDRAWN;
    open.request_withdrawn = &withdrawn;
    feed(rig, &open);
}

static void claim(struct rig *rig, const char *desk)
{
    struct rpc_caller caller = {.role = RPC_ROLE_OFFICE, .unit = CIVIL_5};
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    snprintf(caller.name, sizeof(caller.name), "%s", desk);
    request.unit = text(CIVIL_5);
    request.desk = text(desk);
    assert_int_equal(rig_call_as(rig, &caller, "ClaimTasks", &request.base, NULL, NULL), STATUS_OK);
}

static struct rig *with_one_task(void)
{
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    claim(rig, WATCH);
    rig_advance(rig, MINUTE_US);
    return rig;
}

static void expect_urgent(struct rig *rig, int64_t since_us)
{
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->urgency, URGENT);
    assert_non_null(task->alarm);
    assert_int_equal(task->alarm->since_us, since_us);
    assert_int_equal(task->alarm->acknowledge_by_us, since_us + ACK_US);
    assert_string_equal(task->desk, WATCH);
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
}

static void expect_calm(struct rig *rig)
{
    assert_int_equal(scene_task(rig, 1)->urgency, NORMAL);
    assert_null(scene_task(rig, 1)->alarm);
}

/* --- joined --- */

static void an_urgent_request_registered_to_a_task_makes_it_urgent(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    int64_t now_us = rig_now_us(rig);
    register_joined(rig, 2, URGENT);
    expect_urgent(rig, now_us);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->due_at_us, now_us + 4 * HOUR_US);
    assert_int_equal(task->own_urgency, NORMAL);
    rig_advance(rig, ACK_US + MINUTE_US); /* nobody has acknowledged it */
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
    rig_free(rig);
}

static void an_urgent_request_joined_later_does_so_too_once(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    scene_register(rig, (struct scene_request){.number = 2, .area = "5", .urgent = true});
    scene_register(rig, (struct scene_request){.number = 3, .area = "5", .urgent = true});
    rig_advance(rig, MINUTE_US);
    int64_t now_us = rig_now_us(rig);
    join(rig, 2, URGENT);
    expect_urgent(rig, now_us);
    rig_advance(rig, MINUTE_US);
    join(rig, 3, URGENT);
    expect_urgent(rig, now_us); /* told already */
    assert_int_equal(scene_task(rig, 1)->urgent_joined, 2);
    rig_free(rig);
}

static void it_stays_urgent_as_long_as_one_of_its_requests_is(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    register_joined(rig, 2, URGENT);
    register_joined(rig, 3, URGENT);
    int64_t since_us = rig_now_us(rig);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    amend(rig, 1, 1, "asphalt", NORMAL); /* its own request never was */
    expect_urgent(rig, since_us);
    withdraw(rig, 2);
    expect_urgent(rig, since_us);
    split(rig, 3, URGENT);
    expect_calm(rig);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us); /* what was promised stays */
    assert_non_null(scene_task(rig, 2)->alarm);              /* of its own */
    rig_free(rig);
}

static void an_urgent_request_of_its_own_that_is_taken_back_leaves_the_others_calm(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .urgent = true});
    register_joined(rig, 2, NORMAL);
    withdraw(rig, 1);
    expect_calm(rig);
    register_joined(rig, 3, URGENT);
    assert_non_null(scene_task(rig, 1)->alarm);
    rig_free(rig);
}

/* Nobody has said that the danger is over: it ends as an urgent one that nobody wants done. */
static void one_that_everybody_leaves_is_cancelled_as_urgent_as_it_was(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    register_joined(rig, 2, URGENT);
    withdraw(rig, 1);
    uint64_t count = rig_event_count(rig);
    withdraw(rig, 2);
    assert_int_equal(rig_event_count(rig), count + 2);
    const Routing__Event *left = scene_event(rig, count + 1);
    assert_int_equal(left->kind_case, ROUTING__EVENT__KIND_CASE_SPLIT);
    assert_int_equal(left->case_split->urgency, URGENT);
    assert_int_equal(left->case_split->urgent_joined, 0);
    assert_int_equal(scene_event(rig, count + 2)->kind_case, ROUTING__EVENT__KIND_TASK_CANCELLED);
    assert_int_equal(scene_task(rig, 1)->urgency, URGENT);
    rig_free(rig);
}

static void a_joined_request_amended_to_be_urgent_makes_it_so(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    register_joined(rig, 2, NORMAL);
    expect_calm(rig);
    rig_advance(rig, MINUTE_US);
    amend(rig, 2, 1, "subsidence", URGENT);
    expect_urgent(rig, rig_now_us(rig));
    assert_string_equal(scene_task(rig, 1)->topic, "asphalt");
    amend(rig, 2, 2, "asphalt", NORMAL);
    expect_calm(rig);
    rig_free(rig);
}

/* --- of the past --- */

static struct rig *with_one_history(Common__Urgency urgency)
{
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .unit = CIVIL_5,
                                               .historical = true,
                                               .urgent = urgency == URGENT,
                                               .at_us = DAY_US});
    claim(rig, WATCH);
    rig_advance(rig, MINUTE_US);
    return rig;
}

/* Somebody calls about it now: it goes to the desk, and up the ladder until a person has it. */
static void expect_told(struct rig *rig, int64_t since_us)
{
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->urgency, URGENT);
    assert_non_null(task->alarm);
    assert_int_equal(task->alarm->since_us, since_us);
    assert_int_equal(task->alarm->acknowledge_by_us, since_us + ACK_US);
    assert_string_equal(task->desk, WATCH);
    assert_int_equal(task->due_at_us, 0); /* its own: none */
    rig_advance(rig, ACK_US + MINUTE_US);
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
    assert_int_equal(scene_report(rig, 1, "on the way", NULL), STATUS_OK);
    assert_true(scene_task(rig, 1)->alarm->acknowledged_at_us != 0);
    uint64_t count = rig_event_count(rig);
    rig_advance(rig, DAY_US);
    assert_int_equal(rig_event_count(rig), count);
}

static void an_urgent_caller_wakes_a_task_of_the_past(void **state)
{
    (void)state;
    struct rig *rig = with_one_history(NORMAL);
    int64_t now_us = rig_now_us(rig);
    register_joined(rig, 2, NORMAL);
    assert_null(scene_task(rig, 1)->alarm);
    register_joined(rig, 3, URGENT);
    expect_told(rig, now_us);
    rig_free(rig);
}

static void also_one_that_was_urgent_then(void **state)
{
    (void)state;
    struct rig *rig = with_one_history(URGENT);
    assert_null(scene_task(rig, 1)->alarm); /* nobody is woken for the past */
    register_joined(rig, 2, NORMAL);
    assert_null(scene_task(rig, 1)->alarm);
    int64_t now_us = rig_now_us(rig);
    register_joined(rig, 3, URGENT);
    expect_told(rig, now_us);
    rig_free(rig);
}

static void one_of_the_past_that_is_amended_to_an_emergency_is_told_too(void **state)
{
    (void)state;
    struct rig *rig = with_one_history(NORMAL);
    int64_t now_us = rig_now_us(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    expect_told(rig, now_us);
    amend(rig, 1, 2, "subsidence", NORMAL);
    expect_calm(rig);
    rig_free(rig);
}

/* --- amended --- */

static void a_request_amended_to_an_emergency_has_the_times_of_one(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    int64_t now_us = rig_now_us(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    expect_urgent(rig, now_us);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->level, "danger");
    assert_int_equal(task->due_at_us, now_us + 2 * HOUR_US);
    assert_int_equal(task->respond_at_us, now_us + HOUR_US);
    assert_int_equal(task->warn_at_us, now_us + HOUR_US);
    assert_int_equal(task->escalate_at_us, task->due_at_us + HOUR_US); /* the ladder of danger */
    /* All hours count: a closure moves nothing, and the night comes. */
    rig_advance(rig, 2 * HOUR_US + MINUTE_US);
    assert_true(scene_task(rig, 1)->overdue);
    rig_free(rig);
}

static void a_date_that_is_earlier_already_stays(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .topic = "lost-property"});
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    rig_advance(rig, due_us - rig_now_us(rig) - HOUR_US);
    amend(rig, 1, 1, "lost-property", URGENT);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    rig_free(rig);
}

static void one_that_waits_is_given_its_time_when_it_goes_on(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    Routing__PauseTaskRequest pause = ROUTING__PAUSE_TASK_REQUEST__INIT;
    Routing__ResumeTaskRequest resume = ROUTING__RESUME_TASK_REQUEST__INIT;
    pause.task_number = resume.task_number = 1;
    pause.reason = ROUTING__PAUSE_REASON__PAUSE_REASON_CITIZEN;
    pause.until_us = rig_now_us(rig) + 5 * DAY_US;
    pause.note = text("a key");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "PauseTask", &pause.base, NULL, NULL), STATUS_OK);
    rig_advance(rig, HOUR_US);
    amend(rig, 1, 1, "subsidence", URGENT);
    assert_int_equal(scene_task(rig, 1)->alarm->since_us, rig_now_us(rig));
    rig_advance(rig, HOUR_US);
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "ResumeTask", &resume.base, NULL, NULL),
        STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->due_at_us, rig_now_us(rig) + 2 * HOUR_US);
    rig_free(rig);
}

/* --- what had ended --- */

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
    expect_urgent(rig, task->routed_at_us);
    assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_ROUTED);
    assert_int_equal(task->reopens, 0); /* nobody has said that anything was badly done */
    assert_false(task->overdue);
    rig_advance(rig, ACK_US + MINUTE_US);
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
}

static void danger_told_after_it_was_done_is_an_emergency_of_now(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    rig_advance(rig, 40 * DAY_US); /* its dates are long past */
    claim(rig, WATCH);
    uint64_t count = rig_event_count(rig);
    int64_t now_us = rig_now_us(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    expect_back(rig, count + 2, 1);
    assert_string_equal(scene_event(rig, count + 2)->task_reopened->note, "it gives way");
    assert_in_range(scene_task(rig, 1)->due_at_us, now_us + 2 * HOUR_US, now_us + 2 * HOUR_US + 1);
    assert_string_equal(scene_task(rig, 1)->level, "danger");
    assert_int_equal(scene_finish(rig, 1, "supported", NULL), STATUS_OK);
    count = rig_event_count(rig);
    amend(rig, 1, 2, "subsidence", URGENT); /* another place, say: no danger is told anew */
    assert_int_equal(rig_event_count(rig), count + 1);
    claim(rig, WATCH);
    count = rig_event_count(rig);
    amend_saying(rig, 1, 3, "subsidence", URGENT, true);
    expect_back(rig, count + 2, 2);
    rig_free(rig);
}

static void danger_told_by_a_joined_one_opens_it_again_for_all(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    register_joined(rig, 2, NORMAL);
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    uint64_t count = rig_event_count(rig);
    amend(rig, 2, 1, "subsidence", URGENT);
    expect_back(rig, count + 2, 1);
    const Routing__Event *told = scene_event(rig, count + 3);
    assert_int_equal(told->kind_case, ROUTING__EVENT__KIND_JOINED_FOLLOWED);
    assert_int_equal(told->joined_followed->fate, ROUTING__JOINED_FATE__JOINED_FATE_REOPENED);
    assert_string_equal(scene_task(rig, 1)->topic, "asphalt");
    assert_int_equal(scene_finish(rig, 1, "supported", NULL), STATUS_OK);
    claim(rig, WATCH);
    count = rig_event_count(rig);
    amend_saying(rig, 2, 2, "subsidence", URGENT, true);
    expect_back(rig, count + 2, 2);
    rig_free(rig);
}

/* What comes back, and goes to a body outside at once, is told of all of them twice, in one decision. */
static void as_many_as_may_share_it_go_with_it(void **state)
{
    (void)state;
    struct rig *rig = with_one_task();
    for (uint64_t number = 2; number <= 1 + ROUTING_JOINED_MAX; number++) {
        register_joined(rig, number, NORMAL);
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
    struct rig *rig = with_one_task();
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
    struct rig *rig = with_one_task();
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
    struct rig *rig = with_one_task();
    register_joined(rig, 2, NORMAL);
    cancel(rig);
    withdraw(rig, 1);
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
    struct rig *rig = with_one_history(NORMAL);
    struct error err = ERROR_NONE;
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, 2 * DAY_US, &err), STATUS_OK);
    uint64_t count = rig_event_count(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    assert_int_equal(scene_event(rig, count + 2)->kind_case, ROUTING__EVENT__KIND_TASK_REOPENED);
    expect_told(rig, scene_task(rig, 1)->routed_at_us);
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
    register_joined(rig, 2, URGENT);
    assert_int_equal(scene_task(rig, 1)->urgency, URGENT);
    assert_string_equal(scene_task(rig, 1)->unit, CIVIL_5);
    assert_string_equal(scene_task(rig, 1)->level, level);
    assert_int_equal(scene_task(rig, 1)->due_at_us, rig_now_us(rig) + 4 * HOUR_US);
    assert_int_equal(scene_task(rig, 1)->n_helps, 0);
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    amend_saying(rig, 2, 1, "asphalt", URGENT, true);
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
    struct rig *rig = with_one_task();
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
        cmocka_unit_test(an_urgent_request_registered_to_a_task_makes_it_urgent),
        cmocka_unit_test(an_urgent_request_joined_later_does_so_too_once),
        cmocka_unit_test(it_stays_urgent_as_long_as_one_of_its_requests_is),
        cmocka_unit_test(an_urgent_request_of_its_own_that_is_taken_back_leaves_the_others_calm),
        cmocka_unit_test(one_that_everybody_leaves_is_cancelled_as_urgent_as_it_was),
        cmocka_unit_test(a_joined_request_amended_to_be_urgent_makes_it_so),
        cmocka_unit_test(an_urgent_caller_wakes_a_task_of_the_past),
        cmocka_unit_test(also_one_that_was_urgent_then),
        cmocka_unit_test(one_of_the_past_that_is_amended_to_an_emergency_is_told_too),
        cmocka_unit_test(a_request_amended_to_an_emergency_has_the_times_of_one),
        cmocka_unit_test(a_date_that_is_earlier_already_stays),
        cmocka_unit_test(one_that_waits_is_given_its_time_when_it_goes_on),
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

/* What has become urgent: its request was amended, or an urgent one was joined to it. Every test ends with a rebuild that
 * must equal (rig_free). */
#include "tests/unit/routing/routing_scene.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

static void amend(struct rig *rig, uint64_t number, uint32_t amendments, const char *topic,
                  Common__Urgency urgency)
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
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_AMENDED;
    open.request_amended = &amended;
    feed(rig, &open);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

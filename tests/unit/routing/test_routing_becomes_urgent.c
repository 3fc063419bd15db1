/* What has become urgent: its request was amended, or an urgent one was joined to it. Every test ends with a rebuild that
 * must equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/routing/scene_callers.h"
#include "tests/unit/routing/scene_urgent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

/* --- joined --- */

static void an_urgent_request_registered_to_a_task_makes_it_urgent(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    int64_t now_us = rig_now_us(rig);
    scene_register_joined(rig, 2, 1, URGENT);
    scene_expect_urgent(rig, now_us);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->due_at_us, now_us + 4 * HOUR_US);
    assert_int_equal(task->own_urgency, NORMAL);
    rig_advance(rig, SCENE_ACK_US + MINUTE_US); /* nobody has acknowledged it */
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
    rig_free(rig);
}

static void an_urgent_request_joined_later_does_so_too_once(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    scene_register(rig, (struct scene_request){.number = 2, .area = "5", .urgent = true});
    scene_register(rig, (struct scene_request){.number = 3, .area = "5", .urgent = true});
    rig_advance(rig, MINUTE_US);
    int64_t now_us = rig_now_us(rig);
    scene_join(rig, 2, 1, URGENT);
    scene_expect_urgent(rig, now_us);
    rig_advance(rig, MINUTE_US);
    scene_join(rig, 3, 1, URGENT);
    scene_expect_urgent(rig, now_us); /* told already */
    assert_int_equal(scene_task(rig, 1)->urgent_joined, 2);
    rig_free(rig);
}

static void it_stays_urgent_as_long_as_one_of_its_requests_is(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    scene_register_joined(rig, 2, 1, URGENT);
    scene_register_joined(rig, 3, 1, URGENT);
    int64_t since_us = rig_now_us(rig);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    amend(rig, 1, 1, "asphalt", NORMAL); /* its own request never was */
    scene_expect_urgent(rig, since_us);
    scene_withdraw(rig, 2);
    scene_expect_urgent(rig, since_us);
    scene_split(rig, 3, 1, URGENT, rig_now_us(rig));
    scene_expect_calm(rig);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us); /* what was promised stays */
    assert_non_null(scene_task(rig, 2)->alarm);              /* of its own */
    rig_free(rig);
}

static void an_urgent_request_of_its_own_that_is_taken_back_leaves_the_others_calm(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .urgent = true});
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_withdraw(rig, 1);
    scene_expect_calm(rig);
    scene_register_joined(rig, 3, 1, URGENT);
    assert_non_null(scene_task(rig, 1)->alarm);
    rig_free(rig);
}

/* Nobody has said that the danger is over: it ends as an urgent one that nobody wants done. */
static void one_that_everybody_leaves_is_cancelled_as_urgent_as_it_was(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    scene_register_joined(rig, 2, 1, URGENT);
    scene_withdraw(rig, 1);
    uint64_t count = rig_event_count(rig);
    scene_withdraw(rig, 2);
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
    struct rig *rig = scene_watched();
    scene_register_joined(rig, 2, 1, NORMAL);
    scene_expect_calm(rig);
    rig_advance(rig, MINUTE_US);
    amend(rig, 2, 1, "subsidence", URGENT);
    scene_expect_urgent(rig, rig_now_us(rig));
    assert_string_equal(scene_task(rig, 1)->topic, "asphalt");
    amend(rig, 2, 2, "asphalt", NORMAL);
    scene_expect_calm(rig);
    rig_free(rig);
}

/* --- of the past --- */

static void an_urgent_caller_wakes_a_task_of_the_past(void **state)
{
    (void)state;
    struct rig *rig = scene_watched_history(NORMAL);
    int64_t now_us = rig_now_us(rig);
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_null(scene_task(rig, 1)->alarm);
    scene_register_joined(rig, 3, 1, URGENT);
    scene_expect_told(rig, now_us);
    rig_free(rig);
}

static void also_one_that_was_urgent_then(void **state)
{
    (void)state;
    struct rig *rig = scene_watched_history(URGENT);
    assert_null(scene_task(rig, 1)->alarm); /* nobody is woken for the past */
    scene_register_joined(rig, 2, 1, NORMAL);
    assert_null(scene_task(rig, 1)->alarm);
    int64_t now_us = rig_now_us(rig);
    scene_register_joined(rig, 3, 1, URGENT);
    scene_expect_told(rig, now_us);
    rig_free(rig);
}

static void one_of_the_past_that_is_amended_to_an_emergency_is_told_too(void **state)
{
    (void)state;
    struct rig *rig = scene_watched_history(NORMAL);
    int64_t now_us = rig_now_us(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    scene_expect_told(rig, now_us);
    amend(rig, 1, 2, "subsidence", NORMAL);
    scene_expect_calm(rig);
    rig_free(rig);
}

/* --- amended --- */

static void a_request_amended_to_an_emergency_has_the_times_of_one(void **state)
{
    (void)state;
    struct rig *rig = scene_watched();
    int64_t now_us = rig_now_us(rig);
    amend(rig, 1, 1, "subsidence", URGENT);
    scene_expect_urgent(rig, now_us);
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
    struct rig *rig = scene_watched();
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

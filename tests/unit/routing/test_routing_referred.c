/* What was referred to a body outside the city, by mistake or not: it is amended, chased, added to, heard about. Every test ends
 * with a rebuild that must equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/routing/scene_callers.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define CENTRE "centre-137"
#define POWER "power-company"
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL
#define URGENT COMMON__URGENCY__URGENCY_URGENT
#define KIND(name) ROUTING__EVENT__KIND_##name
#define STATE(name) ROUTING__TASK_STATE__TASK_STATE_##name

static void amend(struct rig *rig, uint32_t nth, const char *topic, Common__Urgency urgency)
{
    scene_amend(rig, (struct scene_amendment){
                         .number = 1, .nth = nth, .topic = topic, .area = "5", .urgency = urgency});
}

static void feed(struct rig *rig, const Followup__Event *open)
{
    const struct event event = {.open = &open->base, .actor = "operator"};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

/* The citizen of that request says that task 1 is not done. */
static void hear(struct rig *rig, uint64_t case_number)
{
    Followup__CallCompleted call = FOLLOWUP__CALL_COMPLETED__INIT;
    Followup__Event open = FOLLOWUP__EVENT__INIT;
    call.call_number = 7;
    call.case_number = case_number;
    call.task_number = 1;
    call.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    call.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    call.score = 1;
    call.finish = 1;
    open.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    open.call_completed = &call;
    feed(rig, &open);
}

static const Routing__Event *expect(struct rig *rig, uint64_t offset, Routing__Event__KindCase kind)
{
    const Routing__Event *event = scene_event(rig, offset);
    assert_int_equal(event->kind_case, kind);
    return event;
}

/* Request 1 about a lamp in district 5, which is the power company's. */
static struct rig *with_one_referred(Common__Urgency urgency)
{
    struct rig *rig = scene_new_clocked();
    scene_register(rig,
                   (struct scene_request){
                       .number = 1, .topic = "lighting", .area = "5", .urgent = urgency == URGENT});
    assert_true(expect(rig, 2, KIND(TASK_CLOSED_UNDONE))->task_closed_undone->referred);
    rig_advance(rig, 40 * DAY_US); /* its dates are long past */
    assert_int_equal(rig_event_count(rig), 2);
    return rig;
}

static void expect_same_dates(const Routing__Task *task, const Routing__Task *as)
{
    assert_int_equal(task->due_at_us, as->due_at_us);
    assert_int_equal(task->respond_at_us, as->respond_at_us);
    assert_int_equal(task->warn_at_us, as->warn_at_us);
    assert_int_equal(task->escalate_at_us, as->escalate_at_us);
    assert_int_equal(task->clock, as->clock);
    assert_string_equal(task->level, as->level);
}

/* --- amended --- */

static void what_was_referred_by_mistake_goes_to_whose_it_is_with_new_dates(void **state)
{
    (void)state;
    struct rig *rig = with_one_referred(NORMAL);
    amend(rig, 1, "asphalt", NORMAL);
    assert_int_equal(rig_event_count(rig), 6);
    (void)expect(rig, 3, KIND(TASK_AMENDED));
    const Routing__TaskReopened *reopened = expect(rig, 4, KIND(TASK_REOPENED))->task_reopened;
    assert_int_equal(reopened->reason, ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED);
    assert_string_equal(reopened->note, "it was registered wrongly");
    assert_int_equal(reopened->finish, 1);
    const Routing__TaskMoved *moved = expect(rig, 5, KIND(TASK_MOVED))->task_moved;
    assert_string_equal(moved->from_unit, POWER);
    assert_string_equal(moved->to_unit, CIVIL_5);
    assert_true(moved->by_rule);
    assert_int_equal(expect(rig, 6, KIND(TASK_DUE_MOVED))->task_due_moved->cause,
                     ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED);
    int64_t at_us = scene_task(rig, 1)->routed_at_us;
    scene_register(rig, (struct scene_request){.number = 2, .area = "5", .at_us = at_us});
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(ROUTED));
    assert_string_equal(task->unit, CIVIL_5);
    expect_same_dates(task, scene_task(rig, 2));
    assert_false(task->overdue);
    assert_true(task->by_rule);
    assert_int_equal(task->reopens, 0); /* nobody has said that anything was badly done */
    rig_advance(rig, task->due_at_us - rig_now_us(rig) + MINUTE_US);
    assert_true(scene_task(rig, 1)->overdue);
    assert_true(scene_task(rig, 1)->warned);
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    rig_free(rig);
}

static void an_urgent_one_is_told_at_once(void **state)
{
    (void)state;
    struct rig *rig = with_one_referred(URGENT);
    amend(rig, 1, "asphalt", URGENT);
    const Routing__Task *task = scene_task(rig, 1);
    assert_non_null(task->alarm);
    assert_int_equal(task->alarm->since_us, task->routed_at_us);
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
    rig_free(rig);
}

static void what_is_another_body_s_is_referred_to_that_one_and_its_citizen_is_called(void **state)
{
    (void)state;
    struct rig *rig = with_one_referred(NORMAL);
    amend(rig, 1, "water-cut", NORMAL);
    assert_int_equal(rig_event_count(rig), 6);
    (void)expect(rig, 4, KIND(TASK_REOPENED));
    (void)expect(rig, 5, KIND(TASK_MOVED));
    const Routing__TaskClosedUndone *closed =
        expect(rig, 6, KIND(TASK_CLOSED_UNDONE))->task_closed_undone;
    assert_string_equal(closed->unit, "water-company");
    assert_false(closed->referred);
    assert_int_equal(closed->citizen, 41);
    assert_int_equal(closed->finish, 2);
    amend(rig, 2, "asphalt", NORMAL); /* and from there it comes back, too */
    assert_string_equal(scene_task(rig, 1)->unit, CIVIL_5);
    rig_free(rig);
}

static void what_stays_the_same_body_s_stays_referred(void **state)
{
    (void)state;
    struct rig *rig = with_one_referred(NORMAL);
    amend(rig, 1, "lighting", URGENT);
    assert_int_equal(rig_event_count(rig), 3);
    (void)expect(rig, 3, KIND(TASK_AMENDED));
    assert_int_equal(scene_task(rig, 1)->state, STATE(CLOSED_UNDONE));
    rig_free(rig);
}

/* It was joined while it was the city's; when an amendment sent it away, all were told. */
static void the_joined_come_back_with_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register_joined(rig, 2, 1, NORMAL);
    amend(rig, 1, "lighting", NORMAL);
    uint64_t count = rig_event_count(rig);
    amend(rig, 2, "asphalt", NORMAL);
    (void)expect(rig, count + 2, KIND(TASK_REOPENED));
    const Routing__JoinedFollowed *followed =
        expect(rig, count + 3, KIND(JOINED_FOLLOWED))->joined_followed;
    assert_int_equal(followed->fate, ROUTING__JOINED_FATE__JOINED_FATE_REOPENED);
    assert_int_equal(followed->n_members, 1);
    assert_string_equal(scene_task(rig, 1)->unit, CIVIL_5);
    rig_free(rig);
}

static void nobody_says_amended_for_a_reason(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    Routing__ReopenTaskRequest reopen = ROUTING__REOPEN_TASK_REQUEST__INIT;
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    reopen.task_number = 1;
    reopen.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED;
    reopen.note = text("why");
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CENTRE, "ReopenTask", &reopen.base, NULL, &err),
        STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "reason");
    rig_free(rig);
}

/* --- asked about again --- */

/* It counts how often people call about what is not the city's; but nobody here is told of it. */
static void chases_and_words_are_recorded_and_alarm_nobody(void **state)
{
    (void)state;
    struct rig *rig = with_one_referred(URGENT);
    assert_int_equal(scene_chase(rig, 1, 1, "still dark"), STATUS_OK);
    scene_add_words(rig, 1, 1);
    (void)expect(rig, 3, KIND(TASK_CHASED));
    (void)expect(rig, 4, KIND(TASK_AMENDED));
    rig_advance(rig, 2 * DAY_US);
    assert_int_equal(rig_event_count(rig), 4);
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->state, STATE(CLOSED_UNDONE));
    assert_int_equal(task->chases, 1);
    assert_null(task->alarm);
    rig_free(rig);
}

/* --- not done, says the citizen --- */

static void what_was_done_and_then_amended_to_go_outside_stays_with_who_did_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    assert_int_equal(scene_finish(rig, 1, "filled", NULL), STATUS_OK);
    amend(rig, 1, "lighting", NORMAL);
    hear(rig, 1);
    assert_int_equal(rig_event_count(rig), 4);
    (void)expect(rig, 4, KIND(TASK_REOPENED));
    assert_string_equal(scene_task(rig, 1)->unit, CIVIL_5);
    rig_free(rig);
}

/* A history that was a body's outside, which somebody of today was joined to. */
static void expect_taken_in(const char *topic, const char *unit)
{
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1,
                                               .topic = topic,
                                               .area = "5",
                                               .unit = POWER,
                                               .historical = true,
                                               .at_us = DAY_US});
    scene_register_joined(rig, 2, 1, NORMAL);
    struct error err = ERROR_NONE;
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, 2 * DAY_US, &err), STATUS_OK);
    uint64_t count = rig_event_count(rig);
    hear(rig, 2);
    (void)expect(rig, count + 1, KIND(TASK_REOPENED));
    const Routing__TaskMoved *moved =
        expect(rig, rig_event_count(rig), KIND(TASK_MOVED))->task_moved;
    assert_string_equal(moved->from_unit, POWER);
    assert_string_equal(moved->to_unit, unit);
    assert_string_equal(scene_task(rig, 1)->unit, unit);
    rig_free(rig);
}

static void what_is_opened_again_never_goes_outside(void **state)
{
    (void)state;
    expect_taken_in("asphalt", CIVIL_5);
    expect_taken_in("lighting", CENTRE); /* for a person to decide */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_referred_by_mistake_goes_to_whose_it_is_with_new_dates),
        cmocka_unit_test(an_urgent_one_is_told_at_once),
        cmocka_unit_test(what_is_another_body_s_is_referred_to_that_one_and_its_citizen_is_called),
        cmocka_unit_test(what_stays_the_same_body_s_stays_referred),
        cmocka_unit_test(the_joined_come_back_with_it),
        cmocka_unit_test(nobody_says_amended_for_a_reason),
        cmocka_unit_test(chases_and_words_are_recorded_and_alarm_nobody),
        cmocka_unit_test(what_was_done_and_then_amended_to_go_outside_stays_with_who_did_it),
        cmocka_unit_test(what_is_opened_again_never_goes_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

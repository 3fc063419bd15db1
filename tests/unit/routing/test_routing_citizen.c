/* What citizens do about requests that are with an office: the office hears of it, once. */
#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/routing/scene_callers.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNIT "district-5-civil"

static void a_chase_is_counted_and_shown_to_the_office(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    assert_int_equal(scene_chase(rig, 2, 1, "هنوز نیامده‌اند"), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->chases, 0);
    assert_int_equal(scene_task(rig, 2)->chases, 1);
    const Routing__FollowTasksResponse *response = scene_follow(rig, RPC_ROLE_OFFICE, UNIT, 2, 10);
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_CHASED);
    assert_int_equal(response->changes[0]->task->number, 2);
    assert_int_equal(response->changes[0]->task->chases, 1);
    const Routing__TaskChased *told = scene_event(rig, 3)->task_chased;
    assert_string_equal(told->note, "هنوز نیامده‌اند");
    assert_string_equal(told->unit, UNIT);
    rig_free(rig);
}

static void a_chase_heard_of_twice_is_counted_once(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
        assert_int_equal(scene_chase(rig, 1, 2, ""), STATUS_OK);
    }
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->chases, 2);
    assert_int_equal(rig_event_count(rig), 3);
    rig_free(rig);
}

static void a_chase_leaves_the_state_of_the_task(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_ACCEPTED);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(scene_chase(rig, 1, 2, ""), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_DONE);
    assert_int_equal(scene_task(rig, 1)->chases, 2);
    rig_free(rig);
}

static void a_chase_goes_with_the_task_to_another_unit(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_chase(rig, 1, 1, ""), STATUS_OK);
    assert_int_equal(scene_return(rig, 1, "district-3-civil", NULL), STATUS_OK);
    assert_int_equal(scene_chase(rig, 1, 2, ""), STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->chases, 2);
    assert_string_equal(scene_event(rig, 4)->task_chased->unit, "district-3-civil");
    rig_free(rig);
}

static void a_chase_of_a_request_nobody_registered_stops_the_feed(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_chase(rig, 2, 1, ""), STATUS_DATA_LOSS);
    assert_int_equal(rig_event_count(rig), 1);
    rig_free(rig);
}

/* --- amended, added to, taken back --- */

static void amend(struct rig *rig, uint64_t number, uint32_t nth, const char *topic,
                  const char *area)
{
    scene_amend(
        rig, (struct scene_amendment){.number = number, .nth = nth, .topic = topic, .area = area});
}

static void an_amended_task_that_nobody_has_accepted_goes_where_the_rules_send_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    amend(rig, 1, 1, "asphalt", "3");
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, "district-3-civil");
    assert_string_equal(task->place->area, "3");
    assert_int_equal(task->due_at_us, due_us);
    assert_int_equal(rig_event_count(rig), 3);
    assert_int_equal(scene_event(rig, 3)->kind_case, ROUTING__EVENT__KIND_TASK_MOVED);
    const Routing__FollowTasksResponse *response =
        scene_follow(rig, RPC_ROLE_OFFICE, "district-3-civil", 1, 10);
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_MOVED);
    rig_free(rig);
}

static void an_amended_task_that_is_accepted_stays_and_its_office_is_told(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    amend(rig, 1, 1, "garbage", "3");
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, UNIT);
    assert_string_equal(task->topic, "garbage");
    assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_ACCEPTED);
    const Routing__FollowTasksResponse *response = scene_follow(rig, RPC_ROLE_OFFICE, UNIT, 2, 10);
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_AMENDED);
    rig_free(rig);
}

/* "Not ours" stays said, whatever the rules would send to that unit. */
static void an_amended_task_that_a_person_has_handed_on_stays(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_return(rig, 1, "district-3-civil", NULL), STATUS_OK);
    amend(rig, 1, 1, "asphalt", "7");
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, "district-3-civil");
    assert_string_equal(task->place->area, "7");
    assert_int_equal(rig_event_count(rig), 3);
    rig_free(rig);
}

static void the_office_is_told_of_new_words_once(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    for (size_t i = 0; i < 2; i++) {
        scene_add_words(rig, 1, 1);
        amend(rig, 1, 1, "asphalt", "5");
    }
    assert_int_equal(rig_event_count(rig), 3);
    assert_int_equal(scene_event(rig, 2)->task_amended->words_added, 1);
    assert_int_equal(scene_event(rig, 2)->task_amended->amendments, 0);
    assert_int_equal(scene_event(rig, 3)->task_amended->amendments, 1);
    assert_string_equal(scene_task(rig, 1)->unit, UNIT);
    rig_free(rig);
}

/* Another pack, whose first rule sends asphalt of district 5 to another unit. */
static struct city *take_other_pack(struct rig *rig)
{
    static const char head[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n";
    static const char changed[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n"
                                  "asphalt,5,*,deputy-civil,,,,,\n";
    char folder[SCRATCH_SIZE];
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    scratch_new(folder);
    pack_copy("isfahan", folder, "rules.csv", head, changed);
    assert_int_equal(city_load(&city, folder, &err), STATUS_OK);
    scratch_remove(folder);
    if (rig_try_restart(rig, city, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return city;
}

static void what_the_rules_of_another_pack_placed_is_still_moved_by_an_amendment(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    struct city *city = take_other_pack(rig);
    amend(rig, 1, 1, "asphalt", "3");
    assert_string_equal(scene_task(rig, 1)->unit, "district-3-civil");
    amend(rig, 1, 2, "asphalt", "5");
    assert_string_equal(scene_task(rig, 1)->unit, "deputy-civil");
    rig_free(rig);
    city_free(city);
}

/* Though the rules of today would have sent it where the person did. */
static void what_a_person_placed_stays_whatever_pack_was_taken_since(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_return(rig, 1, "deputy-civil", NULL), STATUS_OK);
    struct city *city = take_other_pack(rig);
    amend(rig, 1, 1, "asphalt", "3");
    assert_string_equal(scene_task(rig, 1)->unit, "deputy-civil");
    rig_free(rig);
    city_free(city);
}

static void what_was_finished_once_is_moved_by_no_rule(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    Routing__ReopenTaskRequest request = ROUTING__REOPEN_TASK_REQUEST__INIT;
    scene_register_many(rig, 1);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    request.task_number = 1;
    request.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    request.note = "it came loose";
    assert_int_equal(scene_call(rig, RPC_ROLE_ADMIN, "", "ReopenTask", &request.base, NULL, NULL),
                     STATUS_OK);
    amend(rig, 1, 1, "asphalt", "3");
    assert_string_equal(scene_task(rig, 1)->unit, UNIT);
    rig_free(rig);
}

/* The unit was quicker than the citizen's word: nobody is asked about it any more. */
static void what_is_taken_back_after_its_end_is_over_for_everyone(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    Routing__ReopenTaskRequest request = ROUTING__REOPEN_TASK_REQUEST__INIT;
    struct error err = ERROR_NONE;
    scene_register_many(rig, 1);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    scene_withdraw(rig, 1);
    scene_withdraw(rig, 1);
    assert_int_equal(rig_event_count(rig), 3);
    assert_true(scene_event(rig, 3)->case_split->withdrawn);
    assert_int_equal(scene_event(rig, 3)->case_split->case_number, 1);
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_DONE);
    assert_true(scene_task(rig, 1)->own_withdrawn);
    assert_int_equal(scene_task(rig, 1)->citizen, 0);
    request.task_number = 1;
    request.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    request.note = "again";
    assert_int_equal(scene_call(rig, RPC_ROLE_ADMIN, "", "ReopenTask", &request.base, NULL, &err),
                     STATUS_FAILED_PRECONDITION);
    rig_free(rig);
}

static void a_request_taken_back_cancels_its_task_unless_it_is_finished(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    scene_withdraw(rig, 1);
    scene_withdraw(rig, 1);
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_CANCELLED);
    assert_string_equal(scene_event(rig, 3)->task_cancelled->reason, "no longer wanted");
    assert_int_equal(scene_finish(rig, 2, "", NULL), STATUS_OK);
    scene_withdraw(rig, 2);
    assert_int_equal(scene_task(rig, 2)->state, ROUTING__TASK_STATE__TASK_STATE_DONE);
    assert_int_equal(rig_event_count(rig), 5);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chase_is_counted_and_shown_to_the_office),
        cmocka_unit_test(a_chase_heard_of_twice_is_counted_once),
        cmocka_unit_test(a_chase_leaves_the_state_of_the_task),
        cmocka_unit_test(a_chase_goes_with_the_task_to_another_unit),
        cmocka_unit_test(a_chase_of_a_request_nobody_registered_stops_the_feed),
        cmocka_unit_test(an_amended_task_that_nobody_has_accepted_goes_where_the_rules_send_it),
        cmocka_unit_test(an_amended_task_that_is_accepted_stays_and_its_office_is_told),
        cmocka_unit_test(an_amended_task_that_a_person_has_handed_on_stays),
        cmocka_unit_test(the_office_is_told_of_new_words_once),
        cmocka_unit_test(what_the_rules_of_another_pack_placed_is_still_moved_by_an_amendment),
        cmocka_unit_test(what_a_person_placed_stays_whatever_pack_was_taken_since),
        cmocka_unit_test(what_was_finished_once_is_moved_by_no_rule),
        cmocka_unit_test(what_is_taken_back_after_its_end_is_over_for_everyone),
        cmocka_unit_test(a_request_taken_back_cancels_its_task_unless_it_is_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

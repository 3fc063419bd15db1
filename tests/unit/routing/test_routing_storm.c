/* Storms: how much longer what is in their scope may take, and who is told. The rig begins on Thursday
 * 1404-10-11 at 11:30; offices end at 12:30, and begin on Saturday at 07:00. */
#include "services/routing/routing_storms.h"
#include "tests/unit/routing/routing_scene.h"

#include "base/clock.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
/* Of the level "works": 42 hours until it is due, 7 until the first response, warned at 75 percent. */
#define WHOLE_US (42 * HOUR_US)
#define RESPOND_US (7 * HOUR_US)

/* --- what happens --- */

struct scene_storm {
    uint64_t number;
    const char *topic, *area; /* NULL: all */
    uint32_t due_percent;     /* 0: 300 */
    uint32_t respond_percent; /* 0: 200 */
    bool wide;                /* names all it may, and nothing there is */
};

#define NAMES_MAX 100 /* topics, and areas, of a storm */

static enum status begin(struct rig *rig, struct scene_storm storm)
{
    char *topics[NAMES_MAX] = {(char *)(uintptr_t)storm.topic};
    char *areas[NAMES_MAX] = {(char *)(uintptr_t)storm.area};
    Intake__StormStarted started = INTAKE__STORM_STARTED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    const struct event event = {.open = &open.base};
    started.storm_number = storm.number;
    started.n_topics = storm.topic != NULL;
    started.topics = topics;
    started.n_areas = storm.area != NULL;
    started.areas = areas;
    if (storm.wide) {
        for (size_t i = 0; i < NAMES_MAX; i++) {
            topics[i] = areas[i] = (char *)(uintptr_t) "a-key-of-sixty-four-bytes-which-is-the-"
                                                       "most-that-a-key-may-have-";
        }
        started.n_topics = started.n_areas = NAMES_MAX;
    }
    started.ends_at_us = rig_now_us(rig) + 6 * HOUR_US;
    started.reason = (char *)(uintptr_t) "باد";
    started.due_percent = storm.due_percent == 0 ? 300 : storm.due_percent;
    started.respond_percent = storm.respond_percent == 0 ? 200 : storm.respond_percent;
    open.kind_case = INTAKE__EVENT__KIND_STORM_STARTED;
    open.storm_started = &started;
    return rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, NULL);
}

/* A second later every open task has been looked at. */
static void begin_and_settle(struct rig *rig, struct scene_storm storm)
{
    assert_int_equal(begin(rig, storm), STATUS_OK);
    rig_advance(rig, SECOND_US);
}

static int64_t add(struct rig *rig, int64_t from_us, int64_t amount_us)
{
    int64_t at_us;
    assert_int_equal(
        hours_add(city_hours(rig_city(rig), CIVIL_5), from_us, amount_us, NULL, &at_us, NULL),
        STATUS_OK);
    return at_us;
}

static unsigned count_of(struct rig *rig, Routing__Event__KindCase kind)
{
    unsigned count = 0;
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        count += scene_event(rig, offset)->kind_case == kind;
    }
    return count;
}

static unsigned moved_of(struct rig *rig)
{
    return count_of(rig, ROUTING__EVENT__KIND_TASK_DUE_MOVED);
}

static enum status pause(struct rig *rig, uint64_t task, int64_t until_us)
{
    Routing__PauseTaskRequest request = ROUTING__PAUSE_TASK_REQUEST__INIT;
    request.task_number = task;
    request.reason = ROUTING__PAUSE_REASON__PAUSE_REASON_CITIZEN;
    request.until_us = until_us;
    request.note = (char *)(uintptr_t) "a key";
    return scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "PauseTask", &request.base, NULL, NULL);
}

/* --- new requests --- */

static void a_request_of_a_storm_has_the_later_dates(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t now_us = rig_now_us(rig);
    assert_int_equal(begin(rig, (struct scene_storm){.number = 1}), STATUS_OK);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .storm = 1});
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->storm, 1);
    assert_int_equal(task->due_at_us, add(rig, now_us, 3 * WHOLE_US));
    assert_int_equal(task->respond_at_us, add(rig, now_us, 2 * RESPOND_US));
    assert_int_equal(task->warn_at_us, add(rig, now_us, 3 * WHOLE_US / 100 * 75));
    assert_int_equal(task->escalate_at_us, task->due_at_us); /* the first step: 100 percent */
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    assert_int_equal(scene_task(rig, 2)->storm, 0);
    assert_int_equal(scene_task(rig, 2)->due_at_us, add(rig, now_us, WHOLE_US));
    rig_free(rig);
}

static void what_is_urgent_is_as_tight_as_ever(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t now_us = rig_now_us(rig);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .urgent = true});
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    scene_register(rig,
                   (struct scene_request){.number = 2, .area = "5", .urgent = true, .storm = 1});
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    assert_int_equal(scene_task(rig, 1)->storm, 0);
    assert_int_equal(scene_task(rig, 2)->storm, 1);
    assert_int_equal(scene_task(rig, 2)->due_at_us, now_us + SECOND_US + 4 * HOUR_US);
    assert_int_equal(moved_of(rig), 0);
    rig_free(rig);
}

static void a_hundred_percent_changes_nothing(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    begin_and_settle(rig,
                     (struct scene_storm){.number = 1, .due_percent = 100, .respond_percent = 100});
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    assert_int_equal(moved_of(rig), 0);
    rig_free(rig);
}

static void the_first_response_is_never_later_than_the_due_date(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    assert_int_equal(
        begin(rig, (struct scene_storm){.number = 1, .due_percent = 100, .respond_percent = 1000}),
        STATUS_OK);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .storm = 1});
    assert_int_equal(scene_task(rig, 1)->respond_at_us, scene_task(rig, 1)->due_at_us);
    rig_free(rig);
}

/* An older program passed over what told of it. */
static void a_request_of_a_storm_never_heard_of_has_the_usual_dates(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t now_us = rig_now_us(rig);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .storm = 7});
    assert_int_equal(scene_task(rig, 1)->storm, 7);
    assert_int_equal(scene_task(rig, 1)->due_at_us, add(rig, now_us, WHOLE_US));
    rig_free(rig);
}

/* --- what was open --- */

static void what_was_open_in_its_scope_is_given_the_later_dates_and_its_office_is_told(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t made_us = rig_now_us(rig);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "3"});
    scene_register(rig, (struct scene_request){.number = 3, .area = "5", .topic = "garbage"});
    uint64_t told = scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, 0, 100)->next;
    rig_advance(rig, 30 * MINUTE_US);
    begin_and_settle(rig, (struct scene_storm){.number = 1, .topic = "asphalt", .area = "5"});
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->storm, 1);
    assert_int_equal(task->due_at_us, add(rig, made_us, 3 * WHOLE_US));
    assert_int_equal(task->respond_at_us, add(rig, made_us, 2 * RESPOND_US));
    assert_int_equal(task->warn_at_us, add(rig, made_us, 3 * WHOLE_US / 100 * 75));
    assert_int_equal(task->escalate_at_us, task->due_at_us);
    assert_int_equal(scene_task(rig, 2)->storm, 0);
    assert_int_equal(scene_task(rig, 3)->storm, 0);
    assert_int_equal(moved_of(rig), 1);
    const Routing__FollowTasksResponse *changes =
        scene_follow(rig, RPC_ROLE_OFFICE, CIVIL_5, told, 100);
    assert_int_equal(changes->n_changes, 1);
    assert_int_equal(changes->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_DUE_MOVED);
    assert_int_equal(changes->changes[0]->task->due_at_us, task->due_at_us);
    rig_free(rig);
}

static void what_runs_in_all_hours_is_moved_in_all_hours(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1, .topic = "lost-property"});
    const Routing__Task *task = scene_task(rig, 1);
    int64_t due_us = task->due_at_us;
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us + 2 * 24 * HOUR_US);
    rig_free(rig);
}

static void dates_that_have_come_stay_as_they_are(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    const Routing__Task *task = scene_task(rig, 1);
    int64_t respond_us = task->respond_at_us, warn_us = task->warn_at_us;
    rig_advance(rig, warn_us + MINUTE_US - rig_now_us(rig));
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    task = scene_task(rig, 1);
    assert_int_equal(task->respond_at_us, respond_us);
    assert_int_equal(task->warn_at_us, warn_us);
    assert_true(task->due_at_us > warn_us + WHOLE_US);
    int64_t due_us = task->due_at_us;
    rig_advance(rig, due_us + MINUTE_US - rig_now_us(rig));
    assert_true(scene_task(rig, 1)->overdue);
    begin_and_settle(rig, (struct scene_storm){.number = 2, .due_percent = 1000});
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    assert_int_equal(scene_task(rig, 1)->storm, 1);
    assert_int_equal(moved_of(rig), 1);
    rig_free(rig);
}

static void what_is_due_just_after_it_began_is_moved_before_it_is_overdue(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    rig_advance(rig, due_us - 1 - rig_now_us(rig));
    assert_int_equal(begin(rig, (struct scene_storm){.number = 1}), STATUS_OK);
    rig_restart(rig);
    rig_advance(rig, HOUR_US); /* both timers are late */
    assert_false(scene_task(rig, 1)->overdue);
    assert_true(scene_task(rig, 1)->due_at_us > due_us);
    assert_int_equal(count_of(rig, ROUTING__EVENT__KIND_TASK_OVERDUE), 0);
    rig_free(rig);
}

static void a_unit_that_waits_has_the_later_dates_when_the_waiting_is_over(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Routing__ResumeTaskRequest resume = ROUTING__RESUME_TASK_REQUEST__INIT;
    int64_t made_us = rig_now_us(rig);
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    assert_int_equal(pause(rig, 1, made_us + 30 * DAY_US), STATUS_OK);
    rig_advance(rig, due_us + DAY_US - made_us); /* it would have been due */
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    assert_int_equal(moved_of(rig), 1);
    int64_t go_us = rig_now_us(rig);
    resume.task_number = 1;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "ResumeTask", &resume.base, NULL, NULL),
        STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->due_at_us, add(rig, go_us, 3 * WHOLE_US));
    assert_false(scene_task(rig, 1)->overdue);
    rig_free(rig);
}

static void a_closure_and_a_storm_together_take_nothing_twice(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Routing__AnnounceClosureRequest closure = ROUTING__ANNOUNCE_CLOSURE_REQUEST__INIT;
    struct hours_gaps *gaps = calloc(1, sizeof(*gaps));
    int64_t made_us = rig_now_us(rig);
    int64_t due_us;
    scene_register_many(rig, 1);
    closure.from_us = made_us + 3 * DAY_US;
    closure.to_us = made_us + 4 * DAY_US;
    closure.reason = (char *)(uintptr_t) "برف";
    assert_int_equal(
        scene_call(rig, RPC_ROLE_ADMIN, "", "AnnounceClosure", &closure.base, NULL, NULL),
        STATUS_OK);
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    assert_int_equal(hours_gaps_add(gaps, closure.from_us, closure.to_us, NULL), STATUS_OK);
    assert_int_equal(
        hours_add(city_hours(rig_city(rig), CIVIL_5), made_us, 3 * WHOLE_US, gaps, &due_us, NULL),
        STATUS_OK);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    free(gaps);
    rig_free(rig);
}

static void what_is_over_is_left_alone(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    assert_int_equal(moved_of(rig), 0);
    rig_free(rig);
}

/* --- several --- */

static void a_level_is_loosened_once_and_the_looser_storm_counts(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t made_us = rig_now_us(rig);
    scene_register_many(rig, 1);
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    begin_and_settle(rig, (struct scene_storm){.number = 2});
    begin_and_settle(rig, (struct scene_storm){.number = 3, .due_percent = 200});
    assert_int_equal(scene_task(rig, 1)->due_at_us, add(rig, made_us, 3 * WHOLE_US));
    assert_int_equal(scene_task(rig, 1)->storm, 1);
    assert_int_equal(moved_of(rig), 1);
    begin_and_settle(rig, (struct scene_storm){.number = 4, .due_percent = 500});
    assert_int_equal(scene_task(rig, 1)->due_at_us, add(rig, made_us, 5 * WHOLE_US));
    assert_int_equal(scene_task(rig, 1)->storm, 4);
    rig_free(rig);
}

static void a_storm_that_is_heard_of_twice_moves_nothing_twice(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    uint64_t events = rig_event_count(rig);
    begin_and_settle(rig, (struct scene_storm){.number = 1});
    assert_int_equal(rig_event_count(rig), events);
    rig_free(rig);
}

static void many_are_moved_in_steps_and_after_a_restart_in_between(void **state)
{
    enum { TASKS = 2 * ROUTING_STORM_MOVED_MAX + 5 };
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, TASKS);
    assert_int_equal(begin(rig, (struct scene_storm){.number = 1}), STATUS_OK);
    rig_advance(rig, 1); /* one step */
    assert_int_equal(moved_of(rig), ROUTING_STORM_MOVED_MAX);
    rig_restart(rig);
    /* Made meanwhile, and not in its scope. */
    scene_register(rig, (struct scene_request){.number = TASKS + 1, .area = "5"});
    rig_advance(rig, SECOND_US);
    assert_int_equal(moved_of(rig), TASKS);
    assert_int_equal(scene_task(rig, TASKS + 1)->storm, 0);
    assert_int_equal(count_of(rig, ROUTING__EVENT__KIND_STORM_APPLIED), 3);
    uint64_t events = rig_event_count(rig);
    rig_advance(rig, HOUR_US);
    assert_int_equal(rig_event_count(rig), events);
    rig_free(rig);
}

/* Else it would be tried again for ever, and hold up all timers. */
static void storms_that_name_all_they_may_fill_no_timers_memory(void **state)
{
    enum { TASKS = 300 };
    (void)state;
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, TASKS);
    assert_int_equal(begin(rig, (struct scene_storm){.number = 1, .wide = true}), STATUS_OK);
    assert_int_equal(begin(rig, (struct scene_storm){.number = 2, .wide = true}), STATUS_OK);
    begin_and_settle(rig, (struct scene_storm){.number = 3});
    assert_int_equal(moved_of(rig), TASKS);
    rig_free(rig);
}

/* The first still has most to look at when the last of them comes. */
static void a_storm_is_not_forgotten_because_many_follow_it(void **state)
{
    enum { TASKS = 3 * ROUTING_STORM_TASKS_MAX, STORMS = 33 };
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t made_us = rig_now_us(rig);
    scene_register_many(rig, TASKS);
    for (uint64_t number = 1; number <= STORMS; number++) {
        const char *area = number == 1 ? "5" : "3";
        assert_int_equal(begin(rig, (struct scene_storm){.number = number, .area = area}),
                         STATUS_OK);
    }
    rig_advance(rig, 10 * SECOND_US);
    for (uint64_t number = 1; number <= TASKS; number++) {
        assert_int_equal(scene_task(rig, number)->due_at_us, add(rig, made_us, 3 * WHOLE_US));
    }
    rig_free(rig);
}

static void neither_time_is_loosened_twice_by_storms_of_different_kinds(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    int64_t made_us = rig_now_us(rig);
    scene_register_many(rig, 1);
    begin_and_settle(rig,
                     (struct scene_storm){.number = 1, .due_percent = 200, .respond_percent = 200});
    begin_and_settle(rig,
                     (struct scene_storm){.number = 2, .due_percent = 300, .respond_percent = 100});
    assert_int_equal(scene_task(rig, 1)->respond_at_us, add(rig, made_us, 2 * RESPOND_US));
    begin_and_settle(rig,
                     (struct scene_storm){.number = 3, .due_percent = 400, .respond_percent = 200});
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->due_at_us, add(rig, made_us, 4 * WHOLE_US));
    assert_int_equal(task->respond_at_us, add(rig, made_us, 2 * RESPOND_US));
    begin_and_settle(rig,
                     (struct scene_storm){.number = 4, .due_percent = 100, .respond_percent = 300});
    task = scene_task(rig, 1);
    assert_int_equal(task->due_at_us, add(rig, made_us, 4 * WHOLE_US));
    assert_int_equal(task->respond_at_us, add(rig, made_us, 3 * RESPOND_US));
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_of_a_storm_has_the_later_dates),
        cmocka_unit_test(what_is_urgent_is_as_tight_as_ever),
        cmocka_unit_test(a_hundred_percent_changes_nothing),
        cmocka_unit_test(the_first_response_is_never_later_than_the_due_date),
        cmocka_unit_test(a_request_of_a_storm_never_heard_of_has_the_usual_dates),
        cmocka_unit_test(
            what_was_open_in_its_scope_is_given_the_later_dates_and_its_office_is_told),
        cmocka_unit_test(what_runs_in_all_hours_is_moved_in_all_hours),
        cmocka_unit_test(dates_that_have_come_stay_as_they_are),
        cmocka_unit_test(what_is_due_just_after_it_began_is_moved_before_it_is_overdue),
        cmocka_unit_test(a_unit_that_waits_has_the_later_dates_when_the_waiting_is_over),
        cmocka_unit_test(a_closure_and_a_storm_together_take_nothing_twice),
        cmocka_unit_test(what_is_over_is_left_alone),
        cmocka_unit_test(a_level_is_loosened_once_and_the_looser_storm_counts),
        cmocka_unit_test(a_storm_that_is_heard_of_twice_moves_nothing_twice),
        cmocka_unit_test(many_are_moved_in_steps_and_after_a_restart_in_between),
        cmocka_unit_test(storms_that_name_all_they_may_fill_no_timers_memory),
        cmocka_unit_test(a_storm_is_not_forgotten_because_many_follow_it),
        cmocka_unit_test(neither_time_is_loosened_twice_by_storms_of_different_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

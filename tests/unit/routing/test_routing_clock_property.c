/*
 * A task's dates equal those of a clock that ticks every minute, for random histories: returns,
 * moves, pauses, limits that come, closures of the city, ends and reopenings, nights switched off.
 * `test_routing_clock_property SEED HISTORIES` does others, and more of them.
 */
#include "base/clock.h"
#include "tests/support/memory.h"
#include "tests/support/rig.h"
#include "tests/support/slow_clock.h"
#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TASKS 10
#define ACTS 70
#define CLOSURES_MAX 40
#define NEVER INT64_MAX
#define AHEAD_MINUTES (120 * 1440)

static uint64_t seed = 1405;
static int histories = TEST_SANITIZED ? 5 : 20;
static uint64_t drawn;

/* splitmix64 */
static uint64_t draw(uint64_t below)
{
    uint64_t z = (drawn += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % below;
}

/* --- the clock that ticks --- */

/* What is to come when so many minutes have counted. */
struct date {
    int64_t minutes; /* NEVER: not at all */
    int64_t at_us;   /* when that was reached; 0: not yet */
};

struct model {
    uint64_t number;
    char unit[72];
    bool works;      /* in working hours; else every minute counts */
    int64_t minutes; /* that have counted up to `at_us` */
    int64_t at_us;
    bool waits;
    int64_t limit_us; /* of the waiting */
    bool closed;
    bool responded;
    unsigned returns;
    uint32_t steps; /* of the ladder gone up */
    struct date respond, warn, due, step;
    int64_t whole; /* minutes until it is due */
};

static int history; /* the present one */
static struct slow_clock *slow;
static struct slow_gap closures[CLOSURES_MAX];
static size_t closure_count;
static struct model models[TASKS];

static bool counts(const struct model *model, int64_t us)
{
    if (!model->works) {
        return true;
    }
    for (size_t i = 0; i < closure_count; i++) {
        if (closures[i].from_us <= us && us < closures[i].to_us) {
            return false;
        }
    }
    return slow_clock_works(slow, model->unit, us);
}

static void reach(struct date *date, const struct model *model)
{
    if (date->at_us == 0 && date->minutes != NEVER && model->minutes >= date->minutes) {
        date->at_us = model->at_us;
    }
}

/* The ladders of Isfahan's pack, by the kind of the unit: in percent, 0 for no such step. */
static int64_t after_of(const struct model *model, uint32_t step)
{
    static const int64_t offices[] = {0, 50, 150};
    static const int64_t others[] = {0, 100};
    bool is_office = strstr(model->unit, "district-5-") == model->unit;
    if (step > (is_office ? 3u : 2u)) {
        return NEVER;
    }
    return model->whole * (is_office ? offices : others)[step - 1] / 100;
}

/* Goes up while it is open and time passes; the next step comes so much later than this one. */
static void climb(struct model *model)
{
    while (!model->closed && !model->waits && model->step.at_us != 0) {
        int64_t this_after = after_of(model, model->steps + 1);
        int64_t next_after = after_of(model, model->steps + 2);
        int64_t minutes = model->step.minutes;
        if (this_after == NEVER) {
            model->step = (struct date){.minutes = NEVER};
            return;
        }
        model->steps++;
        model->step = (struct date){.minutes = NEVER};
        if (next_after != NEVER) {
            model->step.minutes = minutes + (next_after > this_after ? next_after - this_after : 0);
            reach(&model->step, model);
        }
    }
}

static void tick(struct model *model)
{
    if (model->waits && model->at_us >= model->limit_us) {
        model->waits = false;
    }
    if (!model->waits && counts(model, model->at_us)) {
        model->minutes++;
    }
    model->at_us += MINUTE_US;
    reach(&model->warn, model);
    reach(&model->due, model);
    reach(&model->step, model);
    if (!model->responded) {
        reach(&model->respond, model);
    }
    climb(model);
}

static void tick_to(struct model *model, int64_t us)
{
    while (model->at_us < us) {
        tick(model);
    }
    if (model->waits && model->at_us >= model->limit_us) {
        model->waits = false;
    }
}

/* When it is reached if nothing happens any more. */
static int64_t ahead(const struct model *model, const struct date *date)
{
    struct model copy = *model;
    if (date->at_us != 0) {
        return date->at_us;
    }
    for (int i = 0; i < AHEAD_MINUTES && copy.minutes < date->minutes; i++) {
        if (counts(&copy, copy.at_us)) {
            copy.minutes++;
        }
        copy.at_us += MINUTE_US;
    }
    assert_true(copy.minutes >= date->minutes);
    return copy.at_us;
}

/* --- the comparison --- */

static void expect(struct rig *rig, const struct model *model, const char *what, int64_t got_us,
                   int64_t expected_us)
{
    const struct civil *civil = city_civil(rig_city(rig));
    char got[32], expected[32], now[32];
    if (got_us == expected_us) {
        return;
    }
    civil_format(civil, got_us, got);
    civil_format(civil, expected_us, expected);
    civil_format(civil, rig_now_us(rig), now);
    fail_msg("history %d, task %d of %s (%d minutes, %d steps): %s %s instead of %s; it is %s",
             history, (int)model->number, model->unit, (int)model->whole, (int)model->steps, what,
             got, expected, now);
}

static void compare(struct rig *rig, struct model *model)
{
    const Routing__Task *task = scene_task(rig, model->number);
    tick_to(model, rig_now_us(rig));
    assert_int_equal(task->state == ROUTING__TASK_STATE__TASK_STATE_WAITING, model->waits);
    assert_string_equal(task->unit, model->unit);
    if (model->waits || model->closed) {
        return; /* the dates move when it goes on */
    }
    expect(rig, model, "due", task->due_at_us, ahead(model, &model->due));
    assert_int_equal(task->overdue, model->due.at_us != 0);
    assert_int_equal(task->warned, model->warn.at_us != 0);
    assert_int_equal(task->response_overdue, model->respond.at_us != 0);
    if (!task->warned) {
        expect(rig, model, "warned", task->warn_at_us, ahead(model, &model->warn));
    }
    if (!model->responded) {
        expect(rig, model, "answered", task->respond_at_us, ahead(model, &model->respond));
    }
    assert_int_equal(task->responded_at_us != 0, model->responded);
    assert_int_equal(task->escalations, model->steps);
    if (model->step.minutes == NEVER) {
        assert_int_equal(task->escalate_at_us, 0);
    } else {
        expect(rig, model, "going up", task->escalate_at_us, ahead(model, &model->step));
    }
}

/* Each thing came once, when it should have. */
static void compare_events(struct rig *rig, const struct model *model, bool was_reopened)
{
    unsigned overdue = 0, warned = 0, response = 0, steps = 0;
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        const struct event *event = rig_event(rig, offset);
        const Routing__Event *open = (const Routing__Event *)event->open;
        if (open->kind_case == ROUTING__EVENT__KIND_TASK_OVERDUE &&
            open->task_overdue->task_number == model->number) {
            overdue++;
            assert_int_equal(event->occurred_at_us, model->due.at_us);
        }
        if (open->kind_case == ROUTING__EVENT__KIND_TASK_WARNED &&
            open->task_warned->task_number == model->number) {
            warned++;
            assert_true(was_reopened || event->occurred_at_us == model->warn.at_us);
        }
        if (open->kind_case == ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE &&
            open->task_response_overdue->task_number == model->number) {
            response++;
            assert_true(was_reopened || event->occurred_at_us == model->respond.at_us);
        }
        if (open->kind_case == ROUTING__EVENT__KIND_TASK_ESCALATED &&
            open->task_escalated->task_number == model->number) {
            steps++;
            assert_int_equal(open->task_escalated->step, steps);
        }
    }
    assert_true(overdue <= 1 && warned <= 1 && response <= 1);
    if (!model->closed && !model->waits) {
        assert_int_equal(overdue, model->due.at_us != 0);
        assert_int_equal(steps, model->steps);
    }
}

/* --- what happens --- */

static bool reopened[TASKS];

static bool act(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    return scene_call(rig, RPC_ROLE_ADMIN, "", method, request, NULL, NULL) == STATUS_OK;
}

static void responds(struct model *model)
{
    model->responded = true;
}

static void hand_over(struct rig *rig, struct model *model)
{
    /* All of the same hours: a date stays where it is when a task goes to a unit of other hours, which
     * no count of minutes shows. */
    static const char *const units[] = {"district-5-civil", "district-5-green-space",
                                        "deputy-civil", "parks-organisation", "taxi-organisation"};
    char *unit = (char *)(uintptr_t)units[draw(5)];
    bool is_return = draw(2) == 0 && model->returns < 2; /* then the coordinator gets it */
    Routing__ReturnTaskRequest returned = ROUTING__RETURN_TASK_REQUEST__INIT;
    returned.task_number = model->number;
    returned.to_unit = unit;
    returned.reason = (char *)(uintptr_t) "not ours";
    Routing__MoveTaskRequest moved = ROUTING__MOVE_TASK_REQUEST__INIT;
    moved.task_number = model->number;
    moved.to_unit = unit;
    moved.reason = (char *)(uintptr_t) "theirs";
    if (is_return ? act(rig, "ReturnTask", &returned.base) : act(rig, "MoveTask", &moved.base)) {
        snprintf(model->unit, sizeof(model->unit), "%s", unit);
        if (is_return) {
            model->returns++;
            responds(model);
        }
    }
}

static void wait_or_go_on(struct rig *rig, struct model *model)
{
    Routing__PauseTaskRequest pause = ROUTING__PAUSE_TASK_REQUEST__INIT;
    pause.task_number = model->number;
    pause.reason = ROUTING__PAUSE_REASON__PAUSE_REASON_CITIZEN;
    pause.until_us = rig_now_us(rig) + (int64_t)(1 + draw(6000)) * MINUTE_US;
    pause.note = (char *)(uintptr_t) "a key";
    Routing__ResumeTaskRequest resume = ROUTING__RESUME_TASK_REQUEST__INIT;
    resume.task_number = model->number;
    if (model->waits) {
        assert_true(act(rig, "ResumeTask", &resume.base));
        model->waits = false;
    } else if (act(rig, "PauseTask", &pause.base)) {
        model->waits = true;
        model->limit_us = pause.until_us;
        responds(model);
    }
}

static void end_or_reopen(struct rig *rig, struct model *model)
{
    Routing__FinishTaskRequest finish = ROUTING__FINISH_TASK_REQUEST__INIT;
    finish.task_number = model->number;
    Routing__ReopenTaskRequest reopen = ROUTING__REOPEN_TASK_REQUEST__INIT;
    reopen.task_number = model->number;
    reopen.reason = ROUTING__REOPEN_REASON__REOPEN_REASON_OTHER;
    reopen.note = (char *)(uintptr_t) "again";
    if (model->closed) {
        assert_true(act(rig, "ReopenTask", &reopen.base));
        model->closed = false;
        reopened[model->number - 1] = true;
        rig_advance(rig, 0); /* what is due at once */
        climb(model);
    } else if (act(rig, "FinishTask", &finish.base)) {
        model->closed = true;
        model->waits = false;
        responds(model);
    }
}

static void close_the_city(struct rig *rig)
{
    Routing__AnnounceClosureRequest request = ROUTING__ANNOUNCE_CLOSURE_REQUEST__INIT;
    if (closure_count == CLOSURES_MAX) {
        return;
    }
    int64_t now_us = rig_now_us(rig);
    request.from_us = now_us + ((int64_t)draw(4000) - 600) * MINUTE_US;
    request.to_us = request.from_us + (int64_t)(1 + draw(3000)) * MINUTE_US;
    request.reason = (char *)(uintptr_t) "snow";
    if (act(rig, "AnnounceClosure", &request.base)) {
        closures[closure_count++] =
            (struct slow_gap){request.from_us > now_us ? request.from_us : now_us, request.to_us};
        rig_advance(rig, 0);
    }
}

static void happen(struct rig *rig)
{
    struct model *model = &models[draw(TASKS)];
    for (size_t i = 0; i < TASKS; i++) {
        tick_to(&models[i], rig_now_us(rig));
    }
    switch (draw(9)) {
    case 0:
    case 1: hand_over(rig, model); break;
    case 2:
    case 3:
    case 4: wait_or_go_on(rig, model); break;
    case 5: end_or_reopen(rig, model); break;
    case 6: close_the_city(rig); break;
    default:
        if (scene_report(rig, model->number, "on the way", NULL) == STATUS_OK) {
            responds(model);
        }
        break;
    }
    compare(rig, model);
}

static void begin(struct rig *rig, size_t i)
{
    static const struct {
        const char *topic;
        int64_t hours, respond, warn;
        bool urgent, works;
    } kinds[] = {
        {"playground", 15, 7, 75, false, true},
        {"asphalt", 42, 7, 75, false, true},
        {"asphalt", 4, 4, 75, true, false},
        {"accessibility", 90, 15, 80, false, true},
    };
    size_t kind = draw(4);
    struct model *model = &models[i];
    scene_register(rig, (struct scene_request){.number = i + 1,
                                               .topic = kinds[kind].topic,
                                               .area = "5",
                                               .urgent = kinds[kind].urgent});
    *model = (struct model){.number = i + 1,
                            .works = kinds[kind].works,
                            .at_us = rig_now_us(rig),
                            .whole = kinds[kind].hours * 60};
    snprintf(model->unit, sizeof(model->unit), "%s", scene_task(rig, i + 1)->unit);
    model->respond.minutes = kinds[kind].respond * 60;
    model->warn.minutes = model->whole * kinds[kind].warn / 100;
    model->due.minutes = model->whole;
    model->step.minutes = model->whole + after_of(model, 1);
    compare(rig, model);
}

static void live(void)
{
    struct rig *rig = scene_new_clocked();
    size_t begun = 0;
    drawn = seed + (uint64_t)history;
    closure_count = 0;
    memset(reopened, 0, sizeof(reopened));
    slow = slow_clock_new(VAFA_SOURCE_DIR "/deploy/cities/isfahan", city_civil(rig_city(rig)));
    for (; begun < TASKS; begun++) {
        rig_advance(rig, (int64_t)draw(900) * MINUTE_US);
        begin(rig, begun);
    }
    for (int i = 0; i < ACTS; i++) {
        rig_advance(rig, (int64_t)draw(draw(4) == 0 ? 4000 : 400) * MINUTE_US);
        happen(rig);
        if (draw(20) == 0) {
            rig_restart(rig);
        }
    }
    rig_advance(rig, 10 * DAY_US);
    for (size_t i = 0; i < TASKS; i++) {
        compare(rig, &models[i]);
        compare_events(rig, &models[i], reopened[i]);
    }
    slow_clock_free(slow);
    rig_free(rig);
}

static void dates_equal_those_of_a_clock_that_ticks_every_minute(void **state)
{
    (void)state;
    for (history = 0; history < histories; history++) {
        live();
    }
    print_message("%d histories of %d tasks, seed %llu\n", histories, TASKS,
                  (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        seed = strtoull(argv[1], NULL, 10);
    }
    if (argc > 2) {
        histories = atoi(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_equal_those_of_a_clock_that_ticks_every_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/routing/scene_urgent.h"
#include "tests/support/text.h"

#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define WATCH "کشیک" /* the pack's urgent desk */
#define NORMAL COMMON__URGENCY__URGENCY_NORMAL
#define URGENT COMMON__URGENCY__URGENCY_URGENT

struct rig *scene_watched(void)
{
    struct rig *rig = scene_new_clocked();
    scene_register_many(rig, 1);
    scene_watch(rig);
    rig_advance(rig, MINUTE_US);
    return rig;
}

struct rig *scene_watched_history(Common__Urgency urgency)
{
    struct rig *rig = scene_new_clocked();
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .unit = CIVIL_5,
                                               .historical = true,
                                               .urgent = urgency == URGENT,
                                               .at_us = DAY_US});
    scene_watch(rig);
    rig_advance(rig, MINUTE_US);
    return rig;
}

void scene_watch(struct rig *rig)
{
    struct rpc_caller caller = {.role = RPC_ROLE_OFFICE, .unit = CIVIL_5};
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    snprintf(caller.name, sizeof(caller.name), "%s", WATCH);
    request.unit = text(CIVIL_5);
    request.desk = text(WATCH);
    assert_int_equal(rig_call_as(rig, &caller, "ClaimTasks", &request.base, NULL, NULL), STATUS_OK);
}

void scene_expect_urgent(struct rig *rig, int64_t since_us)
{
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->urgency, URGENT);
    assert_non_null(task->alarm);
    assert_int_equal(task->alarm->since_us, since_us);
    assert_int_equal(task->alarm->acknowledge_by_us, since_us + SCENE_ACK_US);
    assert_string_equal(task->desk, WATCH);
    assert_int_equal(task->clock, ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
}

void scene_expect_calm(struct rig *rig)
{
    assert_int_equal(scene_task(rig, 1)->urgency, NORMAL);
    assert_null(scene_task(rig, 1)->alarm);
}

void scene_expect_told(struct rig *rig, int64_t since_us)
{
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->urgency, URGENT);
    assert_non_null(task->alarm);
    assert_int_equal(task->alarm->since_us, since_us);
    assert_int_equal(task->alarm->acknowledge_by_us, since_us + SCENE_ACK_US);
    assert_string_equal(task->desk, WATCH);
    assert_int_equal(task->due_at_us, 0); /* its own: none */
    rig_advance(rig, SCENE_ACK_US + MINUTE_US);
    assert_int_equal(scene_task(rig, 1)->alarm->steps, 1);
    assert_int_equal(scene_report(rig, 1, "on the way", NULL), STATUS_OK);
    assert_true(scene_task(rig, 1)->alarm->acknowledged_at_us != 0);
    uint64_t count = rig_event_count(rig);
    rig_advance(rig, DAY_US);
    assert_int_equal(rig_event_count(rig), count);
}

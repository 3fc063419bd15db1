/* Where the rules send what they can tell apart by answers, place and time: when it is registered, and
 * again when it is amended. Every test ends with a rebuild that must equal (rig_free). */
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"

#include "services/routing/routing.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PACK VAFA_SOURCE_DIR "/tests/fuzz/small_pack"
/* 1404-09-03 in Tehran. */
#define MIDNIGHT_US (INT64_C(1763929800) * SECOND_US)
#define NOON_US (MIDNIGHT_US + 12 * HOUR_US)

/* What a request says; zero what it does not. */
struct said {
    const char *topic, *area, *neighbourhood, *question, *value;
    double latitude, longitude;
    const char *unit; /* a history's own */
    int64_t at_us;
    bool historical, urgent;
};

/* The parts of an event that borrow from it. */
struct parts {
    Common__Place place;
    Common__GeoPoint point;
    Common__Answer answer;
    Common__Answer *answers[1];
    char *values[1];
};

static void fill(const struct said *said, struct parts *parts)
{
    common__place__init(&parts->place);
    common__geo_point__init(&parts->point);
    common__answer__init(&parts->answer);
    parts->place.area = text(said->area == NULL ? "" : said->area);
    parts->place.neighbourhood = text(said->neighbourhood == NULL ? "" : said->neighbourhood);
    parts->point.latitude = said->latitude;
    parts->point.longitude = said->longitude;
    parts->place.point = said->latitude > 0 ? &parts->point : NULL;
    parts->answer.question = text(said->question);
    parts->values[0] = text(said->value);
    parts->answer.values = parts->values;
    parts->answer.n_values = 1;
    parts->answers[0] = &parts->answer;
}

static void feed(struct rig *rig, Intake__Event *open, const struct said *said)
{
    const struct event event = {.occurred_at_us = said->at_us,
                                .historical = said->historical,
                                .actor = "operator",
                                .open = &open->base};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static void register_said(struct rig *rig, uint64_t number, struct said said)
{
    struct parts parts;
    char code[16];
    Intake__RequestRegistered registered = INTAKE__REQUEST_REGISTERED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    fill(&said, &parts);
    (void)snprintf(code, sizeof(code), "%010llu", (unsigned long long)number);
    registered.number = number;
    registered.code = code;
    registered.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    registered.topic = text(said.topic);
    registered.topic_listed = true;
    registered.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    registered.place = &parts.place;
    registered.n_answers = said.question != NULL;
    registered.answers = parts.answers;
    registered.unit = text(said.unit == NULL ? "" : said.unit);
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    feed(rig, &open, &said);
}

static void amend_said(struct rig *rig, uint64_t number, uint32_t amendments, struct said said)
{
    struct parts parts;
    Intake__RequestAmended amended = INTAKE__REQUEST_AMENDED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    fill(&said, &parts);
    amended.number = number;
    amended.amendments = amendments;
    amended.topic = text(said.topic);
    amended.urgency =
        said.urgent ? COMMON__URGENCY__URGENCY_URGENT : COMMON__URGENCY__URGENCY_NORMAL;
    amended.place = &parts.place;
    amended.n_answers = said.question != NULL;
    amended.answers = parts.answers;
    amended.reason = text("the caller said more");
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_AMENDED;
    open.request_amended = &amended;
    feed(rig, &open, &said);
}

static struct rig *new_rig(void)
{
    return rig_new_in(&routing_service, PACK);
}

static void expect_unit(struct rig *rig, uint64_t task, const char *unit)
{
    assert_string_equal(scene_task(rig, task)->unit, unit);
}

/* --- registered --- */

static void an_answer_decides_the_unit(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    register_said(rig, 1, (struct said){.topic = "bus-headway", .question = "line", .value = "۱۲"});
    register_said(rig, 2, (struct said){.topic = "bus-headway", .question = "line", .value = "13"});
    register_said(rig, 3, (struct said){.topic = "bus-headway"});
    expect_unit(rig, 1, "centre");
    expect_unit(rig, 2, "bus");
    expect_unit(rig, 3, "bus");
    rig_free(rig);
}

static void the_moment_of_registration_decides_however_late_it_is_heard_of(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    struct said said = {.topic = "bus-headway", .question = "waited", .value = "7.5"};
    said.at_us = MIDNIGHT_US;
    register_said(rig, 1, said);
    said.at_us = NOON_US;
    register_said(rig, 2, said);
    expect_unit(rig, 1, "district-1");
    expect_unit(rig, 2, "bus");
    rig_free(rig);
}

static void neighbourhood_and_zone_decide_the_unit(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    struct said said = {.topic = "asphalt", .area = "1", .at_us = MIDNIGHT_US};
    register_said(rig, 1, said);
    said.neighbourhood = "ملك‌شهر";
    register_said(rig, 2, said);
    said.neighbourhood = NULL;
    said.latitude = 32.63;
    said.longitude = 51.63;
    register_said(rig, 3, said);
    said.latitude = 32.615; /* the zone's hole */
    said.longitude = 51.615;
    register_said(rig, 4, said);
    expect_unit(rig, 1, "district-1-civil");
    expect_unit(rig, 2, "district-1");
    expect_unit(rig, 3, "district-2");
    expect_unit(rig, 4, "district-1-civil");
    rig_free(rig);
}

/* --- amended --- */

static void amended_answers_and_place_are_asked_about_again(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    register_said(rig, 1, (struct said){.topic = "bus-headway"});
    register_said(rig, 2, (struct said){.topic = "asphalt", .area = "1", .at_us = MIDNIGHT_US});
    amend_said(rig, 1, 1, (struct said){.topic = "bus-headway", .question = "line", .value = "12"});
    expect_unit(rig, 1, "centre");
    assert_int_equal(scene_event(rig, rig_event_count(rig))->kind_case,
                     ROUTING__EVENT__KIND_TASK_MOVED);
    amend_said(rig, 1, 2, (struct said){.topic = "bus-headway"});
    expect_unit(rig, 1, "bus");
    amend_said(rig, 2, 1,
               (struct said){.topic = "asphalt", .area = "1", .neighbourhood = "ملکشهر"});
    expect_unit(rig, 2, "district-1");
    /* The hour is that of the registration, not of the amendment. */
    amend_said(rig, 2, 2,
               (struct said){.topic = "asphalt",
                             .area = "1",
                             .latitude = 32.63,
                             .longitude = 51.63,
                             .at_us = NOON_US});
    expect_unit(rig, 2, "district-2");
    rig_free(rig);
}

static void an_amendment_that_the_rules_do_not_look_at_moves_nothing(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    register_said(rig, 1, (struct said){.topic = "bus-headway"});
    amend_said(rig, 1, 1, (struct said){.topic = "bus-headway", .question = "line", .value = "13"});
    expect_unit(rig, 1, "bus");
    assert_int_equal(rig_event_count(rig), 2); /* routed, amended */
    rig_free(rig);
}

/* --- helping units --- */

static const struct said unfenced = {.topic = "collapse",
                                     .area = "1",
                                     .question = "fenced",
                                     .value = "no",
                                     .latitude = 32.63,
                                     .longitude = 51.63};

static void helping_units_of_the_rule_are_asked_at_once(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    register_said(rig, 1, unfenced);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->unit, "centre");
    assert_int_equal(task->n_helps, 2);
    assert_string_equal(task->helps[0]->unit, "district-1");
    assert_string_equal(task->helps[1]->unit, "bus");
    assert_string_equal(task->helps[1]->note, "راه را ببندید");
    assert_int_equal(task->responded_at_us, 0); /* no person has done anything */
    const Routing__FollowTasksResponse *response = scene_follow(rig, RPC_ROLE_OFFICE, "bus", 0, 10);
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->changes[0]->kind, ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_ASKED);
    assert_string_equal(response->changes[0]->task->topic, "collapse");
    /* The lead closes last. */
    assert_int_equal(scene_finish(rig, 1, "done", NULL), STATUS_FAILED_PRECONDITION);
    rig_free(rig);
}

static void a_history_wakes_no_helping_unit(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    struct said said = unfenced;
    said.historical = true;
    said.at_us = MIDNIGHT_US;
    register_said(rig, 1, said);
    said.unit = "bus";
    register_said(rig, 2, said);
    expect_unit(rig, 1, "centre");
    expect_unit(rig, 2, "bus");
    assert_int_equal(scene_task(rig, 1)->n_helps, 0);
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

static size_t open_helps(struct rig *rig, uint64_t number)
{
    const Routing__Task *task = scene_task(rig, number);
    size_t count = 0;
    for (size_t i = 0; i < task->n_helps; i++) {
        count += task->helps[i]->ended_at_us == 0;
    }
    return count;
}

/* Else the lead could not close it until units had ended what is not to be done. */
static void what_a_rule_asks_no_more_it_withdraws(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    struct said fenced = unfenced;
    fenced.question = NULL;
    register_said(rig, 1, unfenced);
    assert_int_equal(open_helps(rig, 1), 2);
    amend_said(rig, 1, 1, fenced);
    expect_unit(rig, 1, "district-1-civil");
    assert_int_equal(open_helps(rig, 1), 0);
    assert_true(scene_task(rig, 1)->helps[0]->withdrawn_by_rule);
    const Routing__FollowTasksResponse *told = scene_follow(rig, RPC_ROLE_OFFICE, "bus", 0, 10);
    assert_int_equal(told->changes[told->n_changes - 1]->kind,
                     ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_FINISHED);
    assert_int_equal(scene_finish(rig, 1, "done", NULL), STATUS_OK);
    rig_free(rig);
}

static void what_has_been_taken_on_keeps_its_unit_and_loses_the_rules_helpers(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    struct said fenced = unfenced;
    fenced.question = NULL;
    register_said(rig, 1, unfenced);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    amend_said(rig, 1, 1, fenced);
    expect_unit(rig, 1, "centre");
    assert_int_equal(open_helps(rig, 1), 0);
    rig_free(rig);
}

static void what_a_person_asked_no_rule_withdraws(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    Routing__AskHelpRequest request = ROUTING__ASK_HELP_REQUEST__INIT;
    struct said fenced = unfenced;
    fenced.question = NULL;
    register_said(rig, 1, fenced);
    request.task_number = 1;
    request.unit = text("bus");
    request.note = text("stop the buses");
    assert_int_equal(scene_call(rig, RPC_ROLE_ADMIN, "", "AskHelp", &request.base, NULL, NULL),
                     STATUS_OK);
    amend_said(rig, 1, 1, unfenced);
    amend_said(rig, 1, 2, fenced);
    assert_int_equal(open_helps(rig, 1), 1);
    assert_string_equal(scene_task(rig, 1)->helps[0]->unit, "bus");
    assert_false(scene_task(rig, 1)->helps[0]->withdrawn);
    rig_free(rig);
}

static void what_was_cancelled_and_comes_back_asks_them_again(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    Routing__CancelTaskRequest request = ROUTING__CANCEL_TASK_REQUEST__INIT;
    struct said urgent = unfenced;
    urgent.urgent = true;
    register_said(rig, 1, unfenced);
    size_t asked = open_helps(rig, 1);
    assert_true(asked > 0);
    request.task_number = 1;
    request.reason = text("nobody wants it");
    assert_int_equal(scene_call(rig, RPC_ROLE_ADMIN, "", "CancelTask", &request.base, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(open_helps(rig, 1), 0);
    amend_said(rig, 1, 1, urgent);
    assert_int_equal(scene_task(rig, 1)->state, ROUTING__TASK_STATE__TASK_STATE_ROUTED);
    assert_int_equal(open_helps(rig, 1), asked);
    rig_free(rig);
}

static void an_amendment_asks_helping_units_once(void **state)
{
    (void)state;
    struct rig *rig = new_rig();
    struct said said = unfenced;
    said.question = NULL;
    register_said(rig, 1, said);
    expect_unit(rig, 1, "district-1-civil");
    amend_said(rig, 1, 1, unfenced);
    expect_unit(rig, 1, "centre");
    assert_int_equal(scene_task(rig, 1)->n_helps, 2);
    amend_said(rig, 1, 2, unfenced);
    assert_int_equal(scene_task(rig, 1)->n_helps, 2);
    amend_said(rig, 1, 3, said);
    amend_said(rig, 1, 4, unfenced);
    expect_unit(rig, 1, "centre");
    assert_int_equal(open_helps(rig, 1), 2);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_decides_the_unit),
        cmocka_unit_test(the_moment_of_registration_decides_however_late_it_is_heard_of),
        cmocka_unit_test(neighbourhood_and_zone_decide_the_unit),
        cmocka_unit_test(amended_answers_and_place_are_asked_about_again),
        cmocka_unit_test(an_amendment_that_the_rules_do_not_look_at_moves_nothing),
        cmocka_unit_test(helping_units_of_the_rule_are_asked_at_once),
        cmocka_unit_test(a_history_wakes_no_helping_unit),
        cmocka_unit_test(what_a_rule_asks_no_more_it_withdraws),
        cmocka_unit_test(what_has_been_taken_on_keeps_its_unit_and_loses_the_rules_helpers),
        cmocka_unit_test(what_a_person_asked_no_rule_withdraws),
        cmocka_unit_test(what_was_cancelled_and_comes_back_asks_them_again),
        cmocka_unit_test(an_amendment_asks_helping_units_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Storms: who begins and ends them, what is taken in short form, and what they leave. */
#include "intake_desk.h"

#include "services/intake/intake_storms.h"

#include "base/clock.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name
#define ADMIN RPC_ROLE_ADMIN

static char *asphalt[] = {"asphalt"};
static char *lost[] = {"lost-property"};
static char *five[] = {"5"};

/* --- what is asked --- */

static Intake__StartStormRequest a_storm(uint32_t hours)
{
    Intake__StartStormRequest request = INTAKE__START_STORM_REQUEST__INIT;
    request.hours = hours;
    request.reason = "باد شدید";
    return request;
}

static const ProtobufCMessage *must(struct rig *rig, enum rpc_role role, const char *method,
                                    ProtobufCMessage *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, role, method, request, &response, &err) != STATUS_OK) {
        fail_msg("%s: field \"%s\": %s", method, err.field, err.message);
    }
    return response;
}

static const Intake__Storm *begin(struct rig *rig, Intake__StartStormRequest *request)
{
    return ((const Intake__StartStormResponse *)must(rig, ADMIN, "StartStorm", &request->base))
        ->storm;
}

/* Of everything, for so many hours. */
static const Intake__Storm *begin_for(struct rig *rig, uint32_t hours)
{
    Intake__StartStormRequest request = a_storm(hours);
    return begin(rig, &request);
}

static const Intake__ListStormsResponse *list(struct rig *rig, uint32_t page_size, uint64_t token)
{
    Intake__ListStormsRequest request = INTAKE__LIST_STORMS_REQUEST__INIT;
    request.page_size = page_size;
    request.page_token = token;
    return (const void *)must(rig, RPC_ROLE_FRONT_END, "ListStorms", &request.base);
}

static const Intake__Storm *storm(struct rig *rig, uint64_t number)
{
    const Intake__ListStormsResponse *page = list(rig, 1, number + 1);
    assert_int_equal(page->n_storms, 1);
    assert_int_equal(page->storms[0]->storm_number, number);
    return page->storms[0];
}

static const Intake__ListStormLeftResponse *left(struct rig *rig, uint64_t number,
                                                 uint32_t page_size, uint64_t token)
{
    Intake__ListStormLeftRequest request = INTAKE__LIST_STORM_LEFT_REQUEST__INIT;
    request.storm_number = number;
    request.page_size = page_size;
    request.page_token = token;
    return (const void *)must(rig, RPC_ROLE_FRONT_END, "ListStormLeft", &request.base);
}

/* About lost property, which must say what was lost, unless a storm runs. */
static Intake__RegisterCaseRequest something_lost(void)
{
    Intake__RegisterCaseRequest request = desk_request();
    request.topic = "lost-property";
    return request;
}

static const Intake__Case *register_in(struct rig *rig, const char *topic, const char *area)
{
    Intake__RegisterCaseRequest request = desk_request();
    Common__Place place = COMMON__PLACE__INIT;
    request.topic = (char *)(uintptr_t)topic;
    place.area = (char *)(uintptr_t)area;
    request.place = &place;
    return desk_get(rig, desk_register(rig, &request)->code)->case_data;
}

static const struct event *last_event(struct rig *rig)
{
    return rig_event(rig, rig_event_count(rig));
}

static const Intake__Event *last_open(struct rig *rig)
{
    return (const void *)last_event(rig)->open;
}

static enum status end(struct rig *rig, uint64_t number, char *reason)
{
    Intake__EndStormRequest request = INTAKE__END_STORM_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.storm_number = number;
    request.reason = reason;
    return rig_call(rig, ADMIN, "EndStorm", &request.base, &response, NULL);
}

/* --- beginning and ending --- */

static void tells_a_storm_as_it_begins_with_what_the_pack_allows(void **state)
{
    struct rig *rig = desk_open();
    Intake__StartStormRequest request = a_storm(6);
    (void)state;
    request.n_topics = 1;
    request.topics = asphalt;
    request.n_areas = 1;
    request.areas = five;
    const Intake__Storm *told = begin(rig, &request);
    assert_int_equal(told->storm_number, 1);
    assert_string_equal(told->topics[0], "asphalt");
    assert_string_equal(told->areas[0], "5");
    assert_int_equal(told->started_at_us, rig_now_us(rig));
    assert_int_equal(told->ends_at_us, rig_now_us(rig) + 6 * HOUR_US);
    assert_int_equal(told->due_percent, 300);
    assert_int_equal(told->respond_percent, 200);
    assert_int_equal(told->ended_at_us, 0);
    const Intake__Storm *kept = storm(rig, 1);
    assert_string_equal(kept->reason, "باد شدید");
    assert_string_equal(kept->started_by, told->started_by);
    assert_int_equal(kept->started_at_us, told->started_at_us);
    assert_int_equal(last_open(rig)->kind_case, INTAKE__EVENT__KIND_STORM_STARTED);
    rig_free(rig);
}

static void remembers_the_surge_that_proposed_it(void **state)
{
    struct rig *rig = desk_open();
    Intake__StartStormRequest request = a_storm(6);
    (void)state;
    request.surge = 7;
    assert_int_equal(begin(rig, &request)->surge, 7);
    assert_int_equal(last_open(rig)->storm_started->surge, 7);
    assert_int_equal(begin_for(rig, 6)->surge, 0);
    rig_restart(rig);
    assert_int_equal(storm(rig, 1)->surge, 7);
    assert_int_equal(storm(rig, 2)->surge, 0);
    rig_free(rig);
}

static void begins_once_when_the_same_key_is_sent_twice(void **state)
{
    struct rig *rig = desk_open();
    uint8_t key[16];
    Intake__StartStormRequest request = a_storm(6);
    (void)state;
    request.idempotency_key = desk_key(rig, key);
    (void)begin(rig, &request);
    rig_advance(rig, HOUR_US);
    assert_int_equal(begin(rig, &request)->ends_at_us, rig_now_us(rig) + 5 * HOUR_US);
    assert_int_equal(rig_event_count(rig), 1);
    assert_int_equal(list(rig, 0, 0)->n_storms, 1);
    rig_free(rig);
}

static void ends_by_itself_at_its_time_after_a_night_switched_off(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    int64_t ends_us = begin_for(rig, 2)->ends_at_us;
    rig_restart(rig);
    rig_advance(rig, 14 * HOUR_US);
    const Intake__Storm *over = storm(rig, 1);
    assert_true(over->by_itself);
    assert_int_equal(over->ended_at_us, ends_us);
    assert_int_equal(rig_event_count(rig), 2);
    assert_int_equal(last_event(rig)->occurred_at_us, ends_us);
    rig_advance(rig, 30 * DAY_US);
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

static void does_not_last_longer_when_the_clock_jumps_back(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    int64_t ends_us = begin_for(rig, 4)->ends_at_us;
    rig_advance(rig, 3 * HOUR_US);
    assert_int_equal(register_in(rig, "asphalt", "5")->storm, 1);
    rig_advance(rig, -2 * HOUR_US); /* what is recorded never goes back */
    assert_int_equal(register_in(rig, "asphalt", "5")->storm, 1);
    assert_int_equal(storm(rig, 1)->ends_at_us, ends_us);
    assert_int_equal(storm(rig, 1)->ended_at_us, 0);
    rig_advance(rig, 3 * HOUR_US);
    assert_int_equal(storm(rig, 1)->ended_at_us, ends_us);
    assert_int_equal(register_in(rig, "asphalt", "5")->storm, 0);
    rig_free(rig);
}

static void ends_before_its_time_when_somebody_says_so(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)begin_for(rig, 6);
    rig_advance(rig, HOUR_US);
    assert_int_equal(end(rig, 1, "باد آرام شد"), STATUS_OK);
    const Intake__Storm *over = storm(rig, 1);
    assert_int_equal(over->ended_at_us, rig_now_us(rig));
    assert_false(over->by_itself);
    assert_string_equal(over->end_reason, "باد آرام شد");
    assert_int_equal(end(rig, 1, ""), STATUS_FAILED_PRECONDITION);
    uint64_t events = rig_event_count(rig);
    rig_advance(rig, DAY_US);
    assert_int_equal(rig_event_count(rig), events);
    rig_free(rig);
}

static void is_lengthened_from_its_end_and_by_a_week_from_now_at_most(void **state)
{
    struct rig *rig = desk_open();
    Intake__LengthenStormRequest request = INTAKE__LENGTHEN_STORM_REQUEST__INIT;
    (void)state;
    int64_t ends_us = begin_for(rig, 6)->ends_at_us;
    request.storm_number = 1;
    request.hours = 12;
    rig_advance(rig, 5 * HOUR_US);
    const Intake__LengthenStormResponse *response =
        (const void *)must(rig, ADMIN, "LengthenStorm", &request.base);
    assert_int_equal(response->storm->ends_at_us, ends_us + 12 * HOUR_US);
    rig_advance(rig, 2 * HOUR_US);
    assert_int_equal(storm(rig, 1)->ended_at_us, 0);
    request.hours = 168;
    request.idempotency_key = (ProtobufCBinaryData){0};
    desk_refuses(rig, ADMIN, "LengthenStorm", &request.base, STATUS_INVALID_ARGUMENT, "hours");
    rig_advance(rig, 11 * HOUR_US);
    assert_int_equal(storm(rig, 1)->ended_at_us, ends_us + 12 * HOUR_US);
    request.hours = 1;
    desk_refuses(rig, ADMIN, "LengthenStorm", &request.base, STATUS_FAILED_PRECONDITION,
                 "storm_number");
    rig_free(rig);
}

static void refuses_what_cannot_be_a_storm_and_names_the_field(void **state)
{
    struct rig *rig = desk_open();
    static char *unknown[] = {"asphalt", "volcano"};
    static char *nowhere[] = {"99"};
    static char *twice[] = {"asphalt", "asphalt"};
    static char *many[INTAKE_STORM_KEYS_MAX + 1];
    Intake__StartStormRequest request = a_storm(6);
    Intake__EndStormRequest ending = INTAKE__END_STORM_REQUEST__INIT;
    char *words = desk_repeat("ب", INTAKE_STORM_REASON_MAX + 1);
    (void)state;
    for (size_t i = 0; i <= INTAKE_STORM_KEYS_MAX; i++) {
        many[i] = "asphalt";
    }
#define REFUSES(status, field) desk_refuses(rig, ADMIN, "StartStorm", &request.base, status, field)
    request.n_topics = 2;
    request.topics = unknown;
    REFUSES(STATUS_NOT_FOUND, "topics");
    request.topics = twice;
    REFUSES(STATUS_INVALID_ARGUMENT, "topics");
    request.n_topics = INTAKE_STORM_KEYS_MAX + 1;
    request.topics = many;
    REFUSES(STATUS_INVALID_ARGUMENT, "topics");
    request.n_topics = 0;
    request.n_areas = 1;
    request.areas = nowhere;
    REFUSES(STATUS_NOT_FOUND, "areas");
    request.n_areas = 0;
    request.hours = 0;
    REFUSES(STATUS_INVALID_ARGUMENT, "hours");
    request.hours = INTAKE_STORM_HOURS_MAX + 1;
    REFUSES(STATUS_INVALID_ARGUMENT, "hours");
    request.hours = 1;
    request.reason = "";
    REFUSES(STATUS_INVALID_ARGUMENT, "reason");
    request.reason = words;
    REFUSES(STATUS_INVALID_ARGUMENT, "reason");
    request.reason = "باد";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "StartStorm", &request.base, STATUS_PERMISSION_DENIED,
                 "");
    ending.storm_number = 1;
    desk_refuses(rig, ADMIN, "EndStorm", &ending.base, STATUS_NOT_FOUND, "storm_number");
    (void)begin_for(rig, 1);
    ending.reason = words;
    desk_refuses(rig, ADMIN, "EndStorm", &ending.base, STATUS_INVALID_ARGUMENT, "reason");
#undef REFUSES
    free(words);
    rig_free(rig);
}

static void runs_so_many_at_a_time_and_no_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__StartStormRequest request = a_storm(6);
    (void)state;
    for (size_t i = 0; i < INTAKE_STORMS_RUNNING_MAX; i++) {
        (void)begin_for(rig, 6);
    }
    desk_refuses(rig, ADMIN, "StartStorm", &request.base, STATUS_RESOURCE_EXHAUSTED, "");
    assert_int_equal(end(rig, 3, ""), STATUS_OK);
    assert_int_equal(begin_for(rig, 6)->storm_number, INTAKE_STORMS_RUNNING_MAX + 1);
    rig_free(rig);
}

static void lists_storms_newest_first_and_a_new_one_moves_no_page(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        (void)begin_for(rig, 6);
    }
    const Intake__ListStormsResponse *page = list(rig, 2, 0);
    assert_int_equal(page->n_storms, 2);
    assert_int_equal(page->storms[0]->storm_number, 3);
    assert_int_equal(page->next_page_token, 2);
    (void)begin_for(rig, 6);
    page = list(rig, 2, page->next_page_token);
    assert_int_equal(page->n_storms, 1);
    assert_int_equal(page->storms[0]->storm_number, 1);
    assert_int_equal(page->next_page_token, 0);
    rig_free(rig);
}

/* --- what is in its scope --- */

static void takes_what_is_of_its_topics_and_areas_only(void **state)
{
    struct rig *rig = desk_open();
    Intake__StartStormRequest request = a_storm(6);
    (void)state;
    request.n_topics = 1;
    request.topics = asphalt;
    request.n_areas = 1;
    request.areas = five;
    (void)begin(rig, &request);
    assert_int_equal(register_in(rig, "asphalt", "5")->storm, 1);
    assert_int_equal(register_in(rig, "asphalt", "3")->storm, 0);
    assert_int_equal(register_in(rig, "garbage", "5")->storm, 0);
    assert_int_equal(register_in(rig, "asphalt", "")->storm, 0); /* where it is nobody knows */
    assert_int_equal(storm(rig, 1)->requests, 1);
    request.n_areas = 0;
    request.idempotency_key = (ProtobufCBinaryData){0};
    (void)begin(rig, &request);
    assert_int_equal(register_in(rig, "asphalt", "")->storm, 2);
    rig_free(rig);
}

static void a_history_is_of_no_storm(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    (void)begin_for(rig, 6);
    history.occurred_at_us = rig_now_us(rig) - HOUR_US;
    request.history = &history;
    request.channel = COMMON__CHANNEL__CHANNEL_IMPORT;
    assert_int_equal(desk_import(rig, &request)->storm, 0);
    assert_int_equal(desk_registered(rig, 2)->storm, 0);
    rig_free(rig);
}

static void asks_no_required_question_while_it_runs(void **state)
{
    struct rig *rig = desk_open();
    Intake__StartStormRequest request = a_storm(2);
    Intake__RegisterCaseRequest one = something_lost();
    (void)state;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &one.base, STATUS_INVALID_ARGUMENT,
                 "answers.thing");
    request.n_topics = 1;
    request.topics = lost;
    (void)begin(rig, &request);
    one.idempotency_key = (ProtobufCBinaryData){0};
    const Intake__RegisterCaseResponse *response = desk_register(rig, &one);
    assert_int_equal(response->storm, 1);
    rig_advance(rig, 3 * HOUR_US);
    one.idempotency_key = (ProtobufCBinaryData){0};
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &one.base, STATUS_INVALID_ARGUMENT,
                 "answers.thing");
    rig_free(rig);
}

static void an_answer_that_is_given_is_checked_all_the_same(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest one = something_lost();
    Common__Answer answer = COMMON__ANSWER__INIT;
    Common__Answer *answers[] = {&answer};
    char *values[] = {"کیف"};
    (void)state;
    (void)begin_for(rig, 2);
    answer.question = "depth";
    answer.n_values = 1;
    answer.values = values;
    one.n_answers = 1;
    one.answers = answers;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &one.base, STATUS_INVALID_ARGUMENT,
                 "answers.depth");
    rig_free(rig);
}

static void its_story_says_that_a_storm_was_running(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest one = something_lost();
    (void)state;
    (void)begin_for(rig, 2);
    const char *code = desk_register(rig, &one)->code;
    assert_int_equal(end(rig, 1, ""), STATUS_OK);
    const Intake__GetCaseResponse *story = desk_get(rig, code);
    assert_int_equal(story->case_data->storm, 1);
    assert_int_equal(story->n_timeline, 2);
    assert_int_equal(story->timeline[0]->kind, KIND(REGISTERED));
    assert_int_equal(story->timeline[1]->kind, KIND(STORM));
    assert_string_equal(story->timeline[1]->note, "باد شدید");
    assert_int_equal(story->timeline[1]->at_us, story->timeline[0]->at_us);
    rig_free(rig);
}

static void the_look_for_the_same_thing_says_that_a_storm_runs(void **state)
{
    struct rig *rig = desk_open();
    Intake__StartStormRequest request = a_storm(2);
    Intake__FindSameRequest look = INTAKE__FIND_SAME_REQUEST__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    request.n_areas = 1;
    request.areas = five;
    (void)begin(rig, &request);
    place.street = "خیابان نمونه";
    look.topic = "asphalt";
    look.place = &place;
    assert_int_equal(
        ((const Intake__FindSameResponse *)must(rig, RPC_ROLE_FRONT_END, "FindSame", &look.base))
            ->storm,
        0);
    place.area = "5";
    assert_int_equal(
        ((const Intake__FindSameResponse *)must(rig, RPC_ROLE_FRONT_END, "FindSame", &look.base))
            ->storm,
        1);
    rig_free(rig);
}

static void tells_the_new_date_to_who_was_told_another(void **state)
{
    struct rig *rig = desk_open();
    Routing__Event open = ROUTING__EVENT__INIT;
    Routing__TaskRouted routed = ROUTING__TASK_ROUTED__INIT;
    Routing__TaskDueMoved moved = ROUTING__TASK_DUE_MOVED__INIT;
    const struct event event = {.open = &open.base, .actor = ""};
    (void)state;
    const char *code = desk_register_from(rig, NULL, "")->code;
    routed.task_number = moved.task_number = 1;
    routed.case_number = moved.case_number = 1;
    routed.topic = "asphalt";
    routed.unit = moved.unit = "district-5-civil";
    routed.due_at_us = 777;
    open.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    open.task_routed = &routed;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
    moved.cause = ROUTING__MOVE_CAUSE__MOVE_CAUSE_STORM;
    moved.due_at_us = 999;
    moved.storm = 1;
    open.kind_case = ROUTING__EVENT__KIND_TASK_DUE_MOVED;
    open.task_due_moved = &moved;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
    const Intake__GetCaseResponse *story = desk_get(rig, code);
    assert_int_equal(story->case_data->due_at_us, 999);
    assert_int_equal(story->case_data->storm, 0); /* it was registered before */
    assert_int_equal(story->timeline[2]->kind, KIND(STORM_DUE_MOVED));
    assert_int_equal(story->timeline[2]->until_us, 999);
    rig_free(rig);
}

/* --- what it leaves --- */

static void lists_what_is_open_still_with_the_questions_nobody_answered(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest one = something_lost();
    Intake__WithdrawCaseRequest back = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    (void)state;
    (void)register_in(rig, "asphalt", "5"); /* before it */
    (void)begin_for(rig, 2);
    const Intake__RegisterCaseResponse *incomplete = desk_register(rig, &one);
    (void)register_in(rig, "asphalt", "5");
    back.code = register_in(rig, "asphalt", "3")->code;
    back.reason = "خودش برطرف شد";
    (void)must(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &back.base);
    rig_advance(rig, 3 * HOUR_US);
    (void)register_in(rig, "asphalt", "5"); /* after it */
    const Intake__ListStormLeftResponse *page = left(rig, 1, 0, 0);
    assert_int_equal(page->n_left, 2);
    assert_string_equal(page->left[0]->case_data->code, incomplete->code);
    assert_int_equal(page->left[0]->n_missing, 1);
    assert_string_equal(page->left[0]->missing[0]->key, "thing");
    assert_string_equal(page->left[0]->missing[0]->name_en, "What was left behind?");
    assert_int_equal(page->left[1]->n_missing, 0);
    assert_int_equal(page->next_page_token, 0);
    rig_free(rig);
}

/* As many as one call looks at, each with as long an answer as there may be. */
static void what_is_over_takes_no_room_from_what_is_left(void **state)
{
    enum { OVER = 490 };
    struct rig *rig = desk_open();
    Intake__WithdrawCaseRequest back = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    Common__Answer answer = COMMON__ANSWER__INIT;
    Common__Answer *answers[] = {&answer};
    char *values[] = {desk_repeat("آ", 2000)};
    (void)state;
    (void)begin_for(rig, 2);
    answer.question = "needs";
    answer.n_values = 1;
    answer.values = values;
    back.reason = "خودش برطرف شد";
    for (size_t i = 0; i < OVER; i++) {
        Intake__RegisterCaseRequest request = desk_request();
        request.topic = "accessibility";
        request.n_answers = 1;
        request.answers = answers;
        back.code = desk_register(rig, &request)->code;
        back.idempotency_key = (ProtobufCBinaryData){0, NULL};
        (void)must(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &back.base);
    }
    (void)register_in(rig, "asphalt", "5");
    const Intake__ListStormLeftResponse *page = left(rig, 1, 0, 0);
    assert_int_equal(page->n_left, 1);
    assert_int_equal(page->left[0]->case_data->number, OVER + 1);
    free(values[0]);
    rig_free(rig);
}

static void an_answer_that_is_added_later_takes_the_mark_away(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest one = something_lost();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    Common__Answer answer = COMMON__ANSWER__INIT;
    Common__Answer *answers[] = {&answer};
    char *values[] = {"کیف"};
    (void)state;
    (void)begin_for(rig, 2);
    amend.code = desk_register(rig, &one)->code;
    answer.question = "thing";
    answer.n_values = 1;
    answer.values = values;
    amend.n_answers = 1;
    amend.answers = answers;
    amend.reason = "پرسیده شد";
    (void)must(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base);
    assert_int_equal(left(rig, 1, 0, 0)->left[0]->n_missing, 0);
    rig_free(rig);
}

static void pages_what_is_left_stably_while_more_comes_in(void **state)
{
    struct rig *rig = desk_open();
    uint64_t seen = 0;
    uint64_t token = 0;
    (void)state;
    (void)begin_for(rig, 2);
    for (size_t i = 0; i < 5; i++) {
        (void)register_in(rig, "asphalt", "5");
    }
    do {
        const Intake__ListStormLeftResponse *page = left(rig, 1, 2, token);
        assert_true(page->n_left <= 2);
        for (size_t i = 0; i < page->n_left; i++) {
            assert_int_equal(page->left[i]->case_data->number, ++seen);
        }
        token = page->next_page_token;
        if (seen == 2) {
            (void)register_in(rig, "asphalt", "5");
        }
    } while (token != 0);
    assert_int_equal(seen, 6);
    rig_free(rig);
}

static void refuses_to_list_what_a_storm_left_that_never_was(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListStormLeftRequest request = INTAKE__LIST_STORM_LEFT_REQUEST__INIT;
    (void)state;
    request.storm_number = 4;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListStormLeft", &request.base, STATUS_NOT_FOUND,
                 "storm_number");
    request.page_size = 101;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListStormLeft", &request.base, STATUS_INVALID_ARGUMENT,
                 "page_size");
    desk_refuses(rig, RPC_ROLE_OFFICE, "ListStormLeft", &request.base, STATUS_PERMISSION_DENIED,
                 "");
    rig_free(rig);
}

/* --- which counts --- */

static void of_two_storms_the_one_that_allows_more_counts(void **state)
{
    Intake__Storm tight = INTAKE__STORM__INIT;
    Intake__Storm loose = INTAKE__STORM__INIT;
    (void)state;
    tight.storm_number = 2;
    tight.due_percent = 200;
    tight.respond_percent = 900;
    loose.storm_number = 1;
    loose.due_percent = 300;
    loose.respond_percent = 100;
    assert_true(intake_rules_storm_counts(&tight, NULL));
    assert_true(intake_rules_storm_counts(&loose, &tight));
    assert_false(intake_rules_storm_counts(&tight, &loose));
    tight.due_percent = 300;
    assert_true(intake_rules_storm_counts(&tight, &loose));
    tight.respond_percent = 100; /* as much: the newer one */
    assert_true(intake_rules_storm_counts(&tight, &loose));
    assert_false(intake_rules_storm_counts(&loose, &tight));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_storm_as_it_begins_with_what_the_pack_allows),
        cmocka_unit_test(remembers_the_surge_that_proposed_it),
        cmocka_unit_test(begins_once_when_the_same_key_is_sent_twice),
        cmocka_unit_test(ends_by_itself_at_its_time_after_a_night_switched_off),
        cmocka_unit_test(does_not_last_longer_when_the_clock_jumps_back),
        cmocka_unit_test(ends_before_its_time_when_somebody_says_so),
        cmocka_unit_test(is_lengthened_from_its_end_and_by_a_week_from_now_at_most),
        cmocka_unit_test(refuses_what_cannot_be_a_storm_and_names_the_field),
        cmocka_unit_test(runs_so_many_at_a_time_and_no_more),
        cmocka_unit_test(lists_storms_newest_first_and_a_new_one_moves_no_page),
        cmocka_unit_test(takes_what_is_of_its_topics_and_areas_only),
        cmocka_unit_test(a_history_is_of_no_storm),
        cmocka_unit_test(asks_no_required_question_while_it_runs),
        cmocka_unit_test(an_answer_that_is_given_is_checked_all_the_same),
        cmocka_unit_test(its_story_says_that_a_storm_was_running),
        cmocka_unit_test(the_look_for_the_same_thing_says_that_a_storm_runs),
        cmocka_unit_test(tells_the_new_date_to_who_was_told_another),
        cmocka_unit_test(lists_what_is_open_still_with_the_questions_nobody_answered),
        cmocka_unit_test(what_is_over_takes_no_room_from_what_is_left),
        cmocka_unit_test(an_answer_that_is_added_later_takes_the_mark_away),
        cmocka_unit_test(pages_what_is_left_stably_while_more_comes_in),
        cmocka_unit_test(refuses_to_list_what_a_storm_left_that_never_was),
        cmocka_unit_test(of_two_storms_the_one_that_allows_more_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

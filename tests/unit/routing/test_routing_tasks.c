/* How a request becomes a task, and what can become of it. Every test ends with a rebuild that must
 * equal (rig_free). */
#include "tests/unit/routing/routing_scene.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROUTED ROUTING__TASK_STATE__TASK_STATE_ROUTED
#define ACCEPTED ROUTING__TASK_STATE__TASK_STATE_ACCEPTED
#define DONE ROUTING__TASK_STATE__TASK_STATE_DONE

#define CIVIL_5 "district-5-civil"
#define CENTRE "centre-137" /* the pack's coordinator and last rule */

/* --- routing --- */

static void answers_to_the_topic_s_questions_travel_with_the_task(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5", .answer = "wheel"});
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    const Routing__Task *task = scene_task(rig, 1);
    assert_int_equal(task->n_answers, 1);
    assert_string_equal(task->answers[0]->question, "size");
    assert_string_equal(task->answers[0]->values[0], "wheel");
    assert_int_equal(scene_event(rig, 1)->task_routed->n_answers, 1);
    assert_int_equal(scene_task(rig, 2)->n_answers, 0);
    rig_free(rig);
}

static void a_request_goes_to_the_unit_and_gets_the_due_date_of_the_pack(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *area;
        bool urgent;
        const char *unit;
        int64_t hours;
    } expected[] = {
        {"asphalt", "5", false, CIVIL_5, 168},
        {"asphalt", "5", true, CIVIL_5, 4},
        {"asphalt", NULL, false, "deputy-civil", 168},
        {"asphalt", "99", false, "deputy-civil", 168}, /* an area nobody knows */
        {"subsidence", "12", true, "district-12-civil", 2},
        {"bus-stop", "3", false, "bus-company", 168},
        {"no-such-topic", NULL, false, CENTRE, 48},
        {"no-such-topic", "5", false, "district-5", 48},
    };
    struct rig *rig = scene_new();
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        uint64_t offset = rig_event_count(rig) + 1; /* behind an urgent one comes its alarm */
        scene_register(rig, (struct scene_request){.number = 10 + i,
                                                   .topic = expected[i].topic,
                                                   .area = expected[i].area,
                                                   .urgent = expected[i].urgent});
        const Routing__Task *task = scene_task(rig, i + 1);
        assert_string_equal(task->unit, expected[i].unit);
        assert_int_equal(task->due_at_us, rig_now_us(rig) + expected[i].hours * HOUR_US);
        assert_int_equal(task->state, ROUTED);
        assert_int_equal(task->case_number, 10 + i);
        const Routing__TaskRouted *routed = scene_event(rig, offset)->task_routed;
        assert_true(routed->unit_listed);
        assert_true(routed->rule_line > 0);
    }
    rig_free(rig);
}

static void the_event_tells_followers_all_they_need_of_the_request(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 8, .area = "5", .urgent = true});
    scene_register(rig, (struct scene_request){.number = 9, .nobody_to_call = true});
    const Routing__TaskRouted *routed = scene_event(rig, 1)->task_routed;
    assert_int_equal(routed->task_number, 1);
    assert_int_equal(routed->case_number, 8);
    assert_string_equal(routed->code, "0000000008");
    assert_string_equal(routed->topic, "asphalt");
    assert_string_equal(routed->place->area, "5");
    assert_string_equal(routed->place->street, "خیابان چهارباغ");
    assert_int_equal(routed->urgency, COMMON__URGENCY__URGENCY_URGENT);
    assert_int_equal(routed->channel, COMMON__CHANNEL__CHANNEL_PHONE);
    assert_int_equal(routed->registered_at_us, rig_now_us(rig));
    assert_string_equal(routed->source, "old-system");
    assert_string_equal(routed->external_id, "S-8");
    assert_int_equal(routed->citizen, 48);
    assert_int_equal(scene_event(rig, 3)->task_routed->citizen, 0);
    const Routing__Task *task = scene_task(rig, 1);
    assert_string_equal(task->external_id, "S-8");
    assert_string_equal(task->place->street, "خیابان چهارباغ");
    assert_int_equal(task->citizen, 48);
    rig_free(rig);
}

static void a_history_names_its_unit_known_or_not_and_its_due_date_or_none(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    int64_t made_us = rig_now_us(rig) - 400 * DAY_US;
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .unit = "PWDx-Asphalt",
                                               .due_us = made_us + 3 * DAY_US,
                                               .historical = true,
                                               .at_us = made_us});
    scene_register(
        rig,
        (struct scene_request){
            .number = 2, .area = "5", .unit = "bus-company", .historical = true, .at_us = made_us});
    scene_register(rig, (struct scene_request){
                            .number = 3, .area = "5", .historical = true, .at_us = made_us});

    const struct event *event = rig_event(rig, 1);
    const Routing__TaskRouted *routed = ((const Routing__Event *)event->open)->task_routed;
    assert_true(event->historical);
    assert_int_equal(event->occurred_at_us, made_us);
    assert_int_equal(event->recorded_at_us, rig_now_us(rig));
    assert_string_equal(routed->unit, "PWDx-Asphalt");
    assert_false(routed->unit_listed);
    assert_int_equal(routed->rule_line, 0);
    assert_int_equal(routed->due_at_us, made_us + 3 * DAY_US);
    assert_int_equal(routed->registered_at_us, made_us);
    assert_int_equal(scene_task(rig, 1)->routed_at_us, made_us);
    assert_true(scene_task(rig, 1)->historical);

    assert_true(scene_event(rig, 2)->task_routed->unit_listed);
    assert_int_equal(scene_task(rig, 2)->due_at_us, 0); /* the history tells of none */
    assert_string_equal(scene_task(rig, 3)->unit, CIVIL_5);
    assert_true(scene_event(rig, 3)->task_routed->rule_line > 0);
    rig_free(rig);
}

static void a_request_has_one_task_however_often_it_is_heard_of(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 2);
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    assert_int_equal(rig_event_count(rig), 2);
    scene_register(rig, (struct scene_request){.number = 3, .area = "5"});
    assert_int_equal(scene_task(rig, 3)->case_number, 3);
    rig_free(rig);
}

static void other_events_of_intake_cause_nothing(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    Intake__CaseRevealed revealed = INTAKE__CASE_REVEALED__INIT;
    revealed.number = 1;
    Intake__Event open = INTAKE__EVENT__INIT;
    open.kind_case = INTAKE__EVENT__KIND_CASE_REVEALED;
    open.case_revealed = &revealed;
    const struct event event = {.open = &open.base};
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, NULL), STATUS_OK);
    assert_int_equal(rig_event_count(rig), 0);
    rig_free(rig);
}

/* --- what offices do --- */

static void an_office_accepts_reports_and_finishes(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    const Routing__Task *task = NULL;
    scene_register_many(rig, 1);
    rig_advance(rig, HOUR_US);
    assert_int_equal(scene_accept(rig, 1, &task), STATUS_OK);
    assert_int_equal(task->state, ACCEPTED);
    assert_int_equal(task->accepted_at_us, rig_now_us(rig));
    rig_advance(rig, HOUR_US);
    assert_int_equal(scene_report(rig, 1, "فردا می‌آییم", &task), STATUS_OK);
    assert_string_equal(task->note, "فردا می‌آییم");
    assert_int_equal(task->state, ACCEPTED);
    rig_advance(rig, HOUR_US);
    assert_int_equal(scene_finish(rig, 1, "انجام شد", &task), STATUS_OK);
    assert_int_equal(task->state, DONE);
    assert_int_equal(task->done_at_us, rig_now_us(rig));

    const Routing__Task *kept = scene_task(rig, 1);
    assert_string_equal(kept->note, "انجام شد");
    assert_int_equal(kept->state, DONE);
    assert_int_equal(kept->done_at_us, task->done_at_us);
    const Routing__TaskDone *done = scene_event(rig, 4)->task_done;
    assert_int_equal(done->task_number, 1);
    assert_int_equal(done->case_number, 1);
    assert_string_equal(done->code, "0000000001");
    assert_string_equal(done->topic, "asphalt");
    assert_string_equal(done->unit, CIVIL_5);
    assert_string_equal(done->note, "انجام شد");
    assert_int_equal(done->citizen, 41);
    assert_int_equal(done->urgency, COMMON__URGENCY__URGENCY_NORMAL);
    rig_free(rig);
}

static void what_cannot_be_done_in_a_state_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_accept(rig, 2, NULL), STATUS_NOT_FOUND);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_report(rig, 1, " ", NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_report(rig, 1, "late", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_return(rig, 1, "bus-company", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(rig_event_count(rig), 3);
    rig_free(rig);
}

static void the_same_call_twice_accepts_once_and_is_answered_alike(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    Routing__AcceptTaskRequest request = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    const ProtobufCMessage *first = NULL, *second = NULL;
    request.task_number = 1;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "AcceptTask", &request.base, &first, NULL),
        STATUS_OK);
    rig_advance(rig, HOUR_US);
    assert_int_equal(scene_finish(rig, 1, "done since", NULL), STATUS_OK);
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "AcceptTask", &request.base, &second, NULL),
        STATUS_OK);
    assert_int_equal(rig_event_count(rig), 3);
    const Routing__Task *a = ((const Routing__AcceptTaskResponse *)first)->task;
    const Routing__Task *b = ((const Routing__AcceptTaskResponse *)second)->task;
    assert_int_equal(b->state, ACCEPTED);
    assert_int_equal(a->accepted_at_us, b->accepted_at_us);
    request.task_number = 2;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_OFFICE, CIVIL_5, "AcceptTask", &request.base, NULL, NULL),
        STATUS_INVALID_ARGUMENT);
    rig_free(rig);
}

static void a_returned_task_goes_where_it_is_sent_and_keeps_its_due_date(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    const Routing__Task *task = NULL;
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    rig_advance(rig, DAY_US);
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    assert_int_equal(scene_return(rig, 1, CIVIL_5, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_return(rig, 1, "no-such-unit", NULL), STATUS_NOT_FOUND);
    assert_int_equal(scene_return(rig, 1, "bus-company", &task), STATUS_OK);
    assert_string_equal(task->unit, "bus-company");
    assert_int_equal(task->state, ROUTED);
    assert_int_equal(task->due_at_us, due_us);
    assert_int_equal(task->returns, 1);
    const Routing__TaskReturned *returned = scene_event(rig, 3)->task_returned;
    assert_string_equal(returned->from_unit, CIVIL_5);
    assert_string_equal(returned->to_unit, "bus-company");
    assert_string_equal(returned->reason, "not ours");
    /* Nobody named: the coordinator decides, and has nobody to pass it on to but by name. */
    assert_int_equal(scene_return(rig, 1, "", &task), STATUS_OK);
    assert_string_equal(task->unit, CENTRE);
    assert_int_equal(task->returns, 2);
    assert_int_equal(scene_return(rig, 1, "", NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(scene_task(rig, 1)->due_at_us, due_us);
    rig_free(rig);
}

/* --- due dates --- */

static void overdue_comes_once_at_the_due_date(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    int64_t due_us = scene_task(rig, 1)->due_at_us;
    rig_advance(rig, 168 * HOUR_US - SECOND_US);
    assert_int_equal(rig_event_count(rig), 1);
    assert_int_equal(scene_return(rig, 1, "bus-company", NULL), STATUS_OK);
    rig_advance(rig, 2 * SECOND_US);
    assert_int_equal(rig_event_count(rig), 3);
    const struct event *event = rig_event(rig, 3);
    const Routing__TaskOverdue *overdue = ((const Routing__Event *)event->open)->task_overdue;
    assert_int_equal(event->occurred_at_us, due_us);
    assert_int_equal(overdue->task_number, 1);
    assert_int_equal(overdue->case_number, 1);
    assert_string_equal(overdue->unit, "bus-company");
    assert_true(scene_task(rig, 1)->overdue);
    rig_restart(rig);
    rig_advance(rig, 30 * DAY_US);
    assert_int_equal(rig_event_count(rig), 3);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    rig_advance(rig, 30 * DAY_US);
    assert_int_equal(rig_event_count(rig), 4);
    rig_free(rig);
}

static void a_task_that_is_done_in_time_is_never_overdue(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register_many(rig, 1);
    assert_int_equal(scene_finish(rig, 1, "", NULL), STATUS_OK);
    rig_advance(rig, 30 * DAY_US);
    assert_int_equal(rig_event_count(rig), 2);
    assert_false(scene_task(rig, 1)->overdue);
    rig_free(rig);
}

static void a_due_date_that_passes_while_the_service_is_down_is_noticed_after(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    /* Intake registered it ten days ago; routing only now hears of it, past its due date. */
    scene_register(rig, (struct scene_request){
                            .number = 1, .area = "5", .at_us = rig_now_us(rig) - 10 * DAY_US});
    rig_advance(rig, SECOND_US);
    assert_int_equal(rig_event_count(rig), 2);
    const Routing__Task *task = scene_task(rig, 1);
    assert_true(task->overdue);
    assert_int_equal(task->routed_at_us, rig_event(rig, 1)->recorded_at_us);
    assert_int_equal(rig_event(rig, 2)->occurred_at_us, task->due_at_us); /* not: when noticed */
    rig_free(rig);
}

static void history_sets_no_timer_in_the_past_but_one_for_what_is_still_to_come(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    int64_t now_us = rig_now_us(rig);
    struct scene_request past = {.number = 1,
                                 .area = "5",
                                 .due_us = now_us - DAY_US,
                                 .historical = true,
                                 .at_us = now_us - 9 * DAY_US};
    struct scene_request to_come = past;
    to_come.number = 2;
    to_come.due_us = now_us + DAY_US;
    scene_register(rig, past);
    scene_register(rig, to_come);
    rig_advance(rig, 2 * DAY_US);
    assert_int_equal(rig_event_count(rig), 3);
    assert_int_equal(scene_event(rig, 3)->task_overdue->task_number, 2);
    /* From the import on it lives: this is no history. */
    assert_false(rig_event(rig, 3)->historical);
    rig_free(rig);
}

/* --- the import's own times --- */

static void the_import_tells_when_a_history_s_task_was_finished(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    struct error err = ERROR_NONE;
    int64_t now_us = rig_now_us(rig);
    int64_t made_us = now_us - 9 * DAY_US;
    scene_register(rig, (struct scene_request){
                            .number = 1, .area = "5", .historical = true, .at_us = made_us});
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_OFFICE, 1, now_us - DAY_US, &err),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, made_us - 1, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "occurred_at_us");
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, now_us + 1, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 2, now_us, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(rig_event_count(rig), 2);
    assert_int_equal(scene_finish_at(rig, RPC_ROLE_IMPORT, 1, now_us - DAY_US, &err), STATUS_OK);
    assert_true(rig_event(rig, 3)->historical);
    assert_int_equal(rig_event(rig, 3)->occurred_at_us, now_us - DAY_US);
    assert_int_equal(scene_task(rig, 1)->done_at_us, now_us - DAY_US);
    rig_free(rig);
}

static void what_an_office_finishes_of_a_history_happens_now(void **state)
{
    (void)state;
    struct rig *rig = scene_new();
    scene_register(rig, (struct scene_request){.number = 1,
                                               .area = "5",
                                               .historical = true,
                                               .at_us = rig_now_us(rig) - 9 * DAY_US});
    assert_int_equal(scene_finish(rig, 1, "at last", NULL), STATUS_OK);
    assert_false(rig_event(rig, 2)->historical);
    assert_int_equal(rig_event(rig, 2)->occurred_at_us, rig_now_us(rig));
    rig_free(rig);
}

/* --- many --- */

/* What a task should be, kept beside the service while offices do this and that at random. */
struct expected {
    Routing__TaskState state;
    const char *unit;
    uint32_t returns;
};

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static void act_at_random(struct rig *rig, uint64_t *seed, uint64_t number, struct expected *task)
{
    static const char *const units[] = {CIVIL_5, "bus-company", CENTRE};
    const char *to = units[next_random(seed) % 3];
    bool open = task->state != DONE;
    switch (next_random(seed) % 4) {
    case 0:
        assert_int_equal(scene_accept(rig, number, NULL),
                         task->state == ROUTED ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        task->state = task->state == ROUTED ? ACCEPTED : task->state;
        break;
    case 1:
        assert_int_equal(scene_report(rig, number, "on the way", NULL),
                         open ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        break;
    case 2:
        assert_int_equal(scene_finish(rig, number, "", NULL),
                         open ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        task->state = DONE;
        break;
    default: {
        /* Returned for the fourth time, it goes to the coordinator, whose own returns are decisions. */
        bool too_often = task->returns >= 3 && strcmp(task->unit, CENTRE) != 0;
        const char *goes_to = too_often ? CENTRE : to;
        open = open && strcmp(goes_to, task->unit) != 0;
        assert_int_equal(scene_return(rig, number, to, NULL),
                         open ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        to = goes_to;
        if (open) {
            *task = (struct expected){.state = ROUTED, .unit = to, .returns = task->returns + 1};
        }
        break;
    }
    }
}

static void many_acts_in_any_order_end_as_the_contract_says(void **state)
{
    (void)state;
    enum { TASKS = 40, ACTS = 400 };
    struct expected expected[TASKS];
    uint64_t seed = 137;
    struct rig *rig = scene_new();
    scene_register_many(rig, TASKS);
    for (size_t i = 0; i < TASKS; i++) {
        expected[i] = (struct expected){.state = ROUTED, .unit = CIVIL_5};
    }
    for (size_t i = 0; i < ACTS; i++) {
        uint32_t which = next_random(&seed) % TASKS;
        act_at_random(rig, &seed, which + 1, &expected[which]);
        rig_advance(rig, HOUR_US); /* some become overdue on the way */
    }
    rig_restart(rig);
    for (size_t i = 0; i < TASKS; i++) {
        const Routing__Task *task = scene_task(rig, i + 1);
        assert_int_equal(task->state, expected[i].state);
        assert_string_equal(task->unit, expected[i].unit);
        assert_int_equal(task->returns, expected[i].returns);
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_to_the_topic_s_questions_travel_with_the_task),
        cmocka_unit_test(a_request_goes_to_the_unit_and_gets_the_due_date_of_the_pack),
        cmocka_unit_test(the_event_tells_followers_all_they_need_of_the_request),
        cmocka_unit_test(a_history_names_its_unit_known_or_not_and_its_due_date_or_none),
        cmocka_unit_test(a_request_has_one_task_however_often_it_is_heard_of),
        cmocka_unit_test(other_events_of_intake_cause_nothing),
        cmocka_unit_test(an_office_accepts_reports_and_finishes),
        cmocka_unit_test(what_cannot_be_done_in_a_state_is_refused_and_leaves_no_trace),
        cmocka_unit_test(the_same_call_twice_accepts_once_and_is_answered_alike),
        cmocka_unit_test(a_returned_task_goes_where_it_is_sent_and_keeps_its_due_date),
        cmocka_unit_test(overdue_comes_once_at_the_due_date),
        cmocka_unit_test(a_task_that_is_done_in_time_is_never_overdue),
        cmocka_unit_test(a_due_date_that_passes_while_the_service_is_down_is_noticed_after),
        cmocka_unit_test(history_sets_no_timer_in_the_past_but_one_for_what_is_still_to_come),
        cmocka_unit_test(the_import_tells_when_a_history_s_task_was_finished),
        cmocka_unit_test(what_an_office_finishes_of_a_history_happens_now),
        cmocka_unit_test(many_acts_in_any_order_end_as_the_contract_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

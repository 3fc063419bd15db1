#include "tests/sim/walk.h"

#include "services/feedback/feedback.h"
#include "services/followup/followup.h"
#include "services/intake/intake.h"
#include "services/report/report.h"
#include "services/routing/routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

const struct service_def *const walk_services[SERVICE_COUNT + 1] = {
    NULL, &intake_service, &routing_service, &followup_service, &feedback_service, &report_service};

#define TEXT(text) ((char *)(uintptr_t)(text))
#define UNIT "deputy-civil"
#define PHONE "+989131234567"
#define WORDS "چاله‌ای بزرگ سر کوچه است"
#define NOTE "آسفالت شد"
#define OPERATOR "میز ۱"
#define SCORE 5

static const void *must_call(struct walk *walk, struct world_caller *caller, const char *method,
                             ProtobufCMessage *request, const Common__Position *at_least,
                             Common__Position *ret_position)
{
    struct world_answer answer;
    if (world_call(caller, method, request, at_least, &answer) != STATUS_OK) {
        fail_msg("%s: %s: %s: %s", method, status_name(answer.error.status), answer.error.field,
                 answer.error.message);
    }
    walk->tries += answer.tries;
    if (ret_position != NULL) {
        *ret_position = answer.position;
    }
    return answer.response;
}

/* --- the steps --- */

static void take_register(struct walk *walk)
{
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    citizen.name = TEXT("شهروند نمونه");
    citizen.phone = TEXT("۰۹۱۳۱۲۳۴۵۶۷");
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request.citizen = &citizen;
    request.topic = TEXT("asphalt");
    request.words = TEXT(WORDS);
    const Intake__RegisterCaseResponse *response =
        must_call(walk, walk->front_end, "RegisterCase", &request.base, NULL, &walk->registered);
    walk->code = response->code;
    walk->case_number = response->number;
    assert_false(response->already_registered);
}

static void take_follow(struct walk *walk)
{
    const Routing__FollowTasksResponse *response;
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    request.unit = TEXT(UNIT);
    request.wait_ms = 8000;
    request.reader = TEXT("office");
    int64_t end_us = world_now_us(walk->world) + HOUR_US;
    do {
        response = must_call(walk, walk->office, "FollowTasks", &request.base, NULL, NULL);
    } while (response->n_changes == 0 && world_now_us(walk->world) < end_us);
    assert_int_equal(response->n_changes, 1);
    assert_string_equal(response->changes[0]->task->code, walk->code);
    walk->task_number = response->changes[0]->task->number;
    walk->sequence = response->next;
}

static void take_accept(struct walk *walk)
{
    Routing__AcceptTaskRequest request = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    request.task_number = walk->task_number;
    (void)must_call(walk, walk->office, "AcceptTask", &request.base, NULL, NULL);
}

static void take_finish(struct walk *walk)
{
    Routing__FinishTaskRequest request = ROUTING__FINISH_TASK_REQUEST__INIT;
    request.task_number = walk->task_number;
    request.note = TEXT(NOTE);
    (void)must_call(walk, walk->office, "FinishTask", &request.base, NULL, NULL);
}

static void take_acknowledge(struct walk *walk)
{
    Routing__AcknowledgeTasksRequest request = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    request.unit = TEXT(UNIT);
    request.sequence = walk->sequence;
    (void)must_call(walk, walk->office, "AcknowledgeTasks", &request.base, NULL, NULL);
}

/* The desk asks, and is told when to ask again. */
static void take_next_call(struct walk *walk)
{
    const Followup__NextCallResponse *response;
    int64_t end_us = world_now_us(walk->world) + 3 * DAY_US;
    for (;;) {
        Followup__NextCallRequest request =
            FOLLOWUP__NEXT_CALL_REQUEST__INIT; /* each time with a key of its own */
        request.operator_name = TEXT(OPERATOR);
        response = must_call(walk, walk->desk, "NextCall", &request.base, NULL, NULL);
        if (response->call != NULL || world_now_us(walk->world) > end_us) {
            break;
        }
        int64_t wait_us = response->next_due_at_us - world_now_us(walk->world);
        (void)world_run_until(walk->world, NULL, NULL, wait_us > MINUTE_US ? wait_us : MINUTE_US);
    }
    assert_non_null(response->call);
    assert_int_equal(response->call->case_number, walk->case_number);
    assert_string_equal(response->call->note, NOTE);
    walk->call_number = response->call->number;
}

static void take_reveal(struct walk *walk)
{
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    request.code = TEXT(walk->code);
    request.purpose = TEXT("call-back");
    const Intake__RevealCaseResponse *response =
        must_call(walk, walk->front_end, "RevealCase", &request.base, NULL, NULL);
    assert_string_equal(response->citizen->phone, PHONE);
    assert_string_equal(response->words, WORDS);
}

static void take_record(struct walk *walk)
{
    Followup__Answer answer = FOLLOWUP__ANSWER__INIT;
    Followup__RecordCallRequest request = FOLLOWUP__RECORD_CALL_REQUEST__INIT;
    answer.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
    answer.score = SCORE;
    answer.words = TEXT("دست شما درد نکند");
    request.call_number = walk->call_number;
    request.operator_name = TEXT(OPERATOR);
    request.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    request.answer = &answer;
    (void)must_call(walk, walk->desk, "RecordCall", &request.base, NULL, &walk->recorded);
}

static const Report__Row *ask(struct walk *walk, Report__Metric metric,
                              const Common__Position *at_least)
{
    Report__QueryReportRequest request = REPORT__QUERY_REPORT_REQUEST__INIT;
    request.metric = metric;
    const Report__QueryReportResponse *response =
        must_call(walk, walk->leadership, "QueryReport", &request.base, at_least, NULL);
    assert_int_equal(response->n_rows, 1);
    return response->rows[0];
}

/* Leadership reads what the desk has just written, without waiting for it by guess. */
static void take_report(struct walk *walk)
{
    const Report__Row *row = ask(walk, REPORT__METRIC__METRIC_CALLS, &walk->recorded);
    assert_int_equal(row->cells[0]->count, 1);
    assert_int_equal(row->cells[1]->count, 1);
}

/* --- the walk --- */

void walk_begin(struct walk *walk, struct world *world)
{
    *walk = (struct walk){.world = world};
    walk->front_end = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                                       RPC_ROLE_FRONT_END, "operator", "");
    walk->office = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, RPC_ROLE_OFFICE,
                                    "office", UNIT);
    walk->desk = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
                                  RPC_ROLE_FRONT_END, "desk", "");
    walk->rates = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
                                   RPC_ROLE_LEADERSHIP, "mayor", "");
    walk->leadership = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_REPORT,
                                        RPC_ROLE_LEADERSHIP, "mayor", "");
}

void walk_take(struct walk *walk, enum walk_step step)
{
    static void (*const steps[WALK_STEP_COUNT])(struct walk *) = {
        [WALK_REGISTER] = take_register,       [WALK_FOLLOW] = take_follow,
        [WALK_ACCEPT] = take_accept,           [WALK_FINISH] = take_finish,
        [WALK_ACKNOWLEDGE] = take_acknowledge, [WALK_NEXT_CALL] = take_next_call,
        [WALK_REVEAL] = take_reveal,           [WALK_RECORD] = take_record,
        [WALK_REPORT] = take_report,
    };
    steps[step](walk);
}

/* --- the story --- */

static void check_intake(struct walk *walk)
{
    static const Intake__TimelineKind expected[] = {
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_REGISTERED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_ROUTED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_ACCEPTED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_SCHEDULED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_COMPLETED,
        INTAKE__TIMELINE_KIND__TIMELINE_KIND_FEEDBACK_RECORDED,
    };
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    request.code = TEXT(walk->code);
    const Intake__GetCaseResponse *response =
        must_call(walk, walk->front_end, "GetCase", &request.base, NULL, NULL);
    assert_int_equal(response->case_data->state, INTAKE__CASE_STATE__CASE_STATE_CONFIRMED);
    assert_string_equal(response->case_data->unit, UNIT);
    assert_int_equal(response->n_timeline, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < response->n_timeline; i++) {
        assert_int_equal(response->timeline[i]->kind, expected[i]);
    }
    assert_int_equal(response->timeline[6]->score, SCORE);
}

static void check_routing(struct walk *walk)
{
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    request.case_number = walk->case_number;
    const Routing__GetTaskResponse *response =
        must_call(walk, walk->office, "GetTask", &request.base, NULL, NULL);
    assert_int_equal(response->task->state, ROUTING__TASK_STATE__TASK_STATE_DONE);
    assert_int_equal(response->task->number, 1);
    assert_string_equal(response->task->note, NOTE);
    assert_false(response->task->overdue);
}

static void check_followup(struct walk *walk)
{
    Followup__ListCallsRequest request = FOLLOWUP__LIST_CALLS_REQUEST__INIT;
    const Followup__ListCallsResponse *response =
        must_call(walk, walk->desk, "ListCalls", &request.base, NULL, NULL);
    assert_int_equal(response->n_calls, 1);
    assert_int_equal(response->calls[0]->state, FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED);
    assert_int_equal(response->calls[0]->attempts, 1);
    assert_int_equal(response->calls[0]->task_number, walk->task_number);
}

static void check_feedback(struct walk *walk)
{
    Feedback__GetUnitRateRequest request = FEEDBACK__GET_UNIT_RATE_REQUEST__INIT;
    request.unit = TEXT(UNIT);
    const Feedback__GetUnitRateResponse *response =
        must_call(walk, walk->rates, "GetUnitRate", &request.base, NULL, NULL);
    assert_int_equal(response->rate->answers, 1);
    assert_int_equal(response->rate->resolved, 1);
    assert_true(response->rate->mean_score == SCORE);
}

static void check_report(struct walk *walk)
{
    assert_int_equal(ask(walk, REPORT__METRIC__METRIC_REQUESTS, NULL)->cells[0]->count, 1);
    assert_int_equal(ask(walk, REPORT__METRIC__METRIC_DONE, NULL)->cells[0]->count, 1);
    assert_int_equal(ask(walk, REPORT__METRIC__METRIC_OPEN, NULL)->cells[0]->count, 0);
    const Report__Row *on_time = ask(walk, REPORT__METRIC__METRIC_ON_TIME, NULL);
    assert_true(on_time->cells[0]->number == 1.0);
    assert_int_equal(on_time->cells[2]->count, 1);
    const Report__Row *satisfaction = ask(walk, REPORT__METRIC__METRIC_SATISFACTION, NULL);
    assert_int_equal(satisfaction->cells[0]->count, 1);
    assert_true(satisfaction->cells[1]->number == SCORE);
}

void walk_check_story(struct walk *walk)
{
    check_intake(walk);
    check_routing(walk);
    check_followup(walk);
    check_feedback(walk);
    check_report(walk);
}

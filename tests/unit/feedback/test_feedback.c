/* The feedback service on a real store: answers out of completed calls, and what they say about
 * units. */
#include "services/feedback/feedback.h"

#include "base/clock.h"
#include "tests/support/rig.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define ANSWERED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED
#define RESOLVED FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED
#define PARTLY FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY
#define UNRESOLVED FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED

static int begin(void **state)
{
    *state = rig_new(&feedback_service, "isfahan");
    return 0;
}

/* The rig checks in the end that tables rebuilt from the log equal those that stand. */
static int finish(void **state)
{
    rig_free(*state);
    return 0;
}

/* --- what happens elsewhere --- */

static enum status feed_event(struct rig *rig, Followup__Event *open, struct event event)
{
    struct error err = ERROR_NONE;
    event.open = &open->base;
    return rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, &event, &err);
}

static enum status feed_completed(struct rig *rig, Followup__CallCompleted completed,
                                  struct event event)
{
    Followup__Event open = FOLLOWUP__EVENT__INIT;
    open.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    open.call_completed = &completed;
    return feed_event(rig, &open, event);
}

static Followup__CallCompleted answered_call(uint64_t case_number, const char *unit,
                                             Followup__Resolution resolution, uint32_t score)
{
    Followup__CallCompleted completed = FOLLOWUP__CALL_COMPLETED__INIT;
    completed.call_number = 1000 + case_number;
    completed.case_number = case_number;
    completed.code = (char *)"1234567890";
    completed.topic = (char *)"asphalt";
    completed.unit = (char *)(uintptr_t)unit;
    completed.outcome = ANSWERED;
    completed.attempts = 1;
    completed.resolution = resolution;
    completed.score = score;
    return completed;
}

static void answer(struct rig *rig, uint64_t case_number, const char *unit,
                   Followup__Resolution resolution, uint32_t score)
{
    Followup__CallCompleted completed = answered_call(case_number, unit, resolution, score);
    assert_int_equal(feed_completed(rig, completed, (struct event){0}), STATUS_OK);
}

/* --- calls --- */

static const void *call_ok(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    enum status status = rig_call(rig, RPC_ROLE_LEADERSHIP, method, request, &response, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, STATUS_OK);
    return response;
}

static void call_refused(struct rig *rig, const char *method, ProtobufCMessage *request,
                         enum status status, const char *field)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    assert_int_equal(rig_call(rig, RPC_ROLE_LEADERSHIP, method, request, &response, &err), status);
    assert_string_equal(err.field, field);
    assert_null(response);
}

static const Feedback__GetAnswersResponse *get_answers(struct rig *rig, uint64_t case_number)
{
    Feedback__GetAnswersRequest request = FEEDBACK__GET_ANSWERS_REQUEST__INIT;
    request.case_number = case_number;
    return call_ok(rig, "GetAnswers", &request.base);
}

static const Feedback__UnitRate *get_rate(struct rig *rig, const char *unit)
{
    Feedback__GetUnitRateRequest request = FEEDBACK__GET_UNIT_RATE_REQUEST__INIT;
    request.unit = (char *)(uintptr_t)unit;
    const Feedback__GetUnitRateResponse *response = call_ok(rig, "GetUnitRate", &request.base);
    assert_string_equal(response->rate->unit, unit);
    assert_int_equal(response->rate->n_scores, 5);
    return response->rate;
}

static const Feedback__ListUnitRatesResponse *list_rates(struct rig *rig, uint32_t page_size,
                                                         const char *page_token)
{
    Feedback__ListUnitRatesRequest request = FEEDBACK__LIST_UNIT_RATES_REQUEST__INIT;
    request.page_size = page_size;
    request.page_token = (char *)(uintptr_t)page_token;
    return call_ok(rig, "ListUnitRates", &request.base);
}

/* --- answers --- */

static void records_what_a_citizen_answered(void **state)
{
    struct rig *rig = *state;
    int64_t heard_us = rig_now_us(rig) - 5 * SECOND_US;
    Followup__CallCompleted completed = answered_call(7, "district-5", PARTLY, 3);
    assert_int_equal(feed_completed(rig, completed, (struct event){.occurred_at_us = heard_us}),
                     STATUS_OK);

    assert_int_equal(rig_event_count(rig), 1);
    const Feedback__Event *event = (const Feedback__Event *)rig_event(rig, 1)->open;
    assert_int_equal(event->kind_case, FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED);
    assert_int_equal(event->feedback_recorded->case_number, 7);
    assert_int_equal(event->feedback_recorded->score, 3);
    assert_int_equal(rig_event(rig, 1)->occurred_at_us, heard_us);

    const Feedback__GetAnswersResponse *response = get_answers(rig, 7);
    assert_int_equal(response->n_answers, 1);
    const Feedback__FeedbackAnswer *said = response->answers[0];
    assert_int_equal(said->case_number, 7);
    assert_int_equal(said->call_number, 1007);
    assert_string_equal(said->code, "1234567890");
    assert_string_equal(said->topic, "asphalt");
    assert_string_equal(said->unit, "district-5");
    assert_int_equal(said->resolution, PARTLY);
    assert_int_equal(said->score, 3);
    assert_int_equal(said->answered_at_us, heard_us);
}

static void records_nothing_when_nobody_was_heard(void **state)
{
    struct rig *rig = *state;
    Followup__CallCompleted completed = answered_call(7, "district-5", 0, 0);
    completed.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER;
    assert_int_equal(feed_completed(rig, completed, (struct event){0}), STATUS_OK);
    completed.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED;
    assert_int_equal(feed_completed(rig, completed, (struct event){0}), STATUS_OK);

    Followup__CallClaimed claimed = FOLLOWUP__CALL_CLAIMED__INIT;
    Followup__Event open = FOLLOWUP__EVENT__INIT;
    open.kind_case = FOLLOWUP__EVENT__KIND_CALL_CLAIMED;
    open.call_claimed = &claimed;
    assert_int_equal(feed_event(rig, &open, (struct event){0}), STATUS_OK);

    assert_int_equal(rig_event_count(rig), 0);
    assert_int_equal(get_answers(rig, 7)->n_answers, 0);
}

static void does_not_score_a_citys_past(void **state)
{
    struct rig *rig = *state;
    Followup__CallCompleted completed = answered_call(7, "district-5", RESOLVED, 5);
    struct event past = {.historical = true, .occurred_at_us = DAY_US};
    assert_int_equal(feed_completed(rig, completed, past), STATUS_OK);
    assert_int_equal(rig_event_count(rig), 0);
}

static void stops_at_an_answer_that_cannot_be_counted(void **state)
{
    struct rig *rig = *state;
    Followup__CallCompleted completed = answered_call(7, "district-5", RESOLVED, 6);
    assert_int_equal(feed_completed(rig, completed, (struct event){0}), STATUS_DATA_LOSS);
    assert_int_equal(rig_event_count(rig), 0);
}

static void tells_the_answers_of_one_request_oldest_first(void **state)
{
    struct rig *rig = *state;
    answer(rig, 7, "district-5", UNRESOLVED, 1);
    answer(rig, 8, "district-5", RESOLVED, 4);
    answer(rig, 7, "district-5", RESOLVED, 5);
    const Feedback__GetAnswersResponse *response = get_answers(rig, 7);
    assert_int_equal(response->n_answers, 2);
    assert_int_equal(response->answers[0]->score, 1);
    assert_int_equal(response->answers[1]->score, 5);
    assert_int_equal(get_answers(rig, 9)->n_answers, 0);

    Feedback__GetAnswersRequest request = FEEDBACK__GET_ANSWERS_REQUEST__INIT;
    call_refused(rig, "GetAnswers", &request.base, STATUS_INVALID_ARGUMENT, "case_number");
}

static void tells_at_most_a_hundred_answers(void **state)
{
    struct rig *rig = *state;
    for (uint32_t i = 0; i < 101; i++) {
        answer(rig, 7, "district-5", RESOLVED, i == 100 ? 5 : 1);
    }
    const Feedback__GetAnswersResponse *response = get_answers(rig, 7);
    assert_int_equal(response->n_answers, 100);
    assert_int_equal(response->answers[99]->score, 1);
}

/* --- rates --- */

static void adds_up_the_answers_of_each_unit(void **state)
{
    struct rig *rig = *state;
    answer(rig, 1, "district-5", RESOLVED, 5);
    answer(rig, 2, "district-5", RESOLVED, 4);
    answer(rig, 3, "district-6", UNRESOLVED, 1);
    answer(rig, 4, "district-5", PARTLY, 2);
    answer(rig, 5, "district-5", UNRESOLVED, 2);

    const Feedback__UnitRate *rate = get_rate(rig, "district-5");
    static const uint64_t scores[] = {0, 2, 0, 1, 1};
    assert_int_equal(rate->answers, 4);
    assert_int_equal(rate->resolved, 2);
    assert_int_equal(rate->partly, 1);
    assert_int_equal(rate->unresolved, 1);
    assert_memory_equal(rate->scores, scores, sizeof(scores));
    assert_float_equal(rate->mean_score, 13.0 / 4, 1e-12);
    assert_float_equal(rate->satisfied_share, 0.5, 1e-12);
    assert_int_equal(get_rate(rig, "district-6")->answers, 1);
}

static void knows_units_of_the_pack_before_anybody_answered(void **state)
{
    struct rig *rig = *state;
    const char *unit = city_unit_at(rig_city(rig), 0)->key;
    const Feedback__UnitRate *rate = get_rate(rig, unit);
    assert_int_equal(rate->answers, 0);
    assert_int_equal(rate->scores[4], 0);
    assert_float_equal(rate->mean_score, 0, 0);

    Feedback__GetUnitRateRequest request = FEEDBACK__GET_UNIT_RATE_REQUEST__INIT;
    request.unit = (char *)"moon-base";
    call_refused(rig, "GetUnitRate", &request.base, STATUS_NOT_FOUND, "unit");
    answer(rig, 1, "moon-base", RESOLVED, 5);
    assert_int_equal(get_rate(rig, "moon-base")->answers, 1);
    request.unit = (char *)"";
    call_refused(rig, "GetUnitRate", &request.base, STATUS_INVALID_ARGUMENT, "unit");
}

static void lists_units_with_answers_by_key_in_pages(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(list_rates(rig, 0, "")->n_rates, 0);
    static const char *const units[] = {"unit-3", "unit-1", "unit-2", "unit-10", "unit-3"};
    for (size_t i = 0; i < 5; i++) {
        answer(rig, i + 1, units[i], RESOLVED, 5);
    }
    const Feedback__ListUnitRatesResponse *page = list_rates(rig, 3, "");
    assert_int_equal(page->n_rates, 3);
    assert_string_equal(page->rates[0]->unit, "unit-1");
    assert_string_equal(page->rates[1]->unit, "unit-10");
    assert_string_equal(page->rates[2]->unit, "unit-2");
    assert_string_equal(page->next_page_token, "unit-2");
    page = list_rates(rig, 3, page->next_page_token);
    assert_int_equal(page->n_rates, 1);
    assert_string_equal(page->rates[0]->unit, "unit-3");
    assert_int_equal(page->rates[0]->answers, 2);
    assert_string_equal(page->next_page_token, "");
    assert_string_equal(list_rates(rig, 4, "")->next_page_token, "");
}

static void gives_a_hundred_units_when_no_page_size_is_asked_for(void **state)
{
    struct rig *rig = *state;
    for (uint64_t i = 1; i <= 101; i++) {
        char unit[16];
        snprintf(unit, sizeof(unit), "unit-%03d", (int)i);
        answer(rig, i, unit, RESOLVED, 5);
    }
    const Feedback__ListUnitRatesResponse *page = list_rates(rig, 0, "");
    assert_int_equal(page->n_rates, 100);
    assert_string_equal(page->next_page_token, "unit-100");

    Feedback__ListUnitRatesRequest request = FEEDBACK__LIST_UNIT_RATES_REQUEST__INIT;
    request.page_size = 501;
    call_refused(rig, "ListUnitRates", &request.base, STATUS_INVALID_ARGUMENT, "page_size");
}

/* --- after a crash --- */

static void goes_on_after_a_restart(void **state)
{
    struct rig *rig = *state;
    answer(rig, 1, "district-5", RESOLVED, 5);
    rig_restart(rig);
    answer(rig, 2, "district-5", PARTLY, 3);
    rig_restart(rig);
    assert_int_equal(get_rate(rig, "district-5")->answers, 2);
    assert_int_equal(get_answers(rig, 1)->n_answers, 1);
    rig_verify(rig);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(records_what_a_citizen_answered),
        ON_RIG(records_nothing_when_nobody_was_heard),
        ON_RIG(does_not_score_a_citys_past),
        ON_RIG(stops_at_an_answer_that_cannot_be_counted),
        ON_RIG(tells_the_answers_of_one_request_oldest_first),
        ON_RIG(tells_at_most_a_hundred_answers),
        ON_RIG(adds_up_the_answers_of_each_unit),
        ON_RIG(knows_units_of_the_pack_before_anybody_answered),
        ON_RIG(lists_units_with_answers_by_key_in_pages),
        ON_RIG(gives_a_hundred_units_when_no_page_size_is_asked_for),
        ON_RIG(goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

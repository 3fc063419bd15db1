/* From a finished task to an operator's hands: scheduling, handing out, listing. */
#include "tests/unit/followup/desk.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* --- scheduling --- */

static void schedules_a_call_for_every_finished_task(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 3);
    assert_int_equal(rig_event_count(rig), 3);
    for (uint64_t number = 1; number <= 3; number++) {
        const Followup__Call *call = desk_get_call(rig, number);
        assert_int_equal(call->number, number);
        assert_int_equal(call->task_number, number);
        assert_int_equal(call->case_number, 100 + number);
        assert_string_equal(call->code, "1234567890");
        assert_string_equal(call->topic, "asphalt");
        assert_string_equal(call->unit, "district-5");
        assert_string_equal(call->note, "لکه‌گیری شد");
        assert_int_equal(call->citizen, DESK_CITIZEN);
        assert_int_equal(call->state, STATE_WAITING);
        assert_int_equal(call->due_at_us,
                         rig_now_us(rig) + desk_callback(rig)->first_delay_minutes * MINUTE_US);
    }
}

static void schedules_none_for_a_citys_past_or_for_nobody(void **state)
{
    struct rig *rig = *state;
    Routing__TaskDone anonymous = desk_done_task(1);
    anonymous.citizen = 0;
    desk_feed_done(rig, anonymous, (struct event){0});
    desk_feed_done(rig, desk_done_task(2),
                   (struct event){.historical = true, .occurred_at_us = DAY_US});
    assert_int_equal(rig_event_count(rig), 0);
}

static void schedules_once_for_a_task(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_finish_tasks(rig, 2);
    assert_int_equal(rig_event_count(rig), 2);
    assert_int_equal(desk_get_call(rig, 2)->task_number, 2);
}

static void passes_over_what_does_not_finish_a_task(void **state)
{
    struct rig *rig = *state;
    struct error err = ERROR_NONE;
    Routing__TaskAccepted accepted = ROUTING__TASK_ACCEPTED__INIT;
    accepted.task_number = 1;
    Routing__Event open = ROUTING__EVENT__INIT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_ACCEPTED;
    open.task_accepted = &accepted;
    struct event event = {.open = &open.base};
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
    assert_int_equal(rig_event_count(rig), 0);
}

static void feed_routing(struct rig *rig, Routing__Event open)
{
    struct error err = ERROR_NONE;
    const struct event event = {.open = &open.base};
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
}

static void reopen_task(struct rig *rig, uint64_t task_number, uint32_t finish)
{
    Routing__TaskReopened reopened = ROUTING__TASK_REOPENED__INIT;
    reopened.task_number = task_number;
    reopened.case_number = 100 + task_number;
    reopened.finish = finish;
    Routing__Event open = ROUTING__EVENT__INIT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_REOPENED;
    open.task_reopened = &reopened;
    feed_routing(rig, open);
}

static void asks_about_what_was_closed_undone_with_reason_and_words_to_tell(void **state)
{
    struct rig *rig = *state;
    Routing__TaskClosedUndone closed = ROUTING__TASK_CLOSED_UNDONE__INIT;
    closed.task_number = 1;
    closed.case_number = 101;
    closed.code = (char *)"1234567890";
    closed.topic = (char *)"asphalt";
    closed.unit = (char *)"district-5";
    closed.words = (char *)"امسال بودجه نیست";
    closed.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NO_BUDGET;
    closed.citizen = DESK_CITIZEN;
    closed.finish = 1;
    Routing__Event open = ROUTING__EVENT__INIT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    open.task_closed_undone = &closed;
    feed_routing(rig, open);
    feed_routing(rig, open);
    assert_int_equal(rig_event_count(rig), 1);
    const Followup__Call *call = desk_get_call(rig, 1);
    assert_true(call->closed_undone);
    assert_string_equal(call->note, "امسال بودجه نیست");
    assert_string_equal(call->reason, "no budget");
    assert_int_equal(call->citizen, DESK_CITIZEN);
    assert_int_equal(call->due_at_us,
                     rig_now_us(rig) + desk_callback(rig)->first_delay_minutes * MINUTE_US);
}

static void calls_again_for_each_finish_of_a_reopened_task(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
    desk_record_answer(rig, 1, "Maryam", "");
    assert_int_equal(desk_last_event(rig)->call_completed->finish, 1);
    reopen_task(rig, 1, 1);
    Routing__TaskDone again = desk_done_task(1);
    again.finish = 2;
    desk_feed_done(rig, again, (struct event){0});
    desk_feed_done(rig, again, (struct event){0});
    assert_int_equal(desk_get_call(rig, 2)->finish, 2);
    assert_int_equal(rig_event_count(rig), 4); /* and none about the reopening */
}

static void withdraws_the_call_about_what_was_reopened_before_it_was_made(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 2);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
    reopen_task(rig, 1, 1);
    reopen_task(rig, 2, 1);
    assert_int_equal(desk_get_call(rig, 1)->state, FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN);
    assert_int_equal(desk_get_call(rig, 2)->state, FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN);
    assert_null(desk_next_call(rig, "Ali")->call);
    Followup__RecordCallRequest late = desk_record_request(1, "Maryam", NO_ANSWER);
    desk_call_refused(rig, "RecordCall", &late.base, STATUS_FAILED_PRECONDITION, "call_number");
    uint64_t events = rig_event_count(rig);
    reopen_task(rig, 3, 1); /* never finished, as far as we know */
    assert_int_equal(rig_event_count(rig), events);
}

/* --- handing out --- */

static void hands_out_the_longest_due_first(void **state)
{
    struct rig *rig = *state;
    int64_t now_us = rig_now_us(rig);
    static const int64_t hours_ago[] = {1, 3, 2};
    for (uint64_t i = 0; i < 3; i++) {
        desk_feed_done(rig, desk_done_task(i + 1),
                       (struct event){.occurred_at_us = now_us - hours_ago[i] * HOUR_US});
    }
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), 2);
    assert_int_equal(desk_claim(rig, "Maryam"), 3);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
}

static void says_when_the_next_call_is_due_when_none_is(void **state)
{
    struct rig *rig = *state;
    const Followup__NextCallResponse *response = desk_next_call(rig, "Maryam");
    assert_null(response->call);
    assert_int_equal(response->next_due_at_us, 0);

    desk_finish_tasks(rig, 1);
    int64_t due_us = desk_get_call(rig, 1)->due_at_us;
    rig_advance(rig, due_us - rig_now_us(rig) - 1);
    uint64_t events = rig_event_count(rig);
    response = desk_next_call(rig, "Maryam");
    assert_null(response->call);
    assert_int_equal(response->next_due_at_us, due_us);
    assert_int_equal(rig_event_count(rig), events);

    rig_advance(rig, 1);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
}

static void says_with_a_call_when_the_one_after_it_is_due(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_minutes(rig, 60);
    desk_feed_done(rig, desk_done_task(2), (struct event){0});
    desk_pass_first_delay(rig);
    const Followup__NextCallResponse *response = desk_next_call(rig, "Maryam");
    assert_int_equal(response->call->number, 1);
    assert_int_equal(response->next_due_at_us, desk_get_call(rig, 2)->due_at_us);
}

static void never_gives_one_call_to_two_operators(void **state)
{
    struct rig *rig = *state;
    static const char *const operators[] = {"Maryam", "Reza", "Sara"};
    bool given[10] = {false};
    desk_finish_tasks(rig, 9);
    desk_pass_first_delay(rig);
    for (size_t i = 0; i < 9; i++) {
        uint64_t number = desk_claim(rig, operators[i % 3]);
        assert_in_range(number, 1, 9);
        assert_false(given[number]);
        given[number] = true;
    }
    const Followup__NextCallResponse *response = desk_next_call(rig, "Maryam");
    assert_null(response->call);
    assert_int_equal(response->next_due_at_us,
                     rig_now_us(rig) + desk_callback(rig)->lease_minutes * MINUTE_US);
}

static void hands_out_again_what_was_not_recorded_in_time(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
    rig_advance(rig, desk_callback(rig)->lease_minutes * MINUTE_US - 1);
    assert_null(desk_next_call(rig, "Reza")->call);
    rig_advance(rig, 1);
    assert_int_equal(desk_claim(rig, "Reza"), 1);
    assert_int_equal(desk_get_call(rig, 1)->attempts, 0);

    Followup__RecordCallRequest late = desk_record_request(1, "Maryam", NO_ANSWER);
    desk_call_refused(rig, "RecordCall", &late.base, STATUS_FAILED_PRECONDITION, "operator_name");
    desk_record(rig, 1, "Reza", NO_ANSWER);
}

static void believes_who_was_on_the_phone_longer_than_the_lease(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_claim(rig, "Maryam");
    desk_pass_minutes(rig, desk_callback(rig)->lease_minutes + 5);
    assert_int_equal(desk_record_answer(rig, 1, "Maryam", "")->state, STATE_ANSWERED);
}

static void gives_the_same_call_again_to_a_request_that_was_sent_twice(void **state)
{
    struct rig *rig = *state;
    uint8_t key[16];
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.operator_name = (char *)"Maryam";
    desk_finish_tasks(rig, 2);
    desk_pass_first_delay(rig);
    request.idempotency_key = desk_idempotency_key(rig, key, 1);
    const Followup__NextCallResponse *first = desk_call_ok(rig, "NextCall", &request.base);
    uint64_t events = rig_event_count(rig);
    const Followup__NextCallResponse *second = desk_call_ok(rig, "NextCall", &request.base);
    assert_int_equal(rig_event_count(rig), events);
    desk_expect_same_call(first->call, second->call);
    assert_int_equal(desk_claim(rig, "Maryam"), 2);
}

/* --- listing --- */

static const Followup__ListCallsResponse *
list_calls(struct rig *rig, Followup__CallState call_state, uint32_t page_size, uint64_t page_token)
{
    Followup__ListCallsRequest request = FOLLOWUP__LIST_CALLS_REQUEST__INIT;
    request.state = call_state;
    request.page_size = page_size;
    request.page_token = page_token;
    return desk_call_ok(rig, "ListCalls", &request.base);
}

static void expect_numbers(const Followup__ListCallsResponse *response, const uint64_t *numbers,
                           size_t count)
{
    assert_int_equal(response->n_calls, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(response->calls[i]->number, numbers[i]);
    }
}

static void lists_calls_by_number_in_pages(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 5);
    const Followup__ListCallsResponse *page = list_calls(rig, 0, 2, 0);
    expect_numbers(page, (const uint64_t[]){1, 2}, 2);
    page = list_calls(rig, 0, 2, page->next_page_token);
    expect_numbers(page, (const uint64_t[]){3, 4}, 2);
    page = list_calls(rig, 0, 2, page->next_page_token);
    expect_numbers(page, (const uint64_t[]){5}, 1);
    assert_int_equal(page->next_page_token, 0);
    assert_int_equal(list_calls(rig, 0, 5, 0)->next_page_token, 0);
    assert_int_equal(list_calls(rig, 0, 5, UINT64_MAX)->n_calls, 0);

    Followup__ListCallsRequest request = FOLLOWUP__LIST_CALLS_REQUEST__INIT;
    request.page_size = 101;
    desk_call_refused(rig, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT, "page_size");
    request.page_size = 0;
    request.state = (Followup__CallState)6;
    desk_call_refused(rig, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT, "state");
}

static void gives_twenty_calls_when_no_page_size_is_asked_for(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 21);
    const Followup__ListCallsResponse *page = list_calls(rig, 0, 0, 0);
    assert_int_equal(page->n_calls, 20);
    assert_int_equal(page->next_page_token, 20);
}

static void lists_calls_of_one_state(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 6);
    desk_pass_first_delay(rig);
    desk_record_answer(rig, desk_claim(rig, "Maryam"), "Maryam", "");
    desk_record(rig, desk_claim(rig, "Maryam"), "Maryam", NO_ANSWER);
    desk_record(rig, desk_claim(rig, "Maryam"), "Maryam", REFUSED);
    desk_claim(rig, "Maryam");
    expect_numbers(list_calls(rig, STATE_ANSWERED, 0, 0), (const uint64_t[]){1}, 1);
    expect_numbers(list_calls(rig, STATE_UNREACHED, 0, 0), (const uint64_t[]){3}, 1);
    expect_numbers(list_calls(rig, STATE_CLAIMED, 0, 0), (const uint64_t[]){4}, 1);
    expect_numbers(list_calls(rig, STATE_WAITING, 0, 0), (const uint64_t[]){2, 5, 6}, 3);
    const Followup__ListCallsResponse *page = list_calls(rig, STATE_WAITING, 2, 0);
    expect_numbers(page, (const uint64_t[]){2, 5}, 2);
    expect_numbers(list_calls(rig, STATE_WAITING, 2, page->next_page_token), (const uint64_t[]){6},
                   1);
}

/* --- after a crash --- */

static void goes_on_after_a_restart(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 2);
    rig_restart(rig);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
    rig_restart(rig);
    assert_int_equal(desk_claim(rig, "Reza"), 2);
    desk_record_answer(rig, 1, "Maryam", "سپاس");
    rig_restart(rig);
    assert_string_equal(desk_reveal(rig, 1), "سپاس");
    desk_pass_minutes(rig, desk_callback(rig)->lease_minutes);
    rig_restart(rig);
    assert_int_equal(desk_claim(rig, "Sara"), 2);
    rig_verify(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(schedules_a_call_for_every_finished_task),
        DESK_TEST(schedules_none_for_a_citys_past_or_for_nobody),
        DESK_TEST(schedules_once_for_a_task),
        DESK_TEST(passes_over_what_does_not_finish_a_task),
        DESK_TEST(asks_about_what_was_closed_undone_with_reason_and_words_to_tell),
        DESK_TEST(calls_again_for_each_finish_of_a_reopened_task),
        DESK_TEST(withdraws_the_call_about_what_was_reopened_before_it_was_made),
        DESK_TEST(hands_out_the_longest_due_first),
        DESK_TEST(says_when_the_next_call_is_due_when_none_is),
        DESK_TEST(says_with_a_call_when_the_one_after_it_is_due),
        DESK_TEST(never_gives_one_call_to_two_operators),
        DESK_TEST(hands_out_again_what_was_not_recorded_in_time),
        DESK_TEST(believes_who_was_on_the_phone_longer_than_the_lease),
        DESK_TEST(gives_the_same_call_again_to_a_request_that_was_sent_twice),
        DESK_TEST(lists_calls_by_number_in_pages),
        DESK_TEST(gives_twenty_calls_when_no_page_size_is_asked_for),
        DESK_TEST(lists_calls_of_one_state),
        DESK_TEST(goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

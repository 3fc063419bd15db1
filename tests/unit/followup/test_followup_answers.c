/* What came of a call, and the citizen's words. */
#include "tests/unit/followup/desk.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define WORDS "آسفالت دوباره نشست کرده است"

/* --- recording --- */

static void records_only_for_whoever_holds_the_call(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    Followup__RecordCallRequest request = desk_record_request(1, "Reza", REFUSED);
    desk_call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION, "call_number");
    desk_claim(rig, "Maryam");
    desk_call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION,
                      "operator_name");
    request.call_number = 2;
    desk_call_refused(rig, "RecordCall", &request.base, STATUS_NOT_FOUND, "call_number");

    desk_record(rig, 1, "Maryam", REFUSED);
    request = desk_record_request(1, "Maryam", REFUSED);
    desk_call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION, "call_number");
}

static void comes_back_later_when_nobody_answered(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_claim(rig, "Maryam");
    desk_pass_minutes(rig, 2);
    int64_t due_us = rig_now_us(rig) + desk_callback(rig)->retry_minutes * MINUTE_US;
    const Followup__Call *call = desk_record(rig, 1, "Maryam", NO_ANSWER);
    desk_expect_same_call(call, desk_get_call(rig, 1));
    assert_int_equal(call->state, STATE_WAITING);
    assert_int_equal(call->attempts, 1);
    assert_int_equal(call->last_outcome, NO_ANSWER);
    assert_int_equal(call->due_at_us, due_us);
    assert_string_equal(call->operator_name, "");
    assert_int_equal(call->lease_until_us, 0);

    const Followup__Event *event = desk_last_event(rig);
    assert_int_equal(event->kind_case, FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED);
    assert_int_equal(event->call_attempted->case_number, 101);
    assert_string_equal(event->call_attempted->operator_name, "Maryam");

    rig_advance(rig, due_us - rig_now_us(rig) - 1);
    assert_null(desk_next_call(rig, "Reza")->call);
    rig_advance(rig, 1);
    assert_int_equal(desk_claim(rig, "Reza"), 1);
}

static void gives_up_after_the_attempts_of_the_pack(void **state)
{
    struct rig *rig = *state;
    uint32_t attempts_max = desk_callback(rig)->attempts_max;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    for (uint32_t attempt = 1; attempt < attempts_max; attempt++) {
        desk_claim(rig, "Maryam");
        assert_int_equal(desk_record(rig, 1, "Maryam", BUSY)->state, STATE_WAITING);
        desk_pass_minutes(rig, desk_callback(rig)->retry_minutes);
    }
    desk_claim(rig, "Maryam");
    const Followup__Call *call = desk_record(rig, 1, "Maryam", NO_ANSWER);
    desk_expect_same_call(call, desk_get_call(rig, 1));
    assert_int_equal(call->state, STATE_UNREACHED);
    assert_int_equal(call->attempts, attempts_max);

    const Followup__Event *event = desk_last_event(rig);
    assert_int_equal(event->kind_case, FOLLOWUP__EVENT__KIND_CALL_COMPLETED);
    assert_int_equal(event->call_completed->outcome, NO_ANSWER);
    assert_int_equal(event->call_completed->attempts, attempts_max);
    assert_int_equal(event->call_completed->score, 0);
    desk_pass_minutes(rig, desk_callback(rig)->retry_minutes);
    assert_null(desk_next_call(rig, "Maryam")->call);
    assert_int_equal(desk_next_call(rig, "Maryam")->next_due_at_us, 0);
}

static void gives_up_at_once_when_calling_again_is_no_use(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 2);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_record(rig, desk_claim(rig, "Maryam"), "Maryam", WRONG_NUMBER)->state,
                     STATE_UNREACHED);
    assert_int_equal(desk_record(rig, desk_claim(rig, "Maryam"), "Maryam", REFUSED)->state,
                     STATE_UNREACHED);
    assert_int_equal(desk_next_call(rig, "Maryam")->next_due_at_us, 0);
}

static void keeps_what_the_citizen_said_of_the_matter(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_claim(rig, "Maryam");
    const Followup__Call *call = desk_record_answer(rig, 1, "Maryam", WORDS);
    desk_expect_same_call(call, desk_get_call(rig, 1));
    assert_int_equal(call->resolution, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    assert_int_equal(call->score, 2);
    assert_int_equal(call->attempts, 1);
    assert_string_equal(call->operator_name, "Maryam");
    assert_int_equal(call->lease_until_us, 0);

    const Followup__CallCompleted *completed = desk_last_event(rig)->call_completed;
    assert_non_null(completed);
    assert_int_equal(completed->call_number, 1);
    assert_int_equal(completed->case_number, 101);
    assert_int_equal(completed->task_number, 1);
    assert_string_equal(completed->code, "1234567890");
    assert_string_equal(completed->topic, "asphalt");
    assert_string_equal(completed->unit, "district-5");
    assert_int_equal(completed->outcome, ANSWERED);
    assert_int_equal(completed->resolution, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    assert_int_equal(completed->score, 2);
    assert_int_equal(desk_next_call(rig, "Maryam")->next_due_at_us, 0);
}

static void refuses_what_makes_no_sense(void **state)
{
    struct rig *rig = *state;
    Followup__NextCallRequest nobody = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    desk_call_refused(rig, "NextCall", &nobody.base, STATUS_INVALID_ARGUMENT, "operator_name");

    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_claim(rig, "Maryam");
    Followup__RecordCallRequest unanswered = desk_record_request(1, "Maryam", ANSWERED);
    desk_call_refused(rig, "RecordCall", &unanswered.base, STATUS_INVALID_ARGUMENT, "answer");
    Followup__RecordCallRequest unnamed = desk_record_request(1, "", NO_ANSWER);
    desk_call_refused(rig, "RecordCall", &unnamed.base, STATUS_INVALID_ARGUMENT, "operator_name");

    Followup__RevealCallRequest aimless = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    aimless.call_number = 1;
    desk_call_refused(rig, "RevealCall", &aimless.base, STATUS_INVALID_ARGUMENT, "purpose");
    aimless.purpose = (char *)"complaint";
    aimless.call_number = 2;
    desk_call_refused(rig, "RevealCall", &aimless.base, STATUS_NOT_FOUND, "call_number");

    Followup__GetCallRequest unknown = FOLLOWUP__GET_CALL_REQUEST__INIT;
    unknown.call_number = 2;
    desk_call_refused(rig, "GetCall", &unknown.base, STATUS_NOT_FOUND, "call_number");
}

static void is_for_the_desk_only(void **state)
{
    struct rig *rig = *state;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.operator_name = (char *)"district-5";
    assert_int_equal(rig_call(rig, RPC_ROLE_OFFICE, "NextCall", &request.base, &response, &err),
                     STATUS_PERMISSION_DENIED);
}

/* --- words --- */

static bool holds_words(struct bytes bytes)
{
    return bytes.size > 0 && memmem(bytes.data, bytes.size, WORDS, strlen(WORDS)) != NULL;
}

static void expect_log_without_words(struct rig *rig)
{
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        const struct event *event = rig_event(rig, offset);
        struct buffer open = BUFFER_EMPTY;
        message_pack(event->open, &open);
        assert_false(holds_words(buffer_bytes(&open)));
        assert_false(holds_words(event->sealed));
        buffer_fini(&open);
    }
}

static void seals_the_words_and_shows_them_on_the_record(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_record_answer(rig, desk_claim(rig, "Maryam"), "Maryam", WORDS);
    const struct event *event = rig_event(rig, rig_event_count(rig));
    assert_int_equal(event->citizen, DESK_CITIZEN);
    assert_true(event->sealed.size > strlen(WORDS));

    uint64_t events = rig_event_count(rig);
    assert_string_equal(desk_reveal(rig, 1), WORDS);
    assert_int_equal(rig_event_count(rig), events + 1);
    const Followup__CallRevealed *revealed = desk_last_event(rig)->call_revealed;
    assert_non_null(revealed);
    assert_int_equal(revealed->call_number, 1);
    assert_string_equal(revealed->purpose, "complaint");
    expect_log_without_words(rig);
}

static void shows_them_again_to_a_request_that_was_sent_twice(void **state)
{
    struct rig *rig = *state;
    uint8_t key[16];
    Followup__RevealCallRequest request = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    request.call_number = 1;
    request.purpose = (char *)"complaint";
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_record_answer(rig, desk_claim(rig, "Maryam"), "Maryam", WORDS);
    request.idempotency_key = desk_idempotency_key(rig, key, 1);
    uint64_t events = rig_event_count(rig);
    for (int i = 0; i < 2; i++) {
        const Followup__RevealCallResponse *response =
            desk_call_ok(rig, "RevealCall", &request.base);
        assert_string_equal(response->words, WORDS);
        assert_int_equal(rig_event_count(rig), events + 1);
    }
}

static void seals_nothing_when_nothing_was_said(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 2);
    desk_pass_first_delay(rig);
    desk_record_answer(rig, desk_claim(rig, "Maryam"), "Maryam", "");
    const struct event *event = rig_event(rig, rig_event_count(rig));
    assert_int_equal(event->sealed.size, 0);
    assert_int_equal(event->citizen, 0);
    assert_string_equal(desk_reveal(rig, 1), "");
    assert_string_equal(desk_reveal(rig, 2), "");
}

static void keeps_one_key_for_all_the_words_of_a_citizen(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 2);
    desk_pass_first_delay(rig);
    desk_record_answer(rig, desk_claim(rig, "Maryam"), "Maryam", WORDS);
    desk_record_answer(rig, desk_claim(rig, "Maryam"), "Maryam", "سپاس");
    assert_string_equal(desk_reveal(rig, 1), WORDS);
    assert_string_equal(desk_reveal(rig, 2), "سپاس");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(records_only_for_whoever_holds_the_call),
        DESK_TEST(comes_back_later_when_nobody_answered),
        DESK_TEST(gives_up_after_the_attempts_of_the_pack),
        DESK_TEST(gives_up_at_once_when_calling_again_is_no_use),
        DESK_TEST(keeps_what_the_citizen_said_of_the_matter),
        DESK_TEST(refuses_what_makes_no_sense),
        DESK_TEST(is_for_the_desk_only),
        DESK_TEST(seals_the_words_and_shows_them_on_the_record),
        DESK_TEST(shows_them_again_to_a_request_that_was_sent_twice),
        DESK_TEST(seals_nothing_when_nothing_was_said),
        DESK_TEST(keeps_one_key_for_all_the_words_of_a_citizen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

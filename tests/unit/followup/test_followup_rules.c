/* When a call is made, when it comes back, when it is given up, and who may say what came of it. */
#include "services/followup/followup_rules.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define ANSWERED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED
#define NO_ANSWER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER
#define BUSY FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY
#define WRONG_NUMBER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_WRONG_NUMBER
#define REFUSED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED

static const struct city_callback callback = {
    .first_delay_minutes = 1440,
    .retry_minutes = 180,
    .attempts_max = 3,
    .lease_minutes = 15,
};

static void wants_a_call_when_it_is_new_and_somebody_can_be_called(void **state)
{
    (void)state;
    assert_true(followup_rules_wants_call(false, 1));
    assert_false(followup_rules_wants_call(false, 0));
    assert_false(followup_rules_wants_call(true, 1));
}

static void counts_times_in_the_minutes_of_the_pack(void **state)
{
    (void)state;
    assert_int_equal(followup_rules_first_due_us(&callback, 7), 7 + 24 * HOUR_US);
    assert_int_equal(followup_rules_retry_due_us(&callback, 7), 7 + 3 * HOUR_US);
    assert_int_equal(followup_rules_lease_until_us(&callback, 7), 7 + 15 * MINUTE_US);
}

static void does_not_overflow_with_the_longest_delays(void **state)
{
    (void)state;
    struct city_callback longest = {.first_delay_minutes = UINT32_MAX};
    assert_int_equal(followup_rules_first_due_us(&longest, 1), 1 + UINT32_MAX * MINUTE_US);
}

static void tries_again_only_when_nobody_was_heard_and_attempts_are_left(void **state)
{
    (void)state;
    assert_false(followup_rules_is_last(&callback, NO_ANSWER, 1));
    assert_false(followup_rules_is_last(&callback, BUSY, 2));
    assert_true(followup_rules_is_last(&callback, NO_ANSWER, 3));
    assert_true(followup_rules_is_last(&callback, BUSY, 4));
    assert_true(followup_rules_is_last(&callback, ANSWERED, 1));
    assert_true(followup_rules_is_last(&callback, WRONG_NUMBER, 1));
    assert_true(followup_rules_is_last(&callback, REFUSED, 1));
}

static Followup__Answer whole_answer(void)
{
    Followup__Answer answer = FOLLOWUP__ANSWER__INIT;
    answer.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY;
    answer.score = 4;
    return answer;
}

static void expect_refused(Followup__CallOutcome outcome, const Followup__Answer *answer,
                           const char *field)
{
    struct error err = ERROR_NONE;
    assert_int_equal(followup_rules_check_outcome(outcome, answer, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, field);
}

static void takes_a_whole_answer_when_the_citizen_was_heard(void **state)
{
    (void)state;
    struct error err = ERROR_NONE;
    Followup__Answer answer = whole_answer();
    assert_int_equal(followup_rules_check_outcome(ANSWERED, &answer, &err), STATUS_OK);
    answer.score = 1;
    assert_int_equal(followup_rules_check_outcome(ANSWERED, &answer, &err), STATUS_OK);
    answer.score = 5;
    answer.words = (char *)"درست شد، سپاس";
    assert_int_equal(followup_rules_check_outcome(ANSWERED, &answer, &err), STATUS_OK);

    expect_refused(ANSWERED, NULL, "answer");
    answer.score = 0;
    expect_refused(ANSWERED, &answer, "score");
    answer.score = 6;
    expect_refused(ANSWERED, &answer, "score");
    answer = whole_answer();
    answer.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNSPECIFIED;
    expect_refused(ANSWERED, &answer, "resolution");
    answer.resolution = (Followup__Resolution)4;
    expect_refused(ANSWERED, &answer, "resolution");
    answer.resolution = (Followup__Resolution)-1;
    expect_refused(ANSWERED, &answer, "resolution");
}

static void takes_words_up_to_their_limit(void **state)
{
    (void)state;
    static char words[FOLLOWUP_WORDS_MAX + 2];
    Followup__Answer answer = whole_answer();
    answer.words = words;
    memset(words, 'a', FOLLOWUP_WORDS_MAX);
    assert_int_equal(followup_rules_check_outcome(ANSWERED, &answer, NULL), STATUS_OK);
    words[FOLLOWUP_WORDS_MAX] = 'a';
    expect_refused(ANSWERED, &answer, "words");
}

static void takes_no_answer_when_nobody_was_heard(void **state)
{
    (void)state;
    Followup__Answer answer = whole_answer();
    for (Followup__CallOutcome outcome = NO_ANSWER; outcome <= REFUSED; outcome++) {
        assert_int_equal(followup_rules_check_outcome(outcome, NULL, NULL), STATUS_OK);
        expect_refused(outcome, &answer, "answer");
    }
}

static void refuses_an_outcome_that_is_none(void **state)
{
    (void)state;
    expect_refused(FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_UNSPECIFIED, NULL, "outcome");
    expect_refused((Followup__CallOutcome)6, NULL, "outcome");
    expect_refused((Followup__CallOutcome)-1, NULL, "outcome");
}

static Followup__Call scheduled_call(void)
{
    Followup__CallScheduled scheduled = FOLLOWUP__CALL_SCHEDULED__INIT;
    scheduled.call_number = 7;
    scheduled.due_at_us = 1000;
    return followup_rules_apply_scheduled(&scheduled);
}

static void claim_for(Followup__Call *call, const char *operator_name)
{
    Followup__CallClaimed claimed = FOLLOWUP__CALL_CLAIMED__INIT;
    claimed.operator_name = (char *)(uintptr_t)operator_name;
    claimed.lease_until_us = 2000;
    followup_rules_apply_claimed(call, &claimed);
}

static void lets_only_the_holder_record(void **state)
{
    (void)state;
    struct error err = ERROR_NONE;
    Followup__Call call = scheduled_call();
    assert_int_equal(followup_rules_check_holder(&call, "Maryam", &err),
                     STATUS_FAILED_PRECONDITION);
    claim_for(&call, "Maryam");
    assert_int_equal(followup_rules_check_holder(&call, "Maryam", &err), STATUS_OK);
    assert_int_equal(followup_rules_check_holder(&call, "Reza", &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, "Maryam"));

    Followup__CallCompleted completed = FOLLOWUP__CALL_COMPLETED__INIT;
    completed.operator_name = (char *)"Maryam";
    completed.outcome = REFUSED;
    followup_rules_apply_completed(&call, &completed);
    assert_int_equal(followup_rules_check_holder(&call, "Maryam", &err),
                     STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, "ended"));
}

static void queues_a_call_until_it_has_ended(void **state)
{
    (void)state;
    int64_t due_us = 0;
    Followup__Call call = scheduled_call();
    assert_true(followup_rules_queued_at(&call, &due_us));
    assert_int_equal(due_us, 1000);

    claim_for(&call, "Maryam");
    assert_true(followup_rules_queued_at(&call, &due_us));
    assert_int_equal(due_us, 2000);

    Followup__CallAttempted attempted = FOLLOWUP__CALL_ATTEMPTED__INIT;
    attempted.outcome = BUSY;
    attempted.due_at_us = 3000;
    followup_rules_apply_attempted(&call, &attempted);
    assert_true(followup_rules_queued_at(&call, &due_us));
    assert_int_equal(due_us, 3000);
    assert_int_equal(call.attempts, 1);
    assert_string_equal(call.operator_name, "");

    Followup__CallCompleted completed = FOLLOWUP__CALL_COMPLETED__INIT;
    completed.outcome = ANSWERED;
    completed.attempts = 2;
    followup_rules_apply_completed(&call, &completed);
    assert_false(followup_rules_queued_at(&call, &due_us));
    assert_int_equal(due_us, 3000);
    assert_int_equal(call.state, FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_a_call_when_it_is_new_and_somebody_can_be_called),
        cmocka_unit_test(counts_times_in_the_minutes_of_the_pack),
        cmocka_unit_test(does_not_overflow_with_the_longest_delays),
        cmocka_unit_test(tries_again_only_when_nobody_was_heard_and_attempts_are_left),
        cmocka_unit_test(takes_a_whole_answer_when_the_citizen_was_heard),
        cmocka_unit_test(takes_words_up_to_their_limit),
        cmocka_unit_test(takes_no_answer_when_nobody_was_heard),
        cmocka_unit_test(refuses_an_outcome_that_is_none),
        cmocka_unit_test(lets_only_the_holder_record),
        cmocka_unit_test(queues_a_call_until_it_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Calls to the hotline in figures. */
#include "clients/vafa/phone_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RESULT(name) INTAKE__CALL_RESULT__CALL_RESULT_##name

static Intake__Call call_of(Intake__CallResult result, int64_t queued_us, int64_t answered_us,
                            int64_t ended_us)
{
    Intake__Call call = INTAKE__CALL__INIT;
    call.result = result;
    call.queued_at_us = queued_us;
    call.answered_at_us = answered_us;
    call.ended_at_us = ended_us;
    return call;
}

static void a_caller_waits_until_the_answer_or_until_they_give_up(void **state)
{
    Intake__Call answered = call_of(RESULT(INFORMED), 10, 40, 100);
    Intake__Call abandoned = call_of(RESULT(ABANDONED), 10, 0, 100);
    Intake__Call at_once = call_of(RESULT(SILENT), 10, 10, 100);
    (void)state;
    assert_int_equal(phone_count_wait_us(&answered), 30);
    assert_int_equal(phone_count_wait_us(&abandoned), 90);
    assert_int_equal(phone_count_wait_us(&at_once), 0);
}

static void nothing_is_made_up_of_times_that_nobody_told(void **state)
{
    Intake__Call not_queued = call_of(RESULT(INFORMED), 0, 40, 100);
    Intake__Call not_answered = call_of(RESULT(INFORMED), 10, 0, 100);
    Intake__Call backwards = call_of(RESULT(INFORMED), 40, 10, 100);
    (void)state;
    assert_int_equal(phone_count_wait_us(&not_queued), -1);
    assert_int_equal(phone_count_wait_us(&not_answered), -1);
    assert_int_equal(phone_count_wait_us(&backwards), -1);
}

static void counts_how_calls_ended_and_how_long_they_waited(void **state)
{
    struct phone_count count = {0};
    Intake__Call calls[] = {
        call_of(RESULT(INFORMED), 10, 40, 100),     call_of(RESULT(INFORMED), 0, 0, 100),
        call_of(RESULT(ABANDONED), 10, 0, 100),     call_of(RESULT(UNSPECIFIED), 0, 0, 0),
        call_of((Intake__CallResult)99, 0, 0, 100),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        phone_count_add(&count, &calls[i]);
    }
    assert_int_equal(count.calls, 5);
    assert_int_equal(count.by_result[RESULT(INFORMED)], 2);
    assert_int_equal(count.by_result[RESULT(ABANDONED)], 1);
    assert_int_equal(count.by_result[RESULT(UNSPECIFIED)], 1);
    assert_int_equal(count.waits, 2);
    assert_int_equal(count.wait_sum_us, 120);
    assert_int_equal(count.wait_max_us, 90);
}

/* A result added to the contract is counted under its own name. */
static void has_room_for_every_result_of_the_contract(void **state)
{
    (void)state;
    for (unsigned i = 0; i < intake__call_result__descriptor.n_values; i++) {
        assert_in_range(intake__call_result__descriptor.values[i].value, 0, PHONE_RESULTS - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_waits_until_the_answer_or_until_they_give_up),
        cmocka_unit_test(nothing_is_made_up_of_times_that_nobody_told),
        cmocka_unit_test(counts_how_calls_ended_and_how_long_they_waited),
        cmocka_unit_test(has_room_for_every_result_of_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

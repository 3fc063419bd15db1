/* Which call is an answer, and what a unit's answers say about it. */
#include "services/feedback/feedback_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RESOLVED FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED
#define PARTLY FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY
#define UNRESOLVED FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED

static void takes_for_an_answer_only_who_was_heard_now(void **state)
{
    (void)state;
    assert_true(feedback_rules_is_answer(false, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED));
    assert_false(feedback_rules_is_answer(true, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED));
    assert_false(feedback_rules_is_answer(false, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER));
    assert_false(feedback_rules_is_answer(false, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED));
}

static void refuses_an_answer_that_cannot_be_counted(void **state)
{
    (void)state;
    assert_int_equal(feedback_rules_check_answer(RESOLVED, 1, NULL), STATUS_OK);
    assert_int_equal(feedback_rules_check_answer(UNRESOLVED, 5, NULL), STATUS_OK);
    assert_int_equal(feedback_rules_check_answer(RESOLVED, 0, NULL), STATUS_DATA_LOSS);
    assert_int_equal(feedback_rules_check_answer(RESOLVED, 6, NULL), STATUS_DATA_LOSS);
    assert_int_equal(feedback_rules_check_answer((Followup__Resolution)0, 3, NULL),
                     STATUS_DATA_LOSS);
    assert_int_equal(feedback_rules_check_answer((Followup__Resolution)4, 3, NULL),
                     STATUS_DATA_LOSS);
}

static void counts_every_answer_once_in_each_way(void **state)
{
    (void)state;
    struct feedback_tally tally = {0};
    feedback_rules_count(&tally, RESOLVED, 5);
    feedback_rules_count(&tally, RESOLVED, 4);
    feedback_rules_count(&tally, PARTLY, 3);
    feedback_rules_count(&tally, UNRESOLVED, 1);
    assert_int_equal(tally.answers, 4);
    assert_int_equal(tally.resolved, 2);
    assert_int_equal(tally.partly, 1);
    assert_int_equal(tally.unresolved, 1);
    static const uint64_t scores[FEEDBACK_SCORE_MAX] = {1, 0, 1, 1, 1};
    assert_memory_equal(tally.scores, scores, sizeof(scores));
}

static void computes_mean_and_share_of_the_satisfied(void **state)
{
    (void)state;
    struct feedback_tally tally = {.answers = 8, .scores = {1, 1, 0, 2, 4}};
    assert_float_equal(feedback_rules_mean_score(&tally), 31.0 / 8, 1e-12);
    assert_float_equal(feedback_rules_satisfied_share(&tally), 0.75, 1e-12);
}

static void is_zero_without_answers(void **state)
{
    (void)state;
    struct feedback_tally tally = {0};
    assert_float_equal(feedback_rules_mean_score(&tally), 0, 0);
    assert_float_equal(feedback_rules_satisfied_share(&tally), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_for_an_answer_only_who_was_heard_now),
        cmocka_unit_test(refuses_an_answer_that_cannot_be_counted),
        cmocka_unit_test(counts_every_answer_once_in_each_way),
        cmocka_unit_test(computes_mean_and_share_of_the_satisfied),
        cmocka_unit_test(is_zero_without_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

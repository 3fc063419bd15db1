/* Rules of feedback; see the header. */
#include "services/feedback/feedback_rules.h"

#include <inttypes.h>

bool feedback_rules_is_answer(bool historical, Followup__CallOutcome outcome)
{
    return !historical && outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
}

enum status feedback_rules_check_answer(Followup__Resolution resolution, uint32_t score,
                                        struct error *err)
{
    if (resolution < FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED ||
        resolution > FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED) {
        return error_set(err, STATUS_DATA_LOSS, "resolution", "%d is no resolution",
                         (int)resolution);
    }
    if (score < 1 || score > FEEDBACK_SCORE_MAX) {
        return error_set(err, STATUS_DATA_LOSS, "score",
                         "an answer has a score from 1 to %d, not %" PRIu32, FEEDBACK_SCORE_MAX,
                         score);
    }
    return STATUS_OK;
}

void feedback_rules_count(struct feedback_tally *tally, Followup__Resolution resolution,
                          uint32_t score)
{
    tally->answers++;
    tally->resolved += resolution == FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
    tally->partly += resolution == FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY;
    tally->unresolved += resolution == FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    for (uint32_t i = 1; i <= FEEDBACK_SCORE_MAX; i++) {
        tally->scores[i - 1] += score == i;
    }
}

static double share(uint64_t part, uint64_t whole)
{
    return whole != 0 ? (double)part / (double)whole : 0;
}

double feedback_rules_mean_score(const struct feedback_tally *tally)
{
    uint64_t sum = 0;
    for (uint32_t i = 1; i <= FEEDBACK_SCORE_MAX; i++) {
        sum += tally->scores[i - 1] * i;
    }
    return share(sum, tally->answers);
}

double feedback_rules_satisfied_share(const struct feedback_tally *tally)
{
    uint64_t satisfied = 0;
    for (uint32_t i = FEEDBACK_SCORE_SATISFIED; i <= FEEDBACK_SCORE_MAX; i++) {
        satisfied += tally->scores[i - 1];
    }
    return share(satisfied, tally->answers);
}

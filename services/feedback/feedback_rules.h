/* Feedback's own knowledge: which call is an answer, and what a unit's answers say about it. Plain
 * values in, plain values out. */
#ifndef VAFA_SERVICES_FEEDBACK_FEEDBACK_RULES_H
#define VAFA_SERVICES_FEEDBACK_FEEDBACK_RULES_H

#include "base/status.h"

#include "vafa/followup/v1/followup.pb-c.h"

#include <stdint.h>

#define FEEDBACK_SCORE_MAX 5
#define FEEDBACK_SCORE_SATISFIED 4 /* from this score on a citizen counts as satisfied */
#define FEEDBACK_ANSWERS_MAX 100   /* told of one request */
#define FEEDBACK_PAGE_SIZE_DEFAULT 100
#define FEEDBACK_PAGE_SIZE_MAX 500

/* A unit's answers, counted. */
struct feedback_tally {
    uint64_t answers;
    uint64_t resolved;
    uint64_t partly;
    uint64_t unresolved;
    uint64_t scores[FEEDBACK_SCORE_MAX]; /* answers with score 1, 2, ... */
};

/* Only a citizen who was heard has answered, and a city's past is not scored. */
bool feedback_rules_is_answer(bool historical, Followup__CallOutcome outcome);
/* DATA_LOSS for an answer that follow-up should never have written: it would be counted wrongly for
 * ever. */
enum status feedback_rules_check_answer(Followup__Resolution resolution, uint32_t score,
                                        struct error *err);

void feedback_rules_count(struct feedback_tally *tally, Followup__Resolution resolution,
                          uint32_t score);
/* 1 to 5; 0 without answers. */
double feedback_rules_mean_score(const struct feedback_tally *tally);
/* Share of the answers with FEEDBACK_SCORE_SATISFIED or more, 0 to 1; 0 without answers. */
double feedback_rules_satisfied_share(const struct feedback_tally *tally);

#endif

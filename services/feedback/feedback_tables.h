/*
 * Feedback's tables, all in the state space.
 *
 *   class   key                       record
 *   ANSWER  case u64, own offset u64  AnswerRecord  a request's answers, oldest first
 *   RATE    unit text                 RateRecord    a unit's counters
 *
 * Keys and reading; only feedback_apply.c writes.
 */
#ifndef VAFA_SERVICES_FEEDBACK_FEEDBACK_TABLES_H
#define VAFA_SERVICES_FEEDBACK_FEEDBACK_TABLES_H

#include "service/tables.h"
#include "services/feedback/feedback_rules.h"

#include "vafa/feedback/v1/records.pb-c.h"

enum feedback_class {
    FEEDBACK_CLASS_ANSWER = 1,
    FEEDBACK_CLASS_RATE = 2,
};

void feedback_tables_answers_prefix(struct key *key, uint64_t case_number);
void feedback_tables_answer_key(struct key *key, uint64_t case_number, uint64_t offset);
void feedback_tables_rate_key(struct key *key, const char *unit);

/* The first `max` answers about a request, in the arena; returns how many there were. */
size_t feedback_tables_answers(struct store_txn *txn, uint64_t case_number, struct arena *arena,
                               Feedback__FeedbackAnswer **ret_answers, size_t max);

/* False when nobody has answered about the unit; *ret_tally is zero then. */
bool feedback_tables_rate(struct store_txn *txn, const char *unit, struct arena *arena,
                          struct feedback_tally *ret_tally);

struct feedback_unit_tally {
    const char *unit; /* in the arena */
    struct feedback_tally tally;
};

/* The first `max` units behind `after` ("": from the first); returns how many there were. */
size_t feedback_tables_rates(struct store_txn *txn, const char *after, struct arena *arena,
                             struct feedback_unit_tally *ret_rates, size_t max);

#endif

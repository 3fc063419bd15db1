/* Events change feedback's tables: the only code that writes them. Feedback has no views. */
#include "services/feedback/feedback_internal.h"
#include "services/feedback/feedback_rules.h"
#include "services/feedback/feedback_tables.h"

static void keep_answer(struct apply *a, const Feedback__FeedbackRecorded *recorded,
                        const struct event *event)
{
    Feedback__FeedbackAnswer answer = FEEDBACK__FEEDBACK_ANSWER__INIT;
    answer.case_number = recorded->case_number;
    answer.code = recorded->code;
    answer.call_number = recorded->call_number;
    answer.topic = recorded->topic;
    answer.unit = recorded->unit;
    answer.resolution = recorded->resolution;
    answer.score = recorded->score;
    answer.answered_at_us = event->occurred_at_us;

    struct key key;
    Feedback__AnswerRecord record = FEEDBACK__ANSWER_RECORD__INIT;
    record.answer = &answer;
    feedback_tables_answer_key(&key, recorded->case_number, event->offset);
    table_put(a->txn, STORE_STATE, &key, &record.base);
}

static void count_answer(struct apply *a, const Feedback__FeedbackRecorded *recorded)
{
    struct feedback_tally tally;
    feedback_tables_rate(a->txn, recorded->unit, a->arena, &tally);
    feedback_rules_count(&tally, recorded->resolution, recorded->score);

    struct key key;
    Feedback__RateRecord record = FEEDBACK__RATE_RECORD__INIT;
    record.answers = tally.answers;
    record.resolved = tally.resolved;
    record.partly = tally.partly;
    record.unresolved = tally.unresolved;
    record.scores = tally.scores;
    record.n_scores = FEEDBACK_SCORE_MAX;
    feedback_tables_rate_key(&key, recorded->unit);
    table_put(a->txn, STORE_STATE, &key, &record.base);
}

void feedback_apply(struct apply *a, const struct event *event)
{
    const Feedback__Event *open = (const Feedback__Event *)event->open;
    switch (open->kind_case) {
    case FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED:
        keep_answer(a, open->feedback_recorded, event);
        count_answer(a, open->feedback_recorded);
        break;
    default: break;
    }
}

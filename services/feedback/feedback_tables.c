/* Keys and reading of feedback's tables; see the header. */
#include "services/feedback/feedback_tables.h"

#include "base/utf8_check.h"

#include <inttypes.h>
#include <string.h>

void feedback_tables_answers_prefix(struct key *key, uint64_t case_number)
{
    key_begin(key, FEEDBACK_CLASS_ANSWER);
    key_add_u64(key, case_number);
}

void feedback_tables_answer_key(struct key *key, uint64_t case_number, uint64_t offset)
{
    feedback_tables_answers_prefix(key, case_number);
    key_add_u64(key, offset);
}

void feedback_tables_rate_key(struct key *key, const char *unit)
{
    key_begin(key, FEEDBACK_CLASS_RATE);
    key_add_text(key, unit);
}

size_t feedback_tables_answers(struct store_txn *txn, uint64_t case_number, struct arena *arena,
                               Feedback__FeedbackAnswer **ret_answers, size_t max)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    feedback_tables_answers_prefix(&prefix, case_number);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        const Feedback__AnswerRecord *record = (const Feedback__AnswerRecord *)table_unpack(
            txn, value, &feedback__answer_record__descriptor, arena);
        if (record != NULL && record->answer == NULL) {
            txn_fail(txn, STATUS_DATA_LOSS, "an answer about request %" PRIu64 " is empty",
                     case_number);
        } else if (record != NULL) {
            ret_answers[count++] = record->answer;
        }
    }
    txn_scan_end(&scan);
    return count;
}

static struct feedback_tally tally_of(const Feedback__RateRecord *record)
{
    struct feedback_tally tally = {
        .answers = record->answers,
        .resolved = record->resolved,
        .partly = record->partly,
        .unresolved = record->unresolved,
    };
    for (size_t i = 0; i < FEEDBACK_SCORE_MAX && i < record->n_scores; i++) {
        tally.scores[i] = record->scores[i];
    }
    return tally;
}

bool feedback_tables_rate(struct store_txn *txn, const char *unit, struct arena *arena,
                          struct feedback_tally *ret_tally)
{
    struct key key;
    feedback_tables_rate_key(&key, unit);
    const Feedback__RateRecord *record = (const Feedback__RateRecord *)table_get(
        txn, STORE_STATE, &key, &feedback__rate_record__descriptor, arena);
    *ret_tally = record != NULL ? tally_of(record) : (struct feedback_tally){0};
    return record != NULL;
}

size_t feedback_tables_rates(struct store_txn *txn, const char *after, struct arena *arena,
                             struct feedback_unit_tally *ret_rates, size_t max)
{
    struct key prefix;
    struct key from;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    key_begin(&prefix, FEEDBACK_CLASS_RATE);
    feedback_tables_rate_key(&from, after);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        const char *name = key_read_text(&reader);
        if (!reader.ok || reader.rest.size != 0 || !utf8_well_formed(name, strlen(name))) {
            txn_fail(txn, STATUS_DATA_LOSS, "a unit's rate lies under a key that names no unit");
            break;
        }
        const char *unit = arena_copy_text(arena, name);
        const Feedback__RateRecord *record = (const Feedback__RateRecord *)table_unpack(
            txn, value, &feedback__rate_record__descriptor, arena);
        if (unit != NULL && record != NULL && strcmp(unit, after) != 0) {
            ret_rates[count].unit = unit;
            ret_rates[count].tally = tally_of(record);
            count++;
        }
    }
    txn_scan_end(&scan);
    return count;
}

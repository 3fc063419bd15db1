/*
 * How well topics are suggested, on rows whose topic is known: in order of time, the first part is learned from, the rest is
 * asked about. Beside it two baselines: the topic that was most frequent so far, and the pack's words alone.
 */
#ifndef VAFA_CLIENTS_VAFA_EVALUATE_H
#define VAFA_CLIENTS_VAFA_EVALUATE_H

#include "city/city.h"
#include "suggest/suggest.h"

#define EVALUATE_ROWS_MAX 2000000
#define EVALUATE_STEPS 10 /* of the curve: confidence 0, 0.1 … 0.9 */

struct evaluation;

struct evaluate_count {
    uint64_t asked;
    uint64_t first_right; /* the first answer, told or not */
    uint64_t three_right; /* one of the three, told or not */
    uint64_t told;        /* not silent */
    uint64_t told_first_right;
    uint64_t told_right; /* one of those told */
};

struct evaluate_topic {
    const char *key; /* as the file or the pack has it */
    bool listed;     /* in the pack */
    uint64_t learned;
    struct evaluate_count model;
    struct evaluate_count words;
    uint64_t frequent_right; /* the most frequent one so far was right */
};

struct evaluate_step { /* if nothing were told below a confidence */
    double confidence;
    uint64_t told;
    uint64_t first_right;
};

struct evaluate_result {
    uint64_t learned; /* before the first was asked about */
    struct evaluate_topic all;
    const struct evaluate_topic *topics; /* those that were asked about, most first */
    size_t topic_count;
    struct evaluate_step steps[EVALUATE_STEPS];
    double median_us; /* of a suggestion: reading the words and asking */
    double p99_us;
    uint64_t bytes; /* of the model */
};

struct evaluation *evaluation_new(const struct city *city);
void evaluation_free(struct evaluation *evaluation); /* NULL is allowed */
/* A row; the text is copied as far as it is looked at. RESOURCE_EXHAUSTED beyond EVALUATE_ROWS_MAX rows or SUGGEST_TOPICS_MAX
 * topics; INVALID_ARGUMENT when the text is not UTF-8. */
enum status evaluation_add(struct evaluation *evaluation, int64_t at_us, const char *topic,
                           const char *text, struct error *err);
/* `train_percent` of the rows are learned from first, 0 to 99; `frozen`: nothing is learned afterwards. FAILED_PRECONDITION when
 * there is no row to ask about. The result borrows from the evaluation. */
enum status evaluation_run(struct evaluation *evaluation, unsigned train_percent, bool frozen,
                           struct evaluate_result *ret_result, struct error *err);

#endif

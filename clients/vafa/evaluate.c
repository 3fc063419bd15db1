/* See evaluate.h. */
#include "clients/vafa/evaluate.h"

#include "base/check.h"
#include "base/utf8_check.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct row {
    int64_t at_us;
    size_t text; /* place in texts */
    uint32_t place;
    uint32_t topic;
};

struct evaluation {
    const struct city *city;
    struct buffer rows;  /* struct row */
    struct buffer texts; /* each with a NUL */
    struct evaluate_topic topics[SUGGEST_TOPICS_MAX];
    struct evaluate_topic ranked[SUGGEST_TOPICS_MAX];
    char *keys[SUGGEST_TOPICS_MAX]; /* of those that are not the pack's */
    size_t topic_count;
    struct words words;
};

/* --- rows --- */

struct evaluation *evaluation_new(const struct city *city)
{
    struct evaluation *evaluation = calloc(1, sizeof(*evaluation));
    CHECK(evaluation != NULL);
    evaluation->city = city;
    for (size_t i = 0; i < city_topic_count(city) && i < SUGGEST_TOPICS_MAX; i++) {
        evaluation->topics[i] =
            (struct evaluate_topic){.key = city_topic_at(city, i)->key, .listed = true};
        evaluation->topic_count++;
    }
    return evaluation;
}

void evaluation_free(struct evaluation *evaluation)
{
    if (evaluation == NULL) {
        return;
    }
    for (size_t i = 0; i < SUGGEST_TOPICS_MAX; i++) {
        free(evaluation->keys[i]);
    }
    buffer_fini(&evaluation->rows);
    buffer_fini(&evaluation->texts);
    words_fini(&evaluation->words);
    free(evaluation);
}

static enum status find_topic(struct evaluation *evaluation, const char *key, uint32_t *ret_topic,
                              struct error *err)
{
    size_t topic = 0;
    while (topic < evaluation->topic_count && strcmp(evaluation->topics[topic].key, key) != 0) {
        topic++;
    }
    if (topic == SUGGEST_TOPICS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "topic", "more than %d topics",
                         SUGGEST_TOPICS_MAX);
    }
    if (topic == evaluation->topic_count) {
        char *copy = strdup(key);
        CHECK(copy != NULL);
        evaluation->keys[topic] = copy;
        evaluation->topics[topic] = (struct evaluate_topic){.key = copy};
        evaluation->topic_count++;
    }
    *ret_topic = (uint32_t)topic;
    return STATUS_OK;
}

enum status evaluation_add(struct evaluation *evaluation, int64_t at_us, const char *topic,
                           const char *text, struct error *err)
{
    size_t size = strlen(text);
    size_t count = evaluation->rows.size / sizeof(struct row);
    if (!utf8_valid(bytes_of(text, size))) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "words", "the text is not UTF-8");
    }
    if (count == EVALUATE_ROWS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "file", "more than %d rows",
                         EVALUATE_ROWS_MAX);
    }
    struct row row = {.at_us = at_us, .text = evaluation->texts.size, .place = (uint32_t)count};
    enum status status = find_topic(evaluation, topic, &row.topic, err);
    if (status != STATUS_OK) {
        return status;
    }
    buffer_append(&evaluation->texts, text, utf8_cut(text, size, WORDS_TEXT_BYTES_MAX));
    buffer_append(&evaluation->texts, "", 1);
    buffer_append(&evaluation->rows, &row, sizeof(row));
    return STATUS_OK;
}

static int row_compare(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    if (a->at_us != b->at_us) {
        return a->at_us < b->at_us ? -1 : 1;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

/* --- running --- */

struct run {
    struct evaluation *evaluation;
    struct suggest_model *model;
    struct suggest_model *untaught; /* the pack's words alone */
    struct evaluate_result *result;
    size_t frequent; /* the topic that was most often learned */
    double *asked_us;
    size_t asked;
};

static void count_answers(struct evaluate_count *count, uint32_t topic,
                          const struct suggestion *answers, size_t answer_count)
{
    size_t told = suggest_worth_telling(answers, answer_count);
    count->asked++;
    count->told += told > 0;
    for (size_t i = 0; i < answer_count; i++) {
        bool right = answers[i].topic == topic;
        count->first_right += right && i == 0;
        count->three_right += right;
        count->told_first_right += right && i == 0 && told > 0;
        count->told_right += right && i < told;
    }
}

static void count_steps(struct evaluate_step *steps, uint32_t topic, const struct suggestion *first)
{
    for (size_t i = 0; i < EVALUATE_STEPS; i++) {
        if (first->confidence >= (float)steps[i].confidence) {
            steps[i].told++;
            steps[i].first_right += first->topic == topic;
        }
    }
}

/* Finer than struct clock tells. */
static double now_us(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void ask_about(struct run *run, const struct row *row, const char *text)
{
    struct suggest_text read;
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    struct evaluation *evaluation = run->evaluation;
    struct evaluate_topic *topic = &evaluation->topics[row->topic];
    struct evaluate_topic *all = &run->result->all;
    double from_us = now_us();
    CHECK(suggest_read(evaluation->city, text, &evaluation->words, &read, NULL) == STATUS_OK);
    size_t count = suggest_model_ask(run->model, &read, answers);
    run->asked_us[run->asked++] = now_us() - from_us;
    count_answers(&topic->model, row->topic, answers, count);
    count_answers(&all->model, row->topic, answers, count);
    if (count > 0) {
        count_steps(run->result->steps, row->topic, &answers[0]);
    }
    count = suggest_model_ask(run->untaught, &read, answers);
    count_answers(&topic->words, row->topic, answers, count);
    count_answers(&all->words, row->topic, answers, count);
    topic->frequent_right += run->frequent == row->topic;
    all->frequent_right += run->frequent == row->topic;
}

static void learn_from(struct run *run, const struct row *row, const char *text)
{
    struct suggest_text read;
    struct evaluation *evaluation = run->evaluation;
    CHECK(suggest_read(evaluation->city, text, &evaluation->words, &read, NULL) == STATUS_OK);
    suggest_model_learn(run->model, &read, row->topic);
    evaluation->topics[row->topic].learned++;
    run->result->all.learned++;
    if (evaluation->topics[row->topic].learned > evaluation->topics[run->frequent].learned) {
        run->frequent = row->topic;
    }
}

static int double_compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static int topic_compare(const void *left, const void *right)
{
    const struct evaluate_topic *a = left;
    const struct evaluate_topic *b = right;
    if (a->model.asked != b->model.asked) {
        return a->model.asked > b->model.asked ? -1 : 1;
    }
    return strcmp(a->key, b->key);
}

static void rank_topics(struct evaluation *evaluation, struct evaluate_result *result)
{
    result->topics = evaluation->ranked;
    result->topic_count = 0;
    for (size_t i = 0; i < evaluation->topic_count; i++) {
        if (evaluation->topics[i].model.asked > 0) {
            evaluation->ranked[result->topic_count++] = evaluation->topics[i];
        }
    }
    if (result->topic_count > 1) {
        qsort(evaluation->ranked, result->topic_count, sizeof(evaluation->ranked[0]),
              topic_compare);
    }
}

static void run_rows(struct run *run, const struct row *rows, size_t count, size_t train,
                     bool frozen)
{
    const char *texts = (const char *)run->evaluation->texts.data;
    for (size_t i = 0; i < count; i++) {
        const char *text = texts + rows[i].text;
        if (i >= train) {
            ask_about(run, &rows[i], text);
        }
        if (i < train || !frozen) {
            learn_from(run, &rows[i], text);
        }
        if (i + 1 == train) {
            run->result->learned = suggest_model_lessons(run->model);
        }
    }
    if (run->asked > 1) {
        qsort(run->asked_us, run->asked, sizeof(run->asked_us[0]), double_compare);
    }
    run->result->median_us = run->asked_us[run->asked / 2];
    run->result->p99_us = run->asked_us[run->asked * 99 / 100];
    run->result->bytes = suggest_model_bytes(run->model);
}

enum status evaluation_run(struct evaluation *evaluation, unsigned train_percent, bool frozen,
                           struct evaluate_result *ret_result, struct error *err)
{
    size_t count = evaluation->rows.size / sizeof(struct row);
    size_t train = count * train_percent / 100;
    struct row *rows = (struct row *)(void *)evaluation->rows.data;
    struct evaluate_result result = {.all = {.key = ""}};
    if (count == 0) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "file",
                         "no row has both words and a topic");
    }
    for (size_t i = 0; i < EVALUATE_STEPS; i++) {
        result.steps[i].confidence = (double)i / EVALUATE_STEPS;
    }
    qsort(rows, count, sizeof(*rows), row_compare);
    struct run run = {
        .evaluation = evaluation,
        .model = suggest_model_new(evaluation->city, evaluation->topic_count),
        .untaught = suggest_model_new(evaluation->city, evaluation->topic_count),
        .result = &result,
        .asked_us = malloc(count * sizeof(double)),
    };
    CHECK(run.asked_us != NULL);
    run_rows(&run, rows, count, train, frozen);
    rank_topics(evaluation, &result);
    suggest_model_free(run.model);
    suggest_model_free(run.untaught);
    free(run.asked_us);
    *ret_result = result;
    return STATUS_OK;
}

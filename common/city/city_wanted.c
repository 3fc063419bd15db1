/* Answers that rules ask for, "question=value". Each that differs is one bit of its topic, so that a
 * request's answers are compared once, however many rules ask for them. */
#include "city/city_internal.h"

#include "base/check.h"
#include "text/decimal.h"
#include "text/fold.h"

#include <stdlib.h>
#include <string.h>

#define RULES_FILE "rules.csv"
/* More than intake keeps: what packs were let write they may go on writing. */
#define NUMBER_FRACTION_MAX 15

/* What a value of such a question is compared by; NULL when it can be none. */
static char *wanted_form(const struct city_question *question, const char *value)
{
    struct buffer folded = BUFFER_EMPTY;
    struct buffer number = BUFFER_EMPTY;
    const char *form = NULL;
    if (question->kind == CITY_QUESTION_ONE_OF || question->kind == CITY_QUESTION_SEVERAL_OF) {
        const struct city_choice *choice = city_question_choice(question, value);
        form = choice == NULL ? NULL : choice->key;
    } else if (text_fold(value, &folded, NULL) == STATUS_OK) {
        form = buffer_text(&folded);
        if (question->kind == CITY_QUESTION_NUMBER) {
            form = decimal_fold(form, NUMBER_FRACTION_MAX, &number, NULL) == STATUS_OK
                       ? buffer_text(&number)
                       : NULL;
        }
    }
    char *copy = form == NULL || form[0] == '\0' ? NULL : strdup(form);
    CHECK(copy != NULL || form == NULL || form[0] == '\0');
    buffer_fini(&number);
    buffer_fini(&folded);
    return copy;
}

static const struct city_question *wanted_question(const struct city *city, int32_t topic,
                                                   const char *key, size_t key_size)
{
    const struct city_topic_row *row = &city->topics[topic];
    for (size_t i = 0; i < row->question_count; i++) {
        const struct city_question *question = &city->questions[row->question_first + i].question;
        if (strlen(question->key) == key_size && memcmp(question->key, key, key_size) == 0) {
            return question;
        }
    }
    return NULL;
}

/* --- a rule's cell --- */

/* Takes over `value`. */
static int32_t wanted_add(struct city *city, struct city_topic_row *topic,
                          const struct city_question *question, char *value, int line,
                          struct findings *findings)
{
    size_t *end = &topic->wanted_first;
    int32_t bit = 0;
    for (; *end != 0; end = &city->wanted[*end - 1].next, bit++) {
        const struct city_wanted *known = &city->wanted[*end - 1];
        if (known->question == question && strcmp(known->value, value) == 0) {
            free(value);
            return bit;
        }
    }
    if (bit == CITY_WANTED_OF_TOPIC_MAX) {
        findings_error(findings, RULES_FILE, line,
                       "rules ask for more than %d answers of the topic \"%s\"",
                       CITY_WANTED_OF_TOPIC_MAX, findings_quote(topic->topic.key).text);
        free(value);
        return KEY_INDEX_NONE;
    }
    city->wanted[city->wanted_count++] = (struct city_wanted){.question = question, .value = value};
    *end = city->wanted_count;
    return bit;
}

int32_t city_wanted_load(struct city *city, int32_t topic, const char *cell, int line,
                         struct findings *findings)
{
    const char *mark = strchr(cell, '=');
    if (mark == NULL || mark == cell || mark[1] == '\0') {
        findings_error(findings, RULES_FILE, line,
                       "the answer \"%s\" must be written question=value",
                       findings_quote(cell).text);
        return KEY_INDEX_NONE;
    }
    if (topic == CITY_ANY) {
        findings_error(findings, RULES_FILE, line,
                       "a rule with an answer needs a topic: questions belong to topics");
        return KEY_INDEX_NONE;
    }
    if (topic == KEY_INDEX_NONE || !city->questions_whole) {
        return KEY_INDEX_NONE; /* told already */
    }
    const struct city_question *question =
        wanted_question(city, topic, cell, (size_t)(mark - cell));
    if (question == NULL) {
        findings_error(findings, RULES_FILE, line,
                       "the topic has no question of the answer \"%s\" in questions.csv",
                       findings_quote(cell).text);
        return KEY_INDEX_NONE;
    }
    if (question->kind == CITY_QUESTION_TEXT || question->kind == CITY_QUESTION_DATETIME) {
        findings_error(
            findings, RULES_FILE, line,
            "the answer \"%s\": rules ask only for one_of, several_of, string and number",
            findings_quote(cell).text);
        return KEY_INDEX_NONE;
    }
    char *value = wanted_form(question, mark + 1);
    if (value == NULL) {
        findings_error(findings, RULES_FILE, line, "the answer \"%s\": the question has no %s",
                       findings_quote(cell).text,
                       question->kind == CITY_QUESTION_NUMBER ? "such number"
                       : question->choice_count > 0           ? "such choice"
                                                              : "such answer");
        return KEY_INDEX_NONE;
    }
    return wanted_add(city, &city->topics[topic], question, value, line, findings);
}

/* --- a request --- */

/* The bits of what is wanted of the question and is this value. */
static uint64_t wanted_of_value(const struct city *city, int32_t topic, const char *question,
                                const char *value)
{
    uint64_t bits = 0;
    uint64_t bit = 1;
    char *form = NULL;
    size_t at = city->topics[topic].wanted_first;
    for (; at != 0; at = city->wanted[at - 1].next, bit <<= 1) {
        const struct city_wanted *wanted = &city->wanted[at - 1];
        if (strcmp(wanted->question->key, question) != 0) {
            continue;
        }
        form = form != NULL ? form : wanted_form(wanted->question, value);
        if (form == NULL) {
            break; /* a value of a history, which no question has */
        }
        bits |= strcmp(wanted->value, form) == 0 ? bit : 0;
    }
    free(form);
    return bits;
}

uint64_t city_wanted_given(const struct city *city, int32_t topic,
                           const struct city_request *request)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < request->answer_count; i++) {
        const struct city_answer *answer = &request->answers[i];
        for (size_t v = 0; v < answer->value_count; v++) {
            bits |= wanted_of_value(city, topic, answer->question, answer->values[v]);
        }
    }
    return bits;
}

void city_wanted_fini(struct city *city)
{
    for (size_t i = 0; i < city->wanted_count; i++) {
        free(city->wanted[i].value);
    }
    free(city->wanted);
}

/* Answers to a topic's questions: whether they are what the pack asks for, and how they are kept. */
#include "services/intake/intake_rules.h"

#include "city/city_questions.h"
#include "text/decimal.h"
#include "text/utf8.h"

#include <string.h>

#define NUMBER_FRACTION_MAX 6 /* digits behind the point */

/* "answers.line": the field of an error. Long keys are cut. */
#define FIELD_PREFIX "answers."

struct answer_field {
    char name[64];
};

static struct answer_field field_of(const char *question)
{
    struct answer_field field = {FIELD_PREFIX};
    size_t before = strlen(FIELD_PREFIX);
    size_t size = strnlen(question, sizeof(field.name) - 1 - before);
    memcpy(field.name + before, question, size);
    return field;
}

/* --- one value --- */

static enum status keep_number(const char *field, const char *value, struct buffer *out,
                               struct error *err)
{
    struct error why = ERROR_NONE;
    enum status status = decimal_fold(value, NUMBER_FRACTION_MAX, out, &why);
    return status == STATUS_OK ? status : error_set(err, status, field, "%s", why.message);
}

/* A time of its own: what is relative to now would need a clock. */
static enum status keep_time(const struct city *city, const char *field, const char *value,
                             struct buffer *out, struct error *err)
{
    struct buffer ascii = BUFFER_EMPTY;
    int64_t at_us = 0;
    char utc[32];
    enum status status = decimal_ascii(value, &ascii, err);
    const char *text = status == STATUS_OK ? buffer_text(&ascii) : "";
    if (status == STATUS_OK && (text[0] < '0' || text[0] > '9')) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, field,
                           "must be a time such as 2026-11-26T14:30+03:30 or 1405-09-05 14:30");
    }
    if (status == STATUS_OK) {
        status = civil_parse(city_civil(city), text, 0, field, &at_us, err);
    }
    if (status == STATUS_OK) {
        civil_format_utc(at_us, utc);
        buffer_append_text(out, utc);
    }
    buffer_fini(&ascii);
    return status;
}

static enum status refuse_choice(const struct city_question *question, const char *field,
                                 const char *value, struct error *err)
{
    struct buffer choices = BUFFER_EMPTY;
    for (size_t i = 0; i < question->choice_count; i++) {
        buffer_append_text(&choices, i > 0 ? ", " : "");
        buffer_append_text(&choices, question->choices[i].key);
    }
    enum status status = error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%.40s\" is none of %s",
                                   value, buffer_text(&choices));
    buffer_fini(&choices);
    return status;
}

enum status intake_rules_keep_value(const struct city *city, const struct city_question *question,
                                    const char *value, struct buffer *out, struct error *err)
{
    struct answer_field field = field_of(question->key);
    enum status status = text_require(
        value, question->kind == CITY_QUESTION_TEXT ? INTAKE_ANSWER_TEXT_MAX : INTAKE_ANSWER_MAX,
        field.name, err);
    if (status != STATUS_OK) {
        return status;
    }
    switch (question->kind) {
    case CITY_QUESTION_NUMBER: return keep_number(field.name, value, out, err);
    case CITY_QUESTION_DATETIME: return keep_time(city, field.name, value, out, err);
    case CITY_QUESTION_ONE_OF:
    case CITY_QUESTION_SEVERAL_OF:
        if (city_question_choice(question, value) == NULL) {
            return refuse_choice(question, field.name, value, err);
        }
        break;
    case CITY_QUESTION_STRING:
        if (strpbrk(value, "\n\t") != NULL) {
            return error_set(err, STATUS_INVALID_ARGUMENT, field.name, "must be one line");
        }
        break;
    default: break;
    }
    buffer_append_text(out, value);
    return STATUS_OK;
}

/* A copy from the arena. Without an arena the value is only checked. */
static enum status keep(const struct city *city, struct arena *arena,
                        const struct city_question *question, const char *value, char **ret_value,
                        struct error *err)
{
    struct buffer kept = BUFFER_EMPTY;
    enum status status = intake_rules_keep_value(city, question, value, &kept, err);
    if (status == STATUS_OK && arena != NULL) {
        char *copy = arena_copy_text(arena, buffer_text(&kept));
        if (copy == NULL) {
            status = error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                               "the call needs more memory than a call may have");
        } else {
            *ret_value = copy;
        }
    }
    buffer_fini(&kept);
    return status;
}

/* --- one answer --- */

static enum status check_count(const struct city_question *question, const Common__Answer *answer,
                               struct error *err)
{
    struct answer_field field = field_of(question->key);
    bool several = question->kind == CITY_QUESTION_SEVERAL_OF;
    if (answer->n_values == 0 || (!several && answer->n_values > 1) ||
        answer->n_values > CITY_CHOICES_OF_LIST_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field.name,
                         several ? "needs one to 100 values" : "needs one value");
    }
    for (size_t i = 1; i < answer->n_values; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(answer->values[i], answer->values[j]) == 0) {
                return error_set(err, STATUS_INVALID_ARGUMENT, field.name, "has \"%.40s\" twice",
                                 answer->values[i]);
            }
        }
    }
    return STATUS_OK;
}

/* `kept` is filled when there is an arena. */
static enum status take_answer(const struct city *city, struct arena *arena,
                               const struct city_question *question, const Common__Answer *answer,
                               Common__Answer *kept, struct error *err)
{
    enum status status = check_count(question, answer, err);
    if (status == STATUS_OK && arena != NULL) {
        common__answer__init(kept);
        kept->question = answer->question;
        kept->n_values = answer->n_values;
        kept->values = arena_alloc(arena, answer->n_values * sizeof(*kept->values));
        if (kept->values == NULL) {
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the call needs more memory than a call may have");
        }
    }
    for (size_t i = 0; i < answer->n_values && status == STATUS_OK; i++) {
        status = keep(city, arena, question, answer->values[i],
                      arena != NULL ? &kept->values[i] : NULL, err);
    }
    return status;
}

/* --- all of them --- */

static bool is_answered(const struct intake_answers *given, const char *question)
{
    for (size_t i = 0; i < given->count; i++) {
        if (strcmp(given->answers[i]->question, question) == 0) {
            return true;
        }
    }
    return false;
}

/* Nothing here is compared before its number and size are known to be small. */
static enum status check_sizes(const struct intake_answers *given, struct error *err)
{
    size_t characters = 0;
    if (given->count > CITY_QUESTIONS_OF_TOPIC_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "answers", "are more than %d",
                         CITY_QUESTIONS_OF_TOPIC_MAX);
    }
    for (size_t i = 0; i < given->count; i++) {
        const Common__Answer *answer = given->answers[i];
        enum status status = text_check_key(answer->question, CITY_KEY_SIZE_MAX, "answers", err);
        for (size_t v = 0; v < answer->n_values && status == STATUS_OK; v++) {
            status = text_check(answer->values[v], INTAKE_ANSWER_TEXT_MAX,
                                field_of(answer->question).name, err);
            characters += status == STATUS_OK ? utf8_length(answer->values[v]) : 0;
        }
        if (status == STATUS_OK && characters > INTAKE_ANSWERS_CHARACTERS_MAX) {
            status = error_set(err, STATUS_INVALID_ARGUMENT, "answers", "are longer than %d in all",
                               INTAKE_ANSWERS_CHARACTERS_MAX);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status take_all(const struct city *city, const char *topic,
                            const struct intake_answers *given, struct arena *arena,
                            struct intake_answers *kept, struct error *err)
{
    for (size_t i = 0; i < given->count; i++) {
        const Common__Answer *answer = given->answers[i];
        const struct intake_answers before = {.count = i, .answers = given->answers};
        const struct city_question *question = city_question(city, topic, answer->question);
        if (question == NULL) {
            return error_set(err, STATUS_INVALID_ARGUMENT, field_of(answer->question).name,
                             "the topic asks no such question: GetTopic tells what it asks");
        }
        if (is_answered(&before, answer->question)) {
            return error_set(err, STATUS_INVALID_ARGUMENT, field_of(answer->question).name,
                             "is answered twice");
        }
        enum status status = take_answer(city, arena, question, answer,
                                         arena != NULL ? kept->answers[i] : NULL, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status intake_rules_check_answers(const struct city *city, const char *topic,
                                       const struct intake_answers *given, struct error *err)
{
    enum status status = check_sizes(given, err);
    return status == STATUS_OK ? take_all(city, topic, given, NULL, NULL, err) : status;
}

enum status intake_rules_keep_answers(const struct city *city, const char *topic,
                                      const struct intake_answers *given, struct arena *arena,
                                      struct intake_answers *ret_answers, struct error *err)
{
    struct intake_answers kept = {.count = given->count};
    if (given->count == 0) {
        *ret_answers = kept;
        return STATUS_OK;
    }
    Common__Answer *room = arena_alloc(arena, given->count * sizeof(*room));
    kept.answers = arena_alloc(arena, given->count * sizeof(Common__Answer *));
    if (room == NULL || kept.answers == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
    }
    for (size_t i = 0; i < given->count; i++) {
        kept.answers[i] = &room[i];
    }
    enum status status = take_all(city, topic, given, arena, &kept, err);
    if (status == STATUS_OK) {
        *ret_answers = kept;
    }
    return status;
}

enum status intake_rules_check_required(const struct city *city, const char *topic,
                                        const struct intake_answers *given, struct error *err)
{
    size_t count = city_question_count(city, topic);
    for (size_t i = 0; i < count; i++) {
        const struct city_question *question = city_question_at(city, topic, i);
        if (question->required && !is_answered(given, question->key)) {
            struct answer_field field = field_of(question->key);
            return error_set(err, STATUS_INVALID_ARGUMENT, field.name,
                             "must be answered: %.80s (%.80s)", question->name_fa,
                             question->name_en);
        }
    }
    return STATUS_OK;
}

Intake__QuestionKind intake_rules_question_kind(enum city_question_kind kind)
{
    switch (kind) {
    case CITY_QUESTION_STRING: return INTAKE__QUESTION_KIND__QUESTION_KIND_STRING;
    case CITY_QUESTION_NUMBER: return INTAKE__QUESTION_KIND__QUESTION_KIND_NUMBER;
    case CITY_QUESTION_DATETIME: return INTAKE__QUESTION_KIND__QUESTION_KIND_DATETIME;
    case CITY_QUESTION_TEXT: return INTAKE__QUESTION_KIND__QUESTION_KIND_TEXT;
    case CITY_QUESTION_ONE_OF: return INTAKE__QUESTION_KIND__QUESTION_KIND_ONE_OF;
    case CITY_QUESTION_SEVERAL_OF: return INTAKE__QUESTION_KIND__QUESTION_KIND_SEVERAL_OF;
    default: return INTAKE__QUESTION_KIND__QUESTION_KIND_UNSPECIFIED;
    }
}

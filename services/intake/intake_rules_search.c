/* Comparing what is searched for with what a request is; see the header. */
#include "services/intake/intake_rules_search.h"

#include "services/intake/intake_rules.h"

#include "text/fold.h"
#include "text/utf8.h"

#include <string.h>

static enum status check_one(Common__Answer *const *asked, size_t at, struct error *err)
{
    const Common__Answer *one = asked[at];
    enum status status = text_check_key(one->question, CITY_KEY_SIZE_MAX, "answers", err);
    for (size_t i = 0; i < at && status == STATUS_OK; i++) {
        if (strcmp(asked[i]->question, one->question) == 0) {
            status = error_set(err, STATUS_INVALID_ARGUMENT, "answers",
                               "question %s is asked twice", one->question);
        }
    }
    if (status == STATUS_OK && one->n_values > CITY_CHOICES_OF_LIST_MAX) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "answers", "must be at most %d of one",
                           CITY_CHOICES_OF_LIST_MAX);
    }
    for (size_t i = 0; i < one->n_values && status == STATUS_OK; i++) {
        status = text_require(one->values[i], INTAKE_ANSWER_TEXT_MAX, "answers", err);
    }
    return status;
}

enum status intake_rules_check_asked(Common__Answer *const *asked, size_t count, struct error *err)
{
    enum status status = STATUS_OK;
    if (count > INTAKE_ASKED_ANSWERS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "answers", "must be at most %d",
                         INTAKE_ASKED_ANSWERS_MAX);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = check_one(asked, i, err);
    }
    return status;
}

bool intake_rules_is_in_place(const char *folded, const Common__Place *place)
{
    struct buffer all = BUFFER_EMPTY;
    if (folded[0] == '\0') {
        return true;
    }
    if (place == NULL) {
        return false;
    }
    const char *const parts[] = {place->neighbourhood, place->street, place->landmark,
                                 place->thing,         place->line,   place->direction,
                                 place->stop,          place->pole,   place->vehicle};
    bool is_read = true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        is_read = is_read && text_fold(parts[i], &all, NULL) == STATUS_OK;
        buffer_append_text(&all, "\n"); /* which no folded text holds */
    }
    bool is_in = is_read && strstr(buffer_text(&all), folded) != NULL;
    buffer_fini(&all);
    return is_in;
}

/* --- answers --- */

static bool is_value(const char *asked, const char *kept, bool in_part)
{
    struct buffer a = BUFFER_EMPTY, b = BUFFER_EMPTY;
    bool fits = text_fold(asked, &a, NULL) == STATUS_OK && text_fold(kept, &b, NULL) == STATUS_OK &&
                (in_part ? strstr(buffer_text(&b), buffer_text(&a)) != NULL
                         : strcmp(buffer_text(&b), buffer_text(&a)) == 0);
    buffer_fini(&a);
    buffer_fini(&b);
    return fits;
}

/* Every value that is asked is one of those that were given. */
static bool is_answered(const Common__Answer *asked, const Common__Answer *given, bool in_part)
{
    for (size_t i = 0; i < asked->n_values; i++) {
        size_t at = 0;
        while (at < given->n_values && !is_value(asked->values[i], given->values[at], in_part)) {
            at++;
        }
        if (at == given->n_values) {
            return false;
        }
    }
    return true;
}

bool intake_rules_are_answered(const struct city *city, const Intake__RequestRegistered *registered,
                               Common__Answer *const *asked, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct city_question *question =
            city_question(city, registered->topic, asked[i]->question);
        bool in_part = question != NULL && (question->kind == CITY_QUESTION_STRING ||
                                            question->kind == CITY_QUESTION_TEXT);
        size_t at = 0;
        while (at < registered->n_answers &&
               strcmp(registered->answers[at]->question, asked[i]->question) != 0) {
            at++;
        }
        if (at == registered->n_answers ||
            !is_answered(asked[i], registered->answers[at], in_part)) {
            return false;
        }
    }
    return true;
}

/* --- words --- */

static bool is_said(const char *word, size_t size, const char *folded)
{
    for (const char *at = strchr(folded, word[0]); at != NULL; at = strchr(at + 1, word[0])) {
        if (strncmp(at, word, size) == 0) {
            return true;
        }
    }
    return false;
}

bool intake_rules_are_said(const char *words, const char *folded)
{
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        if (size > 0 && !is_said(words, size, folded)) {
            return false;
        }
        words += size + (words[size] == ' ');
    }
    return true;
}

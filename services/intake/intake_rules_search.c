/* Comparing what is searched for with what a request is; see the header. */
#include "services/intake/intake_rules_search.h"

#include "services/intake/intake_rules.h"

#include "base/plant.h"
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
    for (size_t i = 0; i < one->n_values && status == STATUS_OK; i++) {
        status = text_require(one->values[i], INTAKE_ANSWER_TEXT_MAX, "answers", err);
    }
    return status;
}

static enum status check_values(const struct city *city, const struct city_question *question,
                                const Common__Answer *asked, struct error *err)
{
    struct buffer kept = BUFFER_EMPTY;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < asked->n_values && status == STATUS_OK; i++) {
        buffer_clear(&kept);
        status = intake_rules_keep_value(city, question, asked->values[i], &kept, err);
    }
    buffer_fini(&kept);
    return status;
}

/* One key may be another question of another topic: without a topic it is enough that one of them can be answered so. What no
 * topic asks was asked by an earlier pack, perhaps, and is compared as it is. */
static enum status check_kept(const struct city *city, const char *topic,
                              const Common__Answer *asked, struct error *err)
{
    enum status status = STATUS_OK;
    struct error refusal = ERROR_NONE;
    for (size_t i = 0; i < city_topic_count(city); i++) {
        const char *key = city_topic_at(city, i)->key;
        const struct city_question *question = topic[0] == '\0' || strcmp(topic, key) == 0
                                                   ? city_question(city, key, asked->question)
                                                   : NULL;
        struct error of_this = ERROR_NONE;
        enum status checked =
            question == NULL ? STATUS_OK : check_values(city, question, asked, &of_this);
        if (question != NULL && checked == STATUS_OK) {
            return STATUS_OK;
        }
        if (checked != STATUS_OK && status == STATUS_OK) {
            status = checked;
            refusal = of_this;
        }
    }
    if (status != STATUS_OK && err != NULL) {
        *err = refusal;
    }
    return status;
}

enum status intake_rules_check_asked(const struct city *city, const char *topic,
                                     Common__Answer *const *asked, size_t count, struct error *err)
{
    enum status status = STATUS_OK;
    size_t values = 0;
    if (count > INTAKE_ASKED_ANSWERS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "answers", "must be at most %d",
                         INTAKE_ASKED_ANSWERS_MAX);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        values += asked[i]->n_values;
        if (values > INTAKE_ASKED_VALUES_MAX) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "answers",
                             "must be at most %d values in all", INTAKE_ASKED_VALUES_MAX);
        }
        status = check_one(asked, i, err);
        if (status == STATUS_OK) {
            status = check_kept(city, topic, asked[i], err);
        }
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

static bool is_spelled(const char *asked, const char *kept, bool in_part)
{
    struct buffer a = BUFFER_EMPTY, b = BUFFER_EMPTY;
    bool fits = text_fold(asked, &a, NULL) == STATUS_OK && text_fold(kept, &b, NULL) == STATUS_OK &&
                (in_part ? strstr(buffer_text(&b), buffer_text(&a)) != NULL
                         : strcmp(buffer_text(&b), buffer_text(&a)) == 0);
    buffer_fini(&a);
    buffer_fini(&b);
    return fits;
}

/* Both in the form that is kept: what an earlier version kept may have zeros in front. */
static bool is_kept(const struct city *city, const struct city_question *question,
                    const char *asked, const char *kept)
{
    struct buffer a = BUFFER_EMPTY, b = BUFFER_EMPTY;
    bool fits = intake_rules_keep_value(city, question, asked, &a, NULL) == STATUS_OK &&
                intake_rules_keep_value(city, question, kept, &b, NULL) == STATUS_OK &&
                strcmp(buffer_text(&a), buffer_text(&b)) == 0;
    buffer_fini(&a);
    buffer_fini(&b);
    return fits;
}

/* Whoever gives no hour asks for the whole day, as the city counts days. */
static bool is_time(const struct city *city, const struct city_question *question,
                    const char *asked, const char *kept)
{
    const struct civil *civil = city_civil(city);
    int64_t asked_us, kept_us;
    if (strchr(asked, ':') != NULL) {
        return is_kept(city, question, asked, kept);
    }
    return civil_parse(civil, asked, 0, NULL, &asked_us, NULL) == STATUS_OK &&
           civil_parse(civil, kept, 0, NULL, &kept_us, NULL) == STATUS_OK &&
           civil_day(civil, asked_us) == civil_day(civil, kept_us);
}

static bool is_value(const struct city *city, const struct city_question *question,
                     const char *asked, const char *kept)
{
    if (question == NULL) {
        return is_spelled(asked, kept, false);
    }
    switch (question->kind) {
    case CITY_QUESTION_NUMBER: return is_kept(city, question, asked, kept);
    case CITY_QUESTION_DATETIME: return is_time(city, question, asked, kept);
    case CITY_QUESTION_STRING:
    case CITY_QUESTION_TEXT: return is_spelled(asked, kept, true);
    default: return is_spelled(asked, kept, false);
    }
}

/* Every value that is asked is one of those that were given. */
static bool is_answered(const struct city *city, const struct city_question *question,
                        const Common__Answer *asked, const Common__Answer *given)
{
    for (size_t i = 0; i < asked->n_values; i++) {
        size_t at = 0;
        while (at < given->n_values &&
               !is_value(city, question, asked->values[i], given->values[at])) {
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
        size_t at = 0;
        while (at < registered->n_answers &&
               strcmp(registered->answers[at]->question, asked[i]->question) != 0) {
            at++;
        }
        if (at == registered->n_answers ||
            (!is_answered(city, city_question(city, registered->topic, asked[i]->question),
                          asked[i], registered->answers[at]) &&
             !PLANTED("any_answer_fits"))) {
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

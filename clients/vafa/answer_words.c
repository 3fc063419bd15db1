/* The pack of today names what an answer of then meant: what it lists no more is shown as it is. */
#include "clients/vafa/answer_words.h"

#include "city/city_questions.h"
#include "clients/vafa/labels.h"

#include <string.h>

static void value_words(struct session *session, const struct city *city,
                        const struct city_question *question, const char *value, struct buffer *out)
{
    bool fa = strcmp(session_language(session), "fa") == 0;
    const struct city_choice *choice =
        question != NULL ? city_question_choice(question, value) : NULL;
    int64_t at_us;
    if (choice != NULL) {
        buffer_append_text(out, fa ? choice->name_fa : choice->name_en);
    } else if (question != NULL && question->kind == CITY_QUESTION_DATETIME &&
               civil_parse(city_civil(city), value, 0, "value", &at_us, NULL) == STATUS_OK) {
        char text[32];
        session_time(session, at_us, text);
        buffer_append_text(out, text);
    } else {
        buffer_append_text(out, value);
    }
}

void answer_words(struct session *session, struct table *table, const char *topic,
                  Common__Answer *const *answers, size_t count)
{
    const struct city *city = count > 0 ? session_city(session, NULL) : NULL;
    const char *language = session_language(session);
    for (size_t i = 0; i < count; i++) {
        const struct city_question *question =
            city != NULL ? city_question(city, topic, answers[i]->question) : NULL;
        struct buffer values = BUFFER_EMPTY;
        for (size_t v = 0; v < answers[i]->n_values; v++) {
            if (v > 0) {
                buffer_append_format(&values, "%s ", label_word(",", language));
            }
            value_words(session, city, question, answers[i]->values[v], &values);
        }
        table_cell(table, question == NULL              ? answers[i]->question
                          : strcmp(language, "fa") == 0 ? question->name_fa
                                                        : question->name_en);
        table_cell(table, buffer_text(&values));
        buffer_fini(&values);
    }
}

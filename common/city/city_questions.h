/*
 * What a topic asks, from questions.csv and choices.csv of a pack (both optional). The kinds are
 * those of Open311's service definitions.
 */
#ifndef VAFA_CITY_CITY_QUESTIONS_H
#define VAFA_CITY_CITY_QUESTIONS_H

#include "city/city.h"

#define CITY_QUESTIONS_OF_TOPIC_MAX 20
#define CITY_CHOICES_OF_LIST_MAX 100
#define CITY_CHOICES_OF_TOPIC_MAX 400 /* over all its questions: a topic is told in one message */

enum city_question_kind {                           /* Open311's name for it */
                          CITY_QUESTION_STRING,     /* string: one line */
                          CITY_QUESTION_NUMBER,     /* number */
                          CITY_QUESTION_DATETIME,   /* datetime */
                          CITY_QUESTION_TEXT,       /* text: several lines */
                          CITY_QUESTION_ONE_OF,     /* singlevaluelist */
                          CITY_QUESTION_SEVERAL_OF, /* multivaluelist */
};

struct city_choice {
    const char *key;
    const char *name_fa;
    const char *name_en;
};

struct city_question {
    const char *key; /* unique within its topic */
    enum city_question_kind kind;
    bool required; /* a request of today is refused without it */
    const char *name_fa;
    const char *name_en;
    const struct city_choice *choices; /* of ONE_OF and SEVERAL_OF */
    size_t choice_count;
};

/* How many questions a topic of the pack asks; 0 for an unlisted one. */
size_t city_question_count(const struct city *city, const char *topic);
/* In the order of the file; index < city_question_count. */
const struct city_question *city_question_at(const struct city *city, const char *topic,
                                             size_t index);
const struct city_question *city_question(const struct city *city, const char *topic,
                                          const char *key); /* NULL: not asked */
/* NULL: it is none of the question's. */
const struct city_choice *city_question_choice(const struct city_question *question,
                                               const char *key);

#endif

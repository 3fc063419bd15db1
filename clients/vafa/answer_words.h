/* Answers to a topic's questions as people say them. */
#ifndef VAFA_CLIENTS_VAFA_ANSWER_WORDS_H
#define VAFA_CLIENTS_VAFA_ANSWER_WORDS_H

#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

/* Two cells an answer: the question, its values. Questions and choices have their names where the
 * pack is at hand, else their keys; times are in the city's zone. */
void answer_words(struct session *session, struct table *table, const char *topic,
                  Common__Answer *const *answers, size_t count);

#endif

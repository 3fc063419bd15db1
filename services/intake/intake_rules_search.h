/* Whether a request is what somebody searches for. Plain values in, plain values out. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_RULES_SEARCH_H
#define VAFA_SERVICES_INTAKE_INTAKE_RULES_SEARCH_H

#include "base/bytes.h"
#include "city/city_questions.h"

#include "vafa/intake/v1/intake.pb-c.h"

#define INTAKE_ASKED_ANSWERS_MAX 20
#define INTAKE_ASKED_VALUES_MAX 20 /* of all of them: each is compared with each request */
#define INTAKE_SEARCH_WORDS_MAX 100

/* Answers that are searched for, with a topic or "". INVALID_ARGUMENT, field "answers", or "answers.KEY" for a value that no request
 * can have. */
enum status intake_rules_check_asked(const struct city *city, const char *topic,
                                     Common__Answer *const *asked, size_t count, struct error *err);

/* `folded` (text/fold.h) is found in one field of the place; empty: always. `place` may be NULL. */
bool intake_rules_is_in_place(const char *folded, const Common__Place *place);

/* All that is asked was answered so, at the registration or as amended since. How values compare, the question of the request's own
 * topic says: numbers and times as they are kept, a day fits each of its times, one's own words fit in part. */
bool intake_rules_are_answered(const struct city *city, const Intake__RequestRegistered *registered,
                               Common__Answer *const *asked, size_t count);

/* Every part of `words`, which is folded, is found in the folded text. */
bool intake_rules_are_said(const char *words, const char *folded);

#endif

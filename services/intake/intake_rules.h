/*
 * Intake's knowledge of its trade: what a request may contain, how urgent it is, where it stands.
 * Plain values in, plain values out.
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_RULES_H
#define VAFA_SERVICES_INTAKE_INTAKE_RULES_H

#include "base/arena.h"
#include "city/city_questions.h"
#include "city/city_route.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* In code points, but for keys and external names, which are in bytes. */
#define INTAKE_NAME_MAX 100
#define INTAKE_WORDS_MAX 4000
#define INTAKE_NEIGHBOURHOOD_MAX 100
#define INTAKE_STREET_MAX 300
#define INTAKE_LANDMARK_MAX 200
#define INTAKE_THING_MAX 100
#define INTAKE_LINE_MAX 40 /* of a line, a pole, a vehicle */
#define INTAKE_EXTERNAL_BYTES_MAX 64
#define INTAKE_ANSWER_MAX 200
#define INTAKE_ANSWER_TEXT_MAX 2000
#define INTAKE_ANSWERS_CHARACTERS_MAX 4000 /* all answers of a request */
#define INTAKE_PURPOSE_MAX 200
#define INTAKE_PAGE_SIZE_DEFAULT 20
#define INTAKE_PAGE_SIZE_MAX 100
/* 9999-12-31T23:59:59.999999Z: a due date beyond it is a mistake, and sums with it would overflow.
 */
#define INTAKE_DUE_US_MAX INT64_C(253402300799999999)

/* Everything about a registration that needs no table and no clock. `may_import`: the caller may
 * give histories. INVALID_ARGUMENT with the field's own name ("words", "latitude");
 * PERMISSION_DENIED for a history that may not be given. */
enum status intake_rules_check_registration(const struct city *city, bool may_import,
                                            const Intake__RegisterCaseRequest *request,
                                            struct error *err);

/* Parts of it, for whoever is told a topic or a place only. A history's may be unlisted; `place` may
 * be NULL. INVALID_ARGUMENT with the field's own name. */
enum status intake_rules_check_topic(const struct city *city, const char *topic, bool is_history,
                                     struct error *err);
enum status intake_rules_check_place(const struct city *city, const Common__Place *place,
                                     bool is_history, struct error *err);

/* A history lies in the past. INVALID_ARGUMENT, field "occurred_at_us". `history` may be NULL. */
enum status intake_rules_check_history_time(const Intake__History *history, int64_t now_us,
                                            struct error *err);

/* True when there is something that must be sealed. */
bool intake_rules_is_personal(const Intake__RegisterCaseRequest *request);

/* intake_rules_place.c: in which area a place lies, and how that was found. Texts are borrowed from
 * the pack and from the place, which may be NULL. */
struct intake_located {
    const char *area; /* "" for none */
    Intake__PlaceFound found;
    const char *point_area; /* the point's own area, when another one was given; else "" */
};
struct intake_located intake_rules_locate(const struct city *city, const Common__Place *place);

/* --- answers: intake_rules_answers.c --- */

struct intake_answers {
    size_t count;
    Common__Answer **answers;
};

/* INVALID_ARGUMENT, field "answers.KEY" or "answers": not asked, of another kind, too much. */
enum status intake_rules_check_answers(const struct city *city, const char *topic,
                                       const struct intake_answers *given, struct error *err);
/* INVALID_ARGUMENT, field "answers.KEY": a required one is missing. Where the short form holds, and
 * of a history, nobody asks. */
enum status intake_rules_check_required(const struct city *city, const char *topic,
                                        const struct intake_answers *given, struct error *err);
/* One value as it is kept, behind what `out` holds: a number or a time in its one form, else as it is given. INVALID_ARGUMENT,
 * field "answers.KEY", when it cannot be an answer to the question. */
enum status intake_rules_keep_value(const struct city *city, const struct city_question *question,
                                    const char *value, struct buffer *out, struct error *err);
/* The answers as they are kept. Questions are borrowed from those given; values live in the arena. Refuses what the check refuses; RESOURCE_EXHAUSTED. */
enum status intake_rules_keep_answers(const struct city *city, const char *topic,
                                      const struct intake_answers *given, struct arena *arena,
                                      struct intake_answers *ret_answers, struct error *err);
/* intake_rules_place.c. Callers name a bus line once, as an answer or as the place: answers to questions called line, direction,
 * stop, pole and vehicle are those parts of the place, where it has none or still what was answered before (`former`, of an
 * amended request whose place nobody gives anew; NULL for none). Makes of `given`, which may be NULL, the place as it is told; texts are borrowed. False: nothing
 * is told of any. */
bool intake_rules_told_place(const Common__Place *given, const struct intake_answers *answers,
                             const struct intake_answers *former, Common__Place *ret_place);
Intake__QuestionKind intake_rules_question_kind(enum city_question_kind kind);

/* --- intake_rules_place.c: whose it is --- */

/* The body outside the city to which such a request goes, NULL when it stays with the city. */
const struct city_unit *intake_rules_outside(const struct city *city,
                                             const struct city_request *request);
/* Borrows from the pack. */
Intake__Referral intake_rules_referral(const struct city_unit *unit);

/* `asked` may be unset; topic NULL: unlisted. A topic that is always urgent is so whatever was
 * asked. */
Common__Urgency intake_rules_urgency(const struct city_topic *topic, Common__Urgency asked);

/* Page size to use; INVALID_ARGUMENT, field "page_size", above the maximum. */
enum status intake_rules_page_size(uint32_t asked, uint32_t *ret_size, struct error *err);

/* What an answer or the outcome of a call is in the timeline. */
Intake__CitizenVerdict intake_rules_verdict(Followup__Resolution resolution);
const char *intake_rules_outcome_note(Followup__CallOutcome outcome); /* "" when unknown */

/* Order of the timeline: time, then service, then offset, then kind. Negative: a comes first. */
int intake_rules_compare(const Intake__TimelineEntry *a, const Intake__TimelineEntry *b);

/* Where a request stands after a timeline in that order; what was taken back stays WITHDRAWN.
 * `to_be_called`: a finished task is followed by a call. */
Intake__CaseState intake_rules_state(Intake__TimelineEntry *const *entries, size_t count,
                                     bool to_be_called);

/* The work on it is not over: others can be joined to it. */
bool intake_rules_is_open(Intake__CaseState state);
/* Where the office's work stands, though the request's own citizen may have taken it back: others may
 * share it. */
Intake__CaseState intake_rules_work_state(Intake__TimelineEntry *const *entries, size_t count);
/* What befalls a task, and thereby all requests that it is about. */
bool intake_rules_is_of_task(Intake__TimelineKind kind);
/* Whoever said for when they will do it has it no more, or it is over. */
bool intake_rules_ends_plan(Intake__TimelineKind kind);
/* The date that who has it now says; 0: none, or it is over. */
int64_t intake_rules_planned_for(Intake__TimelineEntry *const *entries, size_t count);
/* The entry gives the due date. */
bool intake_rules_gives_due(Intake__TimelineKind kind);

/* The unit that has the request after that timeline, "" before routing. Borrowed from the entries.
 */
const char *intake_rules_unit(Intake__TimelineEntry *const *entries, size_t count);

#endif

/* What is asked for here, of what the pack's rules look at, and whose offices therefore are there. */
#include "tests/sim/life_internal.h"

#include "city/city_route.h"

/* A few of each, so that offices are few. */
const char *const life_topics[LIFE_TOPICS] = {"asphalt",       "garbage", "flooding",     "pruning",
                                              "park-lighting", "manhole", "lost-property"};
const char *const life_areas[LIFE_AREAS] = {"", "1", "3"};

/* What callers answer, of each topic's markers every so-manieth, and how it is kept. Some of it decides who gets it. */
static const struct said {
    const char *topic, *question, *value, *kept;
    uint64_t every;
} said[] = {
    {"flooding", "depth", "۴۰", "40", 1},        {"manhole", "state", "missing", "missing", 4},
    {"manhole", "state", "loose", "loose", 2},   {"pruning", "touches", "wire", "wire", 3},
    {"lost-property", "thing", "کیف", "کیف", 1},
};
#define SAID (sizeof said / sizeof said[0])

/* Of each so-manieth who lost something a line with a name of its own: told as an answer only, and yet the place (in the log:
 * recount_events.c). */
#define LINE_TOPIC "lost-property"
#define LINE_EVERY 3

static Common__Answer *answer_of(struct errand *errand, const char *question, const char *value)
{
    Common__Answer *answer = arena_alloc(errand->arena, sizeof *answer);
    common__answer__init(answer);
    answer->question = TEXT(question);
    answer->n_values = 1;
    answer->values = arena_alloc(errand->arena, sizeof *answer->values);
    answer->values[0] = TEXT(value);
    return answer;
}

size_t life_answer_questions(struct errand *errand, const char *topic, uint64_t marker,
                             Common__Answer ***ret_answers)
{
    size_t i = 0;
    while (i < SAID && (strcmp(said[i].topic, topic) != 0 || marker % said[i].every != 0)) {
        i++;
    }
    if (i == SAID) {
        return 0;
    }
    size_t count = 0;
    *ret_answers = arena_alloc(errand->arena, 2 * sizeof **ret_answers);
    (*ret_answers)[count++] = answer_of(errand, said[i].question, said[i].value);
    if (strcmp(topic, LINE_TOPIC) == 0 && marker % LINE_EVERY == 0) {
        (*ret_answers)[count++] =
            answer_of(errand, "line", arena_format(errand->arena, RECOUNT_LINE "%" PRIu64, marker));
    }
    return count;
}

size_t life_draw_said(struct life *life)
{
    return 1 + (size_t)life_draw(life, 0, SAID);
}

Common__Answer *life_say(struct errand *errand, size_t number)
{
    return answer_of(errand, said[number - 1].question, said[number - 1].value);
}

bool life_was_said(size_t number, const struct recount_answer *answered)
{
    return answered != NULL && strcmp(answered->question, said[number - 1].question) == 0 &&
           strcmp(answered->value, said[number - 1].kept) == 0;
}

static void add_offices_of(struct life *life, const struct city_request *request)
{
    struct city_route route;
    city_route(world_city(life->world), request, &route);
    life_add_office(life, route.unit);
    for (size_t i = 0; i < route.helper_count; i++) {
        life_add_office(life, route.helpers[i]);
    }
}

/* Whoever may get or help with such a request, whatever is answered, by day and by night. */
static void add_offices_asked(struct life *life, struct city_request request)
{
    add_offices_of(life, &request);
    for (size_t i = 0; i < SAID * 2; i++) {
        if (strcmp(said[i / 2].topic, request.topic) == 0) {
            request.answers[0] = (struct city_answer){
                .question = said[i / 2].question, .values = &said[i / 2].value, .value_count = 1};
            request.answer_count = 1;
            request.registered_at_us = WORLD_BEGIN_US + (int64_t)(i % 2) * 12 * HOUR_US;
            add_offices_of(life, &request);
        }
    }
}

void life_add_offices(struct life *life)
{
    for (size_t i = 0; i < LIFE_TOPICS; i++) {
        for (size_t j = 0; j < LIFE_AREAS * 2; j++) {
            add_offices_asked(life, (struct city_request){
                                        .topic = life_topics[i],
                                        .area = life_areas[j / 2],
                                        .neighbourhood = "",
                                        .urgent = j % 2 == 1,
                                        .registered_at_us = WORLD_BEGIN_US,
                                    });
        }
    }
    life_add_office(life, city_coordinator(world_city(life->world)));
}

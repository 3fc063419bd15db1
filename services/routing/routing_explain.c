/* Explaining a route: see the header. */
#include "services/routing/routing_explain.h"

#include "base/bytes.h"
#include "city/city_place.h"
#include "city/city_questions.h"
#include "city/city_route.h"
#include "service/city_request.h"
#include "text/utf8.h"

#include <string.h>

/* --- what is asked --- */

/* Written so that NaN is refused. */
static enum status check_degrees(double value, double limit, const char *field, struct error *err)
{
    return value >= -limit && value <= limit
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, field,
                           "must be between -%.0f and %.0f degrees", limit, limit);
}

static enum status check_place(const Common__Place *place, struct error *err)
{
    enum status status = STATUS_OK;
    if (place == NULL) {
        return STATUS_OK;
    }
    if (place->area[0] != '\0') {
        status = text_check_key(place->area, CITY_KEY_SIZE_MAX, "area", err);
    }
    if (status == STATUS_OK) {
        status = text_check(place->neighbourhood, ROUTING_EXPLAIN_NEIGHBOURHOOD_MAX,
                            "neighbourhood", err);
    }
    if (status == STATUS_OK && place->point != NULL) {
        status = check_degrees(place->point->latitude, 90, "latitude", err);
    }
    if (status == STATUS_OK && place->point != NULL) {
        status = check_degrees(place->point->longitude, 180, "longitude", err);
    }
    return status;
}

/* A choice that is none would only ever be another answer. */
static enum status check_values(const struct city *city, const char *topic,
                                const Common__Answer *answer, const char *field, struct error *err)
{
    enum status status = STATUS_OK;
    const struct city_question *question = city_question(city, topic, answer->question);
    if (question == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "is no question of the topic %s",
                         topic);
    }
    for (size_t i = 0; i < answer->n_values && status == STATUS_OK; i++) {
        status = text_check(answer->values[i], ROUTING_EXPLAIN_VALUE_MAX, field, err);
        if (status == STATUS_OK && question->choice_count > 0 &&
            city_question_choice(question, answer->values[i]) == NULL) {
            status = error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%s\" is no choice of it",
                               answer->values[i]);
        }
    }
    return status;
}

static enum status check_answer(const struct city *city, const char *topic,
                                const Common__Answer *answer, struct error *err)
{
    struct buffer field = BUFFER_EMPTY;
    enum status status = text_check_key(answer->question, CITY_KEY_SIZE_MAX, "answers", err);
    if (status == STATUS_OK) {
        buffer_append_format(&field, "answers.%s", answer->question);
        status = check_values(city, topic, answer, buffer_text(&field), err);
    }
    buffer_fini(&field);
    return status;
}

static enum status check_answers(const struct city *city,
                                 const Routing__ExplainRouteRequest *request, struct error *err)
{
    enum status status = STATUS_OK;
    size_t values = 0;
    if (request->n_answers > ROUTING_EXPLAIN_ANSWERS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "answers", "must be at most %d",
                         ROUTING_EXPLAIN_ANSWERS_MAX);
    }
    for (size_t i = 0; i < request->n_answers && status == STATUS_OK; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(request->answers[j]->question, request->answers[i]->question) == 0) {
                return error_set(err, STATUS_INVALID_ARGUMENT, "answers",
                                 "question %s is answered twice", request->answers[i]->question);
            }
        }
        values += request->answers[i]->n_values;
        status = values > ROUTING_EXPLAIN_VALUES_MAX
                     ? error_set(err, STATUS_INVALID_ARGUMENT, "answers",
                                 "must be at most %d values in all", ROUTING_EXPLAIN_VALUES_MAX)
                     : check_answer(city, request->topic, request->answers[i], err);
    }
    return status;
}

enum status routing_explain_check(const struct city *city,
                                  const Routing__ExplainRouteRequest *request, struct error *err)
{
    enum status status = text_check_key(request->topic, CITY_KEY_SIZE_MAX, "topic", err);
    if (status == STATUS_OK && protobuf_c_enum_descriptor_get_value(
                                   &common__urgency__descriptor, (int)request->urgency) == NULL) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "urgency", "is none of the contract's");
    }
    if (status == STATUS_OK) {
        status = check_place(request->place, err);
    }
    if (status == STATUS_OK) {
        status = check_answers(city, request, err);
    }
    if (status == STATUS_OK &&
        (request->registered_at_us < 0 || request->registered_at_us > ROUTING_EXPLAIN_AT_US_MAX)) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "registered_at_us",
                           "must be between 1970 and 9999");
    }
    return status;
}

/* --- what is told --- */

struct telling {
    const struct city *city;
    struct arena *arena;
    bool other_topics;
    size_t room;
    bool is_full;
    Routing__ExplainRouteResponse *response;
};

/* Messages hold char *, though nobody writes through them. */
static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static Routing__RuleOutcome outcome_of(enum city_rule_no no)
{
    static const Routing__RuleOutcome outcomes[] = {
        [CITY_RULE_TAKES] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_TAKES,
        [CITY_RULE_OTHER_TOPIC] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_TOPIC,
        [CITY_RULE_OTHER_AREA] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_AREA,
        [CITY_RULE_OTHER_URGENCY] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_URGENCY,
        [CITY_RULE_OTHER_NEIGHBOURHOOD] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_NEIGHBOURHOOD,
        [CITY_RULE_OTHER_ZONE] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_ZONE,
        [CITY_RULE_OTHER_ANSWER] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_ANSWER,
        [CITY_RULE_OTHER_TIME] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_TIME,
        [CITY_RULE_NO_UNIT] = ROUTING__RULE_OUTCOME__RULE_OUTCOME_NO_UNIT,
    };
    return outcomes[no];
}

/* The list doubles; what it was stays in the arena. */
static bool make_room(struct telling *t)
{
    Routing__ExplainRouteResponse *response = t->response;
    if (response->n_rules < t->room) {
        return true;
    }
    size_t room = t->room == 0 ? 32 : 2 * t->room;
    Routing__RuleTried **rules = arena_alloc(t->arena, room * sizeof(*rules));
    if (rules == NULL) {
        return false;
    }
    if (response->n_rules > 0) {
        memcpy(rules, response->rules, response->n_rules * sizeof(*rules));
    }
    response->rules = rules;
    t->room = room;
    return true;
}

static void tell_rule(void *context, const struct city_rule_look *look)
{
    struct telling *t = context;
    if (look->no == CITY_RULE_OTHER_TOPIC && !t->other_topics) {
        t->response->other_topics++;
        return;
    }
    Routing__RuleTried *rule = arena_alloc(t->arena, sizeof(*rule));
    if (rule == NULL || !make_room(t)) {
        t->is_full = true;
        return;
    }
    routing__rule_tried__init(rule);
    rule->line = (uint32_t)look->line;
    rule->topic = text(look->topic);
    rule->area = text(look->area);
    rule->urgent = text(look->urgent);
    rule->neighbourhood = text(look->neighbourhood);
    rule->zone = text(look->zone);
    rule->answer = text(look->answer);
    rule->time = text(look->time);
    rule->helpers = text(look->helpers);
    rule->unit = text(look->unit);
    rule->level = text(look->level);
    rule->outcome = outcome_of(look->no);
    t->response->rules[t->response->n_rules++] = rule;
}

static bool tell_route(const struct telling *t, const struct city_route *route, int64_t at_us)
{
    Routing__ExplainRouteResponse *response = t->response;
    response->helpers =
        arena_alloc(t->arena, (route->helper_count + 1) * sizeof(*response->helpers));
    if (response->helpers == NULL) {
        return false;
    }
    for (size_t i = 0; i < route->helper_count; i++) {
        response->helpers[response->n_helpers++] = text(route->helpers[i]);
    }
    response->unit = text(route->unit);
    response->in_charge = text(city_unit_in_charge(t->city, route->unit, at_us));
    response->helpers_note = text(route->helpers_note);
    response->level = text(route->level);
    response->due_hours = route->due_hours;
    response->working = route->working;
    response->rule_line = (uint32_t)route->rule_line;
    return true;
}

/* As intake finds it: by the point, by the neighbourhood. */
static const char *area_of(const struct city *city, const struct city_request *request)
{
    struct city_place found = {.found = CITY_PLACE_NONE};
    if (request->has_point) {
        found = city_place_of_point(city, request->latitude, request->longitude);
    }
    if (found.area == NULL) {
        found = city_place_of_neighbourhood(city, request->neighbourhood);
    }
    return found.area == NULL ? "" : found.area->key;
}

bool routing_explain(const struct city *city, const Routing__ExplainRouteRequest *request,
                     int64_t now_us, struct arena *arena, Routing__ExplainRouteResponse *response)
{
    Routing__ExplainRouteResponse told = ROUTING__EXPLAIN_ROUTE_RESPONSE__INIT;
    struct telling t = {
        .city = city,
        .arena = arena,
        .other_topics = request->other_topics,
        .response = &told,
    };
    struct city_route route;
    struct city_request asked = city_request_of(
        request->topic, request->place, request->urgency, request->answers, request->n_answers,
        request->registered_at_us != 0 ? request->registered_at_us : now_us);
    if (asked.area[0] == '\0') {
        asked.area = area_of(city, &asked);
    }
    city_route_explain(city, &asked, &route, tell_rule, &t);
    if (!tell_route(&t, &route, asked.registered_at_us) || t.is_full) {
        return false;
    }
    *response = told;
    return true;
}

/* vafa route explain: who gets such a request, and by which rule; from a city pack alone. */
#include "base/check.h"
#include "base/clock.h"
#include "city/city_place.h"
#include "city/city_questions.h"
#include "clients/vafa/answer_args.h"
#include "clients/vafa/city_items.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/point.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"
#include "service/city_request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct option_def options[] = {
    {"topic", 't', "KEY", "what it is about: its key or name, listed or not (needed)"},
    {"area", 'a', "KEY", "where: the area's key or name; left out: by the point or neighbourhood"},
    {"neighbourhood", 0, "TEXT", "where: neighbourhood"},
    {"point", 0, "LAT,LON", "where: degrees, WGS 84"},
    {"answer", 0, "Q=VALUE", "an answer to a question of the topic; several times for several"},
    {"at", 0, "TIME", "registered then; left out: now"},
    {"urgent", 0, NULL, "danger to life or passage"},
    {"all", 0, NULL, "show rules of other topics, too"},
    {NULL, 0, NULL, NULL},
};

/* Why a rule does not take the request: the word for it, in labels.c and in JSON. */
static const char *no_word(enum city_rule_no no)
{
    static const char *const words[] = {
        [CITY_RULE_TAKES] = "rule_takes",
        [CITY_RULE_OTHER_TOPIC] = "rule_other_topic",
        [CITY_RULE_OTHER_AREA] = "rule_other_area",
        [CITY_RULE_OTHER_URGENCY] = "rule_other_urgency",
        [CITY_RULE_OTHER_NEIGHBOURHOOD] = "rule_other_neighbourhood",
        [CITY_RULE_OTHER_ZONE] = "rule_other_zone",
        [CITY_RULE_OTHER_ANSWER] = "rule_other_answer",
        [CITY_RULE_OTHER_TIME] = "rule_other_time",
        [CITY_RULE_NO_UNIT] = "rule_no_unit",
    };
    return words[no];
}

struct explanation {
    struct session *session;
    bool all;
    struct city_rule_look *looks; /* the rules to be shown */
    size_t count, room;
    size_t other_topics;   /* rules that were left out */
    const char *in_charge; /* who has the unit's work at that time */
};

static void keep_rule(void *context, const struct city_rule_look *look)
{
    struct explanation *e = context;
    if (look->no == CITY_RULE_OTHER_TOPIC && !e->all) {
        e->other_topics++;
        return;
    }
    if (e->count == e->room) {
        e->room = e->room == 0 ? 64 : 2 * e->room;
        e->looks = realloc(e->looks, e->room * sizeof(*e->looks));
        CHECK(e->looks != NULL);
    }
    e->looks[e->count++] = *look;
}

/* --- for people --- */

/* "touches=wire night": what the columns that may be missing ask for. */
static void conditions(const struct city_rule_look *look, struct buffer *out)
{
    const char *cells[] = {look->neighbourhood, look->zone, look->answer, look->time};
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        if (cells[i][0] != '\0' && strcmp(cells[i], "*") != 0) {
            buffer_append_text(out, out->size > 0 ? " " : "");
            buffer_append_text(out, cells[i]);
        }
    }
}

static bool has_conditions(const struct explanation *e)
{
    struct buffer text = BUFFER_EMPTY;
    for (size_t i = 0; i < e->count && text.size == 0; i++) {
        conditions(&e->looks[i], &text);
    }
    bool found = text.size > 0;
    buffer_fini(&text);
    return found;
}

static void print_rules(const struct explanation *e)
{
    static const char *const heads[] = {"rule_line",      "topic", "area",        "urgent",
                                        "rule_condition", "unit",  "rule_outcome"};
    const char *language = session_language(e->session);
    bool wide = has_conditions(e);
    struct table *table = table_new(wide ? 7 : 6);
    table_align_right(table, 0);
    for (size_t i = 0, column = 0; i < 7; i++) {
        if (wide || i != 4) {
            table_head(table, column++, label_word(heads[i], language));
        }
    }
    for (size_t i = 0; i < e->count; i++) {
        const struct city_rule_look *look = &e->looks[i];
        table_cell_format(table, "%d", look->line);
        table_cell(table, look->topic);
        table_cell(table, look->area);
        table_cell(table, look->urgent);
        if (wide) {
            struct buffer text = BUFFER_EMPTY;
            conditions(look, &text);
            table_cell(table, buffer_text(&text));
            buffer_fini(&text);
        }
        table_cell(table, look->unit);
        table_cell(table, label_word(no_word(look->no), language));
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_route(struct session *session, const struct explanation *e,
                        const struct city_route *route)
{
    const char *language = session_language(session);
    print_rules(e);
    if (e->other_topics > 0) {
        printf("%zu %s\n", e->other_topics, label_word("rules_of_other_topics", language));
    }
    struct table *table = table_new(2);
    table_cell(table, label_word("unit", language));
    table_cell_format(table, "%s (%s)", session_unit(session, route->unit), route->unit);
    for (size_t i = 0; i < route->helper_count; i++) {
        table_cell(table, label_word("rule_helper", language));
        table_cell_format(table, "%s (%s): %s", session_unit(session, route->helpers[i]),
                          route->helpers[i], route->helpers_note);
    }
    if (strcmp(e->in_charge, route->unit) != 0) {
        table_cell(table, label_word("in_charge", language));
        table_cell_format(table, "%s (%s)", session_unit(session, e->in_charge), e->in_charge);
    }
    table_cell(table, label_word("level", language));
    table_cell(table, route->level[0] != '\0' ? route->level : "-");
    table_cell(table, label_word("due_hours", language));
    if (route->due_hours > 0) {
        table_cell_format(table, "%" PRIu32 " (%s)", route->due_hours,
                          label_word(route->working ? "working_hours" : "all_hours", language));
    } else {
        table_cell(table, "-");
    }
    putchar('\n');
    table_print(table, stdout);
    table_free(table);
}

/* --- for programs --- */

static json_t *rule_json(const struct city_rule_look *look)
{
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "line",
                     look->line, "topic", look->topic, "area", look->area, "urgent", look->urgent,
                     "neighbourhood", look->neighbourhood, "zone", look->zone, "answer",
                     look->answer, "time", look->time, "helpers", look->helpers, "unit", look->unit,
                     "level", look->level, "outcome", no_word(look->no) + strlen("rule_"));
}

static void print_route_json(const struct explanation *e, const struct city_route *route)
{
    json_t *rules = json_array();
    for (size_t i = 0; i < e->count; i++) {
        (void)json_array_append_new(rules, rule_json(&e->looks[i]));
    }
    json_t *helpers = json_array();
    for (size_t i = 0; i < route->helper_count; i++) {
        (void)json_array_append_new(helpers, json_string(route->helpers[i]));
    }
    json_t *json = json_pack(
        "{s:o, s:s, s:s, s:s, s:s, s:I, s:b, s:i, s:I, s:o}", "helpers", helpers, "helpers_note",
        route->helpers_note, "unit", route->unit, "in_charge", e->in_charge, "level", route->level,
        "due_hours", (json_int_t)route->due_hours, "working", (int)route->working, "rule_line",
        route->rule_line, "rules_of_other_topics", (json_int_t)e->other_topics, "rules", rules);
    output_json(json);
    json_decref(json);
}

/* The key of what was written; an area or topic that is not listed is taken as it is, as a history's
 * is. */
static const char *key_of(const struct city *city, enum city_items items, const char *text)
{
    const char *key = city_items_find(city, items, text);
    return key != NULL ? key : text;
}

/* As intake finds it: given, by the point, by the neighbourhood. */
static const char *area_of(const struct city *city, const char *given,
                           const struct city_request *request)
{
    struct city_place found = {.found = CITY_PLACE_NONE};
    if (given[0] != '\0') {
        return key_of(city, CITY_ITEMS_AREAS, given);
    }
    if (request->has_point) {
        found = city_place_of_point(city, request->latitude, request->longitude);
    }
    if (found.area == NULL) {
        found = city_place_of_neighbourhood(city, request->neighbourhood);
    }
    return found.area == NULL ? "" : found.area->key;
}

/* An answer that nobody can give would only ever be another one. */
static enum status check_answer(const struct city *city, const char *topic,
                                const Common__Answer *answer, struct error *err)
{
    const struct city_question *question = city_question(city, topic, answer->question);
    if (question == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "answer",
                         "\"%s\" is no question of the topic: see questions.csv of the pack",
                         answer->question);
    }
    for (size_t i = 0; i < answer->n_values && question->choice_count > 0; i++) {
        if (city_question_choice(question, answer->values[i]) == NULL) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "answer",
                             "\"%s\" is no choice of \"%s\"", answer->values[i], answer->question);
        }
    }
    return STATUS_OK;
}

/* What is asked about, as a request. It borrows from the arguments, the arena and the pack. */
static enum status read_request(struct session *session, const struct city *city,
                                struct arena *arena, struct city_request *ret_request,
                                struct error *err)
{
    const struct args *args = &session->args;
    Common__Answer **answers = NULL;
    size_t answer_count = 0;
    int64_t at_us = 0;
    const char *topic = key_of(city, CITY_ITEMS_TOPICS, args_text(args, "topic"));
    Common__Urgency urgency = args_has(args, "urgent") ? COMMON__URGENCY__URGENCY_URGENT
                                                       : COMMON__URGENCY__URGENCY_UNSPECIFIED;
    enum status status =
        session_read_time(session, "at", clock_wall_us(clock_system()), &at_us, err);
    if (status == STATUS_OK) {
        status = answer_args_read(args, arena, &answers, &answer_count, err);
    }
    for (size_t i = 0; i < answer_count && status == STATUS_OK; i++) {
        status = check_answer(city, topic, answers[i], err);
    }
    struct city_request request =
        city_request_of(topic, NULL, urgency, answers, answer_count, at_us);
    request.neighbourhood = args_text(args, "neighbourhood");
    request.has_point = args_has(args, "point");
    if (status == STATUS_OK && request.has_point) {
        status = point_read(args_text(args, "point"), &request.latitude, &request.longitude, err);
    }
    if (status == STATUS_OK) {
        request.area = area_of(city, args_text(args, "area"), &request);
        *ret_request = request;
    }
    return status;
}

static int explain(struct session *session, const struct city *city, struct arena *arena)
{
    struct error err = ERROR_NONE;
    struct city_request request;
    struct city_route route;
    struct explanation e = {.session = session, .all = args_has(&session->args, "all")};
    if (read_request(session, city, arena, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    city_route_explain(city, &request, &route, keep_rule, &e);
    e.in_charge = city_unit_in_charge(city, route.unit, request.registered_at_us);
    if (session->json) {
        print_route_json(&e, &route);
    } else {
        print_route(session, &e, &route);
    }
    free(e.looks);
    return EXIT_DONE;
}

static int run_explain(struct session *session)
{
    struct error err = ERROR_NONE;
    if (args_need(&session->args, "topic", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    struct arena *arena = arena_new(ANSWERS_ARENA_BYTES);
    int code = explain(session, city, arena);
    arena_free(arena);
    return code;
}

const struct command command_route_explain = {
    .name = "route explain",
    .arguments = "",
    .summary = "who gets such a request, and why by this rule and no other",
    .help =
        "Tries the rules of the pack's rules.csv from the top, as routing does, and tells of each "
        "why it does not take the request, up to the one that does. Rules of other topics are "
        "counted only; --all shows them. The pack is --city NAME|DIR, else the one the server has "
        "in force.\n"
        "JSON: "
        "{\"unit\":…,\"helpers\":[…],\"helpers_note\":…,\"level\":…,\"due_hours\":N,\"working\":…,"
        "\"rule_line\":N,"
        "\"rules_of_other_topics\":N,\"rules\":[{…}…]}; each rule has its cells and \"outcome\": "
        "takes, other_topic, other_area, other_urgency, other_neighbourhood, other_zone, "
        "other_answer, other_time or no_unit.",
    .examples =
        "vafa route explain --topic asphalt --area 5 --city isfahan\n"
        "vafa route explain --topic broken-branch --answer touches=wire --at '1405-09-05 23:00' "
        "--city isfahan\n"
        "vafa route explain --topic 'آسفالت و لکه‌گیری' --urgent --city isfahan "
        "--json",
    .options = options,
    .role = RPC_ROLE_ADMIN,
    .run = run_explain,
};

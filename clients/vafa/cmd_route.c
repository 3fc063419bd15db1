/* vafa route explain: who gets such a request, and by which rule; routing is asked, or a city pack alone. */
#include "base/clock.h"
#include "clients/vafa/answer_args.h"
#include "clients/vafa/city_items.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/point.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"
#include "services/routing/routing_explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Answers, and a rule of each line of the largest pack. */
#define EXPLAIN_ARENA_BYTES ((size_t)8 * 1024 * 1024)

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

/* What came of a rule: the word for it, in labels.c and, without "rule_", in JSON. */
static const char *outcome_word(Routing__RuleOutcome outcome)
{
    static const char *const words[] = {
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_UNSPECIFIED] = "rule_unknown",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_TAKES] = "rule_takes",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_TOPIC] = "rule_other_topic",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_AREA] = "rule_other_area",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_URGENCY] = "rule_other_urgency",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_NEIGHBOURHOOD] = "rule_other_neighbourhood",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_ZONE] = "rule_other_zone",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_ANSWER] = "rule_other_answer",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_OTHER_TIME] = "rule_other_time",
        [ROUTING__RULE_OUTCOME__RULE_OUTCOME_NO_UNIT] = "rule_no_unit",
    };
    size_t count = sizeof(words) / sizeof(words[0]);
    return words[(unsigned)outcome < count ? (unsigned)outcome : 0];
}

/* --- for people --- */

/* "touches=wire night": what the columns that may be missing ask for. */
static void conditions(const Routing__RuleTried *rule, struct buffer *out)
{
    const char *cells[] = {rule->neighbourhood, rule->zone, rule->answer, rule->time};
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        if (cells[i][0] != '\0' && strcmp(cells[i], "*") != 0) {
            buffer_append_text(out, out->size > 0 ? " " : "");
            buffer_append_text(out, cells[i]);
        }
    }
}

static bool has_conditions(const Routing__ExplainRouteResponse *told)
{
    struct buffer text = BUFFER_EMPTY;
    for (size_t i = 0; i < told->n_rules && text.size == 0; i++) {
        conditions(told->rules[i], &text);
    }
    bool found = text.size > 0;
    buffer_fini(&text);
    return found;
}

static void print_rules(struct session *session, const Routing__ExplainRouteResponse *told)
{
    static const char *const heads[] = {"rule_line",      "topic", "area",        "urgent",
                                        "rule_condition", "unit",  "rule_outcome"};
    bool wide = has_conditions(told);
    struct table *table = table_new(wide ? 7 : 6);
    table_align_right(table, 0);
    for (size_t i = 0, column = 0; i < 7; i++) {
        if (wide || i != 4) {
            table_head(table, column++, session_word(session, heads[i]));
        }
    }
    for (size_t i = 0; i < told->n_rules; i++) {
        const Routing__RuleTried *rule = told->rules[i];
        table_cell_format(table, "%" PRIu32, rule->line);
        table_cell(table, rule->topic);
        table_cell(table, rule->area);
        table_cell(table, rule->urgent);
        if (wide) {
            struct buffer text = BUFFER_EMPTY;
            conditions(rule, &text);
            table_cell(table, buffer_text(&text));
            buffer_fini(&text);
        }
        table_cell(table, rule->unit);
        table_cell(table, session_word(session, outcome_word(rule->outcome)));
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_route(struct session *session, const Routing__ExplainRouteResponse *told)
{
    print_rules(session, told);
    if (told->other_topics > 0) {
        printf("%" PRIu32 " %s\n", told->other_topics,
               session_word(session, "rules_of_other_topics"));
    }
    struct table *table = table_new(2);
    table_cell(table, session_word(session, "unit"));
    table_cell_format(table, "%s (%s)", session_unit(session, told->unit), told->unit);
    for (size_t i = 0; i < told->n_helpers; i++) {
        table_cell(table, session_word(session, "rule_helper"));
        table_cell_format(table, "%s (%s): %s", session_unit(session, told->helpers[i]),
                          told->helpers[i], told->helpers_note);
    }
    if (strcmp(told->in_charge, told->unit) != 0) {
        table_cell(table, session_word(session, "in_charge"));
        table_cell_format(table, "%s (%s)", session_unit(session, told->in_charge),
                          told->in_charge);
    }
    table_cell(table, session_word(session, "level"));
    table_cell(table, told->level[0] != '\0' ? told->level : "-");
    table_cell(table, session_word(session, "due_hours"));
    if (told->due_hours > 0) {
        table_cell_format(table, "%" PRIu32 " (%s)", told->due_hours,
                          session_word(session, told->working ? "working_hours" : "all_hours"));
    } else {
        table_cell(table, "-");
    }
    putchar('\n');
    table_print(table, stdout);
    table_free(table);
}

/* --- for programs --- */

static json_t *rule_json(const Routing__RuleTried *rule)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "line",
                     (json_int_t)rule->line, "topic", rule->topic, "area", rule->area, "urgent",
                     rule->urgent, "neighbourhood", rule->neighbourhood, "zone", rule->zone,
                     "answer", rule->answer, "time", rule->time, "helpers", rule->helpers, "unit",
                     rule->unit, "level", rule->level, "outcome",
                     outcome_word(rule->outcome) + strlen("rule_"));
}

static void print_route_json(const Routing__ExplainRouteResponse *told)
{
    json_t *rules = json_array();
    for (size_t i = 0; i < told->n_rules; i++) {
        (void)json_array_append_new(rules, rule_json(told->rules[i]));
    }
    json_t *helpers = json_array();
    for (size_t i = 0; i < told->n_helpers; i++) {
        (void)json_array_append_new(helpers, json_string(told->helpers[i]));
    }
    json_t *json =
        json_pack("{s:o, s:s, s:s, s:s, s:s, s:I, s:b, s:I, s:I, s:o}", "helpers", helpers,
                  "helpers_note", told->helpers_note, "unit", told->unit, "in_charge",
                  told->in_charge, "level", told->level, "due_hours", (json_int_t)told->due_hours,
                  "working", (int)told->working, "rule_line", (json_int_t)told->rule_line,
                  "rules_of_other_topics", (json_int_t)told->other_topics, "rules", rules);
    output_json(json);
    json_decref(json);
}

/* --- what is asked --- */

/* The key of what was written; an area or topic that is not listed is taken as it is, as a history's
 * is. */
static const char *key_of(const struct city *city, enum city_items items, const char *text)
{
    const char *key = city_items_find(city, items, text);
    return key != NULL ? key : text;
}

/* What is asked about. It borrows from the arguments, the arena, `place` and the pack. */
static enum status read_request(struct session *session, const struct city *city,
                                struct arena *arena, Common__Place *place, Common__GeoPoint *point,
                                Routing__ExplainRouteRequest *ret_request, struct error *err)
{
    const struct args *args = &session->args;
    Routing__ExplainRouteRequest request = ROUTING__EXPLAIN_ROUTE_REQUEST__INIT;
    request.topic = (char *)(uintptr_t)key_of(city, CITY_ITEMS_TOPICS, args_text(args, "topic"));
    request.urgency = args_has(args, "urgent") ? COMMON__URGENCY__URGENCY_URGENT
                                               : COMMON__URGENCY__URGENCY_UNSPECIFIED;
    request.other_topics = args_has(args, "all");
    request.place = place;
    place->area = (char *)(uintptr_t)key_of(city, CITY_ITEMS_AREAS, args_text(args, "area"));
    place->neighbourhood = session_text(session, "neighbourhood");
    enum status status = session_read_time(session, "at", clock_wall_us(clock_system()),
                                           &request.registered_at_us, err);
    if (status == STATUS_OK) {
        status = answer_args_read(args, arena, &request.answers, &request.n_answers, err);
    }
    if (status == STATUS_OK && args_has(args, "point")) {
        status = point_read(args_text(args, "point"), &point->latitude, &point->longitude, err);
        place->point = point;
    }
    if (status == STATUS_OK) {
        status = routing_explain_check(city, &request, err);
    }
    if (status == STATUS_OK) {
        *ret_request = request;
    }
    return status;
}

static void print(struct session *session, const Routing__ExplainRouteResponse *told)
{
    if (session->json) {
        print_route_json(told);
    } else {
        print_route(session, told);
    }
}

/* By the pack in force, which routing knows. A server of before cannot be asked, and one may be down whose folder is here. */
static enum status ask_routing(struct session *session, const Routing__ExplainRouteRequest *request,
                               bool *ret_done, struct error *err)
{
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "ExplainRoute",
                             .request = &request->base};
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        print(session, (const Routing__ExplainRouteResponse *)call.response);
        *ret_done = true;
    } else if (status == STATUS_UNAVAILABLE || status == STATUS_UNIMPLEMENTED) {
        fprintf(stderr, "vafa: %s\n", session_word(session, "by_the_pack_here"));
        status = STATUS_OK;
    }
    vafa_call_fini(&call);
    return status;
}

static int explain(struct session *session, const struct city *city, struct arena *arena)
{
    struct error err = ERROR_NONE;
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    Routing__ExplainRouteRequest request;
    Routing__ExplainRouteResponse told = ROUTING__EXPLAIN_ROUTE_RESPONSE__INIT;
    bool is_done = false;
    if (read_request(session, city, arena, &place, &point, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    if (!args_has(&session->args, "city") &&
        ask_routing(session, &request, &is_done, &err) != STATUS_OK) {
        return output_error(&err);
    }
    if (!is_done) {
        if (!routing_explain(city, &request, 0, arena, &told)) {
            (void)error_set(&err, STATUS_RESOURCE_EXHAUSTED, NULL, "the pack has too many rules");
            return output_error(&err);
        }
        print(session, &told);
    }
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
    struct arena *arena = arena_new(EXPLAIN_ARENA_BYTES);
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
        "counted only; --all shows them. The pack is --city NAME|DIR, else the one that routing "
        "has "
        "in force, which is asked (ExplainRoute).\n"
        "JSON: "
        "{\"unit\":…,\"in_charge\":…,\"helpers\":[…],\"helpers_note\":…,\"level\":…,\"due_hours\":"
        "N,\"working\":…,"
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

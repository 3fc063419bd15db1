/* vafa route explain: who gets such a request, and by which rule; from a city pack alone. */
#include "base/clock.h"
#include "clients/vafa/city_items.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include <inttypes.h>
#include <string.h>

static const struct option_def options[] = {
    {"topic", 't', "KEY", "what it is about: its key or name, listed or not (needed)"},
    {"area", 'a', "KEY", "where: the area's key or name; left out: not known"},
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
        [CITY_RULE_NO_UNIT] = "rule_no_unit",
    };
    return words[no];
}

struct explanation {
    struct session *session;
    bool all;
    struct table *table;   /* for people */
    json_t *rules;         /* with --json */
    size_t other_topics;   /* rules that were left out */
    const char *in_charge; /* who has the unit's work today */
};

static void tell_rule(void *context, const struct city_rule_look *look)
{
    struct explanation *e = context;
    if (look->no == CITY_RULE_OTHER_TOPIC && !e->all) {
        e->other_topics++;
        return;
    }
    if (e->rules != NULL) {
        (void)json_array_append_new(
            e->rules,
            json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "line", look->line, "topic",
                      look->topic, "area", look->area, "urgent", look->urgent, "unit", look->unit,
                      "level", look->level, "outcome", no_word(look->no) + strlen("rule_")));
        return;
    }
    table_cell_format(e->table, "%d", look->line);
    table_cell(e->table, look->topic);
    table_cell(e->table, look->area);
    table_cell(e->table, look->urgent);
    table_cell(e->table, look->unit);
    table_cell(e->table, label_word(no_word(look->no), session_language(e->session)));
}

static struct table *new_table(struct session *session)
{
    static const char *const heads[] = {"rule_line", "topic", "area",
                                        "urgent",    "unit",  "rule_outcome"};
    struct table *table = table_new(6);
    table_align_right(table, 0);
    for (size_t i = 0; i < 6; i++) {
        table_head(table, i, label_word(heads[i], session_language(session)));
    }
    return table;
}

static void print_route(struct session *session, const struct explanation *e,
                        const struct city_route *route)
{
    const char *language = session_language(session);
    table_print(e->table, stdout);
    if (e->other_topics > 0) {
        printf("%zu %s\n", e->other_topics, label_word("rules_of_other_topics", language));
    }
    struct table *table = table_new(2);
    table_cell(table, label_word("unit", language));
    table_cell_format(table, "%s (%s)", session_unit(session, route->unit), route->unit);
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

static void print_route_json(const struct explanation *e, const struct city_route *route)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:I, s:b, s:i, s:I, s:O}", "unit", route->unit, "in_charge",
                  e->in_charge, "level", route->level, "due_hours", (json_int_t)route->due_hours,
                  "working", (int)route->working, "rule_line", route->rule_line,
                  "rules_of_other_topics", (json_int_t)e->other_topics, "rules", e->rules);
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

static int run_explain(struct session *session)
{
    struct error err = ERROR_NONE;
    struct city_route route;
    struct explanation e = {.session = session, .all = args_has(&session->args, "all")};
    if (args_need(&session->args, "topic", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    const char *topic = key_of(city, CITY_ITEMS_TOPICS, args_text(&session->args, "topic"));
    const char *area = key_of(city, CITY_ITEMS_AREAS, args_text(&session->args, "area"));
    if (session->json) {
        e.rules = json_array();
    } else {
        e.table = new_table(session);
    }
    city_route_explain(city, topic, area, args_has(&session->args, "urgent"), &route, tell_rule,
                       &e);
    e.in_charge = city_unit_in_charge(city, route.unit, clock_wall_us(clock_system()));
    if (session->json) {
        print_route_json(&e, &route);
    } else {
        print_route(session, &e, &route);
    }
    json_decref(e.rules);
    table_free(e.table);
    return EXIT_DONE;
}

const struct command command_route_explain = {
    .name = "route explain",
    .arguments = "",
    .summary = "who gets such a request, and why by this rule and no other",
    .help =
        "Tries the rules of the pack's rules.csv from the top, as routing does, and tells of each "
        "why it does not take the request, up to the one that does. Rules of other topics are "
        "counted only; --all shows them. Asks no server.\n"
        "JSON: {\"unit\":…,\"level\":…,\"due_hours\":N,\"working\":…,\"rule_line\":N,"
        "\"rules_of_other_topics\":N,\"rules\":[{…}…]}; each rule has its cells and \"outcome\": "
        "takes, other_topic, other_area, other_urgency or no_unit.",
    .examples =
        "vafa route explain --topic asphalt --area 5 --city isfahan\n"
        "vafa route explain --topic 'آسفالت و لکه‌گیری' --urgent --city isfahan "
        "--json",
    .options = options,
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_explain,
};

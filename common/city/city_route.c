/* Who gets a request: the first rule that takes it, and why those before it do not. */
#include "city/city_route.h"

#include "city/city_internal.h"

#include "base/check.h"

#include <math.h>

#define ZONE_BITS 64

/* A request in places of the pack, KEY_INDEX_NONE for what is not in it. What only some rules ask
 * for is found out when the first of them does. */
struct asked {
    const struct city_request *request;
    int32_t topic;
    int32_t area;
    bool urgent;
    bool knows_neighbourhood;
    bool knows_zones;
    bool knows_answers;
    int32_t neighbourhood;
    uint64_t zones[CITY_ZONES_MAX / ZONE_BITS];
    uint64_t answers;
    uint64_t hours_known;
    uint64_t hours_open;
};

static struct asked ask(const struct city *city, const struct city_request *request)
{
    struct asked asked = {
        .request = request,
        .topic = key_index_find(&city->topic_index, request->topic),
        .area = key_index_find(&city->area_index, request->area),
    };
    asked.urgent = request->urgent ||
                   (asked.topic != KEY_INDEX_NONE && city->topics[asked.topic].topic.urgent);
    return asked;
}

static bool is_neighbourhood(const struct city *city, struct asked *asked, int32_t place)
{
    if (!asked->knows_neighbourhood) {
        asked->neighbourhood = city_neighbourhood_find(city, asked->request->neighbourhood);
        asked->knows_neighbourhood = true;
    }
    return asked->neighbourhood == place;
}

static void note_zone(void *context, int32_t zone)
{
    struct asked *asked = context;
    asked->zones[zone / ZONE_BITS] |= UINT64_C(1) << (zone % ZONE_BITS);
}

static bool is_in_zone(const struct city *city, struct asked *asked, int32_t zone)
{
    const struct city_request *request = asked->request;
    bool has_point = request->has_point && fabs(request->latitude) <= 90 &&
                     fabs(request->longitude) <= 180; /* and no NaN */
    if (!asked->knows_zones && has_point) {
        struct geo_position at = {.longitude = request->longitude, .latitude = request->latitude};
        geo_each_holding(city->zone_shapes, at, note_zone, asked);
    }
    asked->knows_zones = true;
    return (asked->zones[zone / ZONE_BITS] >> (zone % ZONE_BITS) & 1) != 0;
}

/* Of the topic that was asked about. */
static bool has_answer(const struct city *city, struct asked *asked, int32_t wanted)
{
    if (!asked->knows_answers) {
        asked->answers = city_wanted_given(city, asked->topic, asked->request);
        asked->knows_answers = true;
    }
    return (asked->answers >> wanted & 1) != 0;
}

static bool is_within_hours(const struct city *city, struct asked *asked, int32_t place)
{
    uint64_t bit = UINT64_C(1) << place;
    if ((asked->hours_known & bit) == 0) {
        bool open = hours_is_open(city->rule_hours[place], asked->request->registered_at_us);
        asked->hours_open |= open ? bit : 0;
        asked->hours_known |= bit;
    }
    return (asked->hours_open & bit) != 0;
}

/* The unit (its place), when the rule takes it; else why not. */
static enum city_rule_no try_rule(const struct city *city, const struct city_rule *rule,
                                  struct asked *asked, int32_t *ret_unit)
{
    if (rule->topic != CITY_ANY && rule->topic != asked->topic) {
        return CITY_RULE_OTHER_TOPIC;
    }
    if (rule->area != CITY_ANY && rule->area != asked->area) {
        return CITY_RULE_OTHER_AREA;
    }
    if (rule->urgent != CITY_ANY && rule->urgent != (int8_t)asked->urgent) {
        return CITY_RULE_OTHER_URGENCY;
    }
    if (rule->neighbourhood != CITY_ANY && !is_neighbourhood(city, asked, rule->neighbourhood)) {
        return CITY_RULE_OTHER_NEIGHBOURHOOD;
    }
    if (rule->zone != CITY_ANY && !is_in_zone(city, asked, rule->zone)) {
        return CITY_RULE_OTHER_ZONE;
    }
    if (rule->wanted != CITY_ANY && !has_answer(city, asked, rule->wanted)) {
        return CITY_RULE_OTHER_ANSWER;
    }
    if (rule->hours != CITY_ANY && !is_within_hours(city, asked, rule->hours)) {
        return CITY_RULE_OTHER_TIME;
    }
    int32_t unit = city_rule_unit(city, rule, asked->request->area);
    if (unit == KEY_INDEX_NONE) {
        return CITY_RULE_NO_UNIT;
    }
    *ret_unit = unit;
    return CITY_RULE_TAKES;
}

static void add_helpers(const struct city *city, const struct city_rule *rule,
                        struct city_route *route)
{
    route->helpers_note = rule->helpers_note;
    for (size_t i = 0; i < rule->helper_count; i++) {
        const char *helper = city->units[rule->helpers[i]].key;
        if (helper != route->unit) { /* {area} may have given the same */
            route->helpers[route->helper_count++] = helper;
        }
    }
}

void city_route_under(const struct city_level *level, bool urgent, struct city_route *route)
{
    if (level == NULL) {
        route->level = "";
        route->due_hours = route->respond_hours = route->warn_percent = 0;
        route->working = false;
        return;
    }
    route->level = level->key;
    route->due_hours = urgent && level->urgent_hours > 0 ? level->urgent_hours : level->due_hours;
    route->respond_hours =
        level->respond_hours < route->due_hours ? level->respond_hours : route->due_hours;
    route->warn_percent = level->warn_percent;
    route->working = level->working && !urgent;
}

static struct city_route route_of(const struct city *city, const struct city_rule *rule,
                                  const struct asked *asked, int32_t unit)
{
    struct city_route route = {.unit = city->units[unit].key, .level = "", .rule_line = rule->line};
    int32_t level = rule->level;
    if (level == KEY_INDEX_NONE && asked->topic != KEY_INDEX_NONE) {
        level = city->topics[asked->topic].level;
    }
    if (level != KEY_INDEX_NONE) {
        city_route_under(&city->levels[level], asked->urgent, &route);
    }
    add_helpers(city, rule, &route);
    return route;
}

void city_route_explain(const struct city *city, const struct city_request *request,
                        struct city_route *ret_route,
                        void (*look)(void *context, const struct city_rule_look *look),
                        void *context)
{
    struct asked asked = ask(city, request);
    enum city_rule_no no = CITY_RULE_OTHER_TOPIC;
    for (size_t i = 0; i < city->rule_count && no != CITY_RULE_TAKES; i++) {
        const struct city_rule *rule = &city->rules[i];
        int32_t unit;
        no = try_rule(city, rule, &asked, &unit);
        if (look != NULL) {
            struct city_rule_look told = {.line = rule->line, .no = no};
            city_rule_cells(city, i, &told);
            look(context, &told);
        }
        if (no == CITY_RULE_TAKES) {
            *ret_route = route_of(city, rule, &asked, unit);
        }
    }
    CHECK(no == CITY_RULE_TAKES); /* the last rule matches everything */
}

void city_route(const struct city *city, const struct city_request *request,
                struct city_route *ret_route)
{
    city_route_explain(city, request, ret_route, NULL, NULL);
}

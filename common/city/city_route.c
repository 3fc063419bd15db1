/* Who gets a request: the first rule that takes it, and why those before it do not. */
#include "city/city_internal.h"

#include "base/check.h"

/* A request as rules see it. */
struct asked {
    int32_t topic; /* places in the pack, KEY_INDEX_NONE when unlisted */
    int32_t area;
    const char *area_key;
    bool urgent;
};

static struct asked ask(const struct city *city, const char *topic, const char *area, bool urgent)
{
    struct asked asked = {
        .topic = key_index_find(&city->topic_index, topic),
        .area = key_index_find(&city->area_index, area),
        .area_key = area,
        .urgent = urgent,
    };
    asked.urgent =
        urgent || (asked.topic != KEY_INDEX_NONE && city->topics[asked.topic].topic.urgent);
    return asked;
}

/* The unit (its place), when the rule takes it; else why not. */
static enum city_rule_no try_rule(const struct city *city, const struct city_rule *rule,
                                  const struct asked *asked, int32_t *ret_unit)
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
    int32_t unit = city_rule_unit(city, rule, asked->area_key);
    if (unit == KEY_INDEX_NONE) {
        return CITY_RULE_NO_UNIT;
    }
    *ret_unit = unit;
    return CITY_RULE_TAKES;
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
        const struct city_level *found = &city->levels[level];
        route.level = found->key;
        route.due_hours =
            asked->urgent && found->urgent_hours > 0 ? found->urgent_hours : found->due_hours;
        route.respond_hours =
            found->respond_hours < route.due_hours ? found->respond_hours : route.due_hours;
        route.warn_percent = found->warn_percent;
        route.working = found->working && !asked->urgent;
    }
    return route;
}

void city_route_explain(const struct city *city, const char *topic, const char *area, bool urgent,
                        struct city_route *ret_route,
                        void (*look)(void *context, const struct city_rule_look *look),
                        void *context)
{
    struct asked asked = ask(city, topic, area, urgent);
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

void city_route(const struct city *city, const char *topic, const char *area, bool urgent,
                struct city_route *ret_route)
{
    city_route_explain(city, topic, area, urgent, ret_route, NULL, NULL);
}

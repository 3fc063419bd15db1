/* Rules that do nothing, and what no rule does anything for: warnings, by comparing rules in pairs. */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define RULES_FILE "rules.csv"

/* One column of two rules: all, or the same. */
static bool rules_is_wider(int32_t earlier, int32_t later)
{
    return earlier == CITY_ANY || earlier == later;
}

/* Whether `earlier` takes everything that `later` could take. */
static bool rules_covers(const struct city *city, const struct city_rule *earlier,
                         const struct city_rule *later)
{
    if (!rules_is_wider(earlier->topic, later->topic) ||
        !rules_is_wider(earlier->area, later->area)) {
        return false;
    }
    bool always_urgent = later->topic != CITY_ANY && city->topics[later->topic].topic.urgent;
    if (earlier->urgent != CITY_ANY && earlier->urgent != later->urgent &&
        !(earlier->urgent == 1 && always_urgent)) {
        return false;
    }
    if (!rules_is_wider(earlier->neighbourhood, later->neighbourhood) ||
        !rules_is_wider(earlier->zone, later->zone) ||
        !rules_is_wider(earlier->wanted, later->wanted) || /* then they have one topic */
        !rules_is_wider(earlier->hours, later->hours)) {
        return false;
    }
    if (earlier->unit != KEY_INDEX_NONE) {
        return true;
    }
    if (later->area != CITY_ANY) {
        return city_rule_unit(city, earlier, city->areas[later->area].key) != KEY_INDEX_NONE;
    }
    return strcmp(earlier->pattern, later->pattern) == 0;
}

static void rules_review_reach(const struct city *city, struct findings *findings)
{
    for (size_t j = 0; j < city->rule_count; j++) {
        const struct city_rule *rule = &city->rules[j];
        if (rule->urgent == 0 && rule->topic != CITY_ANY &&
            city->topics[rule->topic].topic.urgent) {
            findings_warning(findings, RULES_FILE, rule->line,
                             "never matches: the topic is always urgent (topics.csv)");
            continue;
        }
        for (size_t i = 0; i < j; i++) {
            if (rules_covers(city, &city->rules[i], rule)) {
                findings_warning(findings, RULES_FILE, rule->line,
                                 "never matches: the rule on line %d comes first and takes all of "
                                 "it",
                                 city->rules[i].line);
                break;
            }
        }
    }
}

static void rules_mark(bool *used, int32_t place)
{
    if (place >= 0) {
        used[place] = true;
    }
}

static void rules_review_topics(const struct city *city, struct findings *findings)
{
    size_t count = city->topic_index.count;
    bool *routed = calloc(count + 1, sizeof(*routed));
    CHECK(routed != NULL);
    for (size_t i = 0; i < city->rule_count; i++) {
        rules_mark(routed, city->rules[i].topic);
    }
    for (size_t i = 0; i < count; i++) {
        if (!routed[i]) {
            findings_warning(
                findings, "topics.csv", csv_table_line(city->topic_table, i),
                "no rule names the topic \"%s\"%s: it goes where rules for all topics send it",
                findings_quote(city->topics[i].topic.key).text,
                city->topics[i].topic.urgent ? ", which is always urgent" : "");
        }
    }
    free(routed);
}

static void rules_review_units(const struct city *city, struct findings *findings)
{
    size_t count = city->unit_index.count;
    bool *used = calloc(count + 1, sizeof(*used));
    CHECK(used != NULL);
    rules_mark(used, key_index_find(&city->unit_index, city->coordinator));
    for (size_t i = 0; i < count; i++) {
        rules_mark(used, key_index_find(&city->unit_index, city->units[i].parent));
        rules_mark(used, key_index_find(&city->unit_index, city->units[i].stand_in));
    }
    for (size_t i = 0; i < city->rule_count; i++) {
        const struct city_rule *rule = &city->rules[i];
        for (size_t h = 0; h < rule->helper_count; h++) {
            used[rule->helpers[h]] = true;
        }
        if (rule->unit != KEY_INDEX_NONE) {
            used[rule->unit] = true;
            continue;
        }
        for (size_t a = 0; a < city->area_index.count; a++) {
            if (rule->area == CITY_ANY || (size_t)rule->area == a) {
                rules_mark(used, city_rule_unit(city, rule, city->areas[a].key));
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!used[i]) {
            findings_warning(
                findings, "units.csv", csv_table_line(city->unit_table, i),
                "no rule sends anything to the unit \"%s\", and it is no parent and no stand-in",
                findings_quote(city->units[i].key).text);
        }
    }
    free(used);
}

static void rules_review_levels(const struct city *city, struct findings *findings)
{
    size_t count = city->level_index.count;
    bool *used = calloc(count + 1, sizeof(*used));
    CHECK(used != NULL);
    for (size_t i = 0; i < city->topic_index.count; i++) {
        rules_mark(used, city->topics[i].level);
    }
    for (size_t i = 0; i < city->rule_count; i++) {
        rules_mark(used, city->rules[i].level);
    }
    for (size_t i = 0; i < count; i++) {
        if (!used[i]) {
            findings_warning(findings, "levels.csv", csv_table_line(city->level_table, i),
                             "no topic and no rule uses the level \"%s\"",
                             findings_quote(city->levels[i].key).text);
        }
    }
    free(used);
}

void city_rules_review(const struct city *city, struct findings *findings)
{
    rules_review_reach(city, findings);
    rules_review_topics(city, findings);
    rules_review_units(city, findings);
    rules_review_levels(city, findings);
}

/* rules.csv: which unit gets what. Read and checked here, and reviewed for rules that do nothing.
 */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define RULES_FILE "rules.csv"

enum rules_column { RULES_TOPIC, RULES_AREA, RULES_URGENT, RULES_UNIT, RULES_LEVEL };

static const struct csv_column rules_columns[] = {
    {"topic", true}, {"area", true}, {"urgent", true}, {"unit", true}, {"level", true}};

/* Puts the unit of a pattern and an area into `out`; false when it is too long to be one. */
static bool rules_expand(const char *pattern, const char *area, char out[CITY_KEY_SIZE_MAX + 1])
{
    const char *mark = strstr(pattern, CITY_AREA_MARK);
    CHECK(mark != NULL);
    size_t before = (size_t)(mark - pattern);
    size_t middle = strlen(area);
    const char *rest = mark + strlen(CITY_AREA_MARK);
    size_t after = strlen(rest);
    if (before > CITY_KEY_SIZE_MAX || middle > CITY_KEY_SIZE_MAX || after > CITY_KEY_SIZE_MAX ||
        before + middle + after > CITY_KEY_SIZE_MAX) {
        return false;
    }
    memcpy(out, pattern, before);
    memcpy(out + before, area, middle);
    memcpy(out + before + middle, rest, after + 1);
    return true;
}

int32_t city_rule_unit(const struct city *city, const struct city_rule *rule, const char *area)
{
    char unit[CITY_KEY_SIZE_MAX + 1];
    if (rule->unit != KEY_INDEX_NONE) {
        return rule->unit;
    }
    if (area[0] == '\0' || !rules_expand(rule->pattern, area, unit)) {
        return KEY_INDEX_NONE;
    }
    return key_index_find(&city->unit_index, unit);
}

void city_rule_cells(const struct city *city, size_t index, struct city_rule_look *ret_look)
{
    const struct csv_table *table = city->rule_table;
    ret_look->topic = csv_table_cell(table, index, RULES_TOPIC);
    ret_look->area = csv_table_cell(table, index, RULES_AREA);
    ret_look->urgent = csv_table_cell(table, index, RULES_URGENT);
    ret_look->unit = csv_table_cell(table, index, RULES_UNIT);
    ret_look->level = csv_table_cell(table, index, RULES_LEVEL);
}

/* A cell that holds `*` or a key of another file. */
static int32_t rules_key_or_any(const struct csv_table *table, size_t row, size_t column,
                                const struct key_index *keys, bool whole, const char *keys_file,
                                struct findings *findings)
{
    const char *value = csv_table_cell(table, row, column);
    if (strcmp(value, "*") == 0) {
        return CITY_ANY;
    }
    int32_t place = key_index_find(keys, value);
    if (place == KEY_INDEX_NONE && whole) {
        findings_error(findings, RULES_FILE, csv_table_line(table, row),
                       "the %s \"%s\" is not in %s: correct it, or write * for all",
                       rules_columns[column].name, findings_quote(value).text, keys_file);
    }
    return place;
}

static void rules_load_unit(const struct city *city, struct city_rule *rule,
                            struct findings *findings)
{
    const char *pattern = rule->pattern;
    rule->unit = KEY_INDEX_NONE;
    if (strpbrk(pattern, "{}") == NULL) {
        rule->unit = key_index_find(&city->unit_index, pattern);
        if (rule->unit == KEY_INDEX_NONE && city->units_whole) {
            findings_error(findings, RULES_FILE, rule->line, "the unit \"%s\" is not in units.csv",
                           findings_quote(pattern).text);
        }
        return;
    }
    const char *mark = strstr(pattern, CITY_AREA_MARK);
    const char *rest = mark == NULL ? NULL : mark + strlen(CITY_AREA_MARK);
    if (mark == NULL || strpbrk(rest, "{}") != NULL ||
        strcspn(pattern, "{}") != (size_t)(mark - pattern)) {
        findings_error(findings, RULES_FILE, rule->line,
                       "the unit \"%s\": only {area} stands in braces, and once",
                       findings_quote(pattern).text);
        rule->pattern = CITY_AREA_MARK;
        return;
    }
    if (rule->area == KEY_INDEX_NONE || !city->units_whole || !city->areas_whole) {
        return; /* told already */
    }
    size_t missing = 0;
    size_t of = 0;
    const char *first = NULL;
    for (size_t i = 0; i < city->area_index.count; i++) {
        if (rule->area == CITY_ANY || (size_t)rule->area == i) {
            of++;
            if (city_rule_unit(city, rule, city->areas[i].key) == KEY_INDEX_NONE) {
                missing++;
                first = first == NULL ? city->areas[i].key : first;
            }
        }
    }
    if (missing == of) {
        findings_error(findings, RULES_FILE, rule->line,
                       "the unit \"%s\" is not in units.csv for any area",
                       findings_quote(pattern).text);
    } else if (missing > 0) {
        findings_warning(findings, RULES_FILE, rule->line,
                         "the unit \"%s\" is not in units.csv for %zu of %zu areas, the first of "
                         "them \"%s\": the rule does not match there",
                         findings_quote(pattern).text, missing, of, findings_quote(first).text);
    }
}

static void rules_load_one(const struct city *city, size_t row, struct city_rule *rule,
                           struct findings *findings)
{
    const struct csv_table *table = city->rule_table;
    rule->line = csv_table_line(table, row);
    rule->topic = rules_key_or_any(table, row, RULES_TOPIC, &city->topic_index, city->topics_whole,
                                   "topics.csv", findings);
    rule->area = rules_key_or_any(table, row, RULES_AREA, &city->area_index, city->areas_whole,
                                  "areas.csv", findings);
    const char *urgent = csv_table_cell(table, row, RULES_URGENT);
    rule->urgent = CITY_ANY;
    if (strcmp(urgent, "yes") == 0 || strcmp(urgent, "no") == 0) {
        rule->urgent = urgent[0] == 'y';
    } else if (strcmp(urgent, "*") != 0) {
        findings_error(findings, RULES_FILE, rule->line,
                       "urgent is \"%s\"; it must be yes, no or * for both",
                       findings_quote(urgent).text);
    }
    rule->pattern = csv_table_cell(table, row, RULES_UNIT);
    rules_load_unit(city, rule, findings);
    const char *level = csv_table_cell(table, row, RULES_LEVEL);
    rule->level = key_index_find(&city->level_index, level);
    if (level[0] != '\0' && rule->level == KEY_INDEX_NONE && city->levels_whole) {
        findings_error(findings, RULES_FILE, rule->line,
                       "the level \"%s\" is not in levels.csv (empty: the level of the topic)",
                       findings_quote(level).text);
    }
}

static bool rules_matches_all(const struct city_rule *rule)
{
    return rule->topic == CITY_ANY && rule->area == CITY_ANY && rule->urgent == CITY_ANY &&
           rule->unit != KEY_INDEX_NONE;
}

void city_rules_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, RULES_FILE);
    if (file == NULL || !file->readable) {
        return; /* told already */
    }
    size_t errors = findings->errors;
    city->rule_table = csv_table_read(RULES_FILE, file->text, rules_columns,
                                      sizeof(rules_columns) / sizeof(rules_columns[0]), findings);
    size_t count = csv_table_rows(city->rule_table);
    if (count > CITY_RULES_MAX) {
        findings_error(findings, RULES_FILE, csv_table_line(city->rule_table, CITY_RULES_MAX),
                       "more than %d rules: use * and {area}", CITY_RULES_MAX);
        return;
    }
    city->rules = calloc(count + 1, sizeof(*city->rules));
    CHECK(city->rules != NULL);
    city->rule_count = count;
    for (size_t row = 0; row < count; row++) {
        rules_load_one(city, row, &city->rules[row], findings);
    }
    bool last_is_right = count > 0 && rules_matches_all(&city->rules[count - 1]);
    if (!last_is_right && city->units_whole && findings->errors == errors) {
        findings_error(findings, RULES_FILE, count > 0 ? city->rules[count - 1].line : 0,
                       "the last rule must match everything: add the row *,*,*,UNIT,LEVEL with a "
                       "unit of units.csv");
    }
}

/* Whether `earlier` takes everything that `later` could take. */
static bool rules_covers(const struct city *city, const struct city_rule *earlier,
                         const struct city_rule *later)
{
    if (earlier->topic != CITY_ANY && earlier->topic != later->topic) {
        return false;
    }
    if (earlier->area != CITY_ANY && earlier->area != later->area) {
        return false;
    }
    bool always_urgent = later->topic != CITY_ANY && city->topics[later->topic].topic.urgent;
    if (earlier->urgent != CITY_ANY && earlier->urgent != later->urgent &&
        !(earlier->urgent == 1 && always_urgent)) {
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

static void rules_review_topics(const struct city *city, struct findings *findings)
{
    size_t count = city->topic_index.count;
    bool *routed = calloc(count + 1, sizeof(*routed));
    CHECK(routed != NULL);
    bool all = false;
    for (size_t i = 0; i + 1 < city->rule_count; i++) {
        if (city->rules[i].topic == CITY_ANY) {
            all = true;
        } else {
            routed[city->rules[i].topic] = true;
        }
    }
    for (size_t i = 0; i < count && !all; i++) {
        if (!routed[i]) {
            findings_warning(findings, "topics.csv", csv_table_line(city->topic_table, i),
                             "no rule but the last takes the topic \"%s\"",
                             findings_quote(city->topics[i].topic.key).text);
        }
    }
    free(routed);
}

static void rules_mark(bool *used, int32_t place)
{
    if (place >= 0) {
        used[place] = true;
    }
}

static void rules_review_units(const struct city *city, struct findings *findings)
{
    size_t count = city->unit_index.count;
    bool *used = calloc(count + 1, sizeof(*used));
    CHECK(used != NULL);
    rules_mark(used, key_index_find(&city->unit_index, city->coordinator));
    for (size_t i = 0; i < count; i++) {
        rules_mark(used, key_index_find(&city->unit_index, city->units[i].parent));
    }
    for (size_t i = 0; i < city->rule_count; i++) {
        const struct city_rule *rule = &city->rules[i];
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
            findings_warning(findings, "units.csv", csv_table_line(city->unit_table, i),
                             "no rule sends anything to the unit \"%s\", and it is no parent",
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

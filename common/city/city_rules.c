/* rules.csv: which unit gets what. Keys become places here, so that routing compares numbers. */
#include "city/city_internal.h"

#include "base/check.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

#define RULES_FILE "rules.csv"

enum rules_column {
    RULES_TOPIC,
    RULES_AREA,
    RULES_URGENT,
    RULES_UNIT,
    RULES_LEVEL,
    RULES_NEIGHBOURHOOD,
    RULES_ZONE,
    RULES_ANSWER,
    RULES_TIME,
    RULES_HELPERS,
    RULES_HELPERS_NOTE,
};

static const struct csv_column rules_columns[] = {
    {"topic", true}, {"area", true},           {"urgent", true},       {"unit", true},
    {"level", true}, {"neighbourhood", false}, {"zone", false},        {"answer", false},
    {"time", false}, {"helpers", false},       {"helpers_note", false}};

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
    ret_look->neighbourhood = csv_table_cell(table, index, RULES_NEIGHBOURHOOD);
    ret_look->zone = csv_table_cell(table, index, RULES_ZONE);
    ret_look->answer = csv_table_cell(table, index, RULES_ANSWER);
    ret_look->time = csv_table_cell(table, index, RULES_TIME);
    ret_look->helpers = csv_table_cell(table, index, RULES_HELPERS);
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

/* --- what the columns that may be missing ask for --- */

/* The cell, NULL when it stands for all. */
static const char *rules_wish(const struct city *city, size_t row, enum rules_column column)
{
    const char *value = csv_table_cell(city->rule_table, row, column);
    return value[0] == '\0' || strcmp(value, "*") == 0 ? NULL : value;
}

static void rules_tell_unknown(const struct city_rule *rule, enum rules_column column,
                               const char *value, const char *file, struct findings *findings)
{
    findings_error(findings, RULES_FILE, rule->line, "the %s \"%s\" is not in %s",
                   rules_columns[column].name, findings_quote(value).text, file);
}

static void rules_load_where(struct city *city, size_t row, struct city_rule *rule,
                             struct findings *findings)
{
    const char *neighbourhood = rules_wish(city, row, RULES_NEIGHBOURHOOD);
    const char *zone = rules_wish(city, row, RULES_ZONE);
    rule->neighbourhood = CITY_ANY;
    rule->zone = CITY_ANY;
    if (neighbourhood != NULL) {
        rule->neighbourhood = city_neighbourhood_find(city, neighbourhood);
        if (rule->neighbourhood == KEY_INDEX_NONE && city->neighbourhoods_whole) {
            rules_tell_unknown(rule, RULES_NEIGHBOURHOOD, neighbourhood, "neighbourhoods.csv",
                               findings);
        }
    }
    if (zone != NULL) {
        rule->zone = key_index_find(&city->zone_index, zone);
        if (rule->zone != KEY_INDEX_NONE) {
            city->zones[rule->zone].used = true;
        } else if (city->zones_whole) {
            rules_tell_unknown(rule, RULES_ZONE, zone, "zones.geojson", findings);
        }
    }
}

/* The place in rule_hours of a schedule; each is there once. */
static int32_t rules_hours_place(struct city *city, int32_t schedule, int line,
                                 struct findings *findings)
{
    const struct hours *hours = &city->hours.schedules[schedule];
    size_t place = 0;
    while (place < city->rule_hours_count && city->rule_hours[place] != hours) {
        place++;
    }
    if (place == CITY_RULE_HOURS_MAX) {
        findings_error(findings, RULES_FILE, line, "rules name more than %d schedules",
                       CITY_RULE_HOURS_MAX);
        return KEY_INDEX_NONE;
    }
    if (place == city->rule_hours_count) {
        city->rule_hours[city->rule_hours_count++] = hours;
    }
    city->hours.used[schedule] = true;
    return (int32_t)place;
}

static void rules_load_when(struct city *city, size_t row, struct city_rule *rule,
                            struct findings *findings)
{
    const char *answer = rules_wish(city, row, RULES_ANSWER);
    const char *time = rules_wish(city, row, RULES_TIME);
    rule->wanted = CITY_ANY;
    rule->hours = CITY_ANY;
    if (answer != NULL) {
        rule->wanted = city_wanted_load(city, rule->topic, answer, rule->line, findings);
    }
    if (time != NULL) {
        int32_t schedule = key_index_find(&city->hours.index, time);
        rule->hours = schedule == KEY_INDEX_NONE
                          ? KEY_INDEX_NONE
                          : rules_hours_place(city, schedule, rule->line, findings);
        if (schedule == KEY_INDEX_NONE && city->hours.whole) {
            rules_tell_unknown(rule, RULES_TIME, time, "hours.csv", findings);
        }
    }
}

/* --- who helps --- */

static void rules_add_helper(const struct city *city, struct city_rule *rule, const char *key,
                             struct findings *findings)
{
    int32_t unit = key_index_find(&city->unit_index, key);
    bool again = unit == rule->unit && unit != KEY_INDEX_NONE;
    for (size_t i = 0; i < rule->helper_count; i++) {
        again = again || rule->helpers[i] == unit;
    }
    if (unit == KEY_INDEX_NONE) {
        if (city->units_whole) {
            rules_tell_unknown(rule, RULES_HELPERS, key, "units.csv", findings);
        }
    } else if (strcmp(city->units[unit].kind, CITY_KIND_OUTSIDE) == 0) {
        findings_warning(
            findings, RULES_FILE, rule->line,
            "nobody asks \"%s\" to help: it is no body of the city and has no desk that "
            "could finish its part; name the unit that rings it",
            findings_quote(key).text);
    } else if (again) {
        findings_error(findings, RULES_FILE, rule->line,
                       "the helping unit \"%s\" is there twice, or has the task itself",
                       findings_quote(key).text);
    } else if (rule->helper_count == CITY_HELPERS_MAX) {
        findings_error(findings, RULES_FILE, rule->line, "more than %d helping units",
                       CITY_HELPERS_MAX);
    } else {
        rule->helpers[rule->helper_count++] = unit;
    }
}

static void rules_check_note(const struct city_rule *rule, bool has_helpers,
                             struct findings *findings)
{
    struct error err = ERROR_NONE;
    if (has_helpers != (rule->helpers_note[0] != '\0')) {
        findings_error(findings, RULES_FILE, rule->line,
                       "helpers and helpers_note go together: who helps, and with what");
    } else if (has_helpers && text_require(rule->helpers_note, CITY_HELPERS_NOTE_MAX,
                                           "helpers_note", &err) != STATUS_OK) {
        findings_error(findings, RULES_FILE, rule->line, "helpers_note cannot be used: %s",
                       err.message);
    }
}

/* Keys between spaces. */
static void rules_load_helpers(const struct city *city, size_t row, struct city_rule *rule,
                               struct findings *findings)
{
    const char *cell = csv_table_cell(city->rule_table, row, RULES_HELPERS);
    rule->helpers_note = csv_table_cell(city->rule_table, row, RULES_HELPERS_NOTE);
    rules_check_note(rule, cell[0] != '\0', findings);
    while (*cell != '\0') {
        size_t size = strcspn(cell, " ");
        char key[CITY_KEY_SIZE_MAX + 2]; /* cut, it is still too long to be one */
        size_t kept = size < sizeof(key) ? size : sizeof(key) - 1;
        memcpy(key, cell, kept);
        key[kept] = '\0';
        rules_add_helper(city, rule, key, findings);
        cell += size + strspn(cell + size, " ");
    }
}

/* --- a rule --- */

static void rules_load_one(struct city *city, size_t row, struct city_rule *rule,
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
    rules_load_where(city, row, rule, findings);
    rules_load_when(city, row, rule, findings);
    rule->pattern = csv_table_cell(table, row, RULES_UNIT);
    rules_load_unit(city, rule, findings);
    rules_load_helpers(city, row, rule, findings);
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
           rule->neighbourhood == CITY_ANY && rule->zone == CITY_ANY && rule->wanted == CITY_ANY &&
           rule->hours == CITY_ANY && rule->unit != KEY_INDEX_NONE;
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
    city->wanted = calloc(count + 1, sizeof(*city->wanted));
    CHECK(city->rules != NULL && city->wanted != NULL);
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

/* Reading a pack: the tables into arrays with an index each. Every mistake becomes a finding. */
#include "city/city_internal.h"

#include "base/check.h"
#include "text/utf8.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void city_tell_duplicate(void *context, size_t row, size_t first_row)
{
    const struct city_cells *cells = context;
    findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                   "the key \"%s\" is already on line %d: a key is there once",
                   findings_quote(csv_table_cell(cells->table, row, 0)).text,
                   csv_table_line(cells->table, first_row));
}

/* A number in a column of levels.csv; an empty cell of an optional one is 0. */
static void city_level_number(const struct city_cells *cells, size_t row, size_t column,
                              uint32_t min, uint32_t max, uint32_t *ret_number)
{
    static const char *const names[] = {"key", "due_hours", "urgent_hours", "respond_hours",
                                        "warn_share"};
    struct ini_value value = {.name = names[column],
                              .value = csv_table_cell(cells->table, row, column),
                              .line = csv_table_line(cells->table, row)};
    if (column == 1 || value.value[0] != '\0') {
        ini_value_number(&value, cells->file, min, max, ret_number, cells->findings);
    }
}

static void city_level_check(const struct city *city, const struct city_cells *cells, size_t row,
                             struct city_level *level)
{
    const char *clock = csv_table_cell(cells->table, row, 5);
    int line = csv_table_line(cells->table, row);
    level->working = strcmp(clock, "working") == 0;
    if (clock[0] != '\0' && strcmp(clock, "wall") != 0 && !level->working) {
        findings_error(cells->findings, cells->file, line,
                       "the clock \"%s\" is none of working, wall", findings_quote(clock).text);
    }
    if (level->working && pack_files_find(&city->files, "hours.csv") == NULL) {
        findings_error(cells->findings, cells->file, line,
                       "the clock is working, and the pack has no hours.csv");
    }
    if (level->working && level->due_hours > CITY_WORKING_HOURS_MAX) {
        findings_error(cells->findings, cells->file, line,
                       "at most %d working hours: some years of work", CITY_WORKING_HOURS_MAX);
    }
    if (level->respond_hours > level->due_hours && level->due_hours > 0) {
        findings_error(cells->findings, cells->file, line, "respond_hours is more than due_hours");
    }
}

static void city_load_levels(struct city *city, struct findings *findings)
{
    static const struct csv_column columns[] = {{"key", true},          {"due_hours", true},
                                                {"urgent_hours", true}, {"respond_hours", false},
                                                {"warn_share", false},  {"clock", false}};
    struct city_cells cells;
    city->levels =
        city_cells_open(city, "levels.csv", columns, COUNT_OF(columns), sizeof(*city->levels),
                        &city->level_table, &city->levels_whole, &cells, findings);
    size_t count = csv_table_rows(cells.table);
    for (size_t row = 0; row < count; row++) {
        struct city_level *level = &city->levels[row];
        level->key = city_cells_key(&cells, row, 0);
        city_level_number(&cells, row, 1, 1, CITY_HOURS_MAX, &level->due_hours);
        city_level_number(&cells, row, 2, 0, CITY_HOURS_MAX, &level->urgent_hours);
        city_level_number(&cells, row, 3, 0, CITY_HOURS_MAX, &level->respond_hours);
        city_level_number(&cells, row, 4, 0, 99, &level->warn_percent);
        city_level_check(city, &cells, row, level);
    }
    key_index_init(&city->level_index, city->levels, sizeof(*city->levels), count);
    key_index_each_duplicate(&city->level_index, city_tell_duplicate, &cells);
}

static void city_load_areas(struct city *city, struct findings *findings)
{
    static const struct csv_column columns[] = {
        {"key", true}, {"name_fa", true}, {"name_en", true}};
    struct city_cells cells;
    city->areas =
        city_cells_open(city, "areas.csv", columns, COUNT_OF(columns), sizeof(*city->areas),
                        &city->area_table, &city->areas_whole, &cells, findings);
    size_t count = csv_table_rows(cells.table);
    for (size_t row = 0; row < count; row++) {
        struct city_area *area = &city->areas[row];
        area->key = city_cells_key(&cells, row, 0);
        city_cells_names(city, &cells, row, 1, &area->name_fa, &area->name_en);
    }
    if (count > CITY_AREAS_MAX) {
        findings_error(findings, cells.file, csv_table_line(cells.table, CITY_AREAS_MAX),
                       "more than %d areas", CITY_AREAS_MAX);
        count = CITY_AREAS_MAX;
        city->areas_whole = false;
    }
    key_index_init(&city->area_index, city->areas, sizeof(*city->areas), count);
    key_index_each_duplicate(&city->area_index, city_tell_duplicate, &cells);
}

/* As people dial it; several numbers are a matter for the name. */
static const char *city_cell_phone(const struct city_cells *cells, size_t row, size_t column)
{
    const char *phone = csv_table_cell(cells->table, row, column);
    if (strlen(phone) > CITY_PHONE_SIZE_MAX || strspn(phone, "0123456789+- ") != strlen(phone)) {
        findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                       "the phone \"%s\" must be at most %d digits, spaces, \"-\" and \"+\"",
                       findings_quote(phone).text, CITY_PHONE_SIZE_MAX);
    }
    return phone;
}

static void city_load_topics(struct city *city, struct findings *findings)
{
    static const struct csv_column columns[] = {
        {"key", true},   {"name_fa", true}, {"name_en", true},   {"group", true},
        {"level", true}, {"urgent", true},  {"emergency", false}};
    struct city_cells cells;
    city->topics =
        city_cells_open(city, "topics.csv", columns, COUNT_OF(columns), sizeof(*city->topics),
                        &city->topic_table, &city->topics_whole, &cells, findings);
    size_t count = csv_table_rows(cells.table);
    for (size_t row = 0; row < count; row++) {
        struct city_topic *topic = &city->topics[row].topic;
        topic->key = city_cells_key(&cells, row, 0);
        city_cells_names(city, &cells, row, 1, &topic->name_fa, &topic->name_en);
        topic->group = csv_table_cell(cells.table, row, 3);
        topic->level = csv_table_cell(cells.table, row, 4);
        topic->urgent = city_cells_yes(&cells, row, 5);
        topic->emergency = city_cell_phone(&cells, row, 6);
        struct error err = ERROR_NONE;
        if (topic->group[0] != '\0' &&
            text_check_key(topic->group, CITY_KEY_SIZE_MAX, "group", &err) != STATUS_OK) {
            findings_error(findings, cells.file, csv_table_line(cells.table, row),
                           "the group \"%s\" cannot be used: %s", findings_quote(topic->group).text,
                           err.message);
        }
        city->topics[row].level = key_index_find(&city->level_index, topic->level);
        if (topic->level[0] != '\0' && city->levels_whole &&
            city->topics[row].level == KEY_INDEX_NONE) {
            findings_error(findings, cells.file, csv_table_line(cells.table, row),
                           "the level \"%s\" is not in levels.csv",
                           findings_quote(topic->level).text);
        }
    }
    key_index_init(&city->topic_index, city->topics, sizeof(*city->topics), count);
    key_index_each_duplicate(&city->topic_index, city_tell_duplicate, &cells);
}

static void city_check_parent(const struct city *city, size_t row, const struct city_cells *cells)
{
    int line = csv_table_line(cells->table, row);
    const struct city_unit *unit = &city->units[row];
    for (int depth = 0; unit->parent[0] != '\0'; depth++) {
        if (depth == CITY_UNIT_DEPTH_MAX) {
            findings_error(cells->findings, cells->file, line,
                           "more than %d units stand above \"%s\", or it is its own parent",
                           CITY_UNIT_DEPTH_MAX, findings_quote(city->units[row].key).text);
            return;
        }
        int32_t parent = key_index_find(&city->unit_index, unit->parent);
        if (parent == KEY_INDEX_NONE) {
            if (depth == 0 && city->units_whole) { /* else it is told at the unit above */
                findings_error(cells->findings, cells->file, line,
                               "the parent \"%s\" is not a unit of this file",
                               findings_quote(unit->parent).text);
            }
            return;
        }
        unit = &city->units[parent];
    }
}

/* As desks call themselves: the name of a place, never a person's. */
static const char *city_cell_desk(const struct city_cells *cells, size_t row, size_t column)
{
    struct error err = ERROR_NONE;
    const char *desk = csv_table_cell(cells->table, row, column);
    if (text_check(desk, CITY_DESK_MAX, "urgent_desk", &err) != STATUS_OK) {
        findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                       "the urgent_desk \"%s\" cannot be used: %s", findings_quote(desk).text,
                       err.message);
    }
    return desk;
}

static void city_load_units(struct city *city, struct findings *findings)
{
    static const struct csv_column columns[] = {
        {"key", true},       {"kind", true},    {"name_fa", true},   {"name_en", true},
        {"parent", true},    {"hours", false},  {"phone", false},    {"valid_from", false},
        {"valid_to", false}, {"leader", false}, {"stand_in", false}, {"urgent_desk", false}};
    struct city_cells cells;
    city->units =
        city_cells_open(city, "units.csv", columns, COUNT_OF(columns), sizeof(*city->units),
                        &city->unit_table, &city->units_whole, &cells, findings);
    size_t count = csv_table_rows(cells.table);
    for (size_t row = 0; row < count; row++) {
        struct city_unit *unit = &city->units[row];
        unit->key = city_cells_key(&cells, row, 0);
        unit->kind = csv_table_cell(cells.table, row, 1);
        city_cells_names(city, &cells, row, 2, &unit->name_fa, &unit->name_en);
        unit->parent = csv_table_cell(cells.table, row, 4);
        unit->phone = city_cell_phone(&cells, row, 6);
        city_units_read(city, &cells, row, 7, unit);
        unit->urgent_desk = city_cell_desk(&cells, row, 11);
        if (!city_unit_kind_is_known(unit->kind)) {
            findings_error(findings, cells.file, csv_table_line(cells.table, row),
                           "the kind \"%s\" is none of district, office, deputy, organisation, "
                           "company, centre, outside",
                           findings_quote(unit->kind).text);
        }
    }
    key_index_init(&city->unit_index, city->units, sizeof(*city->units), count);
    key_index_each_duplicate(&city->unit_index, city_tell_duplicate, &cells);
    for (size_t row = 0; row < count; row++) {
        city_check_parent(city, row, &cells);
    }
    city_units_check(city, &cells);
    city_hours_assign(city, 5, findings);
}

static void city_load_profiles(const struct city *city, struct findings *findings)
{
    for (size_t i = 0; i < city->files.count; i++) {
        const struct pack_file *file = &city->files.files[i];
        if (strncmp(file->name, "imports/", 8) == 0 && file->readable) {
            city_profile_free(city_profile_read(city, file, findings));
        }
    }
}

/* Reads all that the files hold. The city is to be used only when `findings` has no errors. */
static void city_read_files(struct city *city, struct findings *findings)
{
    city_settings_load(city, findings);
    city_load_levels(city, findings);
    city_load_areas(city, findings);
    city_load_topics(city, findings);
    city_hours_load(city, findings);
    city_words_load(city, findings);
    city_load_units(city, findings);
    city_ladder_load(city, findings);
    if (city->coordinator != NULL && city->units_whole &&
        key_index_find(&city->unit_index, city->coordinator) == KEY_INDEX_NONE) {
        findings_error(findings, "city.ini", city->coordinator_line,
                       "the coordinator \"%s\" is not in units.csv",
                       findings_quote(city->coordinator).text);
    }
    city_questions_load(city, findings);
    city_shapes_load(city, findings);
    city_neighbourhoods_load(city, findings);
    city_zones_load(city, findings);
    city_rules_load(city, findings);
    city_same_load(city, findings);
    city_load_profiles(city, findings);
    if (findings->errors == 0) {
        pack_files_digest(&city->files, city->digest);
    }
}

/* Warnings alone: for who checks a pack. Who takes one does without, and is done in half the time. */
static void city_review(const struct city *city, struct findings *findings)
{
    city_rules_review(city, findings);
    city_urgent_review(city, findings);
    city_ladder_review(city, findings);
    city_hours_review(city, findings);
    city_questions_review(city, findings);
    city_shapes_review(city, findings);
    city_neighbourhoods_review(city, findings);
    city_zones_review(city, findings);
}

static enum status city_read(struct city *city, const char *folder, struct findings *findings,
                             struct error *err)
{
    if (sodium_init() < 0) {
        return error_set(err, STATUS_INTERNAL, NULL, "libsodium does not start");
    }
    enum status status = pack_files_read(&city->files, folder, findings, err);
    if (status == STATUS_OK) {
        city_read_files(city, findings);
    }
    return status;
}

/* The city that was read, which is freed when it is not given. */
static enum status city_give(struct city *city, enum status status, const struct findings *findings,
                             struct city **ret_city, struct error *err)
{
    if (status == STATUS_OK && findings->errors > 0) {
        const struct city_finding *first = &findings->first_error;
        status = first->line > 0 ? error_set(err, STATUS_INVALID_ARGUMENT, first->file, "%s:%d: %s",
                                             first->file, first->line, first->message)
                                 : error_set(err, STATUS_INVALID_ARGUMENT, first->file, "%s: %s",
                                             first->file, first->message);
    }
    if (status == STATUS_OK) {
        *ret_city = city;
        city = NULL;
    }
    city_free(city);
    return status;
}

enum status city_load(struct city **ret_city, const char *folder, struct error *err)
{
    struct city *city = calloc(1, sizeof(*city));
    CHECK(city != NULL);
    struct findings findings = {0};
    enum status status = city_read(city, folder, &findings, err);
    return city_give(city, status, &findings, ret_city, err);
}

enum status city_load_files(struct city **ret_city, const struct city_file *files, size_t count,
                            struct error *err)
{
    struct findings findings = {0};
    if (sodium_init() < 0) {
        return error_set(err, STATUS_INTERNAL, NULL, "libsodium does not start");
    }
    struct city *city = calloc(1, sizeof(*city));
    CHECK(city != NULL);
    for (size_t i = 0; i < count; i++) {
        pack_files_add(&city->files, files[i].name, files[i].data, &findings);
    }
    pack_files_added(&city->files, &findings);
    city_read_files(city, &findings);
    return city_give(city, STATUS_OK, &findings, ret_city, err);
}

size_t city_check(const char *folder, struct city_finding *findings, size_t findings_max)
{
    struct city *city = calloc(1, sizeof(*city));
    CHECK(city != NULL);
    struct findings found = {.kept = findings, .kept_max = findings_max};
    struct error err = ERROR_NONE;
    if (city_read(city, folder, &found, &err) != STATUS_OK) {
        findings_error(&found, "", 0, "%s", err.message);
    } else if (found.errors == 0) {
        city_review(city, &found);
    }
    city_free(city);
    return found.count;
}

void city_free(struct city *city)
{
    if (city == NULL) {
        return;
    }
    key_index_fini(&city->unit_index);
    key_index_fini(&city->topic_index);
    key_index_fini(&city->area_index);
    key_index_fini(&city->level_index);
    city_hours_fini(&city->hours);
    buffer_fini(&city->stop_words);
    buffer_fini(&city->words);
    city_same_fini(city);
    city_ladder_fini(&city->ladder);
    free(city->units);
    free(city->topics);
    free(city->areas);
    free(city->levels);
    free(city->rules);
    city_wanted_fini(city);
    city_zones_fini(city);
    csv_table_free(city->unit_table);
    csv_table_free(city->topic_table);
    csv_table_free(city->area_table);
    csv_table_free(city->level_table);
    csv_table_free(city->rule_table);
    city_questions_fini(city);
    geo_free(city->shapes);
    city_neighbourhoods_fini(city);
    ini_table_free(city->settings);
    civil_free(city->civil);
    pack_files_fini(&city->files);
    free(city);
}

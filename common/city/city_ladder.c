/* ladder.csv: to whom a task goes up when it is still not done after its due date. May be missing. */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define LADDER_FILE "ladder.csv"
#define LADDER_ANY "*"
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
    LADDER_LEVEL,
    LADDER_KIND,
    LADDER_STEP,
    LADDER_PERCENT,
    LADDER_HOURS,
    LADDER_ROLE,
    LADDER_NAME_FA,
    LADDER_NAME_EN,
    LADDER_UNIT,
};

static const struct csv_column ladder_columns[] = {
    {"level", true},         {"kind", true},        {"step", true},
    {"after_percent", true}, {"after_hours", true}, {"role", true},
    {"name_fa", true},       {"name_en", true},     {"unit", false}};

static bool ladder_is(const char *pattern, const char *value)
{
    return strcmp(pattern, LADDER_ANY) == 0 || strcmp(pattern, value) == 0;
}

static bool ladder_same(const struct city_rung *a, const struct city_rung *b)
{
    return strcmp(a->level, b->level) == 0 && strcmp(a->kind, b->kind) == 0;
}

/* Gives 0 for an empty cell that may be empty. */
static uint32_t ladder_number(const struct city_cells *cells, size_t row, size_t column,
                              uint32_t min, uint32_t max, bool required)
{
    uint32_t number = 0;
    struct ini_value value = {.name = ladder_columns[column].name,
                              .value = csv_table_cell(cells->table, row, column),
                              .line = csv_table_line(cells->table, row)};
    if (required || value.value[0] != '\0') {
        ini_value_number(&value, cells->file, min, max, &number, cells->findings);
    }
    return number;
}

static void ladder_check_names(const struct city *city, const struct city_cells *cells, size_t row,
                               const struct city_rung *rung)
{
    int line = csv_table_line(cells->table, row);
    if (!ladder_is(rung->level, "") && city->levels_whole &&
        key_index_find(&city->level_index, rung->level) == KEY_INDEX_NONE) {
        findings_error(cells->findings, cells->file, line,
                       "the level \"%s\" is not in levels.csv: correct it, or write * for all",
                       findings_quote(rung->level).text);
    }
    if (!ladder_is(rung->kind, "") && !city_unit_kind_is_known(rung->kind)) {
        findings_error(cells->findings, cells->file, line,
                       "the kind \"%s\" is no kind of a unit: correct it, or write * for all",
                       findings_quote(rung->kind).text);
    }
    const struct city_unit *told = city_unit(city, rung->step.unit);
    if (rung->step.unit[0] != '\0' && told == NULL && city->units_whole) {
        findings_error(cells->findings, cells->file, line,
                       "the unit \"%s\" is not in units.csv: correct it, or leave it empty",
                       findings_quote(rung->step.unit).text);
    } else if (told != NULL && strcmp(told->kind, CITY_KIND_OUTSIDE) == 0) {
        findings_error(cells->findings, cells->file, line,
                       "%s is outside the city: nobody there hears of a task", rung->step.unit);
    }
}

/* A ladder's rows stand one after another, its steps rise in number and in time. */
static void ladder_check_order(const struct city *city, const struct city_cells *cells, size_t row,
                               const struct city_rung *rung)
{
    int line = csv_table_line(cells->table, row);
    const struct city_rung *before = row > 0 ? &city->ladder.rungs[row - 1] : NULL;
    bool goes_on = before != NULL && ladder_same(before, rung);
    if ((rung->step.after_percent == 0) == (rung->step.after_hours == 0)) {
        findings_error(cells->findings, cells->file, line,
                       "give after_percent or after_hours, one of the two");
    }
    if (rung->step.number != (goes_on ? before->step.number + 1 : 1)) {
        findings_error(cells->findings, cells->file, line,
                       "the steps of a level and a kind stand in rows one after another, "
                       "numbered 1, 2, 3");
    }
    for (size_t i = 0; i < row && !goes_on; i++) {
        if (ladder_same(&city->ladder.rungs[i], rung)) {
            findings_error(cells->findings, cells->file, line,
                           "this level and kind have steps on line %d already",
                           csv_table_line(cells->table, i));
            break;
        }
    }
    if (goes_on && (rung->step.after_percent <= before->step.after_percent &&
                    rung->step.after_hours <= before->step.after_hours)) {
        findings_error(cells->findings, cells->file, line,
                       "a step comes later than the one before it, and all of a ladder count in "
                       "percent or all in hours");
    } else if (goes_on && (rung->step.after_percent == 0) != (before->step.after_percent == 0)) {
        findings_error(cells->findings, cells->file, line,
                       "all steps of a ladder count in percent, or all in hours");
    }
}

void city_ladder_load(struct city *city, struct findings *findings)
{
    struct city_cells cells;
    bool whole;
    if (pack_files_find(&city->files, LADDER_FILE) == NULL) {
        return;
    }
    city->ladder.rungs =
        city_cells_open(city, LADDER_FILE, ladder_columns, COUNT_OF(ladder_columns),
                        sizeof(*city->ladder.rungs), &city->ladder.table, &whole, &cells, findings);
    size_t count = csv_table_rows(cells.table);
    if (count > CITY_LADDER_ROWS_MAX) {
        findings_error(findings, LADDER_FILE, csv_table_line(cells.table, CITY_LADDER_ROWS_MAX),
                       "more than %d rows", CITY_LADDER_ROWS_MAX);
        count = 0;
    }
    for (size_t row = 0; row < count; row++) {
        struct city_rung *rung = &city->ladder.rungs[row];
        rung->level = csv_table_cell(cells.table, row, LADDER_LEVEL);
        rung->kind = csv_table_cell(cells.table, row, LADDER_KIND);
        rung->step.number = ladder_number(&cells, row, LADDER_STEP, 1, CITY_LADDER_STEPS_MAX, true);
        rung->step.after_percent = ladder_number(&cells, row, LADDER_PERCENT, 100, 1000, false);
        rung->step.after_hours = ladder_number(&cells, row, LADDER_HOURS, 1, 8760, false);
        rung->step.role = city_cells_key(&cells, row, LADDER_ROLE);
        rung->step.unit = csv_table_cell(cells.table, row, LADDER_UNIT);
        city_cells_names(city, &cells, row, LADDER_NAME_FA, &rung->step.name_fa,
                         &rung->step.name_en);
        ladder_check_names(city, &cells, row, rung);
        ladder_check_order(city, &cells, row, rung);
    }
    city->ladder.count = count;
}

const struct city_step *city_ladder(const struct city *city, const char *level, const char *unit,
                                    uint32_t number)
{
    const struct city_unit *listed = city_unit(city, unit);
    const char *kind = listed == NULL ? "" : listed->kind;
    const struct city_rung *first = NULL; /* of the ladder: the first that fits */
    for (size_t i = 0; i < city->ladder.count; i++) {
        const struct city_rung *rung = &city->ladder.rungs[i];
        if (first == NULL && ladder_is(rung->level, level) && ladder_is(rung->kind, kind)) {
            first = rung;
        }
        if (first != NULL && ladder_same(first, rung) && rung->step.number == number) {
            return &rung->step;
        }
    }
    return NULL;
}

/* The nearest unit, from that one upward, that the role leads; "": none. */
static const char *ladder_led(const struct city *city, const char *role, const char *unit)
{
    const struct city_unit *at = city_unit(city, unit);
    for (size_t i = 0; at != NULL && i < city_unit_count(city); i++) {
        if (strcmp(at->leader, role) == 0) {
            return at->key;
        }
        at = at->parent[0] != '\0' ? city_unit(city, at->parent) : NULL;
    }
    return "";
}

const char *city_step_unit(const struct city *city, const struct city_step *step, const char *unit,
                           int64_t at_us)
{
    const char *told = step->unit[0] != '\0' ? step->unit : ladder_led(city, step->role, unit);
    return told[0] != '\0' ? city_unit_in_charge(city, told, at_us) : "";
}

const struct city_step *city_role(const struct city *city, const char *role, const char *unit)
{
    const struct city_unit *listed = city_unit(city, unit);
    const struct city_step *other = NULL;
    for (size_t i = 0; i < city->ladder.count; i++) {
        const struct city_rung *rung = &city->ladder.rungs[i];
        if (strcmp(rung->step.role, role) != 0) {
            continue;
        }
        if (listed != NULL && strcmp(rung->kind, listed->kind) == 0) {
            return &rung->step;
        }
        if (other == NULL || strcmp(rung->kind, LADDER_ANY) == 0) {
            other = &rung->step;
        }
    }
    return other;
}

/* Units whose tasks go up that step and nobody is told; the first of them in *ret_first. */
static size_t ladder_unheard(const struct city *city, const struct city_rung *rung,
                             const char **ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < city_unit_count(city); i++) {
        const struct city_unit *unit = &city->units[i];
        const struct city_step *step = city_ladder(city, rung->level, unit->key, rung->step.number);
        if (step == &rung->step && strcmp(unit->kind, CITY_KIND_OUTSIDE) != 0 &&
            ladder_led(city, step->role, unit->key)[0] == '\0') {
            *ret_first = count++ == 0 ? unit->key : *ret_first;
        }
    }
    return count;
}

void city_ladder_review(const struct city *city, struct findings *findings)
{
    for (size_t i = 0; i < city->ladder.count; i++) {
        const struct city_rung *rung = &city->ladder.rungs[i];
        const char *first = "";
        size_t count = rung->step.unit[0] != '\0' ? 0 : ladder_unheard(city, rung, &first);
        if (count > 0) {
            findings_warning(findings, LADDER_FILE, csv_table_line(city->ladder.table, i),
                             "\"%s\" leads neither %s nor a unit above it (%zu such units): no "
                             "desk hears of this step; name one in the column unit",
                             findings_quote(rung->step.role).text, first, count);
        }
    }
}

void city_ladder_fini(struct city_ladder *ladder)
{
    free(ladder->rungs);
    csv_table_free(ladder->table);
}

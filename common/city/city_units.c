/* The directory of bodies: which kinds there are, and through time from when to when a unit is one, and who has its work
 * before and afterwards. */
#include "city/city_internal.h"

#include "text/utf8.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const city_unit_kinds[] = {"district", "office", "deputy", "organisation",
                                              "company",  "centre", "outside"};

bool city_unit_is_valid(const struct city *city, const struct city_unit *unit, int64_t at_us)
{
    int32_t day = civil_day(city->civil, at_us);
    return day >= unit->first_day && day <= unit->last_day;
}

const char *city_unit_in_charge(const struct city *city, const char *key, int64_t at_us)
{
    const struct city_unit *unit = city_unit(city, key);
    for (int steps = 0; unit != NULL && steps <= CITY_STAND_INS_MAX; steps++) {
        if (city_unit_is_valid(city, unit, at_us)) {
            return unit->key;
        }
        unit = unit->stand_in[0] != '\0' ? city_unit(city, unit->stand_in) : NULL;
    }
    return city_unit(city, key) == NULL ? key : city->coordinator; /* unlisted: as it came */
}

bool city_unit_kind_is_known(const char *kind)
{
    for (size_t i = 0; i < COUNT_OF(city_unit_kinds); i++) {
        if (strcmp(kind, city_unit_kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool city_unit_is_outside(const struct city *city, const char *key)
{
    const struct city_unit *unit = city_unit(city, key);
    return unit != NULL && strcmp(unit->kind, CITY_KIND_OUTSIDE) == 0;
}

static void units_read_dates(const struct city *city, const struct city_cells *cells, size_t row,
                             size_t first_column, struct city_unit *unit)
{
    const char *from = csv_table_cell(cells->table, row, first_column);
    const char *to = csv_table_cell(cells->table, row, first_column + 1);
    unit->first_day = INT32_MIN;
    unit->last_day = INT32_MAX;
    if (from[0] != '\0' && !city_cells_date(city, cells, row, from, &unit->first_day)) {
        return;
    }
    if (to[0] != '\0' && city_cells_date(city, cells, row, to, &unit->last_day) &&
        unit->last_day < unit->first_day) {
        findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                       "valid_to is before valid_from");
    }
}

void city_units_read(const struct city *city, const struct city_cells *cells, size_t row,
                     size_t first_column, struct city_unit *unit)
{
    struct error err = ERROR_NONE;
    units_read_dates(city, cells, row, first_column, unit);
    unit->leader = csv_table_cell(cells->table, row, first_column + 2);
    unit->stand_in = csv_table_cell(cells->table, row, first_column + 3);
    if (unit->leader[0] != '\0' &&
        text_check_key(unit->leader, CITY_KEY_SIZE_MAX, "leader", &err) != STATUS_OK) {
        findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                       "the leader \"%s\" cannot be used: %s", findings_quote(unit->leader).text,
                       err.message);
    }
}

/* The chain of stand-ins ends. */
static void units_check_chain(const struct city *city, const struct city_cells *cells, size_t row)
{
    const struct city_unit *unit = &city->units[row];
    int line = csv_table_line(cells->table, row);
    for (int steps = 0; unit->stand_in[0] != '\0'; steps++) {
        int32_t next = key_index_find(&city->unit_index, unit->stand_in);
        if (steps == CITY_STAND_INS_MAX) {
            findings_error(
                cells->findings, cells->file, line,
                "more than %d stand-ins come behind \"%s\", or they go round in a circle",
                CITY_STAND_INS_MAX, findings_quote(city->units[row].key).text);
            return;
        }
        if (next == KEY_INDEX_NONE) {
            if (steps == 0 && city->units_whole) { /* else it is told at that unit */
                findings_error(cells->findings, cells->file, line,
                               "the stand-in \"%s\" is not a unit of this file",
                               findings_quote(unit->stand_in).text);
            }
            return;
        }
        unit = &city->units[next];
    }
}

void city_units_check(const struct city *city, const struct city_cells *cells)
{
    for (size_t row = 0; row < city->unit_index.count; row++) {
        const struct city_unit *unit = &city->units[row];
        bool has_dates = unit->first_day != INT32_MIN || unit->last_day != INT32_MAX;
        int line = csv_table_line(cells->table, row);
        units_check_chain(city, cells, row);
        if (has_dates && strcmp(unit->kind, CITY_KIND_OUTSIDE) == 0) {
            findings_error(cells->findings, cells->file, line,
                           "a body outside the city has no dates: citizens are told of it");
        }
        if (city_unit_is_outside(city, unit->stand_in)) {
            findings_error(cells->findings, cells->file, line,
                           "a body outside the city is nobody's stand-in");
        }
        if (has_dates && city->coordinator != NULL && strcmp(unit->key, city->coordinator) == 0) {
            findings_error(cells->findings, cells->file, line,
                           "the coordinator has no dates: what has no unit goes there");
        }
    }
}

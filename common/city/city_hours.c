/* hours.csv and holidays.csv: when who works. Both may be missing. */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOURS_FILE "hours.csv"
#define HOLIDAYS_FILE "holidays.csv"
#define HOURS_USUAL "default"
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { HOURS_SCHEDULE, HOURS_FROM, HOURS_TO, HOURS_DAYS, HOURS_HOURS };

static const struct csv_column hours_columns[] = {
    {"schedule", true}, {"valid_from", true}, {"valid_to", true}, {"days", true}, {"hours", true}};

static const char *const hours_weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                             "thursday", "friday", "saturday"};

/* --- cells --- */

/* The next word of a cell; false behind the last. */
static bool hours_next_word(const char **at, char *ret_word, size_t size)
{
    *at += strspn(*at, " \t");
    size_t length = strcspn(*at, " \t");
    snprintf(ret_word, size, "%.*s", (int)(length < 255 ? length : 255), *at);
    *at += length;
    return length > 0;
}

static int hours_weekday(const char *name, size_t size)
{
    for (int i = 0; i < 7; i++) {
        if (strlen(hours_weekdays[i]) == size && strncmp(hours_weekdays[i], name, size) == 0) {
            return i;
        }
    }
    return -1;
}

/* "saturday-wednesday", "thursday", "all", "holidays"; 0 when it is none of them. */
static unsigned hours_days_of(const char *word)
{
    if (strcmp(word, "all") == 0) {
        return 0x7F;
    }
    if (strcmp(word, "holidays") == 0) {
        return HOURS_ON_HOLIDAYS;
    }
    const char *dash = strchr(word, '-');
    size_t size = dash != NULL ? (size_t)(dash - word) : strlen(word);
    int first = hours_weekday(word, size);
    int last = dash != NULL ? hours_weekday(dash + 1, strlen(dash + 1)) : first;
    if (first < 0 || last < 0) {
        return 0;
    }
    unsigned days = 1u << last;
    for (int day = first; day != last; day = (day + 1) % 7) {
        days |= 1u << day;
    }
    return days;
}

static void hours_read_days(const struct city_cells *cells, size_t row, struct hours_rule *rule)
{
    char word[64];
    const char *at = csv_table_cell(cells->table, row, HOURS_DAYS);
    while (hours_next_word(&at, word, sizeof(word))) {
        unsigned days = hours_days_of(word);
        if (days == 0) {
            findings_error(cells->findings, cells->file, rule->line,
                           "the days \"%s\" are none of saturday … friday, saturday-wednesday, "
                           "all, holidays",
                           findings_quote(word).text);
        }
        rule->days = (uint8_t)(rule->days | days);
    }
    if (csv_table_cell(cells->table, row, HOURS_DAYS)[0] == '\0') {
        findings_error(cells->findings, cells->file, rule->line, "no days are given");
    }
}

/* "07:30"; -1 when it is none. */
static int hours_minute(const char *text, size_t size)
{
    char digits[6] = "";
    if (size != 5 || text[2] != ':') {
        return -1;
    }
    memcpy(digits, text, 5);
    digits[2] = '0';
    if (strspn(digits, "0123456789") != 5) {
        return -1;
    }
    int hour = (text[0] - '0') * 10 + text[1] - '0';
    int minute = (text[3] - '0') * 10 + text[4] - '0';
    int whole = hour * 60 + minute;
    return minute > 59 || whole > HOURS_DAY_MINUTES ? -1 : whole;
}

/* "07:00-13:00"; false when it is none. */
static bool hours_span(const char *word, struct hours_span *ret_span)
{
    const char *dash = strchr(word, '-');
    if (dash == NULL) {
        return false;
    }
    int from = hours_minute(word, (size_t)(dash - word));
    int to = hours_minute(dash + 1, strlen(dash + 1));
    if (from < 0 || to <= from) {
        return false;
    }
    *ret_span = (struct hours_span){.from_minute = (int16_t)from, .to_minute = (int16_t)to};
    return true;
}

static void hours_add_span(const struct city_cells *cells, struct hours_rule *rule,
                           const char *word)
{
    struct hours_span span;
    if (!hours_span(word, &span)) {
        findings_error(cells->findings, cells->file, rule->line,
                       "the hours \"%s\" are no span such as 07:00-13:00 (the day ends at 24:00; "
                       "work over midnight stands on both days), and not the word closed",
                       findings_quote(word).text);
    } else if (rule->span_count == HOURS_SPANS_MAX) {
        findings_error(cells->findings, cells->file, rule->line, "more than %d spans on a day",
                       HOURS_SPANS_MAX);
    } else if (rule->span_count > 0 &&
               rule->spans[rule->span_count - 1].to_minute >= span.from_minute) {
        findings_error(cells->findings, cells->file, rule->line,
                       "the span \"%s\" does not begin after the one before it has ended", word);
    } else {
        rule->spans[rule->span_count++] = span;
    }
}

static void hours_read_spans(const struct city_cells *cells, size_t row, struct hours_rule *rule)
{
    char word[64];
    const char *cell = csv_table_cell(cells->table, row, HOURS_HOURS);
    const char *at = cell;
    if (strcmp(cell, "closed") == 0) {
        return;
    }
    while (hours_next_word(&at, word, sizeof(word))) {
        hours_add_span(cells, rule, word);
    }
    if (cell[0] == '\0') {
        findings_error(cells->findings, cells->file, rule->line,
                       "no hours are given: write spans such as 07:00-13:00, or closed");
    }
}

static void hours_read_dates(const struct city *city, const struct city_cells *cells, size_t row,
                             struct hours_rule *rule)
{
    const char *from = csv_table_cell(cells->table, row, HOURS_FROM);
    const char *to = csv_table_cell(cells->table, row, HOURS_TO);
    rule->first_day = INT32_MIN;
    rule->last_day = INT32_MAX;
    if (from[0] == '\0' && to[0] == '\0') {
        return;
    }
    if (from[0] == '\0' || to[0] == '\0') {
        findings_error(cells->findings, cells->file, rule->line,
                       "valid_from and valid_to are both given, or neither is");
    } else if (city_cells_date(city, cells, row, from, &rule->first_day) &&
               city_cells_date(city, cells, row, to, &rule->last_day) &&
               rule->last_day < rule->first_day) {
        findings_error(cells->findings, cells->file, rule->line, "valid_to is before valid_from");
    }
}

/* --- schedules --- */

static bool hours_is_dated(const struct hours_rule *rule)
{
    return rule->first_day != INT32_MIN;
}

/* Hours with dates go before those without; two of the same sort must not meet. */
static void hours_check_meeting(const struct city_cells *cells, const struct hours *schedule)
{
    for (size_t j = 1; j < schedule->rule_count; j++) {
        const struct hours_rule *rule = &schedule->rules[j];
        for (size_t i = 0; i < j; i++) {
            const struct hours_rule *other = &schedule->rules[i];
            if (hours_is_dated(rule) == hours_is_dated(other) && (rule->days & other->days) != 0 &&
                rule->first_day <= other->last_day && other->first_day <= rule->last_day) {
                findings_error(cells->findings, cells->file, rule->line,
                               "line %d gives hours of \"%s\" for a day of this line, too",
                               other->line, findings_quote(schedule->key).text);
                break;
            }
        }
    }
}

/* Gathers the rules of the row's schedule behind `rules`, those with dates first. */
static void hours_gather(const struct city_cells *cells, const struct hours_rule *read,
                         size_t first_row, struct hours_rule *rules, struct hours *ret_schedule)
{
    size_t count = csv_table_rows(cells->table);
    size_t gathered = 0;
    const char *key = csv_table_cell(cells->table, first_row, HOURS_SCHEDULE);
    for (int dated = 1; dated >= 0; dated--) {
        for (size_t row = first_row; row < count; row++) {
            if (strcmp(csv_table_cell(cells->table, row, HOURS_SCHEDULE), key) == 0 &&
                hours_is_dated(&read[row]) == (dated == 1)) {
                rules[gathered++] = read[row];
            }
        }
    }
    ret_schedule->key = key;
    ret_schedule->rules = rules;
    ret_schedule->rule_count = gathered;
    if (gathered > HOURS_RULES_MAX) {
        findings_error(cells->findings, cells->file, rules[HOURS_RULES_MAX].line,
                       "more than %d rows for \"%s\"", HOURS_RULES_MAX, findings_quote(key).text);
        return;
    }
    hours_check_meeting(cells, ret_schedule);
}

static bool hours_is_first(const struct csv_table *table, size_t row)
{
    for (size_t i = 0; i < row; i++) {
        if (strcmp(csv_table_cell(table, i, HOURS_SCHEDULE),
                   csv_table_cell(table, row, HOURS_SCHEDULE)) == 0) {
            return false;
        }
    }
    return true;
}

static void hours_load_schedules(struct city *city, struct findings *findings)
{
    struct city_cells cells;
    struct city_hours *hours = &city->hours;
    struct hours_rule *read =
        city_cells_open(city, HOURS_FILE, hours_columns, COUNT_OF(hours_columns), sizeof(*read),
                        &hours->rule_table, &hours->whole, &cells, findings);
    size_t count = csv_table_rows(cells.table);
    if (count > CITY_HOURS_ROWS_MAX) {
        findings_error(findings, HOURS_FILE, csv_table_line(cells.table, CITY_HOURS_ROWS_MAX),
                       "more than %d rows", CITY_HOURS_ROWS_MAX);
        count = 0;
        hours->whole = false;
    }
    hours->rules = calloc(count + 1, sizeof(*hours->rules));
    hours->schedules = calloc(count + 1, sizeof(*hours->schedules));
    CHECK(hours->rules != NULL && hours->schedules != NULL);
    for (size_t row = 0; row < count; row++) {
        read[row].line = csv_table_line(cells.table, row);
        city_cells_key(&cells, row, HOURS_SCHEDULE);
        hours_read_dates(city, &cells, row, &read[row]);
        hours_read_days(&cells, row, &read[row]);
        hours_read_spans(&cells, row, &read[row]);
    }
    size_t schedules = 0;
    size_t rules = 0;
    for (size_t row = 0; row < count; row++) {
        if (hours_is_first(cells.table, row)) {
            hours_gather(&cells, read, row, &hours->rules[rules], &hours->schedules[schedules]);
            rules += hours->schedules[schedules++].rule_count;
        }
    }
    free(read);
    key_index_init(&hours->index, hours->schedules, sizeof(*hours->schedules), schedules);
    int32_t usual = key_index_find(&hours->index, HOURS_USUAL);
    if (usual != KEY_INDEX_NONE) {
        hours->usual = &hours->schedules[usual];
    } else if (hours->whole) {
        findings_error(findings, HOURS_FILE, 0,
                       "there is no schedule \"default\": the hours of units that name none");
    }
}

static int hours_compare_days(const void *left, const void *right)
{
    const struct hours_holiday *a = left;
    const struct hours_holiday *b = right;
    return (a->day > b->day) - (a->day < b->day);
}

static size_t hours_load_holidays(struct city *city, struct findings *findings)
{
    static const struct csv_column columns[] = {
        {"date", true}, {"kind", true}, {"name_fa", true}, {"name_en", true}};
    struct city_cells cells;
    bool whole;
    size_t read = 0;
    struct hours_holiday *holidays =
        city_cells_open(city, HOLIDAYS_FILE, columns, COUNT_OF(columns), sizeof(*holidays),
                        &city->hours.holiday_table, &whole, &cells, findings);
    city->hours.holidays = holidays;
    for (size_t row = 0; row < csv_table_rows(cells.table); row++) {
        struct hours_holiday *holiday = &holidays[read];
        holiday->kind = csv_table_cell(cells.table, row, 1);
        if (strcmp(holiday->kind, "solar") != 0 && strcmp(holiday->kind, "lunar") != 0 &&
            strcmp(holiday->kind, "predicted") != 0 && strcmp(holiday->kind, "local") != 0) {
            findings_error(findings, HOLIDAYS_FILE, csv_table_line(cells.table, row),
                           "the kind \"%s\" is none of solar, lunar, predicted, local",
                           findings_quote(holiday->kind).text);
        }
        city_cells_names(city, &cells, row, 2, &holiday->name_fa, &holiday->name_en);
        if (city_cells_date(city, &cells, row, csv_table_cell(cells.table, row, 0),
                            &holiday->day)) {
            read++;
        }
    }
    qsort(holidays, read, sizeof(*holidays), hours_compare_days);
    for (size_t i = 1; i < read; i++) {
        if (holidays[i].day == holidays[i - 1].day) {
            findings_error(findings, HOLIDAYS_FILE, 0,
                           "two rows have the date of \"%s\": a date is there once",
                           findings_quote(holidays[i].name_fa).text);
        }
    }
    return read;
}

void city_hours_load(struct city *city, struct findings *findings)
{
    bool has_hours = pack_files_find(&city->files, HOURS_FILE) != NULL;
    size_t holidays = 0;
    city->hours.whole = !has_hours;
    if (has_hours) {
        hours_load_schedules(city, findings);
    }
    if (pack_files_find(&city->files, HOLIDAYS_FILE) != NULL) {
        holidays = hours_load_holidays(city, findings);
        if (!has_hours) {
            findings_warning(findings, HOLIDAYS_FILE, 0,
                             "has no effect: there is no hours.csv, so the wall clock runs");
        }
    }
    for (size_t i = 0; i < city->hours.index.count; i++) {
        city->hours.schedules[i].civil = city->civil;
        city->hours.schedules[i].holidays = city->hours.holidays;
        city->hours.schedules[i].holiday_count = holidays;
    }
}

/* --- units --- */

/* The schedule named by the unit or the next above it that names one. */
static const struct hours *hours_of_unit(const struct city *city, size_t hours_column, size_t unit)
{
    int32_t at = (int32_t)unit;
    for (int depth = 0; at != KEY_INDEX_NONE && depth <= CITY_UNIT_DEPTH_MAX; depth++) {
        const char *key = csv_table_cell(city->unit_table, (size_t)at, hours_column);
        if (key[0] != '\0') {
            int32_t place = key_index_find(&city->hours.index, key);
            return place == KEY_INDEX_NONE ? NULL : &city->hours.schedules[place];
        }
        at = key_index_find(&city->unit_index, city->units[at].parent);
    }
    return city->hours.usual;
}

void city_hours_assign(struct city *city, size_t hours_column, struct findings *findings)
{
    size_t count = city->unit_index.count;
    struct city_hours *hours = &city->hours;
    hours->used = calloc(hours->index.count + 1, sizeof(*hours->used));
    hours->of_unit = calloc(count + 1, sizeof(*hours->of_unit));
    CHECK(hours->of_unit != NULL && hours->used != NULL);
    for (size_t unit = 0; unit < count; unit++) {
        const char *key = csv_table_cell(city->unit_table, unit, hours_column);
        if (key[0] != '\0' && hours->whole &&
            key_index_find(&hours->index, key) == KEY_INDEX_NONE) {
            findings_error(findings, "units.csv", csv_table_line(city->unit_table, unit),
                           "the hours \"%s\" are no schedule of hours.csv",
                           findings_quote(key).text);
        }
        hours->of_unit[unit] = hours_of_unit(city, hours_column, unit);
        if (hours->of_unit[unit] != NULL) {
            hours->used[hours->of_unit[unit] - hours->schedules] = true;
        }
    }
}

void city_hours_review(const struct city *city, struct findings *findings)
{
    const struct city_hours *hours = &city->hours;
    for (size_t i = 0; i < hours->index.count; i++) {
        if (!hours->used[i] && &hours->schedules[i] != hours->usual &&
            hours->schedules[i].rule_count > 0) {
            findings_warning(findings, HOURS_FILE, hours->schedules[i].rules[0].line,
                             "no unit and no rule has the hours \"%s\"",
                             findings_quote(hours->schedules[i].key).text);
        }
    }
}

void city_hours_fini(struct city_hours *hours)
{
    key_index_fini(&hours->index);
    free(hours->schedules);
    free(hours->rules);
    free(hours->holidays);
    free(hours->of_unit);
    free(hours->used);
    csv_table_free(hours->rule_table);
    csv_table_free(hours->holiday_table);
}

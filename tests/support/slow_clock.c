/* Working time minute by minute: see slow_clock.h. */
#include "tests/support/slow_clock.h"

#include "base/check.h"
#include "base/clock.h"
#include "city/csv_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MINUTES 1440
#define CACHE_DAYS 4096 /* answers of a schedule and a date are kept */

enum { SCHEDULE, FROM, TO, DAYS, HOURS };

struct slow_day {
    char schedule[65];
    int32_t year, month, day; /* 0: none yet */
    bool works[DAY_MINUTES];
    uint8_t in_hour[24]; /* so many of its minutes work */
};

struct slow_clock {
    const struct civil *civil;
    struct csv_table *hours;
    struct csv_table *holidays;
    struct csv_table *units;
    struct csv_table *levels;
    struct csv_table *ladder;
    struct slow_day *cache;
    char last_unit[80]; /* that was asked for, and its schedule */
    const char *last_schedule;
};

static struct csv_table *read_table(const char *folder, const char *file,
                                    const struct csv_column *columns, size_t count)
{
    char path[512];
    struct findings findings = {0};
    struct buffer text = BUFFER_EMPTY;
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    FILE *stream = fopen(path, "rb");
    while (stream != NULL) {
        uint8_t *room = buffer_extend(&text, 65536);
        size_t got = fread(room, 1, 65536, stream);
        text.size -= 65536 - got;
        if (got == 0) {
            break;
        }
    }
    struct csv_table *table = csv_table_read(file, buffer_bytes(&text), columns, count, &findings);
    CHECK(findings.errors == 0); /* a column that this clock does not know */
    if (stream != NULL) {
        fclose(stream);
    }
    buffer_fini(&text);
    return table;
}

struct slow_clock *slow_clock_new(const char *folder, const struct civil *civil)
{
    static const struct csv_column hours[] = {{"schedule", true},
                                              {"valid_from", true},
                                              {"valid_to", true},
                                              {"days", true},
                                              {"hours", true}};
    static const struct csv_column holidays[] = {
        {"date", true}, {"kind", true}, {"name_fa", true}, {"name_en", true}, {"phone", false}};
    static const struct csv_column units[] = {
        {"key", true},     {"parent", true},    {"hours", false},      {"kind", true},
        {"name_fa", true}, {"name_en", true},   {"phone", false},      {"urgent_desk", false},
        {"leader", false}, {"stand_in", false}, {"valid_from", false}, {"valid_to", false}};
    static const struct csv_column levels[] = {{"key", true},          {"due_hours", true},
                                               {"urgent_hours", true}, {"respond_hours", false},
                                               {"warn_share", false},  {"clock", false}};
    static const struct csv_column ladder[] = {
        {"level", true},         {"kind", true},        {"step", true},
        {"after_percent", true}, {"after_hours", true}, {"role", true},
        {"name_fa", true},       {"name_en", true},     {"unit", false}};
    struct slow_clock *slow = calloc(1, sizeof(*slow));
    CHECK(slow != NULL);
    slow->civil = civil;
    slow->hours = read_table(folder, "hours.csv", hours, 5);
    slow->holidays = read_table(folder, "holidays.csv", holidays, 4);
    slow->units = read_table(folder, "units.csv", units, 12);
    slow->levels = read_table(folder, "levels.csv", levels, 6);
    slow->ladder = read_table(folder, "ladder.csv", ladder, 9);
    slow->cache = calloc(CACHE_DAYS, sizeof(*slow->cache));
    CHECK(slow->cache != NULL);
    return slow;
}

void slow_clock_free(struct slow_clock *slow)
{
    if (slow != NULL) {
        csv_table_free(slow->hours);
        csv_table_free(slow->holidays);
        csv_table_free(slow->units);
        csv_table_free(slow->levels);
        csv_table_free(slow->ladder);
        free(slow->cache);
        free(slow);
    }
}

/* --- the files, asked --- */

static const char *schedule_of(const struct slow_clock *slow, const char *unit)
{
    for (int up = 0; up < 20; up++) {
        const char *parent = "";
        for (size_t row = 0; row < csv_table_rows(slow->units); row++) {
            if (strcmp(csv_table_cell(slow->units, row, 0), unit) == 0) {
                parent = csv_table_cell(slow->units, row, 1);
                if (csv_table_cell(slow->units, row, 2)[0] != '\0') {
                    return csv_table_cell(slow->units, row, 2);
                }
            }
        }
        unit = parent;
    }
    return "default";
}

static bool is_holiday(const struct slow_clock *slow, const char *date)
{
    for (size_t row = 0; row < csv_table_rows(slow->holidays); row++) {
        if (strcmp(csv_table_cell(slow->holidays, row, 0), date) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether "saturday-wednesday thursday" names the day. */
static bool names_day(const char *days, int weekday, bool holiday)
{
    static const char *const names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};
    char copy[256];
    char *rest = copy;
    snprintf(copy, sizeof(copy), "%s", days);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (strcmp(word, "holidays") == 0 ? holiday : strcmp(word, "all") == 0 && !holiday) {
            return true;
        }
        char *last = strchr(word, '-');
        if (last == NULL) {
            last = word;
        } else {
            *last++ = '\0';
        }
        int day = 0;
        while (day < 7 && strcmp(names[day], word) != 0) {
            day++;
        }
        for (; day < 7 && !holiday; day = (day + 1) % 7) {
            if (day == weekday) {
                return true;
            }
            if (strcmp(names[day], last) == 0) {
                break;
            }
        }
    }
    return false;
}

static void mark_minutes(const char *hours, bool ret_works[DAY_MINUTES])
{
    char copy[256];
    char *rest = copy;
    snprintf(copy, sizeof(copy), "%s", hours);
    memset(ret_works, 0, DAY_MINUTES * sizeof(*ret_works));
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        int h1, m1, h2, m2;
        if (sscanf(word, "%d:%d-%d:%d", &h1, &m1, &h2, &m2) == 4) {
            for (int minute = h1 * 60 + m1; minute < h2 * 60 + m2 && minute < DAY_MINUTES;
                 minute++) {
                ret_works[minute] = true;
            }
        }
    }
}

/* The cell of the hours that hold on the date: with dates before without. */
static const char *hours_of(const struct slow_clock *slow, const char *schedule, const char *date,
                            int weekday)
{
    const char *usual = "closed";
    bool holiday = is_holiday(slow, date);
    for (size_t row = 0; row < csv_table_rows(slow->hours); row++) {
        const char *from = csv_table_cell(slow->hours, row, FROM);
        const char *to = csv_table_cell(slow->hours, row, TO);
        if (strcmp(csv_table_cell(slow->hours, row, SCHEDULE), schedule) != 0 ||
            !names_day(csv_table_cell(slow->hours, row, DAYS), weekday, holiday)) {
            continue;
        }
        if (from[0] == '\0') {
            usual = csv_table_cell(slow->hours, row, HOURS);
        } else if (strcmp(from, date) <= 0 && strcmp(date, to) <= 0) {
            return csv_table_cell(slow->hours, row, HOURS);
        }
    }
    return usual;
}

static const struct slow_day *day_of(struct slow_clock *slow, const char *schedule,
                                     const struct civil_time *time)
{
    size_t place = (size_t)(time->year * 372 + time->month * 31 + time->day) * 7;
    struct slow_day *day = &slow->cache[(place + strlen(schedule)) % CACHE_DAYS];
    if (day->year != time->year || day->month != time->month || day->day != time->day ||
        strcmp(day->schedule, schedule) != 0) {
        char date[48];
        snprintf(date, sizeof(date), "%04d-%02d-%02d", time->year, time->month, time->day);
        snprintf(day->schedule, sizeof(day->schedule), "%s", schedule);
        day->year = time->year;
        day->month = time->month;
        day->day = time->day;
        mark_minutes(hours_of(slow, schedule, date, time->weekday), day->works);
        memset(day->in_hour, 0, sizeof(day->in_hour));
        for (int minute = 0; minute < DAY_MINUTES; minute++) {
            day->in_hour[minute / 60] += day->works[minute];
        }
    }
    return day;
}

static bool works(struct slow_clock *slow, const char *schedule, int64_t us)
{
    struct civil_time time;
    civil_from_us(slow->civil, us, &time);
    return day_of(slow, schedule, &time)->works[time.hour * 60 + time.minute];
}

/* NULL for no unit. The same is asked for again and again. */
static const char *schedule_kept(struct slow_clock *slow, const char *unit)
{
    if (unit == NULL) {
        return NULL;
    }
    if (slow->last_schedule == NULL || strcmp(slow->last_unit, unit) != 0) {
        snprintf(slow->last_unit, sizeof(slow->last_unit), "%s", unit);
        slow->last_schedule = schedule_of(slow, unit);
    }
    return slow->last_schedule;
}

bool slow_clock_works(struct slow_clock *slow, const char *unit, int64_t us)
{
    return works(slow, schedule_kept(slow, unit), us);
}

/* --- sums --- */

static bool in_gap(int64_t us, const struct slow_gap *gaps, size_t gap_count)
{
    for (size_t i = 0; i < gap_count; i++) {
        if (gaps[i].from_us <= us && us < gaps[i].to_us) {
            return true;
        }
    }
    return false;
}

int64_t slow_clock_add(struct slow_clock *slow, const char *unit, int64_t from_us,
                       int64_t amount_us, const struct slow_gap *gaps, size_t gap_count,
                       int64_t step_us, int64_t steps_max)
{
    const char *schedule = schedule_kept(slow, unit);
    int64_t us = from_us;
    for (int64_t step = 0; amount_us > 0; step++, us += step_us) {
        if (step == steps_max) {
            return INT64_MAX;
        }
        if ((schedule == NULL || works(slow, schedule, us)) && !in_gap(us, gaps, gap_count)) {
            amount_us -= step_us;
        }
    }
    return us;
}

int64_t slow_clock_between(struct slow_clock *slow, const char *unit, int64_t from_us,
                           int64_t to_us, const struct slow_gap *gaps, size_t gap_count,
                           int64_t step_us)
{
    const char *schedule = schedule_kept(slow, unit);
    int64_t amount_us = 0;
    for (int64_t us = from_us; us < to_us; us += step_us) {
        if ((schedule == NULL || works(slow, schedule, us)) && !in_gap(us, gaps, gap_count)) {
            amount_us += step_us;
        }
    }
    return amount_us;
}

/* --- from any instant --- */

#define MINUTE INT64_C(60000000)
#define YEAR_MINUTES (366 * 1440)

/* The part of [from, to) in no gap, at most `wanted`; *ret_end_us is where it ends. */
static int64_t part_of(int64_t from_us, int64_t to_us, int64_t wanted_us,
                       const struct slow_gap *gaps, size_t gap_count, int64_t *ret_end_us)
{
    int64_t taken_us = 0;
    for (int64_t us = from_us; us < to_us && taken_us < wanted_us;) {
        int64_t next_us = to_us;
        bool is_gap = false;
        for (size_t i = 0; i < gap_count; i++) {
            if (gaps[i].from_us <= us && us < gaps[i].to_us) {
                is_gap = true;
                next_us = gaps[i].to_us < next_us ? gaps[i].to_us : next_us;
            } else if (us < gaps[i].from_us && gaps[i].from_us < next_us) {
                next_us = gaps[i].from_us;
            }
        }
        if (!is_gap) {
            int64_t left_us = wanted_us - taken_us;
            int64_t part_us = next_us - us < left_us ? next_us - us : left_us;
            taken_us += part_us;
            *ret_end_us = us + part_us;
        }
        us = next_us;
    }
    return taken_us;
}

/* Whether all of the hour from us on, or none of it, works: then it needs no look at its minutes. */
static bool is_alike(const struct slow_day *day, int32_t hour, int64_t us,
                     const struct slow_gap *gaps, size_t gap_count)
{
    for (size_t i = 0; i < gap_count; i++) {
        if (gaps[i].from_us < us + HOUR_US && us < gaps[i].to_us) {
            return false;
        }
    }
    return day == NULL || day->in_hour[hour] == 0 || day->in_hour[hour] == 60;
}

/* Adds up minutes of the wall clock. The date and hour are asked anew at each full hour. */
static int64_t add_up(struct slow_clock *slow, const char *unit, int64_t from_us, int64_t to_us,
                      int64_t wanted_us, const struct slow_gap *gaps, size_t gap_count,
                      int64_t *ret_end_us)
{
    const char *schedule = schedule_kept(slow, unit);
    int64_t taken_us = 0;
    int64_t us = from_us;
    *ret_end_us = from_us;
    for (int minutes = 0; us < to_us && taken_us < wanted_us && minutes < YEAR_MINUTES;) {
        struct civil_time time;
        civil_from_us(slow->civil, us, &time);
        const struct slow_day *day = schedule == NULL ? NULL : day_of(slow, schedule, &time);
        int64_t past_us = time.second * INT64_C(1000000) + us % 1000000; /* of its minute */
        if (time.minute == 0 && past_us == 0 && us + HOUR_US <= to_us &&
            taken_us + HOUR_US <= wanted_us && is_alike(day, time.hour, us, gaps, gap_count)) {
            us += HOUR_US;
            minutes += 60;
            if (day == NULL || day->in_hour[time.hour] == 60) {
                taken_us += HOUR_US;
                *ret_end_us = us;
            }
            continue;
        }
        for (int32_t minute = time.minute; minute < 60 && us < to_us && taken_us < wanted_us;
             minute++, minutes++) {
            int64_t end_us = us - past_us + MINUTE < to_us ? us - past_us + MINUTE : to_us;
            if (day == NULL || day->works[time.hour * 60 + minute]) {
                taken_us += part_of(us, end_us, wanted_us - taken_us, gaps, gap_count, ret_end_us);
            }
            us = end_us;
            past_us = 0;
        }
    }
    return taken_us;
}

int64_t slow_clock_add_exactly(struct slow_clock *slow, const char *unit, int64_t from_us,
                               int64_t amount_us, const struct slow_gap *gaps, size_t gap_count)
{
    int64_t end_us;
    int64_t taken_us = add_up(slow, unit, from_us, INT64_MAX, amount_us, gaps, gap_count, &end_us);
    return taken_us == amount_us ? end_us : INT64_MAX;
}

int64_t slow_clock_between_exactly(struct slow_clock *slow, const char *unit, int64_t from_us,
                                   int64_t to_us, const struct slow_gap *gaps, size_t gap_count)
{
    int64_t end_us;
    return add_up(slow, unit, from_us, to_us, INT64_MAX, gaps, gap_count, &end_us);
}

/* --- levels and ladder --- */

static int64_t number_in(const struct csv_table *table, size_t row, size_t column)
{
    return strtoll(csv_table_cell(table, row, column), NULL, 10);
}

bool slow_clock_level(struct slow_clock *slow, const char *key, struct slow_level *ret_level)
{
    for (size_t row = 0; row < csv_table_rows(slow->levels); row++) {
        if (strcmp(csv_table_cell(slow->levels, row, 0), key) == 0) {
            *ret_level = (struct slow_level){
                .due_hours = number_in(slow->levels, row, 1),
                .urgent_hours = number_in(slow->levels, row, 2),
                .respond_hours = number_in(slow->levels, row, 3),
                .warn_percent = number_in(slow->levels, row, 4),
                .working = strcmp(csv_table_cell(slow->levels, row, 5), "working") == 0,
            };
            return true;
        }
    }
    return false;
}

/* A cell of the unit's row; "" for a unit that is not listed. */
static const char *unit_cell(const struct slow_clock *slow, const char *unit, size_t column)
{
    for (size_t row = 0; row < csv_table_rows(slow->units); row++) {
        if (strcmp(csv_table_cell(slow->units, row, 0), unit) == 0) {
            return csv_table_cell(slow->units, row, column);
        }
    }
    return "";
}

static bool fits(const char *pattern, const char *value)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, value) == 0;
}

/* The row of a step in ladder.csv; false when there is none. */
static bool find_step(const struct slow_clock *slow, const char *level, const char *unit,
                      unsigned number, size_t *ret_row)
{
    const struct csv_table *table = slow->ladder;
    const char *kind = unit_cell(slow, unit, 3);
    size_t row = 0;
    while (row < csv_table_rows(table) && !(fits(csv_table_cell(table, row, 0), level) &&
                                            fits(csv_table_cell(table, row, 1), kind))) {
        row++; /* to the first step of its ladder */
    }
    *ret_row = row + number - 1;
    return *ret_row < csv_table_rows(table) && number_in(table, *ret_row, 2) == number;
}

bool slow_clock_step(struct slow_clock *slow, const char *level, const char *unit, unsigned number,
                     int64_t *ret_percent, int64_t *ret_hours)
{
    size_t row;
    if (!find_step(slow, level, unit, number, &row)) {
        return false;
    }
    *ret_percent = number_in(slow->ladder, row, 3);
    *ret_hours = number_in(slow->ladder, row, 4);
    return true;
}

const char *slow_clock_goes_up_to(struct slow_clock *slow, const char *level, const char *unit,
                                  unsigned number)
{
    size_t row;
    if (!find_step(slow, level, unit, number, &row)) {
        return "";
    }
    const char *named = csv_table_cell(slow->ladder, row, 8);
    const char *at = unit;
    while (named[0] == '\0' && at[0] != '\0') {
        named = strcmp(unit_cell(slow, at, 8), csv_table_cell(slow->ladder, row, 5)) == 0 ? at : "";
        at = unit_cell(slow, at, 1);
    }
    return strcmp(named, unit) == 0 ? "" : named;
}

/* Working time minute by minute: see slow_clock.h. */
#include "tests/support/slow_clock.h"

#include "base/check.h"
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
};

struct slow_clock {
    const struct civil *civil;
    struct csv_table *hours;
    struct csv_table *holidays;
    struct csv_table *units;
    struct slow_day *cache;
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
        {"date", true}, {"kind", true}, {"name_fa", true}, {"name_en", true}};
    static const struct csv_column units[] = {{"key", true},  {"parent", true},  {"hours", false},
                                              {"kind", true}, {"name_fa", true}, {"name_en", true}};
    struct slow_clock *slow = calloc(1, sizeof(*slow));
    CHECK(slow != NULL);
    slow->civil = civil;
    slow->hours = read_table(folder, "hours.csv", hours, 5);
    slow->holidays = read_table(folder, "holidays.csv", holidays, 4);
    slow->units = read_table(folder, "units.csv", units, 6);
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

static bool names_minute(const char *hours, int minute)
{
    char copy[256];
    char *rest = copy;
    snprintf(copy, sizeof(copy), "%s", hours);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        int h1, m1, h2, m2;
        if (sscanf(word, "%d:%d-%d:%d", &h1, &m1, &h2, &m2) == 4 && minute >= h1 * 60 + m1 &&
            minute < h2 * 60 + m2) {
            return true;
        }
    }
    return false;
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
        const char *hours = hours_of(slow, schedule, date, time->weekday);
        for (int minute = 0; minute < DAY_MINUTES; minute++) {
            day->works[minute] = names_minute(hours, minute);
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

bool slow_clock_works(struct slow_clock *slow, const char *unit, int64_t us)
{
    return works(slow, schedule_of(slow, unit), us);
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
    const char *schedule = unit == NULL ? NULL : schedule_of(slow, unit);
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
    const char *schedule = unit == NULL ? NULL : schedule_of(slow, unit);
    int64_t amount_us = 0;
    for (int64_t us = from_us; us < to_us; us += step_us) {
        if ((schedule == NULL || works(slow, schedule, us)) && !in_gap(us, gaps, gap_count)) {
            amount_us += step_us;
        }
    }
    return amount_us;
}

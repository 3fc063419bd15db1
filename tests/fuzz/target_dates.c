/*
 * Civil time. The first byte chooses zone and calendar, the next 8 are an instant, then comes a
 * line with a form
 * ("%Y-%m-%d %H:%M") and the rest is what somebody wrote. What is formatted reads back.
 */
#include "base/clock.h"
#include "base/utf8_check.h"
#include "tests/fuzz/fuzz.h"
#include "text/civil.h"

#include <stdio.h>
#include <string.h>

#define NOW_US (INT64_C(1767254400) * SECOND_US) /* 2026-01-01T08:00:00Z */
#define FAR_US (INT64_C(6000) * 366 * DAY_US)

#define CIVILS 8

struct place {
    const char *zone;
    enum civil_calendar calendar;
    int week_start;
};

static const struct place places[CIVILS] = {
    {"Asia/Tehran", CIVIL_JALALI, 6},          {"Asia/Tehran", CIVIL_GREGORIAN, 1},
    {"America/New_York", CIVIL_GREGORIAN, 0},  {"UTC", CIVIL_JALALI, 6},
    {"Europe/London", CIVIL_GREGORIAN, 1},     {"Australia/Lord_Howe", CIVIL_GREGORIAN, 1},
    {"Africa/Casablanca", CIVIL_GREGORIAN, 1}, {"Pacific/Apia", CIVIL_JALALI, 6},
};

static const struct civil *civil_at(size_t index)
{
    static struct civil *made[CIVILS];
    const struct place *place = &places[index];
    if (made[index] == NULL) {
        PROPERTY(civil_new(&made[index], place->zone, place->calendar, place->week_start, NULL) ==
                     STATUS_OK,
                 "the zone is known");
    }
    return made[index];
}

/* Years that civil_parse reads as years of this calendar. */
static bool reads_back(enum civil_calendar calendar, int32_t year)
{
    return calendar == CIVIL_JALALI ? year >= 1200 && year <= 1599 : year >= 1600 && year <= 9999;
}

static void check_format(const struct civil *civil, enum civil_calendar calendar, int64_t us)
{
    char text[32];
    char again[32];
    struct civil_time time;
    int64_t read_us = 0;
    civil_from_us(civil, us, &time);
    PROPERTY(time.month >= 1 && time.month <= 12 && time.day >= 1 && time.day <= 31,
             "there is such a day");
    PROPERTY(time.hour >= 0 && time.hour <= 23 && time.minute >= 0 && time.minute <= 59 &&
                 time.second >= 0 && time.second <= 59 && time.weekday >= 0 && time.weekday <= 6,
             "there is such a time of day");
    civil_format(civil, us, text);
    if (reads_back(calendar, time.year)) {
        PROPERTY(civil_parse(civil, text, NOW_US, "at", &read_us, NULL) == STATUS_OK,
                 "what is formatted can be read");
        civil_format(civil, read_us, again);
        PROPERTY(strcmp(text, again) == 0, "and is the same wall time");
        PROPERTY(read_us <= us && us - read_us < 3 * HOUR_US,
                 "the first instant of that wall time");
    }
}

static void check_format_utc(const struct civil *civil, int64_t us)
{
    char text[32];
    int64_t read_us = 0;
    civil_format_utc(us, text);
    int year = 0;
    if (sscanf(text, "%d-", &year) == 1 && year >= 1600 && year <= 9999) {
        PROPERTY(civil_parse(civil, text, NOW_US, "at", &read_us, NULL) == STATUS_OK &&
                     read_us == us,
                 "an instant in UTC reads back to the microsecond");
    }
}

static void check_format_long(const struct civil *civil, int64_t us)
{
    char text[96];
    memset(text, 'x', sizeof(text));
    civil_format_long(civil, us, us % 2 == 0 ? "fa" : "en", text);
    const char *end = memchr(text, '\0', sizeof(text));
    PROPERTY(end != NULL && end > text && utf8_well_formed(text, (size_t)(end - text)),
             "the long form is text");
}

static void check_periods(const struct civil *civil, int64_t us)
{
    static const int32_t hours_max[] = {
        [CIVIL_HOUR] = 0, [CIVIL_DAY] = 23, [CIVIL_WEEK] = 167, [CIVIL_MONTH] = 31 * 24 - 1};
    int32_t hour = civil_local_hour(civil, us);
    for (int period = CIVIL_HOUR; period <= CIVIL_MONTH; period++) {
        char name[32];
        char same[32];
        int32_t start = civil_period_start(civil, hour, (enum civil_period)period);
        PROPERTY(start <= hour && hour - start <= hours_max[period],
                 "a period begins before, and is not too long");
        PROPERTY(civil_period_start(civil, start, (enum civil_period)period) == start,
                 "its first hour is its own");
        civil_period_name(civil, hour, (enum civil_period)period, name);
        civil_period_name(civil, start, (enum civil_period)period, same);
        PROPERTY(strcmp(name, same) == 0, "all of a period has one name");
    }
}

static void check_read(const struct civil *civil, enum status status, int64_t us,
                       const struct error *err)
{
    char text[32];
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, err);
        PROPERTY(strcmp(err->field, "at") == 0, "the refusal names the field");
        PROPERTY(us == -1, "a refusal leaves the output alone");
        return;
    }
    PROPERTY(us > NOW_US - FAR_US * 2 && us < NOW_US + FAR_US * 2, "a year is from 1200 to 9999");
    civil_format(civil, us, text);
}

static void check_typed(const struct civil *civil, const char *format, const char *text)
{
    struct error err = ERROR_NONE;
    int64_t us = -1;
    enum status status = civil_parse(civil, text, NOW_US, "at", &us, &err);
    check_read(civil, status, us, &err);
    us = -1;
    status = civil_parse_format(civil, text, format, "at", &us, &err);
    check_read(civil, status, us, &err);
}

/* What strptime-like reading takes, strftime-like writing gives. */
static void check_parse_format(const struct civil *civil, enum civil_calendar calendar, int64_t us)
{
    char text[32];
    int64_t plain_us = 0;
    int64_t formed_us = 0;
    struct civil_time time;
    civil_from_us(civil, us, &time);
    civil_format(civil, us, text);
    if (reads_back(calendar, time.year)) {
        PROPERTY(civil_parse(civil, text, NOW_US, "at", &plain_us, NULL) == STATUS_OK &&
                     civil_parse_format(civil, text, "%Y-%m-%d %H:%M", "at", &formed_us, NULL) ==
                         STATUS_OK &&
                     plain_us == formed_us,
                 "both readers read the same");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    size_t index = fuzz_below(&in, CIVILS);
    const struct civil *civil = civil_at(index);
    int64_t us = fuzz_i64(&in);
    check_format(civil, places[index].calendar, us % FAR_US);
    check_format(civil, places[index].calendar, us);
    check_format_utc(civil, us % FAR_US);
    check_parse_format(civil, places[index].calendar, us % FAR_US);
    check_periods(civil, us % FAR_US);
    if (size % 16 == 0) { /* ICU opens a formatter each time: slow */
        check_format_long(civil, us % FAR_US);
    }
    const char *format = fuzz_text_of(&in, fuzz_line(&in));
    check_typed(civil, format, fuzz_rest_text(&in));
    fuzz_end(&in);
    return 0;
}

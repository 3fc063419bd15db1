/* Instants to wall times and back, and periods of local hours. */
#include "text/civil.h"

#include "base/check.h"
#include "base/clock.h"
#include "text/civil_internal.h"

#include <stdlib.h>

/* About the years -9999 to 99999; times beyond are taken as the end. */
#define US_MIN (INT64_C(-377673580800) * SECOND_US)
#define US_MAX (INT64_C(3093527894400) * SECOND_US)

enum status civil_new(struct civil **ret_civil, const char *zone, enum civil_calendar calendar,
                      int week_start, struct error *err)
{
    if (calendar != CIVIL_GREGORIAN && calendar != CIVIL_JALALI) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "calendar", "no such calendar");
    }
    if (week_start < 0 || week_start > 6) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "week_start",
                         "a weekday is 0 (Sunday) to 6 (Saturday), not %d", week_start);
    }
    enum status status = calendar_prepare(err);
    if (status != STATUS_OK) {
        return status;
    }
    struct zone *opened;
    status = zone_new(&opened, zone, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct civil *civil = malloc(sizeof(*civil));
    CHECK(civil != NULL);
    *civil = (struct civil){.zone = opened, .calendar = calendar, .week_start = week_start};
    *ret_civil = civil;
    return STATUS_OK;
}

void civil_free(struct civil *civil)
{
    if (civil != NULL) {
        zone_free(civil->zone);
        free(civil);
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int32_t weekday_of(int64_t day)
{
    int64_t from_sunday = day + 4; /* 1970-01-01 was a Thursday */
    return (int32_t)(from_sunday - 7 * floor_div(from_sunday, 7));
}

struct civil_time civil_split(enum civil_calendar calendar, int64_t us, int64_t offset_us)
{
    int64_t wall_us = clamp(us, US_MIN, US_MAX) + offset_us;
    int64_t day = floor_div(wall_us, DAY_US);
    int32_t second = (int32_t)((wall_us - day * DAY_US) / SECOND_US);
    struct calendar_date date = calendar_date(calendar, day);
    return (struct civil_time){.year = date.year,
                               .month = date.month,
                               .day = date.day,
                               .hour = second / 3600,
                               .minute = second / 60 % 60,
                               .second = second % 60,
                               .weekday = weekday_of(day)};
}

void civil_from_us(const struct civil *civil, int64_t us, struct civil_time *ret_time)
{
    *ret_time = civil_split(civil->calendar, us, zone_offset_us(civil->zone, us));
}

int64_t civil_wall_to_us(const struct civil *civil, enum civil_calendar calendar,
                         const struct civil_time *time)
{
    struct calendar_date date = {
        .year = (int32_t)clamp(time->year, CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX),
        .month = (int32_t)clamp(time->month, -1200, 1200),
        .day = (int32_t)clamp(time->day, -366000, 366000),
    };
    int64_t wall_us = calendar_day(calendar, date) * DAY_US + time->hour * HOUR_US +
                      time->minute * MINUTE_US + time->second * SECOND_US;
    /* With the offsets of the day before and the day after there are at most two readings. The
     * earlier offset is tried first: it gives the first of a doubled hour, and moves a missing one
     * forward. */
    int64_t before_us = zone_offset_us(civil->zone, wall_us - DAY_US);
    int64_t after_us = zone_offset_us(civil->zone, wall_us + DAY_US);
    bool before_fits = zone_offset_us(civil->zone, wall_us - before_us) == before_us;
    bool after_fits = zone_offset_us(civil->zone, wall_us - after_us) == after_us;
    return !before_fits && after_fits ? wall_us - after_us : wall_us - before_us;
}

int64_t civil_to_us(const struct civil *civil, const struct civil_time *time)
{
    return civil_wall_to_us(civil, civil->calendar, time);
}

bool civil_offset(const struct civil *civil, int64_t us, int64_t *ret_offset_us,
                  int64_t *ret_until_us)
{
    return zone_offset_until(civil->zone, us, ret_offset_us, ret_until_us);
}

int32_t civil_day(const struct civil *civil, int64_t us)
{
    return (int32_t)floor_div(civil_local_hour(civil, us), 24);
}

int32_t civil_weekday(int32_t day)
{
    return weekday_of(day);
}

int32_t civil_local_hour(const struct civil *civil, int64_t us)
{
    int64_t within = clamp(us, US_MIN, US_MAX);
    return (int32_t)floor_div(within + zone_offset_us(civil->zone, within), HOUR_US);
}

int32_t civil_period_start(const struct civil *civil, int32_t local_hour, enum civil_period period)
{
    int64_t day = floor_div(local_hour, 24);
    switch (period) {
    case CIVIL_HOUR: return local_hour;
    case CIVIL_DAY: break;
    case CIVIL_WEEK: day -= (weekday_of(day) - civil->week_start + 7) % 7; break;
    case CIVIL_MONTH: day -= calendar_date(civil->calendar, day).day - 1; break;
    }
    return (int32_t)clamp(day * 24, INT32_MIN, INT32_MAX);
}

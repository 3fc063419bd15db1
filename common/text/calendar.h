/* Dates of a calendar and days since 1970-01-01; no zone. Private to text. */
#ifndef VAFA_TEXT_CALENDAR_H
#define VAFA_TEXT_CALENDAR_H

#include "text/civil.h"

/* Years beyond these are nobody's: callers clamp to them. */
#define CALENDAR_YEAR_MIN (-9999)
#define CALENDAR_YEAR_MAX 99999

struct calendar_date {
    int32_t year;
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
};

/* Before anything else; any thread, as often as wanted. */
enum status calendar_prepare(struct error *err);

/* Days since 1970-01-01 (Gregorian, without the gap of 1582). */
int64_t calendar_day(enum civil_calendar calendar, struct calendar_date date);
struct calendar_date calendar_date(enum civil_calendar calendar, int64_t day);
int32_t calendar_month_days(enum civil_calendar calendar, int32_t year, int32_t month);

#endif

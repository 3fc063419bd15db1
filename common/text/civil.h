/*
 * Civil time: UTC microseconds to a city's wall clock and calendar, and back. ICU does the work.
 */
#ifndef VAFA_TEXT_CIVIL_H
#define VAFA_TEXT_CIVIL_H

#include "base/bytes.h"

enum civil_calendar { CIVIL_GREGORIAN, CIVIL_JALALI };

enum civil_period { CIVIL_HOUR, CIVIL_DAY, CIVIL_WEEK, CIVIL_MONTH };

/* A zone, a calendar and the first day of the week. Safe from any thread. */
struct civil;

struct civil_time { /* in the calendar of the civil */
    int32_t year;
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
    int32_t hour, minute, second;
    int32_t weekday; /* 0 = Sunday .. 6 = Saturday */
};

/* zone: an IANA name; week_start: 0 = Sunday .. 6 = Saturday. INVALID_ARGUMENT, field "zone", when
 * unknown. */
enum status civil_new(struct civil **ret_civil, const char *zone, enum civil_calendar calendar,
                      int week_start, struct error *err);
void civil_free(struct civil *civil); /* NULL is allowed */

void civil_from_us(const struct civil *civil, int64_t us, struct civil_time *ret_time);
/* A wall time that does not exist (spring) moves forward; one that exists twice is its first. */
int64_t civil_to_us(const struct civil *civil, const struct civil_time *time);

/* What is added to UTC to get the wall clock at that time, and until when (exclusive) it stays so.
 * False, and nothing written, outside 1900 to 2199, the years a zone's changes are known for. */
bool civil_offset(const struct civil *civil, int64_t us, int64_t *ret_offset_us,
                  int64_t *ret_until_us);
/* Days since 1970-01-01 of the date on the wall clock. */
int32_t civil_day(const struct civil *civil, int64_t us);
/* 0 = Sunday .. 6 = Saturday. */
int32_t civil_weekday(int32_t day);

/* Hours since 1970-01-01 00:00 on the city's wall clock (Gregorian days * 24 + hour): orders and
 * groups local hours; the doubled hour of autumn counts as one. Fast: no ICU call when the zone's
 * offset at that time is cached. */
int32_t civil_local_hour(const struct civil *civil, int64_t us);

/* The local hour at which the period that holds local_hour begins: for CIVIL_MONTH in this
 * calendar, for CIVIL_WEEK on week_start. */
int32_t civil_period_start(const struct civil *civil, int32_t local_hour, enum civil_period period);

/* "2011-08-28" / "1390-06-06" (its calendar), for CIVIL_HOUR "2011-08-28 14:00", for CIVIL_MONTH
 * "2011-08". */
void civil_period_name(const struct civil *civil, int32_t local_hour, enum civil_period period,
                       char out[32]);

/* Reads "2011-08-28", "2011-08-28T14:30[:15]", with a space instead of T, with "Z" or "+03:30"
 * behind (else in the zone); a year from 1200 to 1599 is Jalali, whatever the calendar; digits of
 * any script, "/" for "-", parts of a second; and "now", "today", "-7d", "-12h", "-10m",
 * "+3d" (days, hours, minutes) relative to now_us.
 * INVALID_ARGUMENT, `field` named. */
enum status civil_parse(const struct civil *civil, const char *text, int64_t now_us,
                        const char *field, int64_t *ret_us, struct error *err);

/* "2011-08-28 14:30" in the calendar and zone. */
void civil_format(const struct civil *civil, int64_t us, char out[32]);
/* "یکشنبه ۶ شهریور ۱۳۹۰، ۱۴:۳۰" / "Sunday 28 August 2011, 14:30": pattern "EEEE d MMMM y, HH:mm" in
 * the language ("fa", "en"). */
void civil_format_long(const struct civil *civil, int64_t us, const char *language, char out[96]);
/* "2011-08-28T18:30:00.000000Z" */
void civil_format_utc(int64_t us, char out[32]);

/* strptime-like, for imports: `format` uses %Y %m %d %H %M %S %y %b %p %I; the wall time is in the
 * zone. */
enum status civil_parse_format(const struct civil *civil, const char *text, const char *format,
                               const char *field, int64_t *ret_us, struct error *err);

#endif

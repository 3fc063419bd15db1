/*
 * Dates to days and back. Gregorian by arithmetic; for the Jalali calendar ICU is asked once for
 * the first day of each year of a long table, since that day is the only thing about it that is not
 * arithmetic.
 */
#include "text/calendar.h"

#include "text/icu_error.h"

#include <pthread.h>
#include <stdbool.h>
#include <unicode/ucal.h>

#define MS_PER_DAY INT64_C(86400000)

/* Jalali years asked of ICU: Gregorian 1621 to 2421. Outside it the 33-year cycle is continued. */
#define TABLE_FIRST 1000
#define TABLE_YEARS 801

static pthread_once_t table_once = PTHREAD_ONCE_INIT;
static UErrorCode table_error = U_ZERO_ERROR;
static int32_t table[TABLE_YEARS]; /* day of 1 Farvardin */

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static void table_fill(void)
{
    static const UChar utc[] = {'U', 'T', 'C', 0};
    UCalendar *calendar =
        ucal_open(utc, -1, "fa_IR@calendar=persian", UCAL_TRADITIONAL, &table_error);
    for (int32_t i = 0; i < TABLE_YEARS && U_SUCCESS(table_error); i++) {
        ucal_clear(calendar);
        ucal_set(calendar, UCAL_EXTENDED_YEAR, TABLE_FIRST + i);
        ucal_set(calendar, UCAL_MONTH, 0);
        ucal_set(calendar, UCAL_DATE, 1);
        table[i] = (int32_t)floor_div((int64_t)ucal_getMillis(calendar, &table_error), MS_PER_DAY);
    }
    ucal_close(calendar);
}

enum status calendar_prepare(struct error *err)
{
    pthread_once(&table_once, table_fill);
    return icu_status(table_error, "reading the Jalali calendar", err);
}

/* The 33-year cycle, eight leap years in each: source/i18n/persncal.cpp of ICU 72. */
static int64_t cycle_year_start(int64_t year)
{
    return 365 * (year - 1) + floor_div(8 * year + 21, 33);
}

static int64_t jalali_year_start(int64_t year)
{
    int64_t index = year - TABLE_FIRST;
    if (index < 0) {
        return table[0] + cycle_year_start(year) - cycle_year_start(TABLE_FIRST);
    }
    if (index >= TABLE_YEARS) {
        return table[TABLE_YEARS - 1] + cycle_year_start(year) -
               cycle_year_start(TABLE_FIRST + TABLE_YEARS - 1);
    }
    return table[index];
}

/* Six months of 31 days, then months of 30. */
static int64_t jalali_days_before_month(int32_t month)
{
    return month <= 7 ? (month - 1) * 31 : 186 + (month - 7) * 30;
}

static struct calendar_date jalali_date(int64_t day)
{
    /* 1 Farvardin 1 is about day -492268; the guess is off by at most one. */
    int64_t year = 1 + floor_div((day + 492268) * 33, 12053);
    while (jalali_year_start(year) > day) {
        year--;
    }
    while (jalali_year_start(year + 1) <= day) {
        year++;
    }
    int32_t rest = (int32_t)(day - jalali_year_start(year));
    int32_t month = rest < 186 ? rest / 31 + 1 : (rest - 186) / 30 + 7;
    return (struct calendar_date){.year = (int32_t)year,
                                  .month = month,
                                  .day = rest - (int32_t)jalali_days_before_month(month) + 1};
}

/* Gregorian, by years that begin in March, so that the leap day is the last. Source of the method:
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t gregorian_month_start(int64_t year, int32_t month)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(shifted, 400);
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct calendar_date gregorian_date(int64_t day)
{
    int64_t from_era_start = day + 719468;
    int64_t era = floor_div(from_era_start, 146097);
    int64_t day_of_era = from_era_start - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    int32_t month_of_year = (int32_t)(month < 10 ? month + 3 : month - 9);
    int64_t year = year_of_era + era * 400 + (month_of_year <= 2 ? 1 : 0);
    return (struct calendar_date){.year = (int32_t)year,
                                  .month = month_of_year,
                                  .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1)};
}

static int64_t month_start(enum civil_calendar calendar, int64_t year, int32_t month)
{
    if (calendar == CIVIL_JALALI) {
        return jalali_year_start(year) + jalali_days_before_month(month);
    }
    return gregorian_month_start(year, month);
}

int64_t calendar_day(enum civil_calendar calendar, struct calendar_date date)
{
    /* Months and days beyond their ends run over into the next, as in mktime. */
    int64_t year = date.year + floor_div((int64_t)date.month - 1, 12);
    int32_t month =
        (int32_t)((int64_t)date.month - 1 - 12 * floor_div((int64_t)date.month - 1, 12)) + 1;
    return month_start(calendar, year, month) + date.day - 1;
}

struct calendar_date calendar_date(enum civil_calendar calendar, int64_t day)
{
    return calendar == CIVIL_JALALI ? jalali_date(day) : gregorian_date(day);
}

int32_t calendar_month_days(enum civil_calendar calendar, int32_t year, int32_t month)
{
    int64_t next = month == 12 ? month_start(calendar, (int64_t)year + 1, 1)
                               : month_start(calendar, year, month + 1);
    return (int32_t)(next - month_start(calendar, year, month));
}

/*
 * Working hours as a calendar, and sums with them: when is a task due that may take so many working
 * hours, and how much working time lies between two instants.
 *
 * An instant is working time when the city's wall clock shows a time within the hours of that date.
 * So a change of the clock needs no rule of its own: an hour that is left out in spring is nobody's,
 * and one that comes twice in autumn counts twice. Without a calendar (NULL) every instant counts:
 * the wall clock.
 *
 * Days are counted from 1970-01-01. The work of every function grows with the days and is bounded
 * by HOURS_YEARS_MAX.
 */
#ifndef VAFA_CITY_HOURS_H
#define VAFA_CITY_HOURS_H

#include "text/civil.h"

#include <stdint.h>

#define HOURS_SPANS_MAX 6   /* of one day */
#define HOURS_RULES_MAX 200 /* of one schedule */
#define HOURS_GAPS_MAX 512  /* pauses and closures of one sum */
#define HOURS_YEARS_MAX 20  /* beyond these a sum is OUT_OF_RANGE */
#define HOURS_DAY_MINUTES 1440

/* Bits of hours_rule.days: 0 = Sunday .. 6 = Saturday. A holiday is no other day. */
#define HOURS_ON_HOLIDAYS (1u << 7)

struct hours_span { /* minutes since midnight on the wall clock */
    int16_t from_minute;
    int16_t to_minute; /* exclusive; at most HOURS_DAY_MINUTES */
};

/* The hours of some days. No span: closed. */
struct hours_rule {
    int32_t first_day; /* INT32_MIN: since ever */
    int32_t last_day;  /* inclusive; INT32_MAX: for ever */
    uint8_t days;      /* bits */
    uint8_t span_count;
    struct hours_span spans[HOURS_SPANS_MAX]; /* rising, not touching */
    int line;                                 /* in hours.csv */
};

struct hours_holiday {
    int32_t day;
    const char *kind; /* solar, lunar, predicted, local */
    const char *name_fa;
    const char *name_en;
};

/* A calendar: borrowed arrays. The first rule that fits a day gives its hours; a day that none fits
 * is closed. */
struct hours {
    const char *key;
    const struct civil *civil;
    const struct hours_rule *rules;
    size_t rule_count;
    const struct hours_holiday *holidays; /* by day */
    size_t holiday_count;
};

/* Time that does not count though it would: a pause, a closure. */
struct hours_gap {
    int64_t from_us;
    int64_t to_us; /* exclusive */
};

/* Rising and apart: hours_gaps_add keeps them so. */
struct hours_gaps {
    size_t count;
    struct hours_gap at[HOURS_GAPS_MAX];
};

/* Joins it to what is there; one that ends before it begins is nothing. RESOURCE_EXHAUSTED, field
 * "gaps", when there are too many. */
enum status hours_gaps_add(struct hours_gaps *gaps, int64_t from_us, int64_t to_us,
                           struct error *err);

/* The earliest instant before which, from from_us on, so much working time lies; from_us itself for
 * 0. `gaps` may be NULL. INVALID_ARGUMENT for a negative amount; OUT_OF_RANGE beyond
 * HOURS_YEARS_MAX. */
enum status hours_add(const struct hours *hours, int64_t from_us, int64_t amount_us,
                      const struct hours_gaps *gaps, int64_t *ret_us, struct error *err);

/* The working time from from_us until before to_us; 0 when to_us is not later. OUT_OF_RANGE as
 * above. */
enum status hours_between(const struct hours *hours, int64_t from_us, int64_t to_us,
                          const struct hours_gaps *gaps, int64_t *ret_amount_us, struct error *err);

/* What one date gives to a sum. */
struct hours_step {
    int32_t day;
    int64_t from_us; /* the part of the date that is looked at */
    int64_t to_us;
    const struct hours_rule *rule;       /* NULL: none fits */
    const struct hours_holiday *holiday; /* NULL: none */
    int64_t open_us;                     /* working time in this part, gaps and all */
    int64_t counted_us;                  /* of it what was counted */
    int64_t shift_us; /* by which the clock was put forward (or back, below 0) on it */
};

/* hours_add date by date. `hours` is not NULL. */
enum status hours_explain(const struct hours *hours, int64_t from_us, int64_t amount_us,
                          const struct hours_gaps *gaps,
                          void (*tell)(void *context, const struct hours_step *step), void *context,
                          int64_t *ret_us, struct error *err);

/* Whether that instant is working time; false outside the years the city's clock is known for. */
bool hours_is_open(const struct hours *hours, int64_t at_us);

/* NULL when the day is none. */
const struct hours_holiday *hours_holiday_of(const struct hours *hours, int32_t day);

#endif

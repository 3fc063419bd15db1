/*
 * Working time the slow way: minute by minute, each asked of the pack's files as they are written.
 * Obviously right, and nothing of common/city/hours.h is in it: what the fast way is measured by.
 *
 * Dates of hours.csv and holidays.csv are written in the city's own calendar, with "-".
 */
#ifndef VAFA_TESTS_SUPPORT_SLOW_CLOCK_H
#define VAFA_TESTS_SUPPORT_SLOW_CLOCK_H

#include "text/civil.h"

#include <stddef.h>
#include <stdint.h>

struct slow_clock;

struct slow_gap {
    int64_t from_us, to_us;
};

/* Reads hours.csv, holidays.csv and units.csv of the folder. Borrows the civil. */
struct slow_clock *slow_clock_new(const char *folder, const struct civil *civil);
void slow_clock_free(struct slow_clock *slow);

/* Whether the unit works at that instant. */
bool slow_clock_works(struct slow_clock *slow, const char *unit, int64_t us);

/* From from_us on in steps of step_us: adds up the steps that are working time and in no gap.
 * unit NULL: the wall clock. Gives up (INT64_MAX) after so many steps. */
int64_t slow_clock_add(struct slow_clock *slow, const char *unit, int64_t from_us,
                       int64_t amount_us, const struct slow_gap *gaps, size_t gap_count,
                       int64_t step_us, int64_t steps_max);
int64_t slow_clock_between(struct slow_clock *slow, const char *unit, int64_t from_us,
                           int64_t to_us, const struct slow_gap *gaps, size_t gap_count,
                           int64_t step_us);

/* The same from any instant: minutes of the wall clock, the first and the last of which may be parts.
 * Gives up (INT64_MAX) after a year. */
int64_t slow_clock_add_exactly(struct slow_clock *slow, const char *unit, int64_t from_us,
                               int64_t amount_us, const struct slow_gap *gaps, size_t gap_count);
int64_t slow_clock_between_exactly(struct slow_clock *slow, const char *unit, int64_t from_us,
                                   int64_t to_us, const struct slow_gap *gaps, size_t gap_count);

/* --- what the pack's other files say of a task's clock --- */

struct slow_level {
    int64_t due_hours, urgent_hours, respond_hours, warn_percent;
    bool working;
};

/* False when levels.csv has no such row. */
bool slow_clock_level(struct slow_clock *slow, const char *key, struct slow_level *ret_level);
/* A step of ladder.csv; one of the two is 0. False when there is none. */
bool slow_clock_step(struct slow_clock *slow, const char *level, const char *unit, unsigned number,
                     int64_t *ret_percent, int64_t *ret_hours);
/* The unit beside the task's that hears of the step: named there, or the nearest above that the role leads; "": none. */
const char *slow_clock_goes_up_to(struct slow_clock *slow, const char *level, const char *unit,
                                  unsigned number);

#endif

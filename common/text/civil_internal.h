/* What the three civil_*.c share. */
#ifndef VAFA_TEXT_CIVIL_INTERNAL_H
#define VAFA_TEXT_CIVIL_INTERNAL_H

#include "text/calendar.h"
#include "text/civil.h"
#include "text/zone.h"

struct civil {
    struct zone *zone;
    enum civil_calendar calendar;
    int week_start;
};

/* A wall time in the zone, of the given calendar, to UTC. */
int64_t civil_wall_to_us(const struct civil *civil, enum civil_calendar calendar,
                         const struct civil_time *time);
/* The time in the given calendar; offset_us is added to UTC first. */
struct civil_time civil_split(enum civil_calendar calendar, int64_t us, int64_t offset_us);

/* A date and time as read from text, before it is trusted. */
struct civil_reading {
    struct civil_time time;
    int64_t fraction_us;
    bool has_offset;
    int64_t offset_us;
};

/* Years 1200 to 1599 are Jalali, whatever the city's calendar. Refuses what is no date or no time.
 */
enum status civil_reading_to_us(const struct civil *civil, const struct civil_reading *reading,
                                const char *text, const char *field, int64_t *ret_us,
                                struct error *err);

#endif
